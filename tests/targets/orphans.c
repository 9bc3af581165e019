/* SPDX-License-Identifier: MIT */
/*
 * orphans [N]: two threads fork children without waiting for them, until there
 * are N (40) and the program kills itself in the midst of it. Each child says
 * "born", hits orphans:child(number) ten times, and says "done": as many are
 * done as were born, if none was harmed by what its parent left it.
 */
#include <signal.h>
#include <sys/sdt.h>

#include "target.h"

static unsigned long wanted;
static atomic_ulong children;

static void say(const char *word)
{
	if (write(STDOUT_FILENO, word, strlen(word)) < 0)
		_exit(1);
}

static void *body(void *argument)
{
	(void)argument;
	for (;;) {
		unsigned long number = atomic_fetch_add(&children, 1);
		pid_t child;

		if (number == wanted)
			kill(getpid(), SIGKILL);
		child = fork();
		if (child < 0)
			target_fail("fork");
		if (child > 0)
			continue;
		say("born\n");
		for (int i = 0; i < 10; i++)
			DTRACE_PROBE1(orphans, child, number);
		say("done\n");
		_exit(0);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	wanted = target_number(argc, argv, 1, 40);
	signal(SIGCHLD, SIG_IGN);
	target_ready();
	target_start(body, NULL);
	target_join(target_start(body, NULL));
	return 0;
}
