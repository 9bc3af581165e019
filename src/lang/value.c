/* SPDX-License-Identifier: MIT */
#include "lang/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/stack.h>

#include "lang/scratch.h"
#include "lang/type.h"

struct value value_text(const char *text)
{
	return value_string(text, strlen(text));
}

static struct value zero_tuple(const struct type *type, struct scratch *scratch)
{
	struct value *elements = scratch_allocate(scratch, type->element_count * sizeof(*elements));

	if (!elements)
		return value_unknown("out of memory");
	for (uint32_t i = 0; i < type->element_count; i++)
		elements[i] = value_zero(type->elements[i], scratch);
	return value_tuple(elements, type->element_count);
}

/* An array or struct of nothing but zeros. */
static struct value zero_object(const struct type *type, struct scratch *scratch)
{
	char *bytes = scratch_allocate(scratch, type->size);

	if (!bytes)
		return value_unknown("out of memory");
	return value_buffer(memset(bytes, 0, type->size), type->size);
}

struct value value_zero(const struct type *type, struct scratch *scratch)
{
	switch (type->kind) {
	case TYPE_BOOL:
		return value_bool(false);
	case TYPE_STRING:
		return value_string("", 0);
	case TYPE_BUFFER:
		return value_buffer("", 0);
	case TYPE_POINTER:
		return value_pointer(0);
	case TYPE_TUPLE:
		return zero_tuple(type, scratch);
	case TYPE_ARRAY:
	case TYPE_STRUCT:
		return zero_object(type, scratch);
	case TYPE_STACK:
		return value_stack(NULL);
	case TYPE_INTEGER:
	case TYPE_SUM:
	case TYPE_AVG:
	case TYPE_MIN:
	case TYPE_MAX:
	case TYPE_STATS:
		return type->is_signed ? value_signed(0) : value_unsigned(0);
	case TYPE_NONE:
	case TYPE_COUNT:
	case TYPE_HIST:
	case TYPE_LHIST:
	case TYPE_TSERIES:
		return value_unsigned(0);
	}
	abort();
}

/* Conversion of what does not fit is undefined in C, so the ends are cut off first; NaN is 0. */
static uint64_t integer_of_real(double real)
{
	if (isnan(real))
		return 0;
	if (real >= 0x1p63)
		return real >= 0x1p64 ? UINT64_MAX : (uint64_t)real;
	return real < -0x1p63 ? (uint64_t)INT64_MIN : (uint64_t)(int64_t)real;
}

uint64_t value_integer(struct value value)
{
	switch (value.kind) {
	case VALUE_SIGNED:
	case VALUE_UNSIGNED:
	case VALUE_BOOL:
	case VALUE_POINTER:
		return value.integer;
	case VALUE_REAL:
		return integer_of_real(value.real);
	case VALUE_STRING:
	case VALUE_BUFFER:
	case VALUE_TUPLE:
	case VALUE_STACK:
	case VALUE_UNKNOWN:
		return 0;
	}
	abort();
}

static uint64_t extend(uint64_t integer, unsigned size, bool is_signed)
{
	unsigned unused = 64 - 8 * size;

	return is_signed ? (uint64_t)((int64_t)(integer << unused) >> unused) : integer << unused >> unused;
}

/* ---- Objects in memory ------------------------------------------------------------------------------------------- */

static struct value load_integer(const char *bytes, const struct type *type)
{
	uint64_t integer = 0;
	double real;
	float small;

	if (type->is_real && type->size == sizeof(small)) {
		memcpy(&small, bytes, sizeof(small));
		return value_real((double)small);
	}
	if (type->is_real) {
		memcpy(&real, bytes, sizeof(real));
		return value_real(real);
	}
	/* Little-endian, as everything here. */
	memcpy(&integer, bytes, type->size);
	integer = extend(integer, type->size, type->is_signed);
	return type->is_signed ? value_signed((int64_t)integer) : value_unsigned(integer);
}

static struct value load_text(const char *bytes, size_t size)
{
	struct value text = value_string(bytes, strnlen(bytes, size));

	text.is_cut = text.length == size && size > 0;
	return text;
}

struct value value_load(const char *bytes, const struct type *type)
{
	uint64_t address;

	switch (type->kind) {
	case TYPE_BOOL:
		return value_bool(*bytes != 0);
	case TYPE_INTEGER:
		return load_integer(bytes, type);
	case TYPE_POINTER:
		memcpy(&address, bytes, sizeof(address));
		return value_pointer(address);
	case TYPE_STRING:
		return load_text(bytes, type->size);
	case TYPE_BUFFER:
	case TYPE_ARRAY:
	case TYPE_STRUCT:
		return value_buffer(bytes, type->size);
	case TYPE_NONE:
	case TYPE_TUPLE:
	case TYPE_STACK:
	case TYPE_COUNT:
	case TYPE_SUM:
	case TYPE_AVG:
	case TYPE_MIN:
	case TYPE_MAX:
	case TYPE_STATS:
	case TYPE_HIST:
	case TYPE_LHIST:
	case TYPE_TSERIES:
		break;
	}
	return value_unknown("nothing of this type lies in memory");
}

/* The bits of FIELD in BYTES, of which there may be one more than an integer has: 64 bits that begin within a byte. */
static struct value load_bits(const char *bytes, const struct type_field *field)
{
	unsigned size = (field->bit_offset + field->bit_width + 7u) / 8;
	unsigned unused = 64u - field->bit_width;
	uint64_t low = 0;
	uint64_t bits;

	memcpy(&low, bytes, size < sizeof(low) ? size : sizeof(low));
	bits = low >> field->bit_offset;
	if (size > sizeof(low))
		bits |= (uint64_t)(unsigned char)bytes[sizeof(low)] << (64 - field->bit_offset);
	if (field->type->kind == TYPE_BOOL)
		return value_bool(bits << unused != 0);
	if (field->type->is_signed)
		return value_signed((int64_t)(bits << unused) >> unused);
	return value_unsigned(bits << unused >> unused);
}

struct value value_of_field(struct value object, const struct type_field *field)
{
	size_t size = field->bit_width ? (field->bit_offset + field->bit_width + 7u) / 8 : field->type->size;

	if (object.kind == VALUE_UNKNOWN)
		return object;
	if (object.kind != VALUE_BUFFER || field->offset > object.length || size > object.length - field->offset)
		return value_unknown("the object ends before this member");
	return field->bit_width ? load_bits(object.text + field->offset, field)
				: value_load(object.text + field->offset, field->type);
}

struct value value_of_element(struct value array, const struct type *type, uint64_t index)
{
	uint64_t size = type->inner->size;

	if (array.kind == VALUE_UNKNOWN)
		return array;
	if (array.kind != VALUE_BUFFER || index >= type->length || (index + 1) * size > array.length)
		return value_unknown("the array ends before this element");
	return value_load(array.text + index * size, type->inner);
}

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

static bool is_integer(struct value value)
{
	return value.kind == VALUE_SIGNED || value.kind == VALUE_UNSIGNED || value.kind == VALUE_BOOL ||
	       value.kind == VALUE_POINTER;
}

static bool is_number(struct value value)
{
	return is_integer(value) || value.kind == VALUE_REAL;
}

struct value value_convert(struct value value, const struct type *type)
{
	if (value.kind == VALUE_UNKNOWN ||
	    (type->kind != TYPE_BOOL && type->kind != TYPE_POINTER && type->kind != TYPE_INTEGER))
		return value;
	if (type->kind == TYPE_BOOL)
		return value_bool(value_is_true(value));
	if (!is_number(value))
		return value_unknown("not a number");
	if (type->kind == TYPE_POINTER)
		return value_pointer(value_integer(value));
	value.integer = extend(value_integer(value), type->size, type->is_signed);
	value.kind = type->is_signed ? VALUE_SIGNED : VALUE_UNSIGNED;
	return value;
}

bool value_is_true(struct value value)
{
	switch (value.kind) {
	case VALUE_SIGNED:
	case VALUE_UNSIGNED:
	case VALUE_BOOL:
	case VALUE_POINTER:
		return value.integer != 0;
	case VALUE_REAL:
		return value.real != 0;
	case VALUE_STRING:
	case VALUE_BUFFER:
	case VALUE_TUPLE:
		return value.length != 0;
	case VALUE_STACK:
		return value.stack != NULL;
	case VALUE_UNKNOWN:
		return false;
	}
	abort();
}

static bool is_negative(struct value value)
{
	return value.kind == VALUE_SIGNED && (int64_t)value.integer < 0;
}

static int compare_integers(struct value a, struct value b)
{
	if (is_negative(a) != is_negative(b))
		return is_negative(a) ? -1 : 1;
	return (a.integer > b.integer) - (a.integer < b.integer);
}

static int compare_bytes(struct value a, struct value b)
{
	uint32_t common = a.length < b.length ? a.length : b.length;
	int order = common ? memcmp(a.text, b.text, common) : 0;

	if (order)
		return order < 0 ? -1 : 1;
	return (a.length > b.length) - (a.length < b.length);
}

static int compare_tuples(struct value a, struct value b)
{
	for (uint32_t i = 0; i < a.length && i < b.length; i++) {
		int order = value_compare(a.elements[i], b.elements[i]);

		if (order)
			return order;
	}
	return (a.length > b.length) - (a.length < b.length);
}

/* Frame by frame, from where they stand outwards; the same frames in two processes are two stacks. */
static int compare_stacks(const struct usdtrap_stack *a, const struct usdtrap_stack *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	for (size_t i = 0; i < a->frame_count && i < b->frame_count; i++) {
		if (a->frames[i]->address != b->frames[i]->address)
			return a->frames[i]->address < b->frames[i]->address ? -1 : 1;
	}
	if (a->frame_count != b->frame_count)
		return a->frame_count < b->frame_count ? -1 : 1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

int value_compare(struct value a, struct value b)
{
	if (is_integer(a) && is_integer(b))
		return compare_integers(a, b);
	if (a.kind != b.kind)
		return a.kind < b.kind ? -1 : 1;
	switch (a.kind) {
	case VALUE_REAL:
		return (a.real > b.real) - (a.real < b.real);
	case VALUE_STRING:
	case VALUE_BUFFER:
		return compare_bytes(a, b);
	case VALUE_TUPLE:
		return compare_tuples(a, b);
	case VALUE_STACK:
		return compare_stacks(a.stack, b.stack);
	case VALUE_UNKNOWN:
		return 0;
	case VALUE_SIGNED:
	case VALUE_UNSIGNED:
	case VALUE_BOOL:
	case VALUE_POINTER:
		break;
	}
	abort();
}
