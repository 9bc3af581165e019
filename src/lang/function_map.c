/* SPDX-License-Identifier: MIT */
/* Functions of maps: clear, delete, find, has_key, len, zero. */
#include <errno.h>

#include <usdtrap/stack.h>

#include "lang/eval_internal.h"

struct value function_clear(struct run *run, const struct ast_expression *expression)
{
	map_clear(eval_map_of(run, expression->call.map));
	return eval_nothing();
}

struct value function_delete(struct run *run, const struct ast_expression *expression)
{
	struct map_element *element = eval_find(run, expression->call.map, expression->call.key);

	if (element)
		map_delete(eval_map_of(run, expression->call.map), element);
	else if (expression->call.key && expression->call.is_discarded)
		runtime_helper_warning(run->runtime, expression->span, HELPER_MAP_DELETE_ELEM, -ENOENT, NULL);
	return value_bool(element != NULL);
}

/* find(@map, key, $variable) */
struct value function_find_key(struct run *run, const struct ast_expression *expression)
{
	const struct ast_call *call = &expression->call;
	const struct ast_variable *variable = call->arguments[0]->variable;
	struct map_element *element = eval_find(run, call->map, call->key);
	struct value value;

	if (!element)
		return value_bool(false);
	value = map_read(eval_map_of(run, call->map), element, &run->runtime->scratch);
	run->runtime->frame[variable->slot] = eval_fit(value, variable->type);
	return value_bool(true);
}

struct value function_has_key(struct run *run, const struct ast_expression *expression)
{
	return value_bool(eval_find(run, expression->call.map, expression->call.key) != NULL);
}

struct value function_len(struct run *run, const struct ast_expression *expression)
{
	struct value stack;

	if (expression->call.map)
		return value_signed((int64_t)map_count(eval_map_of(run, expression->call.map)));
	stack = eval_expression(run, expression->call.arguments[0]);
	if (stack.kind != VALUE_STACK)
		return stack;
	return value_signed(stack.stack ? (int64_t)stack.stack->frame_count : 0);
}

struct value function_zero(struct run *run, const struct ast_expression *expression)
{
	map_zero(eval_map_of(run, expression->call.map));
	return eval_nothing();
}
