/* SPDX-License-Identifier: MIT */
/*
 * Types of what is made of parts: members of structs, elements of arrays and
 * tuples, what pointers point to; and of what takes a type as it is written:
 * casts, sizeof, offsetof.
 */
#include "lang/parser_internal.h"
#include "lang/sema_internal.h"

static bool is_known(const struct type *type)
{
	return type != &sema_unknown;
}

/* Complains unless TYPE, or what is inside of it or pointed to, was defined. */
static bool check_defined(struct sema *sema, const struct type *type, struct span span)
{
	while (type->inner && (type->kind == TYPE_POINTER || type->kind == TYPE_ARRAY))
		type = type->inner;
	if (type->kind != TYPE_STRUCT || type->record->is_complete)
		return true;
	sema_complain(sema, span, "Cannot resolve unknown type \"%s\"", type->record->name);
	return false;
}

/* ---- Types as they are written ----------------------------------------------------------------------------------- */

const struct type *sema_written_type(struct sema *sema, struct ast_type *type)
{
	const struct type *operand;

	if (!type->operand)
		return check_defined(sema, type->type, type->span) ? type->type : &sema_unknown;
	operand = sema_type(sema, type->operand);
	if (!is_known(operand))
		return &sema_unknown;
	type->type = parser_apply_suffixes(sema->arena, operand, type->suffixes);
	if (!type->type)
		return sema_complain(sema, type->span, "an array of this type and size is not possible");
	return type->type;
}

/* Becomes its value in the last round; before that it is a constant of the size it will have. */
static const struct type *settle_constant(struct sema *sema, struct ast_expression *node, uint64_t value)
{
	if (!sema->is_reporting)
		return type_of_constant(value, false);
	sema_set_constant(node, value, false);
	return node->type;
}

const struct type *sema_sizeof_type(struct sema *sema, struct ast_expression *node)
{
	const struct type *type = node->size_of.type ? sema_written_type(sema, node->size_of.type)
						     : sema_type(sema, node->size_of.operand);

	return is_known(type) ? settle_constant(sema, node, type->size) : &sema_unknown;
}

const struct type *sema_offsetof_type(struct sema *sema, struct ast_expression *node)
{
	const struct type *type = node->offset_of.type ? sema_written_type(sema, node->offset_of.type)
						       : sema_type(sema, node->offset_of.operand);
	uint64_t offset = 0;

	if (!is_known(type))
		return &sema_unknown;
	for (size_t i = 0; i < node->offset_of.path_length; i++) {
		const char *name = node->offset_of.path[i];
		struct type_field field;

		if (type->kind != TYPE_STRUCT)
			return sema_complain(sema, node->span, "offsetof(): '%s' is no struct or union",
					     sema_type_name(sema, type));
		if (!type_find_field(type, name, &field))
			return sema_complain(sema, node->span,
					     "Struct/union of type '%s' does not contain a field named '%s'",
					     sema_type_name(sema, type), name);
		if (field.bit_width)
			return sema_complain(sema, node->span, "offsetof(): '%s' is a bit-field", name);
		offset += field.offset;
		type = field.type;
	}
	return settle_constant(sema, node, offset);
}

/* ---- Casts ------------------------------------------------------------------------------------------------------- */

static bool is_scalar(const struct type *type)
{
	return type_is_number(type) || type->kind == TYPE_POINTER;
}

static bool is_text(const struct type *type)
{
	return type->kind == TYPE_STRING || type->kind == TYPE_BUFFER;
}

/* What is written as T[] or `string': as long as what is cast to it. */
static const struct type *close_type(struct sema *sema, const struct type *open, const struct type *operand)
{
	if (open->kind == TYPE_STRING)
		return type_string(sema->arena, operand->size > 0 ? operand->size : 1);
	if (!open->size || operand->size % open->size)
		return NULL;
	return type_array(sema->arena, open, operand->size / open->size);
}

static bool can_cast(const struct type *from, const struct type *to)
{
	if (to->kind == TYPE_ARRAY) {
		/* Numbers as their bytes, all of them; texts and arrays of bytes are cut or padded. */
		if (type_is_number(from))
			return from->size == to->size;
		return type_is_number(to->inner) && (is_text(from) || from->kind == TYPE_ARRAY);
	}
	if (is_text(to))
		return is_text(from) || (from->kind == TYPE_ARRAY && from->inner->size == 1);
	if (!is_scalar(to))
		return type_is_same(from, to);
	if (from->kind == TYPE_ARRAY)
		return to->kind == TYPE_INTEGER && from->size <= to->size && from->size > 0;
	return is_scalar(from) || (from->kind == TYPE_STRING && to->kind == TYPE_BOOL);
}

/* A number that is cast to an array may have any size: it is a constant as a rule, and takes the array's. */
static bool is_constant_for(const struct ast_expression *operand, const struct type *to)
{
	return operand->kind == AST_INTEGER && to->kind == TYPE_ARRAY && to->size <= 8 && type_is_number(to->inner);
}

const struct type *sema_cast_type(struct sema *sema, struct ast_expression *node)
{
	const struct type *operand = sema_type(sema, node->cast.operand);
	const struct type *target;

	if (!node->cast.target)
		return node->type;
	target = sema_written_type(sema, node->cast.target);
	if (!is_known(target) || (!is_known(operand) && node->cast.target->is_open))
		return &sema_unknown;
	if (is_known(operand) && node->cast.target->is_open) {
		target = close_type(sema, target, operand);
		if (!target)
			return sema_complain(sema, node->span, "Cannot cast from \"%s\" to an array of such elements",
					     sema_type_name(sema, operand));
	}
	if (is_known(operand) && !can_cast(operand, target) && !is_constant_for(node->cast.operand, target))
		sema_complain(sema, node->span, "Cannot cast from \"%s\" to \"%s\"", sema_type_name(sema, operand),
			      sema_type_name(sema, target));
	return target;
}

void sema_reorder(struct sema *sema, struct ast_expression **slot, const struct type *type)
{
	struct ast_expression *cast;

	if (!sema->is_reporting || !is_known((*slot)->type) || type_has_same_order((*slot)->type, type))
		return;
	cast = arena_allocate(sema->arena, sizeof(*cast));
	if (!cast)
		return;
	*cast = (struct ast_expression){.kind = AST_CAST, .span = (*slot)->span, .depth = (*slot)->depth, .type = type};
	cast->cast.operand = *slot;
	*slot = cast;
}

/* ---- Fields ------------------------------------------------------------------------------------------------------ */

static const struct type *type_numbered_field(struct sema *sema, struct ast_expression *node,
					      const struct type *operand)
{
	if (operand->kind != TYPE_TUPLE || operand->names)
		return sema_complain(sema, node->span, "Can not access index '%u' on expression of type '%s'",
				     node->field.index, sema_type_name(sema, operand));
	if (node->field.index >= operand->element_count)
		return sema_complain(sema, node->span, "Invalid tuple index: %u. Found %u elements in tuple.",
				     node->field.index, operand->element_count);
	return operand->elements[node->field.index];
}

static const struct type *type_record_field(struct sema *sema, struct ast_expression *node, const struct type *operand)
{
	int index = type_find_element(operand, node->field.name);

	if (index < 0 && node->field.operand->kind == AST_BUILTIN)
		return sema_args_unknown_field(sema, node, operand);
	if (index < 0)
		return sema_complain(sema, node->span, "Record of type '%s' does not contain a field named '%s'",
				     sema_type_name(sema, operand), node->field.name);
	node->field.index = (unsigned)index;
	return operand->elements[index];
}

const struct type *sema_field_type(struct sema *sema, struct ast_expression *node)
{
	const struct type *operand = sema_type(sema, node->field.operand);
	const struct type *object = operand;

	if (!is_known(operand))
		return &sema_unknown;
	if (!node->field.name)
		return type_numbered_field(sema, node, operand);
	if (operand->kind == TYPE_TUPLE && operand->names)
		return type_record_field(sema, node, operand);
	node->field.is_through_pointer = operand->kind == TYPE_POINTER && operand->inner;
	if (node->field.is_through_pointer)
		object = operand->inner;
	if (object->kind != TYPE_STRUCT)
		return sema_complain(sema, node->span, "Can not access field '%s' on expression of type '%s'",
				     node->field.name, sema_type_name(sema, operand));
	if (!check_defined(sema, object, node->span))
		return &sema_unknown;
	if (!type_find_field(object, node->field.name, &node->field.member))
		return sema_complain(sema, node->span, "Struct/union of type '%s' does not contain a field named '%s'",
				     sema_type_name(sema, object), node->field.name);
	return node->field.member.type;
}

/* ---- Elements ---------------------------------------------------------------------------------------------------- */

/* tuple[constant] is tuple.constant. */
static const struct type *type_tuple_index(struct sema *sema, struct ast_expression *node)
{
	struct ast_expression *operand = node->index.operand;
	const struct ast_expression *index = node->index.index;
	bool is_negative;

	if (!sema_is_constant(index, &is_negative) || is_negative)
		return sema_complain(sema, index->span, "The index of a tuple must be a non-negative integer literal");
	node->kind = AST_FIELD;
	node->field.index = index->integer > UINT16_MAX ? UINT16_MAX : (unsigned)index->integer;
	node->field.operand = operand;
	node->field.name = NULL;
	return sema_field_type(sema, node);
}

static bool is_indexable(const struct type *type)
{
	return type->kind == TYPE_STRING || type->kind == TYPE_ARRAY || (type->kind == TYPE_POINTER && type->inner);
}

/* How many elements TYPE has; 0: nobody knows. */
static uint32_t element_count(const struct type *type)
{
	return type->kind == TYPE_STRING ? type->size : type->kind == TYPE_ARRAY ? type->length : 0;
}

const struct type *sema_index_type(struct sema *sema, struct ast_expression *node)
{
	const struct type *operand = sema_type(sema, node->index.operand);
	const struct ast_expression *index = node->index.index;
	const struct type *index_type = sema_type(sema, node->index.index);
	bool is_negative;

	if (!is_known(operand) || !is_known(index_type))
		return &sema_unknown;
	if (operand->kind == TYPE_TUPLE)
		return type_tuple_index(sema, node);
	if (!is_indexable(operand))
		return sema_complain(sema, node->span,
				     "The array index operator [] can only be used on arrays, pointers, and tuples, "
				     "found %s.",
				     sema_type_name(sema, operand));
	if (index_type->kind != TYPE_INTEGER || (index_type->is_signed && index_type->unsigned_size == 0))
		return sema_complain(sema, index->span,
				     "The array index operator [] only accepts positive (unsigned) integer indices. "
				     "Got: %s",
				     sema_type_name(sema, index_type));
	/* An array without a length is a struct's last member, of any length. */
	if (sema_is_constant(index, &is_negative) && element_count(operand) && index->integer >= element_count(operand))
		return sema_complain(sema, node->span, "the index %llu is out of bounds for array of size %u",
				     (unsigned long long)index->integer, element_count(operand));
	if (operand->kind == TYPE_STRING)
		return &type_int8;
	return check_defined(sema, operand, node->span) ? operand->inner : &sema_unknown;
}

/* ---- Pointers ---------------------------------------------------------------------------------------------------- */

const struct type *sema_dereference_type(struct sema *sema, struct ast_expression *node)
{
	const struct type *operand = sema_type(sema, node->dereference.operand);

	if (!is_known(operand))
		return &sema_unknown;
	if (operand->kind != TYPE_POINTER)
		return sema_complain(sema, node->span, "Can not dereference type '%s' (not a pointer)",
				     sema_type_name(sema, operand));
	if (!operand->inner)
		return sema_complain(sema, node->span, "Can not dereference type '%s': it may point to anything",
				     sema_type_name(sema, operand));
	return check_defined(sema, operand, node->span) ? operand->inner : &sema_unknown;
}

/* Does NODE, which has its type, lie in the target's memory? */
static bool is_in_target(const struct ast_expression *node)
{
	if (node->kind == AST_FIELD)
		return node->field.name && node->field.operand->type->kind != TYPE_TUPLE &&
		       (node->field.is_through_pointer || is_in_target(node->field.operand));
	if (node->kind == AST_INDEX)
		return node->index.operand->type->kind == TYPE_POINTER || is_in_target(node->index.operand);
	return node->kind == AST_DEREFERENCE;
}

void sema_decay(struct sema *sema, struct ast_expression **slot)
{
	const struct type *type = (*slot)->type;
	struct ast_expression *address;

	if (type->kind != TYPE_ARRAY || type->length || !is_in_target(*slot))
		return;
	address = arena_allocate(sema->arena, sizeof(*address));
	if (!address)
		return;
	*address = (struct ast_expression){.kind = AST_ADDRESS, .span = (*slot)->span, .depth = (*slot)->depth};
	address->address.operand = *slot;
	*slot = address;
	sema_type(sema, address);
}

const struct type *sema_address_type(struct sema *sema, struct ast_expression *node)
{
	struct ast_expression *operand = node->address.operand;
	const struct type *type = sema_type(sema, operand);

	if (!is_known(type))
		return &sema_unknown;
	if (!is_in_target(operand))
		return sema_complain(sema, node->span,
				     "& is only for what lies in the target's memory: *$p, $p->field, $p[0]");
	if (operand->kind == AST_FIELD && operand->field.member.bit_width)
		return sema_complain(sema, node->span, "a bit-field has no address: '%s'", operand->field.name);
	return type_pointer(sema->arena, type);
}
