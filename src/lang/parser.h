/* SPDX-License-Identifier: MIT */
/* Text to tree: shapes only, nothing is looked up. The grammar stands in parser.c. */
#ifndef USDTRAP_LANG_PARSER_H
#define USDTRAP_LANG_PARSER_H

#include "lang/ast.h"

/*
 * Parses SOURCE into PROGRAM, an all-zero one, reporting every syntax error
 * to DIAGNOSTICS (whose source it sets). True if there was none; the program
 * is to be ended with ast_program_deinit() in both cases. Running out of
 * memory shows as DIAGNOSTICS->failed or PROGRAM->arena.failed, and false.
 */
bool parser_parse(const struct source *source, struct ast_program *program, struct diag_list *diagnostics);

#endif
