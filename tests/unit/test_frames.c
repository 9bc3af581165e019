/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/frames.h"
#include "trace/space.h"
#include "trace/tracee.h"

static void forget(struct tracee *tracee)
{
	while (tracee->frames)
		frames_remove(tracee->frames);
}

static void test_frames_of_a_slot_are_found_innermost_first_whoever_entered(void **state)
{
	struct space space = {0};
	struct tracee first = {.space = &space}, second = {.space = &space};

	(void)state;
	assert_null(frames_at(&space, 0x1000));
	assert_non_null(frames_add(&first, 0x1000, 0x10, 1));
	assert_non_null(frames_add(&second, 0x1000, 0x10, 2));
	assert_non_null(frames_add(&second, 0x2000, 0x20, 3));
	assert_int_equal(frames_at(&space, 0x1000)->entry_addr, 2);
	assert_int_equal(frames_at(&space, 0x1000)->outward->entry_addr, 1);
	assert_ptr_equal(frames_at(&space, 0x1000)->outward->tracee, &first);
	assert_int_equal(first.frame_count, 1);
	assert_int_equal(second.frame_count, 2);

	frames_remove(frames_at(&space, 0x1000));
	assert_int_equal(second.frame_count, 1);
	assert_int_equal(frames_at(&space, 0x1000)->entry_addr, 1);
	forget(&first);
	assert_null(frames_at(&space, 0x1000));
	forget(&second);
	assert_null(space.return_slots);
}

static void test_frames_move_with_their_stack_and_nothing_else_does(void **state)
{
	struct space space = {0};
	struct tracee tracee = {.space = &space};

	(void)state;
	for (uint64_t addr = 0x1000; addr < 0x3000; addr += 0x800)
		assert_non_null(frames_add(&tracee, addr, 0x10, addr));
	assert_non_null(frames_add(&tracee, 0x1800, 0x10, 0xabc));
	/* Stale: a stack that lay where the other comes to. */
	assert_non_null(frames_add(&tracee, 0x9000, 0x10, 0xdef));
	frames_move(&space, 0x1000, 0x2000, 0x8000);

	assert_null(frames_at(&space, 0x1000));
	assert_null(frames_at(&space, 0x1800));
	assert_int_equal(frames_at(&space, 0x9000)->entry_addr, 0x1000);
	assert_null(frames_at(&space, 0x9000)->outward);
	assert_int_equal(frames_at(&space, 0x9800)->entry_addr, 0xabc);
	assert_int_equal(frames_at(&space, 0x9800)->outward->entry_addr, 0x1800);
	assert_int_equal(frames_at(&space, 0x2000)->entry_addr, 0x2000);
	assert_int_equal(frames_at(&space, 0x2800)->entry_addr, 0x2800);

	/* To a smaller one, by less than it is long: the places overlap. */
	frames_move(&space, 0x9000, 0xa000, (uint64_t)0 - 0x800);
	assert_int_equal(frames_at(&space, 0x8800)->entry_addr, 0x1000);
	assert_int_equal(frames_at(&space, 0x9000)->entry_addr, 0xabc);
	assert_null(frames_at(&space, 0x9800));
	assert_int_equal(tracee.frame_count, 5);
	forget(&tracee);
	assert_null(space.return_slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_of_a_slot_are_found_innermost_first_whoever_entered),
		cmocka_unit_test(test_frames_move_with_their_stack_and_nothing_else_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
