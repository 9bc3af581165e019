/* SPDX-License-Identifier: MIT */
/*
 * C declarations, in a script or in what a preprocessor made of headers, to
 * types and names.
 *
 *	declaration: specifiers [declarator {, declarator}] (; | { function body })
 *	specifiers:  words as unsigned, long, const, typedef, a typedef's name,
 *	             struct, union and enum with or without a body, attributes
 *	declarator:  {*} (name | ( declarator ) | nothing) {[ number ] | ( parameters )}
 *
 * What a script cannot use (functions, variables) is stepped over. A script's
 * errors are reported; a header may hold whatever a compiler understands and
 * this does not, so there a declaration that fails is skipped, and missed when
 * something names it.
 *
 * The files: c_parser.c (declarations, declarators), c_specifiers.c (the words
 * in front), c_record.c (the bodies of struct, union, enum), c_constant.c
 * (numbers), c_layout.c (where members lie), c_names.c (what was found).
 */
#ifndef USDTRAP_LANG_C_PARSER_H
#define USDTRAP_LANG_C_PARSER_H

#include "lang/c_names.h"
#include "lang/parser_internal.h"

/* A type with what attributes and typedefs say of it. */
struct c_type {
	const struct type *type; /* type_none for void and functions */
	uint32_t alignment;      /* 0: the type's own */
};

struct c_attributes {
	bool is_packed;
	uint32_t alignment;   /* aligned(N), _Alignas(N); 0: none */
	uint32_t vector_size; /* 0: none */
	uint32_t mode_size;   /* mode(DI) and the like; 0: none */
};

struct c_specifiers {
	struct c_type type;
	struct c_attributes attributes;
	bool is_typedef;
	bool is_anonymous; /* a struct or union without a tag */
};

struct c_declarator {
	struct c_type type;
	const char *name; /* NULL: none */
	struct span name_span;
	bool is_function;
};

/* What a constant expression comes to. */
struct c_number {
	uint64_t value; /* two's complement */
	bool is_unsigned;
};

/* True if the current token begins a type in C: a type's word, a tag's keyword, a qualifier, a typedef's name. */
bool c_at_type(const struct parser *parser);
/* True if it begins the definition or the declaration of a struct, union, enum or typedef: as a script may have it. */
bool c_at_declaration(const struct parser *parser);

/* c_parser.c: a declaration, through its semicolon or body. */
bool c_parse_declaration(struct parser *parser);
/* All of them, to the end of the text. What cannot be understood is skipped. */
void c_parse_declarations(struct parser *parser);
/* A declarator for what SPECIFIERS say; attributes behind it are added to RET->type. */
bool c_parse_declarator(struct parser *parser, const struct c_specifiers *specifiers, struct c_declarator *ret);
/* A type alone, as in sizeof: specifiers and a declarator without a name. */
bool c_parse_type_name(struct parser *parser, struct c_type *ret);

/* c_specifiers.c */
bool c_parse_specifiers(struct parser *parser, struct c_specifiers *ret);
/* All attributes that stand here; they are added to RET. */
bool c_parse_attributes(struct parser *parser, struct c_attributes *ret);
/* Steps over a bracket of any kind and what is in it. The bracket is the current token. */
bool c_skip_brackets(struct parser *parser);

/* c_record.c: struct, union or enum, with or without a body. The keyword is the current token. */
bool c_parse_record(struct parser *parser, struct c_specifiers *ret);
bool c_parse_enum(struct parser *parser, struct c_specifiers *ret);

/* c_constant.c: a constant expression, in C's rules. */
bool c_parse_constant(struct parser *parser, struct c_number *ret);

/* The alignment of TYPE, in bytes. */
uint32_t c_alignment(const struct c_type *type);
/* True if the current token is WORD. */
bool c_at_word(const struct parser *parser, const char *word);

#endif
