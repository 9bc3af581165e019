/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "lang/flat.h"
#include "lang/scratch.h"

static void check_round_trip(struct value value, size_t size)
{
	struct scratch scratch = {0};
	_cleanup_free_ char *bytes = malloc(flat_size(value));
	struct value back;

	assert_int_equal(flat_size(value), size);
	assert_ptr_equal(flat_write(value, bytes), bytes + size);
	back = flat_read(bytes, &scratch);
	assert_int_equal(back.kind, value.kind);
	assert_int_equal(value_compare(back, value), 0);
	if (value.kind == VALUE_STRING)
		assert_int_equal(back.is_cut, value.is_cut);
	scratch_deinit(&scratch);
}

static void test_flat_reads_back_what_was_written(void **state)
{
	const struct value inner[] = {value_text("x"), value_unknown("why")};
	const struct value outer[] = {value_signed(-1), value_tuple(inner, 2), value_bool(true)};
	struct value cut = value_text("abc");

	(void)state;
	cut.is_cut = true;
	check_round_trip(value_signed(-5), 9);
	check_round_trip(value_unsigned(UINT64_MAX), 9);
	check_round_trip(value_bool(true), 9);
	check_round_trip(value_pointer(0xdead), 9);
	check_round_trip(value_real(-0.25), 9);
	check_round_trip(value_text(""), 5);
	check_round_trip(value_text("hello"), 10);
	check_round_trip(cut, 8);
	check_round_trip(value_buffer("a\0b", 3), 8);
	check_round_trip(value_unknown("why"), 1);
	check_round_trip(value_tuple(NULL, 0), 5);
	check_round_trip(value_tuple(outer, 3), 5 + 9 + 5 + 6 + 1 + 9);
}

static void test_flat_forgets_why_something_was_unknown(void **state)
{
	char first[1], second[1];

	(void)state;
	flat_write(value_unknown("this"), first);
	flat_write(value_unknown("that"), second);
	assert_memory_equal(first, second, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat_reads_back_what_was_written),
		cmocka_unit_test(test_flat_forgets_why_something_was_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
