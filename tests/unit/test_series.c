/* SPDX-License-Identifier: MIT */
/* Time series: what is kept of each interval, and how it is drawn. Times are those of 1970, in UTC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "lang/print.h"
#include "lang/series.h"
#include "lang/type.h"

#define MS UINT64_C(1000000)

static struct type series_type(enum type_series_function function, uint32_t count, bool is_signed)
{
	return (struct type){.kind = TYPE_TSERIES,
			     .size = 8,
			     .is_signed = is_signed,
			     .series = {.interval_ns = 100 * MS, .count = count, .function = function}};
}

static void test_series_combines_what_shares_an_interval(void **state)
{
	static const struct {
		enum type_series_function function;
		int64_t value;
	} rows[] = {
		{TYPE_SERIES_LAST, -2}, {TYPE_SERIES_AVG, 1}, {TYPE_SERIES_MAX, 7},
		{TYPE_SERIES_MIN, -2},  {TYPE_SERIES_SUM, 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct type type = series_type(rows[i].function, 3, true);
		uint64_t *ring = calloc(series_size(&type), sizeof(*ring));
		struct value value;

		assert_non_null(ring);
		series_feed(&type, ring, 0, 200 * MS);
		series_feed(&type, ring, 7, 250 * MS);
		series_feed(&type, ring, (uint64_t)-2, 299 * MS);
		assert_true(series_value(&type, ring, 2, &value));
		assert_int_equal((int64_t)value.integer, rows[i].value);
		assert_false(series_value(&type, ring, 1, &value));
		free(ring);
	}
}

static void test_series_keeps_the_newest(void **state)
{
	const struct type type = series_type(TYPE_SERIES_LAST, 3, false);
	uint64_t ring[9] = {0}, first, end;
	struct value value;

	(void)state;
	assert_int_equal(series_size(&type), 9);
	assert_false(series_extent(&type, ring, &first, &end));
	for (uint64_t i = 0; i < 10; i++)
		series_feed(&type, ring, i, i * 100 * MS);
	assert_true(series_extent(&type, ring, &first, &end));
	assert_int_equal(first, 7);
	assert_int_equal(end, 10);
	/* What comes late replaces nothing newer; a gap makes the old vanish. */
	series_feed(&type, ring, 77, 600 * MS);
	assert_true(series_value(&type, ring, 9, &value));
	assert_int_equal(value.integer, 9);
	series_feed(&type, ring, 5, 2000 * MS);
	assert_true(series_extent(&type, ring, &first, &end));
	assert_int_equal(first, 20);
	assert_int_equal(end, 21);
}

/* covers: text-tseries */
static void test_series_is_drawn_as_bpftrace_draws_it(void **state)
{
	static const char expected[] = "             -5                                                  5\n"
				       "hh:mm:ss.ms  |___________________________________________________|\n"
				       "00:00:00.100 *                         .                         | -5\n"
				       "00:00:00.200 |    *                    .                         | -4\n"
				       "00:00:00.300 |                         *                         | 0\n"
				       "00:00:00.400 |                         .    *                    | 1\n"
				       "00:00:00.500 |                         .                   *     | 4\n"
				       "00:00:00.600 |                         .                         * 5\n"
				       "00:00:00.700 |                         .                         | -\n"
				       "             v___________________________________________________v\n"
				       "             -5                                                  5\n\n";
	static const int64_t numbers[] = {-5, -4, 0, 1, 4, 5};
	const struct type type = series_type(TYPE_SERIES_LAST, 20, true);
	uint64_t ring[60] = {0};
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	for (uint64_t i = 0; i < 6; i++)
		series_feed(&type, ring, (uint64_t)numbers[i], (i + 1) * 100 * MS);
	print_series(&type, ring, 8, &out);
	assert_string_equal(strbuf_text(&out), expected);
}

static void test_series_of_one_value_has_room_to_both_sides(void **state)
{
	static const char expected[] = "             3                                                   5\n"
				       "hh:mm:ss.ms  |___________________________________________________|\n"
				       "00:00:00.500 |                         *                         | 4\n"
				       "             v___________________________________________________v\n"
				       "             3                                                   5\n\n";
	const struct type type = series_type(TYPE_SERIES_LAST, 2, true);
	uint64_t ring[6] = {0};
	_cleanup_strbuf_ struct strbuf out = {0}, empty = {0};

	(void)state;
	print_series(&type, ring, 8, &empty);
	assert_string_equal(strbuf_text(&empty), "\n");
	strbuf_deinit(&empty);
	series_feed(&type, ring, 4, 500 * MS);
	print_series(&type, ring, 6, &out);
	assert_string_equal(strbuf_text(&out), expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_series_combines_what_shares_an_interval),
		cmocka_unit_test(test_series_keeps_the_newest),
		cmocka_unit_test(test_series_is_drawn_as_bpftrace_draws_it),
		cmocka_unit_test(test_series_of_one_value_has_room_to_both_sides),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
