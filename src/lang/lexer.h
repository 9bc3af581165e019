/* SPDX-License-Identifier: MIT */
/*
 * Text to tokens, one at a time. Blanks and comments are skipped; literals are
 * decoded. What is no token is reported and skipped, so that a caller only
 * ever sees tokens.
 *
 * Attach points follow rules of their own (a path may hold nearly anything),
 * so the parser asks for them with lexer_attach_point() where one must stand.
 */
#ifndef USDTRAP_LANG_LEXER_H
#define USDTRAP_LANG_LEXER_H

#include "base/arena.h"
#include "base/diag.h"

enum token_kind {
	TOKEN_END,
	TOKEN_INTEGER,      /* integer */
	TOKEN_STRING,       /* text, escapes undone */
	TOKEN_IDENTIFIER,   /* text; true, false and all words that are no keyword below */
	TOKEN_VARIABLE,     /* $name; text with the $ */
	TOKEN_MAP,          /* @ or @name; text with the @ */
	TOKEN_PARAMETER,    /* $1; integer */
	TOKEN_PARAMETERS,   /* $# */
	TOKEN_PREPROCESSOR, /* a line that begins with #, without its newline */

	TOKEN_BREAK,
	TOKEN_CONTINUE,
	TOKEN_ELSE,
	TOKEN_FOR,
	TOKEN_IF,
	TOKEN_IMPORT,
	TOKEN_LET,
	TOKEN_MACRO,
	TOKEN_RETURN,
	TOKEN_SIZEOF,
	TOKEN_UNROLL,
	TOKEN_WHILE,

	TOKEN_LEFT_BRACE,
	TOKEN_RIGHT_BRACE,
	TOKEN_LEFT_PAREN,
	TOKEN_RIGHT_PAREN,
	TOKEN_LEFT_BRACKET,
	TOKEN_RIGHT_BRACKET,
	TOKEN_SEMICOLON,
	TOKEN_COMMA,
	TOKEN_COLON,
	TOKEN_QUESTION,
	TOKEN_DOT,
	TOKEN_RANGE, /* .. */
	TOKEN_ARROW, /* -> */

	TOKEN_ASSIGN,
	TOKEN_ADD_ASSIGN,
	TOKEN_SUBTRACT_ASSIGN,
	TOKEN_MULTIPLY_ASSIGN,
	TOKEN_DIVIDE_ASSIGN,
	TOKEN_MODULO_ASSIGN,
	TOKEN_AND_ASSIGN,
	TOKEN_OR_ASSIGN,
	TOKEN_XOR_ASSIGN,
	TOKEN_SHIFT_LEFT_ASSIGN,
	TOKEN_SHIFT_RIGHT_ASSIGN,

	TOKEN_INCREMENT,
	TOKEN_DECREMENT,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_PERCENT,
	TOKEN_AMPERSAND,
	TOKEN_PIPE,
	TOKEN_CARET,
	TOKEN_TILDE,
	TOKEN_BANG,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_EQUAL,
	TOKEN_NOT_EQUAL,
	TOKEN_LESS,
	TOKEN_LESS_EQUAL,
	TOKEN_GREATER,
	TOKEN_GREATER_EQUAL,
	TOKEN_SHIFT_LEFT,
	TOKEN_SHIFT_RIGHT,
};

struct token {
	enum token_kind kind;
	struct span span;
	uint64_t integer; /* INTEGER, PARAMETER */
	bool is_unsigned; /* INTEGER: it has C's suffix u */
	const char *text; /* STRING, IDENTIFIER, VARIABLE, MAP, PREPROCESSOR: in the arena, NUL-ended */
	size_t length;    /* of text; a STRING may hold NULs */
};

/* A position in a source. Copying one remembers a place to come back to. */
struct lexer {
	const struct source *source;
	struct arena *arena;           /* where texts are put */
	struct diag_list *diagnostics; /* NULL: report nothing (when looking ahead) */
	uint32_t position;             /* in the source's own text; spans count from source->start */
	uint32_t last_end;             /* where the last token ended, as in spans: the place of an END */
	bool is_c; /* the text is C: its words are no keywords of ours, and there are 'c' and 1.5f */
};

void lexer_init(struct lexer *lexer, const struct source *source, struct arena *arena, struct diag_list *diagnostics);

/* The next token; END again and again at the end. */
void lexer_next(struct lexer *lexer, struct token *ret);

/* Goes back to where TOKEN begins, so that it is read again. */
void lexer_go_back(struct lexer *lexer, const struct token *token);
/* The text that SPAN covers, which is no longer than the span. */
const char *lexer_text_at(const struct lexer *lexer, struct span span);

/*
 * Reads an attach point that starts at the next token: all up to a blank, a
 * comma, a brace or the slash that begins a predicate, quotes kept. A slash
 * belongs to the attach point where a part begins with one, and elsewhere when
 * a colon follows before anything that is no part of a path; so
 * `usdt:/bin/x:p:n/pid==1/' ends behind n. Returns its span, empty if there is
 * nothing there.
 */
struct span lexer_attach_point(struct lexer *lexer);

/* How messages call KIND: `{', `integer', `end of file'. */
const char *lexer_token_name(enum token_kind kind);

#endif
