/* SPDX-License-Identifier: MIT */
/* Functions that name a number: strerror, signal_name, syscall_name. */
#include <string.h>

#include <usdtrap/syscall.h>

#include "lang/eval_internal.h"
#include "lang/signal_names.h"

/* NAME, or "" where a number has none. */
static struct value name_or_empty(const char *name)
{
	return name ? value_text(name) : value_string("", 0);
}

struct value function_strerror(struct run *run, const struct ast_expression *expression)
{
	struct value number = eval_expression(run, expression->call.arguments[0]);
	char buffer[256];
	const char *text;

	if (number.kind == VALUE_UNKNOWN)
		return number;
	text = strerror_r((int)value_integer(number), buffer, sizeof(buffer));
	return eval_copy_text(run, text, strnlen(text, expression->type->size - 1));
}

struct value function_signal_name(struct run *run, const struct ast_expression *expression)
{
	struct value number = eval_expression(run, expression->call.arguments[0]);

	return number.kind == VALUE_UNKNOWN ? number : name_or_empty(signal_names_of((int)value_integer(number)));
}

struct value function_syscall_name(struct run *run, const struct ast_expression *expression)
{
	struct value number = eval_expression(run, expression->call.arguments[0]);

	const struct usdtrap_syscall *call;

	if (number.kind == VALUE_UNKNOWN)
		return number;
	call = usdtrap_syscall_by_number((int)value_integer(number));
	return name_or_empty(call ? call->name : NULL);
}
