/* SPDX-License-Identifier: MIT */
/*
 * Calls. First their form, while names are resolved: the function, how many
 * arguments, literals where literals must be, maps taken out of the arguments
 * and put where evaluation looks for them. Then, with the types of the
 * arguments known, what they yield and whether the types are right.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "lang/format.h"
#include "lang/sema_internal.h"

#define TIME_FORMAT_DEFAULT "%H:%M:%S\n"

/* ---- Names: what all calls have in common ----------------------------------------------------------------------- */

bool sema_check_count(struct sema *sema, const struct ast_expression *node, size_t min, size_t max, const char *usage)
{
	size_t count = node->call.argument_count;
	const char *plural;

	if (count >= min && count <= max)
		return true;
	if (min == max) {
		plural = min == 1 ? "" : "s";
		if (min == 0)
			diag_error(sema->diagnostics, node->span, "%s() requires no arguments (%zu provided)",
				   node->call.name, count);
		else if (min == 1)
			diag_error(sema->diagnostics, node->span, "%s() requires one argument (%zu provided)",
				   node->call.name, count);
		else
			diag_error(sema->diagnostics, node->span, "%s() requires %zu argument%s (%zu provided)",
				   node->call.name, min, plural, count);
	} else {
		size_t limit = count < min ? min : max;

		plural = limit == 1 ? "" : "s";
		if (limit == 1)
			diag_error(sema->diagnostics, node->span, "%s() %s one argument (%zu provided)",
				   node->call.name, count < min ? "requires at least" : "takes up to", count);
		else
			diag_error(sema->diagnostics, node->span, "%s() %s %zu argument%s (%zu provided)",
				   node->call.name, count < min ? "requires at least" : "takes up to", limit, plural,
				   count);
	}
	diag_hint(sema->diagnostics, "%s", usage);
	return false;
}

static void drop_arguments(struct ast_call *call, size_t count)
{
	call->arguments += count;
	call->argument_count -= count;
}

void sema_name_arguments(struct sema *sema, struct ast_expression *node)
{
	for (size_t i = 0; i < node->call.argument_count; i++)
		sema_name_expression(sema, node->call.arguments[i]);
}

/* ---- Names: maps ------------------------------------------------------------------------------------------------ */

/*
 * The first argument must be a map without a key, and a second one, if there
 * is any, the key. Both move to call->map and call->key.
 */
static void name_map_call(struct sema *sema, struct ast_expression *node)
{
	struct ast_call *call = &node->call;
	struct ast_expression *first = call->arguments[0];

	if (first->kind != AST_MAP) {
		diag_error(sema->diagnostics, first->span, "%s() expects a map argument", call->name);
		return;
	}
	if (first->map.key) {
		diag_error(sema->diagnostics, first->span, "%s() expects a map without a key as its first argument",
			   call->name);
		return;
	}
	sema_name_map(sema, &first->map, first->span, SEMA_MAP_WHOLE);
	call->map = first->map.map;
	drop_arguments(call, 1);
	if (call->argument_count == 0)
		return;
	call->key = call->arguments[0];
	sema_name_expression(sema, call->key);
	if (call->map)
		sema_note_key(sema, call->map, node->span, true);
	drop_arguments(call, 1);
}

/* delete(@m[key]), as it was once written, is delete(@m, key). */
static void name_delete(struct sema *sema, struct ast_expression *node)
{
	struct ast_call *call = &node->call;
	struct ast_expression *first = call->arguments[0];

	if (call->argument_count != 1 || first->kind != AST_MAP || !first->map.key) {
		name_map_call(sema, node);
		return;
	}
	sema_name_map(sema, &first->map, first->span, SEMA_MAP_VALUE);
	call->map = first->map.map;
	call->key = first->map.key;
	drop_arguments(call, 1);
}

bool sema_read_constant(struct sema *sema, const struct ast_expression *node, size_t argument, uint64_t *ret)
{
	const struct ast_expression *value = node->call.arguments[argument];
	bool is_negative;

	if (!sema_is_constant(value, &is_negative) || is_negative) {
		diag_error(sema->diagnostics, value->span, "%s() expects a non-negative integer literal here",
			   node->call.name);
		return false;
	}
	*ret = value->integer;
	return true;
}

/* print(value), print(@map[key]): a value; print(@map, top, divisor): a map. */
static void name_print(struct sema *sema, struct ast_expression *node)
{
	struct ast_call *call = &node->call;
	struct ast_expression *first = call->arguments[0];

	if (first->kind != AST_MAP || first->map.key) {
		sema_name_arguments(sema, node);
		if (call->argument_count > 1)
			diag_error(sema->diagnostics, node->span, "Non-map print() only takes 1 argument, %zu found",
				   call->argument_count);
		return;
	}
	sema_name_map(sema, &first->map, first->span, SEMA_MAP_WHOLE);
	call->map = first->map.map;
	call->divisor = 1;
	for (size_t i = 1; i < call->argument_count; i++)
		sema_name_expression(sema, call->arguments[i]);
	if (call->argument_count > 1)
		sema_read_constant(sema, node, 1, &call->top);
	if (call->argument_count > 2 && sema_read_constant(sema, node, 2, &call->divisor) && call->divisor == 0)
		call->divisor = 1;
	call->argument_count = 0;
}

/* ---- Names: texts and formats ----------------------------------------------------------------------------------- */

static void report_error(struct sema *sema, struct span span, struct usdtrap_error *error)
{
	diag_error(sema->diagnostics, span, "%s", usdtrap_error_message(error));
	if (usdtrap_error_hint(error))
		diag_hint(sema->diagnostics, "%s", usdtrap_error_hint(error));
	usdtrap_error_destroy(error);
}

static bool keep_format(struct sema *sema, struct format *format)
{
	struct ast_program *program = sema->program;
	struct format **grown = reallocarray(program->formats, program->format_count + 1, sizeof(grown[0]));

	if (!grown) {
		format_destroy(format);
		sema->arena->failed = true;
		return false;
	}
	program->formats = grown;
	program->formats[program->format_count++] = format;
	return true;
}

static void name_printf(struct sema *sema, struct ast_expression *node)
{
	struct ast_call *call = &node->call;
	struct ast_expression *first = call->arguments[0];
	struct usdtrap_error *error;
	struct format *format;

	sema_name_arguments(sema, node);
	/* What it is instead is said when its type is known. */
	if (first->kind != AST_STRING)
		return;
	error = format_parse(first->text.bytes, first->text.length, &format);
	if (error) {
		report_error(sema, first->span, error);
		return;
	}
	if (!keep_format(sema, format))
		return;
	error = format_check_count(format, call->argument_count - 1);
	if (error)
		report_error(sema, node->span, error);
	call->format = format;
	drop_arguments(call, 1);
}

static void name_time(struct sema *sema, struct ast_expression *node)
{
	static const struct ast_text default_format = {TIME_FORMAT_DEFAULT, sizeof(TIME_FORMAT_DEFAULT) - 1};
	struct ast_call *call = &node->call;

	sema_name_arguments(sema, node);
	if (call->argument_count == 0) {
		call->time_format = &default_format;
	} else if (call->arguments[0]->kind == AST_STRING) {
		call->time_format = &call->arguments[0]->text;
		drop_arguments(call, 1);
	}
}

/* In str() a parameter is a text whatever it looks like, and $1 + 2 is that text without its first two bytes. */
static void name_str_parameter(struct sema *sema, struct ast_expression *node)
{
	struct ast_expression *parameter = node;
	uint64_t skipped = 0;
	struct ast_text text;

	if (node->kind == AST_BINARY && node->binary.operation == AST_ADD && node->binary.left->kind == AST_PARAMETER &&
	    node->binary.right->kind == AST_INTEGER) {
		parameter = node->binary.left;
		skipped = node->binary.right->integer;
	}
	if (parameter->kind != AST_PARAMETER)
		return;
	text = sema_parameter(sema, parameter->parameter);
	if (skipped > text.length) {
		diag_error(sema->diagnostics, node->span, "cannot skip %llu bytes of $%u, which has %zu",
			   (unsigned long long)skipped, parameter->parameter, text.length);
		return;
	}
	node->kind = AST_STRING;
	node->text.length = text.length - skipped;
	node->text.bytes = arena_copy(sema->arena, text.bytes + skipped, text.length - skipped);
}

static void name_str(struct sema *sema, struct ast_expression *node)
{
	name_str_parameter(sema, node->call.arguments[0]);
	sema_name_arguments(sema, node);
}

static void name_join(struct sema *sema, struct ast_expression *node)
{
	sema_name_arguments(sema, node);
	if (node->call.argument_count > 1 && node->call.arguments[1]->kind != AST_STRING)
		diag_error(sema->diagnostics, node->call.arguments[1]->span,
			   "join() expects a string literal as its delimiter");
}

static void name_strncmp(struct sema *sema, struct ast_expression *node)
{
	uint64_t length;

	sema_name_arguments(sema, node);
	sema_read_constant(sema, node, 2, &length);
}

static void name_function(struct sema *sema, struct ast_expression *node, const struct function_info *info)
{
	node->call.function = info->function;
	if (!sema_check_count(sema, node, info->arguments_min, info->arguments_max, info->usage))
		return;
	switch (info->function) {
	case FUNCTION_CLEAR:
	case FUNCTION_HAS_KEY:
	case FUNCTION_LEN:
	case FUNCTION_ZERO:
		name_map_call(sema, node);
		break;
	case FUNCTION_DELETE:
		name_delete(sema, node);
		break;
	case FUNCTION_PRINT:
		name_print(sema, node);
		break;
	case FUNCTION_PRINTF:
		name_printf(sema, node);
		break;
	case FUNCTION_TIME:
	case FUNCTION_STRFTIME:
		name_time(sema, node);
		break;
	case FUNCTION_STR:
		name_str(sema, node);
		break;
	case FUNCTION_JOIN:
		name_join(sema, node);
		break;
	case FUNCTION_STRNCMP:
		name_strncmp(sema, node);
		break;
	case FUNCTION_BUF:
	case FUNCTION_EXIT:
	case FUNCTION_STRLEN:
		sema_name_arguments(sema, node);
		break;
	}
}

void sema_name_call(struct sema *sema, struct ast_expression *node)
{
	const char *name = sema_plain_name(node->call.name);
	const struct function_info *function = function_find(name);
	unsigned index;
	const struct builtin_info *builtin = builtin_find(name, &index);
	const char *refusal = builtin_refusal(name);
	const char *nearest;

	if (function) {
		name_function(sema, node, function);
	} else if (aggregation_find(name)) {
		diag_error(sema->diagnostics, node->span, "%s() must be assigned directly to a map", name);
		diag_hint(sema->diagnostics, "for example @ = %s", aggregation_find(name)->usage);
	} else if (builtin && node->call.argument_count == 0) {
		sema_name_builtin(sema, node, name, builtin, index);
	} else if (builtin) {
		diag_error(sema->diagnostics, node->span, "%s() with an argument is not supported yet", name);
	} else if (refusal) {
		diag_error(sema->diagnostics, node->call.name_span, "%s() %s", name, refusal);
	} else {
		diag_error(sema->diagnostics, node->call.name_span, "Unknown function: '%s'", name);
		nearest = builtin_nearest(name);
		if (nearest)
			diag_hint(sema->diagnostics, "did you mean %s%s?", nearest, function_find(nearest) ? "()" : "");
	}
}

/* ---- Types ------------------------------------------------------------------------------------------------------ */

static bool is_integer(const struct type *type)
{
	return type->kind == TYPE_INTEGER;
}

static bool is_address(const struct type *type)
{
	return type->kind == TYPE_INTEGER || type->kind == TYPE_POINTER;
}

static bool is_string(const struct type *type)
{
	return type->kind == TYPE_STRING;
}

static bool is_text_or_address(const struct type *type)
{
	return is_string(type) || is_address(type);
}

/* Complains if argument INDEX is there and is not what the function takes. */
static void check_argument(struct sema *sema, const struct ast_expression *node, size_t index,
			   bool (*is_right)(const struct type *type), const char *what)
{
	const struct ast_expression *argument;

	if (index >= node->call.argument_count)
		return;
	argument = node->call.arguments[index];
	if (argument->type != &sema_unknown && !is_right(argument->type))
		sema_complain(sema, node->span, "%s() only supports %s arguments (%s provided)", node->call.name, what,
			      type_kind_name(argument->type->kind));
}

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

static const struct type *type_str(struct sema *sema, const struct ast_expression *node)
{
	const struct type *first = node->call.arguments[0]->type;
	uint32_t capacity = asked_size(sema, node, sema->program->config.max_strlen);

	check_argument(sema, node, 0, is_text_or_address, "string, int and pointer");
	check_argument(sema, node, 1, is_integer, "int");
	/* A string that is there already gets no longer by str(). */
	if (is_string(first) && (node->call.argument_count < 2 || first->size < capacity))
		return first;
	return type_string(sema->arena, capacity > 0 ? capacity : 1);
}

static const struct type *type_buf(struct sema *sema, const struct ast_expression *node)
{
	const struct type *first = node->call.arguments[0]->type;
	uint32_t size = asked_size(sema, node, is_string(first) ? first->size : 0);

	check_argument(sema, node, 0, is_text_or_address, "string, int and pointer");
	check_argument(sema, node, 1, is_integer, "int");
	if (node->call.argument_count == 1 && first != &sema_unknown && !is_string(first))
		return sema_complain(sema, node->span, "buf() expects a length argument for non-array type %s",
				     type_kind_name(first->kind));
	return type_buffer(sema->arena, size);
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

static const struct type *type_printf(struct sema *sema, const struct ast_expression *node)
{
	const struct ast_call *call = &node->call;

	if (!call->format) {
		if (call->arguments[0]->type == &sema_unknown)
			return &sema_unknown;
		return sema_complain(sema, node->span, "printf() expects a string literal (%s provided)",
				     type_kind_name(call->arguments[0]->type->kind));
	}
	for (size_t i = 0; sema->is_reporting && i < call->format->spec_count; i++) {
		const struct format_spec *spec = &call->format->specs[i];
		const struct ast_expression *argument = call->arguments[i];

		if (argument->type == &sema_unknown || fits_operand(argument->type, format_operand(spec)))
			continue;
		report_error(sema, argument->span, format_mismatch(spec, sema_type_name(sema, argument->type)));
	}
	return &type_none;
}

static const struct type *type_print(struct sema *sema, const struct ast_expression *node)
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

static const struct type *type_strftime(struct sema *sema, const struct ast_expression *node)
{
	if (!node->call.time_format) {
		if (node->call.arguments[0]->type == &sema_unknown)
			return &sema_unknown;
		return sema_complain(sema, node->span, "%s() expects a string literal (%s provided)", node->call.name,
				     type_kind_name(node->call.arguments[0]->type->kind));
	}
	check_argument(sema, node, 0, is_integer, "int");
	return type_string(sema->arena, sema->program->config.max_strlen);
}

/* Functions that take a map: is its shape the right one, and the type of its key? */
static void check_map(struct sema *sema, const struct ast_expression *node)
{
	const struct ast_call *call = &node->call;
	bool needs_keys = call->function == FUNCTION_HAS_KEY || call->function == FUNCTION_LEN;

	if (call->key)
		sema_type_key(sema, call->map, call->key->type, call->key->span);
	else if (call->function == FUNCTION_DELETE && call->map->is_keyed)
		sema_complain(sema, node->span, "call to delete() with one argument expects a map without keys");
	if (needs_keys && !call->map->is_keyed)
		sema_complain(sema, node->span, "call to %s() expects a map with explicit keys (non-scalar map)",
			      call->name);
}

const struct type *sema_call_type(struct sema *sema, struct ast_expression *node)
{
	struct ast_call *call = &node->call;

	for (size_t i = 0; i < call->argument_count; i++)
		sema_type(sema, call->arguments[i]);
	if (call->key)
		sema_type(sema, call->key);
	if (call->map)
		check_map(sema, node);
	switch (call->function) {
	case FUNCTION_BUF:
		return type_buf(sema, node);
	case FUNCTION_STR:
		return type_str(sema, node);
	case FUNCTION_PRINT:
		return type_print(sema, node);
	case FUNCTION_PRINTF:
		return type_printf(sema, node);
	case FUNCTION_STRFTIME:
		return type_strftime(sema, node);
	case FUNCTION_TIME:
		if (!call->time_format)
			type_strftime(sema, node);
		return &type_none;
	case FUNCTION_CLEAR:
	case FUNCTION_ZERO:
		return &type_none;
	case FUNCTION_DELETE:
	case FUNCTION_HAS_KEY:
		return &type_bool;
	case FUNCTION_LEN:
		return &type_int64;
	case FUNCTION_EXIT:
		check_argument(sema, node, 0, is_integer, "int");
		return &type_none;
	case FUNCTION_JOIN:
		check_argument(sema, node, 0, is_address, "int and pointer");
		return &type_none;
	case FUNCTION_STRLEN:
		check_argument(sema, node, 0, is_string, "string");
		return &type_uint64;
	case FUNCTION_STRNCMP:
		check_argument(sema, node, 0, is_string, "string");
		check_argument(sema, node, 1, is_string, "string");
		return &type_uint64;
	}
	return &sema_unknown;
}
