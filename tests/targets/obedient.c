/* SPDX-License-Identifier: MIT */
/*
 * obedient: what a script may do to its target. It hits
 * obedient:ask(writable text, read-only text, number) five times, each time in
 * a thread of its own, and says what the texts are then, how many SIGUSR2 that
 * thread has taken, and in the end how many SIGUSR1 there were.
 */
#include <signal.h>
#include <sys/sdt.h>

#include "target.h"

static const char constant[] = "constant";
static char text[16] = "text";
static _Thread_local int users2;
static atomic_int users1;

static void on_signal(int signal)
{
	if (signal == SIGUSR1)
		users1++;
	else
		users2++;
}

static void *ask(void *user)
{
	long number = (long)(intptr_t)user;

	DTRACE_PROBE3(obedient, ask, text, constant, number);
	printf("%ld: %s %s, SIGUSR2 here %d\n", number, text, constant, users2);
	return NULL;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	target_ready();
	for (long number = 0; number < 5; number++) {
		pthread_t thread;

		pthread_create(&thread, NULL, ask, (void *)(intptr_t)number);
		pthread_join(thread, NULL);
	}
	printf("SIGUSR1 anywhere %d, SIGUSR2 in the first thread %d\n", atomic_load(&users1), users2);
	return 0;
}
