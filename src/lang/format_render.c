/* SPDX-License-Identifier: MIT */
/* Filling a format in. No allocation but OUT's own growth. */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "lang/format.h"
#include "lang/print.h"
#include "lang/value.h"

/* Pads what was appended behind START to the width of SPEC. */
static void pad(const struct format_spec *spec, size_t start, struct strbuf *out)
{
	size_t length = out->length - start;
	size_t missing;

	if (spec->width <= length)
		return;
	missing = spec->width - length;
	strbuf_add_repeated(out, ' ', missing);
	if (spec->is_left || out->failed)
		return;
	memmove(out->text + start + missing, out->text + start, length);
	memset(out->text + start, ' ', missing);
}

static unsigned base_of(enum format_conversion conversion)
{
	if (conversion == FORMAT_OCTAL)
		return 8;
	return conversion == FORMAT_HEX || conversion == FORMAT_HEX_UPPER || conversion == FORMAT_POINTER ? 16 : 10;
}

/* The sign or base that goes before the digits of NUMBER. */
static const char *prefix_of(const struct format_spec *spec, uint64_t number, bool is_negative)
{
	switch (spec->conversion) {
	case FORMAT_SIGNED:
		return is_negative ? "-" : spec->has_plus ? "+" : spec->has_space ? " " : "";
	case FORMAT_POINTER:
		return "0x";
	case FORMAT_HEX:
		return spec->is_alternate && number ? "0x" : "";
	case FORMAT_HEX_UPPER:
		return spec->is_alternate && number ? "0X" : "";
	case FORMAT_OCTAL:
		return spec->is_alternate && number ? "0" : "";
	case FORMAT_UNSIGNED:
	case FORMAT_CHARACTER:
	case FORMAT_STRING:
	case FORMAT_BUFFER:
	case FORMAT_BUFFER_ESCAPE:
	case FORMAT_BUFFER_HEX:
		return "";
	}
	abort();
}

/* The low bytes of NUMBER that SPEC prints, extended again by its sign. */
static uint64_t narrow(const struct format_spec *spec, uint64_t number)
{
	unsigned unused = 64 - 8 * spec->size;

	if (spec->conversion == FORMAT_SIGNED)
		return (uint64_t)((int64_t)(number << unused) >> unused);
	return number << unused >> unused;
}

static void render_integer(const struct format_spec *spec, uint64_t integer, struct strbuf *out)
{
	const char *letters = spec->conversion == FORMAT_HEX_UPPER ? "0123456789ABCDEF" : "0123456789abcdef";
	uint64_t number = narrow(spec, integer);
	bool is_negative = spec->conversion == FORMAT_SIGNED && (int64_t)number < 0;
	uint64_t magnitude = is_negative ? -number : number;
	const char *prefix = prefix_of(spec, number, is_negative);
	unsigned base = base_of(spec->conversion);
	char digits[24];
	size_t first = sizeof(digits), count, zeros = 0;
	size_t start = out->length;

	for (uint64_t rest = magnitude; rest; rest /= base)
		digits[--first] = letters[rest % base];
	/* As in C, 0 with precision 0 has no digits at all. */
	if (!magnitude && spec->precision != 0)
		digits[--first] = '0';
	count = sizeof(digits) - first;
	if (spec->precision >= 0 && (size_t)spec->precision > count)
		zeros = (size_t)spec->precision - count;
	else if (spec->precision < 0 && spec->has_zeros && !spec->is_left && spec->width > strlen(prefix) + count)
		zeros = spec->width - strlen(prefix) - count;
	strbuf_add_string(out, prefix);
	strbuf_add_repeated(out, '0', zeros);
	strbuf_add(out, digits + first, count);
	pad(spec, start, out);
}

static void render_bytes(const struct format_spec *spec, struct value value, struct strbuf *out)
{
	size_t start = out->length;

	if (spec->conversion == FORMAT_BUFFER) {
		print_escaped(value.text, value.length, out);
	} else {
		for (uint32_t i = 0; i < value.length; i++)
			strbuf_addf(out,
				    spec->conversion == FORMAT_BUFFER_ESCAPE ? "\\x%02x"
				    : i                                      ? " %02x"
									     : "%02x",
				    (unsigned char)value.text[i]);
	}
	pad(spec, start, out);
}

static void render_text(const struct format_spec *spec, struct value value, const char *trailer, struct strbuf *out)
{
	size_t start = out->length;

	print_value(value, spec->type, trailer, out);
	if (spec->precision >= 0 && out->length - start > (size_t)spec->precision) {
		out->length = start + (size_t)spec->precision;
		out->text[out->length] = '\0';
	}
	pad(spec, start, out);
}

static bool is_number(struct value value)
{
	return value.kind == VALUE_SIGNED || value.kind == VALUE_UNSIGNED || value.kind == VALUE_BOOL ||
	       value.kind == VALUE_POINTER || value.kind == VALUE_REAL;
}

static bool is_bytes(struct value value)
{
	return value.kind == VALUE_BUFFER || value.kind == VALUE_STRING;
}

static void render_spec(const struct format_spec *spec, struct value value, const char *trailer, struct strbuf *out)
{
	char character = (char)value_integer(value);
	enum format_operand operand = format_operand(spec);
	size_t start = out->length;

	/* A value may be less than its type promises: an argument that could not be decoded, or lies in a vector. */
	if ((operand == FORMAT_TAKES_INTEGER && !is_number(value)) ||
	    (operand == FORMAT_TAKES_BUFFER && !is_bytes(value)))
		value = value_unknown("not of the type that the conversion takes");
	if (operand == FORMAT_TAKES_ANY) {
		render_text(spec, value, trailer, out);
	} else if (value.kind == VALUE_UNKNOWN) {
		strbuf_add_char(out, '?');
		pad(spec, start, out);
	} else if (operand == FORMAT_TAKES_BUFFER) {
		render_bytes(spec, value, out);
	} else if (spec->conversion == FORMAT_CHARACTER) {
		strbuf_add_char(out, character);
		pad(spec, start, out);
	} else {
		render_integer(spec, value_integer(value), out);
	}
}

void format_render(const struct format *format, const struct value *values, const char *trailer, struct strbuf *out)
{
	for (size_t i = 0; i < format->spec_count; i++) {
		const struct format_spec *spec = &format->specs[i];

		strbuf_add(out, format->literals + spec->literal, spec->literal_length);
		render_spec(spec, values[i], trailer, out);
	}
	strbuf_add(out, format->literals + format->tail, format->tail_length);
}
