/* SPDX-License-Identifier: MIT */
/*
 * Statements, blocks, and blocks as values:
 *
 *	block:     { {statement} }
 *	statement: if expression block [else (block | if ...)]
 *	         | while expression block | unroll expression block
 *	         | for $name : (@name | expression .. expression) block
 *	         | block | break | continue | return [expression]
 *	         | let $name [: type] [= expression] | _ = expression | expression
 *
 * Statements end with a semicolon, which may be left out before a closing
 * brace and behind one. What `if', `while', `for' and `unroll' go by may stand
 * in parentheses. Blocks whose last expression has no semicolon can be values.
 *
 * After an error the parser goes on behind the next semicolon of the same
 * block.
 */
#include "lang/parser_internal.h"

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
		return parser_block(parser, ret);
	/* parse_statement() counts the nesting: a long chain of else if is a deep tree. */
	*ret = parse_statement(parser);
	return *ret != NULL;
}

static bool parse_if(struct parser *parser, struct ast_statement *statement)
{
	parser_advance(parser);
	statement->condition.condition = parser_expression(parser);
	return statement->condition.condition && parser_block(parser, &statement->condition.yes) &&
	       parse_else(parser, &statement->condition.no);
}

static bool parse_while(struct parser *parser, struct ast_statement *statement)
{
	parser_advance(parser);
	statement->loop.condition = parser_expression(parser);
	return statement->loop.condition && parser_block(parser, &statement->loop.body);
}

static bool parse_unroll(struct parser *parser, struct ast_statement *statement)
{
	parser_advance(parser);
	statement->unroll.count_expression = parser_expression(parser);
	return statement->unroll.count_expression && parser_block(parser, &statement->unroll.body);
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

static bool parse_return(struct parser *parser, struct ast_statement *statement)
{
	parser_advance(parser);
	if (parser_at(parser, TOKEN_SEMICOLON) || parser_at(parser, TOKEN_RIGHT_BRACE))
		return true;
	statement->returned = parser_expression(parser);
	return statement->returned != NULL;
}

/* What a loop goes over: @map, or a range. */
static bool parse_iterable(struct parser *parser, struct ast_statement *statement)
{
	struct ast_expression *start = parser_expression(parser);

	if (!start)
		return false;
	if (parser_accept(parser, TOKEN_RANGE)) {
		statement->for_loop.start = start;
		statement->for_loop.end = parser_expression(parser);
		return statement->for_loop.end != NULL;
	}
	if (start->kind != AST_MAP || start->map.key) {
		diag_error(parser->diagnostics, start->span, "syntax error, expecting a map or a range");
		diag_hint(parser->diagnostics, "for ($kv : @map) { ... } or for ($i : 0..10) { ... }");
		return false;
	}
	statement->for_loop.map = start->map;
	statement->for_loop.map_span = start->span;
	return true;
}

static bool parse_for(struct parser *parser, struct ast_statement *statement)
{
	bool has_parentheses;

	parser_advance(parser);
	has_parentheses = parser_accept(parser, TOKEN_LEFT_PAREN);
	statement->for_loop.name = parser->token.text;
	statement->for_loop.name_span = parser->token.span;
	if (!parser_expect(parser, TOKEN_VARIABLE) || !parser_expect(parser, TOKEN_COLON) ||
	    !parse_iterable(parser, statement))
		return false;
	if (has_parentheses && !parser_expect(parser, TOKEN_RIGHT_PAREN))
		return false;
	return parser_block(parser, &statement->for_loop.body);
}

/* The kind of the statement that begins at the current token. */
static enum ast_statement_kind statement_kind(const struct parser *parser)
{
	static const struct {
		enum token_kind token;
		enum ast_statement_kind kind;
	} starts[] = {
		{TOKEN_IF, AST_IF},       {TOKEN_WHILE, AST_WHILE},       {TOKEN_UNROLL, AST_UNROLL},
		{TOKEN_FOR, AST_FOR},     {TOKEN_LEFT_BRACE, AST_BLOCK},  {TOKEN_LET, AST_LET},
		{TOKEN_BREAK, AST_BREAK}, {TOKEN_CONTINUE, AST_CONTINUE}, {TOKEN_RETURN, AST_RETURN},
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
	case AST_FOR:
		return parse_for(parser, statement);
	case AST_BLOCK:
		return parser_block(parser, &statement->block);
	case AST_LET:
		return parse_let(parser, statement);
	case AST_BREAK:
	case AST_CONTINUE:
		parser_advance(parser);
		return true;
	case AST_RETURN:
		return parse_return(parser, statement);
	case AST_EXPRESSION:
		return parse_expression_statement(parser, statement);
	}
	return false;
}

static struct ast_statement *parse_statement(struct parser *parser)
{
	struct ast_statement *statement;
	bool is_good;

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
	       statement->kind == AST_FOR || statement->kind == AST_BLOCK;
}

/* What must stand behind a statement. */
static bool parse_separator(struct parser *parser, struct ast_statement *statement)
{
	if (parser_accept(parser, TOKEN_SEMICOLON))
		return true;
	if (parser_at(parser, TOKEN_RIGHT_BRACE)) {
		if (statement->kind == AST_EXPRESSION)
			statement->expression.is_last = true;
		return true;
	}
	if (ends_with_brace(statement) && !parser_at(parser, TOKEN_END))
		return true;
	parser_unexpected(parser, parser_at(parser, TOKEN_END) ? "}" : "; or }");
	return false;
}

/*
 * Errors within are overcome here, so that what follows the
 * block is still understood; false if it never began or never ended.
 */
bool parser_block(struct parser *parser, struct ast_statement **ret)
{
	struct ast_statement **link = ret;

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
		parser_skip_statement(parser);
	}
	return parser_expect(parser, TOKEN_RIGHT_BRACE);
}

/* ---- Blocks as values ------------------------------------------------------------------------------------------- */

static struct ast_expression *if_value(struct parser *parser, const struct ast_statement *statement);

struct ast_expression *parser_take_value(struct parser *parser, struct ast_statement **statements)
{
	struct ast_statement **link = statements;
	struct ast_expression *value = NULL;

	if (!*link)
		return NULL;
	while ((*link)->next)
		link = &(*link)->next;
	if ((*link)->kind == AST_EXPRESSION && (*link)->expression.is_last && !(*link)->expression.is_discard)
		value = (*link)->expression.value;
	else if ((*link)->kind == AST_IF)
		value = if_value(parser, *link);
	else if ((*link)->kind == AST_BLOCK)
		value = parser_block_value(parser, (*link)->block, (*link)->span);
	if (value)
		*link = NULL;
	return value;
}

struct ast_expression *parser_block_value(struct parser *parser, struct ast_statement *statements, struct span span)
{
	struct ast_expression *value = parser_take_value(parser, &statements);
	struct ast_expression *node;

	if (!value)
		return NULL;
	node = parser_node(parser, AST_BLOCK_VALUE, span);
	if (!node)
		return NULL;
	node->block.statements = statements;
	node->block.value = value;
	return parser_add_depth(parser, node, value) ? node : NULL;
}

/* An if whose branches are all values, as the choice between them. */
static struct ast_expression *if_value(struct parser *parser, const struct ast_statement *statement)
{
	struct ast_expression *node, *yes, *no;

	yes = parser_block_value(parser, statement->condition.yes, statement->span);
	no = yes ? parser_block_value(parser, statement->condition.no, statement->span) : NULL;
	if (!no)
		return NULL;
	node = parser_node(parser, AST_CONDITIONAL, statement->span);
	if (!node)
		return NULL;
	node->conditional.condition = statement->condition.condition;
	node->conditional.yes = yes;
	node->conditional.no = no;
	if (!parser_add_depth(parser, node, node->conditional.condition) || !parser_add_depth(parser, node, yes) ||
	    !parser_add_depth(parser, node, no))
		return NULL;
	return node;
}

struct ast_expression *parser_statement_value(struct parser *parser)
{
	bool was_in_predicate = parser->in_predicate;
	struct ast_statement *statement;
	struct ast_expression *node;
	size_t errors = parser->diagnostics->error_count;

	parser->in_predicate = false;
	statement = parse_statement(parser);
	parser->in_predicate = was_in_predicate;
	if (!statement)
		return NULL;
	node = statement->kind == AST_IF ? if_value(parser, statement)
					 : parser_block_value(parser, statement->block, statement->span);
	if (!node && !parser->arena->failed && parser->diagnostics->error_count == errors) {
		diag_error(parser->diagnostics, statement->span, "this has no value");
		diag_hint(parser->diagnostics, statement->kind == AST_IF
						       ? "both branches must end with an expression without a semicolon"
						       : "its last expression must have no semicolon");
	}
	return node;
}
