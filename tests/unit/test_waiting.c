/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* A thread that stands at a trap: the kernel is to keep that, for the case that its tracer is killed now. */
static void test_waiting_for_one_leaves_its_trap_with_the_kernel(void **state)
{
	const pid_t child = fork();
	siginfo_t info = {0};
	int status = 0;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(1);
		raise(SIGTRAP);
		_exit(0);
	}
	assert_true(ptrace_wait_for(child, 10000, &status));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		skip(); /* ptrace(2) is forbidden here */
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), SIGTRAP);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WSTOPPED | WNOHANG | WNOWAIT), 0);
	assert_int_equal(info.si_pid, child);
	assert_int_equal(ptrace(PTRACE_CONT, child, NULL, NULL), 0);
	assert_true(ptrace_wait_for(child, 10000, &status));
	assert_true(WIFEXITED(status));
	assert_false(ptrace_wait_for(child, 10000, &status)); /* and at once: it is nobody's any more */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting_remembers_who_stopped_last),
		cmocka_unit_test(test_waiting_for_one_leaves_its_trap_with_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
