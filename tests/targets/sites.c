/* SPDX-License-Identifier: MIT */
/*
 * sites: one probe, sites:value(small, large, letter, text), at several places
 * where its arguments live in different ways and have different types: every
 * hit is printed as `<small> <large> <letter> <text>'.
 */
#include <stdint.h>
#include <sys/sdt.h>

#include "target.h"

struct pair {
	int16_t small;
	uint64_t large;
};

static volatile int8_t byte = -100;
static volatile uint32_t word = 4000000000u;
const char *const sites_texts[] = {"nought", "one", "two", "three"};

static void say(long long small, unsigned long long large, int letter, const char *text)
{
	printf("%lld %llu %d %s\n", small, large, letter, text);
}

static __attribute__((noinline)) void constants(void)
{
	DTRACE_PROBE4(sites, value, -1, 123456789012345, 'c', "constants");
	say(-1, 123456789012345, 'c', "constants");
}

static __attribute__((noinline)) void registers(int small, unsigned long large, unsigned char letter, const char *text)
{
	DTRACE_PROBE4(sites, value, small, large, letter, text);
	say(small, large, letter, text);
}

static __attribute__((noinline)) void narrow(int8_t small, uint16_t large, signed char letter, const char *text)
{
	DTRACE_PROBE4(sites, value, small, large, letter, text);
	say(small, large, letter, text);
}

static __attribute__((noinline)) void memory(const struct pair *pairs, long index)
{
	DTRACE_PROBE4(sites, value, pairs[index].small, pairs[index].large, byte, sites_texts[index]);
	say(pairs[index].small, pairs[index].large, byte, sites_texts[index]);
}

static __attribute__((noinline)) void globals(void)
{
	DTRACE_PROBE4(sites, value, byte, word, byte, sites_texts[0]);
	say(byte, word, byte, sites_texts[0]);
}

int main(void)
{
	static const struct pair pairs[] = {{-7, 1}, {-32768, UINT32_MAX}, {32767, INT64_MAX}, {0, 0}};

	target_ready();
	for (int i = 0; i < 4; i++) {
		constants();
		registers(i - 2, 1ul << (20 * i), (unsigned char)('a' + i), sites_texts[i]);
		narrow((int8_t)(-128 + i), (uint16_t)(65535 - i), (signed char)-i, sites_texts[i]);
		memory(pairs, i);
		globals();
	}
	return 0;
}
