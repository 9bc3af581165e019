/* SPDX-License-Identifier: MIT */
/*
 * Types as scripts write them, in casts, sizeof, offsetof and let:
 *
 *	type:   typeof ( type | expression ) {suffix} | string [[ number ]] | buffer [ number ]
 *	      | base {suffix}
 *	base:   a type's name (int32, unsigned long, size_t), struct s, union u, enum e
 *	suffix: * | [ number ] | []
 *
 * int32*[4] is four pointers, int32[4]* a pointer to four numbers, int32[2][3]
 * two arrays of three. What depends on an expression is worked out by sema.
 */
#include <string.h>

#include "lang/c_parser.h"

/* A bound on [n][n]... and ***..., which else made types of any depth. */
#define SUFFIXES_MAX 32

static bool is_word(const struct parser *parser, const char *word)
{
	return parser_at(parser, TOKEN_IDENTIFIER) && c_at_word(parser, word);
}

bool parser_at_type(const struct parser *parser)
{
	return parser_at(parser, TOKEN_IDENTIFIER) && parser->token.text &&
	       (type_by_name(parser->token.text) || is_word(parser, "string") || is_word(parser, "buffer") ||
		is_word(parser, "typeof") || c_at_type(parser));
}

/* ---- Suffixes ---------------------------------------------------------------------------------------------------- */

/* number ], behind the bracket. */
static bool parse_length(struct parser *parser, uint64_t *ret)
{
	uint32_t start = parser->token.span.start;
	struct c_number number;

	if (!c_parse_constant(parser, &number))
		return false;
	if (!number.is_unsigned && (int64_t)number.value < 0) {
		diag_error(parser->diagnostics, parser_span_since(parser, start), "an array cannot have %lld elements",
			   (long long)number.value);
		return false;
	}
	*ret = number.value;
	return parser_expect(parser, TOKEN_RIGHT_BRACKET);
}

/* One suffix at *PLACE, in front of what is there. */
static struct ast_type_suffix *insert_suffix(struct parser *parser, struct ast_type_suffix **place)
{
	struct ast_type_suffix *suffix = arena_allocate(parser->arena, sizeof(*suffix));

	if (!suffix)
		return NULL;
	suffix->next = *place;
	*place = suffix;
	return suffix;
}

/* All suffixes, from the innermost out: *[2][3] is a pointer, an array of three, one of two. */
static bool parse_suffixes(struct parser *parser, struct ast_type *type)
{
	struct ast_type_suffix **pointer_end = &type->suffixes;
	struct token next;

	for (unsigned count = 0; parser_at(parser, TOKEN_STAR) || parser_at(parser, TOKEN_LEFT_BRACKET); count++) {
		struct ast_type_suffix *suffix;

		if (count == SUFFIXES_MAX) {
			diag_error(parser->diagnostics, parser->token.span, "too many * and [] behind a type");
			return false;
		}
		if (parser_at(parser, TOKEN_LEFT_BRACKET) && parser_peek(parser, &next) == TOKEN_RIGHT_BRACKET) {
			parser_advance(parser);
			parser_advance(parser);
			type->is_open = true;
			return true;
		}
		/* A pointer goes around all before it, an array only around the arrays that follow. */
		while (parser_at(parser, TOKEN_STAR) && *pointer_end)
			pointer_end = &(*pointer_end)->next;
		suffix = insert_suffix(parser, pointer_end);
		if (!suffix)
			return false;
		suffix->is_pointer = parser_accept(parser, TOKEN_STAR);
		if (suffix->is_pointer) {
			pointer_end = &suffix->next;
			continue;
		}
		parser_advance(parser);
		if (!parse_length(parser, &suffix->length))
			return false;
	}
	return true;
}

const struct type *parser_apply_suffixes(struct arena *arena, const struct type *type,
					 const struct ast_type_suffix *suffixes)
{
	for (const struct ast_type_suffix *suffix = suffixes; type && suffix; suffix = suffix->next) {
		if (suffix->is_pointer)
			type = type->kind == TYPE_NONE ? &type_void_pointer : type_pointer(arena, type);
		else
			type = type_is_complete(type) ? type_array(arena, type, suffix->length) : NULL;
	}
	return type;
}

/* ---- Bases ------------------------------------------------------------------------------------------------------- */

/* typeof ( type | expression ) */
static bool parse_typeof(struct parser *parser, struct ast_type *type)
{
	struct ast_type *inner;

	parser_advance(parser);
	if (!parser_expect(parser, TOKEN_LEFT_PAREN))
		return false;
	if (parser_at_type(parser)) {
		inner = parser_type(parser);
		if (!inner)
			return false;
		type->type = inner->type;
		type->operand = inner->operand;
		type->suffixes = inner->suffixes;
	} else {
		type->operand = parser_expression(parser);
		if (!type->operand)
			return false;
	}
	return parser_expect(parser, TOKEN_RIGHT_PAREN);
}

/* string, string[n], buffer[n] */
static bool parse_text_type(struct parser *parser, struct ast_type *type)
{
	bool is_string = is_word(parser, "string");
	uint32_t start = parser->token.span.start;
	uint64_t size;

	parser_advance(parser);
	if (!parser_accept(parser, TOKEN_LEFT_BRACKET)) {
		if (!is_string) {
			parser_unexpected(parser, "[");
			return false;
		}
		type->type = type_string(parser->arena, 1);
		type->is_open = true;
		return type->type;
	}
	if (!parse_length(parser, &size))
		return false;
	if (size > TYPE_STRING_MAX || (is_string && size == 0)) {
		diag_error(parser->diagnostics, parser_span_since(parser, start),
			   "the size of a string or buffer must be 1 to %u", TYPE_STRING_MAX);
		return false;
	}
	type->type =
		is_string ? type_string(parser->arena, (uint32_t)size) : type_buffer(parser->arena, (uint32_t)size);
	return type->type;
}

static bool parse_base(struct parser *parser, struct ast_type *type)
{
	struct c_specifiers specifiers;

	if (is_word(parser, "typeof"))
		return parse_typeof(parser, type);
	if (is_word(parser, "string") || is_word(parser, "buffer"))
		return parse_text_type(parser, type);
	if (!c_parse_specifiers(parser, &specifiers))
		return false;
	type->type = specifiers.type.type;
	return true;
}

struct ast_type *parser_type(struct parser *parser)
{
	struct ast_type *type = arena_allocate(parser->arena, sizeof(*type));
	struct ast_type_suffix *inner;
	uint32_t start = parser->token.span.start;
	bool is_good;

	if (!type)
		return NULL;
	if (!parser_at_type(parser)) {
		parser_unexpected(parser, "type");
		return NULL;
	}
	if (!parser_enter(parser))
		return NULL;
	is_good = parse_base(parser, type);
	parser_leave(parser);
	if (!is_good)
		return NULL;
	inner = type->suffixes;
	type->suffixes = NULL;
	if (!type->is_open && !parse_suffixes(parser, type))
		return NULL;
	type->span = parser_span_since(parser, start);
	if (!type->operand) {
		type->type = parser_apply_suffixes(parser->arena, type->type, type->suffixes);
		type->suffixes = NULL;
		if (!type->type && !parser->arena->failed)
			diag_error(parser->diagnostics, type->span, "an array of this type and size is not possible");
		return type->type ? type : NULL;
	}
	/* typeof(typeof(x)*)[4]: what is within is further in. */
	if (inner) {
		struct ast_type_suffix *last = inner;

		while (last->next)
			last = last->next;
		last->next = type->suffixes;
		type->suffixes = inner;
	}
	return type;
}
