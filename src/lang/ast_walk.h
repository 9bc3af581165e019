/* SPDX-License-Identifier: MIT */
/* Going over a tree: what hangs below a node, whatever kind it is. */
#ifndef USDTRAP_LANG_AST_WALK_H
#define USDTRAP_LANG_AST_WALK_H

#include "lang/ast.h"

/* What is called for each expression, and each list of statements, directly below a node; never for NULL. */
struct ast_walk {
	void (*on_expression)(struct ast_expression **slot, void *user);
	void (*on_statements)(struct ast_statement **first, void *user);
	void *user;
};

/* In the order in which they are evaluated. The slots may be given other nodes. */
void ast_walk_expression(struct ast_expression *node, const struct ast_walk *walk);
void ast_walk_statement(struct ast_statement *statement, const struct ast_walk *walk);

#endif
