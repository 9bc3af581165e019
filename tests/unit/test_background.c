/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "os/background.h"

enum { LOOK = 64 };

static const uint64_t us = 1000;
static const uint64_t s = 1000000000;

/* Looks COUNT times, a stop costing COST_NS each time, and returns the last step that was not to stay. */
static enum background_step look(struct background *background, uint64_t *now_ns, unsigned count, uint64_t cost_ns,
				 bool is_restless)
{
	enum background_step last = BACKGROUND_STAY;
	enum background_step step;

	for (unsigned i = 0; i < count; i++) {
		*now_ns += LOOK * cost_ns;
		step = background_measure(background, *now_ns, LOOK, is_restless);
		if (step == BACKGROUND_STAY)
			continue;
		last = step;
		background->is_on = step == BACKGROUND_ENTER;
		background->restless = 0;
	}
	return last;
}

static void test_background_is_entered_when_the_tracee_does_not_stay(void **state)
{
	struct background background = {0};
	uint64_t now_ns = s;

	(void)state;
	assert_int_equal(look(&background, &now_ns, 100, 48 * us, false), BACKGROUND_STAY);
	assert_int_equal(look(&background, &now_ns, BACKGROUND_RESTLESS_LOOKS - 1, 48 * us, true), BACKGROUND_STAY);
	assert_int_equal(look(&background, &now_ns, 1, 48 * us, false), BACKGROUND_STAY);
	assert_int_equal(look(&background, &now_ns, BACKGROUND_RESTLESS_LOOKS - 1, 48 * us, true), BACKGROUND_STAY);
	assert_int_equal(look(&background, &now_ns, 1, 48 * us, true), BACKGROUND_ENTER);
	/* It pays, and stays. */
	assert_int_equal(look(&background, &now_ns, 1000, 8 * us, false), BACKGROUND_STAY);
	assert_true(background.is_on);
}

static void test_background_that_is_no_gain_is_left_and_tried_ever_more_rarely(void **state)
{
	struct background background = {0};
	uint64_t now_ns = s;
	uint64_t left_ns;

	(void)state;
	for (uint64_t pause_ns = s / 50; pause_ns <= 256 * s; pause_ns *= 2) {
		assert_int_equal(look(&background, &now_ns, BACKGROUND_RESTLESS_LOOKS, 48 * us, true),
				 BACKGROUND_ENTER);
		/* Judged by four milliseconds. */
		assert_int_equal(look(&background, &now_ns, 1, 40 * us, false), BACKGROUND_STAY);
		assert_int_equal(look(&background, &now_ns, 1, 40 * us, false), BACKGROUND_LEAVE);
		left_ns = now_ns;
		/* Not before the pause is over, at most 64 seconds. */
		while (now_ns + 2 * LOOK * 48 * us < left_ns + (pause_ns > 64 * s ? 64 * s : pause_ns))
			assert_int_equal(look(&background, &now_ns, 1, 48 * us, true), BACKGROUND_STAY);
		now_ns += 3 * LOOK * 48 * us;
		background.looked_ns = now_ns;
		background.restless = 0;
	}
}

static void test_background_is_not_left_for_a_few_dear_stops(void **state)
{
	struct background background = {0};
	uint64_t now_ns = s;

	(void)state;
	assert_int_equal(look(&background, &now_ns, BACKGROUND_RESTLESS_LOOKS, 48 * us, true), BACKGROUND_ENTER);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(look(&background, &now_ns, 1, 48 * us, true), BACKGROUND_STAY);
		assert_int_equal(look(&background, &now_ns, 4, 8 * us, false), BACKGROUND_STAY);
	}
	assert_true(background.is_on);
}

static void test_background_tracee_that_waits_for_a_starved_tracer_ends_it_at_once(void **state)
{
	struct background background = {0};
	uint64_t now_ns = s;

	(void)state;
	assert_int_equal(look(&background, &now_ns, BACKGROUND_RESTLESS_LOOKS, 48 * us, true), BACKGROUND_ENTER);
	assert_int_equal(look(&background, &now_ns, 1, 546 * us, false), BACKGROUND_LEAVE);

	/* Also after it has long paid, and then the pauses begin anew with the shortest. */
	now_ns += 2 * s;
	background.looked_ns = now_ns;
	assert_int_equal(look(&background, &now_ns, BACKGROUND_RESTLESS_LOOKS, 48 * us, true), BACKGROUND_ENTER);
	assert_int_equal(look(&background, &now_ns, 1000, 8 * us, false), BACKGROUND_STAY);
	assert_int_equal(look(&background, &now_ns, 1, 546 * us, false), BACKGROUND_LEAVE);
	assert_true(background.pause_ns == s / 50);
}

static void test_background_is_not_worth_it_for_rare_stops(void **state)
{
	struct background background = {0};
	uint64_t now_ns = s;

	(void)state;
	assert_int_equal(look(&background, &now_ns, 100, 1000 * us, true), BACKGROUND_STAY);
}

/* For real, on this thread: whoever may not come back does not go, whoever may has the old policy afterwards. */
static void test_background_policy_is_put_back(void **state)
{
	struct background background = {0};

	(void)state;
	if (sched_getscheduler(0) != SCHED_OTHER)
		skip();
	for (unsigned i = 0; i < 1000 && !background.is_on && !background.is_refused; i++)
		background_look(&background, LOOK, true);
	if (!background.is_on && !background.is_refused) { /* the machine is busy: no trial was begun */
		assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
		skip();
	}
	assert_int_equal(sched_getscheduler(0), background.is_on ? SCHED_IDLE : SCHED_OTHER);
	assert_false(background_is_overdue(&background));
	background_leave(&background);
	assert_false(background.is_on);
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_background_is_entered_when_the_tracee_does_not_stay),
		cmocka_unit_test(test_background_that_is_no_gain_is_left_and_tried_ever_more_rarely),
		cmocka_unit_test(test_background_is_not_left_for_a_few_dear_stops),
		cmocka_unit_test(test_background_tracee_that_waits_for_a_starved_tracer_ends_it_at_once),
		cmocka_unit_test(test_background_is_not_worth_it_for_rare_stops),
		cmocka_unit_test(test_background_policy_is_put_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
