/* SPDX-License-Identifier: MIT */
#include "lang/print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"

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

static void print_elements(struct value tuple, const char *separator, const char *trailer, struct strbuf *out);

/* SEPARATOR parts the elements of tuples within. */
static void print_nested(struct value value, const char *separator, const char *trailer, struct strbuf *out)
{
	switch (value.kind) {
	case VALUE_SIGNED:
		print_signed((int64_t)value.integer, out);
		return;
	case VALUE_UNSIGNED:
		print_unsigned(value.integer, out);
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
			strbuf_add_string(out, trailer);
		return;
	case VALUE_BUFFER:
		print_escaped(value.text, value.length, out);
		return;
	case VALUE_TUPLE:
		strbuf_add_char(out, '(');
		print_elements(value, separator, trailer, out);
		strbuf_add_char(out, ')');
		return;
	case VALUE_UNKNOWN:
		strbuf_add_char(out, '?');
		return;
	}
	abort();
}

static void print_elements(struct value tuple, const char *separator, const char *trailer, struct strbuf *out)
{
	for (uint32_t i = 0; i < tuple.length; i++) {
		if (i)
			strbuf_add_string(out, separator);
		print_nested(tuple.elements[i], separator, trailer, out);
	}
}

void print_value(struct value value, const char *trailer, struct strbuf *out)
{
	print_nested(value, ", ", trailer, out);
}

void print_key(struct value key, const char *separator, const char *trailer, struct strbuf *out)
{
	if (key.kind == VALUE_TUPLE)
		print_elements(key, separator, trailer, out);
	else
		print_nested(key, separator, trailer, out);
}
