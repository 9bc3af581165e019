/* SPDX-License-Identifier: MIT */
/*
 * Constants. 5 - 7 is the constant -2 and an int8, so that lhist(x, 0, 10 *
 * 1000, 10) is understood and types come out small. Arithmetic is done in 128
 * bits; what fits neither int64 nor uint64 stays as it was written and is
 * computed, with 64 bits, when the script runs.
 */
#include <string.h>

#include "lang/sema_internal.h"

__extension__ typedef __int128 wide_integer;

static wide_integer constant_value(const struct ast_expression *node)
{
	bool is_negative;

	sema_is_constant(node, &is_negative);
	return is_negative ? (wide_integer)(int64_t)node->integer : (wide_integer)node->integer;
}

bool sema_is_constant(const struct ast_expression *node, bool *ret_negative)
{
	if (node->kind != AST_INTEGER)
		return false;
	/* Only constants that are negative, and those of an enum, are given a type before types are found. */
	*ret_negative =
		node->type && node->type->is_signed && node->type->unsigned_size == 0 && (int64_t)node->integer < 0;
	return true;
}

void sema_set_constant(struct ast_expression *node, uint64_t value, bool is_negative)
{
	node->kind = AST_INTEGER;
	node->integer = value;
	node->type = type_of_constant(is_negative ? -value : value, is_negative);
}

static void set_bool(struct ast_expression *node, bool value)
{
	node->kind = AST_BOOL;
	node->integer = value;
	node->type = &type_bool;
}

static void set_wide(struct ast_expression *node, wide_integer value)
{
	if (value >= INT64_MIN && value <= (wide_integer)UINT64_MAX)
		sema_set_constant(node, (uint64_t)value, value < 0);
}

static void fold_unary(struct ast_expression *node)
{
	const struct ast_expression *operand = node->unary.operand;
	wide_integer value;

	if (operand->kind == AST_BOOL && node->unary.operation == AST_NOT) {
		set_bool(node, !operand->integer);
		return;
	}
	if (operand->kind != AST_INTEGER)
		return;
	value = constant_value(operand);
	switch (node->unary.operation) {
	case AST_NEGATE:
		set_wide(node, -value);
		break;
	case AST_NOT:
		set_bool(node, value == 0);
		break;
	case AST_COMPLEMENT:
		/* Above INT64_MAX a constant is a uint64, and so is its complement. */
		set_wide(node, value > INT64_MAX ? (wide_integer) ~(uint64_t)value : ~value);
		break;
	}
}

static void fold_shift(struct ast_expression *node, enum ast_binary operation, wide_integer left, wide_integer right)
{
	if (right < 0 || right > 63)
		return;
	if (operation == AST_SHIFT_RIGHT)
		set_wide(node, left >> right);
	else if (left >= 0)
		set_wide(node, left << right);
}

static void fold_binary(struct ast_expression *node)
{
	wide_integer left = constant_value(node->binary.left);
	wide_integer right = constant_value(node->binary.right);

	switch (node->binary.operation) {
	case AST_ADD:
		set_wide(node, left + right);
		break;
	case AST_SUBTRACT:
		set_wide(node, left - right);
		break;
	case AST_MULTIPLY:
		/* Two constants of 64 bits: at most 2^128, which only the largest two exceed as signed numbers. */
		if (!__builtin_mul_overflow(left, right, &left))
			set_wide(node, left);
		break;
	case AST_DIVIDE:
		if (right != 0)
			set_wide(node, left / right);
		break;
	case AST_MODULO:
		if (right != 0)
			set_wide(node, left % right);
		break;
	case AST_SHIFT_LEFT:
	case AST_SHIFT_RIGHT:
		fold_shift(node, node->binary.operation, left, right);
		break;
	case AST_BIT_AND:
		set_wide(node, left & right);
		break;
	case AST_BIT_OR:
		set_wide(node, left | right);
		break;
	case AST_BIT_XOR:
		set_wide(node, left ^ right);
		break;
	case AST_EQUAL:
		set_bool(node, left == right);
		break;
	case AST_NOT_EQUAL:
		set_bool(node, left != right);
		break;
	case AST_LESS:
		set_bool(node, left < right);
		break;
	case AST_LESS_EQUAL:
		set_bool(node, left <= right);
		break;
	case AST_GREATER:
		set_bool(node, left > right);
		break;
	case AST_GREATER_EQUAL:
		set_bool(node, left >= right);
		break;
	case AST_AND:
	case AST_OR:
		break;
	}
}

void sema_fold(struct ast_expression *node)
{
	if (node->kind == AST_UNARY)
		fold_unary(node);
	else if (node->kind == AST_BINARY && node->binary.left->kind == AST_INTEGER &&
		 node->binary.right->kind == AST_INTEGER)
		fold_binary(node);
}

/* ---- Conditions ------------------------------------------------------------------------------------------------- */

/* -1, 0 or 1 in *RET; false if the two are not constants of one kind. */
static bool compare_constants(const struct ast_expression *left, const struct ast_expression *right, int *ret)
{
	bool is_negative[2];
	size_t length;

	if (left->kind == AST_STRING && right->kind == AST_STRING) {
		length = left->text.length < right->text.length ? left->text.length : right->text.length;
		*ret = memcmp(left->text.bytes, right->text.bytes, length);
		if (*ret == 0)
			*ret = (left->text.length > right->text.length) - (left->text.length < right->text.length);
		return true;
	}
	if (left->kind == AST_BOOL && right->kind == AST_BOOL) {
		*ret = (left->integer > right->integer) - (left->integer < right->integer);
		return true;
	}
	if (!sema_is_constant(left, &is_negative[0]) || !sema_is_constant(right, &is_negative[1]))
		return false;
	if (is_negative[0] != is_negative[1])
		*ret = is_negative[0] ? -1 : 1;
	else
		*ret = (left->integer > right->integer) - (left->integer < right->integer);
	return true;
}

static bool is_comparison_known(const struct ast_expression *node, bool *ret)
{
	int order;

	if (!compare_constants(node->binary.left, node->binary.right, &order))
		return false;
	if (node->binary.operation == AST_EQUAL)
		*ret = order == 0;
	else if (node->binary.operation == AST_NOT_EQUAL)
		*ret = order != 0;
	else if (node->binary.operation == AST_LESS)
		*ret = order < 0;
	else if (node->binary.operation == AST_LESS_EQUAL)
		*ret = order <= 0;
	else if (node->binary.operation == AST_GREATER)
		*ret = order > 0;
	else if (node->binary.operation == AST_GREATER_EQUAL)
		*ret = order >= 0;
	else
		return false;
	return true;
}

/* One side may be enough: false && anything is false. */
static bool is_logical_known(const struct ast_expression *node, bool *ret)
{
	bool decides = node->binary.operation == AST_OR;
	bool left, right;
	bool has_left = sema_is_condition_known(node->binary.left, &left);
	bool has_right = sema_is_condition_known(node->binary.right, &right);

	if ((has_left && left == decides) || (has_right && right == decides)) {
		*ret = decides;
		return true;
	}
	*ret = !decides;
	return has_left && has_right;
}

bool sema_is_condition_known(const struct ast_expression *node, bool *ret)
{
	bool operand;

	if (node->kind == AST_INTEGER || node->kind == AST_BOOL) {
		*ret = node->integer != 0;
		return true;
	}
	if (node->kind == AST_UNARY && node->unary.operation == AST_NOT) {
		if (!sema_is_condition_known(node->unary.operand, &operand))
			return false;
		*ret = !operand;
		return true;
	}
	if (node->kind == AST_LOGICAL)
		return is_logical_known(node, ret);
	return node->kind == AST_BINARY && is_comparison_known(node, ret);
}
