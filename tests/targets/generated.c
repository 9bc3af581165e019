/* SPDX-License-Identifier: MIT */
/*
 * generated [CALLS]: makes a function at run time, as just-in-time compilers
 * do, which calls called(); called() is then called by it CALLS (10) times and
 * by main() as often. Prints the sum of what it returned.
 */
#include <stdint.h>
#include <sys/mman.h>

#include "target.h"

#ifdef __clang__
#define noclone noinline
#define noipa   optnone
#endif

static __attribute__((noinline, noclone, noipa)) long called(long number)
{
	return number + 1;
}

/* sub $8,%rsp; movabs $called,%rax; call *%rax; add $8,%rsp; ret */
static void *generate(void)
{
	uint8_t code[] = {0x48, 0x83, 0xec, 0x08, 0x48, 0xb8, 0,    0,    0,    0,   0,
			  0,    0,    0,    0xff, 0xd0, 0x48, 0x83, 0xc4, 0x08, 0xc3};
	const uint64_t address = (uint64_t)called;
	void *page = mmap(NULL, sizeof(code), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(code + 6, &address, sizeof(address));
	if (page == MAP_FAILED)
		target_fail("mmap");
	memcpy(page, code, sizeof(code));
	if (mprotect(page, sizeof(code), PROT_READ | PROT_EXEC) != 0)
		target_fail("mprotect");
	return page;
}

int main(int argc, char **argv)
{
	const unsigned long calls = target_number(argc, argv, 1, 10);
	long (*function)(long) = (long (*)(long))generate();
	long sum = 0;

	target_ready();
	for (unsigned long i = 0; i < calls; i++) {
		sum += function((long)i);
		sum += called((long)i);
	}
	printf("sum %ld\n", sum);
	return 0;
}
