/* SPDX-License-Identifier: MIT */
/*
 * Expressions. Binary operators by a table of levels (precedence climbing),
 * the rest by one function per rule:
 *
 *	expression:  conditional [assignment-operator expression]
 *	conditional: binary [? [expression] : expression]
 *	binary:      unary {operator unary}          higher levels bind tighter
 *	unary:       (! | ~ | - | ++ | -- | * | &) unary | ( type ) unary | postfix
 *	postfix:     primary {[ expression ] | . number | (. | ->) word | ++ | --}
 *
 * Primary expressions have a file of their own: parser_primary.c.
 */
#include "lang/operators.h"
#include "lang/parser_internal.h"

static const struct {
	enum token_kind token;
	enum ast_binary operation;
} compound_operators[] = {
	{TOKEN_ADD_ASSIGN, AST_ADD},
	{TOKEN_SUBTRACT_ASSIGN, AST_SUBTRACT},
	{TOKEN_MULTIPLY_ASSIGN, AST_MULTIPLY},
	{TOKEN_DIVIDE_ASSIGN, AST_DIVIDE},
	{TOKEN_MODULO_ASSIGN, AST_MODULO},
	{TOKEN_AND_ASSIGN, AST_BIT_AND},
	{TOKEN_OR_ASSIGN, AST_BIT_OR},
	{TOKEN_XOR_ASSIGN, AST_BIT_XOR},
	{TOKEN_SHIFT_LEFT_ASSIGN, AST_SHIFT_LEFT},
	{TOKEN_SHIFT_RIGHT_ASSIGN, AST_SHIFT_RIGHT},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Postfix and unary ------------------------------------------------------------------------------------------ */

static bool is_target(const struct ast_expression *node)
{
	return node->kind == AST_VARIABLE || node->kind == AST_MAP;
}

static struct ast_expression *new_increment(struct parser *parser, struct span span, struct span operation_span,
					    struct ast_expression *target, bool is_prefix, bool is_decrement)
{
	struct ast_expression *node;

	if (!is_target(target)) {
		diag_error(parser->diagnostics, operation_span, "The %s operator must be applied to a map or variable",
			   is_decrement ? "--" : "++");
		return NULL;
	}
	node = parser_node(parser, AST_INCREMENT, span);
	if (!node)
		return NULL;
	node->increment.target = target;
	node->increment.is_prefix = is_prefix;
	node->increment.is_decrement = is_decrement;
	return parser_add_depth(parser, node, target) ? node : NULL;
}

static struct ast_expression *parse_index(struct parser *parser, struct ast_expression *operand)
{
	struct ast_expression *node;
	struct ast_expression *index;

	parser_advance(parser);
	index = parser_expression(parser);
	if (!index || !parser_expect(parser, TOKEN_RIGHT_BRACKET))
		return NULL;
	node = parser_node(parser, AST_INDEX, parser_span_since(parser, operand->span.start));
	if (!node)
		return NULL;
	node->index.operand = operand;
	node->index.index = index;
	return parser_add_depth(parser, node, operand) && parser_add_depth(parser, node, index) ? node : NULL;
}

/* operand.N, operand.name or operand->name. */
static struct ast_expression *parse_field(struct parser *parser, struct ast_expression *operand)
{
	struct ast_expression *node;
	uint32_t start = operand->span.start;

	parser_advance(parser);
	node = parser_node(parser, AST_FIELD, (struct span){start, parser->token.span.end});
	if (!node)
		return NULL;
	node->field.operand = operand;
	node->field.name_span = parser->token.span;
	if (!parser_at(parser, TOKEN_INTEGER)) {
		node->field.name = parser_word(parser, "the name of a field or the number of a tuple's element");
		return node->field.name && parser_add_depth(parser, node, operand) ? node : NULL;
	}
	if (operand->kind == AST_INTEGER) {
		diag_error(parser->diagnostics, node->span, "floating-point numbers are not part of the language");
		return NULL;
	}
	node->field.index = parser->token.integer > UINT16_MAX ? UINT16_MAX : (unsigned)parser->token.integer;
	parser_advance(parser);
	return parser_add_depth(parser, node, operand) ? node : NULL;
}

static bool at_increment(const struct parser *parser)
{
	return parser_at(parser, TOKEN_INCREMENT) || parser_at(parser, TOKEN_DECREMENT);
}

static struct ast_expression *parse_postfix(struct parser *parser)
{
	struct ast_expression *node = parser_primary(parser);

	while (node) {
		struct token token = parser->token;

		if (parser_at(parser, TOKEN_LEFT_BRACKET)) {
			node = parse_index(parser, node);
		} else if (parser_at(parser, TOKEN_DOT) || parser_at(parser, TOKEN_ARROW)) {
			node = parse_field(parser, node);
		} else if (at_increment(parser)) {
			parser_advance(parser);
			node = new_increment(parser, (struct span){node->span.start, token.span.end}, token.span, node,
					     false, token.kind == TOKEN_DECREMENT);
		} else {
			return node;
		}
	}
	return NULL;
}

static struct ast_expression *parse_unary(struct parser *parser);

static struct ast_expression *parse_cast(struct parser *parser)
{
	struct ast_expression *node = parser_node(parser, AST_CAST, parser->token.span);

	if (!node)
		return NULL;
	parser_advance(parser);
	node->cast.target = parser_type(parser);
	if (!node->cast.target || !parser_expect(parser, TOKEN_RIGHT_PAREN))
		return NULL;
	node->cast.operand = parse_unary(parser);
	if (!node->cast.operand)
		return NULL;
	node->span = parser_span_since(parser, node->span.start);
	return parser_add_depth(parser, node, node->cast.operand) ? node : NULL;
}

/* True at ! ~ or -; tells which. */
static bool at_prefix(const struct parser *parser, enum ast_unary *ret)
{
	static const struct {
		enum token_kind token;
		enum ast_unary operation;
	} prefixes[] = {{TOKEN_BANG, AST_NOT}, {TOKEN_TILDE, AST_COMPLEMENT}, {TOKEN_MINUS, AST_NEGATE}};

	for (size_t i = 0; i < COUNT(prefixes); i++) {
		if (parser_at(parser, prefixes[i].token)) {
			*ret = prefixes[i].operation;
			return true;
		}
	}
	return false;
}

static struct ast_expression *parse_prefix(struct parser *parser, enum ast_unary operation)
{
	struct ast_expression *node = parser_node(parser, AST_UNARY, parser->token.span);

	if (!node)
		return NULL;
	parser_advance(parser);
	node->unary.operation = operation;
	node->unary.operand = parse_unary(parser);
	if (!node->unary.operand)
		return NULL;
	node->span = parser_span_since(parser, node->span.start);
	return parser_add_depth(parser, node, node->unary.operand) ? node : NULL;
}

/* *operand or &operand. */
static struct ast_expression *parse_pointer_prefix(struct parser *parser)
{
	bool is_address = parser_at(parser, TOKEN_AMPERSAND);
	struct ast_expression *node =
		parser_node(parser, is_address ? AST_ADDRESS : AST_DEREFERENCE, parser->token.span);
	struct ast_expression *operand;

	if (!node)
		return NULL;
	parser_advance(parser);
	operand = parse_unary(parser);
	if (!operand)
		return NULL;
	node->span = parser_span_since(parser, node->span.start);
	if (is_address)
		node->address.operand = operand;
	else
		node->dereference.operand = operand;
	return parser_add_depth(parser, node, operand) ? node : NULL;
}

static struct ast_expression *parse_prefix_increment(struct parser *parser)
{
	struct token token = parser->token;
	struct ast_expression *target;

	parser_advance(parser);
	target = parse_unary(parser);
	if (!target)
		return NULL;
	return new_increment(parser, parser_span_since(parser, token.span.start), token.span, target, true,
			     token.kind == TOKEN_DECREMENT);
}

/* Is the parenthesis at the current token the start of a cast? */
static bool at_cast(const struct parser *parser)
{
	struct parser ahead = *parser;

	if (!parser_at(parser, TOKEN_LEFT_PAREN))
		return false;
	parser_set_ahead(&ahead);
	parser_advance(&ahead);
	return parser_at_type(&ahead);
}

static struct ast_expression *parse_unary(struct parser *parser)
{
	struct ast_expression *node;
	enum ast_unary operation;

	if (!parser_enter(parser))
		return NULL;
	if (at_prefix(parser, &operation))
		node = parse_prefix(parser, operation);
	else if (at_increment(parser))
		node = parse_prefix_increment(parser);
	else if (parser_at(parser, TOKEN_STAR) || parser_at(parser, TOKEN_AMPERSAND))
		node = parse_pointer_prefix(parser);
	else if (at_cast(parser))
		node = parse_cast(parser);
	else
		node = parse_postfix(parser);
	parser_leave(parser);
	return node;
}

/* ---- Binary, conditional, assignment ---------------------------------------------------------------------------- */

/* The operator at the current token, if it binds at least as tightly as LEVEL; or NULL. */
static const struct binary_operator *find_operator(const struct parser *parser, int level)
{
	const struct binary_operator *found = operator_of_token(parser->token.kind);
	struct token next;

	/* In `/a/ {' the second slash is no division. */
	if (parser->in_predicate && parser_at(parser, TOKEN_SLASH) && parser_peek(parser, &next) == TOKEN_LEFT_BRACE)
		return NULL;
	return found && found->level >= level ? found : NULL;
}

static struct ast_expression *parse_binary(struct parser *parser, int level)
{
	struct ast_expression *left = parse_unary(parser);
	const struct binary_operator *found;

	while (left && (found = find_operator(parser, level))) {
		struct ast_expression *node;
		struct ast_expression *right;
		struct span operation_span = parser->token.span;

		parser_advance(parser);
		right = parse_binary(parser, found->level + 1);
		if (!right)
			return NULL;
		node = parser_node(parser, found->level <= OPERATOR_LEVEL_LOGICAL ? AST_LOGICAL : AST_BINARY,
				   span_join(left->span, right->span));
		if (!node)
			return NULL;
		node->binary.operation = found->operation;
		node->binary.operation_span = operation_span;
		node->binary.left = left;
		node->binary.right = right;
		if (!parser_add_depth(parser, node, left) || !parser_add_depth(parser, node, right))
			return NULL;
		left = node;
	}
	return left;
}

static struct ast_expression *parse_conditional(struct parser *parser)
{
	struct ast_expression *condition = parse_binary(parser, OPERATOR_LEVEL_LOWEST);
	struct ast_expression *node;

	if (!condition || !parser_accept(parser, TOKEN_QUESTION))
		return condition;
	node = parser_node(parser, AST_CONDITIONAL, condition->span);
	if (!node)
		return NULL;
	node->conditional.condition = condition;
	if (!parser_at(parser, TOKEN_COLON)) {
		node->conditional.yes = parser_expression(parser);
		if (!node->conditional.yes)
			return NULL;
	}
	if (!parser_expect(parser, TOKEN_COLON))
		return NULL;
	node->conditional.no = parser_expression(parser);
	if (!node->conditional.no)
		return NULL;
	node->span = parser_span_since(parser, condition->span.start);
	if (!parser_add_depth(parser, node, condition) || !parser_add_depth(parser, node, node->conditional.yes) ||
	    !parser_add_depth(parser, node, node->conditional.no))
		return NULL;
	return node;
}

/* True at = or OP=; tells which. */
static bool at_assignment(const struct parser *parser, bool *ret_is_compound, enum ast_binary *ret_operator)
{
	*ret_is_compound = false;
	if (parser_at(parser, TOKEN_ASSIGN))
		return true;
	for (size_t i = 0; i < COUNT(compound_operators); i++) {
		if (parser_at(parser, compound_operators[i].token)) {
			*ret_is_compound = true;
			*ret_operator = compound_operators[i].operation;
			return true;
		}
	}
	return false;
}

static struct ast_expression *parse_assignment(struct parser *parser)
{
	struct ast_expression *target = parse_conditional(parser);
	enum ast_binary operation = AST_ADD;
	struct ast_expression *node;
	bool is_compound;

	if (!target || !at_assignment(parser, &is_compound, &operation))
		return target;
	if (!is_target(target)) {
		diag_error(parser->diagnostics, target->span, "only variables and maps can be assigned to");
		return NULL;
	}
	parser_advance(parser);
	node = parser_node(parser, AST_ASSIGN, target->span);
	if (!node)
		return NULL;
	node->assign.target = target;
	node->assign.is_compound = is_compound;
	node->assign.operation = operation;
	node->assign.value = parser_expression(parser);
	if (!node->assign.value)
		return NULL;
	node->span = parser_span_since(parser, target->span.start);
	return parser_add_depth(parser, node, target) && parser_add_depth(parser, node, node->assign.value) ? node
													    : NULL;
}

struct ast_expression *parser_expression(struct parser *parser)
{
	struct ast_expression *node;

	if (!parser_enter(parser))
		return NULL;
	node = parse_assignment(parser);
	parser_leave(parser);
	return node;
}
