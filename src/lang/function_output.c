/* SPDX-License-Identifier: MIT */
/* Functions that write: printf, print, time, join; and exit. */
#include <string.h>

#include "lang/clock.h"
#include "lang/eval_internal.h"
#include "lang/format.h"

struct value function_printf(struct run *run, const struct ast_expression *expression)
{
	const struct ast_call *call = &expression->call;
	struct runtime *runtime = run->runtime;
	struct value *values = scratch_allocate(&runtime->scratch, call->argument_count * sizeof(*values));

	if (!values)
		return eval_nothing();
	for (size_t i = 0; i < call->argument_count; i++)
		values[i] = eval_expression(run, call->arguments[i]);
	/* Only now, since an argument may write, too. */
	strbuf_clear(&runtime->text);
	format_render(call->format, values, runtime->tree->config.str_trunc_trailer, &runtime->text);
	runtime_flush_as(runtime, "printf");
	return eval_nothing();
}

struct value function_print(struct run *run, const struct ast_expression *expression)
{
	const struct ast_call *call = &expression->call;

	if (!call->map)
		runtime_print_value(run->runtime, eval_expression(run, call->arguments[0]));
	else
		runtime_print_map(run->runtime, eval_map_of(run, call->map), call->top, call->divisor, true);
	return eval_nothing();
}

struct value function_time(struct run *run, const struct ast_expression *expression)
{
	struct runtime *runtime = run->runtime;

	strbuf_clear(&runtime->text);
	clock_format(expression->call.time_format->bytes, clock_wall_ns(), &runtime->scratch, &runtime->text);
	runtime_flush_as(runtime, "time");
	return eval_nothing();
}

struct value function_exit(struct run *run, const struct ast_expression *expression)
{
	const struct ast_call *call = &expression->call;

	if (call->argument_count)
		run->runtime->exit_status = (int)value_integer(eval_expression(run, call->arguments[0]));
	run->flow = FLOW_EXIT;
	return eval_nothing();
}

/* join() reads at most so many strings, each of so many bytes, as bpftrace does. */
#define JOIN_COUNT    16
#define JOIN_CAPACITY 1024

/* Appends the strings that the NULL-ended array at ADDRESS points to, until one cannot be read. */
static void join_strings(struct run *run, uint64_t address, struct value delimiter, struct strbuf *out)
{
	char *text = scratch_allocate(&run->runtime->scratch, JOIN_CAPACITY);

	for (unsigned i = 0; text && i < JOIN_COUNT; i++) {
		struct usdtrap_error *error;
		uint64_t string;
		size_t length;

		error = usdtrap_hit_read(run->hit, address + i * sizeof(string), &string, sizeof(string));
		if (!error && string)
			error = usdtrap_hit_read_string(run->hit, string, text, JOIN_CAPACITY, &length, NULL);
		else if (!error)
			return;
		if (error) {
			usdtrap_error_destroy(error);
			return;
		}
		if (i)
			strbuf_add(out, delimiter.text, delimiter.length);
		strbuf_add(out, text, length);
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
	if (run->hit && array.kind != VALUE_UNKNOWN && delimiter.kind == VALUE_STRING)
		join_strings(run, value_integer(array), delimiter, &runtime->text);
	if (runtime->format == LANG_TEXT)
		strbuf_add_char(&runtime->text, '\n');
	runtime_flush_as(runtime, "join");
	return eval_nothing();
}
