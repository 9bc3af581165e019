/* SPDX-License-Identifier: MIT */
/* Clauses, statements, and the expressions that are simple. */
#include "lang/eval.h"

#include <stdlib.h>
#include <string.h>

#include "lang/eval_internal.h"
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

static struct value eval_field(struct run *run, const struct ast_expression *expression)
{
	struct value tuple = eval_expression(run, expression->field.operand);

	return tuple.kind == VALUE_TUPLE ? tuple.elements[expression->field.index] : tuple;
}

/* The byte at an index of a string; behind its end there are only NULs. */
static struct value eval_index(struct run *run, const struct ast_expression *expression)
{
	struct value text = eval_expression(run, expression->index.operand);
	struct value index = eval_expression(run, expression->index.index);

	if (text.kind == VALUE_UNKNOWN)
		return text;
	if (index.kind == VALUE_UNKNOWN)
		return index;
	if (value_integer(index) >= text.length)
		return value_signed(0);
	return value_signed((signed char)text.text[value_integer(index)]);
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
		return eval_map(run, &expression->map, expression->type);
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
		return value_convert(eval_expression(run, expression->cast.operand), expression->type);
	case AST_TUPLE:
		return eval_tuple(run, expression);
	case AST_FIELD:
		return eval_field(run, expression);
	case AST_INDEX:
		return eval_index(run, expression);
	case AST_CALL:
		return eval_call(run, expression);
	case AST_PARAMETER:
	case AST_PARAMETERS:
	case AST_IDENTIFIER:
	case AST_SIZEOF:
		break; /* removed by sema */
	}
	abort();
}

/* ---- Statements -------------------------------------------------------------------------------------------------- */

static void run_statements(struct run *run, const struct ast_statement *statement);

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

static void run_while(struct run *run, const struct ast_statement *statement)
{
	while (value_is_true(eval_expression(run, statement->loop.condition))) {
		if (run->turns++ == TURNS_MAX) {
			if (!runtime_remarked(run->runtime, statement, 0))
				runtime_remark(run->runtime, statement, 0, statement->span, NULL,
					       "The loop was ended after %u turns, and its clause with it", TURNS_MAX);
			run->flow = FLOW_RETURN;
			return;
		}
		if (!run_turn(run, statement->loop.body))
			return;
	}
}

static void run_unroll(struct run *run, const struct ast_statement *statement)
{
	for (uint64_t i = 0; i < statement->unroll.count; i++) {
		if (!run_turn(run, statement->unroll.body))
			return;
	}
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
		run->flow = FLOW_RETURN;
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

	scratch_reset(&runtime->scratch);
	for (const struct ast_variable *variable = clause->variables; variable; variable = variable->next)
		runtime->frame[variable->slot] = value_zero(variable->type, &runtime->scratch);
	if (!clause->predicate || value_is_true(eval_expression(&run, clause->predicate)))
		run_statements(&run, clause->body);
	return run.flow == FLOW_EXIT;
}
