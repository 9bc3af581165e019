/* SPDX-License-Identifier: MIT */
#include "script.h"

#include <stdlib.h>
#include <string.h>

#include "lang/operators.h"
#include "lang/parser.h"
#include "lang/sema.h"

static void render(struct script *script)
{
	struct strbuf out = {};

	diag_render(&script->diagnostics, &(struct diag_style){}, &out);
	script->text = strbuf_take(&out);
}

void script_parse_bytes(struct script *script, const char *text, size_t length)
{
	*script = (struct script){.source = {.name = "stdin", .text = text, .size = length}};
	script->is_good = parser_parse(&script->source, NULL, &script->program, &script->diagnostics);
	render(script);
}

void script_parse(struct script *script, const char *text)
{
	script_parse_bytes(script, text, strlen(text));
}

static void resolve(struct script *script, const char *text, const struct sema_options *options)
{
	script_parse(script, text);
	if (!script->is_good)
		return;
	script->is_good = sema_resolve(&script->program, options, &script->diagnostics);
	free(script->text);
	render(script);
}

void script_resolve(struct script *script, const char *text, const char *const *parameters)
{
	struct sema_options options = {.parameters = parameters};

	while (parameters && parameters[options.parameter_count])
		options.parameter_count++;
	resolve(script, text, &options);
}

void script_resolve_for_process(struct script *script, const char *text)
{
	resolve(script, text, &(struct sema_options){.has_process = true});
}

void script_resolve_in(struct script *script, const char *text, const char *const *environment)
{
	resolve(script, text, &(struct sema_options){.environment = environment});
}

void script_deinit(struct script *script)
{
	ast_program_deinit(&script->program);
	diag_list_deinit(&script->diagnostics);
	free(script->text);
}

/* ---- Trees ------------------------------------------------------------------------------------------------------ */

/* (HEAD then each of COUNT nodes). */
static void add_list(struct strbuf *out, const char *head, struct ast_expression *const *nodes, size_t count)
{
	strbuf_addf(out, "(%s", head);
	for (size_t i = 0; i < count; i++) {
		strbuf_add_char(out, ' ');
		script_add_expression(out, nodes[i]);
	}
	strbuf_add_char(out, ')');
}

static void add_two(struct strbuf *out, const char *head, struct ast_expression *first, struct ast_expression *second)
{
	struct ast_expression *const nodes[] = {first, second};

	add_list(out, head, nodes, 2);
}

static void add_map(struct strbuf *out, const struct ast_map_use *use)
{
	if (!use->key) {
		strbuf_add_string(out, use->name);
		return;
	}
	strbuf_addf(out, "(index %s ", use->name);
	script_add_expression(out, use->key);
	strbuf_add_char(out, ')');
}

static void add_call(struct strbuf *out, const struct ast_call *call)
{
	strbuf_addf(out, "(call %s", call->name);
	if (call->map)
		strbuf_addf(out, " %s", call->map->name);
	if (call->key) {
		strbuf_add_string(out, " key ");
		script_add_expression(out, call->key);
	}
	for (size_t i = 0; i < call->argument_count; i++) {
		strbuf_add_char(out, ' ');
		script_add_expression(out, call->arguments[i]);
	}
	strbuf_add_char(out, ')');
}

/* A type as it is written; one that depends on an expression, with its suffixes from the inside out. */
static void add_written_type(struct strbuf *out, const struct ast_type *type)
{
	if (!type->operand) {
		type_add_name(out, type->type);
	} else {
		add_list(out, "typeof", &type->operand, 1);
		for (const struct ast_type_suffix *suffix = type->suffixes; suffix; suffix = suffix->next) {
			if (suffix->is_pointer)
				strbuf_add_char(out, '*');
			else
				strbuf_addf(out, "[%llu]", (unsigned long long)suffix->length);
		}
	}
	if (type->is_open)
		strbuf_add_string(out, "[]");
}

static void add_type(struct strbuf *out, const char *head, const struct ast_type *type)
{
	strbuf_addf(out, "(%s ", head);
	add_written_type(out, type);
}

static void add_offsetof(struct strbuf *out, const struct ast_expression *node)
{
	strbuf_add_string(out, "(offsetof ");
	if (node->offset_of.type)
		add_written_type(out, node->offset_of.type);
	else
		script_add_expression(out, node->offset_of.operand);
	for (size_t i = 0; i < node->offset_of.path_length; i++)
		strbuf_addf(out, " %s", node->offset_of.path[i]);
	strbuf_add_char(out, ')');
}

/* (x = 1) (y = 2) */
static void add_record(struct strbuf *out, const struct ast_expression *node)
{
	strbuf_add_string(out, "(record");
	for (size_t i = 0; i < node->tuple.count; i++) {
		strbuf_addf(out, " %s=", node->tuple.names[i]);
		script_add_expression(out, node->tuple.elements[i]);
	}
	strbuf_add_char(out, ')');
}

static void add_integer(struct strbuf *out, const struct ast_expression *node)
{
	if (node->type && node->type->is_signed)
		strbuf_addf(out, "%lld", (long long)node->integer);
	else
		strbuf_addf(out, "%llu", (unsigned long long)node->integer);
}

static void add_conditional(struct strbuf *out, const struct ast_expression *node)
{
	struct ast_expression *const nodes[] = {node->conditional.condition, node->conditional.yes,
						node->conditional.no};

	if (node->conditional.yes)
		add_list(out, "?:", nodes, 3);
	else
		add_two(out, "?:", node->conditional.condition, node->conditional.no);
}

static const char *builtin_name(enum builtin builtin)
{
	const struct builtin_info *row;

	for (size_t i = 0; (row = builtin_row(i)); i++) {
		if (row->builtin == builtin)
			return row->name;
	}
	return "?";
}

void script_add_expression(struct strbuf *out, const struct ast_expression *node)
{
	static const char *const unary_texts[] = {[AST_NEGATE] = "-", [AST_NOT] = "!", [AST_COMPLEMENT] = "~"};

	switch (node->kind) {
	case AST_INTEGER:
		add_integer(out, node);
		break;
	case AST_BOOL:
		strbuf_add_string(out, node->integer ? "true" : "false");
		break;
	case AST_STRING:
		strbuf_addf(out, "\"%s\"", node->text.bytes);
		break;
	case AST_PARAMETER:
		strbuf_addf(out, "$%u", node->parameter);
		break;
	case AST_PARAMETERS:
		strbuf_add_string(out, "$#");
		break;
	case AST_IDENTIFIER:
		strbuf_add_string(out, node->name);
		break;
	case AST_VARIABLE:
		/* With a type it is resolved, and its name is the variable's. */
		strbuf_add_string(out, node->type ? node->variable->name : node->name);
		break;
	case AST_BUILTIN:
		strbuf_addf(out, "(builtin %s %u)", builtin_name(node->builtin.builtin), node->builtin.index);
		break;
	case AST_SIZEOF:
		if (node->size_of.type) {
			add_type(out, "sizeof", node->size_of.type);
			strbuf_add_char(out, ')');
		} else {
			add_list(out, "sizeof", &node->size_of.operand, 1);
		}
		break;
	case AST_OFFSETOF:
		add_offsetof(out, node);
		break;
	case AST_DEREFERENCE:
		add_list(out, "*", &node->dereference.operand, 1);
		break;
	case AST_ADDRESS:
		add_list(out, "&", &node->address.operand, 1);
		break;
	case AST_MAP:
		add_map(out, &node->map);
		break;
	case AST_UNARY:
		add_list(out, unary_texts[node->unary.operation], &node->unary.operand, 1);
		break;
	case AST_BINARY:
	case AST_LOGICAL:
		add_two(out, operator_text(node->binary.operation), node->binary.left, node->binary.right);
		break;
	case AST_CONDITIONAL:
		add_conditional(out, node);
		break;
	case AST_INCREMENT:
		strbuf_addf(out, "(%s%s ", node->increment.is_prefix ? "pre" : "post",
			    node->increment.is_decrement ? "--" : "++");
		script_add_expression(out, node->increment.target);
		strbuf_add_char(out, ')');
		break;
	case AST_ASSIGN:
		strbuf_addf(out, "(%s= ", node->assign.is_compound ? operator_text(node->assign.operation) : "");
		script_add_expression(out, node->assign.target);
		strbuf_add_char(out, ' ');
		script_add_expression(out, node->assign.value);
		strbuf_add_char(out, ')');
		break;
	case AST_AGGREGATE:
		strbuf_addf(out, "(aggregate %d ", node->aggregate.aggregation);
		add_map(out, &node->aggregate.target);
		if (node->aggregate.value) {
			strbuf_add_char(out, ' ');
			script_add_expression(out, node->aggregate.value);
		}
		strbuf_add_char(out, ')');
		break;
	case AST_CAST:
		add_type(out, "cast", node->cast.target);
		strbuf_add_char(out, ' ');
		script_add_expression(out, node->cast.operand);
		strbuf_add_char(out, ')');
		break;
	case AST_TUPLE:
		if (node->tuple.names)
			add_record(out, node);
		else
			add_list(out, "tuple", node->tuple.elements, node->tuple.count);
		break;
	case AST_FIELD:
		strbuf_add_string(out, "(. ");
		script_add_expression(out, node->field.operand);
		if (node->field.name)
			strbuf_addf(out, " %s)", node->field.name);
		else
			strbuf_addf(out, " %u)", node->field.index);
		break;
	case AST_INDEX:
		add_two(out, "[]", node->index.operand, node->index.index);
		break;
	case AST_CALL:
		add_call(out, &node->call);
		break;
	case AST_BLOCK_VALUE:
		strbuf_add_string(out, "(block ");
		script_add_statements(out, node->block.statements);
		if (node->block.value) {
			strbuf_add_char(out, ' ');
			script_add_expression(out, node->block.value);
		}
		strbuf_add_char(out, ')');
		break;
	}
}

static void add_for(struct strbuf *out, const struct ast_statement *statement)
{
	strbuf_addf(out, "(for %s ", statement->for_loop.name);
	if (statement->for_loop.map.name)
		strbuf_add_string(out, statement->for_loop.map.name);
	else
		add_two(out, "..", statement->for_loop.start, statement->for_loop.end);
	strbuf_add_char(out, ' ');
	script_add_statements(out, statement->for_loop.body);
	strbuf_add_char(out, ')');
}

static void add_statement(struct strbuf *out, const struct ast_statement *statement)
{
	switch (statement->kind) {
	case AST_EXPRESSION:
		if (statement->expression.is_discard)
			strbuf_add_string(out, "_ = ");
		script_add_expression(out, statement->expression.value);
		break;
	case AST_LET:
		strbuf_addf(out, "(let %s", statement->let.name);
		if (statement->let.type) {
			strbuf_add_char(out, ' ');
			add_written_type(out, statement->let.type);
		}
		if (statement->let.value) {
			strbuf_add_string(out, " = ");
			script_add_expression(out, statement->let.value);
		}
		strbuf_add_char(out, ')');
		break;
	case AST_IF:
		strbuf_add_string(out, "(if ");
		script_add_expression(out, statement->condition.condition);
		strbuf_add_char(out, ' ');
		script_add_statements(out, statement->condition.yes);
		strbuf_add_char(out, ' ');
		script_add_statements(out, statement->condition.no);
		strbuf_add_char(out, ')');
		break;
	case AST_WHILE:
		strbuf_add_string(out, "(while ");
		script_add_expression(out, statement->loop.condition);
		strbuf_add_char(out, ' ');
		script_add_statements(out, statement->loop.body);
		strbuf_add_char(out, ')');
		break;
	case AST_UNROLL:
		strbuf_add_string(out, "(unroll ");
		script_add_expression(out, statement->unroll.count_expression);
		strbuf_add_char(out, ' ');
		script_add_statements(out, statement->unroll.body);
		strbuf_add_char(out, ')');
		break;
	case AST_FOR:
		add_for(out, statement);
		break;
	case AST_BLOCK:
		script_add_statements(out, statement->block);
		break;
	case AST_BREAK:
		strbuf_add_string(out, "break");
		break;
	case AST_CONTINUE:
		strbuf_add_string(out, "continue");
		break;
	case AST_RETURN:
		if (statement->returned)
			add_list(out, "return", &statement->returned, 1);
		else
			strbuf_add_string(out, "return");
		break;
	}
}

void script_add_statements(struct strbuf *out, const struct ast_statement *first)
{
	strbuf_add_char(out, '{');
	for (const struct ast_statement *statement = first; statement; statement = statement->next) {
		if (statement != first)
			strbuf_add_string(out, "; ");
		add_statement(out, statement);
	}
	strbuf_add_char(out, '}');
}
