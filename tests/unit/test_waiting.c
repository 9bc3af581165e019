/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "os/waiting.h"

/* The recent as text, the newest first. */
static const char *recent(const struct waiting *waiting)
{
	static char text[128];
	size_t length = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < WAITING_RECENT && waiting->recent[i]; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%d ", (int)waiting->recent[i]);
	return text;
}

static void test_waiting_remembers_who_stopped_last(void **state)
{
	struct waiting waiting = {0};

	(void)state;
	assert_string_equal(recent(&waiting), "");
	for (pid_t tid = 1; tid <= 3; tid++)
		waiting_note(&waiting, tid);
	assert_string_equal(recent(&waiting), "3 2 1 ");
	waiting_note(&waiting, 3);
	assert_string_equal(recent(&waiting), "3 2 1 ");
	waiting_note(&waiting, 1);
	assert_string_equal(recent(&waiting), "1 3 2 ");
	for (pid_t tid = 4; tid <= 9; tid++)
		waiting_note(&waiting, tid);
	assert_string_equal(recent(&waiting), "9 8 7 6 5 4 1 3 ");
	waiting_note(&waiting, 3);
	assert_string_equal(recent(&waiting), "3 9 8 7 6 5 4 1 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting_remembers_who_stopped_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
