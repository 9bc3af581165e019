/* SPDX-License-Identifier: MIT */
/*
 * parts [N]: maps a second time the page of its own file that `copied' is in, as just-in-time compilers do to have
 * what they call near their code, then calls `copied' N times where the loader put it and N times there, and
 * `elsewhere', which is in another page, N times; prints the number of calls of each.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>

#include "target.h"

enum { PAGE = 4096 };

typedef unsigned long function(unsigned long number);

/* Each in a page of its own. They use nothing but their argument, so that they run wherever they lie. */
__attribute__((noinline, aligned(4096))) static unsigned long copied(unsigned long number)
{
	return number * 3;
}

__attribute__((noinline, aligned(4096))) static unsigned long elsewhere(unsigned long number)
{
	return number * 5;
}

__attribute__((noinline, aligned(4096))) static void after(void)
{
}

/* Where in the program's file ADDRESS is. */
static off_t file_offset(uintptr_t address)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uintptr_t start, end, offset;
	char line[512];

	if (!maps)
		target_fail("/proc/self/maps");
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNxPTR, &start, &end, &offset) == 3 &&
		    start <= address && address < end) {
			fclose(maps);
			return (off_t)(address - start + offset);
		}
	}
	errno = ENOENT;
	target_fail("its own text");
}

int main(int argc, char **argv)
{
	unsigned long count = target_number(argc, argv, 1, 10), sum = 0;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	function *there;
	void *page;

	page = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, file_offset((uintptr_t)copied));
	if (page == MAP_FAILED)
		target_fail("mmap");
	there = (function *)(uintptr_t)page;
	target_ready();
	for (unsigned long i = 0; i < count; i++)
		sum += copied(i) + there(i) + elsewhere(i);
	after();
	printf("@func[copied]: %lu\n@func[elsewhere]: %lu\n", 2 * count, count);
	printf("sum %s\n", sum == 11 * (count * (count - 1) / 2) ? "right" : "WRONG");
	return 0;
}
