/* SPDX-License-Identifier: MIT */
/*
 * watched [WRITES]: prints "address 0xADDR" of an 8-byte counter and "function
 * 0xADDR" of a function. `watched' is a struct whose second word is the counter;
 * fill() writes into what it is passed. Then one thread that was there from the beginning and
 * one that is started then write the counter WRITES (100) times each, the main
 * thread reads it ten times, calls the function three times, and fills two
 * words of its stack, one of them thrice afterwards; further lines
 * of input have it do the same again. A thread sleeps meanwhile, whose system
 * call must not come back.
 */
#ifdef __clang__
#define noclone noinline
#define noipa   optnone
#endif

#include <inttypes.h>
#include <poll.h>

#include "target.h"

static struct {
	uint64_t before;
	volatile uint64_t counter;
	uint64_t after;
} watched;

static unsigned long writes;
static atomic_uint woken;
static atomic_bool is_wanted;

static __attribute__((noinline, noclone, noipa)) uint64_t watched_function(uint64_t argument)
{
	return argument * 3;
}

static __attribute__((noinline, noclone, noipa)) void fill(volatile uint64_t *word, uint64_t value)
{
	*word = value;
}

static __attribute__((noinline, noclone, noipa)) void done_with(volatile uint64_t *word)
{
	*word = 0;
}

static void fill_words(void)
{
	volatile uint64_t first = 0, second = 0;

	fill(&first, 1);
	for (unsigned i = 0; i < 3; i++)
		first = i;
	done_with(&first);
	first = second;
	fill(&second, 2);
	done_with(&second);
}

static void write_all(void)
{
	for (unsigned long i = 0; i < writes; i++)
		watched.counter = i;
}

static void *write_once(void *argument)
{
	write_all();
	return argument;
}

static void *write_when_asked(void *argument)
{
	for (;;) {
		while (!atomic_load(&is_wanted))
			usleep(1000);
		write_all();
		atomic_store(&is_wanted, false);
	}
	return argument;
}

static void *sleep_on(void *argument)
{
	poll(NULL, 0, -1);
	atomic_fetch_add(&woken, 1);
	return argument;
}

int main(int argc, char **argv)
{
	uint64_t sum = 0;
	char line[64];

	writes = target_number(argc, argv, 1, 100);
	target_start(sleep_on, NULL);
	target_start(write_when_asked, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("address %p\nfunction %p\n", (void *)&watched.counter, (void *)watched_function);
	target_ready();
	do {
		atomic_store(&is_wanted, true);
		target_join(target_start(write_once, NULL));
		while (atomic_load(&is_wanted))
			usleep(1000);
		for (unsigned i = 0; i < 10; i++)
			sum += watched.counter;
		for (unsigned i = 0; i < 3; i++)
			sum += watched_function(i);
		fill_words();
		watched.before++;
		watched.after++;
		printf("done, woken %u\n", atomic_load(&woken));
	} while (target_read_line(line, sizeof(line)));
	return sum == 0;
}
