/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lang/signal_names.h"

static void test_signal_names_go_both_ways(void **state)
{
	(void)state;
	for (int number = 1; number < 32; number++) {
		assert_non_null(signal_names_of(number));
		assert_int_equal(signal_names_find(signal_names_of(number)), number);
		assert_int_equal(signal_names_find(signal_names_of(number) + 3), number);
	}
	assert_string_equal(signal_names_of(SIGTERM), "SIGTERM");
	assert_int_equal(signal_names_find("SIGPOLL"), SIGIO);
}

static void test_signal_names_what_is_no_signal_has_none(void **state)
{
	(void)state;
	assert_null(signal_names_of(0));
	assert_null(signal_names_of(-1));
	assert_null(signal_names_of(32));
	assert_null(signal_names_of(1000000));
	assert_int_equal(signal_names_find("SIG"), 0);
	assert_int_equal(signal_names_find("sigint"), 0);
	assert_int_equal(signal_names_find(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signal_names_go_both_ways),
		cmocka_unit_test(test_signal_names_what_is_no_signal_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
