/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "lang/clock.h"
#include "lang/scratch.h"

#define MOMENT UINT64_C(1700000000012345678) /* 2023-11-14 22:13:20.012345678 UTC */

static void test_clock_format_knows_microseconds(void **state)
{
	static const struct {
		const char *format;
		const char *text;
	} rows[] = {
		{"%H:%M:%S\n", "22:13:20\n"},
		{"%Y-%m-%d", "2023-11-14"},
		{"%f", "012345"},
		{"%S.%f|%f", "20.012345|012345"},
		{"%%f", "%f"},
		{"%%%f%", "%012345%"},
		{"", ""},
		{"plain", "plain"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		struct scratch scratch = {0};

		clock_format(rows[i].format, MOMENT, &scratch, &out);
		assert_string_equal(strbuf_text(&out), rows[i].text);
		scratch_deinit(&scratch);
	}
}

static void test_clock_format_grows_for_long_texts(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct scratch scratch = {0};
	char format[2001];

	(void)state;
	for (int i = 0; i < 1000; i++)
		memcpy(format + 2 * i, "%Y", 3);
	clock_format(format, MOMENT, &scratch, &out);
	assert_int_equal(out.length, 4000);
	assert_memory_equal(strbuf_text(&out) + 3996, "2023", 5);
	scratch_deinit(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_format_knows_microseconds),
		cmocka_unit_test(test_clock_format_grows_for_long_texts),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
