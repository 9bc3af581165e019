/* SPDX-License-Identifier: MIT */
/*
 * Evaluation: a clause's tree is walked once for each hit, one small function
 * per kind of node. Sema has left nothing to doubt, so nothing is checked
 * again; what can still go wrong while running (an argument that cannot be
 * decoded, a division by zero, a full map) is warned about once, at its place.
 */
#ifndef USDTRAP_LANG_EVAL_H
#define USDTRAP_LANG_EVAL_H

#include <stdbool.h>

struct ast_attach_point;
struct ast_clause;
struct runtime;
struct usdtrap_hit;

/*
 * Runs CLAUSE, if its predicate holds, for HIT (NULL in begin, end and
 * interval) at POINT. True if exit() was called, which ended it. Values of the
 * run are gone when it returns.
 */
bool eval_clause(struct runtime *runtime, const struct ast_clause *clause, const struct ast_attach_point *point,
		 const struct usdtrap_hit *hit);

#endif
