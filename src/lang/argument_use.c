/* SPDX-License-Identifier: MIT */
#include "lang/argument_use.h"

#include "lang/ast_walk.h"

struct argument_walk {
	struct ast_walk walk;
	void (*on_argument)(const struct ast_expression *argument, void *user);
	void *user;
};

static void visit_expression(struct ast_expression **slot, void *user)
{
	const struct argument_walk *walk = user;

	if ((*slot)->kind == AST_BUILTIN && (*slot)->builtin.builtin == BUILTIN_ARG)
		walk->on_argument(*slot, walk->user);
	/* What only a size is wanted of is never evaluated. */
	else if ((*slot)->kind != AST_SIZEOF && (*slot)->kind != AST_OFFSETOF)
		ast_walk_expression(*slot, &walk->walk);
}

static void visit_statements(struct ast_statement **first, void *user)
{
	const struct argument_walk *walk = user;

	for (struct ast_statement *statement = *first; statement; statement = statement->next)
		ast_walk_statement(statement, &walk->walk);
}

void argument_use_each(const struct ast_clause *clause,
		       void (*on_argument)(const struct ast_expression *argument, void *user), void *user)
{
	struct argument_walk walk = {{visit_expression, visit_statements, &walk}, on_argument, user};

	struct ast_expression *predicate = clause->predicate;
	struct ast_statement *body = clause->body;

	if (predicate)
		visit_expression(&predicate, &walk);
	visit_statements(&body, &walk);
}
