/* SPDX-License-Identifier: MIT */
/*
 * Calls, while names are resolved: the function, how many arguments, maps and
 * formats taken out of the arguments and put where evaluation looks for them.
 * What they yield, and whether the arguments suit: sema_call_types.c.
 */
#include <stdlib.h>
#include <string.h>

#include <usdtrap/stack.h>

#include "base/error.h"
#include "lang/clock.h"
#include "lang/format.h"
#include "lang/sema_internal.h"
#include "lang/signal_names.h"

/* bpftrace's: perf_event_max_stack, which is 127 unless somebody changed it. */
#define STACK_FRAMES_DEFAULT 127

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

void sema_report_error(struct sema *sema, struct span span, struct usdtrap_error *error)
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

/* printf(format, ...) and its like. */
static void name_format(struct sema *sema, struct ast_expression *node)
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
		sema_report_error(sema, first->span, error);
		return;
	}
	if (!keep_format(sema, format))
		return;
	error = format_check_count(format, call->argument_count - 1);
	if (error)
		sema_report_error(sema, node->span, error);
	call->format = format;
	drop_arguments(call, 1);
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

/* find(@map, key, $variable) sets the variable. */
static void name_find(struct sema *sema, struct ast_expression *node)
{
	struct ast_expression *target = node->call.arguments[2];

	name_map_call(sema, node);
	if (target->kind == AST_VARIABLE)
		sema_name_assigned_variable(sema, target);
	else
		diag_error(sema->diagnostics, target->span, "find() expects a variable as its third argument");
}

/* A signal's name, with or without SIG, is its number. */
static void name_signal(struct sema *sema, struct ast_expression *node)
{
	struct ast_expression *signal = node->call.arguments[0];
	bool is_negative;
	int number;

	sema_name_arguments(sema, node);
	if (signal->kind == AST_STRING) {
		number = signal_names_find(signal->text.bytes);
		if (number)
			sema_set_constant(signal, (uint64_t)number, false);
		else
			diag_error(sema->diagnostics, signal->span, "%s is not the name of a signal",
				   signal->text.bytes);
	} else if (!sema_is_constant(signal, &is_negative) || is_negative || signal->integer < 1 ||
		   signal->integer > 64) {
		diag_error(sema->diagnostics, signal->span, "%s() accepts a string literal or a positive integer",
			   node->call.name);
	}
}

/* len(@map), or of a stack. */
static void name_len(struct sema *sema, struct ast_expression *node)
{
	if (node->call.arguments[0]->kind == AST_MAP && !node->call.arguments[0]->map.key)
		name_map_call(sema, node);
	else
		sema_name_arguments(sema, node);
}

/* The mode of a stack that WORD names; false if it names none. */
static bool find_stack_mode(const struct ast_expression *word, enum type_stack_mode *ret)
{
	static const char *const names[] = {
		[TYPE_STACK_BPFTRACE] = "bpftrace",
		[TYPE_STACK_PERF] = "perf",
		[TYPE_STACK_RAW] = "raw",
		[TYPE_STACK_BUILD_ID] = "build_id",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(word->name, names[i]) == 0) {
			*ret = (enum type_stack_mode)i;
			return true;
		}
	}
	return false;
}

/* ustack(), ustack(perf), ustack(3), ustack(perf, 3), and kstack() alike. */
static void name_stack(struct sema *sema, struct ast_expression *node)
{
	struct ast_call *call = &node->call;
	uint64_t frames = STACK_FRAMES_DEFAULT;
	size_t next = 0;

	call->stack_mode = sema->program->config.stack_mode;
	if (call->argument_count && call->arguments[0]->kind == AST_IDENTIFIER) {
		if (!find_stack_mode(call->arguments[0], &call->stack_mode)) {
			diag_error(sema->diagnostics, call->arguments[0]->span, "Invalid stack mode: '%s'",
				   call->arguments[0]->name);
			diag_hint(sema->diagnostics, "modes are bpftrace, perf, raw and build_id");
		}
		next = 1;
	}
	if (next < call->argument_count) {
		sema_name_expression(sema, call->arguments[next]);
		if (sema_read_constant(sema, node, next, &frames) && (frames == 0 || frames > USDTRAP_STACK_FRAMES_MAX))
			diag_error(sema->diagnostics, node->span, "%s() takes from 1 to %d frames (%llu wanted)",
				   call->name, USDTRAP_STACK_FRAMES_MAX, (unsigned long long)frames);
		next++;
	}
	if (next < call->argument_count)
		diag_error(sema->diagnostics, call->arguments[next]->span, "%s() takes a mode first, then a number",
			   call->name);
	call->frames = (uint32_t)frames;
	call->argument_count = 0;
}

/* Functions whose arguments are more than their row says. */
static const struct {
	enum function function;
	void (*name)(struct sema *sema, struct ast_expression *node);
} particulars[] = {
	{FUNCTION_DELETE, name_delete}, {FUNCTION_FIND, name_find},     {FUNCTION_KSTACK, name_stack},
	{FUNCTION_LEN, name_len},       {FUNCTION_USTACK, name_stack},  {FUNCTION_GETOPT, sema_name_getopt},
	{FUNCTION_PRINT, name_print},   {FUNCTION_SIGNAL, name_signal}, {FUNCTION_SIGNAL_THREAD, name_signal},
	{FUNCTION_STR, name_str},
};

static void name_function(struct sema *sema, struct ast_expression *node, const struct function_info *info)
{
	node->call.function = info->function;
	if (!sema_check_count(sema, node, function_arguments_min(info), function_arguments_max(info), info->usage))
		return;
	sema_check_availability(sema, info->name, node->span);
	if (info->function == FUNCTION_SYSTEM)
		sema->program->runs_commands = true;
	if (function_is_unsafe(info->function) && !sema->options->is_unsafe)
		diag_error(sema->diagnostics, node->span, "%s() is unsafe. To use you need the --unsafe flag",
			   node->call.name);
	for (size_t i = 0; i < sizeof(particulars) / sizeof(particulars[0]); i++) {
		if (particulars[i].function == info->function) {
			particulars[i].name(sema, node);
			return;
		}
	}
	if (info->signature[0] == ARGUMENT_MAP)
		name_map_call(sema, node);
	else if (info->signature[0] == ARGUMENT_FORMAT)
		name_format(sema, node);
	else
		sema_name_arguments(sema, node);
}

/* Builtins that take the name of a clock or of a namespace: nsecs(monotonic), pid(init). */
static bool name_mode(struct sema *sema, struct ast_expression *node, const struct builtin_info *info)
{
	static const struct {
		enum builtin builtin;
		const char *mode;
		unsigned index;
	} modes[] = {
		{BUILTIN_NSECS, "boot", CLOCK_KIND_BOOT},
		{BUILTIN_NSECS, "monotonic", CLOCK_KIND_MONOTONIC},
		{BUILTIN_NSECS, "tai", CLOCK_KIND_TAI},
		{BUILTIN_NSECS, "sw_tai", CLOCK_KIND_TAI},
		{BUILTIN_PID, "curr_ns", 0},
		{BUILTIN_PID, "init", 1},
		{BUILTIN_TID, "curr_ns", 0},
		{BUILTIN_TID, "init", 1},
	};
	const struct ast_expression *mode = node->call.arguments[0];

	if (node->call.argument_count != 1 || mode->kind != AST_IDENTIFIER)
		return false;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (modes[i].builtin == info->builtin && strcmp(modes[i].mode, mode->name) == 0) {
			sema_name_builtin(sema, node, info->name, info, modes[i].index);
			return true;
		}
	}
	return false;
}

/* What NAME() was given, and what it could have been given instead. */
static const char *what_builtins_take(const struct builtin_info *info)
{
	if (info->builtin == BUILTIN_NSECS)
		return "this argument: it is boot, monotonic, tai or sw_tai";
	if (info->builtin == BUILTIN_PID || info->builtin == BUILTIN_TID)
		return "this argument: it is curr_ns or init";
	return "arguments";
}

void sema_name_call(struct sema *sema, struct ast_expression *node)
{
	const char *name = sema_plain_name(node->call.name);
	const struct function_info *function = function_find(name);
	unsigned index;
	const struct builtin_info *builtin = builtin_find(name, &index);
	const char *refusal = builtin_refusal(name);
	const char *nearest;

	if (builtin && node->call.argument_count == 0) {
		sema_name_builtin(sema, node, name, builtin, index);
	} else if (function) {
		name_function(sema, node, function);
	} else if (builtin && name_mode(sema, node, builtin)) {
		return;
	} else if (aggregation_find(name)) {
		diag_error(sema->diagnostics, node->span, "%s() must be assigned directly to a map", name);
		diag_hint(sema->diagnostics, "for example @ = %s", aggregation_find(name)->usage);
	} else if (builtin) {
		diag_error(sema->diagnostics, node->span, "%s() does not take %s", name, what_builtins_take(builtin));
	} else if (refusal) {
		diag_error(sema->diagnostics, node->call.name_span, "%s() %s", name, refusal);
	} else {
		diag_error(sema->diagnostics, node->call.name_span, "Unknown function: '%s'", name);
		nearest = builtin_nearest(name);
		if (nearest)
			diag_hint(sema->diagnostics, "did you mean %s%s?", nearest, function_find(nearest) ? "()" : "");
	}
}
