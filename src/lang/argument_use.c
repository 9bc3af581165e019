/* SPDX-License-Identifier: MIT */
#include "lang/argument_use.h"

#include <stdlib.h>

struct walk {
	void (*on_argument)(const struct ast_expression *argument, void *user);
	void *user;
};

static void walk_expression(const struct walk *walk, const struct ast_expression *expression);
static void walk_statements(const struct walk *walk, const struct ast_statement *statement);

static void walk_list(const struct walk *walk, struct ast_expression *const *expressions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		walk_expression(walk, expressions[i]);
}

/* EXPRESSION may be NULL, as optional parts of nodes are. */
static void walk_expression(const struct walk *walk, const struct ast_expression *expression)
{
	if (!expression)
		return;
	switch (expression->kind) {
	case AST_INTEGER:
	case AST_BOOL:
	case AST_STRING:
	case AST_PARAMETER:
	case AST_PARAMETERS:
	case AST_IDENTIFIER:
	case AST_SIZEOF:
	case AST_VARIABLE:
		return;
	case AST_BUILTIN:
		if (expression->builtin.builtin == BUILTIN_ARG)
			walk->on_argument(expression, walk->user);
		return;
	case AST_MAP:
		walk_expression(walk, expression->map.key);
		return;
	case AST_UNARY:
		walk_expression(walk, expression->unary.operand);
		return;
	case AST_BINARY:
	case AST_LOGICAL:
		walk_expression(walk, expression->binary.left);
		walk_expression(walk, expression->binary.right);
		return;
	case AST_CONDITIONAL:
		walk_expression(walk, expression->conditional.condition);
		walk_expression(walk, expression->conditional.yes);
		walk_expression(walk, expression->conditional.no);
		return;
	case AST_INCREMENT:
		walk_expression(walk, expression->increment.target);
		return;
	case AST_ASSIGN:
		walk_expression(walk, expression->assign.target);
		walk_expression(walk, expression->assign.value);
		return;
	case AST_AGGREGATE:
		walk_expression(walk, expression->aggregate.target.key);
		walk_expression(walk, expression->aggregate.value);
		return;
	case AST_CAST:
		walk_expression(walk, expression->cast.operand);
		return;
	case AST_TUPLE:
		walk_list(walk, expression->tuple.elements, expression->tuple.count);
		return;
	case AST_FIELD:
		walk_expression(walk, expression->field.operand);
		return;
	case AST_INDEX:
		walk_expression(walk, expression->index.operand);
		walk_expression(walk, expression->index.index);
		return;
	case AST_BLOCK_VALUE:
		walk_statements(walk, expression->block.statements);
		walk_expression(walk, expression->block.value);
		return;
	case AST_CALL:
		walk_list(walk, expression->call.arguments, expression->call.argument_count);
		walk_expression(walk, expression->call.key);
		return;
	}
	abort();
}

static void walk_statements(const struct walk *walk, const struct ast_statement *statement)
{
	for (; statement; statement = statement->next) {
		switch (statement->kind) {
		case AST_EXPRESSION:
			walk_expression(walk, statement->expression.value);
			break;
		case AST_LET:
			walk_expression(walk, statement->let.value);
			break;
		case AST_IF:
			walk_expression(walk, statement->condition.condition);
			walk_statements(walk, statement->condition.yes);
			walk_statements(walk, statement->condition.no);
			break;
		case AST_WHILE:
			walk_expression(walk, statement->loop.condition);
			walk_statements(walk, statement->loop.body);
			break;
		case AST_UNROLL:
			walk_statements(walk, statement->unroll.body);
			break;
		case AST_BLOCK:
			walk_statements(walk, statement->block);
			break;
		case AST_FOR:
			walk_expression(walk, statement->for_loop.start);
			walk_expression(walk, statement->for_loop.end);
			walk_statements(walk, statement->for_loop.body);
			break;
		case AST_RETURN:
			walk_expression(walk, statement->returned);
			break;
		case AST_BREAK:
		case AST_CONTINUE:
			break;
		}
	}
}

void argument_use_each(const struct ast_clause *clause,
		       void (*on_argument)(const struct ast_expression *argument, void *user), void *user)
{
	const struct walk walk = {.on_argument = on_argument, .user = user};

	walk_expression(&walk, clause->predicate);
	walk_statements(&walk, clause->body);
}
