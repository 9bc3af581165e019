/* SPDX-License-Identifier: MIT */
/* Functions of text: strftime, strlen, strncmp, memcmp, strstr and strcontains, str_concat, strcap, globmatch. */
#include <fnmatch.h>
#include <string.h>

#include "lang/clock.h"
#include "lang/eval_internal.h"
#include "lang/type.h"

/* Argument INDEX with its bytes: of an address the string there. */
static struct value text_argument(struct run *run, const struct ast_expression *expression, size_t index)
{
	const struct ast_expression *argument = expression->call.arguments[index];
	struct value value = eval_expression(run, argument);

	if (value.kind == VALUE_UNKNOWN || value.kind == VALUE_STRING)
		return value;
	if (value.kind == VALUE_BUFFER)
		return value_string(value.text, strnlen(value.text, value.length));
	return eval_read_string(run, value_integer(value), run->runtime->tree->config.max_strlen, argument->span);
}

/* Two strings of a call; false, with *RET_UNKNOWN, if one of them is not known. */
static bool two_texts(struct run *run, const struct ast_expression *expression, struct value ret[2],
		      struct value *ret_unknown)
{
	for (size_t i = 0; i < 2; i++) {
		ret[i] = text_argument(run, expression, i);
		if (ret[i].kind != VALUE_STRING) {
			*ret_unknown = ret[i];
			return false;
		}
	}
	return true;
}

struct value function_strftime(struct run *run, const struct ast_expression *expression)
{
	const char *format = expression->call.arguments[0]->text.bytes;
	struct value time = eval_expression(run, expression->call.arguments[1]);
	struct runtime *runtime = run->runtime;

	if (time.kind == VALUE_UNKNOWN)
		return time;
	/* Functions that write fill this buffer only when their arguments are there. */
	strbuf_clear(&runtime->text);
	clock_format(format, value_integer(time) + runtime->wall_offset_ns, &runtime->scratch, &runtime->text);
	if (runtime->text.failed)
		return value_unknown("out of memory");
	return eval_copy_text(run, strbuf_text(&runtime->text), runtime->text.length);
}

struct value function_strlen(struct run *run, const struct ast_expression *expression)
{
	struct value text = text_argument(run, expression, 0);

	return text.kind == VALUE_STRING ? value_unsigned(text.length) : text;
}

/* Of an address the length of the string there, since no type tells more. */
struct value function_strcap(struct run *run, const struct ast_expression *expression)
{
	const struct type *type = expression->call.arguments[0]->type;
	struct value text;

	if (type->kind == TYPE_STRING || type->kind == TYPE_BUFFER)
		return value_signed(type->size);
	text = text_argument(run, expression, 0);
	return text.kind == VALUE_STRING ? value_signed(text.length) : text;
}

/* As strncmp(3) compares, but the result is only 0 or 1. */
struct value function_strncmp(struct run *run, const struct ast_expression *expression)
{
	uint64_t limit = expression->call.arguments[2]->integer;
	struct value texts[2], unknown;

	if (!two_texts(run, expression, texts, &unknown))
		return unknown;
	for (size_t i = 0; i < 2; i++) {
		if (texts[i].length > limit)
			texts[i].length = (uint32_t)limit;
	}
	return value_unsigned(value_compare(texts[0], texts[1]) != 0);
}

/* Argument INDEX as LENGTH bytes: what a string or buffer does not have is NULs. */
static struct value bytes_argument(struct run *run, const struct ast_expression *expression, size_t index,
				   size_t length)
{
	const struct ast_expression *argument = expression->call.arguments[index];
	struct value value = eval_expression(run, argument);
	char *bytes;

	if (value.kind == VALUE_UNKNOWN)
		return value;
	if (!eval_has_bytes(value))
		return eval_read_buffer(run, value_integer(value), length, argument->span);
	if (value.length >= length)
		return value;
	bytes = scratch_allocate(&run->runtime->scratch, length);
	if (!bytes)
		return value_unknown("out of memory");
	memcpy(bytes, value.text, value.length);
	memset(bytes + value.length, 0, length - value.length);
	return value_buffer(bytes, length);
}

struct value function_memcmp(struct run *run, const struct ast_expression *expression)
{
	size_t length = expression->call.arguments[2]->integer;
	struct value left = bytes_argument(run, expression, 0, length);
	struct value right = bytes_argument(run, expression, 1, length);

	if (left.kind == VALUE_UNKNOWN)
		return left;
	if (right.kind == VALUE_UNKNOWN)
		return right;
	for (size_t i = 0; i < length; i++) {
		if (left.text[i] != right.text[i])
			return value_signed((unsigned char)left.text[i] - (unsigned char)right.text[i]);
	}
	return value_signed(0);
}

/* strstr() and strcontains(). */
struct value function_strstr(struct run *run, const struct ast_expression *expression)
{
	struct value texts[2], unknown;
	const char *found;

	if (!two_texts(run, expression, texts, &unknown))
		return unknown;
	found = texts[1].length ? memmem(texts[0].text, texts[0].length, texts[1].text, texts[1].length)
				: texts[0].text;
	if (expression->call.function == FUNCTION_STRCONTAINS)
		return value_bool(found != NULL);
	return value_signed(found ? found - texts[0].text : -1);
}

struct value function_str_concat(struct run *run, const struct ast_expression *expression)
{
	struct value texts[2], unknown;
	size_t length;
	char *both;

	if (!two_texts(run, expression, texts, &unknown))
		return unknown;
	length = (size_t)texts[0].length + texts[1].length;
	both = scratch_allocate(&run->runtime->scratch, length);
	if (!both)
		return value_unknown("out of memory");
	memcpy(both, texts[0].text, texts[0].length);
	memcpy(both + texts[0].length, texts[1].text, texts[1].length);
	return value_string(both, length < expression->type->size ? length : expression->type->size - 1);
}

/* TEXT with a NUL behind it, for functions of the C library. */
static const char *ended(struct run *run, struct value text)
{
	char *copy = scratch_allocate(&run->runtime->scratch, (size_t)text.length + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text.text, text.length);
	copy[text.length] = '\0';
	return copy;
}

struct value function_globmatch(struct run *run, const struct ast_expression *expression)
{
	struct value texts[2], unknown;
	const char *text, *pattern;

	if (!two_texts(run, expression, texts, &unknown))
		return unknown;
	text = ended(run, texts[0]);
	pattern = ended(run, texts[1]);
	if (!text || !pattern)
		return value_unknown("out of memory");
	return value_bool(fnmatch(pattern, text, FNM_NOESCAPE) == 0);
}
