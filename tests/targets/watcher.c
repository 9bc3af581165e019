/* SPDX-License-Identifier: MIT */
/*
 * watcher: a parent that watches what becomes of its child, as a shell does.
 * The child hits watcher:tick(number) until it is told to stop by SIGTERM,
 * with a pause of a millisecond. Standard input commands, a line each:
 *	stop	sends SIGSTOP to the child
 *	cont	sends SIGCONT
 *	term	sends SIGTERM
 * and every change of the child's state that waitpid(2) reports is printed.
 */
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/sdt.h>
#include <sys/wait.h>

#include "target.h"

static volatile sig_atomic_t is_over;
static volatile sig_atomic_t continued;

static void on_term(int signal)
{
	(void)signal;
	is_over = 1;
}

static void on_cont(int signal)
{
	(void)signal;
	continued++;
}

static int be_child(void)
{
	unsigned long number = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, on_term);
	signal(SIGCONT, on_cont);
	while (!is_over) {
		DTRACE_PROBE1(watcher, tick, number);
		number++;
		usleep(1000);
	}
	return 10 + continued;
}

/* Prints what waitpid has to tell; false when the child is no more. */
static bool tell(pid_t child)
{
	int status;

	while (waitpid(child, &status, WNOHANG | WUNTRACED | WCONTINUED) == child) {
		if (WIFSTOPPED(status))
			printf("stopped by %d\n", WSTOPSIG(status));
		else if (WIFCONTINUED(status))
			puts("continued");
		else if (WIFEXITED(status))
			printf("exited with %d\n", WEXITSTATUS(status));
		else
			printf("killed by %d\n", WTERMSIG(status));
		if (WIFEXITED(status) || WIFSIGNALED(status))
			return false;
	}
	return true;
}

static void obey(pid_t child, const char *line)
{
	if (strcmp(line, "stop") == 0)
		kill(child, SIGSTOP);
	else if (strcmp(line, "cont") == 0)
		kill(child, SIGCONT);
	else
		kill(child, SIGTERM);
}

int main(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[64];
	pid_t child;

	setvbuf(stdout, NULL, _IOLBF, 0);
	child = fork();
	if (child < 0)
		target_fail("fork");
	if (child == 0)
		return be_child();
	printf("child %d\n", child);
	puts("ready");
	while (tell(child)) {
		if (poll(&input, 1, 10) <= 0)
			continue;
		if (target_read_line(line, sizeof(line)))
			obey(child, line);
		else
			kill(child, SIGKILL);
	}
	return 0;
}
