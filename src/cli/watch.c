/* SPDX-License-Identifier: MIT */
#include "cli/watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/link.h"

enum { FROM_FRONT, SIGNALS, PROCESS, OUTPUT, SOURCE_COUNT };

/* How often a process is looked at that cannot be polled. */
#define LOOK_MS 100

struct watch {
	struct watch_options options;
	pid_t looked_at;                     /* a process that cannot be polled, or 0 */
	struct pollfd sources[SOURCE_COUNT]; /* fd -1: no longer, or never, of interest */
};

static void tell(const struct watch *watch, enum watch_event event)
{
	watch->options.on_event(event, watch->options.user);
}

static void on_front(struct watch *watch)
{
	struct link_message message;

	if (!link_receive(watch->options.link, &message)) {
		watch->sources[FROM_FRONT].fd = -1;
		tell(watch, WATCH_TERMINATE);
	} else if (message.word == LINK_SIGNAL && (message.value == SIGUSR1 || message.value == SIGUSR2)) {
		watch->options.on_signal(message.value, watch->options.user);
	} else if (message.word == LINK_SIGNAL) {
		tell(watch, message.value == SIGINT ? WATCH_INTERRUPT : WATCH_TERMINATE);
	}
}

/*
 * Somebody sent a signal to this very process. `pkill -INT usdtrap' sends it
 * to both, and the front passes its own on: this one must not count as a
 * second Ctrl-C.
 */
static void on_signal(struct watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->sources[SIGNALS].fd, &info, sizeof(info)) == sizeof(info))
		tell(watch, info.ssi_signo == SIGINT ? WATCH_LEAVE : WATCH_TERMINATE);
}

static void look_at_process(struct watch *watch)
{
	if (kill(watch->looked_at, 0) < 0 && errno == ESRCH) {
		watch->looked_at = 0;
		tell(watch, WATCH_LEAVE);
	}
}

static void *watch_main(void *user)
{
	struct watch *watch = user;

	for (;;) {
		if (poll(watch->sources, SOURCE_COUNT, watch->looked_at ? LOOK_MS : -1) < 0)
			continue;
		if (watch->looked_at)
			look_at_process(watch);
		if (watch->sources[FROM_FRONT].revents)
			on_front(watch);
		if (watch->sources[SIGNALS].revents)
			on_signal(watch);
		for (int source = PROCESS; source <= OUTPUT; source++) {
			if (watch->sources[source].revents) {
				watch->sources[source].fd = -1;
				tell(watch, WATCH_LEAVE);
			}
		}
	}
	return NULL;
}

/*
 * A descriptor that can be polled for the end of PID (pidfd_open(2), which
 * glibc has since 2.36 only), or -1 where there is none: before Linux 5.3, and
 * in containers whose seccomp filter is older than that.
 */
static int open_process(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

struct usdtrap_error *watch_start(const struct watch_options *options)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int error_number;
	sigset_t signals;
	pthread_t thread;

	if (!watch)
		return &error_no_memory;
	if (options->pid && kill(options->pid, 0) < 0 && errno == ESRCH) {
		free(watch);
		return error_hint(error_create(USDTRAP_NOT_FOUND, "no process %d", (int)options->pid),
				  "list processes: ps -e");
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	watch->options = *options;
	watch->sources[FROM_FRONT] = (struct pollfd){.fd = options->link.in, .events = POLLIN};
	watch->sources[SIGNALS] = (struct pollfd){.fd = signalfd(-1, &signals, SFD_CLOEXEC), .events = POLLIN};
	watch->sources[PROCESS] =
		(struct pollfd){.fd = options->pid ? open_process(options->pid) : -1, .events = POLLIN};
	if (options->pid && watch->sources[PROCESS].fd < 0)
		watch->looked_at = options->pid;
	/* Without any event asked for, poll(2) still tells that a pipe's reader or a terminal is gone. */
	watch->sources[OUTPUT] = (struct pollfd){.fd = options->output};
	error_number = pthread_create(&thread, NULL, watch_main, watch);
	if (error_number) {
		free(watch);
		return error_os(error_number, "cannot start the thread that watches");
	}
	pthread_detach(thread);
	return NULL;
}
