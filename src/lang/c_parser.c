/* SPDX-License-Identifier: MIT */
/* Declarations and declarators. The grammar stands in c_parser.h. */
#include "lang/c_parser.h"

#include <string.h>

/* How deep declarators may be nested. */
#define DECLARATOR_DEPTH_MAX 16

bool c_at_word(const struct parser *parser, const char *word)
{
	/* In C, words of the script's language are words as any other. */
	return parser->token.text && parser->token.kind != TOKEN_STRING && strcmp(parser->token.text, word) == 0;
}

uint32_t c_alignment(const struct c_type *type)
{
	return type->alignment ? type->alignment : type_alignment(type->type);
}

/* ---- Declarators ------------------------------------------------------------------------------------------------- */

/* An array of LENGTH elements; one of char is text, as it nearly always is. */
static bool make_array(struct parser *parser, uint64_t length, struct span span, struct c_type *type)
{
	const struct type *element = type->type;
	const struct type *array;

	if (!type_is_complete(element)) {
		diag_error(parser->diagnostics, span, "an array needs elements of a known size");
		return false;
	}
	/* Where each element would lie must be a multiple of its size: C forbids anything else. */
	if (element == &type_char && length > 0 && length <= TYPE_STRING_MAX)
		array = type_string(parser->arena, (uint32_t)length);
	else
		array = type_array(parser->arena, element, length);
	if (!array && !parser->arena->failed)
		diag_error(parser->diagnostics, span, "the array is too large: more than %u bytes", TYPE_SIZE_MAX);
	type->alignment = c_alignment(type);
	type->type = array;
	return array != NULL;
}

/* [number], of which those behind belong to the element: int a[2][3] is two arrays of three. */
static bool parse_array(struct parser *parser, struct c_type *type)
{
	uint32_t start = parser->token.span.start;
	struct c_number length = {};
	struct span span;
	bool is_good = true;

	parser_advance(parser);
	/* As a parameter, an array may say static and const. */
	while (c_at_word(parser, "static") || c_at_word(parser, "const") || c_at_word(parser, "restrict") ||
	       c_at_word(parser, "__restrict"))
		parser_advance(parser);
	/* [] is the last member of a struct, of any length: it has no size. */
	if (!parser_at(parser, TOKEN_RIGHT_BRACKET) && !c_parse_constant(parser, &length))
		return false;
	if (!parser_expect(parser, TOKEN_RIGHT_BRACKET))
		return false;
	span = parser_span_since(parser, start);
	if (parser_at(parser, TOKEN_LEFT_BRACKET)) {
		if (!parser_enter(parser))
			return false;
		is_good = parse_array(parser, type);
		parser_leave(parser);
	}
	if (is_good && !length.is_unsigned && (int64_t)length.value < 0) {
		diag_error(parser->diagnostics, span, "an array cannot have %lld elements", (long long)length.value);
		return false;
	}
	return is_good && make_array(parser, length.value, span, type);
}

/* What stands behind a declarator's name: [] and (). */
static bool parse_suffixes(struct parser *parser, struct c_declarator *declarator)
{
	while (parser_at(parser, TOKEN_LEFT_BRACKET) || parser_at(parser, TOKEN_LEFT_PAREN)) {
		if (parser_at(parser, TOKEN_LEFT_BRACKET)) {
			if (!parse_array(parser, &declarator->type))
				return false;
			continue;
		}
		if (!c_skip_brackets(parser))
			return false;
		declarator->is_function = true;
		declarator->type = (struct c_type){&type_none, 0};
	}
	return true;
}

static bool parse_pointers(struct parser *parser, struct c_declarator *declarator)
{
	struct c_attributes ignored = {};

	while (parser_accept(parser, TOKEN_STAR)) {
		const struct type *inner = declarator->type.type;

		declarator->type = (struct c_type){
			inner->kind == TYPE_NONE ? &type_void_pointer : type_pointer(parser->arena, inner), 0};
		if (!declarator->type.type)
			return false;
		while (c_at_word(parser, "const") || c_at_word(parser, "volatile") || c_at_word(parser, "restrict") ||
		       c_at_word(parser, "__restrict") || c_at_word(parser, "__restrict__") ||
		       c_at_word(parser, "__const") || c_at_word(parser, "_Nullable") || c_at_word(parser, "_Nonnull"))
			parser_advance(parser);
		if (!c_parse_attributes(parser, &ignored))
			return false;
	}
	return true;
}

static bool parse_direct(struct parser *parser, struct c_declarator *declarator);

/* ( declarator ) suffixes: what stands behind applies first, so it is looked at first. */
static bool parse_nested(struct parser *parser, struct c_declarator *declarator)
{
	struct parser inside = *parser;

	/* What is inside is read once more at each level. */
	if (++inside.declarator_depth > DECLARATOR_DEPTH_MAX) {
		diag_error(parser->diagnostics, parser->token.span, "nested too deeply: more than %d parentheses",
			   DECLARATOR_DEPTH_MAX);
		return false;
	}
	if (!c_skip_brackets(parser) || !parse_suffixes(parser, declarator))
		return false;
	declarator->is_function = false;
	parser_set_ahead(&inside);
	parser_advance(&inside);
	return parse_direct(&inside, declarator) && parser_expect(&inside, TOKEN_RIGHT_PAREN);
}

/* Pointers, then a name or a declarator in parentheses, then suffixes. */
static bool parse_direct(struct parser *parser, struct c_declarator *declarator)
{
	struct c_attributes ignored = {};
	struct parser ahead;

	if (!c_parse_attributes(parser, &ignored) || !parse_pointers(parser, declarator))
		return false;
	if (parser_at(parser, TOKEN_LEFT_PAREN)) {
		ahead = *parser;
		parser_set_ahead(&ahead);
		parser_advance(&ahead);
		/* Of a type without a name, `()' and `(int)' are parameters. */
		if (!parser_at(&ahead, TOKEN_RIGHT_PAREN) && !c_at_type(&ahead))
			return parse_nested(parser, declarator);
	}
	if (parser_at(parser, TOKEN_IDENTIFIER)) {
		declarator->name = parser->token.text;
		declarator->name_span = parser->token.span;
		parser_advance(parser);
	}
	return parse_suffixes(parser, declarator);
}

bool c_parse_declarator(struct parser *parser, const struct c_specifiers *specifiers, struct c_declarator *ret)
{
	*ret = (struct c_declarator){.type = specifiers->type};
	return parse_direct(parser, ret);
}

bool c_parse_type_name(struct parser *parser, struct c_type *ret)
{
	struct c_specifiers specifiers;
	struct c_declarator declarator;

	if (!c_parse_specifiers(parser, &specifiers) || !c_parse_declarator(parser, &specifiers, &declarator))
		return false;
	*ret = declarator.type;
	return true;
}

/* ---- Declarations ------------------------------------------------------------------------------------------------ */

/* Notes a typedef. One that is repeated says the same again. */
static bool add_typedef(struct parser *parser, const struct c_declarator *declarator,
			const struct c_attributes *attributes)
{
	struct c_name *name = c_names_obtain(parser->names, parser->arena, C_NAME_TYPEDEF, declarator->name);

	if (!name)
		return false;
	/* An attribute of a typedef makes the alignment what it says, also lower. */
	name->alignment = attributes->alignment ? attributes->alignment : declarator->type.alignment;
	name->type = (struct type *)declarator->type.type;
	return true;
}

/* = value, of which only the end matters. */
static bool skip_initializer(struct parser *parser)
{
	while (!parser_at(parser, TOKEN_COMMA) && !parser_at(parser, TOKEN_SEMICOLON) &&
	       !parser_at(parser, TOKEN_END)) {
		if (parser_at(parser, TOKEN_LEFT_PAREN) || parser_at(parser, TOKEN_LEFT_BRACKET) ||
		    parser_at(parser, TOKEN_LEFT_BRACE)) {
			if (!c_skip_brackets(parser))
				return false;
		} else {
			parser_advance(parser);
		}
	}
	return true;
}

/* [declarator] [= value], one of a declaration's list. */
static bool parse_declared(struct parser *parser, const struct c_specifiers *specifiers, bool *ret_is_function)
{
	struct c_attributes attributes = specifiers->attributes;
	struct c_declarator declarator;

	if (!c_parse_declarator(parser, specifiers, &declarator) || !c_parse_attributes(parser, &attributes))
		return false;
	*ret_is_function = declarator.is_function;
	if (!declarator.name) {
		parser_unexpected(parser, "a name");
		return false;
	}
	if (specifiers->is_typedef)
		return add_typedef(parser, &declarator, &attributes);
	return !parser_accept(parser, TOKEN_ASSIGN) || skip_initializer(parser);
}

bool c_parse_declaration(struct parser *parser)
{
	struct c_specifiers specifiers;
	bool is_function;

	if (c_at_word(parser, "_Static_assert") || c_at_word(parser, "static_assert")) {
		parser_advance(parser);
		return c_skip_brackets(parser) && parser_expect(parser, TOKEN_SEMICOLON);
	}
	if (!c_parse_specifiers(parser, &specifiers))
		return false;
	if (parser_accept(parser, TOKEN_SEMICOLON))
		return true;
	/* In a script the semicolon may be missing, and there is nothing to declare but types. */
	if (!parser->is_header && !specifiers.is_typedef)
		return true;
	for (;;) {
		if (!parse_declared(parser, &specifiers, &is_function))
			return false;
		if (is_function && parser_at(parser, TOKEN_LEFT_BRACE))
			return c_skip_brackets(parser);
		if (!parser_accept(parser, TOKEN_COMMA))
			return parser_expect(parser, TOKEN_SEMICOLON);
	}
}

/* Steps behind the declaration that begins here: its semicolon, or a body behind a closing parenthesis. */
static void skip_declaration(struct parser *parser)
{
	enum token_kind last = TOKEN_END;

	while (!parser_at(parser, TOKEN_END)) {
		enum token_kind kind = parser->token.kind;

		if (kind == TOKEN_LEFT_PAREN || kind == TOKEN_LEFT_BRACKET || kind == TOKEN_LEFT_BRACE) {
			if (!c_skip_brackets(parser))
				return;
			if (kind == TOKEN_LEFT_BRACE && last == TOKEN_LEFT_PAREN)
				return;
			last = kind;
			continue;
		}
		last = kind;
		parser_advance(parser);
		if (kind == TOKEN_SEMICOLON)
			return;
	}
}

void c_parse_declarations(struct parser *parser)
{
	while (!parser_at(parser, TOKEN_END) && !parser->arena->failed) {
		struct parser start = *parser;

		if (parser_accept(parser, TOKEN_SEMICOLON) || c_parse_declaration(parser))
			continue;
		/* What was understood of it stays known. */
		*parser = start;
		skip_declaration(parser);
		if (parser->token.span.start == start.token.span.start)
			parser_advance(parser);
	}
}
