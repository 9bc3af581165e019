/* SPDX-License-Identifier: MIT */
/*
 * coroutines [N]: sixteen coroutines, each of which calls `work' N times and gives way within it; two threads carry
 * them on in turns, so that every call begins in one thread and returns in the other. Prints how often `work'
 * returned what.
 */
#include <stdint.h>
#include <ucontext.h>

#include "target.h"

enum { COROUTINES = 16, STACK = 64 * 1024, VALUES = 4 };

struct coroutine {
	ucontext_t context;
	char *stack;
	bool is_done;
};

static struct coroutine coroutines[COROUTINES];
static ucontext_t carriers[2];
static unsigned long count;
static unsigned long returned[VALUES];
static pthread_barrier_t turn;
static int carrier;      /* whose turn it is */
static unsigned carried; /* in memory: a register is not to be trusted behind a swapcontext(3) */

static void give_way(struct coroutine *self)
{
	swapcontext(&self->context, &carriers[carrier]);
}

__attribute__((noinline)) static unsigned long work(struct coroutine *self, unsigned long number)
{
	give_way(self);
	return number % VALUES;
}

static void coroutine_main(unsigned index)
{
	struct coroutine *self = &coroutines[index];

	for (unsigned long i = 0; i < count; i++)
		returned[work(self, i)]++;
	self->is_done = true;
	give_way(self);
}

static void prepare(struct coroutine *coroutine, unsigned index)
{
	coroutine->stack = malloc(STACK);
	if (!coroutine->stack || getcontext(&coroutine->context) != 0)
		target_fail("a coroutine");
	coroutine->context.uc_stack.ss_sp = coroutine->stack;
	coroutine->context.uc_stack.ss_size = STACK;
	makecontext(&coroutine->context, (void (*)(void))coroutine_main, 1, index);
}

/* Makes every second round, while the other carrier waits. */
static void *carry(void *argument)
{
	const int self = (int)(intptr_t)argument;

	for (volatile unsigned long round = 0; round <= count; round++) {
		if ((int)(round % 2) == self) {
			carrier = self;
			for (carried = 0; carried < COROUTINES; carried++)
				swapcontext(&carriers[self], &coroutines[carried].context);
		}
		pthread_barrier_wait(&turn);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t other;

	count = target_number(argc, argv, 1, 100);
	pthread_barrier_init(&turn, NULL, 2);
	for (unsigned i = 0; i < COROUTINES; i++)
		prepare(&coroutines[i], i);
	target_ready();
	if (pthread_create(&other, NULL, carry, (void *)1) != 0)
		target_fail("pthread_create");
	carry(NULL);
	pthread_join(other, NULL);
	for (unsigned i = 0; i < COROUTINES; i++) {
		if (!coroutines[i].is_done)
			target_fail("a coroutine was left behind");
		free(coroutines[i].stack);
	}
	for (unsigned i = 0; i < VALUES; i++)
		printf("@[%u]: %lu\n", i, returned[i]);
	return 0;
}
