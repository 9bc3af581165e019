/* SPDX-License-Identifier: MIT */
/*
 * every [ROUNDS]: 256 functions, f000 to f255, in eight shapes that compilers
 * make different beginnings for. Each counts its own calls. Two threads call
 * all of them ROUNDS (20) times, each as often as its number says, and some
 * call others. Prints how often each was called, as a tracer would:
 * "@[f000]: N".
 */
#include <stdarg.h>

#include "target.h"

#ifdef __clang__
#define noclone noinline
#define noipa   optnone
#endif
#define APART __attribute__((noinline, noclone, noipa))

static atomic_ulong calls[256];
static volatile long sink;

/* Nothing but registers. */
#define PLAIN(n)                                          \
	APART static long f##n(long a, long b)            \
	{                                                 \
		atomic_fetch_add(&calls[1##n - 1000], 1); \
		return a * 3 + b;                         \
	}
/* A frame, and much of the stack. */
#define FRAMED(n)                                         \
	APART static long f##n(long a, long b)            \
	{                                                 \
		volatile long room[200];                  \
		atomic_fetch_add(&calls[1##n - 1000], 1); \
		room[a & 63] = b;                         \
		return room[a & 63] + a;                  \
	}
/* Calls itself, and is not done then. */
#define RECURSIVE(n)                                      \
	APART static long f##n(long a, long b)            \
	{                                                 \
		long inner = b;                           \
                                                          \
		atomic_fetch_add(&calls[1##n - 1000], 1); \
		if (a > 0)                                \
			inner = f##n(a / 4, b);           \
		sink = inner;                             \
		return inner + a;                         \
	}
/* Begins with a branch. */
#define BRANCHING(n)                                              \
	APART static long f##n(long a, long b)                    \
	{                                                         \
		if (a == 0) {                                     \
			atomic_fetch_add(&calls[1##n - 1000], 1); \
			return b;                                 \
		}                                                 \
		atomic_fetch_add(&calls[1##n - 1000], 1);         \
		return b ? a / b : a;                             \
	}
/* Numbers with a fraction. */
#define REAL(n)                                            \
	APART static long f##n(long a, long b)             \
	{                                                  \
		double real = (double)a / (double)(b + 1); \
                                                           \
		atomic_fetch_add(&calls[1##n - 1000], 1);  \
		return (long)(real * 100);                 \
	}
/* Begins with what lies in memory, relative to the pc. */
#define GLOBAL(n)                                         \
	APART static long f##n(long a, long b)            \
	{                                                 \
		long before = sink;                       \
                                                          \
		sink = a;                                 \
		atomic_fetch_add(&calls[1##n - 1000], 1); \
		return before > b ? a : b;                \
	}
/* Any number of arguments. */
#define VARIADIC(n)                                       \
	APART static long g##n(long count, ...)           \
	{                                                 \
		va_list arguments;                        \
		long sum = 0;                             \
                                                          \
		va_start(arguments, count);               \
		while (count-- > 0)                       \
			sum += va_arg(arguments, long);   \
		va_end(arguments);                        \
		return sum;                               \
	}                                                 \
	APART static long f##n(long a, long b)            \
	{                                                 \
		atomic_fetch_add(&calls[1##n - 1000], 1); \
		return g##n(3, a, b, a);                  \
	}
/* Ends by a jump to another function. */
#define PASSING(n)                                        \
	APART static long f##n(long a, long b)            \
	{                                                 \
		atomic_fetch_add(&calls[1##n - 1000], 1); \
		return f000(b, a);                        \
	}

#define EIGHT(p0, p1, p2, p3, p4, p5, p6, p7) \
	PLAIN(p0) FRAMED(p1) RECURSIVE(p2) BRANCHING(p3) REAL(p4) GLOBAL(p5) VARIADIC(p6) PASSING(p7)
#define NAMES(p0, p1, p2, p3, p4, p5, p6, p7) f##p0, f##p1, f##p2, f##p3, f##p4, f##p5, f##p6, f##p7,

/* clang-format off */
#define ALL(X) \
	X(000, 001, 002, 003, 004, 005, 006, 007) \
	X(008, 009, 010, 011, 012, 013, 014, 015) \
	X(016, 017, 018, 019, 020, 021, 022, 023) \
	X(024, 025, 026, 027, 028, 029, 030, 031) \
	X(032, 033, 034, 035, 036, 037, 038, 039) \
	X(040, 041, 042, 043, 044, 045, 046, 047) \
	X(048, 049, 050, 051, 052, 053, 054, 055) \
	X(056, 057, 058, 059, 060, 061, 062, 063) \
	X(064, 065, 066, 067, 068, 069, 070, 071) \
	X(072, 073, 074, 075, 076, 077, 078, 079) \
	X(080, 081, 082, 083, 084, 085, 086, 087) \
	X(088, 089, 090, 091, 092, 093, 094, 095) \
	X(096, 097, 098, 099, 100, 101, 102, 103) \
	X(104, 105, 106, 107, 108, 109, 110, 111) \
	X(112, 113, 114, 115, 116, 117, 118, 119) \
	X(120, 121, 122, 123, 124, 125, 126, 127) \
	X(128, 129, 130, 131, 132, 133, 134, 135) \
	X(136, 137, 138, 139, 140, 141, 142, 143) \
	X(144, 145, 146, 147, 148, 149, 150, 151) \
	X(152, 153, 154, 155, 156, 157, 158, 159) \
	X(160, 161, 162, 163, 164, 165, 166, 167) \
	X(168, 169, 170, 171, 172, 173, 174, 175) \
	X(176, 177, 178, 179, 180, 181, 182, 183) \
	X(184, 185, 186, 187, 188, 189, 190, 191) \
	X(192, 193, 194, 195, 196, 197, 198, 199) \
	X(200, 201, 202, 203, 204, 205, 206, 207) \
	X(208, 209, 210, 211, 212, 213, 214, 215) \
	X(216, 217, 218, 219, 220, 221, 222, 223) \
	X(224, 225, 226, 227, 228, 229, 230, 231) \
	X(232, 233, 234, 235, 236, 237, 238, 239) \
	X(240, 241, 242, 243, 244, 245, 246, 247) \
	X(248, 249, 250, 251, 252, 253, 254, 255)
/* clang-format on */

ALL(EIGHT)

static long (*const functions[])(long, long) = {ALL(NAMES)};

static unsigned long rounds;

static void *work(void *argument)
{
	long sum = 0;

	for (unsigned long round = 0; round < rounds; round++)
		for (unsigned i = 0; i < 256; i++)
			for (unsigned k = 0; k <= i % 5; k++)
				sum += functions[i]((long)i, (long)k);
	*(long *)argument = sum;
	return NULL;
}

int main(int argc, char **argv)
{
	long first = 0, second = 0;
	pthread_t thread;

	rounds = target_number(argc, argv, 1, 20);
	target_ready();
	thread = target_start(work, &first);
	work(&second);
	target_join(thread);
	for (unsigned i = 0; i < 256; i++)
		printf("@[f%03u]: %lu\n", i, atomic_load(&calls[i]));
	return 0;
}
