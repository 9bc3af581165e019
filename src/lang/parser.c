/* SPDX-License-Identifier: MIT */
/*
 * Scripts, clauses, and what all of the parser shares:
 *
 *	script:    {config | map | macro | clause}
 *	config:    config = { {name = value ;} }
 *	map:       let @name = word ( expression ) ;
 *	macro:     macro word ( [parameter {, parameter}] ) block
 *	parameter: word | $name | @name
 *	clause:    probe {, probe} [/ expression /] block
 *
 * Blocks and what is in them: parser_statement.c. What bpftrace has beside this
 * is known by its first word and refused by name.
 *
 * After an error the parser goes on behind the next semicolon of the same
 * block, or behind the clause if the error is outside of its block, so that
 * one run reports all that is wrong.
 */
#include "lang/parser.h"

#include <string.h>

#include "lang/parser_internal.h"

/* ---- Tokens ----------------------------------------------------------------------------------------------------- */

void parser_advance(struct parser *parser)
{
	parser->last_end = parser->token.span.end;
	lexer_next(&parser->lexer, &parser->token);
}

enum token_kind parser_peek(const struct parser *parser, struct token *ret)
{
	struct lexer lexer = parser->lexer;

	lexer.diagnostics = NULL;
	lexer_next(&lexer, ret);
	return ret->kind;
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

/* Goes on behind the block of a clause whose head is wrong. */
static void skip_clause(struct parser *parser)
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
		skip_clause(parser);
		return NULL;
	}
	if (!parser_at(parser, TOKEN_LEFT_BRACE)) {
		parser_unexpected(parser, clause->predicate ? "{" : "{ or a predicate");
		skip_clause(parser);
		return NULL;
	}
	return parser_block(parser, &clause->body) ? clause : NULL;
}

/* ---- Config blocks ---------------------------------------------------------------------------------------------- */

static bool parse_setting(struct parser *parser, struct ast_setting **ret)
{
	struct ast_setting *setting = arena_allocate(parser->arena, sizeof(*setting));
	struct span value;

	if (!setting)
		return false;
	setting->name = parser->token.text;
	setting->span = parser->token.span;
	if (!parser_expect(parser, TOKEN_IDENTIFIER) || !parser_expect(parser, TOKEN_ASSIGN))
		return false;
	value = parser->token.span;
	if (parser_at(parser, TOKEN_IDENTIFIER) || parser_at(parser, TOKEN_STRING)) {
		setting->value = parser->token.text;
	} else if (parser_at(parser, TOKEN_INTEGER)) {
		setting->value =
			arena_copy(parser->arena, lexer_text_at(&parser->lexer, value), value.end - value.start);
	} else {
		parser_unexpected(parser, "a word, an integer or a string");
		return false;
	}
	setting->span = span_join(setting->span, value);
	parser_advance(parser);
	*ret = setting;
	return true;
}

/* config = { name = value; ... }. The word is the current token. */
static void parse_config(struct parser *parser, struct ast_setting ***link)
{
	parser_advance(parser);
	parser_advance(parser);
	if (!parser_expect(parser, TOKEN_LEFT_BRACE))
		return;
	while (!parser_at(parser, TOKEN_RIGHT_BRACE) && !parser_at(parser, TOKEN_END)) {
		struct ast_setting *setting;

		if (parser_accept(parser, TOKEN_SEMICOLON))
			continue;
		if (!parse_setting(parser, &setting)) {
			parser_skip_statement(parser);
			continue;
		}
		**link = setting;
		*link = &setting->next;
		if (!parser_at(parser, TOKEN_RIGHT_BRACE) && !parser_expect(parser, TOKEN_SEMICOLON))
			parser_skip_statement(parser);
	}
	parser_expect(parser, TOKEN_RIGHT_BRACE);
	parser_accept(parser, TOKEN_SEMICOLON);
}

/* ---- Declarations of maps --------------------------------------------------------------------------------------- */

static bool parse_map_declaration(struct parser *parser, struct ast_map_declaration *declaration)
{
	declaration->span = parser->token.span;
	parser_advance(parser);
	declaration->name = parser->token.text;
	declaration->name_span = parser->token.span;
	if (!parser_expect(parser, TOKEN_MAP) || !parser_expect(parser, TOKEN_ASSIGN))
		return false;
	declaration->kind = parser->token.text;
	declaration->kind_span = parser->token.span;
	if (!parser_expect(parser, TOKEN_IDENTIFIER) || !parser_expect(parser, TOKEN_LEFT_PAREN))
		return false;
	declaration->limit = parser_expression(parser);
	if (!declaration->limit || !parser_expect(parser, TOKEN_RIGHT_PAREN))
		return false;
	declaration->span.end = parser->last_end;
	return parser_expect(parser, TOKEN_SEMICOLON);
}

/* let @name = kind(limit); at the top of the script. */
static void parse_map_let(struct parser *parser, struct ast_map_declaration ***link)
{
	struct ast_map_declaration *declaration = arena_allocate(parser->arena, sizeof(*declaration));

	if (!declaration)
		return;
	if (!parse_map_declaration(parser, declaration)) {
		parser_skip_statement(parser);
		return;
	}
	**link = declaration;
	*link = &declaration->next;
}

/* ---- Macros ----------------------------------------------------------------------------------------------------- */

#define MACRO_PARAMETERS_MAX 64

/* name, $name or @name. */
static bool parse_macro_parameter(struct parser *parser, struct ast_macro_parameter *parameter)
{
	parameter->name = parser->token.text;
	parameter->span = parser->token.span;
	if (parser_at(parser, TOKEN_VARIABLE))
		parameter->kind = AST_PARAMETER_VARIABLE;
	else if (parser_at(parser, TOKEN_MAP))
		parameter->kind = AST_PARAMETER_MAP;
	else if (!parser_at(parser, TOKEN_IDENTIFIER)) {
		parser_unexpected(parser, "a name, $name or @name");
		return false;
	}
	parser_advance(parser);
	return true;
}

static bool parse_macro_parameters(struct parser *parser, struct ast_macro *macro)
{
	struct ast_macro_parameter parameters[MACRO_PARAMETERS_MAX];
	size_t count = 0;

	if (!parser_expect(parser, TOKEN_LEFT_PAREN))
		return false;
	while (!parser_at(parser, TOKEN_RIGHT_PAREN)) {
		if (count == MACRO_PARAMETERS_MAX) {
			diag_error(parser->diagnostics, parser->token.span, "macros take at most %d arguments",
				   MACRO_PARAMETERS_MAX);
			return false;
		}
		parameters[count] = (struct ast_macro_parameter){};
		if (!parse_macro_parameter(parser, &parameters[count++]))
			return false;
		if (!parser_accept(parser, TOKEN_COMMA) && !parser_at(parser, TOKEN_RIGHT_PAREN)) {
			parser_unexpected(parser, ", or )");
			return false;
		}
	}
	parser_advance(parser);
	macro->parameters = arena_allocate_array(parser->arena, count + 1, sizeof(parameters[0]));
	if (!macro->parameters)
		return false;
	memcpy(macro->parameters, parameters, count * sizeof(parameters[0]));
	macro->parameter_count = count;
	return true;
}

/* macro name(parameters) { statements [value] }. The first word is the current token. */
static bool parse_macro(struct parser *parser, struct ast_macro *macro)
{
	parser_advance(parser);
	macro->name = parser->token.text;
	macro->name_span = parser->token.span;
	if (!parser_expect(parser, TOKEN_IDENTIFIER) || !parse_macro_parameters(parser, macro))
		return false;
	macro->span = parser->token.span;
	if (!parser_at(parser, TOKEN_LEFT_BRACE)) {
		parser_unexpected(parser, "{");
		return false;
	}
	if (!parser_block(parser, &macro->body))
		return false;
	macro->span.end = parser->last_end;
	macro->value = parser_take_value(parser, &macro->body);
	return true;
}

static void parse_macro_definition(struct parser *parser, struct ast_macro ***link)
{
	struct ast_macro *macro = arena_allocate(parser->arena, sizeof(*macro));

	if (!macro)
		return;
	if (!parse_macro(parser, macro)) {
		skip_clause(parser);
		return;
	}
	**link = macro;
	*link = &macro->next;
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
	static const char *const c_words[] = {"struct", "union", "enum"};
	struct token next;

	if (parser_at(parser, TOKEN_IMPORT))
		return "import";
	if (!parser_at(parser, TOKEN_IDENTIFIER) || !parser->token.text)
		return NULL;
	parser_peek(parser, &next);
	if (next.kind != TOKEN_IDENTIFIER && next.kind != TOKEN_LEFT_BRACE)
		return NULL;
	for (size_t i = 0; i < sizeof(c_words) / sizeof(c_words[0]); i++) {
		if (strcmp(parser->token.text, c_words[i]) == 0)
			return "the definition of a struct, union or enum";
	}
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

static void parse_script(struct parser *parser, struct ast_program *program)
{
	struct ast_clause **clause_link = &program->clauses;
	struct ast_setting **setting_link = &program->settings;
	struct ast_map_declaration **map_link = &program->map_declarations;
	struct ast_macro **macro_link = &program->macros;

	while (!parser_at(parser, TOKEN_END) && !parser->arena->failed) {
		struct ast_clause *clause;
		const char *definition;

		if (parser_at(parser, TOKEN_PREPROCESSOR)) {
			parser_refuse(parser, parser->token.span, "the C preprocessor (#include, #define)");
			parser_advance(parser);
			continue;
		}
		if (at_config(parser)) {
			parse_config(parser, &setting_link);
			continue;
		}
		if (parser_at(parser, TOKEN_LET)) {
			parse_map_let(parser, &map_link);
			continue;
		}
		if (parser_at(parser, TOKEN_MACRO)) {
			parse_macro_definition(parser, &macro_link);
			continue;
		}
		definition = definition_at(parser);
		if (definition) {
			parser_refuse(parser, parser->token.span, definition);
			skip_definition(parser);
			continue;
		}
		clause = parse_clause(parser);
		if (clause) {
			*clause_link = clause;
			clause_link = &clause->next;
		}
	}
}

bool parser_parse(const struct source *source, struct ast_program *program, struct diag_list *diagnostics)
{
	struct parser parser = {.arena = &program->arena, .diagnostics = diagnostics};

	diagnostics->source = source;
	program->source = source;
	if (source->size > DIAG_SOURCE_MAX) {
		diag_error_anywhere(diagnostics, "the script is too large: more than %zu bytes", DIAG_SOURCE_MAX);
		return false;
	}
	lexer_init(&parser.lexer, source, &program->arena, diagnostics);
	parser_advance(&parser);
	if (parser_at(&parser, TOKEN_END) && diagnostics->error_count == 0)
		diag_error(diagnostics, parser.token.span, "syntax error, unexpected end of file, expecting a probe");
	parse_script(&parser, program);
	return diagnostics->error_count == 0 && !diagnostics->arena.failed && !program->arena.failed;
}
