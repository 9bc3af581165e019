/* SPDX-License-Identifier: MIT */
/*
 * storm [THREADS [HITS]]: starts THREADS threads (3000) that live as long as
 * it takes to hit storm:tick(thread, number) HITS times (5); thirty live at a
 * time, half of them detached. Prints how many hits that was and the sum of
 * the thread numbers seen.
 */
#include <semaphore.h>
#include <sys/sdt.h>

#include "target.h"

#define ALIVE 30

static unsigned long hits_each;
static atomic_ulong hits, sum;
static sem_t places;

static void *body(void *argument)
{
	unsigned long thread = (unsigned long)argument;

	for (unsigned long i = 0; i < hits_each; i++) {
		DTRACE_PROBE2(storm, tick, thread, i);
		atomic_fetch_add(&hits, 1);
		atomic_fetch_add(&sum, thread);
	}
	sem_post(&places);
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long threads = target_number(argc, argv, 1, 3000);

	hits_each = target_number(argc, argv, 2, 5);
	sem_init(&places, 0, ALIVE);
	target_ready();
	for (unsigned long i = 0; i < threads; i++) {
		pthread_t thread;

		while (sem_wait(&places) != 0)
			continue;
		thread = target_start(body, (void *)i);
		if (i % 2 == 0)
			target_join(thread);
		else
			pthread_detach(thread);
	}
	for (int i = 0; i < ALIVE; i++)
		while (sem_wait(&places) != 0)
			continue;
	printf("@hits: %lu\n@sum: %lu\n", atomic_load(&hits), atomic_load(&sum));
	return 0;
}
