/* SPDX-License-Identifier: MIT */
#include "lang/layout_pieces.h"

#include <stdlib.h>
#include <string.h>

#include "lang/ast.h"
#include "lang/parser.h"

/* Goes through a source: tokens from the lexer, attach points from the tree, comments from between them. */
struct collector {
	struct piece_list *list;
	struct lexer lexer;
	const struct ast_clause *clause; /* whose attach points come next */
	const struct ast_attach_point *point;
	uint32_t position; /* what is in front of it has been collected */
	size_t capacity;
	unsigned depth; /* of braces */
	bool has_failed;
};

static void add(struct collector *collector, enum piece_kind kind, enum token_kind token, struct span span,
		unsigned newlines)
{
	struct piece_list *list = collector->list;

	if (list->count == collector->capacity) {
		size_t capacity = collector->capacity ? 2 * collector->capacity : 256;
		struct piece *grown = reallocarray(list->pieces, capacity, sizeof(*grown));

		if (!grown) {
			collector->has_failed = true;
			return;
		}
		list->pieces = grown;
		collector->capacity = capacity;
	}
	list->pieces[list->count++] = (struct piece){kind, token, span, newlines};
	collector->position = span.end;
}

/* The comment that begins at START, without blanks at its end. */
static struct span comment_at(const struct source *source, uint32_t start, uint32_t end, bool is_block)
{
	const char *text = source->text;
	uint32_t stop = start + 2;

	while (stop < end && (is_block ? memcmp(text + stop, "*/", 2) != 0 : text[stop] != '\n'))
		stop++;
	if (is_block)
		return (struct span){start, stop + 2};
	while (text[stop - 1] == ' ' || text[stop - 1] == '\t' || text[stop - 1] == '\r')
		stop--;
	return (struct span){start, stop};
}

/* Adds the comments up to END. Returns the line breaks behind the last one. */
static unsigned add_comments(struct collector *collector, uint32_t end)
{
	const struct source *source = collector->list->source;
	uint32_t position = collector->position;
	unsigned newlines = 0;

	while (position < end) {
		if (source->text[position] == '/') {
			bool is_block = source->text[position + 1] == '*';
			struct span span = comment_at(source, position, end, is_block);

			add(collector, is_block ? PIECE_BLOCK_COMMENT : PIECE_LINE_COMMENT, TOKEN_END, span, newlines);
			position = span.end;
			newlines = 0;
			continue;
		}
		newlines += source->text[position] == '\n';
		position++;
	}
	return newlines;
}

/* Where the next attach point begins; UINT32_MAX: there is none left. */
static uint32_t next_point(const struct collector *collector)
{
	return collector->point ? collector->point->span.start : UINT32_MAX;
}

static void step_point(struct collector *collector)
{
	collector->point = collector->point->next;
	while (!collector->point && collector->clause->next) {
		collector->clause = collector->clause->next;
		collector->point = collector->clause->attach_points;
	}
}

/* struct, union, enum and typedef outside of clauses: to their semicolon, braces counted. */
static bool starts_definition(const struct collector *collector, const struct token *token)
{
	static const char *const words[] = {"struct", "union", "enum", "typedef"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (collector->depth == 0 && token->kind == TOKEN_IDENTIFIER && strcmp(token->text, words[i]) == 0)
			return true;
	}
	return false;
}

static bool is_attribute(const struct token *token)
{
	return token->kind == TOKEN_IDENTIFIER && strncmp(token->text, "__attribute", strlen("__attribute")) == 0;
}

static void add_definition(struct collector *collector, struct token token, unsigned newlines)
{
	bool is_typedef = strcmp(token.text, "typedef") == 0;
	struct span span = token.span;
	unsigned depth = 0;

	for (; token.kind != TOKEN_END; lexer_next(&collector->lexer, &token)) {
		struct lexer behind = collector->lexer;
		struct token next;

		depth += token.kind == TOKEN_LEFT_BRACE;
		depth -= token.kind == TOKEN_RIGHT_BRACE && depth > 0;
		span.end = token.span.end;
		if (depth == 0 && token.kind == TOKEN_SEMICOLON)
			break;
		/* The semicolon behind a closing brace, and behind attributes, may be left out. */
		lexer_next(&behind, &next);
		if (depth == 0 && token.kind == TOKEN_RIGHT_BRACE && !is_typedef && next.kind != TOKEN_SEMICOLON &&
		    !is_attribute(&next))
			break;
	}
	add(collector, PIECE_DEFINITION, TOKEN_END, span, newlines);
}

static void add_token(struct collector *collector, const struct token *token, unsigned newlines)
{
	enum piece_kind kind = token->kind == TOKEN_PREPROCESSOR ? PIECE_WHOLE_LINE : PIECE_TOKEN;

	collector->depth += token->kind == TOKEN_LEFT_BRACE;
	collector->depth -= token->kind == TOKEN_RIGHT_BRACE && collector->depth > 0;
	add(collector, kind, token->kind, token->span, newlines);
}

/* Whatever begins at the next token. False at the end. */
static bool collect(struct collector *collector)
{
	struct lexer ahead = collector->lexer;
	struct token token;
	unsigned newlines;

	/* An attach point may look like anything, so the lexer is not to be asked for one. */
	lexer_next(&ahead, &token);
	if (token.span.start >= next_point(collector)) {
		newlines = add_comments(collector, next_point(collector));
		add(collector, PIECE_ATTACH_POINT, TOKEN_END, collector->point->span, newlines);
		collector->lexer.position = collector->point->span.end;
		step_point(collector);
		return !collector->has_failed;
	}
	collector->lexer = ahead;
	newlines = add_comments(collector,
				token.kind == TOKEN_END ? (uint32_t)collector->list->source->size : token.span.start);
	if (token.kind == TOKEN_END)
		return false;
	if (starts_definition(collector, &token))
		add_definition(collector, token, newlines);
	else
		add_token(collector, &token, newlines);
	return !collector->has_failed;
}

/* A slash behind an attach point begins a predicate; the last one in front of a brace ends it. */
static void mark_predicates(struct piece_list *list)
{
	struct piece *start = NULL, *last = NULL;
	bool is_behind_point = false;

	for (size_t i = 0; i < list->count; i++) {
		struct piece *piece = &list->pieces[i];

		if (piece->kind == PIECE_LINE_COMMENT || piece->kind == PIECE_BLOCK_COMMENT)
			continue;
		if (piece->kind == PIECE_TOKEN && piece->token == TOKEN_SLASH) {
			if (is_behind_point)
				start = piece;
			else
				last = piece;
		} else if (piece->kind == PIECE_TOKEN && piece->token == TOKEN_LEFT_BRACE && start && last) {
			start->kind = PIECE_PREDICATE_START;
			last->kind = PIECE_PREDICATE_END;
			start = last = NULL;
		}
		is_behind_point = piece->kind == PIECE_ATTACH_POINT;
	}
}

bool piece_list_init(struct piece_list *list, const struct source *source, const struct parser_options *options,
		     struct diag_list *diagnostics)
{
	struct collector collector = {.list = list};
	struct source parsed = *source;
	struct ast_program program = {0};
	bool is_right;

	*list = (struct piece_list){.source = source};
	is_right = parser_parse(&parsed, options, &program, diagnostics);
	diagnostics->source = source;
	if (is_right) {
		lexer_init(&collector.lexer, source, &list->arena, NULL);
		collector.clause = program.clauses;
		collector.point = collector.clause ? collector.clause->attach_points : NULL;
		/* The lexer begins behind the line that names the interpreter. */
		if (collector.lexer.position > 0)
			add(&collector, PIECE_WHOLE_LINE, TOKEN_END, (struct span){0, collector.lexer.position}, 0);
		while (collect(&collector))
			;
		mark_predicates(list);
	}
	diagnostics->arena.failed |= collector.has_failed || list->arena.failed;
	ast_program_deinit(&program);
	return is_right && !diagnostics->arena.failed;
}

void piece_list_deinit(struct piece_list *list)
{
	free(list->pieces);
	arena_deinit(&list->arena);
}

const char *piece_text(const struct piece_list *list, const struct piece *piece)
{
	return list->source->text + piece->span.start;
}

size_t piece_length(const struct piece *piece)
{
	return piece->span.end - piece->span.start;
}
