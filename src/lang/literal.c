/* SPDX-License-Identifier: MIT */
#include "lang/literal.h"

#include <stdbool.h>
#include <string.h>

static const struct {
	const char *text;
	uint64_t nanoseconds;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"ms", 1000000},
	{"s", 1000000000},
	{"m", UINT64_C(60) * 1000000000},
	{"h", UINT64_C(3600) * 1000000000},
	{"d", UINT64_C(86400) * 1000000000},
};

/* What is left to read, and what was read so far. */
struct literal {
	const char *text;
	const char *end;
	uint64_t value;
	bool is_too_large;
};

uint64_t literal_unit(const char *unit, size_t length)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (length == strlen(units[i].text) && memcmp(unit, units[i].text, length) == 0)
			return units[i].nanoseconds;
	}
	return 0;
}

static unsigned digit_value(char character)
{
	if (character >= '0' && character <= '9')
		return (unsigned)(character - '0');
	if (character >= 'a' && character <= 'f')
		return (unsigned)(character - 'a') + 10;
	if (character >= 'A' && character <= 'F')
		return (unsigned)(character - 'A') + 10;
	return 99;
}

static void add_digit(struct literal *literal, unsigned base, unsigned digit)
{
	if (__builtin_mul_overflow(literal->value, (uint64_t)base, &literal->value) ||
	    __builtin_add_overflow(literal->value, (uint64_t)digit, &literal->value))
		literal->is_too_large = true;
}

/* Digits of BASE with single underscores between them. False if there is none. */
static bool read_digits(struct literal *literal, unsigned base)
{
	const char *start = literal->text;

	while (literal->text < literal->end) {
		const char *next = literal->text;

		if (*next == '_' && next > start)
			next++;
		if (next == literal->end || digit_value(*next) >= base)
			break;
		add_digit(literal, base, digit_value(*next));
		literal->text = next + 1;
	}
	return literal->text > start;
}

static void read_exponent(struct literal *literal)
{
	struct literal exponent = {literal->text + 1, literal->end, 0, false};

	if (literal->text == literal->end || (*literal->text != 'e' && *literal->text != 'E'))
		return;
	if (!read_digits(&exponent, 10))
		return;
	literal->text = exponent.text;
	/* 0e99 is 0; anything else times 10^20 is too large. */
	if (literal->value == 0)
		return;
	literal->is_too_large |= exponent.is_too_large || exponent.value >= 20;
	for (uint64_t i = 0; i < exponent.value && !literal->is_too_large; i++)
		add_digit(literal, 10, 0);
}

static bool is_c_suffix(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!memchr("uUlL", text[i], 4))
			return false;
	}
	return true;
}

enum literal_result literal_integer(const char *text, size_t length, uint64_t *ret)
{
	struct literal literal = {text, text + length, 0, false};
	unsigned base = 10;
	uint64_t unit;

	if (length > 1 && text[0] == '0') {
		if (text[1] == 'x' || text[1] == 'X') {
			base = 16;
			literal.text += 2;
		} else if (digit_value(text[1]) < 10) {
			base = 8;
			literal.text += 1;
		}
	}
	if (!read_digits(&literal, base))
		return LITERAL_BAD;
	if (base == 10)
		read_exponent(&literal);

	length = (size_t)(literal.end - literal.text);
	if (!is_c_suffix(literal.text, length)) {
		unit = base == 10 ? literal_unit(literal.text, length) : 0;
		if (unit == 0)
			return LITERAL_BAD;
		literal.is_too_large |= __builtin_mul_overflow(literal.value, unit, &literal.value);
	}
	if (literal.is_too_large)
		return LITERAL_TOO_LARGE;
	*ret = literal.value;
	return LITERAL_OK;
}
