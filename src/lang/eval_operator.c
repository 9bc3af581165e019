/* SPDX-License-Identifier: MIT */
/* Operators. An operand that is unknown makes the result unknown, but where the other side decides alone. */
#include <stdlib.h>

#include "lang/eval_internal.h"
#include "lang/type.h"

struct value eval_unary(struct run *run, const struct ast_expression *expression)
{
	struct value operand = eval_expression(run, expression->unary.operand);

	if (operand.kind == VALUE_UNKNOWN)
		return operand;
	switch (expression->unary.operation) {
	case AST_NEGATE:
		return value_convert(value_unsigned(-value_integer(operand)), expression->type);
	case AST_COMPLEMENT:
		return value_convert(value_unsigned(~value_integer(operand)), expression->type);
	case AST_NOT:
		return value_bool(!value_is_true(operand));
	}
	abort();
}

/* Division as bpftrace defines it by zero; the one signed quotient that does not fit wraps. */
static uint64_t divide(bool is_signed, uint64_t left, uint64_t right)
{
	if (!is_signed)
		return left / right;
	return right == UINT64_MAX ? -left : (uint64_t)((int64_t)left / (int64_t)right);
}

static uint64_t modulo(bool is_signed, uint64_t left, uint64_t right)
{
	if (!is_signed)
		return left % right;
	return right == UINT64_MAX ? 0 : (uint64_t)((int64_t)left % (int64_t)right);
}

static bool is_zero_divisor(struct run *run, const struct ast_expression *node, uint64_t divisor)
{
	if (divisor)
		return false;
	if (!runtime_remarked(run->runtime, node, 0))
		runtime_remark(run->runtime, node, 0, node->span,
			       "Divide or modulo by 0 detected. This can lead to unexpected results. "
			       "1 is being used as the result.");
	return true;
}

/* A pointer and a number: counted in what the pointer points to; bytes, if that is void. */
static struct value move_pointer(enum ast_binary operation, const struct type *pointer, struct value left,
				 struct value right)
{
	uint64_t size = pointer->inner ? pointer->inner->size : 1;
	uint64_t a = value_integer(left);
	uint64_t b = value_integer(right);

	/* Only of a sum may the pointer be the right one, and then it is the left one that is a number. */
	if (operation == AST_SUBTRACT)
		return value_pointer(a - b * size);
	return value_pointer(right.kind == VALUE_POINTER ? a * size + b : a + b * size);
}

struct value eval_operate(struct run *run, const struct ast_expression *node, enum ast_binary operation,
			  const struct type *operand_type, struct value left, struct value right)
{
	bool is_signed = operand_type->is_signed;
	uint64_t a, b;

	if (operand_type->kind == TYPE_POINTER && (operation == AST_ADD || operation == AST_SUBTRACT)) {
		if (left.kind == VALUE_UNKNOWN)
			return left;
		return right.kind == VALUE_UNKNOWN ? right : move_pointer(operation, operand_type, left, right);
	}
	left = value_convert(left, operand_type);
	right = value_convert(right, operand_type);
	if (left.kind == VALUE_UNKNOWN)
		return left;
	if (right.kind == VALUE_UNKNOWN)
		return right;
	a = value_integer(left);
	b = value_integer(right);
	switch (operation) {
	case AST_ADD:
		a += b;
		break;
	case AST_SUBTRACT:
		a -= b;
		break;
	case AST_MULTIPLY:
		a *= b;
		break;
	case AST_DIVIDE:
		a = is_zero_divisor(run, node, b) ? 1 : divide(is_signed, a, b);
		break;
	case AST_MODULO:
		a = is_zero_divisor(run, node, b) ? 1 : modulo(is_signed, a, b);
		break;
	case AST_SHIFT_LEFT: /* BPF uses the low six bits of the count */
		a <<= b & 63;
		break;
	case AST_SHIFT_RIGHT:
		a = is_signed ? (uint64_t)((int64_t)a >> (b & 63)) : a >> (b & 63);
		break;
	case AST_BIT_AND:
		a &= b;
		break;
	case AST_BIT_OR:
		a |= b;
		break;
	case AST_BIT_XOR:
		a ^= b;
		break;
	case AST_EQUAL:
		return value_bool(value_compare(left, right) == 0);
	case AST_NOT_EQUAL:
		return value_bool(value_compare(left, right) != 0);
	case AST_LESS:
		return value_bool(value_compare(left, right) < 0);
	case AST_LESS_EQUAL:
		return value_bool(value_compare(left, right) <= 0);
	case AST_GREATER:
		return value_bool(value_compare(left, right) > 0);
	case AST_GREATER_EQUAL:
		return value_bool(value_compare(left, right) >= 0);
	case AST_AND:
	case AST_OR:
		abort(); /* these are AST_LOGICAL */
	}
	return value_convert(value_unsigned(a), node->type);
}

struct value eval_binary(struct run *run, const struct ast_expression *expression)
{
	struct value left = eval_expression(run, expression->binary.left);
	struct value right = eval_expression(run, expression->binary.right);

	return eval_operate(run, expression, expression->binary.operation, expression->binary.operand_type, left,
			    right);
}

struct value eval_logical(struct run *run, const struct ast_expression *expression)
{
	bool deciding = expression->binary.operation == AST_OR;
	struct value left = eval_expression(run, expression->binary.left);
	struct value right;

	if (left.kind != VALUE_UNKNOWN && value_is_true(left) == deciding)
		return value_bool(deciding);
	right = eval_expression(run, expression->binary.right);
	if (right.kind != VALUE_UNKNOWN && value_is_true(right) == deciding)
		return value_bool(deciding);
	if (left.kind == VALUE_UNKNOWN)
		return left;
	return right.kind == VALUE_UNKNOWN ? right : value_bool(!deciding);
}

struct value eval_conditional(struct run *run, const struct ast_expression *expression)
{
	struct value condition = eval_expression(run, expression->conditional.condition);
	struct value chosen;

	if (condition.kind == VALUE_UNKNOWN)
		return condition;
	if (!value_is_true(condition))
		chosen = eval_expression(run, expression->conditional.no);
	else if (expression->conditional.yes)
		chosen = eval_expression(run, expression->conditional.yes);
	else
		chosen = condition;
	return eval_fit(chosen, expression->type);
}
