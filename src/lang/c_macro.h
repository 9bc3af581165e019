/* SPDX-License-Identifier: MIT */
/*
 * #define. A use of a macro is replaced by the tokens of its text, in which
 * uses of macros are replaced in turn; all of them stand, for messages, where
 * the use stands. A macro's own name in its text is left alone.
 *
 * Arguments are put in as text, between blanks; # and ## work as in C. What C
 * leaves open at the end of a replacement (a function-like macro's name whose
 * parenthesis comes from behind the use) is no use here.
 */
#ifndef USDTRAP_LANG_C_MACRO_H
#define USDTRAP_LANG_C_MACRO_H

#include "lang/parser_internal.h"

struct c_macro {
	const char *name;
	const char **parameters;
	size_t parameter_count;
	bool is_function; /* has parameters, if only () */
	bool is_variadic; /* the last parameter takes what is left */
	bool is_own;      /* defined in the script; else by a header, where words of the language win */
	bool is_given;    /* defined by the compiler: for #if only */
	bool is_active;   /* being replaced: its name in what it becomes is only a name */
	const char *body;
	size_t body_length;
};

/* What stands behind #define, up to the end of its line. False, reported at the current token, if it is none. */
bool c_macro_define(struct parser *parser, const char *text, bool is_given);
void c_macro_undefine(struct parser *parser, const char *name);
/* The macro NAME, or NULL. */
struct c_macro *c_macro_find(const struct parser *parser, const char *name);

/* If the current token is a use of a macro, makes its replacement the tokens that come next. */
bool c_macro_expand(struct parser *parser);

/* c_directive.c: obeys the line that is the current token, #define and its like. */
void c_directive(struct parser *parser);
/* At the end of a script: complains of an #if without its end. */
void c_directive_end(struct parser *parser);

/* c_header.c: reads what DIRECTIVE, an #include at SPAN, names. */
void c_header_include(struct parser *parser, const char *directive, struct span span);
/* Remembers a #define or #undef of the script, which later headers see. */
void c_header_note(struct parser *parser, const char *directive, struct span span);

#endif
