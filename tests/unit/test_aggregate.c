/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lang/aggregate.h"
#include "lang/type.h"

static const struct {
	const char *name;
	struct type type;
	int64_t numbers[4];
	size_t count;
	int64_t value;
} rows[] = {
	{"count", {.kind = TYPE_COUNT}, {7, 7, 7}, 3, 3},
	{"sum", {.kind = TYPE_SUM, .is_signed = true}, {1, -5, 2}, 3, -2},
	{"avg truncates", {.kind = TYPE_AVG, .is_signed = true}, {1, 2, 2}, 3, 1},
	{"avg of negatives truncates towards zero", {.kind = TYPE_AVG, .is_signed = true}, {-1, -2, -2}, 3, -1},
	{"unsigned avg", {.kind = TYPE_AVG}, {-1}, 1, -1},
	{"min", {.kind = TYPE_MIN, .is_signed = true}, {5, -3, 2}, 3, -3},
	{"min takes the first, though it is above 0", {.kind = TYPE_MIN, .is_signed = true}, {5}, 1, 5},
	{"unsigned min", {.kind = TYPE_MIN}, {-3, 2}, 2, 2},
	{"max", {.kind = TYPE_MAX, .is_signed = true}, {-5, -3, -4}, 3, -3},
	{"max takes the first, though it is below 0", {.kind = TYPE_MAX, .is_signed = true}, {-5}, 1, -5},
	{"unsigned max", {.kind = TYPE_MAX}, {-3, 2}, 2, -3},
	{"stats shows its average", {.kind = TYPE_STATS, .is_signed = true}, {4, 9}, 2, 6},
	{"avg of nothing", {.kind = TYPE_AVG}, {0}, 0, 0},
	{"max of nothing", {.kind = TYPE_MAX}, {0}, 0, 0},
};

static void test_aggregate_value_of_each_function(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct aggregate aggregate = {0};
		struct value value;

		for (size_t j = 0; j < rows[i].count; j++)
			aggregate_add(&aggregate, &rows[i].type, (uint64_t)rows[i].numbers[j]);
		value = aggregate_value(&aggregate, &rows[i].type);
		if ((int64_t)value.integer != rows[i].value)
			fail_msg("%s: %jd", rows[i].name, (intmax_t)value.integer);
		assert_int_equal(value.kind, rows[i].type.is_signed ? VALUE_SIGNED : VALUE_UNSIGNED);
	}
}

static void test_aggregate_stats_keep_count_and_total(void **state)
{
	const struct type type = {.kind = TYPE_STATS, .is_signed = true};
	struct aggregate aggregate = {0};

	(void)state;
	aggregate_add(&aggregate, &type, (uint64_t)-7);
	aggregate_add(&aggregate, &type, 2);
	assert_int_equal(aggregate_count(&aggregate).integer, 2);
	assert_int_equal((int64_t)aggregate_total(&aggregate, &type).integer, -5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aggregate_value_of_each_function),
		cmocka_unit_test(test_aggregate_stats_keep_count_and_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
