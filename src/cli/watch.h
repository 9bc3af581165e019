/* SPDX-License-Identifier: MIT */
/*
 * The engine process's ear for all that is no stop of a tracee: messages and
 * the end of the front process, signals sent to the engine itself, the end of
 * a process that is not traced, a reader of the output that went away. It is
 * a thread of its own, so that leaving can begin whatever the others wait for.
 */
#ifndef USDTRAP_CLI_WATCH_H
#define USDTRAP_CLI_WATCH_H

#include <sys/types.h>

#include <usdtrap/error.h>

#include "cli/link.h"

enum watch_event {
	WATCH_LEAVE,     /* it is time to leave */
	WATCH_INTERRUPT, /* Ctrl-C: leave; the second one says that nobody wants to wait for the output any more */
	WATCH_TERMINATE, /* SIGTERM, SIGHUP, or the front is gone: leave, and wait for nobody long */
};

struct watch_options {
	struct link link; /* the engine's end */
	int output;       /* the script's output: when its reader goes, that is an event */
	pid_t pid;        /* a process whose end is an event; 0: none */
	void (*on_event)(enum watch_event event, void *user); /* on the watching thread, as is the next */
	void (*on_signal)(int number, void *user);            /* the front got SIGUSR1 or SIGUSR2 */
	void *user;
};

/*
 * Blocks SIGINT, SIGTERM and SIGHUP in the calling thread, and so in all it
 * starts from now on, and starts the thread, which runs until the process
 * ends. Errors: NOT_FOUND (there is no process PID), OS, NO_MEMORY.
 */
struct usdtrap_error *watch_start(const struct watch_options *options) USDTRAP_MUST_USE;

#endif
