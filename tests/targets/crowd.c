/* SPDX-License-Identifier: MIT */
/*
 * crowd [THREADS [HITS [AT_ONCE]]]: THREADS threads (1000) that live all at the
 * same time, or as many as the limits allow. When told to go on each hits
 * crowd:tick(thread, number) HITS times (5), AT_ONCE of them (8) at a time and
 * the others asleep, and stays until all have. Prints how many threads there
 * were, how many hits, and the sum of the thread numbers seen; on standard
 * error what a hit took.
 */
#include <semaphore.h>
#include <stdint.h>
#include <sys/sdt.h>
#include <time.h>

#include "target.h"

enum { STACK_SIZE = 1 << 16 };

static unsigned long hits_each;
static atomic_ulong hits, sum;
static sem_t places, is_done, may_end;

static void take(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0)
		continue;
}

static void *body(void *argument)
{
	unsigned long thread = (unsigned long)argument;

	take(&places);
	for (unsigned long i = 0; i < hits_each; i++) {
		DTRACE_PROBE2(crowd, tick, thread, i);
		atomic_fetch_add(&hits, 1);
		atomic_fetch_add(&sum, thread);
	}
	sem_post(&places);
	sem_post(&is_done);
	take(&may_end);
	return NULL;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned long wanted = target_number(argc, argv, 1, 1000), at_once = target_number(argc, argv, 3, 8);
	unsigned long started = 0;
	pthread_attr_t small;
	uint64_t elapsed;

	setvbuf(stdout, NULL, _IOLBF, 0);
	hits_each = target_number(argc, argv, 2, 5);
	sem_init(&places, 0, 0);
	sem_init(&is_done, 0, 0);
	sem_init(&may_end, 0, 0);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK_SIZE);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	while (started < wanted) {
		pthread_t thread;

		if (pthread_create(&thread, &small, body, (void *)started) != 0)
			break;
		started++;
	}
	printf("threads: %lu\n", started);
	target_ready();
	elapsed = now_ns();
	for (unsigned long i = 0; i < at_once; i++)
		sem_post(&places);
	for (unsigned long i = 0; i < started; i++)
		take(&is_done);
	elapsed = now_ns() - elapsed;
	for (unsigned long i = 0; i < started; i++)
		sem_post(&may_end);
	printf("@hits: %lu\n@sum: %lu\n", atomic_load(&hits), atomic_load(&sum));
	if (hits)
		fprintf(stderr, "%lu ns a hit\n", (unsigned long)(elapsed / hits));
	return 0;
}
