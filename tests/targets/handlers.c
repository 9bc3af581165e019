/* SPDX-License-Identifier: MIT */
/*
 * handlers own|breakpoint|ignored|blocked|once|twice|renewed [PROGRAM]: a program with plans of its own for
 * SIGTRAP hits handlers:tick(number) 300 times.
 *	own	every third time it also raises SIGTRAP, for which it has a handler
 *	breakpoint	every third time it also executes a trap instruction of its own, for which it has a handler
 *	ignored	it ignores SIGTRAP
 *	blocked	it has a handler and blocks SIGTRAP
 *	once	it has a handler for one signal (SA_RESETHAND), and raises SIGTRAP in the middle
 *	twice	likewise, and raises it once more, which ends it
 *	renewed	likewise, every third time, and the handler installs itself again
 * In the end it says how many it took, and whether handler and mask are what it set; or it becomes PROGRAM.
 */
#include <signal.h>
#include <sys/sdt.h>

#include "target.h"

static volatile unsigned long taken;
static bool is_renewed;

static void on_trap(int signal)
{
	const struct sigaction again = {.sa_handler = on_trap, .sa_flags = (int)SA_RESETHAND};

	taken++;
	if (is_renewed)
		sigaction(signal, &again, NULL);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "own";
	struct sigaction action = {.sa_handler = strcmp(mode, "ignored") == 0 ? SIG_IGN : on_trap}, after;
	sigset_t trap, mask;

	is_renewed = strcmp(mode, "renewed") == 0;
	if (is_renewed || strcmp(mode, "once") == 0 || strcmp(mode, "twice") == 0)
		action.sa_flags = (int)SA_RESETHAND;
	sigemptyset(&trap);
	sigaddset(&trap, SIGTRAP);
	if (sigaction(SIGTRAP, &action, NULL) != 0)
		target_fail("sigaction");
	if (strcmp(mode, "blocked") == 0)
		pthread_sigmask(SIG_BLOCK, &trap, NULL);
	target_ready();
	for (unsigned long i = 0; i < 300; i++) {
		DTRACE_PROBE1(handlers, tick, i);
		if (i % 3 == 0 && strcmp(mode, "breakpoint") == 0)
			__asm__ volatile("int3");
		else if (i % 3 == 0 && (strcmp(mode, "own") == 0 || is_renewed))
			raise(SIGTRAP);
		else if (i == 150 && action.sa_flags == (int)SA_RESETHAND)
			raise(SIGTRAP);
		else if (i == 200 && strcmp(mode, "twice") == 0)
			raise(SIGTRAP);
	}
	if (argc > 2) {
		execv(argv[2], argv + 2);
		target_fail(argv[2]);
	}
	sigaction(SIGTRAP, NULL, &after);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	printf("@hits: 300\n");
	printf("taken %lu, action %s, mask %s\n", taken, after.sa_handler == action.sa_handler ? "kept" : "LOST",
	       sigismember(&mask, SIGTRAP) == (strcmp(mode, "blocked") == 0) ? "kept" : "CHANGED");
	return 0;
}
