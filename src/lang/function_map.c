/* SPDX-License-Identifier: MIT */
/* Functions of maps: clear, delete, has_key, len, zero. */
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
	return value_bool(element != NULL);
}

struct value function_has_key(struct run *run, const struct ast_expression *expression)
{
	return value_bool(eval_find(run, expression->call.map, expression->call.key) != NULL);
}

struct value function_len(struct run *run, const struct ast_expression *expression)
{
	return value_signed((int64_t)map_count(eval_map_of(run, expression->call.map)));
}

struct value function_zero(struct run *run, const struct ast_expression *expression)
{
	map_zero(eval_map_of(run, expression->call.map));
	return eval_nothing();
}
