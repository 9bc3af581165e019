/* SPDX-License-Identifier: MIT */
/* The type of each kind of expression. How rounds over them come to an end: sema_types.c. */
#include "lang/operators.h"
#include "lang/sema_internal.h"

static bool is_known(const struct type *type)
{
	return type != &sema_unknown;
}

/* ---- Operators -------------------------------------------------------------------------------------------------- */

static bool is_comparison(enum ast_binary operation)
{
	return operation >= AST_EQUAL && operation <= AST_GREATER_EQUAL;
}

/* Two numbers whose values no one type holds: a uint64 and a signed one that is no constant. */
static bool has_mixed_signs(struct sema *sema, const struct type *left, const struct type *right)
{
	return !type_promote(sema->arena, left, right) && !sema->arena->failed;
}

/* Both are numbers. What they are taken to is a type of 64 bits that holds both; else see has_mixed_signs(). */
static const struct type *common_number(struct sema *sema, const struct type *left, const struct type *right)
{
	const struct type *both = type_promote(sema->arena, left, right);

	return both && (both->is_signed || both->kind == TYPE_BOOL) ? &type_int64 : &type_uint64;
}

static const struct type *type_of_numbers(struct sema *sema, enum ast_binary operation, struct span span,
					  const struct type *left, const struct type *right,
					  const struct type **ret_operand)
{
	bool is_shift = operation == AST_SHIFT_LEFT || operation == AST_SHIFT_RIGHT;

	if (!is_shift && has_mixed_signs(sema, left, right)) {
		sema_warn(sema, span, "%s integers of different signs: '%s' and '%s' can lead to undefined behavior",
			  is_comparison(operation) ? "comparison of" : "arithmetic on", sema_type_name(sema, left),
			  sema_type_name(sema, right));
		*ret_operand = is_comparison(operation) ? &type_uint64 : &type_int64;
	} else {
		/* How far a number is shifted does not change its sign. */
		*ret_operand = common_number(sema, left, is_shift ? left : right);
	}
	if (is_comparison(operation))
		return &type_bool;
	/* A difference may be negative whatever it is the difference of. */
	return operation == AST_SUBTRACT ? &type_int64 : *ret_operand;
}

static bool can_compare(const struct type *type)
{
	return type->kind == TYPE_STRING || type->kind == TYPE_BUFFER || type->kind == TYPE_TUPLE ||
	       type_is_object(type);
}

static bool is_sum(enum ast_binary operation)
{
	return operation == AST_ADD || operation == AST_SUBTRACT;
}

/* A pointer and a pointer, or a pointer and an integer. NULL: the operator does not work on them. */
static const struct type *type_of_pointers(struct sema *sema, enum ast_binary operation, struct span span,
					   const struct type *left, const struct type *right,
					   const struct type **ret_operand)
{
	const struct type *pointer = left->kind == TYPE_POINTER ? left : right;
	bool are_both = left->kind == right->kind;

	if (is_comparison(operation)) {
		if (are_both && !type_is_same(left, right))
			sema_warn(sema, span, "comparison of distinct pointer types: %s, %s",
				  sema_type_name(sema, left), sema_type_name(sema, right));
		*ret_operand = &type_void_pointer;
		return &type_bool;
	}
	if (are_both || !is_sum(operation) || (operation == AST_SUBTRACT && pointer == right))
		return NULL;
	if (pointer->inner && !type_is_complete(pointer->inner))
		return sema_complain(sema, span, "Cannot resolve unknown type \"%s\"",
				     sema_type_name(sema, pointer->inner));
	*ret_operand = pointer;
	return pointer;
}

/* LEFT OPERATION RIGHT, for what is not `&&' or `||'. */
static const struct type *type_operation(struct sema *sema, enum ast_binary operation, struct span span,
					 const struct type *left, const struct type *right,
					 const struct type **ret_operand)
{
	const struct type *both;

	*ret_operand = &sema_unknown;
	if (!is_known(left) || !is_known(right))
		return &sema_unknown;
	if (type_is_number(left) && type_is_number(right))
		return type_of_numbers(sema, operation, span, left, right, ret_operand);
	if ((left->kind == TYPE_POINTER && (right->kind == TYPE_POINTER || right->kind == TYPE_INTEGER)) ||
	    (left->kind == TYPE_INTEGER && right->kind == TYPE_POINTER)) {
		both = type_of_pointers(sema, operation, span, left, right, ret_operand);
		if (both)
			return both;
	}
	both = type_promote(sema->arena, left, right);
	if (both && can_compare(both) && type_has_same_order(left, right) &&
	    (operation == AST_EQUAL || operation == AST_NOT_EQUAL)) {
		*ret_operand = both;
		return &type_bool;
	}
	if (!both && is_comparison(operation))
		return sema_complain(sema, span, "Type mismatch for '%s': comparing %s with %s",
				     operator_text(operation), sema_type_name(sema, left), sema_type_name(sema, right));
	return sema_complain(sema, span, "The %s operator can not be used on expressions of types %s, %s",
			     operator_text(operation), sema_type_name(sema, left), sema_type_name(sema, right));
}

static bool is_condition(const struct type *type)
{
	return type_is_number(type) || type->kind == TYPE_POINTER;
}

void sema_check_condition(struct sema *sema, const struct type *type, struct span span)
{
	if (is_known(type) && !is_condition(type))
		sema_complain(sema, span, "Invalid condition: %s", type_kind_name(type->kind));
}

static const struct type *type_logical(struct sema *sema, struct ast_expression *node)
{
	const struct type *left = sema_type(sema, node->binary.left);
	const struct type *right = sema_type(sema, node->binary.right);

	node->binary.operand_type = &type_bool;
	if (is_known(left) && is_known(right) && (!is_condition(left) || !is_condition(right)))
		return sema_complain(sema, node->span, "The %s operator can not be used on expressions of types %s, %s",
				     operator_text(node->binary.operation), sema_type_name(sema, left),
				     sema_type_name(sema, right));
	return &type_bool;
}

static const struct type *type_unary(struct sema *sema, struct ast_expression *node)
{
	static const char *const texts[] = {[AST_NEGATE] = "-", [AST_NOT] = "!", [AST_COMPLEMENT] = "~"};
	const struct type *operand = sema_type(sema, node->unary.operand);
	bool is_not = node->unary.operation == AST_NOT;

	if (!is_known(operand))
		return &sema_unknown;
	if (is_not ? !is_condition(operand) : operand->kind != TYPE_INTEGER)
		return sema_complain(sema, node->span, "The %s operator can not be used on expressions of type '%s'",
				     texts[node->unary.operation], sema_type_name(sema, operand));
	if (is_not)
		return &type_bool;
	return node->unary.operation == AST_NEGATE || operand->is_signed ? &type_int64 : &type_uint64;
}

/* ---- Assignments ------------------------------------------------------------------------------------------------ */

/* TYPE is stored in TARGET, which has been typed. Returns TARGET's type from now on. */
static const struct type *learn_target(struct sema *sema, struct ast_expression *target, const struct type *type,
				       struct span span)
{
	const struct type *known;

	if (target->kind == AST_VARIABLE) {
		sema_learn_variable(sema, target->variable, type, span);
		known = target->variable->type;
	} else {
		sema_learn_value(sema, target->map.map, type, span);
		known = target->map.map->value_type ? type_of_read(target->map.map->value_type) : NULL;
	}
	target->type = known ? known : &sema_unknown;
	return target->type;
}

/* A declared type is kept by ++ and OP=, which would else make 64 bits of everything. */
static bool is_fixed(const struct ast_expression *target, const struct type *type)
{
	return target->kind == AST_VARIABLE && target->variable->is_declared_type && type_is_number(type);
}

static const struct type *type_assign(struct sema *sema, struct ast_expression *node)
{
	struct ast_expression *target = node->assign.target;
	const struct type *value = sema_type(sema, node->assign.value);
	const struct type *before = sema_type(sema, target);

	if (node->assign.is_compound) {
		value = type_operation(sema, node->assign.operation, node->span, before, value,
				       &node->assign.operand_type);
		if (is_known(value) && is_fixed(target, value))
			return before;
	}
	learn_target(sema, target, value, node->span);
	if (is_known(target->type))
		sema_reorder(sema, &node->assign.value, target->type);
	return target->type;
}

static const struct type *type_increment(struct sema *sema, struct ast_expression *node)
{
	struct ast_expression *target = node->increment.target;
	const struct type *type = sema_type(sema, target);

	if (!is_known(type))
		return &sema_unknown;
	if (type->kind == TYPE_POINTER)
		return type;
	if (type->kind != TYPE_INTEGER)
		return sema_complain(sema, node->span, "The %s operator can not be used on expressions of type '%s'",
				     node->increment.is_decrement ? "--" : "++", sema_type_name(sema, type));
	if (is_fixed(target, type))
		return type;
	type = type->is_signed ? &type_int64 : &type_uint64;
	learn_target(sema, target, type, node->span);
	return type;
}

/* ---- Other expressions ------------------------------------------------------------------------------------------ */

static const struct type *type_conditional(struct sema *sema, struct ast_expression *node)
{
	const struct type *condition = sema_type(sema, node->conditional.condition);
	const struct type *yes = node->conditional.yes ? sema_type(sema, node->conditional.yes) : condition;
	const struct type *no = sema_type(sema, node->conditional.no);
	const struct type *both;

	sema_check_condition(sema, condition, node->conditional.condition->span);
	if (!is_known(yes) || !is_known(no))
		return is_known(yes) ? yes : no;
	both = (yes->kind == TYPE_NONE) == (no->kind == TYPE_NONE) ? type_promote(sema->arena, yes, no) : NULL;
	if (!both || !type_has_same_order(yes, no))
		return sema_complain(sema, node->span,
				     "Branches must return the same type or compatible types: have '%s' and '%s'",
				     sema_type_name(sema, yes), sema_type_name(sema, no));
	return both;
}

static const struct type *type_tuple_node(struct sema *sema, struct ast_expression *node)
{
	const struct type **elements = arena_allocate_array(sema->arena, node->tuple.count, sizeof(elements[0]));

	if (!elements)
		return &sema_unknown;
	for (size_t i = 0; i < node->tuple.count; i++) {
		const struct ast_expression *element = node->tuple.elements[i];

		elements[i] = sema_type(sema, node->tuple.elements[i]);
		if (!is_known(elements[i]))
			continue;
		if (elements[i]->kind == TYPE_NONE || type_is_aggregate(elements[i]))
			elements[i] = sema_complain(sema, element->span, "%s cannot exist inside a tuple.",
						    sema_type_name(sema, elements[i]));
	}
	for (size_t i = 0; i < node->tuple.count; i++) {
		if (!is_known(elements[i]))
			return &sema_unknown;
	}
	if (type_count_nodes(elements, (uint32_t)node->tuple.count) > TYPE_TUPLE_NODES_MAX)
		return sema_complain(sema, node->span,
				     "tuple is too large: more than %d elements, those within included",
				     TYPE_TUPLE_NODES_MAX);
	/* The same tuple in the next round keeps its type, so that nothing seems to have changed. */
	if (node->type && node->type->kind == TYPE_TUPLE) {
		bool is_same = true;

		for (size_t i = 0; i < node->tuple.count; i++)
			is_same = is_same && elements[i] == node->type->elements[i];
		if (is_same)
			return node->type;
	}
	if (node->tuple.names)
		return type_named_tuple(sema->arena, elements, node->tuple.names, (uint32_t)node->tuple.count);
	return type_tuple(sema->arena, elements, (uint32_t)node->tuple.count);
}

static const struct type *type_string_node(struct sema *sema, struct ast_expression *node)
{
	/* The text, and the NUL that its capacity counts. */
	if (node->text.length >= TYPE_STRING_MAX)
		return sema_complain(sema, node->span, "string is too long: more than %u bytes", TYPE_STRING_MAX - 1);
	return node->type ? node->type : type_string(sema->arena, (uint32_t)node->text.length + 1);
}

static const struct type *type_map_node(struct sema *sema, struct ast_expression *node)
{
	const struct ast_map *map = node->map.map;

	sema_type_use(sema, &node->map);
	return map->value_type ? type_of_read(map->value_type) : &sema_unknown;
}

/* Reports about what a macro put there tell where it was used. */
static const struct type *type_block_value(struct sema *sema, struct ast_expression *node)
{
	struct diag_frame frame = {.outer = sema->diagnostics->frame, .span = node->block.use_span};
	const struct type *type = &type_none;

	if (node->block.macro)
		sema->diagnostics->frame = &frame;
	sema_type_block(sema, node->block.statements);
	if (node->block.value)
		type = sema_type(sema, node->block.value);
	sema->diagnostics->frame = frame.outer;
	return type;
}

static const struct type *find_type(struct sema *sema, struct ast_expression *node)
{
	switch (node->kind) {
	case AST_INTEGER:
		return node->type ? node->type : type_of_constant(node->integer, false);
	case AST_BOOL:
		return &type_bool;
	case AST_STRING:
		return type_string_node(sema, node);
	case AST_BUILTIN:
		return node->type;
	case AST_SIZEOF:
		return sema_sizeof_type(sema, node);
	case AST_OFFSETOF:
		return sema_offsetof_type(sema, node);
	case AST_VARIABLE:
		return node->variable->type ? node->variable->type : &sema_unknown;
	case AST_MAP:
		return type_map_node(sema, node);
	case AST_UNARY:
		return type_unary(sema, node);
	case AST_BINARY:
		return type_operation(sema, node->binary.operation, node->span, sema_type(sema, node->binary.left),
				      sema_type(sema, node->binary.right), &node->binary.operand_type);
	case AST_LOGICAL:
		return type_logical(sema, node);
	case AST_CONDITIONAL:
		return type_conditional(sema, node);
	case AST_INCREMENT:
		return type_increment(sema, node);
	case AST_ASSIGN:
		return type_assign(sema, node);
	case AST_AGGREGATE:
		return sema_aggregation_type(sema, node);
	case AST_CAST:
		return sema_cast_type(sema, node);
	case AST_TUPLE:
		return type_tuple_node(sema, node);
	case AST_FIELD:
		return sema_field_type(sema, node);
	case AST_INDEX:
		return sema_index_type(sema, node);
	case AST_DEREFERENCE:
		return sema_dereference_type(sema, node);
	case AST_ADDRESS:
		return sema_address_type(sema, node);
	case AST_CALL:
		return sema_call_type(sema, node);
	case AST_BLOCK_VALUE:
		return type_block_value(sema, node);
	case AST_PARAMETER:
	case AST_PARAMETERS:
	case AST_IDENTIFIER:
		break;
	}
	return &sema_unknown;
}

const struct type *sema_type(struct sema *sema, struct ast_expression *node)
{
	const struct type *type = find_type(sema, node);

	/* NULL: out of memory, which the arena remembers. */
	node->type = type ? type : &sema_unknown;
	return node->type;
}
