/* SPDX-License-Identifier: MIT */
/* usdtrap inspect: memory, as bytes and as values. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "cli/inspect_internal.h"

enum {
	LENGTH_DEFAULT = 128,
	LENGTH_MAX = 1 << 20,
	VARIABLE_MAX = 1024,
	ROW_LENGTH = 16,
	STRING_MAX = 4096,
	COUNT_MAX = 10000,
};

struct usdtrap_error *inspect_parse_number(const char *word, unsigned long most, unsigned long *ret)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(word, &end, 0);
	if (*word < '0' || *word > '9' || *end || errno || !number || number > most)
		return error_create(USDTRAP_INVALID_USE, "a number from 1 to %lu is wanted, not \"%s\"", most, word);
	*ret = number;
	return NULL;
}

/* ---- Bytes ---------------------------------------------------------------------------------------------------------
 */

static void print_row(uint64_t address, const uint8_t *bytes, size_t length)
{
	printf("%12" PRIx64 " ", address);
	for (size_t i = 0; i < ROW_LENGTH; i++) {
		if (i < length)
			printf("%s%02x", i == ROW_LENGTH / 2 ? "  " : " ", bytes[i]);
		else
			fputs(i == ROW_LENGTH / 2 ? "    " : "   ", stdout);
	}
	fputs("  |", stdout);
	for (size_t i = 0; i < length; i++)
		putchar(bytes[i] >= ' ' && bytes[i] < 127 ? bytes[i] : '.');
	puts("|");
}

static void print_row_json(struct inspect *inspect, uint64_t address, const uint8_t *bytes, size_t length)
{
	char digits[2 * ROW_LENGTH + 1];

	for (size_t i = 0; i < length; i++)
		snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
	record_begin(&inspect->record);
	record_address(&inspect->record, "address", address);
	record_text(&inspect->record, "bytes", digits);
	inspect_print_record(inspect);
}

/* Reads LENGTH bytes at ADDRESS into *RET, allocated, or as many as there are. */
static struct usdtrap_error *read_memory(struct inspect *inspect, uint64_t address, size_t length, uint8_t **ret,
					 size_t *ret_got)
{
	struct usdtrap_error *error;

	*ret = calloc(1, length);
	if (!*ret)
		return &error_no_memory;
	error = usdtrap_inspect_memory(inspect->inspection, address, *ret, length, ret_got);
	return error ? error_prefix(error, "0x%" PRIx64, address) : NULL;
}

static void print_end(struct inspect *inspect, uint64_t address)
{
	if (!inspect->is_json)
		printf("0x%" PRIx64 ": nothing can be read from here on\n", address);
}

static struct usdtrap_error *print_bytes(struct inspect *inspect, uint64_t address, size_t length)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t got;
	struct usdtrap_error *error = read_memory(inspect, address, length, &bytes, &got);

	if (error)
		return error;
	for (size_t at = 0; at < got; at += ROW_LENGTH) {
		size_t row = got - at < ROW_LENGTH ? got - at : ROW_LENGTH;

		if (inspect->is_json)
			print_row_json(inspect, address + at, bytes + at, row);
		else
			print_row(address + at, bytes + at, row);
	}
	if (got < length)
		print_end(inspect, address + got);
	return NULL;
}

/* ---- Values --------------------------------------------------------------------------------------------------------
 */

enum form { FORM_SIGNED, FORM_UNSIGNED, FORM_FRACTION, FORM_POINTER, FORM_STRING };

static const struct memory_type {
	const char *name;
	enum form form;
	size_t size; /* of one; of a string at most */
} types[] = {
	{"int8", FORM_SIGNED, 1},     {"int16", FORM_SIGNED, 2},    {"int32", FORM_SIGNED, 4},
	{"int64", FORM_SIGNED, 8},    {"uint8", FORM_UNSIGNED, 1},  {"uint16", FORM_UNSIGNED, 2},
	{"uint32", FORM_UNSIGNED, 4}, {"uint64", FORM_UNSIGNED, 8}, {"float", FORM_FRACTION, 4},
	{"double", FORM_FRACTION, 8}, {"pointer", FORM_POINTER, 8}, {"string", FORM_STRING, STRING_MAX},
};

/* What stands at one address. */
struct memory_value {
	uint64_t address;
	uint64_t bits; /* zero-extended */
	double fraction;
	const char *text;
};

static int64_t sign_extend(uint64_t bits, size_t size)
{
	const unsigned unused = 64 - 8 * (unsigned)size;

	return (int64_t)(bits << unused) >> unused;
}

static void print_value_json(struct inspect *inspect, const struct memory_type *type, const struct memory_value *value)
{
	struct record *record = &inspect->record;

	record_begin(record);
	record_address(record, "address", value->address);
	switch (type->form) {
	case FORM_SIGNED:
		record_number(record, "value", sign_extend(value->bits, type->size));
		break;
	case FORM_UNSIGNED:
		if (value->bits > INT64_MAX)
			record_address(record, "value", value->bits);
		else
			record_number(record, "value", (long long)value->bits);
		break;
	case FORM_FRACTION:
		record_fraction(record, "value", value->fraction);
		break;
	case FORM_POINTER:
		record_address(record, "value", value->bits);
		break;
	case FORM_STRING:
		record_text(record, "value", value->text);
		break;
	}
	inspect_print_record(inspect);
}

/* Text in quotes, what cannot be printed as C would write it. */
static void print_quoted(const char *text)
{
	_cleanup_strbuf_ struct strbuf shown = {0};

	utf8_add_shown(&shown, text, strlen(text), '"');
	printf("\"%s\"", strbuf_text(&shown));
}

/* What lies where a pointer points to, if that has a name. */
static void print_meaning(struct inspect *inspect, uint64_t address)
{
	struct usdtrap_place place;

	usdtrap_inspect_place(inspect->inspection, address, &place);
	if (!place.symbol && (!place.path || !*place.path))
		return;
	fputs("  ", stdout);
	inspect_print_named(&place, address);
}

static void print_value(struct inspect *inspect, const struct memory_type *type, const struct memory_value *value)
{
	printf("%12" PRIx64 "  ", value->address);
	switch (type->form) {
	case FORM_SIGNED:
		printf("%" PRId64, sign_extend(value->bits, type->size));
		break;
	case FORM_UNSIGNED:
		printf("%" PRIu64 "  0x%" PRIx64, value->bits, value->bits);
		break;
	case FORM_FRACTION:
		printf("%.*g", type->size == 4 ? 9 : 17, value->fraction);
		break;
	case FORM_POINTER:
		printf("0x%" PRIx64, value->bits);
		print_meaning(inspect, value->bits);
		break;
	case FORM_STRING:
		print_quoted(value->text);
		break;
	}
	putchar('\n');
}

static void decode(const struct memory_type *type, const uint8_t *bytes, struct memory_value *value)
{
	float single;

	memcpy(&value->bits, bytes, type->size); /* little-endian, as the target is */
	if (type->size == sizeof(single)) {
		memcpy(&single, bytes, sizeof(single));
		value->fraction = (double)single;
	} else {
		memcpy(&value->fraction, bytes, type->size);
	}
}

static void tell_value(struct inspect *inspect, const struct memory_type *type, const struct memory_value *value)
{
	if (inspect->is_json)
		print_value_json(inspect, type, value);
	else
		print_value(inspect, type, value);
}

static struct usdtrap_error *print_numbers(struct inspect *inspect, uint64_t address, const struct memory_type *type,
					   size_t count)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	size_t got, at;
	struct usdtrap_error *error = read_memory(inspect, address, count * type->size, &bytes, &got);

	if (error)
		return error;
	for (at = 0; at + type->size <= got; at += type->size) {
		struct memory_value value = {.address = address + at};

		decode(type, bytes + at, &value);
		tell_value(inspect, type, &value);
	}
	if (at < count * type->size)
		print_end(inspect, address + at);
	return NULL;
}

/* COUNT strings, one behind the other. */
static struct usdtrap_error *print_strings(struct inspect *inspect, uint64_t address, const struct memory_type *type,
					   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ uint8_t *bytes = NULL;
		struct memory_value value = {.address = address};
		size_t got;
		struct usdtrap_error *error = read_memory(inspect, address, STRING_MAX + 1, &bytes, &got);

		if (error && i == 0)
			return error;
		usdtrap_error_destroy(error);
		if (error) {
			print_end(inspect, address);
			return NULL;
		}
		bytes[STRING_MAX] = '\0'; /* what was not read is 0 already */
		value.text = (const char *)bytes;
		tell_value(inspect, type, &value);
		address += strlen(value.text) + 1;
	}
	return NULL;
}

static struct usdtrap_error *find_type(const char *word, const struct memory_type **ret)
{
	struct nearest nearest = {.wanted = word, .distance = NEAREST_START};
	struct usdtrap_error *error;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, word) == 0) {
			*ret = &types[i];
			return NULL;
		}
		nearest_offer(&nearest, types[i].name);
	}
	error = error_create(USDTRAP_INVALID_USE, "%s is neither a number of bytes nor a type", word);
	if (nearest.best)
		return error_hint(error, "did you mean %s?", nearest.best);
	return error_hint(error, "there are int8 to int64, uint8 to uint64, float, double, pointer and string");
}

/* As much as is shown if nobody says how much: of a variable all, unless that is very much. */
static struct usdtrap_error *print_some_bytes(struct inspect *inspect, uint64_t address)
{
	struct usdtrap_error *error;
	struct usdtrap_place place;
	size_t length = LENGTH_DEFAULT;

	usdtrap_inspect_place(inspect->inspection, address, &place);
	if (place.is_variable && place.offset == 0 && place.size > 0)
		length = place.size < VARIABLE_MAX ? place.size : VARIABLE_MAX;
	error = print_bytes(inspect, address, length);
	if (!error && !inspect->is_json && length == VARIABLE_MAX && place.size > length)
		printf("... of %" PRIu64 " bytes: mem %s %" PRIu64 " shows all\n", place.size, place.symbol,
		       place.size);
	return error;
}

struct usdtrap_error *inspect_memory(struct inspect *inspect, const char *const *words, size_t word_count)
{
	const struct memory_type *type = NULL;
	unsigned long number = 0;
	uint64_t address = 0;
	struct usdtrap_error *error = inspect_parse_address(inspect, words[0], &address);

	if (!error && word_count > 1 && !isdigit((unsigned char)*words[1]))
		error = find_type(words[1], &type);
	else if (!error && word_count > 2)
		error = error_create(USDTRAP_INVALID_USE, "%s: nothing is wanted behind a number of bytes", words[2]);
	else if (!error && word_count > 1)
		error = inspect_parse_number(words[1], LENGTH_MAX, &number);
	if (!error && word_count > 2)
		error = inspect_parse_number(words[2], COUNT_MAX, &number);
	if (error)
		return error;
	if (!type)
		return number ? print_bytes(inspect, address, number) : print_some_bytes(inspect, address);
	if (type->form == FORM_STRING)
		return print_strings(inspect, address, type, number ? number : 1);
	return print_numbers(inspect, address, type, number ? number : 1);
}
