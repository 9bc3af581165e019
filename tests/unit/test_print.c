/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "lang/print.h"
#include "support/sample_maps.h"

static void test_print_value_of_each_kind(void **state)
{
	const struct value inner[] = {value_signed(2), value_text("c")};
	const struct value outer[] = {value_signed(1), value_text("b"), value_tuple(inner, 2)};
	const struct {
		struct value value;
		const char *text;
	} rows[] = {
		{value_signed(INT64_MIN), "-9223372036854775808"},
		{value_signed(0), "0"},
		{value_unsigned(UINT64_MAX), "18446744073709551615"},
		{value_bool(true), "true"},
		{value_bool(false), "false"},
		{value_pointer(0x7f00), "0x7f00"},
		{value_pointer(0), "0x0"},
		{value_real(0.1), "0.1"},
		{value_real(1.0 / 3), "0.33333333333333331"},
		{value_real(3), "3"},
		{value_real(-INFINITY), "-inf"},
		{value_text("a \"b\"\n"), "a \"b\"\n"},
		{value_buffer("ok\0\xff\\", 5), "ok\\x00\\xff\\"},
		{value_tuple(outer, 3), "(1, b, (2, c))"},
		{value_tuple(outer, 1), "(1)"},
		{value_tuple(NULL, 0), "()"},
		{value_unknown("why"), "?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};

		print_value(rows[i].value, NULL, "..", &out);
		assert_string_equal(strbuf_text(&out), rows[i].text);
	}
}

static void check_map(enum sample_map which, uint64_t top, uint64_t divisor, bool wants_zero, const char *text)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct scratch scratch = {0};
	struct map_selection selection;
	struct map map;

	sample_map_init(&map, which);
	assert_null(map_select(&map, top, divisor, wants_zero, &scratch, &selection));
	print_map(&map, &selection, "..", &out);
	assert_string_equal(strbuf_text(&out), text);
	map_selection_deinit(&selection);
	map_deinit(&map);
	scratch_deinit(&scratch);
}

static void test_print_map_of_values(void **state)
{
	(void)state;
	check_map(SAMPLE_SCALAR, 0, 1, false, "@x: -5\n");
	check_map(SAMPLE_STRING, 0, 1, false, "@x: a b \n d..\n");
	check_map(SAMPLE_TUPLE, 0, 1, false, "@x: (?, 1)\n");
	check_map(SAMPLE_KEYED, 0, 1, false, "@x[key 2]: 1\n@x[key1]: 2\n");
	check_map(SAMPLE_TUPLE_KEYS, 0, 1, false, "@x[b, (1, d)]: -7\n@x[a, (2, c)]: 7\n");
	check_map(SAMPLE_UNKNOWN_KEY, 0, 1, false, "@x[?, 1]: 1\n");
	check_map(SAMPLE_BOOLS, 0, 1, false, "@x[false]: (3, \")\n@x[true]: (1, two)\n");
}

static void test_print_map_of_averages_takes_top_and_divisor(void **state)
{
	(void)state;
	check_map(SAMPLE_AVERAGES, 2, 10, false, "@x[c]: 3\n@x[d]: 4\n");
	check_map(SAMPLE_AVERAGES, 10, 10, false, "@x[a]: 1\n@x[b]: 2\n@x[c]: 3\n@x[d]: 4\n");
	check_map(SAMPLE_AVERAGE, 0, 1, false, "@x: 7\n");
}

static void test_print_map_of_stats(void **state)
{
	(void)state;
	check_map(SAMPLE_STATS, 0, 1, false, "@x: { .count = 2, .average = 6, .total = 12 }\n");
	check_map(SAMPLE_STATS, 0, 2, false, "@x: { .count = 2, .average = 3, .total = 12 }\n");
	check_map(SAMPLE_STATS_KEYED, 0, 1, false,
		  "@x[2]: { .count = 1, .average = -2, .total = -2 }\n"
		  "@x[1]: { .count = 1, .average = 10, .total = 10 }\n");
}

static void test_print_map_of_log_histograms(void **state)
{
	(void)state;
	check_map(SAMPLE_HIST, 0, 1, false,
		  "@x:\n"
		  "[4, 8)                 1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
		  "[8, 16)                0 |                                                    |\n"
		  "[16, 32)               0 |                                                    |\n"
		  "[32, 64)               0 |                                                    |\n"
		  "[64, 128)              2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
		  "[128, 256)             0 |                                                    |\n"
		  "[256, 512)             0 |                                                    |\n"
		  "[512, 1K)              0 |                                                    |\n"
		  "[1K, 2K)               0 |                                                    |\n"
		  "[2K, 4K)               0 |                                                    |\n"
		  "[4K, 8K)               0 |                                                    |\n"
		  "[8K, 16K)              1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
		  "\n");
	check_map(SAMPLE_HIST_KEYED, 1, 2, false,
		  "@x[two]:\n"
		  "(..., 0)               0 |                                                    |\n"
		  "[0]                    0 |                                                    |\n"
		  "[1]                    0 |                                                    |\n"
		  "[2, 4)                 0 |                                                    |\n"
		  "[4, 8)                 0 |                                                    |\n"
		  "[8, 16)                0 |                                                    |\n"
		  "[16, 32)               0 |                                                    |\n"
		  "[32, 64)               0 |                                                    |\n"
		  "[64, 128)              0 |                                                    |\n"
		  "[128, 256)             0 |                                                    |\n"
		  "[256, 512)             0 |                                                    |\n"
		  "[512, 1K)              0 |                                                    |\n"
		  "[1K, 2K)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
		  "\n");
	check_map(SAMPLE_HIST_ZERO, 0, 1, false, "@x:\n\n");
}

static void test_print_map_of_fine_log_histogram(void **state)
{
	(void)state;
	check_map(SAMPLE_HIST_FINE, 0, 3, false,
		  "@x:\n"
		  "[5]                    0 |                                                    |\n"
		  "[6]                    0 |                                                    |\n"
		  "[7]                    0 |                                                    |\n"
		  "[8]                    0 |                                                    |\n"
		  "[9]                    0 |                                                    |\n"
		  "[10]                   0 |                                                    |\n"
		  "[11]                   0 |                                                    |\n"
		  "[12]                   0 |                                                    |\n"
		  "[13]                   0 |                                                    |\n"
		  "[14]                   0 |                                                    |\n"
		  "[15]                   0 |                                                    |\n"
		  "[16, 18)               0 |                                                    |\n"
		  "[18, 20)               0 |                                                    |\n"
		  "[20, 22)               0 |                                                    |\n"
		  "[22, 24)               0 |                                                    |\n"
		  "[24, 26)               0 |                                                    |\n"
		  "[26, 28)               0 |                                                    |\n"
		  "[28, 30)               0 |                                                    |\n"
		  "[30, 32)               0 |                                                    |\n"
		  "[32, 36)               0 |                                                    |\n"
		  "[36, 40)               0 |                                                    |\n"
		  "[40, 44)               0 |                                                    |\n"
		  "[44, 48)               0 |                                                    |\n"
		  "[48, 52)               0 |                                                    |\n"
		  "[52, 56)               0 |                                                    |\n"
		  "[56, 60)               0 |                                                    |\n"
		  "[60, 64)               0 |                                                    |\n"
		  "[64, 72)               0 |                                                    |\n"
		  "[72, 80)               0 |                                                    |\n"
		  "[80, 88)               0 |                                                    |\n"
		  "[88, 96)               0 |                                                    |\n"
		  "[96, 104)              0 |                                                    |\n"
		  "\n");
}

static void test_print_map_of_linear_histograms(void **state)
{
	static const char chart[] = "@x:\n"
				    "[0, 10)                1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
				    "[10, 20)               0 |                                                    |\n"
				    "[20, 30)               0 |                                                    |\n"
				    "[30, 40)               0 |                                                    |\n"
				    "[40, 50)               0 |                                                    |\n"
				    "[50, 60)               2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
				    "[60, 70)               0 |                                                    |\n"
				    "[70, 80)               0 |                                                    |\n"
				    "[80, 90)               0 |                                                    |\n"
				    "[90, 100)              0 |                                                    |\n"
				    "[100, ...)             1 |@@@@@@@@@@@@@@@@@@@@@@@@@@                          |\n"
				    "\n";

	(void)state;
	check_map(SAMPLE_LHIST, 0, 1, false, chart);
	/* The divisor has no effect on these. */
	check_map(SAMPLE_LHIST, 0, 2, false, chart);
	check_map(SAMPLE_LHIST_KILO, 0, 1, false,
		  "@x:\n"
		  "(..., 0)               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
		  "[0, 1K)                0 |                                                    |\n"
		  "[1K, 2K)               0 |                                                    |\n"
		  "[2K, 3K)               0 |                                                    |\n"
		  "[3K, 4K)               0 |                                                    |\n"
		  "[4K, ...)              1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n"
		  "\n");
}

static void test_print_map_that_is_empty(void **state)
{
	(void)state;
	check_map(SAMPLE_EMPTY_SCALAR, 0, 1, false, "");
	check_map(SAMPLE_EMPTY_SCALAR, 0, 1, true, "@x: 0\n");
	check_map(SAMPLE_EMPTY_KEYED, 0, 1, true, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_value_of_each_kind),
		cmocka_unit_test(test_print_map_of_values),
		cmocka_unit_test(test_print_map_of_averages_takes_top_and_divisor),
		cmocka_unit_test(test_print_map_of_stats),
		cmocka_unit_test(test_print_map_of_log_histograms),
		cmocka_unit_test(test_print_map_of_fine_log_histogram),
		cmocka_unit_test(test_print_map_of_linear_histograms),
		cmocka_unit_test(test_print_map_that_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
