/* SPDX-License-Identifier: MIT */
/* Clauses, statements, and the expressions that are simple. */
#include "lang/eval.h"

#include <stdlib.h>
#include <string.h>

#include "lang/eval_internal.h"
#include "lang/flat.h"
#include "lang/type.h"

/* As many turns as bpf_loop() allows (BPF_MAX_LOOPS): a loop that never ends must not hold the target for ever. */
#define TURNS_MAX (1u << 23)

/* ---- Expressions ------------------------------------------------------------------------------------------------- */

struct value eval_fit(struct value value, const struct type *type)
{
	return value.kind == VALUE_REAL && type->kind == TYPE_INTEGER ? value : value_convert(value, type);
}

static struct value eval_literal(const struct ast_expression *expression)
{
	return value_convert(value_unsigned(expression->integer), expression->type);
}

static struct value eval_tuple(struct run *run, const struct ast_expression *expression)
{
	size_t count = expression->tuple.count;
	struct value *elements = scratch_allocate(&run->runtime->scratch, count * sizeof(*elements));

	if (!elements)
		return value_unknown("out of memory");
	for (size_t i = 0; i < count; i++)
		elements[i] = eval_expression(run, expression->tuple.elements[i]);
	return value_tuple(elements, count);
}

static void run_statements(struct run *run, const struct ast_statement *statement);

static struct value eval_plain_block(struct run *run, const struct ast_expression *expression)
{
	run_statements(run, expression->block.statements);
	if (run->flow != FLOW_NEXT)
		return value_unknown("the clause was left");
	return expression->block.value ? eval_expression(run, expression->block.value) : eval_nothing();
}

/* What is warned of in a macro's body tells where it was used. */
static struct value eval_block_value(struct run *run, const struct ast_expression *expression)
{
	const struct diag_frame frame = {.outer = run->runtime->use, .span = expression->block.use_span};
	struct value value;

	if (!expression->block.macro)
		return eval_plain_block(run, expression);
	run->runtime->use = &frame;
	value = eval_plain_block(run, expression);
	run->runtime->use = frame.outer;
	return value;
}

struct value eval_expression(struct run *run, const struct ast_expression *expression)
{
	switch (expression->kind) {
	case AST_INTEGER:
	case AST_BOOL:
		return eval_literal(expression);
	case AST_STRING: /* a string ends at its first NUL */
		return value_string(expression->text.bytes, strnlen(expression->text.bytes, expression->text.length));
	case AST_BUILTIN:
		return eval_builtin(run, expression);
	case AST_VARIABLE:
		return run->runtime->frame[expression->variable->slot];
	case AST_MAP:
		return eval_map(run, &expression->map, expression->type, expression->span);
	case AST_UNARY:
		return eval_unary(run, expression);
	case AST_BINARY:
		return eval_binary(run, expression);
	case AST_LOGICAL:
		return eval_logical(run, expression);
	case AST_CONDITIONAL:
		return eval_conditional(run, expression);
	case AST_INCREMENT:
		return eval_increment(run, expression);
	case AST_ASSIGN:
		return eval_assign(run, expression);
	case AST_AGGREGATE:
		return eval_aggregate(run, expression);
	case AST_CAST:
		return eval_cast(run, expression);
	case AST_TUPLE:
		return eval_tuple(run, expression);
	case AST_FIELD:
		return eval_field(run, expression);
	case AST_INDEX:
		return eval_index(run, expression);
	case AST_DEREFERENCE:
		return eval_dereference(run, expression);
	case AST_ADDRESS:
		return eval_address(run, expression);
	case AST_CALL:
		return eval_call(run, expression);
	case AST_BLOCK_VALUE:
		return eval_block_value(run, expression);
	case AST_PARAMETER:
	case AST_PARAMETERS:
	case AST_IDENTIFIER:
	case AST_SIZEOF:
	case AST_OFFSETOF:
		break; /* removed by sema */
	}
	abort();
}

/* ---- Statements -------------------------------------------------------------------------------------------------- */

static void run_let(struct run *run, const struct ast_statement *statement)
{
	const struct ast_variable *variable = statement->let.variable;
	struct value *slot = &run->runtime->frame[variable->slot];

	if (statement->let.value)
		*slot = eval_fit(eval_expression(run, statement->let.value), variable->type);
	else
		*slot = value_zero(variable->type, &run->runtime->scratch);
}

static void run_if(struct run *run, const struct ast_statement *statement)
{
	if (value_is_true(eval_expression(run, statement->condition.condition)))
		run_statements(run, statement->condition.yes);
	else
		run_statements(run, statement->condition.no);
}

/* Runs a loop's body once. False if the loop is left. */
static bool run_turn(struct run *run, const struct ast_statement *body)
{
	run_statements(run, body);
	if (run->flow == FLOW_CONTINUE)
		run->flow = FLOW_NEXT;
	if (run->flow != FLOW_BREAK)
		return run->flow == FLOW_NEXT;
	run->flow = FLOW_NEXT;
	return false;
}

/* True if the clause has had all the turns it may have, which ends it. */
static bool is_out_of_turns(struct run *run, const struct ast_statement *statement)
{
	if (run->turns++ < TURNS_MAX)
		return false;
	if (!runtime_remarked(run->runtime, statement, 0))
		runtime_remark(run->runtime, statement, 0, statement->span,
			       "The loop was ended after %u turns, and its clause with it", TURNS_MAX);
	run->flow = FLOW_RETURN;
	return true;
}

static void run_while(struct run *run, const struct ast_statement *statement)
{
	while (value_is_true(eval_expression(run, statement->loop.condition))) {
		if (is_out_of_turns(run, statement) || !run_turn(run, statement->loop.body))
			return;
	}
}

static void run_range(struct run *run, const struct ast_statement *statement)
{
	struct value start = eval_expression(run, statement->for_loop.start);
	struct value end = eval_expression(run, statement->for_loop.end);

	/* What could not be had is no place to begin or end at. */
	if (start.kind == VALUE_UNKNOWN || end.kind == VALUE_UNKNOWN)
		return;
	for (int64_t i = (int64_t)value_integer(start); i < (int64_t)value_integer(end); i++) {
		run->runtime->frame[statement->for_loop.variable->slot] = value_signed(i);
		if (is_out_of_turns(run, statement) || !run_turn(run, statement->for_loop.body))
			return;
	}
}

/*
 * The keys that are there when the loop begins are gone through, but for those
 * that its body deletes before their turn; each value is what it then is.
 */
static void run_walk(struct run *run, const struct ast_statement *statement)
{
	struct scratch *scratch = &run->runtime->scratch;
	struct map *map = eval_map_of(run, statement->for_loop.map.map);
	size_t count = map_count(map);
	const struct map_key *keys = map_keys(map, scratch);

	for (size_t i = 0; keys && i < count; i++) {
		const struct map_element *element = map_find(map, keys[i].bytes, keys[i].length);
		struct value *row = scratch_allocate(scratch, 2 * sizeof(*row));

		if (!element)
			continue;
		if (!row)
			return;
		row[0] = flat_read(keys[i].bytes, scratch);
		row[1] = map_read(map, element, scratch);
		run->runtime->frame[statement->for_loop.variable->slot] = value_tuple(row, 2);
		if (is_out_of_turns(run, statement) || !run_turn(run, statement->for_loop.body))
			return;
	}
}

static void run_for(struct run *run, const struct ast_statement *statement)
{
	if (statement->for_loop.map.name)
		run_walk(run, statement);
	else
		run_range(run, statement);
}

static void run_unroll(struct run *run, const struct ast_statement *statement)
{
	for (uint64_t i = 0; i < statement->unroll.count; i++) {
		if (!run_turn(run, statement->unroll.body))
			return;
	}
}

static void run_return(struct run *run, const struct ast_statement *statement)
{
	if (statement->returned)
		run->returned = (int64_t)value_integer(eval_expression(run, statement->returned));
	if (run->flow == FLOW_NEXT)
		run->flow = FLOW_RETURN;
}

static void run_statement(struct run *run, const struct ast_statement *statement)
{
	switch (statement->kind) {
	case AST_EXPRESSION:
		eval_expression(run, statement->expression.value);
		return;
	case AST_LET:
		run_let(run, statement);
		return;
	case AST_IF:
		run_if(run, statement);
		return;
	case AST_WHILE:
		run_while(run, statement);
		return;
	case AST_UNROLL:
		run_unroll(run, statement);
		return;
	case AST_FOR:
		run_for(run, statement);
		return;
	case AST_BLOCK:
		run_statements(run, statement->block);
		return;
	case AST_BREAK:
		run->flow = FLOW_BREAK;
		return;
	case AST_CONTINUE:
		run->flow = FLOW_CONTINUE;
		return;
	case AST_RETURN:
		run_return(run, statement);
		return;
	}
	abort();
}

static void run_statements(struct run *run, const struct ast_statement *statement)
{
	for (; statement && run->flow == FLOW_NEXT; statement = statement->next)
		run_statement(run, statement);
}

/* ---- Clauses ----------------------------------------------------------------------------------------------------- */

bool eval_clause(struct runtime *runtime, const struct ast_clause *clause, const struct ast_attach_point *point,
		 const struct usdtrap_hit *hit)
{
	struct run run = {.runtime = runtime, .hit = hit, .point = point};

	runtime->use = NULL;
	scratch_reset(&runtime->scratch);
	for (const struct ast_variable *variable = clause->variables; variable; variable = variable->next)
		runtime->frame[variable->slot] = value_zero(variable->type, &runtime->scratch);
	if (!clause->predicate || value_is_true(eval_expression(&run, clause->predicate)))
		run_statements(&run, clause->body);
	runtime->returned = run.returned;
	return run.flow == FLOW_EXIT;
}
