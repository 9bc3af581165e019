/* SPDX-License-Identifier: MIT */
/*
 * busy [FORKERS]: everything at once, until standard input says stop, to be attached to
 * and left many times: two threads in a loop of hits of busy:hot(number) and the
 * guarded busy:guarded(number), short threads one after the other, forked children that hit both
 * and exit with a status of their own, a timer's signals with a handler that hits, and threads that block in system
 * calls. What goes wrong is printed; nothing should. With FORKERS it is as many threads that do nothing but fork
 * children, and no more.
 */
#define _SDT_HAS_SEMAPHORES 1
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/sdt.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "target.h"

volatile unsigned short busy_guarded_semaphore __attribute__((section(".probes")));
volatile unsigned short busy_hot_semaphore __attribute__((section(".probes")));

static atomic_bool is_over;
static atomic_ulong wrong, hits, children, threads;

static __attribute__((noinline)) void hit(unsigned long number)
{
	DTRACE_PROBE1(busy, hot, number);
	if (busy_guarded_semaphore != 0)
		DTRACE_PROBE1(busy, guarded, number);
	atomic_fetch_add_explicit(&hits, 1, memory_order_relaxed);
}

static void on_timer(int signal)
{
	int saved = errno;

	(void)signal;
	hit(0);
	errno = saved;
}

static uint64_t work(unsigned long rounds)
{
	uint64_t state = 88172645463325252;

	for (unsigned long i = 0; i < rounds; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		hit(i);
		state ^= state << 17;
	}
	return state;
}

static void *hot(void *argument)
{
	uint64_t first = work(500);

	(void)argument;
	while (!atomic_load(&is_over))
		if (work(500) != first)
			atomic_fetch_add(&wrong, 1);
	return NULL;
}

static void *brief(void *argument)
{
	hit((unsigned long)argument);
	atomic_fetch_add(&threads, 1);
	return NULL;
}

static void *start_threads(void *argument)
{
	(void)argument;
	while (!atomic_load(&is_over)) {
		pthread_t both[2] = {target_start(brief, (void *)1), target_start(brief, (void *)2)};

		target_join(both[0]);
		target_join(both[1]);
	}
	return NULL;
}

static void *fork_children(void *argument)
{
	(void)argument;
	for (unsigned long number = 0; !atomic_load(&is_over); number++) {
		pid_t child = fork();
		int status = 0;

		if (child < 0)
			target_fail("fork");
		if (child == 0) {
			for (int i = 0; i < 5; i++)
				hit(number);
			_exit((int)(number & 127));
		}
		while (waitpid(child, &status, 0) != child)
			continue;
		if (status != (int)(number & 127) << 8) {
			atomic_fetch_add(&wrong, 1);
			printf("child %d ended with %#x\n", child, status);
		}
		atomic_fetch_add(&children, 1);
	}
	return NULL;
}

static void *wait_for_ever(void *argument)
{
	struct epoll_event event;
	sigset_t all;

	(void)argument;
	sigfillset(&all);
	sigdelset(&all, SIGTRAP); /* to block that one is a subject of its own */
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	if (epoll_wait(epoll_create1(0), &event, 1, -1) < 0 && !atomic_load(&is_over)) {
		atomic_fetch_add(&wrong, 1);
		printf("epoll_wait: %s\n", strerror(errno));
	}
	return NULL;
}

enum { WORKERS = 4, FORKERS_MAX = 64 };

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
	struct itimerval period = {{0, 5000}, {0, 5000}};
	void *(*const bodies[WORKERS])(void *) = {hot, hot, start_threads, fork_children};
	const unsigned long forkers = target_number(argc, argv, 1, 0);
	const unsigned long count = forkers ? forkers : WORKERS;
	pthread_t workers[FORKERS_MAX];
	char line[8];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (forkers > FORKERS_MAX)
		target_fail("so many forkers");
	if (!forkers) {
		target_start(wait_for_ever, NULL);
		if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &period, NULL) != 0)
			target_fail("setitimer");
	}
	for (unsigned long i = 0; i < count; i++)
		workers[i] = target_start(forkers ? fork_children : bodies[i], NULL);
	puts("ready");
	target_read_line(line, sizeof(line));
	atomic_store(&is_over, true);
	for (unsigned long i = 0; i < count; i++)
		target_join(workers[i]);
	printf("wrong: %lu\n", atomic_load(&wrong));
	fprintf(stderr, "hits %lu, children %lu, threads %lu\n", atomic_load(&hits), atomic_load(&children),
		atomic_load(&threads));
	return 0;
}
