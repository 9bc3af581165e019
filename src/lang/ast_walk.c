/* SPDX-License-Identifier: MIT */
#include "lang/ast_walk.h"

#include <stdlib.h>

static void visit(const struct ast_walk *walk, struct ast_expression **slot)
{
	if (*slot)
		walk->on_expression(slot, walk->user);
}

static void visit_list(const struct ast_walk *walk, struct ast_expression **slots, size_t count)
{
	for (size_t i = 0; i < count; i++)
		visit(walk, &slots[i]);
}

/* The expression that a type as it is written depends on. */
static void visit_type(const struct ast_walk *walk, struct ast_type *type)
{
	if (type)
		visit(walk, &type->operand);
}

static void visit_statements(const struct ast_walk *walk, struct ast_statement **first)
{
	if (*first)
		walk->on_statements(first, walk->user);
}

void ast_walk_expression(struct ast_expression *node, const struct ast_walk *walk)
{
	switch (node->kind) {
	case AST_INTEGER:
	case AST_BOOL:
	case AST_STRING:
	case AST_PARAMETER:
	case AST_PARAMETERS:
	case AST_IDENTIFIER:
	case AST_BUILTIN:
	case AST_VARIABLE:
		return;
	case AST_SIZEOF:
		visit_type(walk, node->size_of.type);
		visit(walk, &node->size_of.operand);
		return;
	case AST_OFFSETOF:
		visit_type(walk, node->offset_of.type);
		visit(walk, &node->offset_of.operand);
		return;
	case AST_DEREFERENCE:
		visit(walk, &node->dereference.operand);
		return;
	case AST_ADDRESS:
		visit(walk, &node->address.operand);
		return;
	case AST_MAP:
		visit(walk, &node->map.key);
		return;
	case AST_UNARY:
		visit(walk, &node->unary.operand);
		return;
	case AST_BINARY:
	case AST_LOGICAL:
		visit(walk, &node->binary.left);
		visit(walk, &node->binary.right);
		return;
	case AST_CONDITIONAL:
		visit(walk, &node->conditional.condition);
		visit(walk, &node->conditional.yes);
		visit(walk, &node->conditional.no);
		return;
	case AST_INCREMENT:
		visit(walk, &node->increment.target);
		return;
	case AST_ASSIGN:
		visit(walk, &node->assign.target);
		visit(walk, &node->assign.value);
		return;
	case AST_AGGREGATE:
		visit(walk, &node->aggregate.target.key);
		visit(walk, &node->aggregate.value);
		return;
	case AST_CAST:
		visit_type(walk, node->cast.target);
		visit(walk, &node->cast.operand);
		return;
	case AST_TUPLE:
		visit_list(walk, node->tuple.elements, node->tuple.count);
		return;
	case AST_FIELD:
		visit(walk, &node->field.operand);
		return;
	case AST_INDEX:
		visit(walk, &node->index.operand);
		visit(walk, &node->index.index);
		return;
	case AST_CALL:
		visit_list(walk, node->call.arguments, node->call.argument_count);
		visit(walk, &node->call.key);
		return;
	case AST_BLOCK_VALUE:
		visit_statements(walk, &node->block.statements);
		visit(walk, &node->block.value);
		return;
	}
	abort();
}

void ast_walk_statement(struct ast_statement *statement, const struct ast_walk *walk)
{
	switch (statement->kind) {
	case AST_EXPRESSION:
		visit(walk, &statement->expression.value);
		return;
	case AST_LET:
		visit_type(walk, statement->let.type);
		visit(walk, &statement->let.value);
		return;
	case AST_IF:
		visit(walk, &statement->condition.condition);
		visit_statements(walk, &statement->condition.yes);
		visit_statements(walk, &statement->condition.no);
		return;
	case AST_WHILE:
		visit(walk, &statement->loop.condition);
		visit_statements(walk, &statement->loop.body);
		return;
	case AST_UNROLL:
		visit(walk, &statement->unroll.count_expression);
		visit_statements(walk, &statement->unroll.body);
		return;
	case AST_FOR:
		visit(walk, &statement->for_loop.start);
		visit(walk, &statement->for_loop.end);
		visit_statements(walk, &statement->for_loop.body);
		return;
	case AST_BLOCK:
		visit_statements(walk, &statement->block);
		return;
	case AST_RETURN:
		visit(walk, &statement->returned);
		return;
	case AST_BREAK:
	case AST_CONTINUE:
		return;
	}
	abort();
}
