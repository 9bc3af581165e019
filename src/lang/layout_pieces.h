/* SPDX-License-Identifier: MIT */
/* What a script is made of, comments and all, for laying it out anew: tokens, and what has to stay as it is. */
#ifndef USDTRAP_LANG_LAYOUT_PIECES_H
#define USDTRAP_LANG_LAYOUT_PIECES_H

#include <stdbool.h>
#include <stddef.h>

#include "lang/lexer.h"
#include "lang/parser.h"

enum piece_kind {
	PIECE_TOKEN,
	PIECE_ATTACH_POINT,
	PIECE_PREDICATE_START, /* the two slashes around a predicate */
	PIECE_PREDICATE_END,
	PIECE_LINE_COMMENT, /* to the end of the line */
	PIECE_BLOCK_COMMENT,
	PIECE_WHOLE_LINE, /* #!, #include: alone on its line */
	PIECE_DEFINITION, /* struct x { ... }; as C has it */
};

struct piece {
	enum piece_kind kind;
	enum token_kind token; /* PIECE_TOKEN */
	struct span span;
	unsigned newlines; /* in front of it */
};

struct piece_list {
	struct arena arena;
	const struct source *source;
	struct piece *pieces;
	size_t count;
};

/* Takes SOURCE apart, which has to be parsed for that. False if it has syntax errors. */
bool piece_list_init(struct piece_list *list, const struct source *source, const struct parser_options *options,
		     struct diag_list *diagnostics);
void piece_list_deinit(struct piece_list *list);

const char *piece_text(const struct piece_list *list, const struct piece *piece);
size_t piece_length(const struct piece *piece);

#endif
