/* SPDX-License-Identifier: MIT */
#include "lang/type.h"

#include <assert.h>
#include <string.h>

#include "base/strbuf.h"

#define INTEGER(bytes, has_sign)                                               \
	{                                                                      \
		.kind = TYPE_INTEGER, .size = (bytes), .is_signed = (has_sign) \
	}

const struct type type_none = {.kind = TYPE_NONE};
const struct type type_bool = {.kind = TYPE_BOOL, .size = 1};
const struct type type_int8 = INTEGER(1, true);
const struct type type_char = INTEGER(1, true);
const struct type type_int16 = INTEGER(2, true);
const struct type type_int32 = INTEGER(4, true);
const struct type type_int64 = INTEGER(8, true);
const struct type type_uint8 = INTEGER(1, false);
const struct type type_uint16 = INTEGER(2, false);
const struct type type_uint32 = INTEGER(4, false);
const struct type type_uint64 = INTEGER(8, false);
const struct type type_void_pointer = {.kind = TYPE_POINTER, .size = 8};
const struct type type_count = {.kind = TYPE_COUNT, .size = 8};

/* The types of constants that are not negative, by what holds them: signed, and unsigned. */
static const struct type constants[] = {
	{.kind = TYPE_INTEGER, .size = 1, .is_signed = true, .unsigned_size = 1},
	{.kind = TYPE_INTEGER, .size = 2, .is_signed = true, .unsigned_size = 1},
	{.kind = TYPE_INTEGER, .size = 2, .is_signed = true, .unsigned_size = 2},
	{.kind = TYPE_INTEGER, .size = 4, .is_signed = true, .unsigned_size = 2},
	{.kind = TYPE_INTEGER, .size = 4, .is_signed = true, .unsigned_size = 4},
	{.kind = TYPE_INTEGER, .size = 8, .is_signed = true, .unsigned_size = 4},
	{.kind = TYPE_INTEGER, .size = 8, .is_signed = true, .unsigned_size = 8},
};

const struct type *type_integer(uint32_t size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? &type_int8 : &type_uint8;
	case 2:
		return is_signed ? &type_int16 : &type_uint16;
	case 4:
		return is_signed ? &type_int32 : &type_uint32;
	default:
		assert(size == 8);
		return is_signed ? &type_int64 : &type_uint64;
	}
}

const struct type *type_by_name(const char *name)
{
	static const struct {
		const char *name;
		const struct type *type;
	} names[] = {
		{"bool", &type_bool},       {"char", &type_int8},       {"int8", &type_int8},
		{"int8_t", &type_int8},     {"int16", &type_int16},     {"int16_t", &type_int16},
		{"int32", &type_int32},     {"int32_t", &type_int32},   {"int64", &type_int64},
		{"int64_t", &type_int64},   {"uint8", &type_uint8},     {"uint8_t", &type_uint8},
		{"uint16", &type_uint16},   {"uint16_t", &type_uint16}, {"uint32", &type_uint32},
		{"uint32_t", &type_uint32}, {"uint64", &type_uint64},   {"uint64_t", &type_uint64},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i].name) == 0)
			return names[i].type;
	}
	return NULL;
}

/* The largest number of SIZE bytes. */
static uint64_t largest(uint32_t size, bool is_signed)
{
	return UINT64_MAX >> (64 - 8 * size + is_signed);
}

const struct type *type_of_constant(uint64_t magnitude, bool is_negative)
{
	if (is_negative) {
		uint32_t size = 1;

		/* There is one negative number more than there are positive ones. */
		while (size < 8 && magnitude > largest(size, true) + 1)
			size *= 2;
		return type_integer(size, true);
	}
	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
		if (magnitude <= largest(constants[i].size, true) &&
		    magnitude <= largest(constants[i].unsigned_size, false))
			return &constants[i];
	}
	return &type_uint64;
}

static struct type *new_type(struct arena *arena, enum type_kind kind, uint32_t size)
{
	struct type *type = arena_allocate(arena, sizeof(*type));

	if (!type)
		return NULL;
	type->kind = kind;
	type->size = size;
	return type;
}

const struct type *type_string(struct arena *arena, uint32_t capacity)
{
	return new_type(arena, TYPE_STRING, capacity);
}

const struct type *type_buffer(struct arena *arena, uint32_t size)
{
	return new_type(arena, TYPE_BUFFER, size);
}

const struct type *type_pointer(struct arena *arena, const struct type *inner)
{
	struct type *type = new_type(arena, TYPE_POINTER, 8);

	if (type)
		type->inner = inner;
	return type;
}

/* C's rule: a number is aligned to its size, texts to bytes, what is made of others to the strictest of them. */
uint32_t type_alignment(const struct type *type)
{
	uint32_t alignment = 1;

	switch (type->kind) {
	case TYPE_NONE:
	case TYPE_STRING:
	case TYPE_BUFFER:
		return 1;
	case TYPE_TUPLE:
		for (uint32_t i = 0; i < type->element_count; i++) {
			uint32_t element = type_alignment(type->elements[i]);

			alignment = element > alignment ? element : alignment;
		}
		return alignment;
	case TYPE_ARRAY:
		return type_alignment(type->inner);
	case TYPE_STRUCT:
		return type->record->alignment ? type->record->alignment : 1;
	case TYPE_BOOL:
	case TYPE_INTEGER:
	case TYPE_POINTER:
	case TYPE_COUNT:
	case TYPE_SUM:
	case TYPE_AVG:
	case TYPE_MIN:
	case TYPE_MAX:
	case TYPE_STATS:
	case TYPE_HIST:
	case TYPE_LHIST:
	case TYPE_TSERIES:
	case TYPE_STACK:
		return type->size;
	}
	return 1;
}

static uint64_t aligned(uint64_t size, uint32_t alignment)
{
	return (size + alignment - 1) / alignment * alignment;
}

uint32_t type_count_nodes(const struct type *const *elements, uint32_t count)
{
	uint64_t nodes = 1;

	for (uint32_t i = 0; i < count; i++)
		nodes += elements[i]->kind == TYPE_TUPLE ? elements[i]->node_count : 1;
	return nodes > UINT32_MAX ? UINT32_MAX : (uint32_t)nodes;
}

const struct type *type_tuple(struct arena *arena, const struct type **elements, uint32_t count)
{
	struct type *type = new_type(arena, TYPE_TUPLE, 0);
	uint64_t size = 0;

	if (!type)
		return NULL;
	type->elements = elements;
	type->element_count = count;
	type->node_count = type_count_nodes(elements, count);
	for (uint32_t i = 0; i < count; i++)
		size = aligned(size, type_alignment(elements[i])) + elements[i]->size;
	size = aligned(size, type_alignment(type));
	type->size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
	return type;
}

const struct type *type_named_tuple(struct arena *arena, const struct type **elements, const char *const *names,
				    uint32_t count)
{
	const struct type *tuple = type_tuple(arena, elements, count);
	struct type *named;

	if (!tuple)
		return NULL;
	named = arena_allocate(arena, sizeof(*named));
	if (!named)
		return NULL;
	*named = *tuple;
	named->names = names;
	return named;
}

const struct type *type_array(struct arena *arena, const struct type *inner, uint64_t length)
{
	uint64_t size;
	struct type *type;

	if (__builtin_mul_overflow(length, (uint64_t)inner->size, &size) || size > TYPE_SIZE_MAX ||
	    length > TYPE_SIZE_MAX)
		return NULL;
	type = new_type(arena, TYPE_ARRAY, (uint32_t)size);
	if (!type)
		return NULL;
	type->inner = inner;
	type->length = (uint32_t)length;
	return type;
}

const struct type *type_enumerated(struct arena *arena, uint32_t size, bool is_signed,
				   const struct type_enum *enumeration)
{
	struct type *type = new_type(arena, TYPE_INTEGER, size);

	if (!type)
		return NULL;
	type->is_signed = is_signed;
	type->enumeration = enumeration;
	return type;
}

const struct type *type_aggregate(struct arena *arena, enum type_kind kind, const struct type *given)
{
	struct type *type = new_type(arena, kind, 8);

	if (!type)
		return NULL;
	type->inner = given;
	type->is_signed = given->is_signed;
	return type;
}

const struct type *type_histogram(struct arena *arena, enum type_kind kind, const struct type_buckets *buckets)
{
	struct type *type = new_type(arena, kind, 8);

	if (type)
		type->buckets = *buckets;
	return type;
}

const struct type *type_time_series(struct arena *arena, const struct type_series *series, const struct type *given)
{
	struct type *type = new_type(arena, TYPE_TSERIES, 8);

	if (type) {
		type->series = *series;
		type->is_signed = given->is_signed;
		type->inner = given;
	}
	return type;
}

const struct type *type_stack(struct arena *arena, enum type_stack_mode mode, bool is_kernel, bool demangles)
{
	struct type *type = new_type(arena, TYPE_STACK, 8);

	if (type) {
		type->stack_mode = mode;
		type->is_kernel = is_kernel;
		type->demangles = demangles;
	}
	return type;
}

/* ---- Relations -------------------------------------------------------------------------------------------------- */

static bool are_same_buckets(const struct type_buckets *a, const struct type_buckets *b)
{
	return a->bits == b->bits && a->min == b->min && a->max == b->max && a->step == b->step;
}

static bool are_same_series(const struct type_series *a, const struct type_series *b)
{
	return a->interval_ns == b->interval_ns && a->count == b->count && a->function == b->function;
}

static bool are_same_inner(const struct type *a, const struct type *b)
{
	return a == b || (a && b && type_is_same(a, b));
}

static bool have_same_names(const struct type *a, const struct type *b)
{
	if (!a->names || !b->names)
		return a->names == b->names;
	for (uint32_t i = 0; i < a->element_count; i++) {
		if (strcmp(a->names[i], b->names[i]) != 0)
			return false;
	}
	return true;
}

bool type_is_same(const struct type *a, const struct type *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || a->size != b->size || a->is_signed != b->is_signed || a->is_real != b->is_real ||
	    a->element_count != b->element_count || a->length != b->length || a->enumeration != b->enumeration ||
	    a->record != b->record || !have_same_names(a, b))
		return false;
	for (uint32_t i = 0; i < a->element_count; i++) {
		if (!type_is_same(a->elements[i], b->elements[i]))
			return false;
	}
	return are_same_inner(a->inner, b->inner) && are_same_buckets(&a->buckets, &b->buckets) &&
	       are_same_series(&a->series, &b->series) && a->stack_mode == b->stack_mode &&
	       a->is_kernel == b->is_kernel;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static const struct type *promote_integers(const struct type *a, const struct type *b)
{
	const struct type *with_sign = a->is_signed ? a : b;
	const struct type *without = a->is_signed ? b : a;

	if (a->enumeration && type_is_same(a, b))
		return a;
	/* The type of the larger constant; both sizes grow with the number. */
	if (a->unsigned_size && b->unsigned_size)
		return a->size + a->unsigned_size >= b->size + b->unsigned_size ? a : b;
	if (a->is_signed == b->is_signed)
		return type_integer(larger(a->size, b->size), a->is_signed);
	if (with_sign->unsigned_size)
		return type_integer(larger(with_sign->unsigned_size, without->size), false);
	/* A signed type that holds all of an unsigned one is wider than it. */
	if (without->size == 8)
		return NULL;
	return type_integer(larger(with_sign->size, without->size * 2), true);
}

static const struct type *promote_tuples(struct arena *arena, const struct type *a, const struct type *b)
{
	const struct type **elements;
	bool is_unchanged = true;

	if (a->element_count != b->element_count || !a->names != !b->names)
		return NULL;
	elements = arena_allocate_array(arena, a->element_count, sizeof(elements[0]));
	if (!elements)
		return NULL;
	for (uint32_t i = 0; i < a->element_count; i++) {
		int other = a->names ? type_find_element(b, a->names[i]) : (int)i;

		elements[i] = other < 0 ? NULL : type_promote(arena, a->elements[i], b->elements[other]);
		if (!elements[i])
			return NULL;
		is_unchanged = is_unchanged && elements[i] == a->elements[i];
	}
	if (is_unchanged)
		return a;
	return a->names ? type_named_tuple(arena, elements, a->names, a->element_count)
			: type_tuple(arena, elements, a->element_count);
}

static const struct type *promote_series(struct arena *arena, const struct type *a, const struct type *b)
{
	const struct type *inner =
		are_same_series(&a->series, &b->series) ? promote_integers(a->inner, b->inner) : NULL;

	if (!inner || inner == a->inner)
		return inner ? a : NULL;
	return type_time_series(arena, &a->series, inner);
}

const struct type *type_promote(struct arena *arena, const struct type *a, const struct type *b)
{
	const struct type *inner;

	if (a->kind == TYPE_NONE)
		return b;
	if (b->kind == TYPE_NONE)
		return a;
	/* The truth of a comparison counts as 0 or 1 beside a number. */
	if (a->kind == TYPE_BOOL && b->kind == TYPE_INTEGER)
		return b;
	if (a->kind == TYPE_INTEGER && b->kind == TYPE_BOOL)
		return a;
	if (a->kind != b->kind)
		return NULL;
	switch (a->kind) {
	case TYPE_NONE:
	case TYPE_BOOL:
	case TYPE_COUNT:
		return a;
	case TYPE_INTEGER:
		return promote_integers(a, b);
	case TYPE_STRING:
	case TYPE_BUFFER:
		return a->size >= b->size ? a : b;
	case TYPE_POINTER:
	case TYPE_ARRAY:
	case TYPE_STRUCT:
	case TYPE_STACK:
	case TYPE_HIST:
	case TYPE_LHIST:
		return type_is_same(a, b) ? a : NULL;
	case TYPE_TSERIES:
		return promote_series(arena, a, b);
	case TYPE_TUPLE:
		return promote_tuples(arena, a, b);
	case TYPE_SUM:
	case TYPE_AVG:
	case TYPE_MIN:
	case TYPE_MAX:
	case TYPE_STATS:
		inner = promote_integers(a->inner, b->inner);
		if (!inner || inner == a->inner)
			return inner ? a : NULL;
		return type_aggregate(arena, a->kind, inner);
	}
	return NULL;
}

bool type_has_same_order(const struct type *a, const struct type *b)
{
	if (a->kind != TYPE_TUPLE || b->kind != TYPE_TUPLE)
		return true;
	for (uint32_t i = 0; i < a->element_count && i < b->element_count; i++) {
		if (!type_has_same_order(a->elements[i], b->elements[i]))
			return false;
	}
	return have_same_names(a, b);
}

bool type_fits(const struct type *from, const struct type *to)
{
	_cleanup_arena_ struct arena arena = {};
	const struct type *both = type_promote(&arena, to, from);

	return both && type_is_same(both, to);
}

bool type_is_complete(const struct type *type)
{
	if (type->kind == TYPE_ARRAY)
		return type_is_complete(type->inner);
	return type->kind == TYPE_STRUCT ? type->record->is_complete : type->kind != TYPE_NONE;
}

bool type_is_object(const struct type *type)
{
	return type->kind == TYPE_ARRAY || type->kind == TYPE_STRUCT;
}

bool type_is_number(const struct type *type)
{
	return type->kind == TYPE_INTEGER || type->kind == TYPE_BOOL;
}

bool type_is_aggregate(const struct type *type)
{
	return type->kind >= TYPE_COUNT;
}

bool type_is_readable_aggregate(const struct type *type)
{
	return type_is_aggregate(type) && type->kind < TYPE_STATS;
}

const struct type *type_of_read(const struct type *type)
{
	if (!type_is_readable_aggregate(type))
		return type;
	return type->is_signed ? &type_int64 : &type_uint64;
}

/* ---- What is in a type ------------------------------------------------------------------------------------------ */

bool type_find_field(const struct type *type, const char *name, struct type_field *ret)
{
	for (uint32_t i = 0; i < type->record->field_count; i++) {
		const struct type_field *field = &type->record->fields[i];

		if (field->name && strcmp(field->name, name) == 0) {
			*ret = *field;
			return true;
		}
		if (!field->name && type_find_field(field->type, name, ret)) {
			ret->offset += field->offset;
			return true;
		}
	}
	return false;
}

int type_find_element(const struct type *type, const char *name)
{
	for (uint32_t i = 0; type->names && i < type->element_count; i++) {
		if (strcmp(type->names[i], name) == 0)
			return (int)i;
	}
	return -1;
}

const char *type_enumerator_name(const struct type *type, uint64_t value)
{
	const struct type_enumerator *enumerator = type->enumeration ? type->enumeration->first : NULL;

	while (enumerator && enumerator->value != value)
		enumerator = enumerator->next;
	return enumerator ? enumerator->name : NULL;
}

/* ---- Names ------------------------------------------------------------------------------------------------------ */

const char *type_kind_name(enum type_kind kind)
{
	switch (kind) {
	case TYPE_NONE:
		return "void";
	case TYPE_BOOL:
		return "bool";
	case TYPE_INTEGER:
		return "int";
	case TYPE_STRING:
		return "string";
	case TYPE_BUFFER:
		return "buffer";
	case TYPE_POINTER:
		return "pointer";
	case TYPE_TUPLE:
		return "tuple";
	case TYPE_ARRAY:
		return "array";
	case TYPE_STRUCT:
		return "struct";
	case TYPE_STACK:
		return "stack";
	case TYPE_COUNT:
		return "count_t";
	case TYPE_SUM:
		return "sum_t";
	case TYPE_AVG:
		return "avg_t";
	case TYPE_MIN:
		return "min_t";
	case TYPE_MAX:
		return "max_t";
	case TYPE_STATS:
		return "stats_t";
	case TYPE_HIST:
		return "hist_t";
	case TYPE_LHIST:
		return "lhist_t";
	case TYPE_TSERIES:
		return "tseries_t";
	}
	return "?";
}

/* In C's order, int32[2][4] is two arrays of four. */
static void add_array_name(struct strbuf *out, const struct type *type)
{
	const struct type *innermost = type;

	while (innermost->kind == TYPE_ARRAY)
		innermost = innermost->inner;
	type_add_name(out, innermost);
	for (; type->kind == TYPE_ARRAY; type = type->inner)
		strbuf_addf(out, "[%u]", type->length);
}

void type_add_name(struct strbuf *out, const struct type *type)
{
	switch (type->kind) {
	case TYPE_INTEGER:
		if (type->is_real)
			strbuf_add_string(out, type->size == 4 ? "float" : "double");
		else if (type->enumeration)
			strbuf_add_string(out, type->enumeration->name);
		else
			strbuf_addf(out, "%sint%u", type->is_signed ? "" : "u", type->size * 8);
		break;
	case TYPE_ARRAY:
		add_array_name(out, type);
		break;
	case TYPE_STRUCT:
		strbuf_add_string(out, type->record->name);
		break;
	case TYPE_STRING:
	case TYPE_BUFFER:
		strbuf_addf(out, "%s[%u]", type_kind_name(type->kind), type->size);
		break;
	case TYPE_POINTER:
		if (type->inner)
			type_add_name(out, type->inner);
		else
			strbuf_add_string(out, "void");
		strbuf_add_string(out, " *");
		break;
	case TYPE_TUPLE:
		strbuf_add_char(out, '(');
		for (uint32_t i = 0; i < type->element_count; i++) {
			if (i > 0)
				strbuf_add_char(out, ',');
			if (type->names)
				strbuf_addf(out, "%s=", type->names[i]);
			type_add_name(out, type->elements[i]);
		}
		strbuf_add_char(out, ')');
		break;
	case TYPE_SUM:
	case TYPE_AVG:
	case TYPE_MIN:
	case TYPE_MAX:
	case TYPE_STATS:
		strbuf_addf(out, "%s%s", type->is_signed ? "" : "u", type_kind_name(type->kind));
		break;
	case TYPE_NONE:
	case TYPE_BOOL:
	case TYPE_COUNT:
	case TYPE_HIST:
	case TYPE_LHIST:
	case TYPE_TSERIES:
		strbuf_add_string(out, type_kind_name(type->kind));
		break;
	case TYPE_STACK:
		strbuf_add_string(out, type->is_kernel ? "kstack" : "ustack");
		break;
	}
}
