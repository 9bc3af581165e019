/* SPDX-License-Identifier: MIT */
/*
 * caller [ROUNDS]: four threads make ROUNDS (5000) calls of getppid(2) and as
 * many failing ones of close(2) each, and fork now and then; one call is made in
 * the 32-bit convention. Meanwhile one thread sleeps in epoll_wait(2), whose
 * result would tell if somebody had disturbed it. Then how many calls there
 * were, as lines "NAME COUNT", and whether all came out right.
 */
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "target.h"

static unsigned long rounds;
static atomic_ulong forks, wrong, woken;

static void fork_one(void)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		target_fail("fork");
	if (child == 0)
		_exit(7);
	if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7)
		atomic_fetch_add(&wrong, 1);
	atomic_fetch_add(&forks, 1);
}

static void *work(void *argument)
{
	const pid_t parent = getppid();

	for (unsigned long i = 1; i < rounds; i++) {
		if (syscall(SYS_getppid) != parent)
			atomic_fetch_add(&wrong, 1);
		if (syscall(SYS_close, -1) != -1 || errno != EBADF)
			atomic_fetch_add(&wrong, 1);
		if (i % 1000 == 0)
			fork_one();
	}
	syscall(SYS_close, -1);
	return argument;
}

static void *sleep_on(void *argument)
{
	struct epoll_event event;
	int epoll = epoll_create1(0);

	epoll_wait(epoll, &event, 1, -1);
	atomic_fetch_add(&woken, 1);
	return argument;
}

int main(int argc, char **argv)
{
	pthread_t threads[4];
	long result;

	rounds = target_number(argc, argv, 1, 5000);
	target_start(sleep_on, NULL);
	usleep(50000);
	target_ready();
	for (unsigned i = 0; i < 4; i++)
		threads[i] = target_start(work, NULL);
	for (unsigned i = 0; i < 4; i++)
		target_join(threads[i]);
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory"); /* getpid(2) */
	if (result != getpid())
		atomic_fetch_add(&wrong, 1);
	printf("close %lu\ngetppid %lu\nwait4 %lu\nwrong %lu, woken %lu\n", 4 * rounds, 4 * rounds, atomic_load(&forks),
	       atomic_load(&wrong), atomic_load(&woken));
	fflush(stdout);
	_exit(0);
}
