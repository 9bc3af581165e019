/* SPDX-License-Identifier: MIT */
/*
 * stacked [N]: comes to one probe by many ways, and says each time what its
 * stack is, as the C compiler's own unwinder walks it: a line "stack", then the
 * return addresses, the innermost first. Then N hits of another probe in the
 * depth of some 24 calls.
 */
#include <alloca.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sdt.h>
#include <ucontext.h>

#include "target.h"

static volatile int sink;

/* Everybody comes here. The first address that backtrace(3) finds is inside this function, so it is left out. */
static __attribute__((noinline)) void report(void)
{
	void *addresses[100];
	int count = backtrace(addresses, 100);

	printf("stack\n");
	for (int i = 1; i < count; i++)
		printf("%p\n", addresses[i]);
	fflush(stdout);
	DTRACE_PROBE(stacked, here);
	sink++;
}

static __attribute__((noinline)) void plain(int depth)
{
	if (depth == 0)
		report();
	else
		plain(depth - 1);
	sink++;
}

/* A frame whose size only shows while it runs: it has a frame pointer, whatever the compiler was told. */
static __attribute__((noinline)) void sized(size_t size)
{
	char *room = alloca(size);

	memset(room, 1, size);
	sink += room[size / 2];
	report();
	sink++;
}

/* Larger than what a tracer would read at once. */
static __attribute__((noinline)) void large(void)
{
	char room[50000];

	memset(room, 1, sizeof(room));
	sink += room[sink];
	plain(2);
	sink += room[100];
}

static int compare(const void *a, const void *b)
{
	static int calls;

	if (calls++ == 0)
		report();
	return *(const int *)a - *(const int *)b;
}

static void through_a_library(void)
{
	int numbers[] = {3, 1, 2};

	qsort(numbers, 3, sizeof(numbers[0]), compare);
	sink += numbers[0];
}

static void on_signal(int signal)
{
	(void)signal;
	report();
	sink++;
}

static void through_a_signal(int flags)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	sink++;
}

/* The handler interrupts an instruction, not a call. */
static void on_fault(int signal, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;

	(void)signal;
	report();
	mprotect((void *)((uintptr_t)info->si_addr & ~(uintptr_t)0xfff), 4096, PROT_READ | PROT_WRITE);
	sink += (int)interrupted->uc_flags;
}

static __attribute__((noinline)) void faulting(volatile char *page)
{
	page[10] = 1;
	sink++;
}

static void through_a_fault(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
	char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	faulting(page);
	sink++;
}

static void *on_thread(void *argument)
{
	plain(1);
	return argument;
}

static void through_a_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, on_thread, NULL);
	pthread_join(thread, NULL);
}

static __attribute__((noinline)) void deep(int depth, unsigned long count)
{
	if (depth > 0)
		deep(depth - 1, count);
	else
		for (unsigned long i = 0; i < count; i++)
			DTRACE_PROBE(stacked, deep);
	sink++;
}

int main(int argc, char **argv)
{
	void *warm[1];

	backtrace(warm, 1); /* loads the unwinder */
	target_ready();
	plain(0);
	plain(3);
	plain(60);
	sized(100);
	sized(5000);
	large();
	through_a_library();
	through_a_signal(0);
	through_a_signal(SA_ONSTACK);
	through_a_fault();
	through_a_thread();
	deep(20, target_number(argc, argv, 1, 0));
	return 0;
}
