/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/affinity.h"

/* Samples as {thread, processor}, the newest first. */
static const struct {
	const char *name;
	size_t count;
	struct affinity_sample samples[AFFINITY_WINDOW];
	int decision;
} rows[] = {
	{"nothing known", 0, {{0, 0}}, AFFINITY_ALL},
	{"one look", 1, {{7, 3}}, 3},
	{"one thread that stays", 4, {{7, 3}, {7, 3}, {7, 3}, {7, 3}}, 3},
	{"one thread that just moved", 4, {{7, 1}, {7, 3}, {7, 3}, {7, 3}}, 1},
	{"one thread that moves all the time", 4, {{7, 0}, {7, 1}, {7, 0}, {7, 1}}, 0},
	{"one thread, seen nowhere", 2, {{7, -1}, {7, 3}}, -1},
	{"one busy thread beside another", 4, {{7, 1}, {7, 1}, {8, 0}, {7, 0}}, 1},
	{"two threads on one processor", 4, {{7, 2}, {8, 2}, {7, 2}, {8, 2}}, 2},
	{"two threads, most looks on one processor", 4, {{7, 2}, {8, 2}, {7, 2}, {8, 0}}, 2},
	{"two threads, two processors", 4, {{7, 0}, {8, 1}, {7, 0}, {8, 1}}, AFFINITY_ALL},
	{"many threads, the most frequent processor without most looks",
	 8,
	 {{1, 5}, {2, 5}, {3, 5}, {4, 5}, {5, 1}, {6, 2}, {7, 3}, {8, 4}},
	 AFFINITY_ALL},
	{"many threads, just most looks", 8, {{1, 5}, {2, 1}, {3, 5}, {4, 2}, {5, 5}, {6, 3}, {7, 5}, {8, 5}}, 5},
};

static void test_affinity_decision_is_where_the_busiest_runs(void **state)
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
	for (unsigned i = 0; i < looks * AFFINITY_LONG_INTERVAL; i++)
		affinity_follow(affinity, getpid(), gettid());
}

/* A "tracee" that is this very thread: once it is followed it cannot be elsewhere. */
static void test_affinity_thread_is_followed_and_the_mask_put_back(void **state)
{
	struct affinity affinity;
	cpu_set_t before;
	cpu_set_t now;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	affinity_init(&affinity, true);

	stop_many_times(&affinity, 1);
	assert_true(affinity.current >= 0);
	assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
	assert_int_equal(CPU_COUNT(&now), 1);
	assert_true(CPU_ISSET((size_t)affinity.current, &now));
	assert_int_equal(sched_getcpu(), affinity.current);

	affinity_deinit(&affinity);
	assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
	assert_true(CPU_EQUAL(&now, &before));
}

static void test_affinity_looks_become_rare_while_nothing_moves(void **state)
{
	struct affinity affinity;

	(void)state;
	affinity_init(&affinity, true);
	assert_int_equal(affinity.interval, AFFINITY_SHORT_INTERVAL);
	stop_many_times(&affinity, 8);
	assert_int_equal(affinity.interval, AFFINITY_LONG_INTERVAL);
	affinity_deinit(&affinity);
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
	for (unsigned i = 0; i < 4 * AFFINITY_LONG_INTERVAL; i++)
		affinity_follow(&affinity, INT32_MAX, INT32_MAX);
	assert_int_equal(affinity.sample_count, 0);
	assert_int_equal(affinity.current, AFFINITY_ALL);
	affinity_deinit(&affinity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_affinity_decision_is_where_the_busiest_runs),
		cmocka_unit_test(test_affinity_thread_is_followed_and_the_mask_put_back),
		cmocka_unit_test(test_affinity_looks_become_rare_while_nothing_moves),
		cmocka_unit_test(test_affinity_processor_outside_the_first_mask_is_not_taken),
		cmocka_unit_test(test_affinity_not_wanted_does_nothing),
		cmocka_unit_test(test_affinity_thread_that_ended_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
