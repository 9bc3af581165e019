/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lang/literal.h"

static void test_literal_integer_decodes_every_spelling(void **state)
{
	static const struct {
		const char *text;
		enum literal_result result;
		uint64_t value;
	} rows[] = {
		{"0", LITERAL_OK, 0},
		{"42", LITERAL_OK, 42},
		{"18446744073709551615", LITERAL_OK, UINT64_MAX},
		{"18446744073709551616", LITERAL_TOO_LARGE, 0},
		{"0x0", LITERAL_OK, 0},
		{"0xff", LITERAL_OK, 255},
		{"0XfF", LITERAL_OK, 255},
		{"0xffffffffffffffff", LITERAL_OK, UINT64_MAX},
		{"0x10000000000000000", LITERAL_TOO_LARGE, 0},
		{"017", LITERAL_OK, 15},
		{"00", LITERAL_OK, 0},
		{"1_000_000", LITERAL_OK, 1000000},
		{"0xdead_beef", LITERAL_OK, 0xdeadbeef},
		{"1e6", LITERAL_OK, 1000000},
		{"12E2", LITERAL_OK, 1200},
		{"1e19", LITERAL_OK, UINT64_C(10000000000000000000)},
		{"1e20", LITERAL_TOO_LARGE, 0},
		{"2e19", LITERAL_TOO_LARGE, 0},
		{"0e99999999999999999999", LITERAL_OK, 0},
		{"1e99999999999999999999", LITERAL_TOO_LARGE, 0},
		{"0x1e3", LITERAL_OK, 0x1e3},
		{"7u", LITERAL_OK, 7},
		{"7ULL", LITERAL_OK, 7},
		{"0x7l", LITERAL_OK, 7},
		{"3ns", LITERAL_OK, 3},
		{"3us", LITERAL_OK, 3000},
		{"3ms", LITERAL_OK, 3000000},
		{"3s", LITERAL_OK, 3000000000},
		{"3m", LITERAL_OK, UINT64_C(180000000000)},
		{"3h", LITERAL_OK, UINT64_C(10800000000000)},
		{"3d", LITERAL_OK, UINT64_C(259200000000000)},
		{"1e3ms", LITERAL_OK, 1000000000},
		{"18446744073710s", LITERAL_TOO_LARGE, 0},
		{"", LITERAL_BAD, 0},
		{"x", LITERAL_BAD, 0},
		{"0x", LITERAL_BAD, 0},
		{"0xg", LITERAL_BAD, 0},
		{"09", LITERAL_BAD, 0},
		{"1_", LITERAL_BAD, 0},
		{"1__0", LITERAL_BAD, 0},
		{"_1", LITERAL_BAD, 0},
		{"1e", LITERAL_BAD, 0},
		{"12abc", LITERAL_BAD, 0},
		{"1min", LITERAL_BAD, 0},
		{"0x3ms", LITERAL_BAD, 0},
		{"-1", LITERAL_BAD, 0},
		{"1 ", LITERAL_BAD, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 99;
		enum literal_result result = literal_integer(rows[i].text, strlen(rows[i].text), &value);

		if (result != rows[i].result || value != (result == LITERAL_OK ? rows[i].value : 99))
			fail_msg("\"%s\": result %d, value %llu", rows[i].text, result, (unsigned long long)value);
	}
}

static void test_literal_integer_reads_no_byte_behind_its_text(void **state)
{
	/* Exactly as large as the text, for sanitizers. */
	static const char *const texts[] = {"1", "0", "0x", "1e", "1_", "5m"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t length = strlen(texts[i]);
		char *text = malloc(length);
		uint64_t value;

		assert_non_null(text);
		memcpy(text, texts[i], length);
		literal_integer(text, length, &value);
		free(text);
	}
}

static void test_literal_unit_knows_durations(void **state)
{
	(void)state;
	assert_int_equal(literal_unit("ms", 2), 1000000);
	assert_int_equal(literal_unit("msx", 2), 1000000);
	assert_int_equal(literal_unit("hz", 2), 0);
	assert_int_equal(literal_unit("", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_literal_integer_decodes_every_spelling),
		cmocka_unit_test(test_literal_integer_reads_no_byte_behind_its_text),
		cmocka_unit_test(test_literal_unit_knows_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
