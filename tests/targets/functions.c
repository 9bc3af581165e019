/* SPDX-License-Identifier: MIT */
/* Functions to be named: one with many arguments, one with a name twice, one that is chosen at load time. */
#include <stdint.h>

#include "target.h"

#ifdef __clang__
#define PROBED __attribute__((noinline, used))
#else
#define PROBED __attribute__((noinline, noclone, noipa))
#endif

PROBED static long many(long a, long b, long c, long d, long e, long f, long g, long h)
{
	return a + b + c + d + e + f + g + h;
}

PROBED static const char *greeting(const char *name)
{
	static char text[64];

	snprintf(text, sizeof(text), "hello %s", name);
	return text;
}

PROBED long twice_named(long n);
long also_named(long n) __attribute__((alias("twice_named")));

PROBED long twice_named(long n)
{
	return n * 2;
}

static long chosen_one(long n)
{
	return n + 1;
}

static __attribute__((unused)) long (*choose(void))(long)
{
	return chosen_one;
}

long chosen(long n) __attribute__((ifunc("choose")));

int main(void)
{
	target_ready();
	printf("%ld\n", many(1, -2, 3, 4, 5, 6, 7000000000, 8));
	puts(greeting("world"));
	printf("%ld %ld\n", twice_named(21), also_named(4));
	printf("%ld\n", chosen(1));
	return 0;
}
