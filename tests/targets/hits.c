/* SPDX-License-Identifier: MIT */
/*
 * hits [N]: N hits (a million) of hits:tick(number, text) in one thread, then
 * how many, the sum of the numbers, and whether the work between the hits came
 * out as it does without a tracer; on standard error what a hit took (for
 * tests/bench).
 */
#include <stdint.h>
#include <sys/sdt.h>
#include <time.h>

#include "target.h"

static uint64_t mix(uint64_t state, uint64_t number)
{
	return (state ^ number) * 0x9e3779b97f4a7c15 + (state >> 29);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned long count = target_number(argc, argv, 1, 1000000);
	uint64_t traced = 1, plain = 1, sum = 0, elapsed;
	const char *text = "some text of thirty-two letters.";

	target_ready();
	elapsed = now_ns();
	for (unsigned long i = 0; i < count; i++) {
		traced = mix(traced, i);
		DTRACE_PROBE2(hits, tick, i, text);
		sum += i;
	}
	elapsed = now_ns() - elapsed;
	for (unsigned long i = 0; i < count; i++)
		plain = mix(plain, i);
	printf("@hits: %lu\n@sum: %lu\n", count, (unsigned long)sum);
	printf("work %s\n", traced == plain ? "right" : "WRONG");
	if (count != 0)
		fprintf(stderr, "%lu ns a hit\n", (unsigned long)(elapsed / count));
	return 0;
}
