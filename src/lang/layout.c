/* SPDX-License-Identifier: MIT */
/*
 * The layout is that of bpftrace's own tools: an attach point, a predicate and
 * a clause's opening brace each on a line of their own, tabs, a statement a
 * line, blanks around operators with two sides and none behind those with one.
 *
 *	usdt:/usr/bin/python3:gc__start,
 *	usdt:/usr/bin/python3:gc__done
 *	/pid == $1/
 *	{
 *		@[probe] = count(); // and of which generation?
 *	}
 *
 * Pieces are looked at one after the other, each with the one before it: what
 * must stand between the two? Where a statement was broken behind a comma or
 * at an operator it stays so, and of blank lines one stays.
 */
#include "lang/layout.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "lang/layout_pieces.h"
#include "lang/parser.h"
#include "lang/program.h"

#define NESTING_MAX 64

/* What stands between two pieces. */
enum gap {
	GAP_NONE,
	GAP_BLANK,
	GAP_LINE,         /* a new line */
	GAP_CONTINUATION, /* a new line in the middle of a statement */
	GAP_PARAGRAPH,    /* an empty line, then a new one */
};

/* A pair of brackets that is open. */
struct bracket {
	bool is_cast;       /* (uint32) in front of an operand */
	unsigned questions; /* of ?: whose colon is still to come */
};

struct layout {
	const struct piece_list *list;
	struct strbuf *out;
	const struct piece *before; /* the last piece written; NULL: none yet */
	unsigned depth;             /* of braces */
	bool is_prefix;             /* the last piece is an operator with one side, in front of what it works on */
	bool is_operand;            /* the last piece ends something that has a value */
	bool is_clause_over;       /* a clause was closed, and nothing but comments on the same line stands behind it */
	bool is_block_new;         /* a brace was opened, and nothing but comments stands behind it so far */
	enum token_kind statement; /* the first token of the statement, for those that matter */
	struct bracket brackets[NESTING_MAX]; /* [0]: none is open */
	unsigned bracket_count;
};

static bool is_token(const struct piece *piece, enum token_kind kind)
{
	return piece && piece->kind == PIECE_TOKEN && piece->token == kind;
}

static bool is_comment(const struct piece *piece)
{
	return piece->kind == PIECE_LINE_COMMENT || piece->kind == PIECE_BLOCK_COMMENT;
}

/* The piece behind PIECE, comments left out; NULL at the end. */
static const struct piece *behind(const struct layout *layout, const struct piece *piece)
{
	const struct piece *end = layout->list->pieces + layout->list->count;

	do
		piece++;
	while (piece < end && is_comment(piece));
	return piece < end ? piece : NULL;
}

static struct bracket *bracket(struct layout *layout)
{
	unsigned index = layout->bracket_count < NESTING_MAX ? layout->bracket_count : NESTING_MAX - 1;

	return &layout->brackets[index];
}

/* ---- What tokens are ----------------------------------------------------------------------------------------------
 */

enum trait {
	MAY_BE_PREFIX = 1 << 0, /* may stand in front of its only operand */
	ENDS_OPERAND = 1 << 1,  /* may be the last token of something that has a value */
	NONE_BEFORE = 1 << 2,   /* no blank in front of it */
	NONE_BEHIND = 1 << 3,   /* no blank behind it */
};

static const unsigned char traits[] = {
	[TOKEN_INTEGER] = ENDS_OPERAND,
	[TOKEN_STRING] = ENDS_OPERAND,
	[TOKEN_IDENTIFIER] = ENDS_OPERAND,
	[TOKEN_VARIABLE] = ENDS_OPERAND,
	[TOKEN_MAP] = ENDS_OPERAND,
	[TOKEN_PARAMETER] = ENDS_OPERAND,
	[TOKEN_PARAMETERS] = ENDS_OPERAND,
	[TOKEN_RIGHT_BRACE] = ENDS_OPERAND,
	[TOKEN_LEFT_PAREN] = NONE_BEHIND,
	[TOKEN_RIGHT_PAREN] = NONE_BEFORE,
	[TOKEN_LEFT_BRACKET] = NONE_BEHIND,
	[TOKEN_RIGHT_BRACKET] = ENDS_OPERAND | NONE_BEFORE,
	[TOKEN_SEMICOLON] = NONE_BEFORE,
	[TOKEN_COMMA] = NONE_BEFORE,
	[TOKEN_DOT] = NONE_BEFORE | NONE_BEHIND,
	[TOKEN_RANGE] = NONE_BEFORE | NONE_BEHIND,
	[TOKEN_ARROW] = NONE_BEFORE | NONE_BEHIND,
	[TOKEN_INCREMENT] = MAY_BE_PREFIX,
	[TOKEN_DECREMENT] = MAY_BE_PREFIX,
	[TOKEN_PLUS] = MAY_BE_PREFIX,
	[TOKEN_MINUS] = MAY_BE_PREFIX,
	[TOKEN_STAR] = MAY_BE_PREFIX,
	[TOKEN_AMPERSAND] = MAY_BE_PREFIX,
	[TOKEN_TILDE] = MAY_BE_PREFIX | NONE_BEHIND,
	[TOKEN_BANG] = MAY_BE_PREFIX | NONE_BEHIND,
	[TOKEN_SHIFT_RIGHT] = 0, /* the last one */
};

static bool has_trait(enum token_kind kind, enum trait trait)
{
	return traits[kind] & trait;
}

/* Operators that stand between two operands, some of which may also stand in front of one. */
static bool is_operator(enum token_kind kind)
{
	return kind >= TOKEN_ASSIGN && kind <= TOKEN_SHIFT_RIGHT && kind != TOKEN_TILDE && kind != TOKEN_BANG;
}

static bool is_step(enum token_kind kind)
{
	return kind == TOKEN_INCREMENT || kind == TOKEN_DECREMENT;
}

static bool is_word(const struct piece *piece)
{
	return piece->kind == PIECE_TOKEN && ((piece->token >= TOKEN_INTEGER && piece->token <= TOKEN_PARAMETERS) ||
					      (piece->token >= TOKEN_BREAK && piece->token <= TOKEN_WHILE));
}

/* Names of types that are no struct's. Others may be, but only where an operator cannot stand is that certain. */
static bool is_type_word(const struct layout *layout, const struct piece *piece)
{
	static const char *const words[] = {"int",    "int8",   "int16",  "int32", "int64", "uint8",   "uint16",
					    "uint32", "uint64", "struct", "union", "enum",  "bool",    "string",
					    "typeof", "void",   "char",   "short", "long",  "unsigned"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == piece_length(piece) &&
		    memcmp(words[i], piece_text(layout->list, piece), piece_length(piece)) == 0)
			return true;
	}
	return false;
}

/* PIECE opens a bracket: whether a type stands in it, and an operand behind it. */
static bool is_cast(const struct layout *layout, const struct piece *piece)
{
	const struct piece *first = behind(layout, piece);
	const struct piece *inside = first;

	if (layout->is_operand || !is_token(first, TOKEN_IDENTIFIER))
		return false;
	while (inside && (is_token(inside, TOKEN_IDENTIFIER) || is_token(inside, TOKEN_STAR) ||
			  is_token(inside, TOKEN_LEFT_BRACKET) || is_token(inside, TOKEN_RIGHT_BRACKET) ||
			  is_token(inside, TOKEN_INTEGER)))
		inside = behind(layout, inside);
	if (!is_token(inside, TOKEN_RIGHT_PAREN))
		return false;
	inside = behind(layout, inside);
	if (!inside || inside->kind != PIECE_TOKEN)
		return false;
	if (is_word(inside) || inside->token == TOKEN_LEFT_PAREN || inside->token == TOKEN_BANG ||
	    inside->token == TOKEN_TILDE)
		return true;
	return has_trait(inside->token, MAY_BE_PREFIX) && is_type_word(layout, first);
}

/* ---- What stands between two pieces -------------------------------------------------------------------------------
 */

/* A statement or a clause ends in front of PIECE, so a new line begins there. */
static enum gap new_line(const struct layout *layout, const struct piece *piece)
{
	bool is_last = is_token(piece, TOKEN_RIGHT_BRACE);

	if (layout->bracket_count > 0)
		return GAP_CONTINUATION;
	return piece->newlines > 1 && !layout->is_block_new && !is_last ? GAP_PARAGRAPH : GAP_LINE;
}

static enum gap gap_behind_brace(const struct layout *layout, const struct piece *piece)
{
	if (is_token(piece, TOKEN_SEMICOLON) || is_token(piece, TOKEN_COMMA) || is_token(piece, TOKEN_RIGHT_PAREN) ||
	    is_token(piece, TOKEN_DOT) || is_token(piece, TOKEN_LEFT_BRACKET))
		return GAP_NONE;
	if (is_token(piece, TOKEN_ELSE))
		return GAP_BLANK;
	if (piece->kind == PIECE_TOKEN && layout->depth > 0 && is_operator(piece->token) &&
	    !has_trait(piece->token, MAY_BE_PREFIX))
		return GAP_BLANK;
	return layout->depth == 0 ? GAP_PARAGRAPH : new_line(layout, piece);
}

/* A comment behind a semicolon, with the next statement behind it on the same line: it is about that one. */
static bool leads_statement(const struct layout *layout, const struct piece *comment)
{
	const struct piece *next = comment + 1;

	return is_token(layout->before, TOKEN_SEMICOLON) && comment->kind == PIECE_BLOCK_COMMENT &&
	       next < layout->list->pieces + layout->list->count && !next->newlines &&
	       !is_token(next, TOKEN_RIGHT_BRACE);
}

/* Lines that have to be, wherever the script has its own. GAP_NONE: none. */
static enum gap structural_gap(const struct layout *layout, const struct piece *piece)
{
	const struct piece *before = layout->before;
	bool is_outside = layout->depth == 0;

	if (layout->is_clause_over && (piece->newlines || !is_comment(piece)))
		return GAP_PARAGRAPH;
	if (before->kind == PIECE_LINE_COMMENT || before->kind == PIECE_WHOLE_LINE || piece->kind == PIECE_WHOLE_LINE)
		return new_line(layout, piece);
	if (is_comment(piece) && !piece->newlines && !leads_statement(layout, piece))
		return GAP_BLANK;
	if (is_comment(piece))
		return new_line(layout, piece);
	if (before->kind == PIECE_BLOCK_COMMENT && piece->newlines)
		return new_line(layout, piece);
	if (before->kind == PIECE_DEFINITION || piece->kind == PIECE_DEFINITION)
		return piece->newlines > 1 || before->kind != piece->kind ? GAP_PARAGRAPH : GAP_LINE;
	if (piece->kind == PIECE_ATTACH_POINT)
		return is_token(before, TOKEN_COMMA) ? GAP_LINE : GAP_PARAGRAPH;
	if (piece->kind == PIECE_PREDICATE_START)
		return GAP_LINE;
	if (is_token(piece, TOKEN_LEFT_BRACE) && is_outside && layout->statement != TOKEN_ASSIGN)
		return GAP_LINE;
	if (is_token(before, TOKEN_LEFT_BRACE))
		return is_token(piece, TOKEN_RIGHT_BRACE) ? GAP_BLANK : GAP_LINE;
	if (is_token(piece, TOKEN_RIGHT_BRACE))
		return GAP_LINE;
	if (is_token(before, TOKEN_SEMICOLON) && layout->bracket_count == 0)
		return new_line(layout, piece);
	return GAP_NONE;
}

/* A colon, or what follows one: of ?:, of for ($x : @map), of let $x: type. */
static bool is_spaced_colon(struct layout *layout)
{
	return bracket(layout)->questions > 0 || layout->statement == TOKEN_FOR;
}

static bool is_blank_behind(const struct layout *layout, const struct piece *before)
{
	if (before->kind != PIECE_TOKEN)
		return before->kind == PIECE_BLOCK_COMMENT;
	return !layout->is_prefix && !has_trait(before->token, NONE_BEHIND);
}

/* Whether the two, one directly behind the other, would be read as something else. */
static bool would_merge(const struct layout *layout, const struct piece *piece)
{
	const char *left = piece_text(layout->list, layout->before) + piece_length(layout->before) - 1;
	const char *right = piece_text(layout->list, piece);

	return layout->before->kind == PIECE_TOKEN && piece->kind == PIECE_TOKEN &&
	       ((is_word(layout->before) && is_word(piece)) || (*left == *right && strchr("+-&.", *left)));
}

static bool has_blank(struct layout *layout, const struct piece *piece)
{
	const struct piece *before = layout->before;
	bool is_call, is_behind_cast;

	if (piece->kind != PIECE_TOKEN)
		return piece->kind != PIECE_PREDICATE_END;
	if (has_trait(piece->token, NONE_BEFORE))
		return false;
	if (piece->token == TOKEN_COLON)
		return is_spaced_colon(layout) && !is_token(before, TOKEN_QUESTION);
	is_call = piece->token == TOKEN_LEFT_PAREN &&
		  (is_token(before, TOKEN_IDENTIFIER) || is_token(before, TOKEN_SIZEOF));
	if (is_call || (layout->is_operand && (piece->token == TOKEN_LEFT_BRACKET || is_step(piece->token))))
		return false;
	is_behind_cast = is_token(before, TOKEN_RIGHT_PAREN) && !layout->is_operand;
	return is_blank_behind(layout, before) && !is_behind_cast;
}

/* A line break within a statement is kept behind a comma, and on either side of an operator. */
static bool keeps_break(const struct layout *layout, const struct piece *piece)
{
	const struct piece *before = layout->before;

	if (!piece->newlines || piece->kind != PIECE_TOKEN || before->kind != PIECE_TOKEN || layout->depth == 0)
		return false;
	if (is_token(piece, TOKEN_RIGHT_PAREN) || is_token(piece, TOKEN_SEMICOLON) || is_token(piece, TOKEN_COMMA))
		return false;
	return is_token(before, TOKEN_COMMA) || is_token(before, TOKEN_LEFT_PAREN) ||
	       is_token(before, TOKEN_QUESTION) || is_token(before, TOKEN_COLON) || is_token(piece, TOKEN_QUESTION) ||
	       is_token(piece, TOKEN_COLON) || (is_operator(before->token) && !layout->is_prefix) ||
	       (is_operator(piece->token) && layout->is_operand);
}

static enum gap gap_before(struct layout *layout, const struct piece *piece)
{
	enum gap gap;

	if (!layout->before)
		return GAP_NONE;
	if (is_token(layout->before, TOKEN_RIGHT_BRACE) && !is_comment(piece) && !is_token(piece, TOKEN_RIGHT_BRACE))
		return gap_behind_brace(layout, piece);
	gap = structural_gap(layout, piece);
	if (gap != GAP_NONE)
		return gap;
	if (keeps_break(layout, piece))
		return GAP_CONTINUATION;
	return has_blank(layout, piece) || would_merge(layout, piece) ? GAP_BLANK : GAP_NONE;
}

/* ---- Writing ------------------------------------------------------------------------------------------------------
 */

static void write_gap(struct layout *layout, enum gap gap, unsigned depth)
{
	switch (gap) {
	case GAP_NONE:
		break;
	case GAP_BLANK:
		strbuf_add_char(layout->out, ' ');
		break;
	case GAP_PARAGRAPH:
		strbuf_add_char(layout->out, '\n');
		/* fall through */
	case GAP_LINE:
		strbuf_add_char(layout->out, '\n');
		strbuf_add_repeated(layout->out, '\t', depth);
		break;
	case GAP_CONTINUATION:
		strbuf_add_char(layout->out, '\n');
		strbuf_add_repeated(layout->out, '\t', depth + 1);
		break;
	}
}

static void open_bracket(struct layout *layout, const struct piece *piece)
{
	bool cast = is_token(piece, TOKEN_LEFT_PAREN) && is_cast(layout, piece);

	layout->bracket_count++;
	*bracket(layout) = (struct bracket){.is_cast = cast};
}

static void begin_statement(struct layout *layout)
{
	layout->statement = TOKEN_END;
	layout->bracket_count = 0;
	*bracket(layout) = (struct bracket){.is_cast = false};
}

/* Brackets, and where statements begin and end. */
static void note_structure(struct layout *layout, const struct piece *piece)
{
	enum token_kind kind = piece->token;

	if (kind == TOKEN_LEFT_BRACE || kind == TOKEN_RIGHT_BRACE) {
		layout->depth += kind == TOKEN_LEFT_BRACE;
		layout->depth -= kind == TOKEN_RIGHT_BRACE && layout->depth > 0;
		begin_statement(layout);
	} else if (kind == TOKEN_SEMICOLON && layout->bracket_count == 0) {
		begin_statement(layout);
	} else if (kind == TOKEN_LEFT_PAREN || kind == TOKEN_LEFT_BRACKET) {
		open_bracket(layout, piece);
	} else if (kind == TOKEN_RIGHT_PAREN || kind == TOKEN_RIGHT_BRACKET) {
		layout->bracket_count -= layout->bracket_count > 0;
	} else if (kind == TOKEN_QUESTION) {
		bracket(layout)->questions++;
	} else if (kind == TOKEN_COLON) {
		bracket(layout)->questions -= bracket(layout)->questions > 0;
	} else if (kind == TOKEN_FOR || (kind == TOKEN_ASSIGN && layout->depth == 0)) {
		layout->statement = kind; /* config = */
	}
}

/* What has to be known of a token for those behind it. */
static void note_token(struct layout *layout, const struct piece *piece)
{
	bool was_operand = layout->is_operand;
	bool closes_cast = piece->token == TOKEN_RIGHT_PAREN && bracket(layout)->is_cast;
	bool is_operand = has_trait(piece->token, ENDS_OPERAND) || (is_step(piece->token) && was_operand) ||
			  (piece->token == TOKEN_RIGHT_PAREN && !closes_cast);

	note_structure(layout, piece);
	layout->is_prefix = has_trait(piece->token, MAY_BE_PREFIX) && !was_operand;
	layout->is_operand = is_operand;
}

static void write_piece(struct layout *layout, const struct piece *piece)
{
	bool closes = is_token(piece, TOKEN_RIGHT_BRACE);
	unsigned depth = layout->depth - (closes && layout->depth > 0);

	write_gap(layout, gap_before(layout, piece), depth);
	strbuf_add(layout->out, piece_text(layout->list, piece), piece_length(piece));
	if (piece->kind == PIECE_TOKEN)
		note_token(layout, piece);
	else if (!is_comment(piece))
		layout->is_operand = layout->is_prefix = false;
	if (!is_comment(piece)) {
		layout->is_block_new = is_token(piece, TOKEN_LEFT_BRACE);
		layout->is_clause_over = closes && layout->depth == 0;
	} else if (piece->newlines) {
		layout->is_clause_over = false;
	}
	if (piece->kind == PIECE_PREDICATE_START)
		layout->is_prefix = true; /* nothing between it and what it precedes */
	layout->before = piece;
}

/* ---- The whole ----------------------------------------------------------------------------------------------------
 */

static bool are_same(const struct piece_list *a, const struct piece_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct piece *left = &a->pieces[i], *right = &b->pieces[i];

		if (left->kind != right->kind || left->token != right->token ||
		    piece_length(left) != piece_length(right) ||
		    memcmp(piece_text(a, left), piece_text(b, right), piece_length(left)) != 0)
			return false;
	}
	return true;
}

/* Reads TEXT, which came out, and compares it with LIST, which went in. */
static bool is_unchanged(const struct piece_list *list, const struct parser_options *options, const struct strbuf *text,
			 struct diag_list *diagnostics)
{
	const struct source source = {.name = list->source->name, .text = strbuf_text(text), .size = text->length};
	struct diag_list nobody = {.source = &source};
	struct piece_list again;
	bool is_same = piece_list_init(&again, &source, options, &nobody) && are_same(list, &again);

	diagnostics->arena.failed |= nobody.arena.failed;
	piece_list_deinit(&again);
	diag_list_deinit(&nobody);
	return is_same;
}

bool layout_source(const struct source *source, const struct parser_options *options, struct diag_list *diagnostics,
		   struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct layout layout = {.out = &text, .statement = TOKEN_END};
	struct piece_list list;
	bool is_right = piece_list_init(&list, source, options, diagnostics);

	layout.list = &list;
	for (size_t i = 0; is_right && i < list.count; i++)
		write_piece(&layout, &list.pieces[i]);
	if (list.count)
		strbuf_add_char(&text, '\n');
	diagnostics->arena.failed |= text.failed;
	if (is_right && !is_unchanged(&list, options, &text, diagnostics)) {
		diag_error_anywhere(diagnostics, "%s cannot be laid out without changing what it means", source->name);
		is_right = false;
	}
	piece_list_deinit(&list);
	if (is_right)
		strbuf_add(out, strbuf_text(&text), text.length);
	return is_right;
}

struct usdtrap_error *lang_format(const char *text, size_t size, const struct lang_options *options,
				  struct strbuf *diagnostics, struct strbuf *out)
{
	const struct diag_style style = {.has_colour = options->colour, .is_quiet = options->no_warnings};
	const struct source source = {.name = options->name, .text = text, .size = size};
	struct parser_options parser_options = parser_options_of(options);
	struct diag_list list = {.source = &source};
	bool is_right = false, has_failed;

	/* An import is laid out as it stands. */
	parser_options.may_import = false;

	if (size > DIAG_SOURCE_MAX)
		diag_error_anywhere(&list, "%s is larger than %zu MiB", source.name, DIAG_SOURCE_MAX >> 20);
	else
		is_right = layout_source(&source, &parser_options, &list, out);
	has_failed = list.arena.failed || out->failed;
	diag_render(&list, &style, diagnostics);
	diag_list_deinit(&list);
	if (has_failed || diagnostics->failed)
		return &error_no_memory;
	return is_right ? NULL : error_create(USDTRAP_SCRIPT, "%s has errors", options->name);
}
