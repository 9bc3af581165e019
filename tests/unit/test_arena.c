/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void test_arena_allocation_is_zeroed_and_aligned(void **state)
{
	_cleanup_arena_ struct arena arena = {};

	(void)state;
	for (size_t size = 0; size < 200; size++) {
		unsigned char *memory = arena_allocate(&arena, size);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xff, size);
	}
	assert_false(arena.failed);
}

static void test_arena_allocation_larger_than_a_block_succeeds(void **state)
{
	_cleanup_arena_ struct arena arena = {};
	char *small = arena_copy(&arena, "small", 5);
	unsigned char *large = arena_allocate(&arena, 1000 * 1000);
	char *another = arena_copy(&arena, "another", 7);

	(void)state;
	assert_non_null(large);
	memset(large, 1, 1000 * 1000);
	assert_string_equal(small, "small");
	assert_string_equal(another, "another");
}

static void test_arena_impossible_sizes_fail_once_and_for_all(void **state)
{
	_cleanup_arena_ struct arena arena = {};

	(void)state;
	assert_null(arena_allocate(&arena, SIZE_MAX));
	assert_true(arena.failed);
	assert_non_null(arena_allocate(&arena, 8));
	assert_true(arena.failed);

	arena_deinit(&arena);
	assert_false(arena.failed);
	assert_null(arena_allocate_array(&arena, SIZE_MAX / 4, 8));
	assert_true(arena.failed);

	arena_deinit(&arena);
	assert_null(arena_copy(&arena, "", SIZE_MAX));
}

static void test_arena_copy_keeps_bytes_and_ends_with_nul(void **state)
{
	_cleanup_arena_ struct arena arena = {};

	(void)state;
	assert_memory_equal(arena_copy(&arena, "a\0bcd", 3), "a\0b", 4);
	assert_string_equal(arena_copy(&arena, NULL, 0), "");
}

static void test_arena_printf_formats(void **state)
{
	_cleanup_arena_ struct arena arena = {};

	(void)state;
	assert_string_equal(arena_printf(&arena, "%d %s", 42, "x"), "42 x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena_allocation_is_zeroed_and_aligned),
		cmocka_unit_test(test_arena_allocation_larger_than_a_block_succeeds),
		cmocka_unit_test(test_arena_impossible_sizes_fail_once_and_for_all),
		cmocka_unit_test(test_arena_copy_keeps_bytes_and_ends_with_nul),
		cmocka_unit_test(test_arena_printf_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
