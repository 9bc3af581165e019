/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "os/ptrace.h"

/* A stop's status as the kernel composes it; see ptrace(2). Written out, since the macros are what is under test. */
#define STOPPED(event, signal) ((event) << 16 | (signal) << 8 | 0x7f)

enum { EVENT_FORK = 1, EVENT_VFORK, EVENT_CLONE, EVENT_EXEC, EVENT_VFORK_DONE, EVENT_EXIT, EVENT_SECCOMP };
enum { EVENT_STOP = 128 };

static const struct {
	const char *name;
	int status;
	enum ptrace_stop_kind kind;
	int value;
} rows[] = {
	{"exit 0", 0, PTRACE_STOP_EXITED, 0},
	{"exit 1", 1 << 8, PTRACE_STOP_EXITED, 1},
	{"exit 255", 255 << 8, PTRACE_STOP_EXITED, 255},
	{"killed", SIGKILL, PTRACE_STOP_KILLED, SIGKILL},
	{"killed by the first signal", SIGHUP, PTRACE_STOP_KILLED, SIGHUP},
	{"killed, core dumped", SIGSEGV | 0x80, PTRACE_STOP_KILLED, SIGSEGV},
	{"killed by the last signal", 64, PTRACE_STOP_KILLED, 64},
	{"a trap", STOPPED(0, SIGTRAP), PTRACE_STOP_SIGNAL, SIGTRAP},
	{"SIGTERM on its way", STOPPED(0, SIGTERM), PTRACE_STOP_SIGNAL, SIGTERM},
	{"a stopping signal on its way", STOPPED(0, SIGSTOP), PTRACE_STOP_SIGNAL, SIGSTOP},
	{"Ctrl-Z on its way", STOPPED(0, SIGTSTP), PTRACE_STOP_SIGNAL, SIGTSTP},
	{"the last real-time signal", STOPPED(0, 64), PTRACE_STOP_SIGNAL, 64},
	{"a system call", STOPPED(0, SIGTRAP | 0x80), PTRACE_STOP_SYSTEM_CALL, SIGTRAP},
	{"fork", STOPPED(EVENT_FORK, SIGTRAP), PTRACE_STOP_FORK, SIGTRAP},
	{"vfork", STOPPED(EVENT_VFORK, SIGTRAP), PTRACE_STOP_VFORK, SIGTRAP},
	{"clone", STOPPED(EVENT_CLONE, SIGTRAP), PTRACE_STOP_CLONE, SIGTRAP},
	{"exec", STOPPED(EVENT_EXEC, SIGTRAP), PTRACE_STOP_EXEC, SIGTRAP},
	{"interrupt, first stop, end of a group stop", STOPPED(EVENT_STOP, SIGTRAP), PTRACE_STOP_EVENT_STOP, SIGTRAP},
	{"group stop by SIGSTOP", STOPPED(EVENT_STOP, SIGSTOP), PTRACE_STOP_GROUP, SIGSTOP},
	{"group stop by Ctrl-Z", STOPPED(EVENT_STOP, SIGTSTP), PTRACE_STOP_GROUP, SIGTSTP},
	{"group stop by reading the terminal", STOPPED(EVENT_STOP, SIGTTIN), PTRACE_STOP_GROUP, SIGTTIN},
	{"group stop by writing to the terminal", STOPPED(EVENT_STOP, SIGTTOU), PTRACE_STOP_GROUP, SIGTTOU},
	{"end of a vfork", STOPPED(EVENT_VFORK_DONE, SIGTRAP), PTRACE_STOP_OTHER, SIGTRAP},
	{"about to exit", STOPPED(EVENT_EXIT, SIGTRAP), PTRACE_STOP_END, SIGTRAP},
	{"a filtered system call", STOPPED(EVENT_SECCOMP, SIGTRAP), PTRACE_STOP_FILTERED, SIGTRAP},
	{"an event of the future", STOPPED(200, SIGTRAP), PTRACE_STOP_OTHER, SIGTRAP},
	{"continued, which was not asked for", 0xffff, PTRACE_STOP_OTHER, 0},
};

static void test_ptrace_classify_each_status_has_its_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ptrace_stop stop = ptrace_classify(rows[i].status);

		if (stop.kind != rows[i].kind || stop.value != rows[i].value)
			fail_msg("%s (0x%x): kind %d value %d, not kind %d value %d", rows[i].name,
				 (unsigned)rows[i].status, stop.kind, stop.value, rows[i].kind, rows[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ptrace_classify_each_status_has_its_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
