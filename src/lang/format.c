/* SPDX-License-Identifier: MIT */
#include "lang/format.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"

#define WIDTH_MAX 4095

/* The text being taken apart, and what was found since its last %. */
struct reader {
	const char *text;
	size_t length;
	size_t position;
};

static bool reader_take(struct reader *reader, char wanted)
{
	if (reader->position == reader->length || reader->text[reader->position] != wanted)
		return false;
	reader->position++;
	return true;
}

static void read_flags(struct reader *reader, struct format_spec *spec)
{
	for (;;) {
		if (reader_take(reader, '-'))
			spec->is_left = true;
		else if (reader_take(reader, '+'))
			spec->has_plus = true;
		else if (reader_take(reader, ' '))
			spec->has_space = true;
		else if (reader_take(reader, '#'))
			spec->is_alternate = true;
		else if (reader_take(reader, '0'))
			spec->has_zeros = true;
		else
			return;
	}
}

/* The digits at the reader as a number; WIDTH_MAX + 1 for anything larger. */
static unsigned read_number(struct reader *reader)
{
	unsigned number = 0;

	while (reader->position < reader->length && isdigit((unsigned char)reader->text[reader->position])) {
		number = number * 10 + (unsigned)(reader->text[reader->position++] - '0');
		if (number > WIDTH_MAX)
			number = WIDTH_MAX + 1;
	}
	return number;
}

/* The size in bytes that a length modifier asks for; 4 without one. */
static unsigned read_size(struct reader *reader)
{
	unsigned size = 4;

	for (;;) {
		if (reader_take(reader, 'h'))
			size = size == 4 ? 2 : 1;
		else if (reader_take(reader, 'l') || reader_take(reader, 'j') || reader_take(reader, 'z') ||
			 reader_take(reader, 't') || reader_take(reader, 'L'))
			size = 8;
		else
			return size;
	}
}

static bool read_conversion(struct reader *reader, struct format_spec *spec)
{
	static const struct {
		char letter;
		enum format_conversion conversion;
	} letters[] = {
		{'d', FORMAT_SIGNED},    {'i', FORMAT_SIGNED},  {'u', FORMAT_UNSIGNED},
		{'o', FORMAT_OCTAL},     {'x', FORMAT_HEX},     {'X', FORMAT_HEX_UPPER},
		{'c', FORMAT_CHARACTER}, {'p', FORMAT_POINTER}, {'s', FORMAT_STRING},
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (reader_take(reader, letters[i].letter)) {
			spec->conversion = letters[i].conversion;
			return true;
		}
	}
	if (!reader_take(reader, 'r'))
		return false;
	if (reader_take(reader, 'x'))
		spec->conversion = FORMAT_BUFFER_ESCAPE;
	else if (reader_take(reader, 'h'))
		spec->conversion = FORMAT_BUFFER_HEX;
	else
		spec->conversion = FORMAT_BUFFER;
	return true;
}

/*
 * Reads one conversion, the reader standing behind its %. *RET_FOUND is false,
 * and the reader where it was, when the % begins none and is plain text.
 */
static struct usdtrap_error *read_spec(struct reader *reader, struct format_spec *spec, bool *ret_found)
{
	size_t start = reader->position;
	bool has_star;

	*spec = (struct format_spec){.precision = -1};
	read_flags(reader, spec);
	has_star = reader_take(reader, '*');
	spec->width = read_number(reader);
	if (reader_take(reader, '.')) {
		has_star |= reader_take(reader, '*');
		spec->precision = (int)read_number(reader);
	}
	spec->size = read_size(reader);
	if (!read_conversion(reader, spec)) {
		char letter = reader->position < reader->length ? reader->text[reader->position] : '\0';

		if (letter == 'g' && reader->position + 1 < reader->length && reader->text[reader->position + 1] == 'r')
			return error_create(
				USDTRAP_SCRIPT,
				"%%gr names flags of the kernel's memory allocator, which only its own probes have");
		if (letter && strchr("aAeEfFgGn", letter))
			return error_create(USDTRAP_SCRIPT, "unsupported format specifier: %c", letter);
		reader->position = start;
		*ret_found = false;
		return NULL;
	}
	if (has_star)
		return error_create(USDTRAP_SCRIPT,
				    "format specifier takes its width or precision from an argument, which is not "
				    "supported: %%%.*s",
				    (int)(reader->position - start), reader->text + start);
	if (spec->width > WIDTH_MAX || spec->precision > WIDTH_MAX)
		return error_create(USDTRAP_SCRIPT, "format specifier is wider than %d characters: %%%.*s", WIDTH_MAX,
				    (int)(reader->position - start), reader->text + start);
	if (spec->conversion == FORMAT_POINTER)
		spec->size = 8;
	*ret_found = true;
	return NULL;
}

static size_t count_percents(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += text[i] == '%';
	return count;
}

struct usdtrap_error *format_parse(const char *text, size_t length, struct format **ret)
{
	struct reader reader = {.text = text, .length = length};
	size_t used = 0, literal = 0;
	_cleanup_free_ char *literals = malloc(length + 1);
	_cleanup_free_ struct format *format =
		malloc(sizeof(*format) + count_percents(text, length) * sizeof(struct format_spec));

	if (!format || !literals)
		return &error_no_memory;
	format->spec_count = 0;
	while (reader.position < length) {
		struct format_spec *spec = &format->specs[format->spec_count];
		char character = text[reader.position++];
		bool is_spec = false;

		if (character == '%' && !reader_take(&reader, '%')) {
			struct usdtrap_error *error = read_spec(&reader, spec, &is_spec);

			if (error)
				return error;
		}
		if (!is_spec) {
			literals[used++] = character;
			continue;
		}
		spec->literal = literal;
		spec->literal_length = used - literal;
		literal = used;
		format->spec_count++;
	}
	format->tail = literal;
	format->tail_length = used - literal;
	format->literals = literals;
	literals = NULL;
	*ret = format;
	format = NULL;
	return NULL;
}

void format_destroy(struct format *format)
{
	if (!format)
		return;
	free(format->literals);
	free(format);
}

struct usdtrap_error *format_check_count(const struct format *format, size_t supplied)
{
	if (supplied == format->spec_count)
		return NULL;
	return error_create(USDTRAP_SCRIPT, "%s arguments for format string (%zu supplied, %zu expected)",
			    supplied < format->spec_count ? "not enough" : "too many", supplied, format->spec_count);
}

enum format_operand format_operand(const struct format_spec *spec)
{
	switch (spec->conversion) {
	case FORMAT_SIGNED:
	case FORMAT_UNSIGNED:
	case FORMAT_OCTAL:
	case FORMAT_HEX:
	case FORMAT_HEX_UPPER:
	case FORMAT_CHARACTER:
	case FORMAT_POINTER:
		return FORMAT_TAKES_INTEGER;
	case FORMAT_STRING:
		return FORMAT_TAKES_ANY;
	case FORMAT_BUFFER:
	case FORMAT_BUFFER_ESCAPE:
	case FORMAT_BUFFER_HEX:
		return FORMAT_TAKES_BUFFER;
	}
	abort();
}

/* The letters that name a conversion in messages. */
static const char *conversion_letters(enum format_conversion conversion)
{
	switch (conversion) {
	case FORMAT_SIGNED:
		return "d";
	case FORMAT_UNSIGNED:
		return "u";
	case FORMAT_OCTAL:
		return "o";
	case FORMAT_HEX:
		return "x";
	case FORMAT_HEX_UPPER:
		return "X";
	case FORMAT_CHARACTER:
		return "c";
	case FORMAT_POINTER:
		return "p";
	case FORMAT_STRING:
		return "s";
	case FORMAT_BUFFER:
		return "r";
	case FORMAT_BUFFER_ESCAPE:
		return "rx";
	case FORMAT_BUFFER_HEX:
		return "rh";
	}
	abort();
}

struct usdtrap_error *format_mismatch(const struct format_spec *spec, const char *type_text)
{
	return error_create(USDTRAP_SCRIPT, "unsupported format specifier for type '%s': %s", type_text,
			    conversion_letters(spec->conversion));
}
