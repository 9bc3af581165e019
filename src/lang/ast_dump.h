/* SPDX-License-Identifier: MIT */
/* A tree as text, for people: what -d ast shows. */
#ifndef USDTRAP_LANG_AST_DUMP_H
#define USDTRAP_LANG_AST_DUMP_H

#include "lang/ast.h"

struct strbuf;

/*
 * Appends PROGRAM, resolved by sema, to OUT: a node a line, what hangs below it
 * one blank further in, and behind the expressions their types.
 */
void ast_dump(struct ast_program *program, struct strbuf *out);

#endif
