/* SPDX-License-Identifier: MIT */
/*
 * An allocator under load: threads that allocate and free, and hand blocks to
 * one another. Counts every call of the C library's malloc and free, also
 * those that the library itself makes, by standing in front of them, and
 * prints the counts. Arguments: calls a thread, threads.
 */
#include <stdint.h>

#include "target.h"

enum { THREADS_MAX = 16, KEPT = 64 };

void *__libc_malloc(size_t size);
void __libc_free(void *block);

static atomic_ulong malloc_count, free_count, malloc_size;
static _Atomic(void *) handed[KEPT];

void *malloc(size_t size)
{
	atomic_fetch_add(&malloc_count, 1);
	atomic_fetch_add(&malloc_size, size);
	return __libc_malloc(size);
}

void free(void *block)
{
	atomic_fetch_add(&free_count, 1);
	__libc_free(block);
}

static atomic_ulong done;

static void *work(void *argument)
{
	unsigned long count = (unsigned long)(uintptr_t)argument;
	unsigned seed = (unsigned)(uintptr_t)&seed;

	for (unsigned long i = 0; i < count; i++) {
		unsigned place = (seed = seed * 1103515245 + 12345) / 65536 % KEPT;
		size_t size = seed % 3000 + 8;
		unsigned char *block = malloc(size);

		if (!block)
			target_fail("malloc");
		block[0] = (unsigned char)size;
		block[size - 1] = 1;
		free(atomic_exchange(&handed[place], block));
	}
	/* A thread that ends gives back its cache, block by block, by calls that cannot be stood in front of. */
	atomic_fetch_add(&done, 1);
	for (;;)
		pause();
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long count = target_number(argc, argv, 1, 1000);
	unsigned long thread_count = target_number(argc, argv, 2, 4);
	char text[128];

	target_ready();
	atomic_store(&malloc_count, 0);
	atomic_store(&malloc_size, 0);
	atomic_store(&free_count, 0);
	for (unsigned long i = 0; i < thread_count && i < THREADS_MAX; i++)
		target_start(work, (void *)(uintptr_t)count);
	while (atomic_load(&done) < thread_count)
		usleep(1000);
	snprintf(text, sizeof(text), "@free: %lu\n@malloc: %lu\n@size: %lu\n", (unsigned long)free_count,
		 (unsigned long)malloc_count, (unsigned long)malloc_size);
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		target_fail("write");
	_exit(0);
}
