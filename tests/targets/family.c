/* SPDX-License-Identifier: MIT */
/*
 * family [N [orphans]]: N children (3), each with a child of its own, are there when it
 * says "ready". When it is told to, all
 * hit family:work(number) 100 times, so does one that is made then, and it says
 * how often that was. With `orphans' it begins a session, and its children end before it is ready: theirs have no
 * parent that is one of them.
 */
#include <sys/sdt.h>
#include <sys/wait.h>

#include "target.h"

static int gate[2], answers[2];
static bool has_orphans;

static void work(void)
{
	for (int i = 0; i < 100; i++)
		DTRACE_PROBE1(family, work, i);
}

/* Works when the gate opens, which is when its last writer closes it. */
static void wait_and_work(void)
{
	char byte;

	close(gate[1]);
	while (read(gate[0], &byte, 1) < 0 && errno == EINTR)
		continue;
	work();
}

static _Noreturn void be_child(void)
{
	pid_t child = fork();

	if (child < 0)
		target_fail("fork");
	if (has_orphans && child > 0)
		_exit(0);
	if (write(answers[1], "", 1) != 1)
		target_fail("write");
	wait_and_work();
	if (child > 0)
		waitpid(child, NULL, 0);
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned long count = target_number(argc, argv, 1, 3);
	int status, bad = 0;
	char byte;

	has_orphans = argc > 2 && strcmp(argv[2], "orphans") == 0;
	if (has_orphans)
		setsid();
	if (pipe(gate) != 0 || pipe(answers) != 0)
		target_fail("pipe");
	for (unsigned long i = 0; i < count; i++) {
		pid_t child = fork();

		if (child < 0)
			target_fail("fork");
		if (child == 0)
			be_child();
	}
	if (has_orphans)
		while (wait(&status) > 0)
			bad += status != 0;
	for (unsigned long i = 0; i < (has_orphans ? count : 2 * count); i++)
		if (read(answers[0], &byte, 1) != 1)
			target_fail("read");
	target_ready();
	if (fork() == 0) {
		work();
		_exit(0);
	}
	close(gate[1]);
	work();
	while (wait(&status) > 0)
		bad += status != 0;
	printf("@work: %lu\n", 100 * ((has_orphans ? count : 2 * count) + 2));
	return bad ? 1 : 0;
}
