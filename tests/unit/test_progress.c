/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "cli/progress.h"

static const uint64_t ms = 1000000;

static void update(struct progress *progress, size_t done, size_t total, uint64_t now_ns, struct strbuf *out)
{
	const struct usdtrap_progress now = {.processes_total = 1, .threads = done, .threads_total = total};

	progress_update(progress, &now, now_ns, out);
}

static void test_what_is_soon_over_is_not_shown(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct progress progress;

	(void)state;
	progress_begin_at(&progress, true, 1000 * ms);
	update(&progress, 1, 9, 1000 * ms, &out);
	update(&progress, 8, 9, 1299 * ms, &out);
	progress_wipe(&progress, &out);
	assert_int_equal(out.length, 0);
}

static void test_what_takes_long_is_shown_now_and_then_and_wiped(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct progress progress;

	(void)state;
	progress_begin_at(&progress, true, 1000 * ms);
	update(&progress, 100, 900, 1300 * ms, &out);
	update(&progress, 200, 900, 1350 * ms, &out);
	update(&progress, 300, 900, 1400 * ms, &out);
	progress_wipe(&progress, &out);
	assert_string_equal(strbuf_text(&out),
			    "attaching: 100 of 900 threads\rattaching: 300 of 900 threads\033[K\r\033[K");
	strbuf_clear(&out);
	update(&progress, 900, 900, 9000 * ms, &out); /* it has ended */
	assert_int_equal(out.length, 0);
}

static void test_of_many_processes_their_number_is_shown(void **state)
{
	const struct usdtrap_progress now = {.processes = 37, .processes_total = 120, .threads = 512};
	_cleanup_strbuf_ struct strbuf out = {0};
	struct progress progress;

	(void)state;
	progress_begin_at(&progress, true, 1000 * ms);
	progress_update(&progress, &now, 1300 * ms, &out);
	assert_string_equal(strbuf_text(&out), "attaching: 37 of 120 processes, 512 threads");
}

static void test_nobody_is_shown_what_he_does_not_want(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct progress progress;

	(void)state;
	progress_begin_at(&progress, false, 0);
	update(&progress, 1, 2, 9000 * ms, &out);
	progress_wipe(&progress, &out);
	assert_int_equal(out.length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_soon_over_is_not_shown),
		cmocka_unit_test(test_what_takes_long_is_shown_now_and_then_and_wiped),
		cmocka_unit_test(test_of_many_processes_their_number_is_shown),
		cmocka_unit_test(test_nobody_is_shown_what_he_does_not_want),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
