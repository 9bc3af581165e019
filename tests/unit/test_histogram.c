/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lang/histogram.h"
#include "lang/type.h"

static struct type hist(unsigned bits)
{
	return (struct type){.kind = TYPE_HIST, .buckets = {.bits = bits}};
}

static struct type lhist(int64_t min, int64_t max, int64_t step)
{
	return (struct type){.kind = TYPE_LHIST, .buckets = {.min = min, .max = max, .step = step}};
}

/* The label of the bucket NUMBER falls into, as the text chart has it. */
static void label(const struct type *type, int64_t number, char *text, size_t size)
{
	struct histogram_range range = histogram_range(type, histogram_bucket(type, number));

	if (range.is_single)
		snprintf(text, size, "[%s]", range.low_label);
	else
		snprintf(text, size, "%s%s, %s)", range.has_low ? "[" : "(", range.has_low ? range.low_label : "...",
			 range.has_high ? range.high_label : "...");
}

static void test_histogram_log_label_of_each_number(void **state)
{
	static const struct {
		unsigned bits;
		int64_t number;
		const char *label;
	} rows[] = {
		{0, -1, "(..., 0)"},
		{0, INT64_MIN, "(..., 0)"},
		{0, 0, "[0]"},
		{0, 1, "[1]"},
		{0, 2, "[2, 4)"},
		{0, 3, "[2, 4)"},
		{0, 4, "[4, 8)"},
		{0, 1023, "[512, 1K)"},
		{0, 1024, "[1K, 2K)"},
		{0, 1025, "[1K, 2K)"},
		{0, 524288, "[512K, 1M)"},
		{0, INT64_C(10737418240), "[8G, 16G)"},
		{0, INT64_C(1) << 40, "[1T, 2T)"},
		{0, INT64_C(1) << 50, "[1P, 2P)"},
		{0, INT64_C(1) << 60, "[1E, 2E)"},
		{0, INT64_MAX, "[4E, 8E)"},
		{1, 3, "[3]"},
		{1, 4, "[4, 6)"},
		{1, 7, "[6, 8)"},
		{3, 15, "[15]"},
		{3, 16, "[16, 18)"},
		{3, 1023, "[960, 1024)"},
		{3, 1024, "[1024, 1152)"},
		{3, 8192, "[8K, 9K)"},
		{5, 63, "[63]"},
		{5, 64, "[64, 66)"},
		{5, INT64_MAX, "[8064P, 8192P)"},
		{5, -5, "(..., 0)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct type type = hist(rows[i].bits);
		char text[64];

		label(&type, rows[i].number, text, sizeof(text));
		if (strcmp(text, rows[i].label) != 0)
			fail_msg("hist(%" PRId64 ", %u): %s instead of %s", rows[i].number, rows[i].bits, text,
				 rows[i].label);
	}
}

static void test_histogram_linear_label_of_each_number(void **state)
{
	static const struct {
		int64_t min, max, step;
		int64_t number;
		const char *label;
	} rows[] = {
		{0, 100, 10, -1, "(..., 0)"},
		{0, 100, 10, 0, "[0, 10)"},
		{0, 100, 10, 9, "[0, 10)"},
		{0, 100, 10, 10, "[10, 20)"},
		{0, 100, 10, 99, "[90, 100)"},
		{0, 100, 10, 100, "[100, ...)"},
		{0, 100, 10, INT64_MAX, "[100, ...)"},
		{0, 95, 10, 89, "[80, 90)"},
		{0, 95, 10, 92, "[90, ...)"},
		{0, 95, 10, 95, "[90, ...)"},
		{-10, 10, 5, -11, "(..., -10)"},
		{-10, 10, 5, -10, "[-10, -5)"},
		{-10, 10, 5, 0, "[0, 5)"},
		{0, 10, 1, 5, "[5]"},
		{0, 4096, 1024, 0, "[0, 1K)"},
		{0, 4096, 1024, 5000, "[4K, ...)"},
		{0, 3145728, 1048576, 1048577, "[1M, 2M)"},
		{0, 3000, 1000, 1024, "[1000, 2000)"},
		{INT64_MIN, INT64_MAX, INT64_MAX, 0, "[-1, 9223372036854775806)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct type type = lhist(rows[i].min, rows[i].max, rows[i].step);
		char text[64];

		label(&type, rows[i].number, text, sizeof(text));
		if (strcmp(text, rows[i].label) != 0)
			fail_msg("lhist(%" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64 "): %s instead of %s",
				 rows[i].number, rows[i].min, rows[i].max, rows[i].step, text, rows[i].label);
	}
}

/* Every bucket begins where the one before it ends, and its ends fall into the right buckets. */
static void test_histogram_buckets_leave_no_gap(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits <= 5; bits++) {
		struct type type = hist(bits);
		size_t count = histogram_bucket_count(&type);

		for (size_t i = 1; i < count; i++) {
			struct histogram_range range = histogram_range(&type, i);
			struct histogram_range before = histogram_range(&type, i - 1);

			assert_int_equal(range.low, before.high);
			assert_string_equal(range.low_label, before.high_label);
			assert_int_equal(histogram_bucket(&type, range.low), i);
			assert_int_equal(histogram_bucket(&type, (int64_t)((uint64_t)range.high - 1)), i);
		}
		assert_int_equal(histogram_bucket(&type, INT64_MAX), count - 1);
	}
}

static void test_histogram_extent_is_what_is_not_empty(void **state)
{
	struct type type = lhist(0, 5, 1);
	uint64_t buckets[7] = {0, 0, 3, 0, 1, 0, 0};
	uint64_t empty[7] = {0};
	size_t first, end;

	(void)state;
	assert_int_equal(histogram_bucket_count(&type), 7);
	histogram_extent(&type, buckets, &first, &end);
	assert_int_equal(first, 2);
	assert_int_equal(end, 5);
	assert_int_equal(histogram_total(&type, buckets), 4);
	histogram_extent(&type, empty, &first, &end);
	assert_int_equal(first, end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histogram_log_label_of_each_number),
		cmocka_unit_test(test_histogram_linear_label_of_each_number),
		cmocka_unit_test(test_histogram_buckets_leave_no_gap),
		cmocka_unit_test(test_histogram_extent_is_what_is_not_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
