/* SPDX-License-Identifier: MIT */
/*
 * Primary expressions, and what all expressions are made of: nodes, lists,
 * names of types.
 *
 *	primary: literal | $name | $1 | $# | @name [key] | word [(arguments)]
 *	       | sizeof ( type | expression ) | ( expression {, expression} )
 *	       | block | if expression block else block       that end with a value
 */
#include <string.h>

#include "lang/parser_internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Nodes ------------------------------------------------------------------------------------------------------ */

struct ast_expression *parser_node(struct parser *parser, enum ast_expression_kind kind, struct span span)
{
	struct ast_expression *node = arena_allocate(parser->arena, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->span = span;
	node->depth = 1;
	return node;
}

bool parser_add_depth(struct parser *parser, struct ast_expression *node, const struct ast_expression *child)
{
	if (!child || child->depth < node->depth)
		return true;
	if (child->depth >= AST_DEPTH_MAX) {
		diag_error(parser->diagnostics, node->span, "expression is too deep: more than %d operators in a row",
			   AST_DEPTH_MAX);
		return false;
	}
	node->depth = child->depth + 1;
	return true;
}

/* A list that grows in the arena. */
struct expression_list {
	struct ast_expression **items;
	size_t count;
	size_t capacity;
};

static bool list_add(struct parser *parser, struct expression_list *list, struct ast_expression *item)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 4;
		struct ast_expression **items = arena_allocate_array(parser->arena, capacity, sizeof(items[0]));

		if (!items)
			return false;
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(items[0]));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = item;
	return true;
}

/* expression {, expression} [,] up to CLOSING, which is stepped over. */
static bool parse_list(struct parser *parser, enum token_kind closing, struct expression_list *list)
{
	while (!parser_at(parser, closing)) {
		struct ast_expression *item = parser_expression(parser);

		if (!item || !list_add(parser, list, item))
			return false;
		if (parser_accept(parser, TOKEN_COMMA) || parser_at(parser, closing))
			continue;
		parser_unexpected(parser, closing == TOKEN_RIGHT_PAREN ? ", or )" : ", or ]");
		return false;
	}
	parser_advance(parser);
	return true;
}

static struct ast_expression *new_tuple(struct parser *parser, struct span span, const struct expression_list *list)
{
	struct ast_expression *node = parser_node(parser, AST_TUPLE, span);

	if (!node)
		return NULL;
	node->tuple.elements = list->items;
	node->tuple.count = list->count;
	for (size_t i = 0; i < list->count; i++) {
		if (!parser_add_depth(parser, node, list->items[i]))
			return NULL;
	}
	return node;
}

struct span parser_span_since(const struct parser *parser, uint32_t start)
{
	return (struct span){start, parser->last_end};
}

/* ---- Types ------------------------------------------------------------------------------------------------------ */

static bool is_record_word(const char *word)
{
	return strcmp(word, "struct") == 0 || strcmp(word, "union") == 0 || strcmp(word, "enum") == 0 ||
	       strcmp(word, "typeof") == 0;
}

bool parser_at_type(const struct parser *parser)
{
	const char *word = parser->token.text;

	return parser->token.kind == TOKEN_IDENTIFIER && word &&
	       (type_by_name(word) || is_record_word(word) || strcmp(word, "string") == 0 ||
		strcmp(word, "buffer") == 0);
}

const struct type *parser_type(struct parser *parser)
{
	struct token start = parser->token;
	const struct type *type = parser_at_type(parser) ? type_by_name(start.text) : NULL;

	if (!parser_at_type(parser)) {
		parser_unexpected(parser, "type");
		return NULL;
	}
	parser_advance(parser);
	if (!type) {
		parser_refuse(parser, start.span,
			      is_record_word(start.text) ? "a struct, union, enum or typeof type"
							 : "string and buffer as the name of a type");
		return NULL;
	}
	if (parser_at(parser, TOKEN_STAR)) {
		parser_refuse(parser, span_join(start.span, parser->token.span), "a pointer type");
		return NULL;
	}
	if (parser_at(parser, TOKEN_LEFT_BRACKET)) {
		parser_refuse(parser, span_join(start.span, parser->token.span), "an array type");
		return NULL;
	}
	return type;
}

/* ---- Primary expressions ---------------------------------------------------------------------------------------- */

static struct ast_expression *parse_leaf(struct parser *parser, enum ast_expression_kind kind)
{
	struct ast_expression *node = parser_node(parser, kind, parser->token.span);

	if (!node)
		return NULL;
	if (parser_at(parser, TOKEN_INTEGER))
		node->integer = parser->token.integer;
	else if (parser_at(parser, TOKEN_STRING))
		node->text = (struct ast_text){parser->token.text, parser->token.length};
	else if (parser_at(parser, TOKEN_PARAMETER))
		node->parameter = (unsigned)parser->token.integer;
	else
		node->name = parser->token.text;
	parser_advance(parser);
	return node;
}

static struct ast_expression *parse_map(struct parser *parser)
{
	struct ast_expression *node = parser_node(parser, AST_MAP, parser->token.span);
	struct expression_list keys = {};

	if (!node)
		return NULL;
	node->map.name = parser->token.text;
	parser_advance(parser);
	if (!parser_at(parser, TOKEN_LEFT_BRACKET))
		return node;
	parser_advance(parser);
	if (parser_at(parser, TOKEN_RIGHT_BRACKET)) {
		parser_unexpected(parser, "a key");
		return NULL;
	}
	if (!parse_list(parser, TOKEN_RIGHT_BRACKET, &keys))
		return NULL;
	node->span = parser_span_since(parser, node->span.start);
	/* Several keys are one tuple, which has no place of its own. */
	node->map.key = keys.count > 1 ? new_tuple(parser, node->span, &keys) : keys.items[0];
	return node->map.key && parser_add_depth(parser, node, node->map.key) ? node : NULL;
}

static struct ast_expression *parse_sizeof(struct parser *parser)
{
	struct ast_expression *node = parser_node(parser, AST_SIZEOF, parser->token.span);

	if (!node)
		return NULL;
	parser_advance(parser);
	if (!parser_expect(parser, TOKEN_LEFT_PAREN))
		return NULL;
	if (parser_at_type(parser))
		node->size_of.type = parser_type(parser);
	else
		node->size_of.operand = parser_expression(parser);
	if ((!node->size_of.type && !node->size_of.operand) || !parser_expect(parser, TOKEN_RIGHT_PAREN))
		return NULL;
	node->span = parser_span_since(parser, node->span.start);
	return parser_add_depth(parser, node, node->size_of.operand) ? node : NULL;
}

/* Functions whose arguments are types, so that they cannot even be parsed as calls. */
static bool is_type_function(const char *word)
{
	return strcmp(word, "offsetof") == 0 || strcmp(word, "typeof") == 0 || strcmp(word, "typeinfo") == 0;
}

static struct ast_expression *parse_word(struct parser *parser)
{
	struct token word = parser->token;
	struct expression_list arguments = {};
	struct ast_expression *node;

	if (!word.text)
		return NULL;
	if (is_type_function(word.text) || strcmp(word.text, "comptime") == 0) {
		parser_refuse(parser, word.span, word.text);
		return NULL;
	}
	node = parse_leaf(parser, AST_IDENTIFIER);
	if (!node || !parser_accept(parser, TOKEN_LEFT_PAREN))
		return node;
	node->kind = AST_CALL;
	node->call = (struct ast_call){.name = word.text, .name_span = word.span};
	if (!parse_list(parser, TOKEN_RIGHT_PAREN, &arguments))
		return NULL;
	node->call.arguments = arguments.items;
	node->call.argument_count = arguments.count;
	node->span = parser_span_since(parser, node->span.start);
	for (size_t i = 0; i < arguments.count; i++) {
		if (!parser_add_depth(parser, node, arguments.items[i]))
			return NULL;
	}
	return node;
}

/* ( expression ), or a tuple: (), (a,), (a, b). The parenthesis is the current token. */
static struct ast_expression *parse_parenthesised(struct parser *parser)
{
	uint32_t start = parser->token.span.start;
	struct expression_list list = {};
	struct ast_expression *first;
	struct token next;

	parser_advance(parser);
	if (parser_at(parser, TOKEN_IDENTIFIER) && parser_peek(parser, &next) == TOKEN_ASSIGN) {
		parser_refuse(parser, span_join(parser->token.span, next.span), "a record: (name=value, ...)");
		return NULL;
	}
	if (!parser_at(parser, TOKEN_RIGHT_PAREN)) {
		first = parser_expression(parser);
		if (!first)
			return NULL;
		if (parser_accept(parser, TOKEN_RIGHT_PAREN)) {
			first->span = parser_span_since(parser, start);
			return first;
		}
		if (!parser_accept(parser, TOKEN_COMMA)) {
			parser_unexpected(parser, ", or )");
			return NULL;
		}
		if (!list_add(parser, &list, first))
			return NULL;
	}
	if (!parse_list(parser, TOKEN_RIGHT_PAREN, &list))
		return NULL;
	return new_tuple(parser, parser_span_since(parser, start), &list);
}

/* What of bpftrace's primary expressions is not here yet. */
static const char *refused_primary(const struct parser *parser)
{
	if (parser_at(parser, TOKEN_STAR) || parser_at(parser, TOKEN_AMPERSAND))
		return "a pointer operator (* and &)";
	return NULL;
}

struct ast_expression *parser_primary(struct parser *parser)
{
	static const struct {
		enum token_kind token;
		struct ast_expression *(*parse)(struct parser *parser);
	} rules[] = {
		{TOKEN_MAP, parse_map},
		{TOKEN_SIZEOF, parse_sizeof},
		{TOKEN_IDENTIFIER, parse_word},
		{TOKEN_LEFT_PAREN, parse_parenthesised},
		{TOKEN_LEFT_BRACE, parser_statement_value},
		{TOKEN_IF, parser_statement_value},
	};
	static const struct {
		enum token_kind token;
		enum ast_expression_kind kind;
	} leaves[] = {
		{TOKEN_INTEGER, AST_INTEGER},     {TOKEN_STRING, AST_STRING},         {TOKEN_VARIABLE, AST_VARIABLE},
		{TOKEN_PARAMETER, AST_PARAMETER}, {TOKEN_PARAMETERS, AST_PARAMETERS},
	};
	const char *refused = refused_primary(parser);

	if (refused) {
		parser_refuse(parser, parser->token.span, refused);
		return NULL;
	}
	for (size_t i = 0; i < COUNT(leaves); i++) {
		if (parser_at(parser, leaves[i].token))
			return parse_leaf(parser, leaves[i].kind);
	}
	for (size_t i = 0; i < COUNT(rules); i++) {
		if (parser_at(parser, rules[i].token))
			return rules[i].parse(parser);
	}
	parser_unexpected(parser, "an expression");
	return NULL;
}
