/* SPDX-License-Identifier: MIT */
/*
 * What stands at the top of a script beside its clauses:
 *
 *	config: config = { {name = value ;} }
 *	map:    let @name = word ( expression ) ;
 *	macro:  macro word ( [parameter {, parameter}] ) block
 *	        parameter: word | $name | @name
 *	import: import string ;
 */
#include <string.h>

#include "lang/import.h"
#include "lang/parser_internal.h"

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

void parser_config(struct parser *parser)
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
		*parser->links->setting = setting;
		parser->links->setting = &setting->next;
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

void parser_map_declaration(struct parser *parser)
{
	struct ast_map_declaration *declaration = arena_allocate(parser->arena, sizeof(*declaration));

	if (!declaration)
		return;
	if (!parse_map_declaration(parser, declaration)) {
		parser_skip_statement(parser);
		return;
	}
	*parser->links->map_declaration = declaration;
	parser->links->map_declaration = &declaration->next;
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

void parser_macro(struct parser *parser)
{
	struct ast_macro *macro = arena_allocate(parser->arena, sizeof(*macro));

	if (!macro)
		return;
	if (!parse_macro(parser, macro)) {
		parser_skip_clause(parser);
		return;
	}
	*parser->links->macro = macro;
	parser->links->macro = &macro->next;
}

/* ---- Imports ---------------------------------------------------------------------------------------------------- */

void parser_import(struct parser *parser)
{
	struct span span = parser->token.span;
	const char *name;

	parser_advance(parser);
	span = span_join(span, parser->token.span);
	name = parser->token.text;
	if (!parser_expect(parser, TOKEN_STRING) || !parser_expect(parser, TOKEN_SEMICOLON)) {
		parser_skip_statement(parser);
		return;
	}
	if (name)
		import_read(parser, name, span);
}
