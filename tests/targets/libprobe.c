/* SPDX-License-Identifier: MIT */
/*
 * libprobe.so: hits libprobe:constructor(number) three times when it is
 * loaded, libprobe:work(number) when asked, and libprobe:destructor at its end.
 */
#include <sys/sdt.h>

#include "libprobe.h"

__attribute__((constructor)) static void construct(void)
{
	for (int i = 1; i <= 3; i++)
		DTRACE_PROBE1(libprobe, constructor, i);
}

__attribute__((destructor)) static void destruct(void)
{
	DTRACE_PROBE(libprobe, destructor);
}

void libprobe_work(int number)
{
	DTRACE_PROBE1(libprobe, work, number);
}
