/* SPDX-License-Identifier: MIT */
/*
 * deadleader [N]: the main thread ends at once; two others each hit
 * deadleader:tick(thread) N times (2000), and the last of them prints the sum.
 */
#include <sys/sdt.h>

#include "target.h"

static unsigned long hits_each;

static void *body(void *argument)
{
	unsigned long thread = (unsigned long)argument;

	for (unsigned long i = 0; i < hits_each; i++)
		DTRACE_PROBE1(deadleader, tick, thread);
	return NULL;
}

static void *lead(void *argument)
{
	pthread_t threads[2];

	(void)argument;
	usleep(100000); /* the leader is a zombie by now */
	target_ready();
	for (unsigned long i = 0; i < 2; i++)
		threads[i] = target_start(body, (void *)(i + 1));
	for (unsigned long i = 0; i < 2; i++)
		target_join(threads[i]);
	printf("@hits: %lu\n@sum: %lu\n", 2 * hits_each, 3 * hits_each);
	exit(0);
}

int main(int argc, char **argv)
{
	hits_each = target_number(argc, argv, 1, 2000);
	target_start(lead, NULL);
	pthread_exit(NULL);
}
