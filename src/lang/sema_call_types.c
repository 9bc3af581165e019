/* SPDX-License-Identifier: MIT */
/* Calls, with the types of their arguments known: whether these suit, and what the call yields. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/hit.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "lang/format.h"
#include "lang/sema_internal.h"
#include "lang/value.h"

/* ---- Arguments -------------------------------------------------------------------------------------------------- */

static bool is_address(const struct type *type)
{
	return type->kind == TYPE_INTEGER || type->kind == TYPE_POINTER;
}

static bool is_bytes(const struct type *type)
{
	return type->kind == TYPE_STRING || type->kind == TYPE_BUFFER || type->kind == TYPE_POINTER ||
	       type->kind == TYPE_ARRAY;
}

/* What suits an argument of KIND, for the message about what does not; NULL if TYPE suits. */
static const char *what_suits(enum argument_kind kind, const struct type *type)
{
	switch (kind) {
	case ARGUMENT_INTEGER:
	case ARGUMENT_NUMBER_WORD:
		return type->kind == TYPE_INTEGER ? NULL : "int";
	case ARGUMENT_ADDRESS:
		return is_address(type) ? NULL : "int and pointer";
	case ARGUMENT_STRING:
		return type->kind == TYPE_STRING ? NULL : "string";
	case ARGUMENT_BYTES:
		return is_bytes(type) ? NULL : "string, buffer and pointer";
	case ARGUMENT_ANY:
		return type->kind != TYPE_NONE && !type_is_aggregate(type) ? NULL : "scalar";
	case ARGUMENT_PARTICULAR:
	case ARGUMENT_STRING_WORD:
	case ARGUMENT_FORMAT:
	case ARGUMENT_MAP:
	case ARGUMENT_KEY:
		return NULL;
	}
	abort();
}

static void check_argument(struct sema *sema, const struct ast_expression *node, size_t index, enum argument_kind kind)
{
	const struct ast_expression *argument = node->call.arguments[index];
	uint64_t number;
	const char *what;

	if (argument->type == &sema_unknown)
		return;
	what = what_suits(kind, argument->type);
	if (what)
		sema_complain(sema, node->span, "%s() only supports %s arguments (%s provided)", node->call.name, what,
			      type_kind_name(argument->type->kind));
	else if (kind == ARGUMENT_STRING_WORD && argument->kind != AST_STRING)
		sema_complain(sema, node->span, "%s() expects a string literal (%s provided)", node->call.name,
			      type_kind_name(argument->type->kind));
	else if (kind == ARGUMENT_NUMBER_WORD && sema->is_reporting)
		sema_read_constant(sema, node, index, &number);
}

/* Functions that take a map: is its shape the right one, and the type of its key? */
static void check_map(struct sema *sema, const struct ast_expression *node)
{
	const struct ast_call *call = &node->call;
	bool needs_keys =
		call->function == FUNCTION_HAS_KEY || call->function == FUNCTION_LEN || call->function == FUNCTION_FIND;

	if (call->key)
		sema_type_key(sema, call->map, call->key->type, call->key->span);
	else if (call->function == FUNCTION_DELETE && call->map->is_keyed)
		sema_complain(sema, node->span, "call to delete() with one argument expects a map without keys");
	if (needs_keys && !call->map->is_keyed)
		sema_complain(sema, node->span, "call to %s() expects a map with explicit keys (non-scalar map)",
			      call->name);
}

static bool fits_operand(const struct type *type, enum format_operand operand)
{
	switch (operand) {
	case FORMAT_TAKES_INTEGER:
		return type_is_number(type) || type->kind == TYPE_POINTER;
	case FORMAT_TAKES_BUFFER:
		return type->kind == TYPE_BUFFER;
	case FORMAT_TAKES_ANY:
		return type->kind != TYPE_NONE && !type_is_aggregate(type);
	}
	return false;
}

/* printf() and its like: was there a format, and do the arguments suit its conversions? */
static void check_format(struct sema *sema, const struct ast_expression *node)
{
	const struct ast_call *call = &node->call;

	if (!call->format) {
		if (call->arguments[0]->type != &sema_unknown)
			sema_complain(sema, node->span, "%s() expects a string literal (%s provided)", call->name,
				      type_kind_name(call->arguments[0]->type->kind));
		return;
	}
	for (size_t i = 0; sema->is_reporting && i < call->format->spec_count; i++) {
		struct format_spec *spec = &call->format->specs[i];
		const struct ast_expression *argument = call->arguments[i];

		spec->type = argument->type;
		if (argument->type == &sema_unknown || fits_operand(argument->type, format_operand(spec)))
			continue;
		sema_report_error(sema, argument->span, format_mismatch(spec, sema_type_name(sema, argument->type)));
	}
}

/* Maps, keys and formats are no arguments any more: they were taken out. */
static void check_arguments(struct sema *sema, const struct ast_expression *node, const struct function_info *info)
{
	if (info->signature[0] == ARGUMENT_FORMAT) {
		check_format(sema, node);
	} else if (!node->call.map) {
		for (size_t i = 0; i < node->call.argument_count; i++)
			check_argument(sema, node, i, function_argument_kind(info, i));
	}
}

/* ---- Results ---------------------------------------------------------------------------------------------------- */

/*
 * How many bytes str() and buf() may yield: the constant length that was asked
 * for, the most there can be when it is only known at run time, else FALLBACK.
 */
static uint32_t asked_size(struct sema *sema, const struct ast_expression *node, uint32_t fallback)
{
	const struct ast_expression *length;
	bool is_negative;

	if (node->call.argument_count < 2)
		return fallback;
	length = node->call.arguments[1];
	if (!sema_is_constant(length, &is_negative))
		return TYPE_STRING_MAX;
	if (is_negative) {
		sema_complain(sema, length->span, "%s() cannot use negative length (%lld)", node->call.name,
			      (long long)length->integer);
		return fallback;
	}
	if (length->integer > TYPE_STRING_MAX) {
		sema_complain(sema, length->span, "%s() yields at most %u bytes (%llu wanted)", node->call.name,
			      TYPE_STRING_MAX, (unsigned long long)length->integer);
		return fallback;
	}
	return (uint32_t)length->integer;
}

/* What str() and buf() take as their first argument. */
static void check_text_or_address(struct sema *sema, const struct ast_expression *node)
{
	const struct type *type = node->call.arguments[0]->type;

	if (type != &sema_unknown && type->kind != TYPE_STRING && type->kind != TYPE_ARRAY && !is_address(type))
		sema_complain(sema, node->span, "%s() only supports string, int and pointer arguments (%s provided)",
			      node->call.name, type_kind_name(type->kind));
}

static const struct type *type_str(struct sema *sema, struct ast_expression *node)
{
	uint32_t capacity = asked_size(sema, node, sema->program->config.max_strlen);
	const struct type *first;

	sema_decay(sema, &node->call.arguments[0]);
	first = node->call.arguments[0]->type;
	check_text_or_address(sema, node);
	/* A string that is there already gets no longer by str(). */
	if (first->kind == TYPE_STRING && (node->call.argument_count < 2 || first->size < capacity))
		return first;
	return type_string(sema->arena, capacity > 0 ? capacity : 1);
}

static const struct type *type_buf(struct sema *sema, struct ast_expression *node)
{
	const struct type *first;
	bool has_size;
	uint32_t size;

	sema_decay(sema, &node->call.arguments[0]);
	first = node->call.arguments[0]->type;
	has_size = first->kind == TYPE_STRING || first->kind == TYPE_ARRAY;
	size = asked_size(sema, node, has_size ? first->size : 0);
	check_text_or_address(sema, node);
	if (node->call.argument_count == 1 && first != &sema_unknown && !has_size)
		return sema_complain(sema, node->span, "buf() expects a length argument for non-array type %s",
				     type_kind_name(first->kind));
	return type_buffer(sema->arena, size);
}

static const struct type *type_print(struct sema *sema, struct ast_expression *node)
{
	const struct ast_call *call = &node->call;
	const struct type *type;

	if (call->map) {
		if (call->map->value_type && call->map->value_type->kind == TYPE_STATS &&
		    (call->top > 0 || call->divisor > 1))
			sema_warn(sema, node->span,
				  "print()'s top and div arguments are ignored when used on stats() maps.");
		return &type_none;
	}
	type = call->arguments[0]->type;
	if (type == &sema_unknown)
		return &sema_unknown;
	if (type_is_aggregate(type))
		return sema_complain(
			sema, node->span,
			"Map type %s cannot print the value of individual keys. You must print the whole map.",
			sema_type_name(sema, type));
	if (type->kind == TYPE_NONE)
		return sema_complain(sema, node->span, "%s type passed to print() is not printable",
				     sema_type_name(sema, type));
	return &type_none;
}

/* find() gives its variable the type of the map's values. */
static const struct type *type_find(struct sema *sema, struct ast_expression *node)
{
	const struct ast_call *call = &node->call;
	struct ast_expression *target = call->arguments[0];

	if (target->kind == AST_VARIABLE && target->variable && call->map->value_type)
		sema_learn_variable(sema, target->variable, type_of_read(call->map->value_type), node->span);
	return &type_bool;
}

/* The two strings behind one another; a string that is longer than any may be is cut. */
static const struct type *type_str_concat(struct sema *sema, struct ast_expression *node)
{
	uint64_t size = (uint64_t)node->call.arguments[0]->type->size + node->call.arguments[1]->type->size;

	return type_string(sema->arena, size > TYPE_STRING_MAX ? TYPE_STRING_MAX : size > 1 ? (uint32_t)size - 1 : 1);
}

/* ntop([family, ]address): the address may also be a number. */
static const struct type *type_ntop(struct sema *sema, struct ast_expression *node)
{
	const struct ast_call *call = &node->call;
	const struct type *type = call->arguments[call->argument_count - 1]->type;

	if (call->argument_count > 1)
		check_argument(sema, node, 0, ARGUMENT_INTEGER);
	if (type != &sema_unknown && type->kind != TYPE_INTEGER && !is_bytes(type))
		sema_complain(sema, node->span, "ntop() only supports int, buffer and pointer arguments (%s provided)",
			      type_kind_name(type->kind));
	return function_info(FUNCTION_NTOP)->type;
}

/* pton() is worked out once: what cannot be read is an error of the script's. */
static const struct type *type_pton(struct sema *sema, struct ast_expression *node)
{
	const struct ast_expression *text = node->call.arguments[0];
	unsigned char address[sizeof(struct in6_addr)];
	bool is_ipv6;

	if (text->kind != AST_STRING)
		return &sema_unknown;
	is_ipv6 = strchr(text->text.bytes, ':') != NULL;
	if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text->text.bytes, address) != 1)
		return sema_complain(sema, node->span, "pton() expects a string argument of an IPv%d address, got %s",
				     is_ipv6 ? 6 : 4, text->text.bytes);
	return type_buffer(sema->arena, is_ipv6 ? sizeof(struct in6_addr) : sizeof(struct in_addr));
}

/* The six is_...(): constants as soon as the type is known for good. */
static const struct type *type_question(struct sema *sema, struct ast_expression *node)
{
	const struct ast_expression *argument = node->call.arguments[0];
	const struct type *type = argument->type;
	enum function function = node->call.function;
	bool answer;

	if (function == FUNCTION_IS_LITERAL)
		answer = argument->kind == AST_INTEGER || argument->kind == AST_STRING || argument->kind == AST_BOOL;
	else if (function == FUNCTION_IS_ARRAY)
		answer = type->kind == TYPE_BUFFER || type->kind == TYPE_ARRAY;
	else if (function == FUNCTION_IS_PTR)
		answer = type->kind == TYPE_POINTER;
	else if (function == FUNCTION_IS_STR)
		answer = type->kind == TYPE_STRING;
	else
		answer = type->kind == TYPE_INTEGER && (function == FUNCTION_IS_INTEGER || !type->is_signed);
	if (sema->is_reporting) {
		node->kind = AST_BOOL;
		node->integer = answer;
	}
	return &type_bool;
}

static const struct type *type_static_assert(struct sema *sema, struct ast_expression *node)
{
	const struct ast_expression *condition = node->call.arguments[0];
	const struct ast_expression *text = node->call.arguments[1];
	bool holds;

	if (condition->type == &sema_unknown)
		return &type_none;
	if (!sema_is_condition_known(condition, &holds))
		sema_complain(sema, condition->span,
			      "static_assert() expects a condition that is known when the script is compiled");
	else if (!holds && text->kind == AST_STRING && !sema->dead_depth)
		sema_complain(sema, node->span, "%s", text->text.bytes);
	return &type_none;
}

/* fail(): what it says is worked out here and now, so its arguments must be constants. */
static const struct type *type_fail(struct sema *sema, struct ast_expression *node)
{
	const struct ast_call *call = &node->call;
	struct value values[FORMAT_ARGUMENTS];
	_cleanup_strbuf_ struct strbuf text = {0};

	if (!call->format || !sema->is_reporting || sema->dead_depth)
		return &type_none;
	for (size_t i = 0; i < call->argument_count; i++) {
		const struct ast_expression *argument = call->arguments[i];

		if (argument->kind == AST_STRING)
			values[i] = value_string(argument->text.bytes, argument->text.length);
		else if (argument->kind == AST_INTEGER || argument->kind == AST_BOOL)
			values[i] = value_convert(value_unsigned(argument->integer), argument->type);
		else
			return sema_complain(sema, argument->span, "fail() expects literals as its arguments");
	}
	format_render(call->format, values, "", &text);
	return sema_complain(sema, node->span, "%s", strbuf_text(&text));
}

static const struct type *type_bswap(struct sema *sema, struct ast_expression *node)
{
	const struct type *type = node->call.arguments[0]->type;

	(void)sema;
	return type->kind == TYPE_INTEGER ? type_integer(type->size, false) : &sema_unknown;
}

static const struct type *type_strftime(struct sema *sema, struct ast_expression *node)
{
	(void)node;
	return type_string(sema->arena, sema->program->config.max_strlen);
}

static const struct type *type_call_of_stack(struct sema *sema, struct ast_expression *node)
{
	return type_stack(sema->arena, node->call.stack_mode, node->call.function == FUNCTION_KSTACK,
			  sema->program->config.cpp_demangle);
}

static const struct type *type_len(struct sema *sema, struct ast_expression *node)
{
	const struct type *type = node->call.map ? NULL : node->call.arguments[0]->type;

	if (type && type != &sema_unknown && type->kind != TYPE_STACK)
		sema_complain(sema, node->span, "len() expects a map or stack to be provided (%s provided)",
			      type_kind_name(type->kind));
	return &type_int64;
}

static const struct type *type_reg(struct sema *sema, struct ast_expression *node)
{
	const struct ast_expression *name = node->call.arguments[0];

	if (name->kind == AST_STRING && !usdtrap_register_is_known(name->text.bytes))
		sema_complain(sema, node->span, "'%s' is not a valid register on this architecture", name->text.bytes);
	return &type_uint64;
}

static const struct type *type_uaddr(struct sema *sema, struct ast_expression *node)
{
	(void)node;
	return type_pointer(sema->arena, &type_uint64);
}

static const struct type *type_uptr(struct sema *sema, struct ast_expression *node)
{
	(void)sema;
	return node->call.arguments[0]->type;
}

/* Functions whose result, or whose check, is not all in their row. */
static const struct {
	enum function function;
	const struct type *(*type)(struct sema *sema, struct ast_expression *node);
} particulars[] = {
	{FUNCTION_BSWAP, type_bswap},
	{FUNCTION_BUF, type_buf},
	{FUNCTION_FAIL, type_fail},
	{FUNCTION_FIND, type_find},
	{FUNCTION_IS_ARRAY, type_question},
	{FUNCTION_IS_INTEGER, type_question},
	{FUNCTION_IS_LITERAL, type_question},
	{FUNCTION_IS_PTR, type_question},
	{FUNCTION_IS_STR, type_question},
	{FUNCTION_IS_UNSIGNED_INTEGER, type_question},
	{FUNCTION_KSTACK, type_call_of_stack},
	{FUNCTION_LEN, type_len},
	{FUNCTION_NTOP, type_ntop},
	{FUNCTION_PRINT, type_print},
	{FUNCTION_PTON, type_pton},
	{FUNCTION_REG, type_reg},
	{FUNCTION_STATIC_ASSERT, type_static_assert},
	{FUNCTION_STR, type_str},
	{FUNCTION_STRFTIME, type_strftime},
	{FUNCTION_STR_CONCAT, type_str_concat},
	{FUNCTION_UADDR, type_uaddr},
	{FUNCTION_UPTR, type_uptr},
	{FUNCTION_USTACK, type_call_of_stack},
};

const struct type *sema_call_type(struct sema *sema, struct ast_expression *node)
{
	const struct function_info *info = function_info(node->call.function);
	struct ast_call *call = &node->call;

	for (size_t i = 0; i < call->argument_count; i++)
		sema_type(sema, call->arguments[i]);
	if (call->key)
		sema_type(sema, call->key);
	if (call->map)
		check_map(sema, node);
	check_arguments(sema, node, info);
	for (size_t i = 0; i < sizeof(particulars) / sizeof(particulars[0]); i++) {
		if (particulars[i].function == call->function)
			return particulars[i].type(sema, node);
	}
	return info->type;
}
