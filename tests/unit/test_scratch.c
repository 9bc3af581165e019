/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lang/scratch.h"

static void test_scratch_memory_does_not_overlap(void **state)
{
	struct scratch scratch = {0};
	char *pieces[100];

	(void)state;
	for (int i = 0; i < 100; i++) {
		pieces[i] = scratch_allocate(&scratch, 1000);
		assert_non_null(pieces[i]);
		assert_int_equal((uintptr_t)pieces[i] % 8, 0);
		memset(pieces[i], i, 1000);
	}
	for (int i = 0; i < 100; i++) {
		for (int j = 0; j < 1000; j++)
			assert_int_equal(pieces[i][j], i);
	}
	scratch_deinit(&scratch);
}

static void test_scratch_reset_gives_the_same_memory_again(void **state)
{
	struct scratch scratch = {0};
	void *first = scratch_allocate(&scratch, 100);

	(void)state;
	scratch_reset(&scratch);
	assert_ptr_equal(scratch_allocate(&scratch, 100), first);
	scratch_deinit(&scratch);
}

static void test_scratch_reset_joins_blocks(void **state)
{
	struct scratch scratch = {0};
	char *low, *high;

	(void)state;
	scratch_allocate(&scratch, 10000);
	scratch_allocate(&scratch, 10000);
	scratch_reset(&scratch);
	low = scratch_allocate(&scratch, 10000);
	high = scratch_allocate(&scratch, 10000);
	assert_ptr_equal(high, low + 10000);
	scratch_deinit(&scratch);
}

static void test_scratch_release_gives_back_what_came_since(void **state)
{
	struct scratch scratch = {0};
	struct scratch_mark mark;
	char *before, *first;

	(void)state;
	before = scratch_allocate(&scratch, 100);
	memset(before, 'a', 100);
	mark = scratch_mark(&scratch);
	assert_int_equal(scratch_taken(&scratch, &mark), 0);
	first = scratch_allocate(&scratch, 1000);
	assert_int_equal(scratch_taken(&scratch, &mark), 1000);
	for (int i = 0; i < 100; i++)
		assert_non_null(scratch_allocate(&scratch, 10000));
	assert_true(scratch_taken(&scratch, &mark) >= 1000000);
	scratch_release(&scratch, &mark);
	assert_int_equal(scratch_taken(&scratch, &mark), 0);
	assert_ptr_equal(scratch_allocate(&scratch, 1000), first);
	for (int i = 0; i < 100; i++)
		assert_int_equal(before[i], 'a');
	/* All of it, where there was nothing before. */
	scratch_deinit(&scratch);
	mark = scratch_mark(&scratch);
	assert_non_null(scratch_allocate(&scratch, 100));
	scratch_release(&scratch, &mark);
	assert_null(scratch.newest);
	scratch_deinit(&scratch);
}

static void test_scratch_trim_gives_back_the_rest(void **state)
{
	struct scratch scratch = {0};
	char *text = scratch_allocate(&scratch, 4096);

	(void)state;
	scratch_trim(&scratch, text, 5);
	assert_ptr_equal(scratch_allocate(&scratch, 8), text + 8);
	scratch_deinit(&scratch);
}

static void test_scratch_refuses_more_than_its_limit(void **state)
{
	struct scratch scratch = {0};

	(void)state;
	assert_null(scratch_allocate(&scratch, SCRATCH_MAX + 1));
	assert_null(scratch_allocate(&scratch, SIZE_MAX));
	assert_non_null(scratch_allocate(&scratch, SCRATCH_MAX / 2));
	assert_null(scratch_allocate(&scratch, SCRATCH_MAX / 2 + 8));
	assert_non_null(scratch_allocate(&scratch, 16));
	scratch_deinit(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scratch_memory_does_not_overlap),
		cmocka_unit_test(test_scratch_reset_gives_the_same_memory_again),
		cmocka_unit_test(test_scratch_reset_joins_blocks),
		cmocka_unit_test(test_scratch_release_gives_back_what_came_since),
		cmocka_unit_test(test_scratch_trim_gives_back_the_rest),
		cmocka_unit_test(test_scratch_refuses_more_than_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
