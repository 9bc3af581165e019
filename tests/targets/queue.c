/* SPDX-License-Identifier: MIT */
/*
 * queue [N]: a child sends N real-time signals (10,000), each with its number
 * as the value, while the program hits queue:tick in its loop and
 * queue:arrived(value) in the handler. All must arrive, in order.
 */
#include <signal.h>
#include <sys/sdt.h>
#include <sys/wait.h>

#include "target.h"

static volatile unsigned long arrived, misplaced;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	int value = info->si_value.sival_int;

	(void)signal;
	(void)context;
	DTRACE_PROBE1(queue, arrived, value);
	if ((unsigned long)value != arrived)
		misplaced++;
	arrived++;
}

/* Runs in the child: sends, and waits a little when the queue is full. */
static _Noreturn void send_all(pid_t pid, unsigned long count, int go)
{
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(1);
	for (unsigned long i = 0; i < count; i++) {
		union sigval value = {.sival_int = (int)i};

		while (sigqueue(pid, SIGRTMIN, value) != 0) {
			if (errno != EAGAIN)
				_exit(1);
			usleep(500);
		}
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	unsigned long count = target_number(argc, argv, 1, 10000), hits = 0;
	int go[2], status;
	pid_t child;

	if (sigaction(SIGRTMIN, &action, NULL) != 0 || pipe(go) != 0)
		target_fail("sigaction");
	child = fork();
	if (child < 0)
		target_fail("fork");
	if (child == 0)
		send_all(getppid(), count, go[0]);
	target_ready();
	if (write(go[1], "", 1) != 1)
		target_fail("write");
	do {
		DTRACE_PROBE1(queue, tick, hits);
		hits++;
	} while (arrived < count);
	while (waitpid(child, &status, 0) != child)
		continue;
	printf("@arrived: %lu\n@hits: %lu\n", arrived, hits);
	printf("misplaced %lu, sender ended with %d\n", misplaced, status);
	return 0;
}
