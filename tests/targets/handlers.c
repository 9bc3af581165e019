/* SPDX-License-Identifier: MIT */
/*
 * handlers own|breakpoint|ignored|blocked: a program with plans of its own for
 * SIGTRAP hits handlers:tick(number) 300 times.
 *	own	every third time it also raises SIGTRAP, for which it has a handler
 *	breakpoint	every third time it also executes a trap instruction of its own, for which it has a handler
 *	ignored	it ignores SIGTRAP
 *	blocked	it has a handler and blocks SIGTRAP
 * In the end it says how many it took, and whether handler and mask are what it set.
 */
#include <signal.h>
#include <sys/sdt.h>

#include "target.h"

static volatile unsigned long taken;

static void on_trap(int signal)
{
	(void)signal;
	taken++;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "own";
	struct sigaction action = {.sa_handler = strcmp(mode, "ignored") == 0 ? SIG_IGN : on_trap}, after;
	sigset_t trap, mask;

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
		else if (i % 3 == 0 && strcmp(mode, "own") == 0)
			raise(SIGTRAP);
	}
	sigaction(SIGTRAP, NULL, &after);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	printf("@hits: 300\n");
	printf("taken %lu, action %s, mask %s\n", taken, after.sa_handler == action.sa_handler ? "kept" : "LOST",
	       sigismember(&mask, SIGTRAP) == (strcmp(mode, "blocked") == 0) ? "kept" : "CHANGED");
	return 0;
}
