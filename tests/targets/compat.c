/* SPDX-License-Identifier: MIT */
/*
 * compat: an i386 program with a probe, compat:tick(number), that sleeps for ever. It uses no
 * library, so that a compiler without 32-bit ones can build it.
 */
#include <sys/sdt.h>

void _start(void);

void _start(void)
{
	int result;

	for (int number = 0;; number++) {
		DTRACE_PROBE1(compat, tick, number);
		/* pause(2) is system call 29 there. */
		__asm__ volatile("int $0x80" : "=a"(result) : "a"(29) : "memory");
	}
}
