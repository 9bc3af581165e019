/* SPDX-License-Identifier: MIT */
/* What the files of the scout know of each other. All of it is the scout's own thread's, but for what is locked. */
#ifndef USDTRAP_TRACE_SCOUT_INTERNAL_H
#define USDTRAP_TRACE_SCOUT_INTERNAL_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

#include "base/strbuf.h"
#include "os/connector.h"
#include "os/gate.h"
#include "trace/scout.h"

enum {
	SCOUT_NAMESPACES_MAX = 256, /* mount namespaces that are watched; further ones are looked at each second */
	SCOUT_RECHECKS_MAX = 512,
	SCOUT_QUEUE_MAX = 64 << 20, /* bytes that may wait for the engine */
};

/* A file system that was seen. */
struct marked_device {
	uint64_t device;
	unsigned pass;     /* the last one in which it was mounted somewhere */
	bool is_uncovered; /* it could not be marked, which was told */
	UT_hash_handle hh;
};

/* A mount namespace. */
struct known_namespace {
	uint64_t inode;
	unsigned pass;    /* the last one in which a process was in it */
	int fd;           /* its mountinfo, which tells of changes; -1: it is not watched */
	bool has_changed; /* since the last pass */
	UT_hash_handle hh;
};

/* A command that was told of and has neither succeeded nor failed, as far as is known. */
struct pending_start {
	pid_t pid, tid;
	struct procfs_call call;
	uint64_t device, inode; /* of the file that was opened first */
	char *path;             /* as it was given */
	UT_hash_handle hh;
};

/* A process as it was when it was looked at last. */
struct known_process {
	pid_t pid;
	uint64_t start_time, program; /* the latter changes when it runs another */
	unsigned pass;
	UT_hash_handle hh;
};

/* A process that may load a library yet: looked at again and again, ever later. */
struct recheck {
	pid_t pid;
	unsigned step;
	uint64_t at_ns;
};

struct scout {
	struct scout_options options;
	enum usdtrap_machine_way way;
	struct gate gate;      /* socket -1: none */
	atomic_bool has_gate;  /* it lives */
	bool has_told_of_loss; /* that events were lost; once is enough */
	int connector;         /* -1: none */
	int stop_fd, wake;     /* eventfd(2) */
	pthread_t thread;
	bool has_thread;
	atomic_bool is_stopping;
	atomic_bool has_arrivals;
	bool may_hurry;          /* the engine's thread has no place of its own among those that run ahead of others */
	atomic_bool has_hurried; /* it runs ahead of others, because a process waits for it */
	bool is_engine_awaited;  /* for an arrival that it has not taken yet */

	pthread_mutex_t lock; /* over the queue and the report */
	struct arrival *first, *last;
	size_t queued;
	struct scout_report report;

	pthread_cond_t changed; /* with `lock': is_ready */
	bool is_ready;

	struct marked_device *devices;
	struct known_namespace *namespaces;
	unsigned namespaces_watched;
	unsigned marks_pass;
	unsigned marks_unanswered, marks_set, marks_refused;
	struct strbuf uncovered; /* what is to be told: file systems that cannot be marked */

	struct pending_start *pending;
	struct known_process *known;
	unsigned pass;
	struct recheck rechecks[SCOUT_RECHECKS_MAX];
	unsigned recheck_count;
};

/* scout.c: */

/* Hands ARRIVAL to the engine and takes it over. */
void scout_push(struct scout *scout, const struct arrival *arrival);
void scout_tell(struct scout *scout, enum usdtrap_notice notice, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* PID runs a program that it did not run before. */
void scout_changed(struct scout *scout, pid_t pid);

/* scout_gate.c: */

/* Takes what the gate has to say. */
void scout_hear(struct scout *scout);
/* Whoever is waited for for ten milliseconds at most runs ahead of others, if it may: thread TID, 0 for this one. */
bool scout_hurry(pid_t tid);
/* Wakes the engine again if a process waits for it. Returns whether one does: then it is to be called again soon. */
bool scout_urge(struct scout *scout);

/* scout_starts.c: */

/* PID asks to execute the file DEVICE, INODE; it waits since ASKED_NS. */
void starts_asked(struct scout *scout, pid_t pid, uint64_t asked_ns, uint64_t device, uint64_t inode);
/* PID has executed something. */
void starts_succeeded(struct scout *scout, pid_t pid);
void starts_ended(struct scout *scout, pid_t pid);
void starts_deinit(struct scout *scout);

/* scout_marks.c: */

/* Marks the file systems that were not yet known, in all mount namespaces that can be seen. */
void marks_refresh(struct scout *scout);
/* Whether PID, which waits or has just begun, is in a mount namespace nobody knew: then marks_refresh() is due. */
bool marks_meet(struct scout *scout, pid_t pid);
/* Adds to SOURCES what is to be polled for changes of what is mounted. Returns how many, SCOUT_NAMESPACES_MAX at most.
 */
nfds_t marks_sources(const struct scout *scout, struct pollfd *sources);
/* What poll(2) said of these, before anything else is done. Whether any has changed: then marks_refresh() is due. */
bool marks_have_changed(struct scout *scout, const struct pollfd *sources);
/* Tells of file systems that cannot be marked, each once. */
void marks_tell(struct scout *scout);
/* The same for those that hold these folders alone. Errors: NOT_FOUND. */
struct usdtrap_error *marks_folders(struct scout *scout) USDTRAP_MUST_USE;
/* Whether the program that PID runs is of interest, if only those on some file systems are. */
bool marks_cover(const struct scout *scout, pid_t pid);
void marks_deinit(struct scout *scout);

/* scout_poll.c: */

/* Looks for processes that are new, or run another program. IS_FIRST: they are only learnt. */
void poll_processes(struct scout *scout, bool is_first);
void poll_deinit(struct scout *scout);

#endif
