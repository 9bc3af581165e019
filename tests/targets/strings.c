/* SPDX-License-Identifier: MIT */
/*
 * strings [CAPACITY]: hits strings:text(case, pointer) with texts of many
 * kinds and prints what str(pointer, CAPACITY) should make of each: at most
 * CAPACITY - 1 bytes, ".." behind a text that was cut, nothing for a pointer
 * that cannot be read.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sdt.h>

#include "target.h"

static unsigned long capacity;
static int number;

static void hit(const char *pointer, const char *expected, size_t length)
{
	number++;
	DTRACE_PROBE2(strings, text, number, pointer);
	if (length >= capacity)
		printf("%d [%.*s..]\n", number, (int)capacity - 1, expected);
	else
		printf("%d [%.*s]\n", number, (int)length, expected);
}

static void hit_text(const char *text)
{
	hit(text, text, strlen(text));
}

/* Two readable pages of letters with an unmapped one behind them. */
static char *make_pages(size_t page)
{
	char *pages = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		target_fail("mmap");
	if (munmap(pages + 2 * page, page) != 0)
		target_fail("munmap");
	for (size_t i = 0; i < 2 * page; i++)
		pages[i] = (char)('a' + i % 26);
	return pages;
}

int main(int argc, char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages, *large;

	capacity = target_number(argc, argv, 1, 65536);
	pages = make_pages(page);
	large = malloc(50001);
	if (large == NULL)
		target_fail("malloc");
	memset(large, 'x', 50000);
	large[50000] = '\0';
	target_ready();

	hit_text("");
	hit_text("short");
	hit_text("na\xc3\xafve \xe2\x82\xac");
	hit_text(large);
	/* The NUL is the last byte that can be read. */
	pages[2 * page - 1] = '\0';
	hit_text(pages + 2 * page - 6);
	hit_text(pages + page - 3);
	/* No NUL before the end of what can be read: what there is. */
	pages[2 * page - 1] = 'z';
	hit(pages + 2 * page - 5, pages + 2 * page - 5, 5);
	hit(NULL, "", 0);
	hit((const char *)16, "", 0);
	hit(pages + 2 * page, "", 0);
	hit((const char *)(uintptr_t)0x8000000000000000, "", 0);
	hit((const char *)UINTPTR_MAX, "", 0);
	return 0;
}
