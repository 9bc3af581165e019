/* SPDX-License-Identifier: MIT */
/* The words in front of a declaration, in any order: `static const unsigned long long', `struct s {...}', attributes.
 */
#include <string.h>

#include "lang/c_parser.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What __attribute__((aligned)) without a number means on x86-64. */
#define ALIGNMENT_BIGGEST 16u

/* ---- Words ------------------------------------------------------------------------------------------------------- */

enum word_kind {
	WORD_NONE,
	WORD_IGNORED, /* nothing follows from it here */
	WORD_TYPEDEF,
	WORD_ATTRIBUTES,
	WORD_BASE, /* a type; more than one make one type */
	WORD_STRUCT,
	WORD_ENUM,
	WORD_OTHER_TYPE, /* typeof and the like: not understood */
};

/* The parts of a base type, each a digit of its own, so that a sum tells how often each was there. */
enum base {
	BASE_VOID = 1 << 0,
	BASE_CHAR = 1 << 2,
	BASE_SHORT = 1 << 4,
	BASE_INT = 1 << 6,
	BASE_LONG = 1 << 8,
	BASE_SIGNED = 1 << 10,
	BASE_UNSIGNED = 1 << 12,
	BASE_FLOAT = 1 << 14,
	BASE_DOUBLE = 1 << 16,
	BASE_BOOL = 1 << 18,
	BASE_INT128 = 1 << 20,
	BASE_FLOAT128 = 1 << 22,
	BASE_COMPLEX = 1 << 24,
	BASE_VA_LIST = 1 << 26,
};

static const struct word {
	const char *text;
	enum word_kind kind;
	unsigned base;
} words[] = {
	{"void", WORD_BASE, BASE_VOID},
	{"char", WORD_BASE, BASE_CHAR},
	{"short", WORD_BASE, BASE_SHORT},
	{"int", WORD_BASE, BASE_INT},
	{"long", WORD_BASE, BASE_LONG},
	{"signed", WORD_BASE, BASE_SIGNED},
	{"__signed", WORD_BASE, BASE_SIGNED},
	{"__signed__", WORD_BASE, BASE_SIGNED},
	{"unsigned", WORD_BASE, BASE_UNSIGNED},
	{"float", WORD_BASE, BASE_FLOAT},
	{"double", WORD_BASE, BASE_DOUBLE},
	{"bool", WORD_BASE, BASE_BOOL},
	{"_Bool", WORD_BASE, BASE_BOOL},
	{"__int128", WORD_BASE, BASE_INT128},
	{"_Float32", WORD_BASE, BASE_FLOAT},
	{"_Float64", WORD_BASE, BASE_DOUBLE},
	{"_Float32x", WORD_BASE, BASE_DOUBLE},
	{"_Float64x", WORD_BASE, BASE_FLOAT128},
	{"_Float128", WORD_BASE, BASE_FLOAT128},
	{"__float128", WORD_BASE, BASE_FLOAT128},
	{"_Complex", WORD_BASE, BASE_COMPLEX},
	{"__complex__", WORD_BASE, BASE_COMPLEX},
	{"__builtin_va_list", WORD_BASE, BASE_VA_LIST},
	{"struct", WORD_STRUCT, 0},
	{"union", WORD_STRUCT, 0},
	{"enum", WORD_ENUM, 0},
	{"typedef", WORD_TYPEDEF, 0},
	{"__attribute__", WORD_ATTRIBUTES, 0},
	{"__attribute", WORD_ATTRIBUTES, 0},
	{"_Alignas", WORD_ATTRIBUTES, 0},
	{"typeof", WORD_OTHER_TYPE, 0},
	{"__typeof", WORD_OTHER_TYPE, 0},
	{"__typeof__", WORD_OTHER_TYPE, 0},
	{"__auto_type", WORD_OTHER_TYPE, 0},
	{"const", WORD_IGNORED, 0},
	{"__const", WORD_IGNORED, 0},
	{"__const__", WORD_IGNORED, 0},
	{"volatile", WORD_IGNORED, 0},
	{"__volatile", WORD_IGNORED, 0},
	{"__volatile__", WORD_IGNORED, 0},
	{"restrict", WORD_IGNORED, 0},
	{"__restrict", WORD_IGNORED, 0},
	{"__restrict__", WORD_IGNORED, 0},
	{"_Atomic", WORD_IGNORED, 0},
	{"extern", WORD_IGNORED, 0},
	{"static", WORD_IGNORED, 0},
	{"inline", WORD_IGNORED, 0},
	{"__inline", WORD_IGNORED, 0},
	{"__inline__", WORD_IGNORED, 0},
	{"register", WORD_IGNORED, 0},
	{"_Noreturn", WORD_IGNORED, 0},
	{"_Thread_local", WORD_IGNORED, 0},
	{"__thread", WORD_IGNORED, 0},
	{"__extension__", WORD_IGNORED, 0},
};

/* Names that scripts have for types of C's sizes; C itself knows them only as typedefs. */
static const struct type *script_type(const struct parser *parser)
{
	return parser->is_header ? NULL : type_by_name(parser->token.text);
}

static const struct word *find_word(const struct parser *parser)
{
	static const struct word none;

	for (size_t i = 0; parser_at(parser, TOKEN_IDENTIFIER) && i < COUNT(words); i++) {
		if (c_at_word(parser, words[i].text))
			return &words[i];
	}
	return &none;
}

static const struct c_name *find_typedef(const struct parser *parser)
{
	if (!parser_at(parser, TOKEN_IDENTIFIER) || !parser->token.text)
		return NULL;
	return c_names_find(parser->names, C_NAME_TYPEDEF, parser->token.text);
}

bool c_at_type(const struct parser *parser)
{
	enum word_kind kind = find_word(parser)->kind;

	return kind == WORD_BASE || kind == WORD_STRUCT || kind == WORD_ENUM || kind == WORD_IGNORED ||
	       (kind == WORD_NONE && find_typedef(parser));
}

bool c_at_declaration(const struct parser *parser)
{
	enum word_kind kind = find_word(parser)->kind;

	return kind == WORD_STRUCT || kind == WORD_ENUM || kind == WORD_TYPEDEF || kind == WORD_ATTRIBUTES;
}

/* ---- Attributes -------------------------------------------------------------------------------------------------- */

bool c_skip_brackets(struct parser *parser)
{
	unsigned depth = 0;

	while (!parser_at(parser, TOKEN_END)) {
		if (parser_at(parser, TOKEN_LEFT_PAREN) || parser_at(parser, TOKEN_LEFT_BRACKET) ||
		    parser_at(parser, TOKEN_LEFT_BRACE))
			depth++;
		else if (parser_at(parser, TOKEN_RIGHT_PAREN) || parser_at(parser, TOKEN_RIGHT_BRACKET) ||
			 parser_at(parser, TOKEN_RIGHT_BRACE))
			depth--;
		parser_advance(parser);
		if (depth == 0)
			return true;
	}
	parser_unexpected(parser, ")");
	return false;
}

/* ( number ). A power of two that a type can be aligned to; what is none has no effect, as in C. */
static bool parse_alignment(struct parser *parser, uint32_t *alignment)
{
	struct c_number number;
	struct c_type type;

	if (!parser_expect(parser, TOKEN_LEFT_PAREN))
		return false;
	if (c_at_type(parser)) {
		if (!c_parse_type_name(parser, &type))
			return false;
		number.value = c_alignment(&type);
	} else if (!c_parse_constant(parser, &number)) {
		return false;
	}
	if (number.value > *alignment && number.value <= TYPE_SIZE_MAX && (number.value & (number.value - 1)) == 0)
		*alignment = (uint32_t)number.value;
	return parser_expect(parser, TOKEN_RIGHT_PAREN);
}

static bool parse_vector_size(struct parser *parser, uint32_t *ret)
{
	struct c_number number;

	if (!parser_expect(parser, TOKEN_LEFT_PAREN) || !c_parse_constant(parser, &number))
		return false;
	*ret = number.value <= 64 ? (uint32_t)number.value : 0;
	return parser_expect(parser, TOKEN_RIGHT_PAREN);
}

/* ( DI ): how many bytes an integer really has. */
static bool parse_mode(struct parser *parser, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint32_t size;
	} modes[] = {{"QI", 1},      {"__QI__", 1},      {"HI", 2},      {"__HI__", 2}, {"SI", 4},
		     {"__SI__", 4},  {"DI", 8},          {"__DI__", 8},  {"word", 8},   {"__word__", 8},
		     {"pointer", 8}, {"__pointer__", 8}, {"__byte__", 1}};

	if (!parser_expect(parser, TOKEN_LEFT_PAREN))
		return false;
	for (size_t i = 0; i < COUNT(modes); i++) {
		if (c_at_word(parser, modes[i].name))
			*ret = modes[i].size;
	}
	parser_advance(parser);
	return parser_expect(parser, TOKEN_RIGHT_PAREN);
}

static bool parse_attribute(struct parser *parser, struct c_attributes *ret)
{
	bool is_aligned = c_at_word(parser, "aligned") || c_at_word(parser, "__aligned__");
	bool is_vector = c_at_word(parser, "vector_size") || c_at_word(parser, "__vector_size__");
	bool is_mode = c_at_word(parser, "mode") || c_at_word(parser, "__mode__");

	if (c_at_word(parser, "packed") || c_at_word(parser, "__packed__"))
		ret->is_packed = true;
	parser_advance(parser);
	if (!parser_at(parser, TOKEN_LEFT_PAREN)) {
		if (is_aligned && ret->alignment < ALIGNMENT_BIGGEST)
			ret->alignment = ALIGNMENT_BIGGEST;
		return true;
	}
	if (is_aligned)
		return parse_alignment(parser, &ret->alignment);
	if (is_vector)
		return parse_vector_size(parser, &ret->vector_size);
	return is_mode ? parse_mode(parser, &ret->mode_size) : c_skip_brackets(parser);
}

/* (( attribute, attribute )) */
static bool parse_attribute_list(struct parser *parser, struct c_attributes *ret)
{
	if (!parser_expect(parser, TOKEN_LEFT_PAREN) || !parser_expect(parser, TOKEN_LEFT_PAREN))
		return false;
	while (!parser_at(parser, TOKEN_RIGHT_PAREN)) {
		if (parser_accept(parser, TOKEN_COMMA))
			continue;
		if (!parser_at(parser, TOKEN_IDENTIFIER)) {
			parser_unexpected(parser, "an attribute");
			return false;
		}
		if (!parse_attribute(parser, ret))
			return false;
	}
	parser_advance(parser);
	return parser_expect(parser, TOKEN_RIGHT_PAREN);
}

static bool at_assembler_name(const struct parser *parser)
{
	return c_at_word(parser, "__asm__") || c_at_word(parser, "__asm") || c_at_word(parser, "asm");
}

bool c_parse_attributes(struct parser *parser, struct c_attributes *ret)
{
	for (;;) {
		bool is_good = true;

		if (c_at_word(parser, "_Alignas")) {
			parser_advance(parser);
			is_good = parse_alignment(parser, &ret->alignment);
		} else if (find_word(parser)->kind == WORD_ATTRIBUTES) {
			parser_advance(parser);
			is_good = parse_attribute_list(parser, ret);
		} else if (at_assembler_name(parser)) {
			parser_advance(parser);
			is_good = !parser_at(parser, TOKEN_LEFT_PAREN) || c_skip_brackets(parser);
		} else if (c_at_word(parser, "__extension__")) {
			parser_advance(parser);
		} else {
			return true;
		}
		if (!is_good)
			return false;
	}
}

/* ---- Base types -------------------------------------------------------------------------------------------------- */

static const struct type type_float = {.kind = TYPE_INTEGER, .size = 4, .is_signed = true, .is_real = true};
static const struct type type_double = {.kind = TYPE_INTEGER, .size = 8, .is_signed = true, .is_real = true};

/* Bytes with an alignment: what has no meaning in a script but room in a struct. */
static struct c_type opaque(struct parser *parser, uint32_t size, uint32_t alignment)
{
	return (struct c_type){type_array(parser->arena, &type_uint8, size), alignment};
}

static uint32_t integer_size(unsigned base)
{
	if (base & BASE_CHAR)
		return 1;
	if (base & BASE_SHORT)
		return 2;
	return base & (BASE_LONG | BASE_LONG << 1) ? 8 : 4;
}

/* The type that the words of BASE make together. */
static struct c_type base_type(struct parser *parser, unsigned base)
{
	bool is_long = base & (BASE_LONG | BASE_LONG << 1);

	if (base & BASE_VA_LIST)
		return opaque(parser, 24, 8);
	if (base & BASE_COMPLEX)
		return base & BASE_FLOAT ? opaque(parser, 8, 4)
		       : is_long         ? opaque(parser, 32, 16)
					 : opaque(parser, 16, 8);
	if (base & (BASE_INT128 | BASE_FLOAT128) || (is_long && base & BASE_DOUBLE))
		return opaque(parser, 16, 16);
	if (base & BASE_VOID)
		return (struct c_type){&type_none, 0};
	if (base & BASE_BOOL)
		return (struct c_type){&type_bool, 0};
	if (base & BASE_FLOAT)
		return (struct c_type){&type_float, 0};
	if (base & BASE_DOUBLE)
		return (struct c_type){&type_double, 0};
	if (base == BASE_CHAR)
		return (struct c_type){&type_char, 0};
	return (struct c_type){type_integer(integer_size(base), !(base & BASE_UNSIGNED)), 0};
}

/* mode(DI) and vector_size(16) make other types of what the words say. */
static bool apply_attributes(struct parser *parser, struct c_specifiers *specifiers)
{
	const struct c_attributes *attributes = &specifiers->attributes;

	if (attributes->mode_size && specifiers->type.type->kind == TYPE_INTEGER)
		specifiers->type.type = type_integer(attributes->mode_size, specifiers->type.type->is_signed);
	if (attributes->vector_size)
		specifiers->type = opaque(parser, attributes->vector_size, attributes->vector_size);
	return specifiers->type.type != NULL;
}

/* ---- Specifiers -------------------------------------------------------------------------------------------------- */

static bool parse_other_type(struct parser *parser)
{
	parser_refuse(parser, parser->token.span, "typeof in a C declaration");
	return false;
}

bool c_parse_specifiers(struct parser *parser, struct c_specifiers *ret)
{
	struct token start = parser->token;
	unsigned base = 0;

	*ret = (struct c_specifiers){};
	for (;;) {
		const struct word *word = find_word(parser);
		const struct c_name *name;

		switch (word->kind) {
		case WORD_IGNORED:
			parser_advance(parser);
			continue;
		case WORD_TYPEDEF:
			ret->is_typedef = true;
			parser_advance(parser);
			continue;
		case WORD_ATTRIBUTES:
			if (!c_parse_attributes(parser, &ret->attributes))
				return false;
			continue;
		case WORD_BASE:
			/* Two digits of the sum are one word; three of the same are no type. */
			if (ret->type.type || (base >> __builtin_ctz(word->base) & 3) == 2)
				break;
			base += word->base;
			parser_advance(parser);
			continue;
		case WORD_STRUCT:
		case WORD_ENUM:
			if (ret->type.type || base)
				break;
			if (!(word->kind == WORD_ENUM ? c_parse_enum(parser, ret) : c_parse_record(parser, ret)))
				return false;
			continue;
		case WORD_OTHER_TYPE:
			return parse_other_type(parser);
		case WORD_NONE:
			if (ret->type.type || base || !parser_at(parser, TOKEN_IDENTIFIER))
				break;
			name = find_typedef(parser);
			if (name)
				ret->type = (struct c_type){name->type, name->alignment};
			else
				ret->type.type = script_type(parser);
			if (!ret->type.type)
				break;
			parser_advance(parser);
			continue;
		}
		break;
	}
	if (base)
		ret->type = base_type(parser, base);
	if (!ret->type.type) {
		if (parser_at(parser, TOKEN_IDENTIFIER) && start.span.start == parser->token.span.start)
			diag_error(parser->diagnostics, parser->token.span, "unknown type name '%s'",
				   parser->token.text ? parser->token.text : "");
		else
			parser_unexpected(parser, "type");
		return false;
	}
	return apply_attributes(parser, ret);
}
