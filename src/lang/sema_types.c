/* SPDX-License-Identifier: MIT */
/*
 * Types. Variables and maps get theirs from what is stored in them, anywhere
 * in the script, and what is stored may come out of other variables and maps.
 * So the tree is gone over again and again: each round computes the type of
 * every expression from what is known, and widens the variables and maps that
 * are assigned to. When a round changes nothing all is known, and one last
 * round reports what does not fit together.
 *
 *	$a = 1;          round 1: $a is an int8
 *	@x = $a;                  @x is an int8
 *	$a = arg0;                $a is an int64
 *	                 round 2: @x is an int64; round 3 changes nothing
 *
 * Types only ever widen, so this ends. What is only ever counted up (`@n++')
 * never gets a type that way; it is an int64.
 */
#include <stdarg.h>

#include "base/strbuf.h"
#include "lang/sema_internal.h"

/* A script that needs more rounds hands values on through more variables, in reverse, than anybody would write. */
#define ROUNDS_MAX 64

const struct type sema_unknown = {.kind = TYPE_NONE};

static bool is_known(const struct type *type)
{
	return type != &sema_unknown;
}

/* ---- Reports ---------------------------------------------------------------------------------------------------- */

static __attribute__((format(printf, 4, 0))) void report(struct sema *sema, struct span span,
							 enum diag_severity severity, const char *format,
							 va_list arguments)
{
	_cleanup_strbuf_ struct strbuf text = {};

	if (!sema->is_reporting)
		return;
	strbuf_vaddf(&text, format, arguments);
	sema->arena->failed |= text.failed;
	if (severity == DIAG_ERROR)
		diag_error(sema->diagnostics, span, "%s", strbuf_text(&text));
	else
		diag_warning(sema->diagnostics, span, "%s", strbuf_text(&text));
}

const struct type *sema_complain(struct sema *sema, struct span span, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(sema, span, DIAG_ERROR, format, arguments);
	va_end(arguments);
	return &sema_unknown;
}

void sema_warn(struct sema *sema, struct span span, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(sema, span, DIAG_WARNING, format, arguments);
	va_end(arguments);
}

const char *sema_type_name(struct sema *sema, const struct type *type)
{
	_cleanup_strbuf_ struct strbuf name = {};
	const char *text;

	if (!sema->is_reporting)
		return "";
	type_add_name(&name, type);
	text = arena_copy(sema->arena, strbuf_text(&name), name.length);
	return text ? text : "";
}

/* ---- Learning --------------------------------------------------------------------------------------------------- */

/* Widens *KNOWN (NULL: nothing known) so that it holds TYPE too; false if no type does. */
static bool widen(struct sema *sema, const struct type **known, const struct type *type)
{
	const struct type *wider = *known ? type_promote(sema->arena, *known, type) : type;

	if (!wider)
		return false;
	if (wider != *known) {
		*known = wider;
		sema->has_changed = true;
	}
	return true;
}

void sema_learn_variable(struct sema *sema, struct ast_variable *variable, const struct type *type, struct span span)
{
	if (!is_known(type))
		return;
	if (type->kind == TYPE_NONE || type_is_aggregate(type)) {
		sema_complain(sema, span, "Value '%s' cannot be assigned to a scratch variable.",
			      sema_type_name(sema, type));
		return;
	}
	if (variable->is_declared_type ? type_fits(type, variable->type) : widen(sema, &variable->type, type))
		return;
	sema_complain(sema, span,
		      "Type mismatch for %s: trying to assign value of type '%s' when variable already has a type '%s'",
		      variable->name, sema_type_name(sema, type), sema_type_name(sema, variable->type));
}

void sema_learn_map(struct sema *sema, struct ast_map *map, const struct type *type, struct span span)
{
	if (is_known(type) && !widen(sema, &map->value_type, type))
		sema_complain(
			sema, span,
			"Type mismatch for %s: trying to assign value of type '%s' when map already has a type '%s'",
			map->name, sema_type_name(sema, type), sema_type_name(sema, map->value_type));
}

/* A value, not an aggregation, is stored in MAP. */
void sema_learn_value(struct sema *sema, struct ast_map *map, const struct type *type, struct span span)
{
	if (is_known(type) && type_is_aggregate(type))
		sema_complain(sema, span,
			      "Map value '%s' cannot be assigned from one map to another. The function that returns "
			      "this type must be called directly.",
			      sema_type_name(sema, type));
	else if (is_known(type) && type->kind == TYPE_NONE)
		sema_complain(sema, span, "Value '%s' cannot be assigned to a map.", sema_type_name(sema, type));
	else
		sema_learn_map(sema, map, type, span);
}

static bool is_part_of_keys(const struct type *type)
{
	if (!is_known(type) || type->kind == TYPE_NONE || type_is_aggregate(type))
		return false;
	for (uint32_t i = 0; i < type->element_count; i++) {
		if (!is_part_of_keys(type->elements[i]))
			return false;
	}
	return true;
}

void sema_type_key(struct sema *sema, struct ast_map *map, const struct type *key, struct span span)
{
	if (!is_known(key))
		return;
	if (!is_part_of_keys(key))
		sema_complain(sema, span, "%s cannot be part of a map key", sema_type_name(sema, key));
	else if (!widen(sema, &map->key_type, key))
		sema_complain(sema, span,
			      "Argument mismatch for %s: trying to access with arguments: '%s' when map expects "
			      "arguments: '%s'",
			      map->name, sema_type_name(sema, key), sema_type_name(sema, map->key_type));
}

void sema_type_use(struct sema *sema, struct ast_map_use *use)
{
	if (use->key)
		sema_type_key(sema, use->map, sema_type(sema, use->key), use->key->span);
	if (use->key && use->map->key_type)
		sema_reorder(sema, &use->key, use->map->key_type);
}

/* ---- Statements ------------------------------------------------------------------------------------------------- */

/* A value that was computed for nothing was probably meant for something. */
static void check_discard(struct sema *sema, struct ast_statement *statement)
{
	struct ast_expression *value = statement->expression.value;
	/* A macro is used for what it does, or for its value. */
	bool has_effect = value->kind == AST_BLOCK_VALUE || value->kind == AST_INCREMENT || value->kind == AST_ASSIGN ||
			  (value->kind == AST_CALL &&
			   (value->call.function == FUNCTION_DELETE || value->call.function == FUNCTION_WRITE_USER));

	if (value->kind == AST_CALL)
		value->call.is_discarded = !statement->expression.is_discard;
	if (!statement->expression.is_discard && !has_effect && value->type->kind != TYPE_NONE)
		sema_warn(sema, statement->span, "Return value discarded.");
}

/* The type that a declaration gives its variable, once it is known. */
static void type_declared(struct sema *sema, struct ast_statement *statement)
{
	struct ast_variable *variable = statement->let.variable;
	const struct type *type = sema_written_type(sema, statement->let.type);

	if (!is_known(type) || variable->is_declared_type)
		return;
	if (statement->let.type->is_open) {
		/* `string' without a size is as long as what is stored, and empty where nothing is. */
		if (type->kind == TYPE_STRING)
			sema_learn_variable(sema, variable, type, statement->let.type->span);
		return;
	}
	if (type->kind == TYPE_NONE) {
		sema_complain(sema, statement->let.type->span, "a variable cannot be of type '%s'",
			      sema_type_name(sema, type));
		return;
	}
	variable->is_declared_type = true;
	variable->type = type;
	sema->has_changed = true;
}

static void type_let(struct sema *sema, struct ast_statement *statement)
{
	if (statement->let.type && statement->let.variable)
		type_declared(sema, statement);
	if (statement->let.value)
		sema_learn_variable(sema, statement->let.variable, sema_type(sema, statement->let.value),
				    statement->span);
	if (statement->let.value && statement->let.variable->type)
		sema_reorder(sema, &statement->let.value, statement->let.variable->type);
}

static void type_condition(struct sema *sema, struct ast_expression *condition)
{
	sema_check_condition(sema, sema_type(sema, condition), condition->span);
}

/* The bounds of a range are integers; the variable is an int64, as all of them are. */
static void type_range(struct sema *sema, struct ast_statement *statement)
{
	struct ast_expression *const bounds[] = {statement->for_loop.start, statement->for_loop.end};

	for (size_t i = 0; i < 2; i++) {
		const struct type *type = sema_type(sema, bounds[i]);

		if (is_known(type) && type->kind != TYPE_INTEGER)
			sema_complain(sema, bounds[i]->span, "Loop range requires an integer for the %s value",
				      i == 0 ? "start" : "end");
	}
	sema_learn_variable(sema, statement->for_loop.variable, &type_int64, statement->for_loop.name_span);
}

/* The variable is a tuple (key, value), as far as both are known. */
static void type_walk(struct sema *sema, struct ast_statement *statement)
{
	const struct ast_map *map = statement->for_loop.map.map;
	const struct type *row = statement->for_loop.row;
	const struct type *value = map->value_type ? type_of_read(map->value_type) : NULL;
	const struct type **elements;

	if (map->is_scalar) {
		sema_complain(sema, statement->for_loop.map_span,
			      "%s has no explicit keys (scalar map), and cannot be used for iteration", map->name);
		return;
	}
	if (!map->key_type || !value)
		return;
	if (type_is_aggregate(value)) {
		sema_complain(sema, statement->for_loop.map_span, "Loop expression does not support type: %s",
			      sema_type_name(sema, value));
		return;
	}
	/* The same tuple in the next round keeps its type, so that nothing seems to have changed. */
	if (!row || row->elements[0] != map->key_type || row->elements[1] != value) {
		elements = arena_allocate_array(sema->arena, 2, sizeof(elements[0]));
		if (!elements)
			return;
		elements[0] = map->key_type;
		elements[1] = value;
		if (type_count_nodes(elements, 2) > TYPE_TUPLE_NODES_MAX) {
			sema_complain(sema, statement->for_loop.map_span,
				      "keys and values of %s are too large to loop over", map->name);
			return;
		}
		row = type_tuple(sema->arena, elements, 2);
		if (!row)
			return;
		statement->for_loop.row = row;
	}
	sema_learn_variable(sema, statement->for_loop.variable, row, statement->for_loop.name_span);
}

static void type_for(struct sema *sema, struct ast_statement *statement)
{
	if (statement->for_loop.map.name)
		type_walk(sema, statement);
	else
		type_range(sema, statement);
	sema_type_block(sema, statement->for_loop.body);
}

static void type_return(struct sema *sema, struct ast_statement *statement)
{
	const struct type *type = statement->returned ? sema_type(sema, statement->returned) : &sema_unknown;

	if (is_known(type) && !type_is_number(type))
		sema_complain(sema, statement->returned->span, "A clause can only return an integer, not %s",
			      sema_type_name(sema, type));
}

/* The statements that run when CONDITION IS_TRUE. If it is a constant one of the two branches is dead. */
static void type_branch(struct sema *sema, const struct ast_expression *condition, bool is_true,
			struct ast_statement *first)
{
	bool is_condition;
	bool is_dead = sema_is_condition_known(condition, &is_condition) && is_condition != is_true;

	sema->dead_depth += is_dead;
	sema_type_block(sema, first);
	sema->dead_depth -= is_dead;
}

static void type_statement(struct sema *sema, struct ast_statement *statement)
{
	switch (statement->kind) {
	case AST_EXPRESSION:
		sema_type(sema, statement->expression.value);
		check_discard(sema, statement);
		break;
	case AST_LET:
		type_let(sema, statement);
		break;
	case AST_IF:
		type_condition(sema, statement->condition.condition);
		type_branch(sema, statement->condition.condition, true, statement->condition.yes);
		type_branch(sema, statement->condition.condition, false, statement->condition.no);
		break;
	case AST_WHILE:
		type_condition(sema, statement->loop.condition);
		sema_type_block(sema, statement->loop.body);
		break;
	case AST_UNROLL:
		sema_type(sema, statement->unroll.count_expression);
		sema_type_block(sema, statement->unroll.body);
		break;
	case AST_FOR:
		type_for(sema, statement);
		break;
	case AST_BLOCK:
		sema_type_block(sema, statement->block);
		break;
	case AST_RETURN:
		type_return(sema, statement);
		break;
	case AST_BREAK:
	case AST_CONTINUE:
		break;
	}
}

void sema_type_block(struct sema *sema, struct ast_statement *first)
{
	for (struct ast_statement *statement = first; statement; statement = statement->next)
		type_statement(sema, statement);
}

/* ---- Rounds ----------------------------------------------------------------------------------------------------- */

static void go_round(struct sema *sema)
{
	sema->has_changed = false;
	for (struct ast_clause *clause = sema->program->clauses; clause; clause = clause->next) {
		sema->clause = clause;
		if (clause->predicate)
			type_condition(sema, clause->predicate);
		sema_type_block(sema, clause->body);
	}
}

/* True when a round changed nothing. */
static bool settle(struct sema *sema)
{
	for (unsigned i = 0; i < ROUNDS_MAX; i++) {
		go_round(sema);
		if (sema->arena->failed)
			return false;
		if (!sema->has_changed)
			return true;
	}
	diag_error_anywhere(sema->diagnostics,
			    "types of variables and maps depend on one another over more than %d steps", ROUNDS_MAX);
	return false;
}

/*
 * Makes an int64 of what has no type yet: first only of what is counted, or a
 * variable never set, since others may follow from these. True if there was
 * anything.
 */
static bool set_defaults(struct sema *sema, bool is_last_resort)
{
	bool has_set = false;

	for (struct ast_map *map = sema->program->maps; map; map = map->next) {
		if (!map->value_type && (map->is_counted || is_last_resort)) {
			map->value_type = &type_int64;
			has_set = true;
		}
	}
	for (struct ast_clause *clause = sema->program->clauses; clause; clause = clause->next) {
		for (struct ast_variable *variable = clause->variables; variable; variable = variable->next) {
			if (!variable->type && (variable->is_counted || !variable->is_assigned || is_last_resort)) {
				variable->type = &type_int64;
				has_set = true;
			}
		}
	}
	return has_set;
}

void sema_types(struct sema *sema)
{
	if (!settle(sema))
		return;
	if (set_defaults(sema, false) && !settle(sema))
		return;
	if (set_defaults(sema, true) && !settle(sema))
		return;
	sema->is_reporting = true;
	go_round(sema);
	sema->is_reporting = false;
}
