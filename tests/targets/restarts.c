/* SPDX-License-Identifier: MIT */
/*
 * restarts: two system calls that signals break off, and that the kernel enters
 * anew without the program's knowing: a readv(2), by a signal whose handler is
 * SA_RESTART, and a sleep, by SIGSTOP and SIGCONT, which goes on as
 * restart_syscall(2). A child sends the signals. Then, as lines, the entries and
 * the results that a tracer should have seen.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "target.h"

static int data[2], noticed[2];

static void notice(int signal)
{
	(void)signal;
	if (write(noticed[1], "", 1) != 1)
		_exit(125);
}

/* What state process PID is in, as ps(1) shows it. */
static char state_of(pid_t pid)
{
	char path[64], line[256];
	const char *name_end;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY);
	size = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	close(fd);
	if (size <= 0)
		_exit(125);
	line[size] = '\0';
	name_end = strrchr(line, ')');
	return name_end ? name_end[2] : '?';
}

/* Waits until PID is in one of STATES, and stays. */
static void await_state(pid_t pid, const char *states)
{
	for (unsigned seen = 0; seen < 5; usleep(1000))
		seen = strchr(states, state_of(pid)) ? seen + 1 : 0;
}

static _Noreturn void disturb(pid_t pid)
{
	char byte;

	await_state(pid, "S");
	kill(pid, SIGUSR1);
	if (read(noticed[0], &byte, 1) != 1)
		_exit(125);
	await_state(pid, "S");
	if (write(data[1], "x", 1) != 1)
		_exit(125);
	/* It says so when it has read, and is about to sleep. */
	if (read(noticed[0], &byte, 1) != 1)
		_exit(125);
	await_state(pid, "S");
	kill(pid, SIGSTOP);
	await_state(pid, "Tt");
	kill(pid, SIGCONT);
	_exit(0);
}

int main(void)
{
	const struct sigaction action = {.sa_handler = notice, .sa_flags = SA_RESTART};
	const struct timespec duration = {.tv_sec = 2};
	const pid_t pid = getpid();
	char byte;
	struct iovec vector = {&byte, 1};
	pid_t child;
	int status;

	target_ready();
	if (sigaction(SIGUSR1, &action, NULL) != 0 || pipe(data) != 0 || pipe(noticed) != 0)
		target_fail("sigaction or pipe");
	child = fork();
	if (child < 0)
		target_fail("fork");
	if (child == 0)
		disturb(pid);

	if (readv(data[0], &vector, 1) != 1)
		target_fail("readv");
	notice(0);
	if (nanosleep(&duration, NULL) != 0)
		target_fail("nanosleep");
	if (waitpid(child, &status, 0) != child || status != 0)
		target_fail("child");
	puts("sys_enter_readv\nsys_exit_readv ret=-512\nsys_enter_readv\nsys_exit_readv ret=1\n"
	     "sys_enter_clock_nanosleep\nsys_exit_clock_nanosleep ret=-516\n"
	     "sys_enter_restart_syscall\nsys_exit_restart_syscall ret=0");
	return 0;
}
