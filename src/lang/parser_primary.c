/* SPDX-License-Identifier: MIT */
/*
 * Primary expressions, and what all expressions are made of: nodes and lists.
 *
 *	primary: literal | $name | $1 | $# | @name [key] | word [(arguments)]
 *	       | sizeof ( type | expression ) | offsetof ( type | expression , path )
 *	       | container_of ( expression , type , path )
 *	       | ( expression {, expression} ) | ( word = expression {, word = expression} )
 *	       | block | if expression block else block       that end with a value
 *	path:    word {. word}
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

const char *parser_word(struct parser *parser, const char *expected)
{
	const char *word = parser->token.text;

	/* Words of the language that are no names elsewhere may well be fields in C: `for', `import'. */
	if (!word || parser_at(parser, TOKEN_STRING) || parser_at(parser, TOKEN_VARIABLE) ||
	    parser_at(parser, TOKEN_MAP) || parser_at(parser, TOKEN_PREPROCESSOR)) {
		parser_unexpected(parser, expected);
		return NULL;
	}
	parser_advance(parser);
	return word;
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

/* type | expression */
static bool parse_type_or_expression(struct parser *parser, struct ast_type **type, struct ast_expression **operand)
{
	if (parser_at_type(parser)) {
		*type = parser_type(parser);
		return *type;
	}
	*operand = parser_expression(parser);
	return *operand;
}

static struct ast_expression *parse_sizeof(struct parser *parser)
{
	struct ast_expression *node = parser_node(parser, AST_SIZEOF, parser->token.span);

	if (!node)
		return NULL;
	parser_advance(parser);
	if (!parser_expect(parser, TOKEN_LEFT_PAREN))
		return NULL;
	if (!parse_type_or_expression(parser, &node->size_of.type, &node->size_of.operand) ||
	    !parser_expect(parser, TOKEN_RIGHT_PAREN))
		return NULL;
	node->span = parser_span_since(parser, node->span.start);
	return parser_add_depth(parser, node, node->size_of.operand) ? node : NULL;
}

/* field.field, of offsetof and container_of. */
static bool parse_path(struct parser *parser, struct ast_expression *node)
{
	size_t capacity = 0;

	do {
		const char *name = parser_word(parser, "the name of a field");

		if (!name)
			return false;
		if (node->offset_of.path_length == capacity) {
			const char **path;

			capacity = capacity ? capacity * 2 : 4;
			path = arena_allocate_array(parser->arena, capacity, sizeof(path[0]));
			if (!path)
				return false;
			for (size_t i = 0; i < node->offset_of.path_length; i++)
				path[i] = node->offset_of.path[i];
			node->offset_of.path = path;
		}
		node->offset_of.path[node->offset_of.path_length++] = name;
	} while (parser_accept(parser, TOKEN_DOT));
	return true;
}

/* offsetof ( type | expression , path ) */
static struct ast_expression *parse_offsetof(struct parser *parser)
{
	struct ast_expression *node = parser_node(parser, AST_OFFSETOF, parser->token.span);

	if (!node)
		return NULL;
	parser_advance(parser);
	if (!parser_expect(parser, TOKEN_LEFT_PAREN) ||
	    !parse_type_or_expression(parser, &node->offset_of.type, &node->offset_of.operand) ||
	    !parser_expect(parser, TOKEN_COMMA) || !parse_path(parser, node) ||
	    !parser_expect(parser, TOKEN_RIGHT_PAREN))
		return NULL;
	node->span = parser_span_since(parser, node->span.start);
	return parser_add_depth(parser, node, node->offset_of.operand) ? node : NULL;
}

/* (TO) OPERAND */
static struct ast_expression *new_cast(struct parser *parser, struct ast_type *to, struct ast_expression *operand,
				       struct span span)
{
	struct ast_expression *node = parser_node(parser, AST_CAST, span);

	if (!node)
		return NULL;
	node->cast.target = to;
	node->cast.operand = operand;
	return parser_add_depth(parser, node, operand) ? node : NULL;
}

static struct ast_type *new_type(struct parser *parser, const struct ast_type *like)
{
	struct ast_type *type = arena_allocate(parser->arena, sizeof(*type));

	if (type)
		*type = *like;
	return type;
}

/* A pointer to what OFFSET's type is, OFFSET before POINTER. */
static struct ast_expression *new_container(struct parser *parser, struct ast_expression *pointer,
					    struct ast_expression *offset, struct span span)
{
	struct ast_type *number = new_type(parser, &(struct ast_type){.span = span, .type = &type_uint64});
	struct ast_type *target = new_type(parser, offset->offset_of.type);
	struct ast_type_suffix *suffix = arena_allocate(parser->arena, sizeof(*suffix));
	struct ast_expression *difference = parser_node(parser, AST_BINARY, span);
	struct ast_expression *address;

	if (!number || !target || !suffix || !difference)
		return NULL;
	address = new_cast(parser, number, pointer, span);
	if (!address || !parser_add_depth(parser, difference, address))
		return NULL;
	difference->binary.operation = AST_SUBTRACT;
	difference->binary.operation_span = span;
	difference->binary.left = address;
	difference->binary.right = offset;
	*suffix = (struct ast_type_suffix){.is_pointer = true};
	if (target->operand) {
		struct ast_type_suffix **link = &target->suffixes;

		while (*link)
			link = &(*link)->next;
		*link = suffix;
	} else {
		target->type = parser_apply_suffixes(parser->arena, target->type, suffix);
	}
	return new_cast(parser, target, difference, span);
}

/* container_of ( pointer, type, path ): the struct of whose member the pointer is. */
static struct ast_expression *parse_container_of(struct parser *parser)
{
	struct ast_expression *offset = parser_node(parser, AST_OFFSETOF, parser->token.span);
	uint32_t start = parser->token.span.start;
	struct ast_expression *pointer;

	if (!offset)
		return NULL;
	parser_advance(parser);
	if (!parser_expect(parser, TOKEN_LEFT_PAREN))
		return NULL;
	pointer = parser_expression(parser);
	if (!pointer || !parser_expect(parser, TOKEN_COMMA))
		return NULL;
	offset->offset_of.type = parser_type(parser);
	if (!offset->offset_of.type || !parser_expect(parser, TOKEN_COMMA) || !parse_path(parser, offset) ||
	    !parser_expect(parser, TOKEN_RIGHT_PAREN))
		return NULL;
	offset->span = parser_span_since(parser, start);
	return new_container(parser, pointer, offset, offset->span);
}

static struct ast_expression *parse_word(struct parser *parser)
{
	struct token word = parser->token;
	struct expression_list arguments = {};
	struct ast_expression *node;

	if (!word.text)
		return NULL;
	if (strcmp(word.text, "offsetof") == 0)
		return parse_offsetof(parser);
	if (strcmp(word.text, "container_of") == 0)
		return parse_container_of(parser);
	if (strcmp(word.text, "typeinfo") == 0 || strcmp(word.text, "comptime") == 0) {
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

static bool has_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* name = value, one of a record's list; its name is added to *NAMES, which has room for *CAPACITY. */
static bool parse_named(struct parser *parser, struct expression_list *list, const char ***names, size_t *capacity)
{
	struct span span = parser->token.span;
	const char *name = parser_word(parser, "the name of a field");
	struct ast_expression *value;

	if (!name || !parser_expect(parser, TOKEN_ASSIGN))
		return false;
	if (has_name(*names, list->count, name)) {
		diag_error(parser->diagnostics, span, "duplicate field name in a record: %s", name);
		return false;
	}
	value = parser_expression(parser);
	if (!value)
		return false;
	if (list->count == *capacity) {
		const char **grown = arena_allocate_array(parser->arena, *capacity * 2 + 4, sizeof(grown[0]));

		if (!grown)
			return false;
		for (size_t i = 0; i < list->count; i++)
			grown[i] = (*names)[i];
		*names = grown;
		*capacity = *capacity * 2 + 4;
	}
	(*names)[list->count] = name;
	return list_add(parser, list, value);
}

/* name = value {, name = value} [,] ), behind the parenthesis at START: a record. */
static struct ast_expression *parse_record(struct parser *parser, uint32_t start)
{
	struct expression_list list = {};
	struct ast_expression *node;
	const char **names = NULL;
	size_t capacity = 0;

	while (!parser_at(parser, TOKEN_RIGHT_PAREN)) {
		if (!parse_named(parser, &list, &names, &capacity))
			return NULL;
		if (parser_accept(parser, TOKEN_COMMA) || parser_at(parser, TOKEN_RIGHT_PAREN))
			continue;
		parser_unexpected(parser, ", or )");
		return NULL;
	}
	parser_advance(parser);
	node = new_tuple(parser, parser_span_since(parser, start), &list);
	if (node)
		node->tuple.names = names;
	return node;
}

/* ( expression ), a record, or a tuple: (), (a,), (a, b). The parenthesis is the current token. */
static struct ast_expression *parse_parenthesised(struct parser *parser)
{
	uint32_t start = parser->token.span.start;
	struct expression_list list = {};
	struct ast_expression *first;
	struct token next;

	parser_advance(parser);
	if (parser_at(parser, TOKEN_IDENTIFIER) && parser_peek(parser, &next) == TOKEN_ASSIGN)
		return parse_record(parser, start);
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
