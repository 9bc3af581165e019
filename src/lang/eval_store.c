/* SPDX-License-Identifier: MIT */
/* Maps and variables: keys, reading, assigning, counting. */
#include <errno.h>

#include "lang/clock.h"
#include "lang/eval_internal.h"
#include "lang/flat.h"
#include "lang/type.h"

/* ---- Keys -------------------------------------------------------------------------------------------------------- */

/* A key as maps know it: flat bytes. */
struct flat_key {
	char *bytes; /* NULL: memory ran out */
	size_t length;
};

/* KEY as a map with keys of TYPE knows it: 5 is one key, whatever the width it was written with. */
static struct value fit_key(struct run *run, struct value key, const struct type *type)
{
	struct value *elements;

	if (key.kind != VALUE_TUPLE || type->kind != TYPE_TUPLE)
		return eval_fit(key, type);
	elements = scratch_allocate(&run->runtime->scratch, key.length * sizeof(*elements));
	if (!elements)
		return value_unknown("out of memory");
	for (uint32_t i = 0; i < key.length; i++)
		elements[i] = fit_key(run, key.elements[i], type->elements[i]);
	return value_tuple(elements, key.length);
}

static struct flat_key make_key(struct run *run, const struct ast_map *ast, const struct ast_expression *key)
{
	static char no_key[1];
	struct flat_key flat = {.bytes = no_key};
	struct value value;

	if (!key)
		return flat;
	value = fit_key(run, eval_expression(run, key), ast->key_type);
	flat.length = flat_size(value);
	flat.bytes = scratch_allocate(&run->runtime->scratch, flat.length);
	if (flat.bytes)
		flat_write(value, flat.bytes);
	return flat;
}

struct map *eval_map_of(const struct run *run, const struct ast_map *ast)
{
	return &run->runtime->maps[ast->slot];
}

struct map_element *eval_find(struct run *run, const struct ast_map *ast, const struct ast_expression *key)
{
	struct flat_key flat = make_key(run, ast, key);

	return flat.bytes ? map_find(eval_map_of(run, ast), flat.bytes, flat.length) : NULL;
}

/* The element that is to be written; made if need be. NULL, warned about, if the map is full. */
static struct map_element *obtain(struct run *run, const struct ast_map *ast, const struct flat_key *key,
				  struct span span)
{
	struct map *map = eval_map_of(run, ast);
	struct map_element *element = key->bytes ? map_obtain(map, key->bytes, key->length) : NULL;

	if (element || runtime_remarked(run->runtime, map, 0))
		return element;
	if (map_count(map) >= map->limit && map_note_full(map))
		runtime_helper_warning(run->runtime, span, HELPER_MAP_UPDATE_ELEM, -E2BIG, ast->name);
	else if (map_count(map) < map->limit)
		runtime_remark(run->runtime, map, 0, span, "No memory for another key of %s", ast->name);
	return NULL;
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

static struct value read_element(struct run *run, const struct ast_map *ast, const struct map_element *element,
				 const struct type *type)
{
	if (!element)
		return value_zero(type, &run->runtime->scratch);
	return map_read(eval_map_of(run, ast), element, &run->runtime->scratch);
}

struct value eval_map(struct run *run, const struct ast_map_use *use, const struct type *type, struct span span)
{
	struct map_element *element = eval_find(run, use->map, use->key);

	if (!element && use->key)
		runtime_helper_error(run->runtime, span, HELPER_MAP_LOOKUP_ELEM, 0);
	return read_element(run, use->map, element, type);
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static void store(struct run *run, const struct ast_map *ast, struct map_element *element, struct value value,
		  struct span span)
{
	if (!map_store(element, value) && !runtime_remarked(run->runtime, ast, 0))
		runtime_remark(run->runtime, ast, 0, span, "No memory for a value of %s", ast->name);
}

/* What changes a value: an assignment, plain or compound, or ++ and --. */
struct change {
	struct value old;
	struct value new;
};

/* How far ++ goes: a pointer to the next of what it points to. */
static uint64_t step(const struct type *type)
{
	return type->kind == TYPE_POINTER && type->inner ? type->inner->size : 1;
}

static struct value changed(struct run *run, const struct ast_expression *node, struct value old)
{
	if (node->kind == AST_INCREMENT && old.kind == VALUE_UNKNOWN)
		return old;
	if (node->kind == AST_INCREMENT)
		return value_unsigned(value_integer(old) +
				      (node->increment.is_decrement ? -step(node->type) : step(node->type)));
	if (!node->assign.is_compound)
		return eval_expression(run, node->assign.value);
	return eval_operate(run, node, node->assign.operation, node->assign.operand_type, old,
			    eval_expression(run, node->assign.value));
}

static struct change change_variable(struct run *run, const struct ast_expression *node,
				     const struct ast_expression *target)
{
	struct value *slot = &run->runtime->frame[target->variable->slot];
	struct change change = {.old = *slot};

	change.new = eval_fit(changed(run, node, change.old), target->variable->type);
	/* The value may be a block that left the clause. */
	if (run->flow == FLOW_NEXT)
		*slot = change.new;
	return change;
}

static bool needs_old(const struct ast_expression *node)
{
	return node->kind == AST_INCREMENT || node->assign.is_compound;
}

/*
 * The key is evaluated once and first. The element is looked up anew after the
 * value was evaluated, which may itself delete keys of this map.
 */
static struct change change_map(struct run *run, const struct ast_expression *node, const struct ast_expression *target)
{
	const struct ast_map *ast = target->map.map;
	struct flat_key key = make_key(run, ast, target->map.key);
	struct map_element *element;
	struct change change = {.old = value_unknown("not read")};

	if (needs_old(node) && key.bytes) {
		element = map_find(eval_map_of(run, ast), key.bytes, key.length);
		change.old = read_element(run, ast, element, ast->value_type);
	}
	change.new = eval_fit(changed(run, node, change.old), ast->value_type);
	if (run->flow != FLOW_NEXT)
		return change;
	element = obtain(run, ast, &key, target->span);
	if (element)
		store(run, ast, element, change.new, target->span);
	return change;
}

static struct change change_target(struct run *run, const struct ast_expression *node,
				   const struct ast_expression *target)
{
	return target->kind == AST_VARIABLE ? change_variable(run, node, target) : change_map(run, node, target);
}

struct value eval_assign(struct run *run, const struct ast_expression *expression)
{
	return change_target(run, expression, expression->assign.target).new;
}

struct value eval_increment(struct run *run, const struct ast_expression *expression)
{
	struct change change = change_target(run, expression, expression->increment.target);

	return expression->increment.is_prefix ? change.new : change.old;
}

/* What MAP is fed of NUMBER: histograms count signed numbers, and what is larger belongs to their upper end. */
static uint64_t food(const struct map *map, struct value number)
{
	uint64_t integer = value_integer(number);

	if (map_shape(map) == MAP_HISTOGRAMS && number.kind == VALUE_UNSIGNED && integer > INT64_MAX)
		return INT64_MAX;
	return integer;
}

/* When the hit was, by the wall clock. */
static uint64_t wall_ns(const struct run *run)
{
	return (run->hit ? usdtrap_hit_time_ns(run->hit) : clock_boottime_ns()) + run->runtime->wall_offset_ns;
}

/* A number that is not known is not counted; its cause was already warned about. */
struct value eval_aggregate(struct run *run, const struct ast_expression *expression)
{
	const struct ast_map_use *target = &expression->aggregate.target;
	const struct map *map = eval_map_of(run, target->map);
	struct flat_key key = make_key(run, target->map, target->key);
	struct value number = value_unsigned(0);
	struct map_element *element;

	if (expression->aggregate.value)
		number = eval_expression(run, expression->aggregate.value);
	if (number.kind == VALUE_UNKNOWN)
		return number;
	element = obtain(run, target->map, &key, expression->span);
	if (element && map_shape(map) == MAP_SERIES)
		map_feed_series(map, element, value_integer(number), wall_ns(run));
	else if (element)
		map_feed(map, element, food(map, number));
	return eval_nothing();
}
