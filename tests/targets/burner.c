/* SPDX-License-Identifier: MIT */
/*
 * burner: two threads called "burner" keep a processor busy each, in burn(),
 * which outer() calls; a thread called "sleeper" waits in a system call. After
 * a line of input it says whether that came back.
 */
#include <sys/epoll.h>
#include <sys/prctl.h>

#include "target.h"

static atomic_uint woken;
static atomic_bool is_over;
static volatile unsigned long sink;

static __attribute__((noinline)) void burn(void)
{
	for (unsigned i = 0; i < 100000; i++)
		sink += i;
}

static __attribute__((noinline)) void outer(void)
{
	while (!atomic_load(&is_over))
		burn();
	sink++;
}

static void *run(void *argument)
{
	prctl(PR_SET_NAME, "burner");
	outer();
	return argument;
}

static void *sleep_on(void *argument)
{
	struct epoll_event event;

	prctl(PR_SET_NAME, "sleeper");
	epoll_wait(epoll_create1(0), &event, 1, -1);
	atomic_fetch_add(&woken, 1);
	return argument;
}

int main(void)
{
	pthread_t first, second;

	target_start(sleep_on, NULL);
	first = target_start(run, NULL);
	second = target_start(run, NULL);
	prctl(PR_SET_NAME, "main");
	usleep(50000);
	target_ready();
	atomic_store(&is_over, true);
	target_join(first);
	target_join(second);
	printf("woken %u\n", atomic_load(&woken));
	fflush(stdout);
	_exit(0);
}
