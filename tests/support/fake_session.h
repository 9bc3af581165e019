/* SPDX-License-Identifier: MIT */
/*
 * A session without processes: it stands in for libusdtrap's, so that programs
 * can be run on hits made up by a test. A test that uses it links
 * fake_session.c itself; the real session is then left out by the linker.
 */
#ifndef USDTRAP_TESTS_FAKE_SESSION_H
#define USDTRAP_TESTS_FAKE_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include <usdtrap/usdtrap.h>

enum { FAKE_MAX = 16 };

/* A piece of the made-up target's memory. */
struct fake_memory {
	uint64_t address;
	const void *bytes;
	size_t size;
};

/* All of it is the test's to fill in; what is zero is absent. */
struct usdtrap_hit {
	const struct usdtrap_probe_info *probe;
	unsigned argument_count;
	struct usdtrap_value arguments[FAKE_MAX];
	struct usdtrap_value return_value;
	const char *problems[FAKE_MAX]; /* why an argument cannot be decoded, or NULL */
	struct fake_memory memory[FAKE_MAX];
	pid_t pid, tid;
	uid_t uid;
	gid_t gid;
	const char *comm;
	uint64_t time_ns;
	int cpu;
	const struct usdtrap_stack *stack; /* and the symbol of its first frame is the only one there is */
	/* At a tracepoint: which, and its fields; texts where they are such. */
	const struct usdtrap_tracepoint_info *tracepoint;
	uint64_t fields[USDTRAP_TRACEPOINT_FIELDS_MAX];
	const char *texts[USDTRAP_TRACEPOINT_FIELDS_MAX];
	/* What was done to it: set by usdtrap_hit_write() and usdtrap_hit_signal(). */
	struct fake_changes *changes; /* NULL: writing fails */
};

struct fake_changes {
	uint64_t written_at;
	char written[256];
	size_t written_size;
	int process_signal;
	int thread_signal;
};

struct usdtrap_probe {
	struct usdtrap_session *session;
	char *provider; /* NULL: any */
	char *name;
	char *target;
	int any_file;
	pid_t pid;
	usdtrap_hit_fn on_hit;
	void *user;
};

/* A tracepoint pattern, a profile or a watchpoint: the first that was added is handed all tracepoint hits. */
struct usdtrap_tracepoint {
	struct usdtrap_tracepoint_info tracepoint;
	usdtrap_hit_fn on_hit;
	void *user;
};

struct fake_timer {
	uint64_t period_ns; /* 0: an event */
	int event;          /* its descriptor, which nobody polls here */
	usdtrap_timer_fn on_tick;
	void *user;
};

struct usdtrap_session {
	const struct usdtrap_probe_info *offered; /* what there is to match; the test's */
	size_t offered_count;
	struct usdtrap_probe probes[FAKE_MAX];
	size_t probe_count;
	struct usdtrap_tracepoint events[FAKE_MAX];
	size_t event_count;
	struct fake_timer timers[FAKE_MAX];
	size_t timer_count;
};

/* Frees what calls have added. */
void fake_session_deinit(struct usdtrap_session *session);
/* Delivers HIT to the probes that match it, in the order they were added, until one says STOP. */
enum usdtrap_action fake_session_deliver(struct usdtrap_session *session, const struct usdtrap_hit *hit);

#endif
