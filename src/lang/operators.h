/* SPDX-License-Identifier: MIT */
/* The binary operators: of the language and, with the same tokens and levels, of C. */
#ifndef USDTRAP_LANG_OPERATORS_H
#define USDTRAP_LANG_OPERATORS_H

#include "lang/ast.h"
#include "lang/lexer.h"

struct binary_operator {
	enum token_kind token;
	enum ast_binary operation;
	int level; /* higher ones bind tighter */
	const char *text;
};

enum {
	OPERATOR_LEVEL_LOWEST = 1,
	OPERATOR_LEVEL_LOGICAL = 2, /* && and, lower, ||: what is on the right may not be evaluated */
};

/* The operator that TOKEN is; NULL: none. */
const struct binary_operator *operator_of_token(enum token_kind token);
/* How OPERATION is written. */
const char *operator_text(enum ast_binary operation);

#endif
