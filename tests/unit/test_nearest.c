/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"

static void test_nearest_distance_counts_edits(void **state)
{
	static const struct {
		const char *name;
		const char *a;
		const char *b;
		unsigned distance;
	} rows[] = {
		{"equal", "printf", "printf", 0},       {"case does not count", "BEGIN", "begin", 0},
		{"insertion", "prntf", "printf", 1},    {"deletion", "printff", "printf", 1},
		{"replacement", "prinff", "printf", 1}, {"swap of neighbours", "prinft", "printf", 1},
		{"two edits", "pintff", "printf", 2},   {"nothing in common", "abc", "xyz", 3},
		{"from nothing", "", "abc", 3},         {"to nothing", "abc", "", 3},
		{"nothing at all", "", "", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (nearest_distance(rows[i].a, rows[i].b) != rows[i].distance)
			fail_msg("%s: %u, not %u", rows[i].name, nearest_distance(rows[i].a, rows[i].b),
				 rows[i].distance);
		assert_int_equal(nearest_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
}

static void test_nearest_distance_of_long_texts_is_zero_or_far(void **state)
{
	char a[200], b[200];

	(void)state;
	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	a[199] = b[199] = '\0';
	assert_int_equal(nearest_distance(a, b), 0);
	b[100] = 'b';
	assert_int_equal(nearest_distance(a, b), UINT_MAX);
}

static const char *nearest_of(const char *wanted, const char *const *names)
{
	struct nearest search = {.wanted = wanted, .distance = NEAREST_START};

	for (; *names; names++)
		nearest_offer(&search, *names);
	return search.best;
}

static void test_nearest_offer_keeps_the_nearest(void **state)
{
	static const char *const names[] = {"count", "print", "printf", "hist", "str", "pid", "tid", NULL};
	static const struct {
		const char *wanted;
		const char *best; /* or NULL */
	} rows[] = {
		{"cuont", "count"}, {"prinft", "printf"}, {"prin", "print"}, {"pidd", "pid"},
		{"pi", "pid"},      {"x", NULL},          {"", NULL},        {"something_else", NULL},
		{"tad", "tid"},     {"hostogram", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *best = nearest_of(rows[i].wanted, names);

		if (!best || !rows[i].best ? best != rows[i].best : strcmp(best, rows[i].best) != 0)
			fail_msg("%s: %s", rows[i].wanted, best ? best : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest_distance_counts_edits),
		cmocka_unit_test(test_nearest_distance_of_long_texts_is_zero_or_far),
		cmocka_unit_test(test_nearest_offer_keeps_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
