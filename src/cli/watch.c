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

struct watch {
	struct watch_options options;
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

static void *watch_main(void *user)
{
	struct watch *watch = user;

	for (;;) {
		if (poll(watch->sources, SOURCE_COUNT, -1) < 0)
			continue;
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

/* glibc has pidfd_open(2) since 2.36 only. Linux has it since 5.3. */
static struct usdtrap_error *open_process(pid_t pid, int *ret)
{
	int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);

	if (descriptor < 0 && errno == ESRCH)
		return error_create(USDTRAP_GONE, "there is no process %d", (int)pid);
	if (descriptor < 0)
		return error_os(errno, "cannot watch process %d", (int)pid);
	*ret = descriptor;
	return NULL;
}

struct usdtrap_error *watch_start(const struct watch_options *options)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct usdtrap_error *error = NULL;
	int process = -1, error_number;
	sigset_t signals;
	pthread_t thread;

	if (!watch)
		return &error_no_memory;
	if (options->pid)
		error = open_process(options->pid, &process);
	if (error) {
		free(watch);
		return error;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	watch->options = *options;
	watch->sources[FROM_FRONT] = (struct pollfd){.fd = options->link, .events = POLLIN};
	watch->sources[SIGNALS] = (struct pollfd){.fd = signalfd(-1, &signals, SFD_CLOEXEC), .events = POLLIN};
	watch->sources[PROCESS] = (struct pollfd){.fd = process, .events = POLLIN};
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
