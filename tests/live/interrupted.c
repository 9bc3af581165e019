/* SPDX-License-Identifier: MIT */
/*
 * Children that sleep in system calls are interrupted (PTRACE_INTERRUPT) and
 * let go on: those that signal(7) calls never restarted see EINTR, unless
 * arch->restart_interrupted_call() has its way; the others never do. So says
 * signal(7), and so the kernel that runs this is asked. Prints what went
 * otherwise; exits 77 where nothing may be traced.
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arch/arch.h"
#include "os/ptrace.h"

enum { WAIT_MS = 60000 };

/* What parent and child have in common. */
static int ends[2];    /* a pair of sockets: the child sleeps on [0], the parent writes to [1] */
static int semaphores; /* semget(2) */
static _Atomic(uint32_t) *word;

static const struct timespec wait_time = {.tv_sec = WAIT_MS / 1000};

/* Each sleeps in its one system call until the parent wakes it. */

static long sleep_epoll_wait(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int fd = epoll_create1(0);

	return epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &event) ? -1 : epoll_wait(fd, &event, 1, WAIT_MS);
}

static long sleep_epoll_pwait(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	int fd = epoll_create1(0);
	sigset_t mask;

	sigfillset(&mask);
	return epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &event) ? -1 : epoll_pwait(fd, &event, 1, WAIT_MS, &mask);
}

static long sleep_poll(void)
{
	struct pollfd polled = {.fd = ends[0], .events = POLLIN};

	return poll(&polled, 1, WAIT_MS);
}

static long sleep_select(void)
{
	struct timeval timeout = {.tv_sec = WAIT_MS / 1000};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return select(ends[0] + 1, &set, NULL, NULL, &timeout);
}

static long sleep_read(void)
{
	char byte;

	return read(ends[0], &byte, 1);
}

static long sleep_recv_with_timeout(void)
{
	struct timeval timeout = {.tv_sec = WAIT_MS / 1000};
	char byte;

	return setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ? -1
										       : recv(ends[0], &byte, 1, 0);
}

static long sleep_semop(void)
{
	struct sembuf take = {.sem_op = -1};

	return semop(semaphores, &take, 1);
}

static long sleep_sigtimedwait(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return sigtimedwait(&set, NULL, &wait_time);
}

/* A wait that is entered again after the word has changed ends at once. */
static long wait_for_word(const struct timespec *timeout)
{
	long result = syscall(SYS_futex, word, FUTEX_WAIT, 0, timeout);

	return result < 0 && errno == EAGAIN ? 0 : result;
}

static long sleep_futex(void)
{
	return wait_for_word(NULL);
}

static long sleep_futex_with_timeout(void)
{
	return wait_for_word(&wait_time);
}

static long sleep_nanosleep(void)
{
	const struct timespec moment = {.tv_nsec = 300000000};

	return nanosleep(&moment, NULL);
}

static const struct sleeper {
	const char *name;
	long (*sleep)(void);
	bool is_never_restarted; /* signal(7): by no SA_RESTART */
} sleepers[] = {
	{"epoll_wait", sleep_epoll_wait, true},
	{"epoll_pwait", sleep_epoll_pwait, true},
	{"semop", sleep_semop, true},
	{"sigtimedwait", sleep_sigtimedwait, true},
	{"recv with a timeout", sleep_recv_with_timeout, true},
	{"read", sleep_read, false},
	{"poll", sleep_poll, false},
	{"select", sleep_select, false},
	{"futex", sleep_futex, false},
	{"futex with a timeout", sleep_futex_with_timeout, false},
	{"nanosleep", sleep_nanosleep, false},
};

static pid_t start(const struct sleeper *sleeper)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (sleeper->sleep() >= 0)
		_exit(0);
	_exit(errno == EINTR ? EINTR : 1);
}

/* Is PID blocked in a system call? proc(5), /proc/PID/syscall. */
static bool is_asleep(pid_t pid)
{
	char path[64], text[16];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file)) {
		perror(path);
		exit(77);
	}
	fclose(file);
	return text[0] != 'r' && text[0] != '-'; /* "running", "-1" */
}

static void wake(pid_t pid)
{
	struct sembuf give = {.sem_op = 1};

	if (write(ends[1], "x", 1) != 1 || semop(semaphores, &give, 1) || kill(pid, SIGUSR1))
		abort();
	atomic_store(word, 1);
	syscall(SYS_futex, word, FUTEX_WAKE, 1);
}

static void must(struct usdtrap_error *error)
{
	if (!error)
		return;
	printf("%s\n", usdtrap_error_message(error));
	exit(usdtrap_error_code(error) == USDTRAP_PERMISSION ? 77 : 1);
}

static int wait_for_change(void)
{
	pid_t tid;
	int status;

	if (ptrace_wait(true, &tid, &status) != PTRACE_WAIT_STATUS)
		abort();
	return status;
}

/* Interrupts the sleeping child PID and lets it go on, with the call restarted where IS_CURED. Returns its result. */
static int disturb(pid_t pid, bool is_cured)
{
	struct arch_registers registers;
	struct ptrace_stop stop;
	bool is_attached;

	must(ptrace_seize(pid, 0, &is_attached));
	must(ptrace_interrupt(pid));
	if (ptrace_classify(wait_for_change()).kind != PTRACE_STOP_EVENT_STOP)
		abort();
	must(ptrace_get_registers(pid, &registers));
	if (is_cured && arch_x86_64.restart_interrupted_call(&registers, false))
		must(ptrace_set_registers(pid, &registers));
	must(ptrace_continue(pid, 0));
	wake(pid);
	for (;;) {
		stop = ptrace_classify(wait_for_change());
		if (stop.kind == PTRACE_STOP_EXITED)
			return stop.value;
		must(ptrace_continue(pid, stop.kind == PTRACE_STOP_SIGNAL ? stop.value : 0));
	}
}

/* One sleeper, with everything as at the beginning. */
static int run(const struct sleeper *sleeper, bool is_cured)
{
	pid_t pid;
	int result;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		abort();
	semaphores = semget(IPC_PRIVATE, 1, 0600);
	atomic_store(word, 0);
	pid = start(sleeper);
	while (!is_asleep(pid))
		usleep(1000);
	result = disturb(pid, is_cured);
	semctl(semaphores, 0, IPC_RMID);
	close(ends[0]);
	close(ends[1]);
	return result;
}

int main(void)
{
	int failed = 0;
	sigset_t set;

	/* The children wait for it, and inherit that it is blocked. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	word = mmap(NULL, sizeof(*word), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (word == MAP_FAILED)
		abort();
	for (size_t i = 0; i < sizeof(sleepers) / sizeof(sleepers[0]); i++) {
		for (int is_cured = 0; is_cured < 2; is_cured++) {
			int expected = sleepers[i].is_never_restarted && !is_cured ? EINTR : 0;
			int result = run(&sleepers[i], is_cured);

			if (result != expected) {
				printf("%s, %s: %d, not %d\n", sleepers[i].name, is_cured ? "cured" : "not cured",
				       result, expected);
				failed = 1;
			}
		}
	}
	return failed;
}
