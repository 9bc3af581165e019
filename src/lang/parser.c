/* SPDX-License-Identifier: MIT */
/*
 * Scripts, clauses, and what all of the parser shares:
 *
 *	script: {config | map | macro | import | clause}
 *	clause: probe {, probe} [/ expression /] block
 *
 * All but the clauses: parser_definition.c. Blocks and what is in them:
 * parser_statement.c. What bpftrace has beside this is known by its first word
 * and refused by name.
 *
 * After an error the parser goes on behind the next semicolon of the same
 * block, or behind the clause if the error is outside of its block, so that
 * one run reports all that is wrong.
 */
#include "lang/parser.h"

#include <string.h>

#include "lang/c_macro.h"
#include "lang/c_parser.h"
#include "lang/import.h"
#include "lang/parser_internal.h"

/* ---- Tokens ----------------------------------------------------------------------------------------------------- */

/* The next token. Lines that begin with # are obeyed on the way, and uses of macros replaced. */
static void read_token(struct parser *parser)
{
	do {
		if (parser->pending_count) {
			parser->token = *parser->pending++;
			parser->pending_count--;
			return;
		}
		lexer_next(&parser->lexer, &parser->token);
		while (parser_at(parser, TOKEN_PREPROCESSOR)) {
			if (!parser->is_ahead)
				c_directive(parser);
			lexer_next(&parser->lexer, &parser->token);
		}
	} while (!parser->is_header && c_macro_expand(parser));
}

void parser_advance(struct parser *parser)
{
	parser->last_end = parser->token.span.end;
	read_token(parser);
}

enum token_kind parser_peek(const struct parser *parser, struct token *ret)
{
	struct parser ahead = *parser;

	parser_set_ahead(&ahead);
	parser_advance(&ahead);
	*ret = ahead.token;
	return ret->kind;
}

void parser_read_again(struct parser *parser)
{
	parser->pending_count = 0;
	lexer_go_back(&parser->lexer, &parser->token);
	read_token(parser);
}

void parser_set_ahead(struct parser *parser)
{
	parser->lexer.diagnostics = NULL;
	parser->is_ahead = true;
}

bool parser_at(const struct parser *parser, enum token_kind kind)
{
	return parser->token.kind == kind;
}

bool parser_accept(struct parser *parser, enum token_kind kind)
{
	if (!parser_at(parser, kind))
		return false;
	parser_advance(parser);
	return true;
}

void parser_unexpected(struct parser *parser, const char *expected)
{
	diag_error(parser->diagnostics, parser->token.span, "syntax error, unexpected %s, expecting %s",
		   lexer_token_name(parser->token.kind), expected);
}

bool parser_expect(struct parser *parser, enum token_kind kind)
{
	if (parser_accept(parser, kind))
		return true;
	parser_unexpected(parser, lexer_token_name(kind));
	return false;
}

void parser_refuse(struct parser *parser, struct span span, const char *what)
{
	diag_error(parser->diagnostics, span, "%s is not supported yet", what);
}

bool parser_enter(struct parser *parser)
{
	if (parser->depth >= AST_DEPTH_MAX) {
		diag_error(parser->diagnostics, parser->token.span, "nested too deeply: more than %d levels",
			   AST_DEPTH_MAX);
		return false;
	}
	parser->depth++;
	return true;
}

void parser_leave(struct parser *parser)
{
	parser->depth--;
}

/* How the current token changes the nesting of braces. */
static int brace_step(const struct parser *parser)
{
	if (parser_at(parser, TOKEN_LEFT_BRACE))
		return 1;
	return parser_at(parser, TOKEN_RIGHT_BRACE) ? -1 : 0;
}

void parser_skip_nested(struct parser *parser)
{
	int depth = 0;

	while (!parser_at(parser, TOKEN_END)) {
		depth += brace_step(parser);
		parser_advance(parser);
		if (depth <= 0)
			return;
	}
}

void parser_skip_statement(struct parser *parser)
{
	int depth = 0;
	int step;

	while (!parser_at(parser, TOKEN_END)) {
		if (depth == 0 && (parser_at(parser, TOKEN_SEMICOLON) || parser_at(parser, TOKEN_RIGHT_BRACE)))
			break;
		step = brace_step(parser);
		depth += step;
		parser_advance(parser);
		if (step < 0 && depth == 0)
			break;
	}
	parser_accept(parser, TOKEN_SEMICOLON);
}

/* ---- Clauses ---------------------------------------------------------------------------------------------------- */

/* Reads the attach points, which stand where the current token begins, up to what follows them. */
static bool parse_attach_points(struct parser *parser, struct ast_clause *clause)
{
	struct ast_attach_point **link = &clause->attach_points;

	/* As it was written: macros have no part in it. */
	parser->pending_count = 0;
	lexer_go_back(&parser->lexer, &parser->token);
	do {
		struct span span = lexer_attach_point(&parser->lexer);
		struct ast_attach_point *point;

		if (span.start == span.end) {
			parser_advance(parser);
			parser_unexpected(parser, "a probe");
			return false;
		}
		point = arena_allocate(parser->arena, sizeof(*point));
		if (!point)
			return false;
		point->span = span;
		point->text = arena_copy(parser->arena, lexer_text_at(&parser->lexer, span), span.end - span.start);
		if (!point->text)
			return false;
		*link = point;
		link = &point->next;
		clause->span.end = span.end;
		/* Not parser_advance(): behind a comma another attach point follows, which is no token. */
		lexer_next(&parser->lexer, &parser->token);
	} while (parser_at(parser, TOKEN_COMMA));
	return true;
}

static bool parse_predicate(struct parser *parser, struct ast_clause *clause)
{
	if (!parser_accept(parser, TOKEN_SLASH))
		return true;
	parser->in_predicate = true;
	clause->predicate = parser_expression(parser);
	parser->in_predicate = false;
	return clause->predicate && parser_expect(parser, TOKEN_SLASH);
}

void parser_skip_clause(struct parser *parser)
{
	while (!parser_at(parser, TOKEN_LEFT_BRACE) && !parser_at(parser, TOKEN_RIGHT_BRACE) &&
	       !parser_at(parser, TOKEN_END))
		parser_advance(parser);
	parser_skip_nested(parser);
}

static struct ast_clause *parse_clause(struct parser *parser)
{
	struct ast_clause *clause = arena_allocate(parser->arena, sizeof(*clause));

	if (!clause)
		return NULL;
	clause->span = parser->token.span;
	if (!parse_attach_points(parser, clause) || !parse_predicate(parser, clause)) {
		parser_skip_clause(parser);
		return NULL;
	}
	if (!parser_at(parser, TOKEN_LEFT_BRACE)) {
		parser_unexpected(parser, clause->predicate ? "{" : "{ or a predicate");
		parser_skip_clause(parser);
		return NULL;
	}
	return parser_block(parser, &clause->body) ? clause : NULL;
}

/* ---- Scripts ---------------------------------------------------------------------------------------------------- */

/* Steps behind the next semicolon or block, whichever comes first. */
static void skip_definition(struct parser *parser)
{
	while (!parser_at(parser, TOKEN_END)) {
		if (parser_accept(parser, TOKEN_SEMICOLON))
			return;
		if (parser_at(parser, TOKEN_LEFT_BRACE)) {
			parser_skip_nested(parser);
			parser_accept(parser, TOKEN_SEMICOLON);
			return;
		}
		parser_advance(parser);
	}
}

/* What of the top level, other than clauses and config blocks, begins here; NULL: nothing. */
static const char *definition_at(const struct parser *parser)
{
	struct token next;

	if (!parser_at(parser, TOKEN_IDENTIFIER) || !parser->token.text)
		return NULL;
	parser_peek(parser, &next);
	if (strcmp(parser->token.text, "fn") == 0 && next.kind == TOKEN_IDENTIFIER)
		return "fn";
	return NULL;
}

static bool at_config(const struct parser *parser)
{
	struct token next;

	return parser_at(parser, TOKEN_IDENTIFIER) && parser->token.text && strcmp(parser->token.text, "config") == 0 &&
	       parser_peek(parser, &next) == TOKEN_ASSIGN;
}

/* struct, union, enum and typedef, with the name or the body that tells them from a probe. */
static bool at_c_declaration(const struct parser *parser)
{
	struct token next;

	return c_at_declaration(parser) && (parser_peek(parser, &next) == TOKEN_IDENTIFIER ||
					    next.kind == TOKEN_LEFT_BRACE || next.kind == TOKEN_LEFT_PAREN);
}

/* A declaration in C, whose words are other ones. */
static void parse_c_declaration(struct parser *parser)
{
	const struct parser start = *parser;

	parser->lexer.is_c = true;
	if (!c_parse_declaration(parser)) {
		/* What is wrong may be deep within. */
		*parser = start;
		parser->lexer.diagnostics = NULL;
		skip_definition(parser);
		parser->lexer.diagnostics = start.lexer.diagnostics;
	}
	parser->lexer.is_c = false;
	/* The token behind it was still read as C. */
	parser_read_again(parser);
}

/* Whatever begins at the current token. */
static void parse_item(struct parser *parser)
{
	const char *definition = definition_at(parser);
	struct ast_clause *clause;

	if (at_config(parser)) {
		parser_config(parser);
	} else if (parser_at(parser, TOKEN_IMPORT)) {
		parser_import(parser);
	} else if (parser_at(parser, TOKEN_LET)) {
		parser_map_declaration(parser);
	} else if (parser_at(parser, TOKEN_MACRO)) {
		parser_macro(parser);
	} else if (at_c_declaration(parser)) {
		parse_c_declaration(parser);
	} else if (definition) {
		parser_refuse(parser, parser->token.span, definition);
		skip_definition(parser);
	} else {
		clause = parse_clause(parser);
		if (!clause)
			return;
		*parser->links->clause = clause;
		parser->links->clause = &clause->next;
	}
}

void parser_script(struct parser *parser, const struct source *source)
{
	lexer_init(&parser->lexer, source, parser->arena, parser->diagnostics);
	parser->token = (struct token){};
	parser_advance(parser);
	while (!parser_at(parser, TOKEN_END) && !parser->arena->failed)
		parse_item(parser);
	c_directive_end(parser);
}

/* What --include names, as if the script began with it. */
static void include_files(struct parser *parser)
{
	for (size_t i = 0; i < parser->options->include_file_count; i++) {
		const char *directive =
			arena_printf(parser->arena, "#include \"%s\"", parser->options->include_files[i]);

		if (directive)
			c_header_include(parser, directive, (struct span){});
	}
}

struct parser_options parser_options_of(const struct lang_options *options)
{
	return (struct parser_options){
		.may_import = options->may_import,
		.preprocess = options->preprocess,
		.include_directories = options->include_directories.items,
		.include_directory_count = options->include_directories.count,
		.include_files = options->include_files.items,
		.include_file_count = options->include_files.count,
	};
}

bool parser_parse(struct source *source, const struct parser_options *options, struct ast_program *program,
		  struct diag_list *diagnostics)
{
	static const struct parser_options no_options;
	struct parser_links links = {
		.setting = &program->settings,
		.map_declaration = &program->map_declarations,
		.macro = &program->macros,
		.clause = &program->clauses,
		.source = &source->next,
	};
	struct parser_headers headers = {};
	struct parser parser = {
		.options = options ? options : &no_options,
		.program = program,
		.links = &links,
		.arena = &program->arena,
		.diagnostics = diagnostics,
		.names = &program->names,
		.headers = &headers,
	};

	diagnostics->source = source;
	program->source = source;
	if (source->size > DIAG_SOURCE_MAX) {
		diag_error_anywhere(diagnostics, "the script is too large: more than %zu bytes", DIAG_SOURCE_MAX);
		return false;
	}
	import_begin(&parser, source);
	include_files(&parser);
	parser_script(&parser, source);
	program->arena.failed |= headers.lines.failed;
	strbuf_deinit(&headers.lines);
	/* Nothing at all: the current token is still the first. */
	if (diagnostics->error_count == 0 && parser.last_end == 0 && !source->next)
		diag_error(diagnostics, parser.token.span, "syntax error, unexpected end of file, expecting a probe");
	return diagnostics->error_count == 0 && !diagnostics->arena.failed && !program->arena.failed;
}
