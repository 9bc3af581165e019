/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cursor.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 'a', 'b', 0, 'c'};

static struct cursor cursor_at(size_t position)
{
	return (struct cursor){.bytes = bytes, .size = sizeof(bytes), .position = position};
}

static void test_cursor_numbers_follow_the_byte_order(void **state)
{
	struct cursor little = cursor_at(0), big = cursor_at(0);
	uint32_t word;
	uint64_t number;

	(void)state;
	big.is_big_endian = true;
	assert_true(cursor_u32(&little, &word));
	assert_int_equal(word, 0x04030201);
	assert_int_equal(little.position, 4);
	assert_true(cursor_u32(&big, &word));
	assert_int_equal(word, 0x01020304);
	little = cursor_at(0);
	assert_true(cursor_u64(&little, &number));
	assert_int_equal(number, 0x0807060504030201);
	big.position = 0;
	assert_true(cursor_u64(&big, &number));
	assert_int_equal(number, 0x0102030405060708);
	assert_int_equal(big.position, 8);
}

static void test_cursor_step_past_the_end_moves_nothing(void **state)
{
	struct cursor cursor = cursor_at(9);
	uint32_t word = 7;
	uint64_t number = 7;

	(void)state;
	assert_false(cursor_u32(&cursor, &word));
	assert_false(cursor_u64(&cursor, &number));
	assert_false(cursor_skip(&cursor, 4));
	assert_false(cursor_skip(&cursor, UINT64_MAX));
	assert_false(cursor_seek(&cursor, sizeof(bytes) + 1));
	assert_null(cursor_bytes(&cursor, 4));
	assert_int_equal(cursor.position, 9);
	assert_int_equal(word, 7);
	assert_int_equal(number, 7);
	assert_int_equal(cursor_left(&cursor), 3);
}

static void test_cursor_strings_end_with_nul(void **state)
{
	struct cursor cursor = cursor_at(8);

	(void)state;
	assert_string_equal(cursor_string(&cursor), "ab");
	assert_int_equal(cursor.position, 11);
	assert_null(cursor_string(&cursor));
	assert_int_equal(cursor.position, 11);
	assert_true(cursor_seek(&cursor, sizeof(bytes)));
	assert_null(cursor_string(&cursor));
}

static void test_cursor_aligns_up_and_not_past_the_end(void **state)
{
	struct cursor cursor = cursor_at(5);

	(void)state;
	cursor_align(&cursor, 4);
	assert_int_equal(cursor.position, 8);
	cursor_align(&cursor, 4);
	assert_int_equal(cursor.position, 8);
	assert_true(cursor_skip(&cursor, 1));
	cursor_align(&cursor, 16);
	assert_int_equal(cursor.position, sizeof(bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cursor_numbers_follow_the_byte_order),
		cmocka_unit_test(test_cursor_step_past_the_end_moves_nothing),
		cmocka_unit_test(test_cursor_strings_end_with_nul),
		cmocka_unit_test(test_cursor_aligns_up_and_not_past_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
