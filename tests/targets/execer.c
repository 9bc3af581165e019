/* SPDX-License-Identifier: MIT */
/*
 * execer leader|thread PROGRAM [ARGUMENT...]: hits execer:before(number) 500
 * times in each of three threads and in the main one, then runs PROGRAM: from
 * the main thread, or from one that is not the leader, while the others live.
 */
#include <sys/sdt.h>

#include "target.h"

#define HITS 500

static char **program;
static bool is_thread_to_exec;
static atomic_uint finished;
static atomic_bool is_over; /* stays false: what ends the threads is the exec */

static void hit(void)
{
	for (int i = 0; i < HITS; i++)
		DTRACE_PROBE1(execer, before, i);
	atomic_fetch_add(&finished, 1);
}

static _Noreturn void run(void)
{
	while (atomic_load(&finished) < 4)
		usleep(1000);
	execv(program[0], program);
	target_fail(program[0]);
}

static void *body(void *argument)
{
	hit();
	if (argument != NULL && is_thread_to_exec)
		run();
	while (!atomic_load(&is_over))
		pause();
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		target_fail("usage");
	is_thread_to_exec = strcmp(argv[1], "thread") == 0;
	program = argv + 2;
	target_ready();
	target_start(body, NULL);
	target_start(body, NULL);
	target_start(body, argv);
	hit();
	printf("@before: %d\n", 4 * HITS);
	if (!is_thread_to_exec)
		run();
	while (!atomic_load(&is_over))
		pause();
	return 1;
}
