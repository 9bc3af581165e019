/* SPDX-License-Identifier: MIT */
/* Functions that make or look at text: str, buf, strftime, strlen, strncmp. */
#include <string.h>

#include "lang/clock.h"
#include "lang/eval_internal.h"
#include "lang/type.h"

static bool is_bytes(struct value value)
{
	return value.kind == VALUE_STRING || value.kind == VALUE_BUFFER;
}

/* How many bytes are wanted: what the type allows, or less if the call's second argument says so. */
static size_t wanted_size(struct run *run, const struct ast_expression *expression, struct value *ret_unknown)
{
	const struct ast_call *call = &expression->call;
	size_t size = expression->type->size;
	struct value length;

	if (call->argument_count < 2)
		return size;
	length = eval_expression(run, call->arguments[1]);
	if (length.kind == VALUE_UNKNOWN)
		*ret_unknown = length;
	return value_integer(length) < size ? (size_t)value_integer(length) : size;
}

/* The string at ADDRESS, at most CAPACITY - 1 bytes. What cannot be read is empty, as in bpftrace. */
static struct value read_string(struct run *run, uint64_t address, size_t capacity)
{
	struct scratch *scratch = &run->runtime->scratch;
	struct usdtrap_error *error;
	struct value string;
	size_t length;
	char *text;
	int is_cut;

	if (!run->hit || !address || !capacity)
		return value_string("", 0);
	text = scratch_allocate(scratch, capacity);
	if (!text)
		return value_unknown("out of memory");
	error = usdtrap_hit_read_string(run->hit, address, text, capacity, &length, &is_cut);
	if (error) {
		usdtrap_error_destroy(error);
		scratch_trim(scratch, text, 0);
		return value_string("", 0);
	}
	scratch_trim(scratch, text, length);
	string = value_string(text, length);
	string.is_cut = is_cut;
	return string;
}

struct value function_str(struct run *run, const struct ast_expression *expression)
{
	struct value operand = eval_expression(run, expression->call.arguments[0]);
	struct value unknown = value_signed(0);
	size_t capacity = wanted_size(run, expression, &unknown);

	if (operand.kind == VALUE_UNKNOWN)
		return operand;
	if (unknown.kind == VALUE_UNKNOWN)
		return unknown;
	if (!is_bytes(operand))
		return read_string(run, value_integer(operand), capacity);
	if (operand.kind == VALUE_BUFFER)
		operand = value_string(operand.text, strnlen(operand.text, operand.length));
	if (operand.length >= capacity)
		operand.length = capacity ? (uint32_t)capacity - 1 : 0;
	return operand;
}

static struct value read_buffer(struct run *run, uint64_t address, size_t size)
{
	struct usdtrap_error *error;
	char *bytes;

	if (!run->hit)
		return value_unknown("only a probe has memory to read");
	bytes = scratch_allocate(&run->runtime->scratch, size);
	if (!bytes)
		return value_unknown("out of memory");
	error = usdtrap_hit_read(run->hit, address, bytes, size);
	if (error) {
		usdtrap_error_destroy(error);
		return value_unknown("the memory cannot be read");
	}
	return value_buffer(bytes, size);
}

/* The bytes of TEXT; NULs behind its end up to SIZE, if so many were asked for. */
static struct value buffer_of_text(struct run *run, struct value text, size_t size, bool is_padded)
{
	char *bytes;

	if (text.length >= size || !is_padded)
		return value_buffer(text.text, text.length < size ? text.length : size);
	bytes = scratch_allocate(&run->runtime->scratch, size);
	if (!bytes)
		return value_unknown("out of memory");
	memcpy(bytes, text.text, text.length);
	memset(bytes + text.length, 0, size - text.length);
	return value_buffer(bytes, size);
}

struct value function_buf(struct run *run, const struct ast_expression *expression)
{
	struct value operand = eval_expression(run, expression->call.arguments[0]);
	struct value unknown = value_signed(0);
	size_t size = wanted_size(run, expression, &unknown);

	if (operand.kind == VALUE_UNKNOWN)
		return operand;
	if (unknown.kind == VALUE_UNKNOWN)
		return unknown;
	if (!is_bytes(operand))
		return read_buffer(run, value_integer(operand), size);
	return buffer_of_text(run, operand, size, operand.kind == VALUE_STRING && expression->call.argument_count > 1);
}

struct value function_strftime(struct run *run, const struct ast_expression *expression)
{
	struct value time = eval_expression(run, expression->call.arguments[0]);
	struct runtime *runtime = run->runtime;
	char *copy;

	if (time.kind == VALUE_UNKNOWN)
		return time;
	/* Functions that write fill this buffer only when their arguments are there. */
	strbuf_clear(&runtime->text);
	clock_format(expression->call.time_format->bytes, value_integer(time) + runtime->wall_offset_ns,
		     &runtime->scratch, &runtime->text);
	copy = scratch_allocate(&runtime->scratch, runtime->text.length);
	if (!copy || runtime->text.failed)
		return value_unknown("out of memory");
	memcpy(copy, strbuf_text(&runtime->text), runtime->text.length);
	return value_string(copy, runtime->text.length);
}

struct value function_strlen(struct run *run, const struct ast_expression *expression)
{
	struct value text = eval_expression(run, expression->call.arguments[0]);

	return is_bytes(text) ? value_unsigned(text.length) : text;
}

/* As strncmp(3) compares, but the result is only 0 or 1. */
struct value function_strncmp(struct run *run, const struct ast_expression *expression)
{
	struct value left = eval_expression(run, expression->call.arguments[0]);
	struct value right = eval_expression(run, expression->call.arguments[1]);
	struct value length = eval_expression(run, expression->call.arguments[2]);

	if (!is_bytes(left))
		return left;
	if (!is_bytes(right))
		return right;
	if (length.kind == VALUE_UNKNOWN)
		return length;
	if (left.length > value_integer(length))
		left.length = (uint32_t)value_integer(length);
	if (right.length > value_integer(length))
		right.length = (uint32_t)value_integer(length);
	left.kind = right.kind = VALUE_STRING;
	return value_unsigned(value_compare(left, right) != 0);
}
