/* SPDX-License-Identifier: MIT */
/*
 * Constant expressions of C: lengths of arrays, widths of bit-fields, numbers
 * of enumerators, conditions of #if. All of C's operators on integers, with 64
 * bits; what C says of narrower ones differs only where a declaration would
 * rely on overflow.
 */
#include <string.h>

#include "lang/c_parser.h"
#include "lang/operators.h"

static bool parse_conditional(struct parser *parser, struct c_number *ret);

static struct c_number signed_number(int64_t value)
{
	return (struct c_number){.value = (uint64_t)value};
}

static struct c_number unsigned_number(uint64_t value)
{
	return (struct c_number){.value = value, .is_unsigned = true};
}

/* ---- Primaries --------------------------------------------------------------------------------------------------- */

/* 5, 5u, 0xffffffffffffffff: unsigned if its suffix says so or no signed type holds it. */
static void read_literal(const struct parser *parser, struct c_number *ret)
{
	const struct token *token = &parser->token;

	ret->value = token->integer;
	ret->is_unsigned = token->is_unsigned || token->integer > INT64_MAX;
}

/* sizeof and _Alignof: of a type in parentheses. The word is the current token. */
static bool parse_size(struct parser *parser, struct c_number *ret)
{
	bool is_size = !c_at_word(parser, "_Alignof") && !c_at_word(parser, "__alignof__");
	struct c_type type;

	parser_advance(parser);
	if (!parser_expect(parser, TOKEN_LEFT_PAREN) || !c_parse_type_name(parser, &type))
		return false;
	*ret = unsigned_number(is_size ? type.type->size : c_alignment(&type));
	return parser_expect(parser, TOKEN_RIGHT_PAREN);
}

static bool find_member(struct parser *parser, const struct type *type, uint64_t *offset)
{
	struct type_field field;

	if (type->kind != TYPE_STRUCT || !parser->token.text || !type_find_field(type, parser->token.text, &field)) {
		parser_unexpected(parser, "the name of a field");
		return false;
	}
	*offset += field.offset;
	parser_advance(parser);
	return !parser_accept(parser, TOKEN_DOT) || find_member(parser, field.type, offset);
}

/* offsetof(type, member.member) */
static bool parse_offset(struct parser *parser, struct c_number *ret)
{
	struct c_type type;
	uint64_t offset = 0;

	parser_advance(parser);
	if (!parser_expect(parser, TOKEN_LEFT_PAREN) || !c_parse_type_name(parser, &type) ||
	    !parser_expect(parser, TOKEN_COMMA) || !find_member(parser, type.type, &offset))
		return false;
	*ret = unsigned_number(offset);
	return parser_expect(parser, TOKEN_RIGHT_PAREN);
}

static bool parse_word(struct parser *parser, struct c_number *ret)
{
	const struct c_name *name;

	if (c_at_word(parser, "sizeof") || c_at_word(parser, "_Alignof") || c_at_word(parser, "__alignof__"))
		return parse_size(parser, ret);
	if (c_at_word(parser, "__builtin_offsetof") || c_at_word(parser, "offsetof"))
		return parse_offset(parser, ret);
	name = parser->token.text ? c_names_find(parser->names, C_NAME_ENUMERATOR, parser->token.text) : NULL;
	if (name) {
		*ret = (struct c_number){name->value, !name->type->is_signed && name->type->size == 8};
	} else if (parser->is_condition) {
		/* In #if a word that is no macro is 0. */
		*ret = signed_number(0);
	} else {
		diag_error(parser->diagnostics, parser->token.span, "'%s' is not a constant",
			   parser->token.text ? parser->token.text : "");
		return false;
	}
	parser_advance(parser);
	/* __has_include(<x.h>) and its like, of whose words none is known here. */
	if (parser->is_condition && parser_at(parser, TOKEN_LEFT_PAREN))
		return c_skip_brackets(parser);
	return true;
}

static bool parse_cast(struct parser *parser, struct c_number *ret);

static bool parse_primary(struct parser *parser, struct c_number *ret)
{
	if (parser_at(parser, TOKEN_INTEGER)) {
		read_literal(parser, ret);
		parser_advance(parser);
		return true;
	}
	if (parser_at(parser, TOKEN_IDENTIFIER) || parser_at(parser, TOKEN_SIZEOF))
		return parse_word(parser, ret);
	if (parser_accept(parser, TOKEN_LEFT_PAREN)) {
		if (!parser->is_condition && c_at_type(parser))
			return parse_cast(parser, ret);
		return parse_conditional(parser, ret) && parser_expect(parser, TOKEN_RIGHT_PAREN);
	}
	parser_unexpected(parser, "a constant");
	return false;
}

/* ---- Operators --------------------------------------------------------------------------------------------------- */

static bool parse_unary(struct parser *parser, struct c_number *ret)
{
	struct token token = parser->token;
	bool is_good;

	if (token.kind != TOKEN_MINUS && token.kind != TOKEN_PLUS && token.kind != TOKEN_TILDE &&
	    token.kind != TOKEN_BANG)
		return parse_primary(parser, ret);
	if (!parser_enter(parser))
		return false;
	parser_advance(parser);
	is_good = parse_unary(parser, ret);
	parser_leave(parser);
	if (token.kind == TOKEN_MINUS)
		ret->value = -ret->value;
	else if (token.kind == TOKEN_TILDE)
		ret->value = ~ret->value;
	else if (token.kind == TOKEN_BANG)
		*ret = signed_number(ret->value == 0);
	return is_good;
}

/* (type) expression, behind the parenthesis. */
static bool parse_cast(struct parser *parser, struct c_number *ret)
{
	struct c_type type;
	unsigned unused;

	if (!c_parse_type_name(parser, &type) || !parser_expect(parser, TOKEN_RIGHT_PAREN) || !parse_unary(parser, ret))
		return false;
	if (type.type->kind == TYPE_BOOL)
		*ret = signed_number(ret->value != 0);
	if (type.type->kind != TYPE_INTEGER)
		return true;
	unused = 64 - 8 * type.type->size;
	ret->is_unsigned = !type.type->is_signed && type.type->size == 8;
	ret->value = type.type->is_signed ? (uint64_t)((int64_t)(ret->value << unused) >> unused)
					  : ret->value << unused >> unused;
	return true;
}

static bool divide(struct parser *parser, enum ast_binary operation, struct span span, struct c_number left,
		   struct c_number right, uint64_t *ret)
{
	bool is_unsigned = left.is_unsigned || right.is_unsigned;

	if (right.value == 0) {
		diag_error(parser->diagnostics, span, "division by zero in a constant");
		return false;
	}
	if (is_unsigned)
		*ret = operation == AST_DIVIDE ? left.value / right.value : left.value % right.value;
	else if (right.value == UINT64_MAX)
		*ret = operation == AST_DIVIDE ? -left.value : 0;
	else
		*ret = (uint64_t)(operation == AST_DIVIDE ? (int64_t)left.value / (int64_t)right.value
							  : (int64_t)left.value % (int64_t)right.value);
	return true;
}

/* -1, 0 or 1. */
static int compare(struct c_number left, struct c_number right)
{
	if (left.is_unsigned || right.is_unsigned)
		return (left.value > right.value) - (left.value < right.value);
	return ((int64_t)left.value > (int64_t)right.value) - ((int64_t)left.value < (int64_t)right.value);
}

static bool operate(struct parser *parser, enum ast_binary operation, struct span span, struct c_number *left,
		    struct c_number right)
{
	struct c_number a = *left;

	/* Both sides count for the sign of a result, but how far is shifted does not. */
	left->is_unsigned =
		a.is_unsigned || (right.is_unsigned && operation != AST_SHIFT_LEFT && operation != AST_SHIFT_RIGHT);
	switch (operation) {
	case AST_ADD:
		left->value = a.value + right.value;
		return true;
	case AST_SUBTRACT:
		left->value = a.value - right.value;
		return true;
	case AST_MULTIPLY:
		left->value = a.value * right.value;
		return true;
	case AST_DIVIDE:
	case AST_MODULO:
		return divide(parser, operation, span, a, right, &left->value);
	case AST_SHIFT_LEFT:
		left->value = right.value < 64 ? a.value << right.value : 0;
		return true;
	case AST_SHIFT_RIGHT:
		left->value = a.is_unsigned ? (right.value < 64 ? a.value >> right.value : 0)
					    : (uint64_t)((int64_t)a.value >> (right.value < 64 ? right.value : 63));
		return true;
	case AST_BIT_AND:
		left->value = a.value & right.value;
		return true;
	case AST_BIT_OR:
		left->value = a.value | right.value;
		return true;
	case AST_BIT_XOR:
		left->value = a.value ^ right.value;
		return true;
	case AST_EQUAL:
		*left = signed_number(a.value == right.value);
		return true;
	case AST_NOT_EQUAL:
		*left = signed_number(a.value != right.value);
		return true;
	case AST_LESS:
		*left = signed_number(compare(a, right) < 0);
		return true;
	case AST_LESS_EQUAL:
		*left = signed_number(compare(a, right) <= 0);
		return true;
	case AST_GREATER:
		*left = signed_number(compare(a, right) > 0);
		return true;
	case AST_GREATER_EQUAL:
		*left = signed_number(compare(a, right) >= 0);
		return true;
	case AST_AND:
		*left = signed_number(a.value && right.value);
		return true;
	case AST_OR:
		*left = signed_number(a.value || right.value);
		return true;
	}
	return false;
}

static bool parse_binary(struct parser *parser, int level, struct c_number *ret)
{
	const struct binary_operator *found;

	if (!parse_unary(parser, ret))
		return false;
	while ((found = operator_of_token(parser->token.kind)) && found->level >= level) {
		struct span span = parser->token.span;
		struct c_number right;

		parser_advance(parser);
		if (!parse_binary(parser, found->level + 1, &right) ||
		    !operate(parser, found->operation, span, ret, right))
			return false;
	}
	return true;
}

static bool parse_conditional(struct parser *parser, struct c_number *ret)
{
	struct c_number condition, yes, no;
	bool is_good;

	if (!parser_enter(parser))
		return false;
	is_good = parse_binary(parser, 1, &condition);
	*ret = condition;
	if (is_good && parser_accept(parser, TOKEN_QUESTION)) {
		is_good = parse_conditional(parser, &yes) && parser_expect(parser, TOKEN_COLON) &&
			  parse_conditional(parser, &no);
		if (is_good)
			*ret = condition.value ? yes : no;
	}
	parser_leave(parser);
	return is_good;
}

bool c_parse_constant(struct parser *parser, struct c_number *ret)
{
	return parse_conditional(parser, ret);
}
