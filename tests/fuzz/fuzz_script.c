/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a script: parsed, resolved with and without a process, its
 * diagnostics rendered. What is accepted must have kept sema's promises: every
 * expression typed, every slot within its bounds.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "lang/ast_dump.h"
#include "lang/parser.h"
#include "lang/sema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_expression(const struct ast_program *program, const struct ast_clause *clause,
			     const struct ast_expression *node);
static void check_block(const struct ast_program *program, const struct ast_clause *clause,
			const struct ast_statement *first);

static void check_optional(const struct ast_program *program, const struct ast_clause *clause,
			   const struct ast_expression *node)
{
	if (node)
		check_expression(program, clause, node);
}

static void check_map(const struct ast_program *program, const struct ast_map *map, const struct ast_expression *key)
{
	assert(map && map->slot < program->map_count && map->value_type);
	assert(!key || map->key_type);
}

static void check_call(const struct ast_program *program, const struct ast_clause *clause, const struct ast_call *call)
{
	for (size_t i = 0; i < call->argument_count; i++)
		check_expression(program, clause, call->arguments[i]);
	check_optional(program, clause, call->key);
	if (call->map)
		check_map(program, call->map, call->key);
	assert((function_info(call->function)->signature[0] == ARGUMENT_FORMAT) == (call->format != NULL));
	for (size_t i = 0; i < call->argument_count && !call->format && !call->map; i++) {
		if (function_argument_kind(function_info(call->function), i) == ARGUMENT_STRING_WORD)
			assert(call->arguments[i]->kind == AST_STRING);
	}
}

/* The member of a struct lies in it, and a tuple has the element. */
static void check_field(const struct ast_expression *node)
{
	const struct type *operand = node->field.operand->type;
	const struct type_field *member = &node->field.member;
	const struct type *object = node->field.is_through_pointer ? operand->inner : operand;

	if (operand->kind == TYPE_TUPLE) {
		assert(node->field.index < operand->element_count && !member->type);
		return;
	}
	assert(object->kind == TYPE_STRUCT && object->record->is_complete && member->type);
	assert(member->bit_width ? member->offset * 8u + member->bit_offset + member->bit_width <= object->size * 8u
				 : member->offset + member->type->size <= object->size);
}

static void check_expression(const struct ast_program *program, const struct ast_clause *clause,
			     const struct ast_expression *node)
{
	assert(node->type && node->depth > 0 && node->depth <= AST_DEPTH_MAX);
	switch (node->kind) {
	case AST_PARAMETER:
	case AST_PARAMETERS:
	case AST_IDENTIFIER:
	case AST_SIZEOF:
	case AST_OFFSETOF:
		abort();
	case AST_INTEGER:
	case AST_BOOL:
	case AST_STRING:
	case AST_BUILTIN:
		assert(node->type->size > 0);
		break;
	case AST_VARIABLE:
		assert(node->variable->slot < clause->variable_count && node->variable->type);
		break;
	case AST_MAP:
		check_optional(program, clause, node->map.key);
		check_map(program, node->map.map, node->map.key);
		break;
	case AST_UNARY:
		check_expression(program, clause, node->unary.operand);
		break;
	case AST_BINARY:
	case AST_LOGICAL:
		assert(node->binary.operand_type && node->binary.operand_type->kind != TYPE_NONE);
		check_expression(program, clause, node->binary.left);
		check_expression(program, clause, node->binary.right);
		break;
	case AST_CONDITIONAL:
		check_expression(program, clause, node->conditional.condition);
		check_optional(program, clause, node->conditional.yes);
		check_expression(program, clause, node->conditional.no);
		break;
	case AST_INCREMENT:
		check_expression(program, clause, node->increment.target);
		break;
	case AST_ASSIGN:
		assert(!node->assign.is_compound || node->assign.operand_type->kind == TYPE_INTEGER ||
		       node->assign.operand_type->kind == TYPE_POINTER);
		check_expression(program, clause, node->assign.target);
		check_expression(program, clause, node->assign.value);
		break;
	case AST_AGGREGATE:
		check_optional(program, clause, node->aggregate.target.key);
		check_map(program, node->aggregate.target.map, node->aggregate.target.key);
		assert(type_is_aggregate(node->aggregate.target.map->value_type));
		check_optional(program, clause, node->aggregate.value);
		break;
	case AST_CAST:
		check_expression(program, clause, node->cast.operand);
		break;
	case AST_TUPLE:
		assert(node->type->element_count == node->tuple.count);
		for (size_t i = 0; i < node->tuple.count; i++)
			check_expression(program, clause, node->tuple.elements[i]);
		break;
	case AST_FIELD:
		check_expression(program, clause, node->field.operand);
		check_field(node);
		break;
	case AST_INDEX:
		check_expression(program, clause, node->index.operand);
		check_expression(program, clause, node->index.index);
		break;
	case AST_DEREFERENCE:
		assert(node->dereference.operand->type->kind == TYPE_POINTER);
		check_expression(program, clause, node->dereference.operand);
		break;
	case AST_ADDRESS:
		check_expression(program, clause, node->address.operand);
		break;
	case AST_CALL:
		check_call(program, clause, &node->call);
		break;
	case AST_BLOCK_VALUE:
		check_block(program, clause, node->block.statements);
		check_optional(program, clause, node->block.value);
		break;
	}
}

static void check_block(const struct ast_program *program, const struct ast_clause *clause,
			const struct ast_statement *first)
{
	for (const struct ast_statement *statement = first; statement; statement = statement->next) {
		switch (statement->kind) {
		case AST_EXPRESSION:
			check_expression(program, clause, statement->expression.value);
			break;
		case AST_LET:
			assert(statement->let.variable->slot < clause->variable_count);
			check_optional(program, clause, statement->let.value);
			break;
		case AST_IF:
			check_expression(program, clause, statement->condition.condition);
			check_block(program, clause, statement->condition.yes);
			check_block(program, clause, statement->condition.no);
			break;
		case AST_WHILE:
			check_expression(program, clause, statement->loop.condition);
			check_block(program, clause, statement->loop.body);
			break;
		case AST_UNROLL:
			assert(statement->unroll.count >= 1 && statement->unroll.count <= 100);
			check_block(program, clause, statement->unroll.body);
			break;
		case AST_BLOCK:
			check_block(program, clause, statement->block);
			break;
		case AST_FOR:
			assert(statement->for_loop.variable->slot < clause->variable_count);
			assert(statement->for_loop.variable->type->kind ==
			       (statement->for_loop.map.name ? TYPE_TUPLE : TYPE_INTEGER));
			check_optional(program, clause, statement->for_loop.start);
			check_optional(program, clause, statement->for_loop.end);
			check_block(program, clause, statement->for_loop.body);
			break;
		case AST_RETURN:
			check_optional(program, clause, statement->returned);
			break;
		case AST_BREAK:
		case AST_CONTINUE:
			break;
		}
	}
}

static void check_program(const struct ast_program *program)
{
	for (const struct ast_clause *clause = program->clauses; clause; clause = clause->next) {
		for (const struct ast_attach_point *point = clause->attach_points; point; point = point->next)
			assert(point->type != AST_PROBE_INTERVAL || point->period_ns >= 1000);
		check_optional(program, clause, clause->predicate);
		check_block(program, clause, clause->body);
	}
}

static void read_script(struct source source, bool has_process)
{
	static const char *const parameters[] = {"42", "text", "-1", "usdt:/x:n"};
	struct sema_options options = {.parameters = parameters, .parameter_count = 4, .has_process = has_process};
	struct ast_program program = {};
	struct diag_list diagnostics = {};
	_cleanup_strbuf_ struct strbuf out = {};

	if (parser_parse(&source, NULL, &program, &diagnostics) && sema_resolve(&program, &options, &diagnostics)) {
		assert(diagnostics.error_count == 0);
		check_program(&program);
		ast_dump(&program, &out);
	} else {
		assert(diagnostics.error_count > 0);
	}
	diag_render(&diagnostics, &(struct diag_style){.has_colour = has_process}, &out);
	ast_program_deinit(&program);
	diag_list_deinit(&diagnostics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct source source = {.name = "fuzz", .text = (const char *)data, .size = size};

	read_script(source, false);
	read_script(source, true);
	return 0;
}
