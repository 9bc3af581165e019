/* SPDX-License-Identifier: MIT */
/*
 * Macros. Each use is replaced by a block that is a value: a copy of the
 * macro's body in which the parameters are what the use gives for them.
 *
 *	macro add($x, n) { $y = $x + n; $y }
 *	BEGIN { $y = 1; print(add($y, 2)) }
 *	        becomes    print({ $y' = $y + 2; $y' })
 *
 * Copies are hygienic: a variable of the body, $y above, gets the number of the
 * expansion, which makes it another than one of that name where the macro is
 * used; and a macro sees no maps but those that it is given. What is said of a
 * copy tells where the macro was used (struct diag_frame).
 *
 * The arguments of a use are expanded before they are put in, and the copy
 * after, so that a use in an argument is none in the body: add(add($a, 1), 2)
 * is no recursion.
 */
#include <string.h>

#include "base/strbuf.h"
#include "lang/ast_walk.h"
#include "lang/sema_internal.h"

/*
 * How deep uses may stand in one another's bodies, how deep the tree may get by
 * that, so that walking it needs no more stack than there is, and how many nodes
 * may be copied in all.
 */
#define CHAIN_MAX  100
#define TREE_MAX   1000
#define COPIES_MAX (1u << 18)

/* One macro whose copy is being gone over. */
struct link {
	const struct link *outer; /* or NULL */
	const struct ast_macro *macro;
	unsigned depth;
};

struct expander {
	struct sema *sema;
	const struct link *chain;
	unsigned expansions; /* so far */
	unsigned copies;
	unsigned depth;    /* of what is being gone over, below its clause */
	bool is_too_large; /* that was said, and all comes to an end */
	struct ast_walk walk;
};

/* ---- Copies ----------------------------------------------------------------------------------------------------- */

struct copier {
	struct expander *expander;
	const struct ast_macro *macro;
	struct ast_expression *const *arguments;
	unsigned expansion;
	struct span use_span;
	struct ast_walk walk;
};

static struct arena *arena_of(const struct copier *copier)
{
	return copier->expander->sema->arena;
}

static struct diag_list *diagnostics_of(const struct copier *copier)
{
	return copier->expander->sema->diagnostics;
}

/* The argument for the parameter of KIND that is called NAME; NULL: there is no such parameter. */
static const struct ast_expression *find_argument(const struct copier *copier, enum ast_macro_parameter_kind kind,
						  const char *name)
{
	for (size_t i = 0; i < copier->macro->parameter_count; i++) {
		const struct ast_macro_parameter *parameter = &copier->macro->parameters[i];

		if (parameter->kind == kind && strcmp(parameter->name, name) == 0)
			return copier->arguments[i];
	}
	return NULL;
}

/* A copier that changes nothing: for arguments, which belong to where the macro is used. */
static const struct ast_macro no_macro;

static void copy_expression(struct ast_expression **slot, void *user);

/* The node itself, not what hangs below it. False if there may be no more. */
static bool copy_node(const struct copier *copier, struct ast_expression **slot)
{
	struct expander *expander = copier->expander;
	struct ast_expression *copy;

	if (expander->copies++ >= COPIES_MAX) {
		if (!expander->is_too_large)
			diag_error(diagnostics_of(copier), copier->use_span,
				   "macros are expanded to more than %u expressions", COPIES_MAX);
		expander->is_too_large = true;
		return false;
	}
	copy = arena_allocate(arena_of(copier), sizeof(*copy));
	if (!copy)
		return false;
	*copy = **slot;
	*slot = copy;
	return true;
}

static bool copy_list(const struct copier *copier, struct ast_expression ***list, size_t count)
{
	struct ast_expression **copy = arena_allocate_array(arena_of(copier), count + 1, sizeof(*copy));

	if (!copy)
		return false;
	if (count)
		memcpy(copy, *list, count * sizeof(*copy));
	*list = copy;
	return true;
}

/* A copy of ARGUMENT in the place of SLOT. */
static void put_argument(const struct copier *copier, struct ast_expression **slot,
			 const struct ast_expression *argument)
{
	struct copier plain = {
		.expander = copier->expander,
		.macro = &no_macro,
		.use_span = copier->use_span,
		.walk = copier->walk,
	};

	plain.walk.user = &plain;
	*slot = (struct ast_expression *)argument;
	copy_expression(slot, &plain);
}

static bool is_plain(const struct copier *copier)
{
	return copier->macro == &no_macro;
}

static void copy_variable(const struct copier *copier, struct ast_expression **slot)
{
	const struct ast_expression *argument = find_argument(copier, AST_PARAMETER_VARIABLE, (*slot)->name);

	/* A copy of an earlier expansion keeps its number. */
	if (is_plain(copier) || (*slot)->expansion)
		copy_node(copier, slot);
	else if (argument)
		put_argument(copier, slot, argument);
	else if (copy_node(copier, slot))
		(*slot)->expansion = copier->expansion;
}

/* The map that USE means in a copy. */
static void rename_map(const struct copier *copier, struct ast_map_use *use, struct span span)
{
	const struct ast_expression *argument;

	if (is_plain(copier))
		return;
	argument = find_argument(copier, AST_PARAMETER_MAP, use->name);
	if (argument)
		use->name = argument->map.name;
	else
		diag_error(diagnostics_of(copier), span,
			   "Unhygienic access to map: %s. Maps must be passed into the macro as arguments", use->name);
}

/* The target of an assignment cannot be just any expression. */
static void check_target(const struct copier *copier, const struct ast_expression *target)
{
	const struct ast_expression *argument;

	if (is_plain(copier) || target->kind != AST_VARIABLE || target->expansion)
		return;
	argument = find_argument(copier, AST_PARAMETER_VARIABLE, target->name);
	if (!argument || argument->kind == AST_VARIABLE)
		return;
	diag_error(diagnostics_of(copier), argument->span,
		   "Mismatched arg to macro call. Macro expects a variable for arg %s but got %s.", target->name,
		   argument->kind == AST_MAP && !argument->map.key ? "a map" : "an expression");
	diag_context(diagnostics_of(copier), target->span, "it is assigned to here");
}

/* A copy of a type that depends on an expression, which each use of the macro has for itself. */
static bool copy_type(const struct copier *copier, struct ast_type **type)
{
	struct ast_type *copy;

	if (!*type || !(*type)->operand)
		return true;
	copy = arena_allocate(arena_of(copier), sizeof(*copy));
	if (!copy)
		return false;
	*copy = **type;
	*type = copy;
	return true;
}

static bool copy_types(const struct copier *copier, struct ast_expression *node)
{
	if (node->kind == AST_CAST)
		return copy_type(copier, &node->cast.target);
	if (node->kind == AST_SIZEOF)
		return copy_type(copier, &node->size_of.type);
	return node->kind != AST_OFFSETOF || copy_type(copier, &node->offset_of.type);
}

static void copy_expression(struct ast_expression **slot, void *user)
{
	const struct copier *copier = user;
	const struct ast_expression *argument = NULL;

	if ((*slot)->kind == AST_VARIABLE) {
		copy_variable(copier, slot);
		return;
	}
	if ((*slot)->kind == AST_IDENTIFIER)
		argument = find_argument(copier, AST_PARAMETER_EXPRESSION, (*slot)->name);
	if (argument) {
		put_argument(copier, slot, argument);
		return;
	}
	if ((*slot)->kind == AST_ASSIGN)
		check_target(copier, (*slot)->assign.target);
	else if ((*slot)->kind == AST_INCREMENT)
		check_target(copier, (*slot)->increment.target);
	if (!copy_node(copier, slot))
		return;
	if ((*slot)->kind == AST_MAP)
		rename_map(copier, &(*slot)->map, (*slot)->span);
	if ((*slot)->kind == AST_TUPLE && !copy_list(copier, &(*slot)->tuple.elements, (*slot)->tuple.count))
		return;
	if ((*slot)->kind == AST_CALL && !copy_list(copier, &(*slot)->call.arguments, (*slot)->call.argument_count))
		return;
	if (!copy_types(copier, *slot))
		return;
	ast_walk_expression(*slot, &copier->walk);
}

/* A variable that the body declares at SPAN. */
static void declare(const struct copier *copier, const char *name, struct span span, unsigned *expansion)
{
	if (is_plain(copier) || *expansion)
		return;
	if (find_argument(copier, AST_PARAMETER_VARIABLE, name))
		diag_error(diagnostics_of(copier), span, "Variable declaration shadows macro arg %s", name);
	*expansion = copier->expansion;
}

static void copy_statements(struct ast_statement **first, void *user)
{
	const struct copier *copier = user;

	for (struct ast_statement **link = first; *link; link = &(*link)->next) {
		struct ast_statement *copy = arena_allocate(arena_of(copier), sizeof(*copy));

		if (!copy)
			return;
		*copy = **link;
		*link = copy;
		if (copy->kind == AST_LET) {
			declare(copier, copy->let.name, copy->let.name_span, &copy->let.expansion);
			if (!copy_type(copier, &copy->let.type))
				return;
		}
		if (copy->kind == AST_FOR) {
			declare(copier, copy->for_loop.name, copy->for_loop.name_span, &copy->for_loop.expansion);
			if (copy->for_loop.map.name)
				rename_map(copier, &copy->for_loop.map, copy->for_loop.map_span);
		}
		ast_walk_statement(copy, &copier->walk);
	}
}

/* ---- Uses ------------------------------------------------------------------------------------------------------- */

/* Whether NODE looks like a use of a macro, and of which name. */
static const char *used_name(const struct ast_expression *node)
{
	if (node->kind == AST_CALL)
		return node->call.name;
	return node->kind == AST_IDENTIFIER ? node->name : NULL;
}

static size_t argument_count(const struct ast_expression *node)
{
	return node->kind == AST_CALL ? node->call.argument_count : 0;
}

/* A word that means something without any macro. */
static bool is_known_word(const char *name)
{
	unsigned index;

	return builtin_find(name, &index) || function_find(name) || aggregation_find(name);
}

/* The macro that NODE uses; NULL: none, or, reported, none with that many parameters. */
static const struct ast_macro *find_macro(const struct expander *expander, const struct ast_expression *node)
{
	const char *name = used_name(node);
	const struct ast_macro *other = NULL;

	for (const struct ast_macro *macro = name ? expander->sema->program->macros : NULL; macro;
	     macro = macro->next) {
		if (strcmp(macro->name, name) != 0)
			continue;
		if (macro->parameter_count == argument_count(node))
			return macro;
		other = macro;
	}
	if (!other || is_known_word(name))
		return NULL;
	if (node->kind == AST_IDENTIFIER)
		diag_error(expander->sema->diagnostics, node->span,
			   "Call to macro has no number arguments. Expected: %zu", other->parameter_count);
	else
		diag_error(expander->sema->diagnostics, node->span,
			   "Call to macro has wrong number arguments. Expected: %zu but got %zu",
			   other->parameter_count, argument_count(node));
	diag_context(expander->sema->diagnostics, other->name_span, "the macro is defined here");
	return NULL;
}

static bool is_recursive(const struct expander *expander, const struct ast_macro *macro)
{
	for (const struct link *link = expander->chain; link; link = link->outer) {
		if (link->macro == macro)
			return true;
	}
	return false;
}

/* The names of LINK and those it stands in, the outermost first. */
static void add_chain(struct strbuf *out, const struct link *link)
{
	if (!link)
		return;
	add_chain(out, link->outer);
	strbuf_addf(out, "%s > ", link->macro->name);
}

static bool check_chain(const struct expander *expander, const struct ast_macro *macro, struct span span)
{
	_cleanup_strbuf_ struct strbuf names = {};

	if (is_recursive(expander, macro)) {
		add_chain(&names, expander->chain);
		diag_error(expander->sema->diagnostics, span, "Recursive macro call detected. Call chain: %s%s",
			   strbuf_text(&names), macro->name);
		return false;
	}
	if (expander->chain && expander->chain->depth >= CHAIN_MAX) {
		diag_error(expander->sema->diagnostics, span, "macros use one another over more than %d steps",
			   CHAIN_MAX);
		return false;
	}
	return true;
}

/* A map parameter takes a map, whole; a variable parameter no map. */
static bool check_arguments(const struct expander *expander, const struct ast_macro *macro,
			    struct ast_expression *const *arguments)
{
	bool is_right = true;

	for (size_t i = 0; i < macro->parameter_count; i++) {
		const struct ast_macro_parameter *parameter = &macro->parameters[i];
		const struct ast_expression *argument = arguments[i];
		bool is_map = argument->kind == AST_MAP && !argument->map.key;
		bool is_variable = argument->kind == AST_VARIABLE;

		if (parameter->kind == AST_PARAMETER_MAP && !is_map)
			diag_error(expander->sema->diagnostics, argument->span,
				   "Mismatched arg to macro call. Macro expects a map for arg %s but got %s.",
				   parameter->name, is_variable ? "a variable" : "an expression");
		else
			continue;
		is_right = false;
	}
	return is_right;
}

static void expand_expression(struct ast_expression **slot, void *user);
static void expand_statements(struct ast_statement **first, void *user);

static void complain_about_depth(struct expander *expander, struct span span)
{
	if (!expander->is_too_large)
		diag_error(expander->sema->diagnostics, span,
			   "macros are expanded to more than %d levels in one another", TREE_MAX);
	expander->is_too_large = true;
}

/* How deep a tree is, as far as TREE_MAX. */
struct depth_walk {
	struct ast_walk walk;
	unsigned depth;
	unsigned deepest;
};

static void measure_expression(struct ast_expression **slot, void *user)
{
	struct depth_walk *walk = user;

	if (++walk->depth > walk->deepest)
		walk->deepest = walk->depth;
	if (walk->deepest <= TREE_MAX)
		ast_walk_expression(*slot, &walk->walk);
	walk->depth--;
}

static void measure_statements(struct ast_statement **first, void *user)
{
	struct depth_walk *walk = user;

	if (++walk->depth > walk->deepest)
		walk->deepest = walk->depth;
	for (struct ast_statement *statement = *first; statement && walk->deepest <= TREE_MAX;
	     statement = statement->next)
		ast_walk_statement(statement, &walk->walk);
	walk->depth--;
}

static bool is_too_deep(struct ast_expression *node)
{
	struct depth_walk walk = {.walk = {measure_expression, measure_statements, &walk}};

	measure_expression(&node, &walk);
	return walk.deepest > TREE_MAX;
}

/* NODE, whose arguments are expanded, becomes MACRO's body. */
static void expand_use(struct expander *expander, struct ast_expression *node, const struct ast_macro *macro)
{
	const struct link link = {expander->chain, macro, expander->chain ? expander->chain->depth + 1 : 1};
	struct copier copier = {
		.expander = expander,
		.macro = macro,
		.arguments = node->kind == AST_CALL ? node->call.arguments : NULL,
		.use_span = node->span,
		.walk = {copy_expression, copy_statements, &copier},
	};
	struct diag_frame frame = {.outer = expander->sema->diagnostics->frame, .span = node->span};
	struct ast_statement *statements = macro->body;
	struct ast_expression *value = macro->value;

	if (!check_chain(expander, macro, node->span) || !check_arguments(expander, macro, copier.arguments))
		return;
	copier.expansion = ++expander->expansions;
	expander->sema->diagnostics->frame = &frame;
	if (statements)
		copy_statements(&statements, &copier);
	if (value)
		copy_expression(&value, &copier);
	*node = (struct ast_expression){.kind = AST_BLOCK_VALUE, .span = node->span, .depth = node->depth};
	node->block.statements = statements;
	node->block.value = value;
	node->block.macro = macro->name;
	node->block.use_span = node->span;
	expander->chain = &link;
	if (!expander->is_too_large)
		ast_walk_expression(node, &expander->walk);
	expander->chain = link.outer;
	expander->sema->diagnostics->frame = frame.outer;
	if (!expander->is_too_large && is_too_deep(node))
		complain_about_depth(expander, node->span);
}

/* A use, or what holds uses. IS_STATEMENT: nobody wants the value. */
static void expand(struct expander *expander, struct ast_expression *node, bool is_statement)
{
	const struct ast_macro *macro;

	if (expander->is_too_large || expander->sema->arena->failed)
		return;
	/* An argument that was put in is expanded already. */
	if (node->kind == AST_BLOCK_VALUE && node->block.macro)
		return;
	ast_walk_expression(node, &expander->walk);
	macro = find_macro(expander, node);
	if (macro)
		expand_use(expander, node, macro);
	if (node->kind == AST_BLOCK_VALUE && node->block.macro && !node->block.value && !is_statement) {
		diag_error(expander->sema->diagnostics, node->span,
			   "Macro '%s' expanded to a block instead of a block expression. Try removing the semicolon "
			   "from the end of the last statement in the macro body.",
			   node->block.macro);
		diag_context(expander->sema->diagnostics, macro->name_span, "the macro is defined here");
	}
}

/* Counts how deep it goes. */
static void expand_below(struct expander *expander, struct ast_expression *node, bool is_statement)
{
	if (expander->depth >= TREE_MAX) {
		complain_about_depth(expander, node->span);
		return;
	}
	expander->depth++;
	expand(expander, node, is_statement);
	expander->depth--;
}

static void expand_expression(struct ast_expression **slot, void *user)
{
	expand_below(user, *slot, false);
}

static void expand_statements(struct ast_statement **first, void *user)
{
	struct expander *expander = user;

	if (expander->depth >= TREE_MAX) {
		complain_about_depth(expander, (*first)->span);
		return;
	}
	expander->depth++;
	for (struct ast_statement *statement = *first; statement; statement = statement->next) {
		if (statement->kind == AST_EXPRESSION && !statement->expression.is_discard)
			expand_below(expander, statement->expression.value, true);
		else
			ast_walk_statement(statement, &expander->walk);
	}
	expander->depth--;
}

/* ---- Definitions ------------------------------------------------------------------------------------------------ */

static void check_parameters(const struct sema *sema, const struct ast_macro *macro)
{
	static const char *const kinds[] = {
		[AST_PARAMETER_EXPRESSION] = "Name",
		[AST_PARAMETER_VARIABLE] = "Variable",
		[AST_PARAMETER_MAP] = "Map",
	};

	for (size_t i = 0; i < macro->parameter_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(macro->parameters[i].name, macro->parameters[j].name) != 0)
				continue;
			diag_error(sema->diagnostics, macro->parameters[i].span,
				   "%s for macro argument has already been used: %s", kinds[macro->parameters[i].kind],
				   macro->parameters[i].name);
			break;
		}
	}
}

/* Macros of one name are told apart by how many parameters they have. */
static void check_definition(const struct sema *sema, const struct ast_macro *macro)
{
	check_parameters(sema, macro);
	for (const struct ast_macro *other = sema->program->macros; other != macro; other = other->next) {
		if (strcmp(other->name, macro->name) != 0 || other->parameter_count != macro->parameter_count)
			continue;
		diag_error(sema->diagnostics, macro->name_span, "Redefinition of macro: %s", macro->name);
		diag_context(sema->diagnostics, other->name_span, "it is defined here first");
		return;
	}
}

bool sema_macros(struct sema *sema)
{
	size_t errors = sema->diagnostics->error_count;
	struct expander expander = {
		.sema = sema,
		.walk = {expand_expression, expand_statements, &expander},
	};

	if (!sema->program->macros)
		return true;
	for (const struct ast_macro *macro = sema->program->macros; macro; macro = macro->next)
		check_definition(sema, macro);
	for (struct ast_clause *clause = sema->program->clauses; clause; clause = clause->next) {
		if (clause->predicate)
			expand_expression(&clause->predicate, &expander);
		expand_statements(&clause->body, &expander);
	}
	return sema->diagnostics->error_count == errors && !sema->arena->failed;
}
