/* SPDX-License-Identifier: MIT */
/*
 * deaths exit|thread|fault|kill: three threads hit deaths:tick, and after a
 * while the program ends in the middle of it: by exit(3) in the main thread,
 * _exit(2) in another one (status 42), a memory fault, or SIGKILL to itself.
 */
#include <signal.h>
#include <sys/sdt.h>

#include "target.h"

static atomic_ulong hits;
static int *volatile nowhere;

static void *body(void *argument)
{
	const char *way = argument;

	for (;;) {
		unsigned long number = atomic_fetch_add(&hits, 1);

		DTRACE_PROBE1(deaths, tick, number);
		if (number != 3000)
			continue;
		if (strcmp(way, "thread") == 0)
			_exit(42);
		else if (strcmp(way, "fault") == 0)
			*nowhere = 0;
		else if (strcmp(way, "kill") == 0)
			kill(getpid(), SIGKILL);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static char by_exit[] = "exit";
	char *way = argc > 1 ? argv[1] : by_exit;

	target_ready();
	for (int i = 0; i < 3; i++)
		target_start(body, way);
	/* The other ways come from the threads, however long the fatal moment takes them. */
	while (strcmp(way, by_exit) != 0 || atomic_load(&hits) < 5000)
		usleep(1000);
	exit(41);
}
