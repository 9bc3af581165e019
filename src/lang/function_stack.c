/* SPDX-License-Identifier: MIT */
/* Functions of stacks and symbols: ustack, kstack, usym, ksym, uaddr. The session names frames and keeps them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <usdtrap/stack.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "lang/eval_internal.h"

struct value function_ustack(struct run *run, const struct ast_expression *expression)
{
	const struct usdtrap_stack *stack;

	if (!run->hit)
		return value_stack(NULL);
	stack = usdtrap_hit_stack(run->hit, expression->call.frames);
	return stack ? value_stack(stack) : value_unknown("as many stacks are kept as can be");
}

/* The kernel shows its own stack to BPF alone. */
struct value function_kstack(struct run *run, const struct ast_expression *expression)
{
	(void)run;
	(void)expression;
	return value_stack(NULL);
}

static struct value hexadecimal(struct run *run, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, number);
	return eval_copy_text(run, text, strlen(text));
}

/* SYMBOL, or the C++ name that it stands for. */
static struct value symbol_name(struct run *run, const char *symbol)
{
	_cleanup_free_ char *name = run->runtime->tree->config.cpp_demangle ? usdtrap_demangle(symbol) : NULL;

	return name ? eval_copy_text(run, name, strlen(name)) : value_text(symbol);
}

struct value function_usym(struct run *run, const struct ast_expression *expression)
{
	struct value address = eval_expression(run, expression->call.arguments[0]);
	const struct usdtrap_frame *frame = NULL;

	if (address.kind == VALUE_UNKNOWN)
		return address;
	if (run->hit)
		frame = usdtrap_hit_symbolize(run->hit, value_integer(address));
	if (!frame || !frame->symbol)
		return hexadecimal(run, value_integer(address));
	return symbol_name(run, frame->symbol);
}

/* Names of the kernel's addresses are to be had only by those who may see the addresses, and no trap stands at one. */
struct value function_ksym(struct run *run, const struct ast_expression *expression)
{
	struct value address = eval_expression(run, expression->call.arguments[0]);

	return address.kind == VALUE_UNKNOWN ? address : hexadecimal(run, value_integer(address));
}

struct value function_uaddr(struct run *run, const struct ast_expression *expression)
{
	const struct ast_expression *name = expression->call.arguments[0];
	struct usdtrap_error *error;
	const char *reason;
	uint64_t address;

	if (!run->hit)
		return value_unknown("only a probe has symbols");
	error = usdtrap_hit_find_symbol(run->hit, name->text.bytes, &address, NULL);
	if (!error)
		return value_pointer(address);
	reason = runtime_remarked(run->runtime, expression, 0);
	if (!reason)
		reason = runtime_remark(run->runtime, expression, 0, expression->span, "Could not resolve symbol: %s",
					usdtrap_error_message(error));
	usdtrap_error_destroy(error);
	return value_unknown(reason);
}
