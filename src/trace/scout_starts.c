/* SPDX-License-Identifier: MIT */
/*
 * Commands that start, each told once.
 *
 * One execve(2) opens up to three files to execute them: the script, its
 * interpreter, the dynamic loader; and the gate is asked each time. What tells
 * a further question of one call from a new call that looks the same is the
 * file: the first question of a call is about the path that was given to it.
 *
 *	execve("./script")  opens ./script     told
 *	                    opens /bin/sh      the same call, another file
 *	                    opens ld.so        likewise
 *	execve("./script")  opens ./script     told
 *
 * That a call has succeeded the kernel's connector tells, if it is there. A
 * success nobody had heard of is a command that started where it was not asked
 * about (a file system that is not marked, a file in memory), or too fast for
 * us: it is read from what the new program was given.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock_time.h"
#include "base/error.h"
#include "os/memory.h"
#include "trace/scout_internal.h"

enum { PENDING_MAX = 16384 };

static void forget(struct scout *scout, struct pending_start *pending)
{
	HASH_DEL(scout->pending, pending);
	free(pending->path);
	free(pending);
}

void starts_deinit(struct scout *scout)
{
	struct pending_start *pending, *next;

	HASH_ITER (hh, scout->pending, pending, next)
		forget(scout, pending);
}

static struct pending_start *find(const struct scout *scout, pid_t pid)
{
	struct pending_start *pending;

	HASH_FIND(hh, scout->pending, &pid, sizeof(pid), pending);
	return pending;
}

/* The string that START keeps at ADDRESS, allocated. NULL: there is none. */
static char *copy_string(const struct start *start, uint64_t address)
{
	char *text = malloc(RECORDED_STRING_MAX);
	struct usdtrap_error *error;
	size_t got;

	if (!text)
		return NULL;
	error = recorded_read_some(&start->recorded, address, text, RECORDED_STRING_MAX, &got);
	if (error || !memchr(text, '\0', got)) {
		usdtrap_error_destroy(error);
		free(text);
		return NULL;
	}
	return text;
}

static bool is_same_path(const char *left, const char *right)
{
	return left && right && strcmp(left, right) == 0;
}

/* Whether CALL of TID, with PATH, is the one that was told of, which now opens another file. */
static bool goes_on(const struct pending_start *pending, pid_t tid, const struct procfs_call *call, const char *path,
		    uint64_t device, uint64_t inode)
{
	return pending->tid == tid && memcmp(&pending->call, call, sizeof(*call)) == 0 &&
	       is_same_path(pending->path, path) && (pending->inode != inode || pending->device != device);
}

/* Notes what was told of. PATH is taken over. */
static void remember(struct scout *scout, pid_t pid, pid_t tid, const struct procfs_call *call, char *path,
		     uint64_t device, uint64_t inode)
{
	struct pending_start *pending = find(scout, pid);

	if (pending)
		forget(scout, pending);
	/* Only where no connector tells of ends do they become many. */
	if (HASH_COUNT(scout->pending) >= PENDING_MAX)
		starts_deinit(scout);
	pending = calloc(1, sizeof(*pending));
	if (!pending) {
		free(path);
		return;
	}
	*pending = (struct pending_start){
		.pid = pid, .tid = tid, .call = *call, .device = device, .inode = inode, .path = path};
	HASH_ADD(hh, scout->pending, pid, sizeof(pending->pid), pending);
}

static void count(struct scout *scout, uint64_t *counter)
{
	pthread_mutex_lock(&scout->lock);
	++*counter;
	pthread_mutex_unlock(&scout->lock);
}

void starts_asked(struct scout *scout, pid_t pid, uint64_t asked_ns, uint64_t device, uint64_t inode)
{
	enum { PATIENCE_US = 7000 };
	const uint64_t patience_ns = UINT64_C(1000000) * GATE_PATIENCE_MS;
	struct arrival arrival = {.kind = ARRIVAL_START, .pid = pid};
	const struct pending_start *pending = find(scout, pid);
	struct procfs_call call;
	pid_t tid;
	char *path;

	if (!start_find_call(pid, PATIENCE_US, &tid, &call) || !start_is_exec(&call) ||
	    !start_read(pid, tid, &call, &arrival.start))
		return; /* it goes on already: if it succeeds, that is told */
	path = copy_string(&arrival.start, start_path_addr(&call));
	/* It went on before it was read whole, perhaps. */
	if (clock_time_ns(CLOCK_MONOTONIC) - asked_ns >= patience_ns ||
	    (pending && goes_on(pending, tid, &call, path, device, inode))) {
		free(path);
		start_deinit(&arrival.start);
		return;
	}
	arrival.tid = tid;
	remember(scout, pid, tid, &call, path, device, inode);
	count(scout, &scout->report.starts);
	scout_push(scout, &arrival);
}

/* PATH, which may be NULL, is taken over. */
static void tell_success(struct scout *scout, pid_t pid, long number, char *path)
{
	struct arrival arrival = {
		.kind = ARRIVAL_SUCCESS, .pid = pid, .tid = pid, .start.number = number, .text = path};

	if (!scout->options.wants_successes) {
		free(path);
		return;
	}
	recorded_identify(&arrival.start.recorded, pid, pid); /* if it has ended, its id is all there is */
	scout_push(scout, &arrival);
}

/* Whether it may be PENDING that has succeeded, and not a later call that nobody asked about. */
static bool is_success_of(const struct pending_start *pending)
{
	char path[PATH_MAX];

	return !pending->path || !start_read_path(pending->pid, path, sizeof(path)) || strcmp(path, pending->path) == 0;
}

void starts_succeeded(struct scout *scout, pid_t pid)
{
	struct pending_start *pending = find(scout, pid);
	struct arrival arrival = {.kind = ARRIVAL_START, .pid = pid, .tid = pid};
	char *path;

	if (pending && !is_success_of(pending)) {
		forget(scout, pending);
		pending = NULL;
	}
	if (pending) {
		tell_success(scout, pid, pending->call.number, pending->path);
		pending->path = NULL;
		forget(scout, pending);
		return;
	}
	if (!marks_cover(scout, pid))
		return;
	if (!start_read_late(pid, &arrival.start)) {
		count(scout, &scout->report.missed);
		return;
	}
	count(scout, &scout->report.starts);
	count(scout, &scout->report.late);
	path = copy_string(&arrival.start, arrival.start.arguments[0]);
	scout_push(scout, &arrival);
	tell_success(scout, pid, start_execve_number(), path);
}

void starts_ended(struct scout *scout, pid_t pid)
{
	struct pending_start *pending = find(scout, pid);

	if (pending)
		forget(scout, pending);
}
