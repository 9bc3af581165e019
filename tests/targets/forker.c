/* SPDX-License-Identifier: MIT */
/*
 * forker MODE [N [PROGRAM]]: children that meet what their parent has in its text. Each
 * way, N children (20) are made, the parent hits forker:parent(number) before each, and
 * what became of the children is checked:
 *	fork	children that hit forker:child(number) 10 times and exit with a status of their own
 *	vfork	children that hit it once in the parent's memory and exec
 *	spawn	posix_spawnp(3) of PROGRAM (true, which is looked for in every folder of PATH)
 *	system	system(3)
 *	threads	four threads fork at the same time, N children each; the children hit as with fork
 *	clone3	as fork, by clone3(2) itself
 *	shared	children in the parent's memory, by clone(2), on a stack of their own, that hit once and exec
 *	killed	children that hit until they are killed, from at once to 3 ms after they were made
 *	daemon	children that have a child in a session of its own, which hits as with fork, and end at once
 */
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/sdt.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "target.h"

static unsigned long count;
static char *program;
static atomic_ulong parent_hits, bad;

extern char **environ;

static __attribute__((noinline)) void hit_in_child(unsigned long number)
{
	DTRACE_PROBE1(forker, child, number);
}

static void hit_in_parent(unsigned long number)
{
	DTRACE_PROBE1(forker, parent, number);
	atomic_fetch_add(&parent_hits, 1);
}

static void expect(pid_t child, int wanted)
{
	int status = 0;

	while (waitpid(child, &status, 0) != child)
		if (errno != EINTR)
			target_fail("waitpid");
	if (status == wanted)
		return;
	atomic_fetch_add(&bad, 1);
	fprintf(stderr, "child %d ended with %#x, not %#x\n", child, status, wanted);
}

static void make_by_fork(unsigned long number)
{
	pid_t child = fork();

	if (child < 0)
		target_fail("fork");
	if (child == 0) {
		for (int i = 0; i < 10; i++)
			hit_in_child(number);
		_exit((int)(number & 127));
	}
	expect(child, (int)(number & 127) << 8);
}

static void make_and_kill(unsigned long number)
{
	const struct timespec pause = {.tv_nsec = (long)(number * 37 % 300) * 10000};
	pid_t child = fork();

	if (child < 0)
		target_fail("fork");
	while (child == 0)
		hit_in_child(number);
	nanosleep(&pause, NULL);
	kill(child, SIGKILL);
	expect(child, SIGKILL);
}

static void make_by_clone3(unsigned long number)
{
	struct clone_args arguments = {.exit_signal = SIGCHLD};
	pid_t child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (child < 0)
		target_fail("clone3");
	if (child == 0) {
		for (int i = 0; i < 10; i++)
			hit_in_child(number);
		_exit((int)(number & 127));
	}
	expect(child, (int)(number & 127) << 8);
}

static int run_shared(void *argument)
{
	hit_in_child((unsigned long)argument);
	execl("/bin/true", "true", NULL);
	_exit(99);
}

static void make_shared(unsigned long number)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t child = clone(run_shared, stack + sizeof(stack), CLONE_VM | SIGCHLD, (void *)number);

	if (child < 0)
		target_fail("clone");
	expect(child, 0);
}

static void make_daemon(unsigned long number)
{
	int ends[2];
	pid_t child;
	char byte;

	if (pipe(ends) != 0)
		target_fail("pipe");
	child = fork();
	if (child < 0)
		target_fail("fork");
	if (child == 0) {
		setsid();
		if (fork() != 0)
			_exit(0);
		for (int i = 0; i < 10; i++)
			hit_in_child(number);
		_exit(write(ends[1], "", 1) != 1);
	}
	close(ends[1]);
	expect(child, 0);
	if (read(ends[0], &byte, 1) != 1) { /* it ended without a word */
		atomic_fetch_add(&bad, 1);
		fprintf(stderr, "a daemon died\n");
	}
	close(ends[0]);
}

static void make_by_vfork(unsigned long number)
{
	pid_t child = vfork();

	if (child < 0)
		target_fail("vfork");
	if (child == 0) {
		hit_in_child(number);
		execl("/nonexistent/true", "true", NULL);
		execl("/bin/true", "true", NULL);
		_exit(99);
	}
	expect(child, 0);
}

static void make_by_spawn(unsigned long number)
{
	char *const argv[] = {program, NULL};
	pid_t child;

	(void)number;
	errno = posix_spawnp(&child, program, NULL, NULL, argv, environ);
	if (errno != 0)
		target_fail("posix_spawnp");
	expect(child, 0);
}

static void make_by_system(unsigned long number)
{
	char command[64];
	int status;

	snprintf(command, sizeof(command), "exit %lu", number & 127);
	status = system(command);
	if (status != (int)(number & 127) << 8) {
		atomic_fetch_add(&bad, 1);
		fprintf(stderr, "system ended with %#x\n", status);
	}
}

static void *fork_all(void *argument)
{
	(void)argument;
	for (unsigned long i = 0; i < count; i++) {
		hit_in_parent(i);
		make_by_fork(i);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "fork";
	static char fallback[] = "true";
	pthread_t threads[4];

	program = argc > 3 ? argv[3] : fallback;
	count = target_number(argc, argv, 2, 20);
	target_ready();
	for (int i = 0; i < 4 && strcmp(mode, "threads") == 0; i++)
		threads[i] = target_start(fork_all, NULL);
	for (int i = 0; i < 4 && strcmp(mode, "threads") == 0; i++)
		target_join(threads[i]);
	for (unsigned long i = 0; i < count && strcmp(mode, "threads") != 0; i++) {
		hit_in_parent(i);
		if (strcmp(mode, "vfork") == 0)
			make_by_vfork(i);
		else if (strcmp(mode, "clone3") == 0)
			make_by_clone3(i);
		else if (strcmp(mode, "shared") == 0)
			make_shared(i);
		else if (strcmp(mode, "killed") == 0)
			make_and_kill(i);
		else if (strcmp(mode, "daemon") == 0)
			make_daemon(i);
		else if (strcmp(mode, "spawn") == 0)
			make_by_spawn(i);
		else if (strcmp(mode, "system") == 0)
			make_by_system(i);
		else
			make_by_fork(i);
	}
	printf("@parent: %lu\n", atomic_load(&parent_hits));
	printf("children that ended wrong: %lu\n", atomic_load(&bad));
	return 0;
}
