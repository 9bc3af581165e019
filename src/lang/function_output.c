/* SPDX-License-Identifier: MIT */
/* Functions that write: printf, errorf and warnf, print, time; and what ends a program: exit, assert. */
#include <string.h>

#include "lang/clock.h"
#include "lang/eval_internal.h"
#include "lang/format.h"

bool eval_format(struct run *run, const struct ast_call *call)
{
	struct runtime *runtime = run->runtime;
	struct value *values = scratch_allocate(&runtime->scratch, call->argument_count * sizeof(*values));

	if (!values)
		return false;
	for (size_t i = 0; i < call->argument_count; i++)
		values[i] = eval_expression(run, call->arguments[i]);
	/* Only now, since an argument may write, too. */
	strbuf_clear(&runtime->text);
	format_render(call->format, values, runtime->tree->config.str_trunc_trailer, &runtime->text);
	return true;
}

struct value function_printf(struct run *run, const struct ast_expression *expression)
{
	if (eval_format(run, &expression->call))
		runtime_flush_as(run->runtime, "printf");
	return eval_nothing();
}

/* errorf() and warnf(). */
struct value function_errorf(struct run *run, const struct ast_expression *expression)
{
	enum diag_severity severity = expression->call.function == FUNCTION_ERRORF ? DIAG_ERROR : DIAG_WARNING;
	struct strbuf *text = &run->runtime->text;

	if (eval_format(run, &expression->call))
		runtime_say(run->runtime, severity, expression->span, strbuf_text(text), text->length);
	strbuf_clear(text);
	return eval_nothing();
}

struct value function_print(struct run *run, const struct ast_expression *expression)
{
	const struct ast_call *call = &expression->call;

	if (!call->map)
		runtime_print_value(run->runtime, eval_expression(run, call->arguments[0]), call->arguments[0]->type);
	else
		runtime_print_map(run->runtime, eval_map_of(run, call->map), call->top, call->divisor, true);
	return eval_nothing();
}

struct value function_time(struct run *run, const struct ast_expression *expression)
{
	const struct ast_call *call = &expression->call;
	const char *format = call->argument_count ? call->arguments[0]->text.bytes : "%H:%M:%S\n";
	struct runtime *runtime = run->runtime;

	strbuf_clear(&runtime->text);
	clock_format(format, clock_wall_ns(), &runtime->scratch, &runtime->text);
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

/* What is not known is not true. */
struct value function_assert(struct run *run, const struct ast_expression *expression)
{
	struct value condition = eval_expression(run, expression->call.arguments[0]);
	struct value text;

	if (value_is_true(condition))
		return eval_nothing();
	text = eval_expression(run, expression->call.arguments[1]);
	if (text.kind == VALUE_STRING)
		runtime_say(run->runtime, DIAG_ERROR, expression->span, text.text, text.length);
	run->runtime->exit_status = 1;
	run->flow = FLOW_EXIT;
	return eval_nothing();
}

/* fail() and static_assert() have said what they had to when the script was compiled. */
struct value function_nothing(struct run *run, const struct ast_expression *expression)
{
	(void)run;
	(void)expression;
	return eval_nothing();
}
