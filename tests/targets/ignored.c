/* SPDX-License-Identifier: MIT */
/*
 * ignored [ROUNDS [BUSY]]: the first thread sleeps in calls that a signal
 * handler would end with EINTR, ROUNDS times (2000). Each time a signal comes
 * that the program ignores, and which without a tracer wakes nobody: SIGWINCH,
 * SIGURG, SIGCHLD from a child of that thread. BUSY threads (1) hit
 * ignored:tick meanwhile, without pause. Prints how many calls came back
 * before they should.
 */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sdt.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "target.h"

enum { WAKING_SIGNAL = SIGUSR2, MOMENT_US = 300, BUSY_MAX = 16 };

static const int signals[] = {SIGWINCH, SIGURG, SIGCHLD};
enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };

static unsigned rounds, woken;
static atomic_uint asleep, roused; /* the round that the first thread sleeps in, from 1; the last it was woken from */
static atomic_bool is_over;

/* What the first thread waits for. */
static int event; /* eventfd(2) */
static int sockets[2];
static int semaphore;

/* ---- The calls that signal(7) says are never restarted after a handler, and some that are ---------------------------
 */

static long in_epoll_wait(void)
{
	struct epoll_event polled = {.events = EPOLLIN};
	int epoll = epoll_create1(0);
	long result;

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, event, &polled) != 0)
		target_fail("epoll");
	result = epoll_wait(epoll, &polled, 1, 30000);
	close(epoll);
	return result;
}

static long in_poll(void)
{
	struct pollfd descriptor = {.fd = event, .events = POLLIN};

	return poll(&descriptor, 1, 30000);
}

static long in_semtimedop(void)
{
	struct sembuf take = {.sem_op = -1};

	return semtimedop(semaphore, &take, 1, &(struct timespec){.tv_sec = 30});
}

static long in_sigtimedwait(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, WAKING_SIGNAL);
	return sigtimedwait(&set, NULL, &(struct timespec){.tv_sec = 30});
}

static long in_recv(void)
{
	char byte;

	return recv(sockets[0], &byte, 1, 0);
}

static long in_nanosleep(void)
{
	return nanosleep(&(struct timespec){.tv_nsec = 2 * MOMENT_US * 1000}, NULL);
}

static const struct {
	const char *name;
	long (*sleep)(void);
} calls[] = {
	{"epoll_wait", in_epoll_wait},
	{"semtimedop", in_semtimedop},
	{"sigtimedwait", in_sigtimedwait},
	{"recv", in_recv},
	{"poll", in_poll},
	{"nanosleep", in_nanosleep},
};
enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

/* Whatever the first thread sleeps in, it comes back. */
static void wake(unsigned round)
{
	struct sembuf give = {.sem_op = 1};

	if (eventfd_write(event, 1) != 0 || write(sockets[1], "x", 1) != 1 || semop(semaphore, &give, 1) != 0)
		target_fail("wake");
	/* Not by pthread_kill(3): a thread that changes its signal mask takes what is pending for others, traced or
	 * not. */
	syscall(SYS_tgkill, getpid(), getpid(), WAKING_SIGNAL);
	atomic_store(&roused, round + 1);
}

/* Takes all that it was woken by and did not wait for. */
static void drain(void)
{
	const struct timespec none = {0};
	struct sembuf take = {.sem_op = -1, .sem_flg = IPC_NOWAIT};
	eventfd_t value;
	char byte;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, WAKING_SIGNAL);
	eventfd_read(event, &value);
	while (recv(sockets[0], &byte, 1, MSG_DONTWAIT) > 0)
		;
	while (semop(semaphore, &take, 1) == 0)
		;
	while (sigtimedwait(&set, NULL, &none) > 0)
		;
}

static void sleep_through(unsigned round)
{
	const unsigned call = round / SIGNALS % CALLS;
	long result;

	atomic_store(&asleep, round + 1);
	result = calls[call].sleep();
	if (result < 0) {
		woken++;
		printf("%s: %s\n", calls[call].name, strerror(errno));
	}
	while (atomic_load(&roused) != round + 1)
		usleep(MOMENT_US / 4);
	drain();
}

/* A child that is about to end; its SIGCHLD goes to the thread that made it. */
static void be_parent(void)
{
	pid_t child = fork();

	if (child < 0)
		target_fail("fork");
	if (child == 0) {
		usleep(2 * MOMENT_US);
		_exit(0);
	}
}

static void *disturb(void *argument)
{
	for (unsigned round = 0; round < rounds; round++) {
		while (atomic_load(&asleep) != round + 1)
			usleep(MOMENT_US / 4);
		usleep(MOMENT_US);
		if (signals[round % SIGNALS] != SIGCHLD)
			kill(getpid(), signals[round % SIGNALS]);
		else
			while (waitpid(-1, NULL, 0) < 0)
				;
		usleep(MOMENT_US);
		wake(round);
	}
	return argument;
}

static void *be_busy(void *argument)
{
	unsigned long n = 0;

	while (!atomic_load(&is_over)) {
		DTRACE_PROBE1(ignored, tick, n);
		n++;
	}
	return argument;
}

int main(int argc, char **argv)
{
	const struct timeval timeout = {.tv_sec = 30};
	const unsigned busy = (unsigned)target_number(argc, argv, 2, 1);
	pthread_t workers[BUSY_MAX];
	pthread_t disturber;
	sigset_t set;

	rounds = (unsigned)target_number(argc, argv, 1, 2000);
	sigemptyset(&set);
	sigaddset(&set, WAKING_SIGNAL);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	event = eventfd(0, EFD_NONBLOCK);
	semaphore = semget(IPC_PRIVATE, 1, 0600);
	if (event < 0 || semaphore < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0 ||
	    setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0)
		target_fail("what to wait for");
	for (unsigned i = 0; i < busy && i < BUSY_MAX; i++)
		workers[i] = target_start(be_busy, NULL);
	target_ready();
	disturber = target_start(disturb, NULL);
	for (unsigned round = 0; round < rounds; round++) {
		if (signals[round % SIGNALS] == SIGCHLD)
			be_parent();
		sleep_through(round);
	}
	target_join(disturber);
	atomic_store(&is_over, true);
	for (unsigned i = 0; i < busy && i < BUSY_MAX; i++)
		target_join(workers[i]);
	semctl(semaphore, 0, IPC_RMID);
	printf("rounds %u, woken %u\n", rounds, woken);
	return 0;
}
