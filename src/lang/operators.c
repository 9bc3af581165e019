/* SPDX-License-Identifier: MIT */
#include "lang/operators.h"

#include <stddef.h>

static const struct binary_operator operators[] = {
	{TOKEN_OR, AST_OR, 1, "||"},
	{TOKEN_AND, AST_AND, 2, "&&"},
	{TOKEN_PIPE, AST_BIT_OR, 3, "|"},
	{TOKEN_CARET, AST_BIT_XOR, 4, "^"},
	{TOKEN_AMPERSAND, AST_BIT_AND, 5, "&"},
	{TOKEN_EQUAL, AST_EQUAL, 6, "=="},
	{TOKEN_NOT_EQUAL, AST_NOT_EQUAL, 6, "!="},
	{TOKEN_LESS, AST_LESS, 7, "<"},
	{TOKEN_LESS_EQUAL, AST_LESS_EQUAL, 7, "<="},
	{TOKEN_GREATER, AST_GREATER, 7, ">"},
	{TOKEN_GREATER_EQUAL, AST_GREATER_EQUAL, 7, ">="},
	{TOKEN_SHIFT_LEFT, AST_SHIFT_LEFT, 8, "<<"},
	{TOKEN_SHIFT_RIGHT, AST_SHIFT_RIGHT, 8, ">>"},
	{TOKEN_PLUS, AST_ADD, 9, "+"},
	{TOKEN_MINUS, AST_SUBTRACT, 9, "-"},
	{TOKEN_STAR, AST_MULTIPLY, 10, "*"},
	{TOKEN_SLASH, AST_DIVIDE, 10, "/"},
	{TOKEN_PERCENT, AST_MODULO, 10, "%"},
};

enum { COUNT = sizeof(operators) / sizeof(operators[0]) };

const struct binary_operator *operator_of_token(enum token_kind token)
{
	for (size_t i = 0; i < COUNT; i++)
		if (operators[i].token == token)
			return &operators[i];
	return NULL;
}

const char *operator_text(enum ast_binary operation)
{
	for (size_t i = 0; i < COUNT; i++)
		if (operators[i].operation == operation)
			return operators[i].text;
	return "?";
}
