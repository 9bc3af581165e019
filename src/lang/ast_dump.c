/* SPDX-License-Identifier: MIT */
#include "lang/ast_dump.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "lang/ast_walk.h"
#include "lang/builtin.h"
#include "lang/operators.h"

struct dump {
	struct strbuf *out;
	unsigned depth;
	struct ast_walk walk;
};

static void dump_statement(struct dump *dump, struct ast_statement *statement);

static void start_line(const struct dump *dump)
{
	strbuf_add_repeated(dump->out, ' ', dump->depth);
}

static const char *unary_text(enum ast_unary operation)
{
	static const char *const texts[] = {[AST_NEGATE] = "-", [AST_NOT] = "!", [AST_COMPLEMENT] = "~"};

	return texts[operation];
}

/* In quotes; what would break the line, or the terminal, as bytes. */
static void add_text(struct strbuf *out, const struct ast_text *text)
{
	strbuf_add_char(out, '"');
	for (size_t i = 0; i < text->length; i++) {
		unsigned char byte = (unsigned char)text->bytes[i];

		if (byte < ' ' || byte == 0x7f)
			strbuf_addf(out, "\\x%02x", byte);
		else
			strbuf_addf(out, "%s%c", byte == '"' || byte == '\\' ? "\\" : "", byte);
	}
	strbuf_add_char(out, '"');
}

static void add_integer(struct strbuf *out, const struct ast_expression *node)
{
	if (node->type->is_signed && node->type->unsigned_size == 0)
		strbuf_addf(out, "%" PRId64, (int64_t)node->integer);
	else
		strbuf_addf(out, "%" PRIu64, node->integer);
}

static void add_builtin(struct strbuf *out, const struct ast_expression *node)
{
	const struct builtin_info *info = NULL;

	for (size_t i = 0; (info = builtin_row(i)); i++) {
		if (info->builtin == node->builtin.builtin)
			break;
	}
	strbuf_addf(out, "builtin: %s", info ? info->name : "?");
	if (node->builtin.builtin == BUILTIN_ARG)
		strbuf_addf(out, "%u", node->builtin.index);
}

static const char *aggregation_name(enum aggregation aggregation)
{
	const struct aggregation_info *info;

	for (size_t i = 0; (info = aggregation_row(i)); i++) {
		if (info->aggregation == aggregation)
			return info->name;
	}
	return "?";
}

static void add_call(struct strbuf *out, const struct ast_call *call)
{
	strbuf_addf(out, "call: %s", call->name);
	if (call->map)
		strbuf_addf(out, " %s", call->map->name);
	if (call->top)
		strbuf_addf(out, " top %" PRIu64, call->top);
	if (call->divisor > 1)
		strbuf_addf(out, " div %" PRIu64, call->divisor);
}

static void add_label(struct strbuf *out, const struct ast_expression *node)
{
	switch (node->kind) {
	case AST_INTEGER:
		strbuf_add_string(out, "int: ");
		add_integer(out, node);
		return;
	case AST_BOOL:
		strbuf_addf(out, "bool: %s", node->integer ? "true" : "false");
		return;
	case AST_STRING:
		strbuf_add_string(out, "string: ");
		add_text(out, &node->text);
		return;
	case AST_BUILTIN:
		add_builtin(out, node);
		return;
	case AST_VARIABLE:
		strbuf_addf(out, "variable: %s", node->variable->name);
		return;
	case AST_MAP:
		strbuf_addf(out, "map: %s", node->map.name);
		return;
	case AST_UNARY:
		strbuf_add_string(out, unary_text(node->unary.operation));
		return;
	case AST_BINARY:
	case AST_LOGICAL:
		strbuf_add_string(out, operator_text(node->binary.operation));
		return;
	case AST_CONDITIONAL:
		strbuf_add_string(out, "?:");
		return;
	case AST_INCREMENT:
		strbuf_addf(out, "%s%s", node->increment.is_prefix ? "pre" : "post",
			    node->increment.is_decrement ? "--" : "++");
		return;
	case AST_ASSIGN:
		strbuf_addf(out, "%s=", node->assign.is_compound ? operator_text(node->assign.operation) : "");
		return;
	case AST_AGGREGATE:
		strbuf_addf(out, "%s = %s", node->aggregate.target.name, aggregation_name(node->aggregate.aggregation));
		return;
	case AST_CAST:
		strbuf_add_string(out, "cast");
		return;
	case AST_TUPLE:
		strbuf_add_string(out, node->tuple.names ? "record" : "tuple");
		return;
	case AST_FIELD:
		if (node->field.name)
			strbuf_addf(out, "field: %s", node->field.name);
		else
			strbuf_addf(out, "field: %u", node->field.index);
		return;
	case AST_INDEX:
		strbuf_add_string(out, "[]");
		return;
	case AST_DEREFERENCE:
		strbuf_add_string(out, "dereference");
		return;
	case AST_ADDRESS:
		strbuf_add_string(out, "address of");
		return;
	case AST_CALL:
		add_call(out, &node->call);
		return;
	case AST_BLOCK_VALUE:
		if (node->block.macro)
			strbuf_addf(out, "macro: %s", node->block.macro);
		else
			strbuf_add_string(out, "block");
		return;
	case AST_PARAMETER:
	case AST_PARAMETERS:
	case AST_IDENTIFIER:
	case AST_SIZEOF:
	case AST_OFFSETOF:
		break; /* removed by sema */
	}
	abort();
}

static void dump_expression(struct ast_expression **slot, void *user)
{
	struct dump *dump = user;

	start_line(dump);
	add_label(dump->out, *slot);
	if ((*slot)->type && (*slot)->type->kind != TYPE_NONE) {
		strbuf_add_string(dump->out, " :: [");
		type_add_name(dump->out, (*slot)->type);
		strbuf_add_char(dump->out, ']');
	}
	strbuf_add_char(dump->out, '\n');
	/* What sema put there as constants has nothing below that matters. */
	dump->depth++;
	if ((*slot)->kind == AST_CAST)
		dump_expression(&(*slot)->cast.operand, dump);
	else
		ast_walk_expression(*slot, &dump->walk);
	dump->depth--;
}

static void dump_list(struct dump *dump, const char *label, struct ast_statement *first)
{
	start_line(dump);
	strbuf_addf(dump->out, "%s\n", label);
	dump->depth++;
	for (struct ast_statement *statement = first; statement; statement = statement->next)
		dump_statement(dump, statement);
	dump->depth--;
}

static void dump_if(struct dump *dump, struct ast_statement *statement)
{
	dump_expression(&statement->condition.condition, dump);
	dump_list(dump, "then", statement->condition.yes);
	if (statement->condition.no)
		dump_list(dump, "else", statement->condition.no);
}

static void dump_statement(struct dump *dump, struct ast_statement *statement)
{
	static const char *const labels[] = {
		[AST_EXPRESSION] = "",       [AST_LET] = "let: ",     [AST_IF] = "if",       [AST_WHILE] = "while",
		[AST_UNROLL] = "unroll",     [AST_FOR] = "for: ",     [AST_BLOCK] = "block", [AST_BREAK] = "break",
		[AST_CONTINUE] = "continue", [AST_RETURN] = "return",
	};

	if (statement->kind == AST_EXPRESSION) {
		ast_walk_statement(statement, &dump->walk);
		return;
	}
	start_line(dump);
	strbuf_add_string(dump->out, labels[statement->kind]);
	if (statement->kind == AST_LET)
		strbuf_add_string(dump->out, statement->let.name);
	if (statement->kind == AST_FOR)
		strbuf_addf(dump->out, "%s%s%s", statement->for_loop.name, statement->for_loop.map.name ? " in " : "",
			    statement->for_loop.map.name ? statement->for_loop.map.name : "");
	strbuf_add_char(dump->out, '\n');
	dump->depth++;
	if (statement->kind == AST_IF)
		dump_if(dump, statement);
	else if (statement->kind != AST_LET)
		ast_walk_statement(statement, &dump->walk);
	else if (statement->let.value)
		dump_expression(&statement->let.value, dump);
	dump->depth--;
}

/* What a loop does, or a block. */
static void dump_statements(struct ast_statement **first, void *user)
{
	dump_list(user, "do", *first);
}

static void dump_clause(struct dump *dump, struct ast_clause *clause)
{
	for (const struct ast_attach_point *point = clause->attach_points; point; point = point->next) {
		start_line(dump);
		strbuf_addf(dump->out, "%s\n", point->text);
	}
	dump->depth++;
	if (clause->predicate) {
		start_line(dump);
		strbuf_add_string(dump->out, "pred\n");
		dump->depth++;
		dump_expression(&clause->predicate, dump);
		dump->depth--;
	}
	for (struct ast_statement *statement = clause->body; statement; statement = statement->next)
		dump_statement(dump, statement);
	dump->depth--;
}

static void dump_map(const struct dump *dump, const struct ast_map *map)
{
	strbuf_addf(dump->out, " %s", map->name);
	if (map->key_type) {
		strbuf_add_char(dump->out, '[');
		type_add_name(dump->out, map->key_type);
		strbuf_add_char(dump->out, ']');
	}
	strbuf_add_string(dump->out, " :: [");
	type_add_name(dump->out, map->value_type);
	strbuf_add_string(dump->out, "]\n");
}

void ast_dump(struct ast_program *program, struct strbuf *out)
{
	struct dump dump = {.out = out, .depth = 1, .walk = {dump_expression, dump_statements, &dump}};

	strbuf_add_string(out, "Program\n");
	for (const struct ast_map *map = program->maps; map; map = map->next)
		dump_map(&dump, map);
	for (struct ast_clause *clause = program->clauses; clause; clause = clause->next)
		dump_clause(&dump, clause);
}
