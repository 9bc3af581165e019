/* SPDX-License-Identifier: MIT */
/* Clauses, statements, and the expressions that are simple. */
#include "lang/eval.h"

#include <stdlib.h>
#include <string.h>

#include "lang/eval_internal.h"
#include "lang/type.h"

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

static struct value eval_plain_block(struct run *run, const struct ast_expression *expression)
{
	eval_statements(run, expression->block.statements);
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
		eval_statements(run, statement->condition.yes);
	else
		eval_statements(run, statement->condition.no);
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
		eval_while(run, statement);
		return;
	case AST_UNROLL:
		eval_unroll(run, statement);
		return;
	case AST_FOR:
		eval_for(run, statement);
		return;
	case AST_BLOCK:
		eval_statements(run, statement->block);
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

void eval_statements(struct run *run, const struct ast_statement *statement)
{
	for (; statement && run->flow == FLOW_NEXT; statement = statement->next)
		run_statement(run, statement);
}

/* ---- Clauses ----------------------------------------------------------------------------------------------------- */

bool eval_clause(struct runtime *runtime, const struct ast_clause *clause, const struct ast_attach_point *point,
		 const struct usdtrap_hit *hit)
{
	struct run run = {.runtime = runtime, .clause = clause, .hit = hit, .point = point};

	runtime->use = NULL;
	scratch_reset(&runtime->scratch);
	for (const struct ast_variable *variable = clause->variables; variable; variable = variable->next)
		runtime->frame[variable->slot] = value_zero(variable->type, &runtime->scratch);
	if (!clause->predicate || value_is_true(eval_expression(&run, clause->predicate)))
		eval_statements(&run, clause->body);
	runtime->returned = run.returned;
	return run.flow == FLOW_EXIT;
}
