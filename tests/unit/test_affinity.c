/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/affinity.h"

static const struct {
	const char *name;
	size_t count;
	int samples[AFFINITY_WINDOW];
	int decision;
} rows[] = {
	{"nothing known", 0, {0}, AFFINITY_ALL},
	{"one look decides nothing", 1, {3}, AFFINITY_ALL},
	{"nor do two", 2, {3, 3}, AFFINITY_ALL},
	{"three that agree", 3, {3, 3, 3}, 3},
	{"two of three", 3, {3, 1, 3}, 3},
	{"three that differ", 3, {0, 1, 2}, AFFINITY_ALL},
	{"always there", 8, {0, 0, 0, 0, 0, 0, 0, 0}, 0},
	{"moved a short while ago", 8, {0, 0, 0, 1, 1, 1, 1, 1}, 1},
	{"half and half", 8, {0, 1, 0, 1, 0, 1, 0, 1}, AFFINITY_ALL},
	{"the most frequent, but not most", 8, {5, 5, 5, 5, 1, 2, 3, 4}, AFFINITY_ALL},
	{"just most", 8, {5, 1, 5, 2, 5, 3, 5, 5}, 5},
	{"unknown is no processor", 8, {-1, -1, -1, -1, -1, -1, -1, -1}, AFFINITY_ALL},
	{"unknown beside most", 8, {-1, 2, -1, 2, 2, 2, 2, -1}, 2},
};

static void test_affinity_decision_is_where_most_looks_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int decision = affinity_decide(rows[i].samples, rows[i].count);

		if (decision != rows[i].decision)
			fail_msg("%s: %d, not %d", rows[i].name, decision, rows[i].decision);
	}
}

static void stop_many_times(struct affinity *affinity, unsigned looks)
{
	for (unsigned i = 0; i < looks * AFFINITY_INTERVAL; i++)
		affinity_follow(affinity, getpid(), gettid());
}

/* A "tracee" that is this very thread: once it is followed it cannot be elsewhere. */
static void test_affinity_thread_is_followed_and_the_mask_put_back(void **state)
{
	struct affinity affinity;
	cpu_set_t before;
	cpu_set_t now;
	int there;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	affinity_init(&affinity, true);

	stop_many_times(&affinity, 1);
	assert_int_equal(affinity.current, AFFINITY_ALL);
	/* Even a thread that was moved at each look so far: its last processor is the only candidate from now on. */
	for (int tries = 0; affinity.current == AFFINITY_ALL && tries < 1000; tries++)
		stop_many_times(&affinity, AFFINITY_WINDOW);
	there = affinity.current;
	assert_true(there >= 0);
	assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
	assert_int_equal(CPU_COUNT(&now), 1);
	assert_true(CPU_ISSET((size_t)there, &now));
	assert_int_equal(sched_getcpu(), there);

	affinity_deinit(&affinity);
	assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
	assert_true(CPU_EQUAL(&now, &before));
}

static void test_affinity_processor_outside_the_first_mask_is_not_taken(void **state)
{
	struct affinity affinity;
	cpu_set_t before;
	cpu_set_t now;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	affinity_init(&affinity, true);
	/* As if the caller had been confined to processors where its tracee does not run. */
	CPU_ZERO(&affinity.original);
	stop_many_times(&affinity, 2 * AFFINITY_WINDOW);
	assert_int_equal(affinity.current, AFFINITY_ALL);
	assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
	assert_true(CPU_EQUAL(&now, &before));
}

static void test_affinity_not_wanted_does_nothing(void **state)
{
	struct affinity affinity;
	cpu_set_t before;
	cpu_set_t now;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	affinity_init(&affinity, false);
	stop_many_times(&affinity, 2 * AFFINITY_WINDOW);
	assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
	assert_true(CPU_EQUAL(&now, &before));
	affinity_deinit(&affinity);
}

static void test_affinity_thread_that_ended_is_passed_over(void **state)
{
	struct affinity affinity;

	(void)state;
	affinity_init(&affinity, true);
	for (unsigned i = 0; i < 4 * AFFINITY_INTERVAL; i++)
		affinity_follow(&affinity, INT32_MAX, INT32_MAX);
	assert_int_equal(affinity.sample_count, 0);
	assert_int_equal(affinity.current, AFFINITY_ALL);
	affinity_deinit(&affinity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_affinity_decision_is_where_most_looks_agree),
		cmocka_unit_test(test_affinity_thread_is_followed_and_the_mask_put_back),
		cmocka_unit_test(test_affinity_processor_outside_the_first_mask_is_not_taken),
		cmocka_unit_test(test_affinity_not_wanted_does_nothing),
		cmocka_unit_test(test_affinity_thread_that_ended_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
