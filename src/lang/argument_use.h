/* SPDX-License-Identifier: MIT */
/* Which of its probe's arguments a clause asks for, found before it runs. */
#ifndef USDTRAP_LANG_ARGUMENT_USE_H
#define USDTRAP_LANG_ARGUMENT_USE_H

#include "lang/ast.h"

/* Calls ON_ARGUMENT for every arg0, arg1... in CLAUSE's predicate and body. */
void argument_use_each(const struct ast_clause *clause,
		       void (*on_argument)(const struct ast_expression *argument, void *user), void *user);

#endif
