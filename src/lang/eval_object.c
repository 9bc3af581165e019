/* SPDX-License-Identifier: MIT */
/*
 * Structs, arrays and what pointers point to. `$p->a.b[2]' is a place: the
 * address in $p and some offsets. Only when the place's value is wanted is
 * memory read, and then just the bytes of that member. An object that was
 * stored in a variable or map is a place as well, in the script's own memory.
 */
#include <errno.h>
#include <string.h>

#include "lang/eval_internal.h"
#include "lang/type.h"

/* Where an object lies. */
struct place {
	bool is_in_target;
	uint64_t address;   /* in the target */
	struct value bytes; /* else: the object as a value, or why there is none */
};

static struct place eval_place(struct run *run, const struct ast_expression *expression);

static struct place place_at(uint64_t address)
{
	return (struct place){.is_in_target = true, .address = address};
}

static struct place place_here(struct value bytes)
{
	return (struct place){.bytes = bytes};
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* What the target has at ADDRESS, SIZE bytes, into BYTES. False, warned about, if it cannot be read. */
static bool read_target(struct run *run, const struct ast_expression *node, uint64_t address, char *bytes, size_t size)
{
	struct usdtrap_error *error;

	if (!run->hit) {
		runtime_helper_error(run->runtime, node->span, HELPER_PROBE_READ_USER, -EFAULT);
		return false;
	}
	error = usdtrap_hit_read(run->hit, address, bytes, size);
	if (!error)
		return true;
	usdtrap_error_destroy(error);
	runtime_helper_error(run->runtime, node->span, HELPER_PROBE_READ_USER, -EFAULT);
	return false;
}

/* The bits or bytes of FIELD of the object at ADDRESS in the target. What cannot be read is 0, as in bpftrace. */
static struct value load_from_target(struct run *run, const struct ast_expression *node, uint64_t address,
				     const struct type_field *field)
{
	/* A bit-field of 64 bits that begins within a byte has a part in nine. */
	char small[9];
	size_t size = field->bit_width ? (field->bit_offset + field->bit_width + 7u) / 8 : field->type->size;
	struct type_field from_here = *field;
	char *bytes = small;

	if (size > TYPE_VALUE_MAX)
		return value_unknown("too large to be a value");
	if (size > sizeof(small) || !(type_is_number(field->type) || field->type->kind == TYPE_POINTER))
		bytes = scratch_allocate(&run->runtime->scratch, size);
	if (!bytes)
		return value_unknown("out of memory");
	if (!read_target(run, node, address + field->offset, bytes, size))
		return value_zero(field->type, &run->runtime->scratch);
	from_here.offset = 0;
	return value_of_field(value_buffer(bytes, size), &from_here);
}

/* The value of the member FIELD of what lies at PLACE. */
static struct value load(struct run *run, const struct ast_expression *node, const struct place *place,
			 const struct type_field *field)
{
	return place->is_in_target ? load_from_target(run, node, place->address, field)
				   : value_of_field(place->bytes, field);
}

/* The part of PLACE that begins at OFFSET. */
static struct place part_of(const struct place *place, uint64_t offset, const struct type *type)
{
	struct value bytes = place->bytes;

	if (place->is_in_target)
		return place_at(place->address + offset);
	if (bytes.kind == VALUE_UNKNOWN)
		return *place;
	if (bytes.kind != VALUE_BUFFER || offset > bytes.length || type->size > bytes.length - offset)
		return place_here(value_unknown("the object ends before this part"));
	return place_here(value_buffer(bytes.text + offset, type->size));
}

/* ---- Places ------------------------------------------------------------------------------------------------------ */

/* The place that a pointer points to, OFFSET behind it. */
static struct place pointed_to(struct value pointer, uint64_t offset)
{
	return pointer.kind == VALUE_UNKNOWN ? place_here(pointer) : place_at(value_integer(pointer) + offset);
}

/* The struct of which the field EXPRESSION is a member. */
static struct place object_of(struct run *run, const struct ast_expression *expression)
{
	const struct ast_expression *operand = expression->field.operand;

	if (expression->field.is_through_pointer)
		return pointed_to(eval_expression(run, operand), 0);
	return eval_place(run, operand);
}

/* An index behind the end of an array: warned about, and read as zero. */
static struct place out_of_bounds(struct run *run, const struct ast_expression *expression)
{
	if (!runtime_remarked(run->runtime, expression, 0))
		runtime_remark(run->runtime, expression, 0, expression->span,
			       "Array access out of bounds. This can lead to unexpected results.");
	return place_here(value_zero(expression->type, &run->runtime->scratch));
}

static struct place element_place(struct run *run, const struct ast_expression *expression)
{
	const struct ast_expression *operand = expression->index.operand;
	const struct type *type = operand->type;
	struct value pointer = value_pointer(0);
	struct place array = {};
	struct value index;

	if (type->kind == TYPE_POINTER)
		pointer = eval_expression(run, operand);
	else
		array = eval_place(run, operand);
	index = eval_expression(run, expression->index.index);
	if (index.kind == VALUE_UNKNOWN)
		return place_here(index);
	if (type->kind == TYPE_POINTER)
		return pointed_to(pointer, value_integer(index) * type->inner->size);
	/* An array without a length is the last member of a struct, of any length. */
	if (value_integer(index) >= type->length && (type->length || !array.is_in_target))
		return out_of_bounds(run, expression);
	return part_of(&array, value_integer(index) * type->inner->size, type->inner);
}

static bool is_element(const struct ast_expression *expression)
{
	return expression->kind == AST_INDEX && expression->index.operand->type->kind != TYPE_STRING;
}

static bool is_member(const struct ast_expression *expression)
{
	return expression->kind == AST_FIELD && expression->field.member.type;
}

static struct place eval_place(struct run *run, const struct ast_expression *expression)
{
	struct place object;

	if (expression->kind == AST_DEREFERENCE)
		return pointed_to(eval_expression(run, expression->dereference.operand), 0);
	if (is_element(expression))
		return element_place(run, expression);
	if (is_member(expression)) {
		object = object_of(run, expression);
		return part_of(&object, expression->field.member.offset, expression->type);
	}
	return place_here(eval_expression(run, expression));
}

/* ---- Expressions ------------------------------------------------------------------------------------------------- */

/* A whole place as a value. */
static struct value load_whole(struct run *run, const struct ast_expression *expression, const struct place *place)
{
	const struct type_field whole = {.type = expression->type};

	/* What was out of bounds is a value already. */
	if (!place->is_in_target && place->bytes.kind != VALUE_BUFFER)
		return place->bytes;
	return load(run, expression, place, &whole);
}

struct value eval_dereference(struct run *run, const struct ast_expression *expression)
{
	struct place place = eval_place(run, expression);

	return load_whole(run, expression, &place);
}

/* An element of a tuple or record, or a member of a struct. */
struct value eval_field(struct run *run, const struct ast_expression *expression)
{
	struct place object;
	struct value tuple;

	if (is_member(expression)) {
		object = object_of(run, expression);
		return load(run, expression, &object, &expression->field.member);
	}
	if (expression->field.operand->kind == AST_BUILTIN)
		return eval_args_field(run, expression);
	tuple = eval_expression(run, expression->field.operand);
	return tuple.kind == VALUE_TUPLE ? tuple.elements[expression->field.index] : tuple;
}

/* The byte at an index of a string; behind its end there are only NULs. */
static struct value byte_of_string(struct run *run, const struct ast_expression *expression)
{
	struct value text = eval_expression(run, expression->index.operand);
	struct value index = eval_expression(run, expression->index.index);

	if (text.kind == VALUE_UNKNOWN)
		return text;
	if (index.kind == VALUE_UNKNOWN)
		return index;
	if (value_integer(index) >= text.length)
		return value_signed(0);
	return value_signed((signed char)text.text[value_integer(index)]);
}

struct value eval_index(struct run *run, const struct ast_expression *expression)
{
	struct place place;

	if (!is_element(expression))
		return byte_of_string(run, expression);
	place = eval_place(run, expression);
	return load_whole(run, expression, &place);
}

struct value eval_address(struct run *run, const struct ast_expression *expression)
{
	struct place place = eval_place(run, expression->address.operand);

	return place.is_in_target ? value_pointer(place.address) : place.bytes;
}

/* ---- Casts ------------------------------------------------------------------------------------------------------- */

/* The bytes of a value, the first ones if there are more than SIZE, else with NULs behind them. */
static struct value cast_to_bytes(struct run *run, struct value value, size_t size)
{
	char *bytes = scratch_allocate(&run->runtime->scratch, size);
	uint64_t integer = value_integer(value);
	const char *from = (const char *)&integer;
	size_t length = sizeof(integer);

	if (!bytes)
		return value_unknown("out of memory");
	if (value.kind == VALUE_STRING || value.kind == VALUE_BUFFER) {
		from = value.text;
		length = value.length;
	}
	memset(bytes, 0, size);
	memcpy(bytes, from, length < size ? length : size);
	return value_buffer(bytes, size);
}

/* Text of what is text or bytes, cut to the type's capacity. */
static struct value cast_to_string(struct value value, const struct type *type)
{
	size_t length = strnlen(value.text, value.length);

	return value_string(value.text, length < type->size ? length : type->size - 1);
}

static struct value cast_to_integer(struct value bytes, const struct type *type)
{
	uint64_t integer = 0;

	memcpy(&integer, bytes.text, bytes.length < sizeof(integer) ? bytes.length : sizeof(integer));
	return value_convert(value_unsigned(integer), type);
}

/* TUPLE, a value of the type FROM, with the elements of records in the order of TO. */
static struct value reorder(struct run *run, struct value tuple, const struct type *from, const struct type *to)
{
	struct value *elements;

	if (tuple.kind != VALUE_TUPLE || to->kind != TYPE_TUPLE)
		return tuple;
	elements = scratch_allocate(&run->runtime->scratch, tuple.length * sizeof(*elements));
	if (!elements)
		return value_unknown("out of memory");
	for (uint32_t i = 0; i < tuple.length; i++) {
		uint32_t source = to->names ? (uint32_t)type_find_element(from, to->names[i]) : i;

		elements[i] = reorder(run, tuple.elements[source], from->elements[source], to->elements[i]);
	}
	return value_tuple(elements, tuple.length);
}

struct value eval_cast(struct run *run, const struct ast_expression *expression)
{
	struct value value = eval_expression(run, expression->cast.operand);
	const struct type *type = expression->type;
	bool is_bytes = value.kind == VALUE_STRING || value.kind == VALUE_BUFFER;

	if (value.kind == VALUE_UNKNOWN)
		return value;
	if (type->kind == TYPE_TUPLE)
		return reorder(run, value, expression->cast.operand->type, type);
	if (type->kind == TYPE_ARRAY)
		return cast_to_bytes(run, value, type->size);
	if (type->kind == TYPE_STRING)
		return is_bytes ? cast_to_string(value, type) : value_unknown("not a text");
	if (type->kind == TYPE_BUFFER && is_bytes)
		return value_buffer(value.text, value.length < type->size ? value.length : type->size);
	if (type->kind == TYPE_INTEGER && value.kind == VALUE_BUFFER)
		return cast_to_integer(value, type);
	return value_convert(value, type);
}
