/* SPDX-License-Identifier: MIT */
/*
 * Names: which variable, map, builtin or function each word is. Variables
 * belong to the block in which they are first assigned or declared, and end
 * with it; maps belong to the script. Constants are folded on the way, since
 * what follows asks whether an argument is one.
 */
#include <string.h>

#include "lang/literal.h"
#include "lang/sema_internal.h"

/* ---- Variables -------------------------------------------------------------------------------------------------- */

static struct ast_variable *find_variable(const struct sema *sema, const char *name, unsigned expansion)
{
	for (const struct sema_scope *scope = sema->scope; scope; scope = scope->outer) {
		for (struct ast_variable *variable = scope->variables; variable; variable = variable->next_in_scope) {
			if (variable->expansion == expansion && strcmp(variable->name, name) == 0)
				return variable;
		}
	}
	return NULL;
}

static struct ast_variable *new_variable(struct sema *sema, const char *name, unsigned expansion, struct span span,
					 enum ast_declaration declaration)
{
	struct ast_variable *variable;

	if (sema->clause->variable_count >= AST_NAMES_MAX) {
		diag_error(sema->diagnostics, span, "too many variables in one clause: more than %d", AST_NAMES_MAX);
		return NULL;
	}
	variable = arena_allocate(sema->arena, sizeof(*variable));
	if (!variable)
		return NULL;
	variable->name = name;
	variable->expansion = expansion;
	variable->span = span;
	variable->declaration = declaration;
	variable->slot = sema->clause->variable_count++;
	variable->next = sema->clause->variables;
	sema->clause->variables = variable;
	variable->next_in_scope = sema->scope->variables;
	sema->scope->variables = variable;
	return variable;
}

static void name_variable(struct sema *sema, struct ast_expression *node)
{
	struct ast_variable *variable = find_variable(sema, node->name, node->expansion);

	if (!variable) {
		diag_error(sema->diagnostics, node->span, "Undefined or undeclared variable: %s", node->name);
	} else if (!variable->is_assigned && !variable->is_early) {
		diag_warning(sema->diagnostics, node->span, "Variable used before it was assigned: %s", node->name);
		variable->is_early = true;
	}
	node->variable = variable;
}

/* The target of a plain assignment, which may be the first. */
void sema_name_assigned_variable(struct sema *sema, struct ast_expression *node)
{
	const char *name = node->name;

	node->variable = find_variable(sema, name, node->expansion);
	if (!node->variable)
		node->variable = new_variable(sema, name, node->expansion, node->span, AST_ASSIGNED);
	if (node->variable)
		node->variable->is_assigned = true;
}

/* Reports that another variable of KNOWN's name is declared. */
static void complain_about_shadow(struct sema *sema, struct span span, const struct ast_variable *known,
				  const char *format)
{
	static const char *const origins[] = {
		[AST_ASSIGNED] = "This is the initial assignment.",
		[AST_DECLARED] = "This is the initial declaration.",
		[AST_LOOPED] = "This is the loop variable.",
	};

	diag_error(sema->diagnostics, span, format, known->name);
	diag_context(sema->diagnostics, known->span, "%s", origins[known->declaration]);
}

/* ---- Maps ------------------------------------------------------------------------------------------------------- */

static struct ast_map *find_map(struct sema *sema, const char *name, struct span span)
{
	struct ast_map *map;

	for (map = sema->program->maps; map; map = map->next) {
		if (strcmp(map->name, name) == 0)
			return map;
	}
	if (sema->program->map_count >= AST_NAMES_MAX) {
		diag_error(sema->diagnostics, span, "too many maps in one script: more than %d", AST_NAMES_MAX);
		return NULL;
	}
	map = arena_allocate(sema->arena, sizeof(*map));
	if (!map)
		return NULL;
	map->name = name;
	map->span = span;
	map->slot = sema->program->map_count++;
	*sema->map_link = map;
	sema->map_link = &map->next;
	return map;
}

void sema_note_key(struct sema *sema, struct ast_map *map, struct span span, bool has_key)
{
	if (has_key && map->is_scalar)
		diag_error(sema->diagnostics, span,
			   "%s used as a map with an explicit key (non-scalar map), previously used without an "
			   "explicit key (scalar map)",
			   map->name);
	else if (!has_key && map->is_keyed)
		diag_error(sema->diagnostics, span,
			   "%s used as a map without an explicit key (scalar map), previously used with an explicit "
			   "key (non-scalar map)",
			   map->name);
	else if (has_key)
		map->is_keyed = true;
	else
		map->is_scalar = true;
}

void sema_name_map(struct sema *sema, struct ast_map_use *use, struct span span, enum sema_map_use how)
{
	if (use->key)
		sema_name_expression(sema, use->key);
	use->map = find_map(sema, use->name, span);
	if (use->map && how == SEMA_MAP_VALUE)
		sema_note_key(sema, use->map, span, use->key != NULL);
}

/* ---- Words and parameters --------------------------------------------------------------------------------------- */

struct ast_text sema_parameter(const struct sema *sema, unsigned number)
{
	const char *text = number <= sema->options->parameter_count ? sema->options->parameters[number - 1] : "";

	return (struct ast_text){text, strlen(text)};
}

/* A parameter is a number if it looks like one, 0 if it was not given, else a string. */
static void name_parameter(struct sema *sema, struct ast_expression *node)
{
	struct ast_text text = sema_parameter(sema, node->parameter);
	bool is_negative = text.length > 0 && text.bytes[0] == '-';
	uint64_t value = 0;

	if (node->parameter <= sema->options->parameter_count &&
	    literal_integer(text.bytes + is_negative, text.length - is_negative, &value) != LITERAL_OK) {
		node->kind = AST_STRING;
		node->text = (struct ast_text){arena_copy(sema->arena, text.bytes, text.length), text.length};
		return;
	}
	sema_set_constant(node, is_negative ? -value : value, is_negative && value > 0);
}

void sema_check_availability(struct sema *sema, const char *word, struct span span)
{
	for (const struct ast_attach_point *point = sema->clause->attach_points; point; point = point->next) {
		if (!point->is_refused && !probe_type_check_word(point->type, word, span, sema->diagnostics))
			return;
	}
}

void sema_name_builtin(struct sema *sema, struct ast_expression *node, const char *name,
		       const struct builtin_info *info, unsigned index)
{
	sema_check_availability(sema, name, node->span);
	node->kind = AST_BUILTIN;
	node->builtin.builtin = info->builtin;
	node->builtin.index = index;
	node->type = info->builtin == BUILTIN_ARGS ? sema_args_type(sema, node->span) : info->type;
}

const char *sema_plain_name(const char *name)
{
	static const char prefix[] = "__builtin_";
	size_t length = sizeof(prefix) - 1;

	return strncmp(name, prefix, length) == 0 ? name + length : name;
}

static void name_identifier(struct sema *sema, struct ast_expression *node)
{
	const char *name = sema_plain_name(node->name);
	const struct function_info *function = function_find(name);
	const struct aggregation_info *aggregation = aggregation_find(name);
	const struct builtin_info *info;
	const struct c_name *enumerator;
	const char *refusal, *nearest;
	unsigned index;

	if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0) {
		node->kind = AST_BOOL;
		node->integer = name[0] == 't';
		return;
	}
	info = builtin_find(name, &index);
	if (info) {
		sema_name_builtin(sema, node, name, info, index);
		return;
	}
	if ((function && function_arguments_min(function) == 0) || aggregation) {
		node->kind = AST_CALL;
		node->call = (struct ast_call){.name = name, .name_span = node->span};
		sema_name_call(sema, node);
		return;
	}
	enumerator = c_names_find(&sema->program->names, C_NAME_ENUMERATOR, name);
	if (enumerator) {
		node->kind = AST_INTEGER;
		node->integer = enumerator->value;
		node->type = enumerator->type;
		return;
	}
	refusal = builtin_refusal(name);
	if (refusal) {
		diag_error(sema->diagnostics, node->span, "%s %s", name, refusal);
		return;
	}
	diag_error(sema->diagnostics, node->span, "Unknown identifier: '%s'", name);
	nearest = builtin_nearest(name);
	if (nearest)
		diag_hint(sema->diagnostics, "did you mean %s%s?", nearest, function_find(nearest) ? "()" : "");
}

static void name_block_value(struct sema *sema, struct ast_expression *node);

/* ---- Expressions ------------------------------------------------------------------------------------------------ */

/* The aggregation that NODE calls, with or without parentheses; NULL if it does not. */
static const struct aggregation_info *called_aggregation(const struct ast_expression *node)
{
	if (node->kind == AST_CALL)
		return aggregation_find(node->call.name);
	return node->kind == AST_IDENTIFIER ? aggregation_find(node->name) : NULL;
}

/* A target that is read before it is written: OP= and ++. */
static void name_changed(struct sema *sema, struct ast_expression *target)
{
	sema_name_expression(sema, target);
	if (target->kind == AST_MAP && target->map.map) {
		target->map.map->is_assigned = true;
		target->map.map->is_counted = true;
	}
	if (target->kind == AST_VARIABLE && target->variable) {
		target->variable->is_assigned = true;
		target->variable->is_counted = true;
	}
}

static void name_assignment(struct sema *sema, struct ast_expression *node)
{
	struct ast_expression *target = node->assign.target;
	const struct aggregation_info *aggregation = called_aggregation(node->assign.value);

	if (aggregation && target->kind == AST_MAP && !node->assign.is_compound) {
		sema_name_aggregation(sema, node, aggregation);
		return;
	}
	sema_name_expression(sema, node->assign.value);
	if (target->kind == AST_VARIABLE && !node->assign.is_compound)
		sema_name_assigned_variable(sema, target);
	else
		name_changed(sema, target);
}

void sema_name_type(struct sema *sema, struct ast_type *type)
{
	if (type->operand)
		sema_name_expression(sema, type->operand);
}

/* sizeof(type) is a constant at once, if the type is known: an argument of lhist(), or a count of unroll. */
static void name_sizeof(struct sema *sema, struct ast_expression *node)
{
	struct ast_type *type = node->size_of.type;

	sema_name_type(sema, type);
	if (!type->operand && type_is_complete(type->type))
		sema_set_constant(node, type->type->size, false);
}

/* config.name */
static bool is_setting(const struct ast_expression *node)
{
	const struct ast_expression *operand = node->field.operand;

	return node->field.name && operand->kind == AST_IDENTIFIER && strcmp(operand->name, "config") == 0;
}

void sema_name_expression(struct sema *sema, struct ast_expression *node)
{
	switch (node->kind) {
	case AST_INTEGER:
	case AST_BOOL:
	case AST_STRING:
	case AST_BUILTIN:
	case AST_AGGREGATE:
		break;
	case AST_PARAMETER:
		name_parameter(sema, node);
		break;
	case AST_PARAMETERS:
		sema_set_constant(node, sema->options->parameter_count, false);
		break;
	case AST_IDENTIFIER:
		name_identifier(sema, node);
		break;
	case AST_SIZEOF:
		if (node->size_of.operand)
			sema_name_expression(sema, node->size_of.operand);
		else
			name_sizeof(sema, node);
		break;
	case AST_OFFSETOF:
		if (node->offset_of.operand)
			sema_name_expression(sema, node->offset_of.operand);
		else
			sema_name_type(sema, node->offset_of.type);
		break;
	case AST_DEREFERENCE:
		sema_name_expression(sema, node->dereference.operand);
		break;
	case AST_ADDRESS:
		sema_name_expression(sema, node->address.operand);
		break;
	case AST_VARIABLE:
		name_variable(sema, node);
		break;
	case AST_MAP:
		sema_name_map(sema, &node->map, node->span, SEMA_MAP_VALUE);
		break;
	case AST_UNARY:
		sema_name_expression(sema, node->unary.operand);
		break;
	case AST_BINARY:
	case AST_LOGICAL:
		sema_name_expression(sema, node->binary.left);
		sema_name_expression(sema, node->binary.right);
		break;
	case AST_CONDITIONAL:
		sema_name_expression(sema, node->conditional.condition);
		if (node->conditional.yes)
			sema_name_expression(sema, node->conditional.yes);
		sema_name_expression(sema, node->conditional.no);
		break;
	case AST_INCREMENT:
		name_changed(sema, node->increment.target);
		break;
	case AST_ASSIGN:
		name_assignment(sema, node);
		break;
	case AST_CAST:
		if (node->cast.target)
			sema_name_type(sema, node->cast.target);
		sema_name_expression(sema, node->cast.operand);
		break;
	case AST_TUPLE:
		for (size_t i = 0; i < node->tuple.count; i++)
			sema_name_expression(sema, node->tuple.elements[i]);
		break;
	case AST_FIELD:
		if (is_setting(node))
			sema_name_setting(sema, node);
		else
			sema_name_expression(sema, node->field.operand);
		break;
	case AST_INDEX:
		sema_name_expression(sema, node->index.operand);
		sema_name_expression(sema, node->index.index);
		break;
	case AST_CALL:
		sema_name_call(sema, node);
		break;
	case AST_BLOCK_VALUE:
		name_block_value(sema, node);
		break;
	}
	sema_fold(node);
}

/* ---- Statements ------------------------------------------------------------------------------------------------- */

static void name_statement(struct sema *sema, struct ast_statement *statement);

static bool ends_flow(const struct ast_statement *statement)
{
	const struct ast_expression *value;

	switch (statement->kind) {
	case AST_BREAK:
	case AST_CONTINUE:
	case AST_RETURN:
		return true;
	case AST_EXPRESSION:
		value = statement->expression.value;
		return value->kind == AST_CALL && strcmp(value->call.name, "exit") == 0;
	case AST_LET:
	case AST_IF:
	case AST_WHILE:
	case AST_UNROLL:
	case AST_FOR:
	case AST_BLOCK:
		return false;
	}
	return false;
}

static void warn_unassigned(struct sema *sema, const struct sema_scope *scope)
{
	for (const struct ast_variable *variable = scope->variables; variable; variable = variable->next_in_scope) {
		if (!variable->is_assigned)
			diag_warning(sema->diagnostics, variable->span, "Variable %s was never assigned to.",
				     variable->name);
	}
}

/* Statements in a scope of their own, and the value they end with, if VALUE is not NULL. */
static void name_block(struct sema *sema, struct ast_statement *first, struct ast_expression *value)
{
	struct sema_scope scope = {.outer = sema->scope};
	bool is_reachable = true;

	sema->scope = &scope;
	for (struct ast_statement *statement = first; statement; statement = statement->next) {
		if (!is_reachable) {
			diag_warning(sema->diagnostics, statement->span, "Unreachable statement");
			is_reachable = true;
		}
		name_statement(sema, statement);
		if (ends_flow(statement))
			is_reachable = false;
	}
	if (value)
		sema_name_expression(sema, value);
	warn_unassigned(sema, &scope);
	sema->scope = scope.outer;
}

/* Reports about what a macro put there tell where it was used. */
static void name_block_value(struct sema *sema, struct ast_expression *node)
{
	struct diag_frame frame = {.outer = sema->diagnostics->frame, .span = node->block.use_span};

	if (node->block.macro)
		sema->diagnostics->frame = &frame;
	name_block(sema, node->block.statements, node->block.value);
	sema->diagnostics->frame = frame.outer;
}

static void name_loop(struct sema *sema, struct ast_statement *body)
{
	sema->loop_depth++;
	name_block(sema, body, NULL);
	sema->loop_depth--;
}

static void name_let(struct sema *sema, struct ast_statement *statement)
{
	struct span declaration = span_join(statement->span, statement->let.name_span);
	struct ast_variable *variable;

	if (statement->let.type)
		sema_name_type(sema, statement->let.type);
	if (statement->let.value)
		sema_name_expression(sema, statement->let.value);
	variable = find_variable(sema, statement->let.name, statement->let.expansion);
	if (variable) {
		complain_about_shadow(sema, declaration, variable,
				      "Variable %s was already declared. Variable shadowing is not allowed.");
		return;
	}
	variable = new_variable(sema, statement->let.name, statement->let.expansion, declaration, AST_DECLARED);
	if (!variable)
		return;
	variable->is_assigned = statement->let.value != NULL;
	statement->let.variable = variable;
}

static void name_unroll(struct sema *sema, struct ast_statement *statement)
{
	struct ast_expression *count = statement->unroll.count_expression;
	bool is_negative;

	sema_name_expression(sema, count);
	if (!sema_is_constant(count, &is_negative))
		diag_error(sema->diagnostics, count->span, "invalid unroll value");
	else if (is_negative || count->integer < 1)
		diag_error(sema->diagnostics, count->span, "unroll minimum value is 1");
	else if (count->integer > 100)
		diag_error(sema->diagnostics, count->span, "unroll maximum value is 100");
	else
		statement->unroll.count = count->integer;
	name_loop(sema, statement->unroll.body);
}

static void name_for(struct sema *sema, struct ast_statement *statement)
{
	struct sema_scope scope = {.outer = sema->scope};
	struct ast_variable *variable;

	if (statement->for_loop.map.name) {
		sema_name_map(sema, &statement->for_loop.map, statement->for_loop.map_span, SEMA_MAP_WHOLE);
	} else {
		sema_name_expression(sema, statement->for_loop.start);
		sema_name_expression(sema, statement->for_loop.end);
	}
	variable = find_variable(sema, statement->for_loop.name, statement->for_loop.expansion);
	if (variable)
		complain_about_shadow(sema, statement->for_loop.name_span, variable,
				      "Loop declaration shadows existing variable: %s");
	sema->scope = &scope;
	variable = new_variable(sema, statement->for_loop.name, statement->for_loop.expansion,
				statement->for_loop.name_span, AST_LOOPED);
	if (variable)
		variable->is_assigned = true;
	statement->for_loop.variable = variable;
	name_loop(sema, statement->for_loop.body);
	sema->scope = scope.outer;
}

static void name_jump(struct sema *sema, const struct ast_statement *statement, const char *word)
{
	if (sema->loop_depth == 0)
		diag_error(sema->diagnostics, statement->span, "%s outside of a loop", word);
}

static void name_statement(struct sema *sema, struct ast_statement *statement)
{
	switch (statement->kind) {
	case AST_EXPRESSION:
		sema_name_expression(sema, statement->expression.value);
		break;
	case AST_LET:
		name_let(sema, statement);
		break;
	case AST_IF:
		sema_name_expression(sema, statement->condition.condition);
		name_block(sema, statement->condition.yes, NULL);
		name_block(sema, statement->condition.no, NULL);
		break;
	case AST_WHILE:
		sema_name_expression(sema, statement->loop.condition);
		name_loop(sema, statement->loop.body);
		break;
	case AST_UNROLL:
		name_unroll(sema, statement);
		break;
	case AST_FOR:
		name_for(sema, statement);
		break;
	case AST_BLOCK:
		name_block(sema, statement->block, NULL);
		break;
	case AST_BREAK:
		name_jump(sema, statement, "break");
		break;
	case AST_CONTINUE:
		name_jump(sema, statement, "continue");
		break;
	case AST_RETURN:
		if (statement->returned)
			sema_name_expression(sema, statement->returned);
		break;
	}
}

/* ---- Declarations of maps --------------------------------------------------------------------------------------- */

static void find_kind(struct sema *sema, const struct ast_map_declaration *declaration, struct ast_map *map)
{
	static const struct {
		const char *name;
		enum ast_map_kind kind;
	} kinds[] = {
		{"hash", AST_MAP_HASH},
		{"lruhash", AST_MAP_LRU_HASH},
		{"percpuhash", AST_MAP_PERCPU_HASH},
		{"percpulruhash", AST_MAP_PERCPU_LRU_HASH},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(declaration->kind, kinds[i].name) == 0) {
			map->kind = kinds[i].kind;
			return;
		}
	}
	diag_error(sema->diagnostics, declaration->kind_span, "Invalid bpf map type: %s", declaration->kind);
	diag_hint(sema->diagnostics, "Valid map types: percpulruhash, percpuhash, lruhash, hash");
}

static void name_declaration(struct sema *sema, const struct ast_map_declaration *declaration)
{
	struct ast_map *map = find_map(sema, declaration->name, declaration->name_span);
	bool is_negative;

	sema_name_expression(sema, declaration->limit);
	if (!map)
		return;
	if (map->kind != AST_MAP_UNDECLARED) {
		diag_error(sema->diagnostics, declaration->span, "Map %s was already declared", map->name);
		diag_context(sema->diagnostics, map->span, "This is the initial declaration.");
		return;
	}
	map->span = declaration->span;
	find_kind(sema, declaration, map);
	if (!sema_is_constant(declaration->limit, &is_negative) || is_negative || declaration->limit->integer < 1 ||
	    declaration->limit->integer > UINT32_MAX)
		diag_error(sema->diagnostics, declaration->limit->span,
			   "Max entries of %s must be a number from 1 to %u", map->name, UINT32_MAX);
	else
		map->limit = declaration->limit->integer;
}

/* A map that is declared may be set nowhere; one that is used and set nowhere is a mistake. */
static void check_maps(struct sema *sema)
{
	for (const struct ast_map *map = sema->program->maps; map; map = map->next) {
		if (map->is_assigned)
			continue;
		if (map->kind == AST_MAP_UNDECLARED || map->is_scalar || map->is_keyed)
			diag_error(sema->diagnostics, map->span, "Undefined map: %s", map->name);
		else
			diag_warning(sema->diagnostics, map->span, "Unused map: %s", map->name);
	}
}

static void name_clause(struct sema *sema, struct ast_clause *clause)
{
	struct sema_scope scope = {};

	sema->clause = clause;
	sema->scope = &scope;
	if (clause->predicate)
		sema_name_expression(sema, clause->predicate);
	name_block(sema, clause->body, NULL);
}

/* True if none of CLAUSE's probes can be had. */
static bool is_refused(const struct ast_clause *clause)
{
	for (const struct ast_attach_point *point = clause->attach_points; point; point = point->next) {
		if (!point->is_refused)
			return false;
	}
	return true;
}

/* Of a clause at probes that cannot be had nothing more is said; but the maps that it sets are set. */
static void name_refused_clause(struct sema *sema, struct ast_clause *clause)
{
	struct diag_list *diagnostics = sema->diagnostics;
	struct diag_list unheard = {.source = diagnostics->source};

	sema->diagnostics = &unheard;
	name_clause(sema, clause);
	sema->diagnostics = diagnostics;
	diag_list_deinit(&unheard);
}

void sema_names(struct sema *sema)
{
	sema->map_link = &sema->program->maps;
	for (const struct ast_map_declaration *declaration = sema->program->map_declarations; declaration;
	     declaration = declaration->next)
		name_declaration(sema, declaration);
	for (struct ast_clause *clause = sema->program->clauses; clause; clause = clause->next) {
		if (is_refused(clause))
			name_refused_clause(sema, clause);
		else
			name_clause(sema, clause);
	}
	check_maps(sema);
	sema_check_options(sema);
}
