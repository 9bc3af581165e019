/* SPDX-License-Identifier: MIT */
/*
 * Scripts, clauses, statements:
 *
 *	script:    {config} {clause}
 *	config:    config = { {name = value ;} }
 *	clause:    probe {, probe} [/ expression /] block
 *	block:     { {statement} }
 *	statement: if expression block [else (block | if ...)]
 *	         | while expression block | unroll expression block
 *	         | block | break | continue | return
 *	         | let $name [: type] [= expression] | _ = expression | expression
 *
 * Statements end with a semicolon, which may be left out before a closing
 * brace and behind one. What bpftrace has beside this is known by its first
 * word and refused by name.
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

/* Goes on behind the next semicolon or block within this block, or at its closing brace. */
static void skip_statement(struct parser *parser)
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

/* ---- Statements ------------------------------------------------------------------------------------------------- */

static bool parse_block(struct parser *parser, struct ast_statement **ret);
static struct ast_statement *parse_statement(struct parser *parser);

static struct ast_statement *new_statement(struct parser *parser, enum ast_statement_kind kind)
{
	struct ast_statement *statement = arena_allocate(parser->arena, sizeof(*statement));

	if (!statement)
		return NULL;
	statement->kind = kind;
	statement->span = parser->token.span;
	return statement;
}

static bool parse_else(struct parser *parser, struct ast_statement **ret)
{
	if (!parser_accept(parser, TOKEN_ELSE))
		return true;
	if (!parser_at(parser, TOKEN_IF))
		return parse_block(parser, ret);
	/* parse_statement() counts the nesting: a long chain of else if is a deep tree. */
	*ret = parse_statement(parser);
	return *ret != NULL;
}

static bool parse_if(struct parser *parser, struct ast_statement *statement)
{
	parser_advance(parser);
	statement->condition.condition = parser_expression(parser);
	return statement->condition.condition && parse_block(parser, &statement->condition.yes) &&
	       parse_else(parser, &statement->condition.no);
}

static bool parse_while(struct parser *parser, struct ast_statement *statement)
{
	parser_advance(parser);
	statement->loop.condition = parser_expression(parser);
	return statement->loop.condition && parse_block(parser, &statement->loop.body);
}

static bool parse_unroll(struct parser *parser, struct ast_statement *statement)
{
	parser_advance(parser);
	statement->unroll.count_expression = parser_expression(parser);
	return statement->unroll.count_expression && parse_block(parser, &statement->unroll.body);
}

static bool parse_let(struct parser *parser, struct ast_statement *statement)
{
	parser_advance(parser);
	statement->let.name = parser->token.text;
	statement->let.name_span = parser->token.span;
	if (!parser_expect(parser, TOKEN_VARIABLE))
		return false;
	if (parser_accept(parser, TOKEN_COLON)) {
		statement->let.type = parser_type(parser);
		if (!statement->let.type)
			return false;
	}
	if (parser_accept(parser, TOKEN_ASSIGN)) {
		statement->let.value = parser_expression(parser);
		if (!statement->let.value)
			return false;
	}
	return true;
}

/* An expression, or _ = expression. */
static bool parse_expression_statement(struct parser *parser, struct ast_statement *statement)
{
	struct token next;

	if (parser_at(parser, TOKEN_IDENTIFIER) && parser->token.length == 1 && parser->token.text[0] == '_' &&
	    parser_peek(parser, &next) == TOKEN_ASSIGN) {
		parser_advance(parser);
		parser_advance(parser);
		statement->expression.is_discard = true;
	}
	statement->expression.value = parser_expression(parser);
	return statement->expression.value != NULL;
}

static bool parse_return(struct parser *parser)
{
	struct span value_start;

	parser_advance(parser);
	if (parser_at(parser, TOKEN_SEMICOLON) || parser_at(parser, TOKEN_RIGHT_BRACE))
		return true;
	value_start = parser->token.span;
	if (!parser_expression(parser))
		return false;
	parser_refuse(parser, (struct span){value_start.start, parser->last_end}, "return with a value");
	return false;
}

/* The kind of the statement that begins at the current token. */
static enum ast_statement_kind statement_kind(const struct parser *parser)
{
	static const struct {
		enum token_kind token;
		enum ast_statement_kind kind;
	} starts[] = {
		{TOKEN_IF, AST_IF},
		{TOKEN_WHILE, AST_WHILE},
		{TOKEN_UNROLL, AST_UNROLL},
		{TOKEN_LEFT_BRACE, AST_BLOCK},
		{TOKEN_LET, AST_LET},
		{TOKEN_BREAK, AST_BREAK},
		{TOKEN_CONTINUE, AST_CONTINUE},
		{TOKEN_RETURN, AST_RETURN},
	};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (parser_at(parser, starts[i].token))
			return starts[i].kind;
	}
	return AST_EXPRESSION;
}

static bool parse_statement_kind(struct parser *parser, struct ast_statement *statement)
{
	switch (statement->kind) {
	case AST_IF:
		return parse_if(parser, statement);
	case AST_WHILE:
		return parse_while(parser, statement);
	case AST_UNROLL:
		return parse_unroll(parser, statement);
	case AST_BLOCK:
		return parse_block(parser, &statement->block);
	case AST_LET:
		return parse_let(parser, statement);
	case AST_BREAK:
	case AST_CONTINUE:
		parser_advance(parser);
		return true;
	case AST_RETURN:
		return parse_return(parser);
	case AST_EXPRESSION:
		return parse_expression_statement(parser, statement);
	}
	return false;
}

static struct ast_statement *parse_statement(struct parser *parser)
{
	struct ast_statement *statement;
	bool is_good;

	if (parser_at(parser, TOKEN_FOR)) {
		parser_refuse(parser, parser->token.span, "for");
		return NULL;
	}
	statement = new_statement(parser, statement_kind(parser));
	if (!statement || !parser_enter(parser))
		return NULL;
	is_good = parse_statement_kind(parser, statement);
	parser_leave(parser);
	statement->span.end = parser->last_end;
	return is_good ? statement : NULL;
}

static bool ends_with_brace(const struct ast_statement *statement)
{
	return statement->kind == AST_IF || statement->kind == AST_WHILE || statement->kind == AST_UNROLL ||
	       statement->kind == AST_BLOCK;
}

/* What must stand behind a statement. */
static bool parse_separator(struct parser *parser, const struct ast_statement *statement)
{
	if (parser_accept(parser, TOKEN_SEMICOLON) || parser_at(parser, TOKEN_RIGHT_BRACE))
		return true;
	if (ends_with_brace(statement) && !parser_at(parser, TOKEN_END))
		return true;
	parser_unexpected(parser, parser_at(parser, TOKEN_END) ? "}" : "; or }");
	return false;
}

/*
 * { statements }. Errors within are overcome here, so that what follows the
 * block is still understood; false if it never began or never ended.
 */
static bool parse_block(struct parser *parser, struct ast_statement **ret)
{
	struct ast_statement **link = ret;
	bool is_complete;

	if (!parser_expect(parser, TOKEN_LEFT_BRACE))
		return false;
	while (!parser_at(parser, TOKEN_RIGHT_BRACE)) {
		size_t errors = parser->diagnostics->error_count;
		struct ast_statement *statement;

		if (parser_accept(parser, TOKEN_SEMICOLON))
			continue;
		if (parser_at(parser, TOKEN_END) || parser->arena->failed)
			break;
		statement = parse_statement(parser);
		if (statement) {
			*link = statement;
			link = &statement->next;
			if (parse_separator(parser, statement))
				continue;
		}
		if (parser_at(parser, TOKEN_END) && parser->diagnostics->error_count > errors)
			return false;
		skip_statement(parser);
	}
	is_complete = parser_expect(parser, TOKEN_RIGHT_BRACE);
	return is_complete;
}

/* ---- Clauses ---------------------------------------------------------------------------------------------------- */

/* Reads the attach points, which stand where the current token begins, up to what follows them. */
static bool parse_attach_points(struct parser *parser, struct ast_clause *clause)
{
	struct ast_attach_point **link = &clause->attach_points;

	parser->lexer.position = parser->token.span.start;
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
		point->text = arena_copy(parser->arena, parser->lexer.source->text + span.start, span.end - span.start);
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
	return parse_block(parser, &clause->body) ? clause : NULL;
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
			arena_copy(parser->arena, parser->lexer.source->text + value.start, value.end - value.start);
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
			skip_statement(parser);
			continue;
		}
		**link = setting;
		*link = &setting->next;
		if (!parser_at(parser, TOKEN_RIGHT_BRACE) && !parser_expect(parser, TOKEN_SEMICOLON))
			skip_statement(parser);
	}
	parser_expect(parser, TOKEN_RIGHT_BRACE);
	parser_accept(parser, TOKEN_SEMICOLON);
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
	if (parser_at(parser, TOKEN_MACRO))
		return "macro";
	if (parser_at(parser, TOKEN_LET))
		return "the declaration of a map";
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
