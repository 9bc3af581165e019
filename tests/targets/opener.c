/* SPDX-License-Identifier: MIT */
/*
 * opener LIBRARY [N [PATH]]: loads LIBRARY (libprobe.so), says "loaded", waits
 * for a line, calls it five times and unloads it, N times over (4), each time at
 * another address, every other time by PATH; says how often its probes were hit.
 * opener:round(number) is hit before each, so that there is something to attach to.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sdt.h>

#include "target.h"

/* Sees to it that nothing is loaded where ADDRESS lies. */
static void block(void *address)
{
	void *page = (void *)((uintptr_t)address & ~(uintptr_t)4095);

	if (mmap(page, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED &&
	    errno != EEXIST)
		target_fail("mmap");
}

int main(int argc, char **argv)
{
	unsigned long rounds = target_number(argc, argv, 2, 4);
	char line[64];

	if (argc < 2)
		target_fail("usage");
	target_ready();
	for (unsigned long round = 0; round < rounds; round++) {
		const char *path = argc > 3 && round % 2 == 1 ? argv[3] : argv[1];
		void *library, *address;
		void (*work)(int);

		DTRACE_PROBE1(opener, round, round);
		library = dlopen(path, RTLD_NOW);
		if (library == NULL)
			target_fail(dlerror());
		puts("loaded");
		target_read_line(line, sizeof(line));
		address = dlsym(library, "libprobe_work");
		*(void **)&work = address;
		for (int i = 0; i < 5; i++)
			work(i);
		dlclose(library);
		block(address);
	}
	printf("@constructor: %lu\n@destructor: %lu\n@round: %lu\n@work: %lu\n", 3 * rounds, rounds, rounds,
	       5 * rounds);
	return 0;
}
