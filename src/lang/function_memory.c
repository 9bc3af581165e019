/* SPDX-License-Identifier: MIT */
/* The target's memory: str, buf, join, write_user, and how all functions read it. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "lang/eval_internal.h"
#include "lang/type.h"

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

bool eval_has_bytes(struct value value)
{
	return value.kind == VALUE_STRING || value.kind == VALUE_BUFFER;
}

struct value eval_copy_text(struct run *run, const char *text, size_t length)
{
	char *copy = scratch_allocate(&run->runtime->scratch, length);

	if (!copy)
		return value_unknown("out of memory");
	memcpy(copy, text, length);
	return value_string(copy, length);
}

struct value eval_read_string(struct run *run, uint64_t address, size_t capacity, struct span span)
{
	struct scratch *scratch = &run->runtime->scratch;
	struct usdtrap_error *error;
	struct value string;
	size_t length;
	char *text;
	int is_cut;

	if (!capacity)
		return value_string("", 0);
	if (!run->hit) {
		runtime_helper_error(run->runtime, span, HELPER_PROBE_READ_USER_STR, -EFAULT);
		return value_string("", 0);
	}
	text = scratch_allocate(scratch, capacity);
	if (!text)
		return value_unknown("out of memory");
	error = usdtrap_hit_read_string(run->hit, address, text, capacity, &length, &is_cut);
	if (error) {
		usdtrap_error_destroy(error);
		scratch_trim(scratch, text, 0);
		runtime_helper_error(run->runtime, span, HELPER_PROBE_READ_USER_STR, -EFAULT);
		return value_string("", 0);
	}
	scratch_trim(scratch, text, length);
	string = value_string(text, length);
	string.is_cut = is_cut;
	return string;
}

struct value eval_read_buffer(struct run *run, uint64_t address, size_t size, struct span span)
{
	struct usdtrap_error *error;
	char *bytes;

	if (!run->hit) {
		runtime_helper_error(run->runtime, span, HELPER_PROBE_READ_USER, -EFAULT);
		return value_unknown("only a probe has memory to read");
	}
	bytes = scratch_allocate(&run->runtime->scratch, size);
	if (!bytes)
		return value_unknown("out of memory");
	error = usdtrap_hit_read(run->hit, address, bytes, size);
	if (error) {
		usdtrap_error_destroy(error);
		runtime_helper_error(run->runtime, span, HELPER_PROBE_READ_USER, -EFAULT);
		return value_unknown("the memory cannot be read");
	}
	return value_buffer(bytes, size);
}

/* ---- Functions --------------------------------------------------------------------------------------------------- */

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

struct value function_str(struct run *run, const struct ast_expression *expression)
{
	struct value operand = eval_expression(run, expression->call.arguments[0]);
	struct value unknown = value_signed(0);
	size_t capacity = wanted_size(run, expression, &unknown);

	if (operand.kind == VALUE_UNKNOWN)
		return operand;
	if (unknown.kind == VALUE_UNKNOWN)
		return unknown;
	if (!eval_has_bytes(operand))
		return eval_read_string(run, value_integer(operand), capacity, expression->span);
	if (operand.kind == VALUE_BUFFER)
		operand = value_string(operand.text, strnlen(operand.text, operand.length));
	if (operand.length >= capacity)
		operand.length = capacity ? (uint32_t)capacity - 1 : 0;
	return operand;
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
	if (!eval_has_bytes(operand))
		return eval_read_buffer(run, value_integer(operand), size, expression->span);
	return buffer_of_text(run, operand, size, operand.kind == VALUE_STRING && expression->call.argument_count > 1);
}

/* join() reads at most so many strings, each of so many bytes, as bpftrace does. */
#define JOIN_COUNT    16
#define JOIN_CAPACITY 1024

/* Appends the strings that the NULL-ended array at ADDRESS points to. One that cannot be read is empty. */
static void join_strings(struct run *run, uint64_t address, struct value delimiter, struct span span)
{
	struct strbuf *out = &run->runtime->text;

	for (unsigned i = 0; i < JOIN_COUNT; i++) {
		struct value pointer = eval_read_buffer(run, address + i * sizeof(uint64_t), sizeof(uint64_t), span);
		struct value string;
		uint64_t target;

		if (pointer.kind == VALUE_UNKNOWN)
			return;
		memcpy(&target, pointer.text, sizeof(target));
		if (!target)
			return;
		string = eval_read_string(run, target, JOIN_CAPACITY, span);
		if (string.kind == VALUE_UNKNOWN)
			return;
		if (i)
			strbuf_add(out, delimiter.text, delimiter.length);
		strbuf_add(out, string.text, string.length);
	}
}

struct value function_join(struct run *run, const struct ast_expression *expression)
{
	const struct ast_call *call = &expression->call;
	struct value array = eval_expression(run, call->arguments[0]);
	struct value delimiter = value_text(" ");
	struct runtime *runtime = run->runtime;

	if (call->argument_count > 1)
		delimiter = eval_expression(run, call->arguments[1]);
	strbuf_clear(&runtime->text);
	if (array.kind != VALUE_UNKNOWN && delimiter.kind == VALUE_STRING)
		join_strings(run, value_integer(array), delimiter, expression->span);
	if (runtime->format != LANG_JSON)
		strbuf_add_char(&runtime->text, '\n');
	runtime_flush_as(runtime, "join");
	return eval_nothing();
}

/* Writes no further than the bytes that there are. */
struct value function_write_user(struct run *run, const struct ast_expression *expression)
{
	struct value address = eval_expression(run, expression->call.arguments[0]);
	struct value bytes = eval_expression(run, expression->call.arguments[1]);
	struct value length = eval_expression(run, expression->call.arguments[2]);
	struct usdtrap_error *error;

	if (length.kind != VALUE_UNKNOWN && bytes.kind != VALUE_UNKNOWN && !eval_has_bytes(bytes))
		bytes = eval_read_buffer(run, value_integer(bytes), value_integer(length), expression->span);
	if (!run->hit || address.kind == VALUE_UNKNOWN || length.kind == VALUE_UNKNOWN || !eval_has_bytes(bytes))
		return value_bool(false);
	/* A string is followed by its NUL. */
	if (bytes.kind == VALUE_STRING && value_integer(length) > bytes.length)
		bytes = buffer_of_text(run, bytes, bytes.length + 1, true);
	if (bytes.length > value_integer(length))
		bytes.length = (uint32_t)value_integer(length);
	error = usdtrap_hit_write(run->hit, value_integer(address), bytes.text, bytes.length);
	if (!error)
		return value_bool(true);
	usdtrap_error_destroy(error);
	runtime_helper_error(run->runtime, expression->span, HELPER_PROBE_WRITE_USER, -EFAULT);
	return value_bool(false);
}

struct value function_unwatch(struct run *run, const struct ast_expression *expression)
{
	struct value address = eval_expression(run, expression->call.arguments[0]);

	if (run->hit && address.kind != VALUE_UNKNOWN)
		usdtrap_hit_unwatch(run->hit, value_integer(address));
	return eval_nothing();
}

/* All addresses are the target's. */
struct value function_uptr(struct run *run, const struct ast_expression *expression)
{
	return eval_expression(run, expression->call.arguments[0]);
}
