/* SPDX-License-Identifier: MIT */
/*
 * guarded: does what standard input says, a line each:
 *	hit N	pass the guarded probe guarded:tick(number) N times; says how often the semaphore let it fire
 *	show	says the semaphore's value
 *	raise	adds 1 to the semaphore, as another user would
 *	lower	takes 1 away
 */
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#include "target.h"

volatile unsigned short guarded_tick_semaphore __attribute__((section(".probes")));

static void hit(unsigned long count)
{
	unsigned long fired = 0;

	for (unsigned long i = 0; i < count; i++) {
		if (guarded_tick_semaphore != 0) {
			DTRACE_PROBE1(guarded, tick, i);
			fired++;
		}
	}
	printf("@hits: %lu\n", fired);
}

int main(void)
{
	char line[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (target_read_line(line, sizeof(line))) {
		if (strncmp(line, "hit ", 4) == 0)
			hit(strtoul(line + 4, NULL, 10));
		else if (strcmp(line, "show") == 0)
			printf("semaphore %u\n", guarded_tick_semaphore);
		else if (strcmp(line, "raise") == 0)
			__atomic_fetch_add(&guarded_tick_semaphore, 1, __ATOMIC_SEQ_CST);
		else if (strcmp(line, "lower") == 0)
			__atomic_fetch_sub(&guarded_tick_semaphore, 1, __ATOMIC_SEQ_CST);
		else
			printf("unknown: %s\n", line);
	}
	puts("bye");
	return 0;
}
