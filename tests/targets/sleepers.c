/* SPDX-License-Identifier: MIT */
/*
 * sleepers: threads that block in one system call each, for ever. A call that
 * comes back before it should, which an interrupted one does with EINTR, is
 * noted. Nothing hits a probe here, since sleeping threads have none to hit:
 * sleepers:never is there to be attached to.
 */
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/sdt.h>
#include <sys/select.h>
#include <time.h>

#include "target.h"

struct sleeper {
	const char *name;
	long (*sleep)(void);
};

static sem_t never;
static int quiet_pipe[2];
static atomic_uint asleep, woken;

static long sleep_epoll_wait(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int epoll = epoll_create1(0);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, quiet_pipe[0], &event) != 0)
		target_fail("epoll");
	return epoll_wait(epoll, &event, 1, -1);
}

static long sleep_epoll_wait_timeout(void)
{
	struct epoll_event event;
	int epoll = epoll_create1(0);

	return epoll_wait(epoll, &event, 1, 3600000);
}

static long sleep_poll(void)
{
	struct pollfd descriptor = {.fd = quiet_pipe[0], .events = POLLIN};

	return poll(&descriptor, 1, 3600000);
}

static long sleep_select(void)
{
	struct timeval hour = {.tv_sec = 3600};

	return select(0, NULL, NULL, NULL, &hour);
}

static long sleep_sem_wait(void)
{
	return sem_wait(&never);
}

static long sleep_sem_timedwait(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 3600;
	return sem_timedwait(&never, &until);
}

static long sleep_nanosleep(void)
{
	return nanosleep(&(struct timespec){.tv_sec = 3600}, NULL);
}

static long sleep_read(void)
{
	char byte;

	return read(quiet_pipe[0], &byte, 1);
}

static long sleep_sigtimedwait(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return sigtimedwait(&set, NULL, &(struct timespec){.tv_sec = 3600});
}

static long sleep_pause(void)
{
	return pause();
}

static const struct sleeper sleepers[] = {
	{"epoll_wait", sleep_epoll_wait},
	{"epoll_wait with a timeout", sleep_epoll_wait_timeout},
	{"poll", sleep_poll},
	{"select", sleep_select},
	{"sem_wait", sleep_sem_wait},
	{"sem_timedwait", sleep_sem_timedwait},
	{"nanosleep", sleep_nanosleep},
	{"read", sleep_read},
	{"sigtimedwait", sleep_sigtimedwait},
	{"pause", sleep_pause},
};

static void *body(void *argument)
{
	const struct sleeper *sleeper = argument;
	long result;

	atomic_fetch_add(&asleep, 1);
	result = sleeper->sleep();
	atomic_fetch_add(&woken, 1);
	printf("%s returned %ld: %s\n", sleeper->name, result, strerror(errno));
	return NULL;
}

int main(void)
{
	const unsigned count = sizeof(sleepers) / sizeof(sleepers[0]);
	sigset_t set;

	/* For sigtimedwait: blocked everywhere, so that only it takes the signal. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sem_init(&never, 0, 0);
	if (pipe(quiet_pipe) != 0)
		target_fail("pipe");
	for (unsigned i = 0; i < count; i++)
		target_start(body, (void *)&sleepers[i]);
	while (atomic_load(&asleep) < count)
		usleep(1000);
	usleep(100000);
	target_ready();
	if (atomic_load(&woken) > count)
		DTRACE_PROBE(sleepers, never);
	printf("asleep %u, woken %u\n", atomic_load(&asleep), atomic_load(&woken));
	fflush(stdout);
	_exit(0);
}
