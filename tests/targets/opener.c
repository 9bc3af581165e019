/* SPDX-License-Identifier: MIT */
/*
 * opener LIBRARY [N]: loads LIBRARY (libprobe.so), calls it five times and
 * unloads it, N times over (4); says how often its probes were hit.
 * opener:round(number) is hit before each, so that there is something to attach to.
 */
#include <dlfcn.h>
#include <sys/sdt.h>

#include "target.h"

int main(int argc, char **argv)
{
	unsigned long rounds = target_number(argc, argv, 2, 4);

	if (argc < 2)
		target_fail("usage");
	target_ready();
	for (unsigned long round = 0; round < rounds; round++) {
		void *library;
		void (*work)(int);

		DTRACE_PROBE1(opener, round, round);
		library = dlopen(argv[1], RTLD_NOW);
		if (library == NULL)
			target_fail(dlerror());
		*(void **)&work = dlsym(library, "libprobe_work");
		for (int i = 0; i < 5; i++)
			work(i);
		dlclose(library);
	}
	printf("@constructor: %lu\n@destructor: %lu\n@round: %lu\n@work: %lu\n", 3 * rounds, rounds, rounds,
	       5 * rounds);
	return 0;
}
