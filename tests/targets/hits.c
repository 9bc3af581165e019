/* SPDX-License-Identifier: MIT */
/*
 * hits [N]: N hits (a million) of hits:tick(number, text) in one thread, then
 * how many, the sum of the numbers, and whether the work between the hits came
 * out as it does without a tracer.
 */
#include <stdint.h>
#include <sys/sdt.h>

#include "target.h"

static uint64_t mix(uint64_t state, uint64_t number)
{
	return (state ^ number) * 0x9e3779b97f4a7c15 + (state >> 29);
}

int main(int argc, char **argv)
{
	unsigned long count = target_number(argc, argv, 1, 1000000);
	uint64_t traced = 1, plain = 1, sum = 0;
	const char *text = "some text of thirty-two letters.";

	target_ready();
	for (unsigned long i = 0; i < count; i++) {
		traced = mix(traced, i);
		DTRACE_PROBE2(hits, tick, i, text);
		sum += i;
	}
	for (unsigned long i = 0; i < count; i++)
		plain = mix(plain, i);
	printf("@hits: %lu\n@sum: %lu\n", count, (unsigned long)sum);
	printf("work %s\n", traced == plain ? "right" : "WRONG");
	return 0;
}
