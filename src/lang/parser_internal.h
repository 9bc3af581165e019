/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the parser share: parser.c (scripts and clauses), parser_statement.c, parser_expression.c...;
 * and the parser of C (c_parser.h).
 */
#ifndef USDTRAP_LANG_PARSER_INTERNAL_H
#define USDTRAP_LANG_PARSER_INTERNAL_H

#include "base/strbuf.h"
#include "lang/ast.h"
#include "lang/c_names.h"
#include "lang/lexer.h"
#include "lang/parser.h"

struct imported;

/* Where the next of each kind goes. Shared by a script and what it imports. */
struct parser_links {
	struct ast_setting **setting;
	struct ast_map_declaration **map_declaration;
	struct ast_macro **macro;
	struct ast_clause **clause;
	struct source **source;
	struct imported *imported; /* which files were read: import.c's */
};

/* How deep #if may be nested. */
#define PARSER_CONDITIONS_MAX 32

/* What the lines that begin with # have done so far. Shared by a script and what it imports. */
struct parser_headers {
	struct strbuf lines; /* all #define, #undef and #include: what a preprocessor is given */
	unsigned count;      /* of #include lines */
	size_t expanded;     /* how much text macros have become */
};

/*
 * Functions that parse return NULL or false when they failed; the error is then
 * reported, or memory ran out. Each leaves the parser at the token it could not
 * use; whoever owns a place to go on (a statement, a clause) skips to it.
 */
struct parser {
	const struct parser_options *options;
	struct ast_program *program;
	struct parser_links *links;
	struct lexer lexer;
	struct token token; /* the current one */
	uint32_t last_end;  /* where the token before it ended */
	struct arena *arena;
	struct diag_list *diagnostics;
	struct c_names *names;     /* the program's: what C declarations have named so far */
	unsigned depth;            /* how many nested expressions and blocks are open */
	unsigned declarator_depth; /* the same for declarators of C in parentheses */
	struct parser_headers *headers;
	const struct token *pending; /* what a macro has become: the tokens that come before the lexer's next */
	size_t pending_count;
	struct span conditions[PARSER_CONDITIONS_MAX]; /* the #if that are open, each of which holds */
	unsigned condition_count;
	uint32_t pack_limit; /* C: what `#pragma pack' says; 0: nothing */
	uint32_t pack_stack[8];
	unsigned pack_depth;
	bool is_given;     /* C: these lines of a preprocessor's output are the compiler's own macros */
	bool in_predicate; /* a slash before a brace ends the expression */
	bool is_header;    /* C: the text is not the script but what a preprocessor made of headers */
	bool is_condition; /* C: within #if, where every word is a number */
	bool is_ahead;     /* a copy that looks ahead: nothing may happen twice */
	unsigned imports;  /* how many files this one was imported through */
};

void parser_advance(struct parser *parser);
/* The token behind the current one, reporting nothing. */
enum token_kind parser_peek(const struct parser *parser, struct token *ret);
bool parser_at(const struct parser *parser, enum token_kind kind);
/* Reads the current token once more, because what it means has changed. */
void parser_read_again(struct parser *parser);
/* Makes of PARSER, a copy, one that looks ahead. Its tokens are reported by nobody. */
void parser_set_ahead(struct parser *parser);
/* Steps over KIND if it is there. */
bool parser_accept(struct parser *parser, enum token_kind kind);
/* Steps over KIND, or reports "syntax error, unexpected X, expecting KIND". */
bool parser_expect(struct parser *parser, enum token_kind kind);
/* Reports "syntax error, unexpected X, expecting EXPECTED". */
void parser_unexpected(struct parser *parser, const char *expected);
/* Reports that WHAT, at SPAN, is bpftrace's and not here yet. */
void parser_refuse(struct parser *parser, struct span span, const char *what);
/* Opens a level of nesting; false, reported, when there are too many. */
bool parser_enter(struct parser *parser);
void parser_leave(struct parser *parser);
/* Skips from an opening bracket of any kind behind the one that closes it, or to the end. */
void parser_skip_nested(struct parser *parser);

/* All that is in SOURCE, added to the program. */
void parser_script(struct parser *parser, const struct source *source);
/* What stands beside clauses, each beginning at the current token. */
void parser_config(struct parser *parser);
void parser_map_declaration(struct parser *parser);
void parser_macro(struct parser *parser);
void parser_import(struct parser *parser);
/* Goes on behind the block of a clause, or the like, whose head is wrong. */
void parser_skip_clause(struct parser *parser);
/* Goes on behind the next semicolon or block within this block, or at its closing brace. */
void parser_skip_statement(struct parser *parser);

/* expression, down to assignments. */
struct ast_expression *parser_expression(struct parser *parser);
/* A literal, a name, a call, or something in parentheses. */
struct ast_expression *parser_primary(struct parser *parser);
/* { statements }: false if it never began or never ended; errors within are reported and overcome. */
bool parser_block(struct parser *parser, struct ast_statement **ret);
/* The value of the last of STATEMENTS, which is taken off the list; NULL if it has none. */
struct ast_expression *parser_take_value(struct parser *parser, struct ast_statement **statements);
/* STATEMENTS, which stand at SPAN, as a value; NULL, nothing reported, if they end without one. */
struct ast_expression *parser_block_value(struct parser *parser, struct ast_statement *statements, struct span span);
/* A block or an if, at the current token, that must be a value. */
struct ast_expression *parser_statement_value(struct parser *parser);
/* A new node of depth 1. */
struct ast_expression *parser_node(struct parser *parser, enum ast_expression_kind kind, struct span span);
/* Notes that CHILD (may be NULL) hangs below NODE. False, reported, when the tree gets too deep. */
bool parser_add_depth(struct parser *parser, struct ast_expression *node, const struct ast_expression *child);
/* A word, if there is one; `expecting EXPECTED' is reported if not. */
const char *parser_word(struct parser *parser, const char *expected);
/* From START to the end of the last token stepped over. */
struct span parser_span_since(const struct parser *parser, uint32_t start);
/* A type at the current token, as in casts (parser_type.c). */
struct ast_type *parser_type(struct parser *parser);
/* TYPE with SUFFIXES around it; NULL if an array is not possible, or without memory. */
const struct type *parser_apply_suffixes(struct arena *arena, const struct type *type,
					 const struct ast_type_suffix *suffixes);
/* True if the current token begins a type. */
bool parser_at_type(const struct parser *parser);

#endif
