/* SPDX-License-Identifier: MIT */
#include "lang/print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "lang/type.h"

void print_unsigned(uint64_t number, struct strbuf *out)
{
	char digits[20];
	size_t start = sizeof(digits);

	do {
		digits[--start] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	strbuf_add(out, digits + start, sizeof(digits) - start);
}

void print_signed(int64_t number, struct strbuf *out)
{
	if (number < 0)
		strbuf_add_char(out, '-');
	print_unsigned(number < 0 ? -(uint64_t)number : (uint64_t)number, out);
}

void print_escaped(const char *bytes, size_t length, struct strbuf *out)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] >= ' ' && bytes[i] <= '~')
			strbuf_add_char(out, bytes[i]);
		else
			strbuf_addf(out, "\\x%02x", (unsigned char)bytes[i]);
	}
}

/* The shorter of two texts that reads back as the same number. */
static void print_real(double real, struct strbuf *out)
{
	char text[32];

	snprintf(text, sizeof(text), "%.15g", real);
	if (!isnan(real) && strtod(text, NULL) != real)
		snprintf(text, sizeof(text), "%.17g", real);
	strbuf_add_string(out, text);
}

/* How what is nested in a value is laid out. */
struct layout {
	const char *separator; /* of the elements of tuples */
	const char *trailer;
};

static void print_nested(struct value value, const struct type *type, const struct layout *layout, struct strbuf *out);

static void print_array(struct value array, const struct type *type, const struct layout *layout, struct strbuf *out)
{
	strbuf_add_char(out, '[');
	for (uint32_t i = 0; i < type->length; i++) {
		if (i)
			strbuf_add_char(out, ',');
		print_nested(value_of_element(array, type, i), type->inner, layout, out);
	}
	strbuf_add_char(out, ']');
}

/* The members of a struct without a name are shown as if they were the outer one's. */
static bool print_members(struct value object, const struct type *type, bool is_first, const struct layout *layout,
			  struct strbuf *out)
{
	for (uint32_t i = 0; i < type->record->field_count; i++) {
		const struct type_field *field = &type->record->fields[i];
		struct value member = value_of_field(object, field);

		if (!field->name) {
			is_first = print_members(member, field->type, is_first, layout, out);
			continue;
		}
		strbuf_addf(out, "%s.%s = ", is_first ? "{ " : ", ", field->name);
		print_nested(member, field->type, layout, out);
		is_first = false;
	}
	return is_first;
}

static void print_struct(struct value object, const struct type *type, const struct layout *layout, struct strbuf *out)
{
	strbuf_add_string(out, print_members(object, type, true, layout, out) ? "{}" : " }");
}

static void print_record(struct value tuple, const struct type *type, const struct layout *layout, struct strbuf *out)
{
	for (uint32_t i = 0; i < tuple.length; i++) {
		strbuf_addf(out, "%s.%s = ", i ? ", " : "{ ", type->names[i]);
		print_nested(tuple.elements[i], type->elements[i], layout, out);
	}
	strbuf_add_string(out, " }");
}

static void print_elements(struct value tuple, const struct type *type, const struct layout *layout, struct strbuf *out)
{
	for (uint32_t i = 0; i < tuple.length; i++) {
		if (i)
			strbuf_add_string(out, layout->separator);
		print_nested(tuple.elements[i], type ? type->elements[i] : NULL, layout, out);
	}
}

static void print_tuple(struct value tuple, const struct type *type, const struct layout *layout, struct strbuf *out)
{
	if (type && type->names) {
		print_record(tuple, type, layout, out);
		return;
	}
	strbuf_add_char(out, '(');
	print_elements(tuple, type, layout, out);
	strbuf_add_char(out, ')');
}

static void print_bytes(struct value value, const struct type *type, const struct layout *layout, struct strbuf *out)
{
	if (type && type->kind == TYPE_ARRAY)
		print_array(value, type, layout, out);
	else if (type && type->kind == TYPE_STRUCT)
		print_struct(value, type, layout, out);
	else
		print_escaped(value.text, value.length, out);
}

static void print_integer(struct value value, const struct type *type, struct strbuf *out)
{
	const char *name = type ? type_enumerator_name(type, value.integer) : NULL;

	if (name)
		strbuf_add_string(out, name);
	else if (value.kind == VALUE_SIGNED)
		print_signed((int64_t)value.integer, out);
	else
		print_unsigned(value.integer, out);
}

static void print_nested(struct value value, const struct type *type, const struct layout *layout, struct strbuf *out)
{
	switch (value.kind) {
	case VALUE_SIGNED:
	case VALUE_UNSIGNED:
		print_integer(value, type, out);
		return;
	case VALUE_BOOL:
		strbuf_add_string(out, value.integer ? "true" : "false");
		return;
	case VALUE_POINTER:
		strbuf_addf(out, "0x%jx", (uintmax_t)value.integer);
		return;
	case VALUE_REAL:
		print_real(value.real, out);
		return;
	case VALUE_STRING:
		strbuf_add(out, value.text, value.length);
		if (value.is_cut)
			strbuf_add_string(out, layout->trailer);
		return;
	case VALUE_BUFFER:
		print_bytes(value, type, layout, out);
		return;
	case VALUE_TUPLE:
		print_tuple(value, type, layout, out);
		return;
	case VALUE_STACK:
		print_stack(value.stack, type, out);
		return;
	case VALUE_UNKNOWN:
		strbuf_add_char(out, '?');
		return;
	}
	abort();
}

void print_value(struct value value, const struct type *type, const char *trailer, struct strbuf *out)
{
	const struct layout layout = {.separator = ", ", .trailer = trailer};

	print_nested(value, type, &layout, out);
}

void print_key(struct value key, const struct type *type, const char *separator, const char *trailer,
	       struct strbuf *out)
{
	const struct layout layout = {.separator = separator, .trailer = trailer};

	if (key.kind == VALUE_TUPLE && !(type && type->names))
		print_elements(key, type, &layout, out);
	else
		print_nested(key, type, &layout, out);
}
