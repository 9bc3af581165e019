/* SPDX-License-Identifier: MIT */
/*
 * libguarded.so: libguarded_work(number) hits libguarded:work(number) if the
 * probe's semaphore is up and returns the semaphore. Nothing in it needs a
 * relocation, so that whoever maps its segments can call it: mapper.c.
 */
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

__attribute__((section(".probes"), visibility("hidden"))) unsigned short libguarded_work_semaphore;

int libguarded_work(int number);

int libguarded_work(int number)
{
	if (libguarded_work_semaphore)
		DTRACE_PROBE1(libguarded, work, number);
	return libguarded_work_semaphore;
}
