/* SPDX-License-Identifier: MIT */
/* A session, for the files that its public functions are in. */
#ifndef USDTRAP_TRACE_SESSION_INTERNAL_H
#define USDTRAP_TRACE_SESSION_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/session.h>

#include "trace/engine.h"

enum request { REQUEST_NONE, REQUEST_ATTACH, REQUEST_ATTACH_MACHINE, REQUEST_REPAIR, REQUEST_RUN, REQUEST_DETACH };

/* A timer, or an event of somebody else's. */
struct timer {
	int fd;
	usdtrap_timer_fn on_tick;
	void *user;
	uint64_t period_ns; /* 0: an event, whose descriptor is borrowed */
	atomic_bool is_due;
	struct timer *next;
};

struct usdtrap_session {
	struct engine engine;
	int wake_signal;
	pthread_t thread;
	bool has_thread;
	atomic_int thread_id; /* 0 until it runs */

	pthread_mutex_t lock; /* over the request and its result */
	pthread_cond_t changed;
	enum request request;
	bool is_done;
	pid_t pid;
	enum usdtrap_attach_mode mode;
	const struct usdtrap_machine *machine;
	struct usdtrap_error *error;

	bool has_attached;
	bool has_verification;
	bool has_waking;
	atomic_bool is_interrupted;
	int interrupt_fd; /* eventfd(2): usdtrap_interrupt() was called */
	int end_fd;       /* eventfd(2): the engine has ended a run */
	atomic_uint wakes_wanted;
	atomic_uint wakes_seen;
	struct timer *timers;
};

/* The rules of <usdtrap/session.h> that can be checked. WHAT is the function that was called. */
struct usdtrap_error *session_check_use(const struct usdtrap_session *session, const char *what) USDTRAP_MUST_USE;
/* The same of one that must be called before usdtrap_attach(). */
struct usdtrap_error *session_check_early(const struct usdtrap_session *session, const char *what) USDTRAP_MUST_USE;

#endif
