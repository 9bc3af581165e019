/* SPDX-License-Identifier: MIT */
/*
 * guarded: does what standard input says, a line each:
 *	hit N	pass the guarded probe guarded:tick(number) N times; says how often the semaphore let it fire
 *	show	says the semaphore's value
 *	raise	adds 1 to the semaphore, as another user would
 *	lower	takes 1 away
 *	fork	makes a child, which waits; says "child PID"
 *	child	lets the child do as for `hit 10', silently, and end; says how it did
 */
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>
#include <sys/wait.h>

#include "target.h"

volatile unsigned short guarded_tick_semaphore __attribute__((section(".probes")));

/* How often the semaphore let the probe fire. */
static __attribute__((noinline)) unsigned long hit(unsigned long count)
{
	unsigned long fired = 0;

	for (unsigned long i = 0; i < count; i++) {
		if (guarded_tick_semaphore != 0) {
			DTRACE_PROBE1(guarded, tick, i);
			fired++;
		}
	}
	return fired;
}

static pid_t child;
static int gate[2];

static void make_child(void)
{
	char byte;

	if (pipe(gate) != 0)
		target_fail("pipe");
	child = fork();
	if (child < 0)
		target_fail("fork");
	if (child == 0) {
		close(gate[1]);
		while (read(gate[0], &byte, 1) < 0 && errno == EINTR)
			continue;
		hit(10);
		_exit(0);
	}
	close(gate[0]);
	printf("child %d\n", (int)child);
}

static void end_child(void)
{
	int status;

	close(gate[1]);
	if (waitpid(child, &status, 0) != child)
		target_fail("waitpid");
	printf("the child ended with %#x\n", (unsigned)status);
}

int main(void)
{
	char line[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (target_read_line(line, sizeof(line))) {
		if (strncmp(line, "hit ", 4) == 0)
			printf("@hits: %lu\n", hit(strtoul(line + 4, NULL, 10)));
		else if (strcmp(line, "show") == 0)
			printf("semaphore %u\n", guarded_tick_semaphore);
		else if (strcmp(line, "raise") == 0)
			__atomic_fetch_add(&guarded_tick_semaphore, 1, __ATOMIC_SEQ_CST);
		else if (strcmp(line, "lower") == 0)
			__atomic_fetch_sub(&guarded_tick_semaphore, 1, __ATOMIC_SEQ_CST);
		else if (strcmp(line, "fork") == 0)
			make_child();
		else if (strcmp(line, "child") == 0)
			end_child();
		else
			printf("unknown: %s\n", line);
	}
	puts("bye");
	return 0;
}
