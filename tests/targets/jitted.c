/* SPDX-License-Identifier: MIT */
/*
 * jitted: compiles a function while it runs, tells its name as just-in-time
 * compilers do, in /tmp/perf-PID.map with the PID that it has in its own
 * namespace, and calls jitted:here(its own pid) through it, once for each line
 * of input.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sdt.h>

#include "target.h"

static __attribute__((noinline)) void hit(void)
{
	DTRACE_PROBE1(jitted, here, getpid());
}

/* A function that calls the one it is given. */
static void *compile(void)
{
	static const uint8_t code[] = {
		0x55,             /* push %rbp */
		0x48, 0x89, 0xe5, /* mov %rsp,%rbp */
		0xff, 0xd7,       /* call *%rdi */
		0x5d,             /* pop %rbp */
		0xc3,             /* ret */
	};
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		target_fail("mmap");
	memcpy(memory, code, sizeof(code));
	mprotect(memory, 4096, PROT_READ | PROT_EXEC);
	return memory;
}

int main(void)
{
	void *memory = compile();
	void (*function)(void (*)(void));
	char path[64], line[64];
	FILE *map;

	*(void **)&function = memory;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	map = fopen(path, "w");
	if (map == NULL)
		target_fail(path);
	fprintf(map, "%lx 8 compiled_function\n", (unsigned long)memory);
	fclose(map);
	target_ready();
	while (target_read_line(line, sizeof(line))) {
		function(hit);
		puts(line);
	}
	unlink(path);
	return 0;
}
