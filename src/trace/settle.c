/* SPDX-License-Identifier: MIT */
/*
 * Forks in flight.
 *
 * Whether a new thread or process will be traced is decided when its parent
 * enters the kernel to make it; its memory is copied later. So a parent that is
 * seized in between makes a child that nobody traces, and that has every trap
 * written before the copy. It would die of the first.
 *
 * Nothing may be written, then, before each thread is known to have come out
 * of such a call, and no thread is to be stopped to learn it. One that sleeps
 * is in no such call: what those wait for is uninterruptible. One that has
 * reported a stop since it was seized is out of it. Any other is given
 * processor time, its own, as counted by the kernel: wall-clock time would say
 * nothing on a busy machine, where a thread may lie for long in the middle of a
 * fork. How much a fork takes depends on the page tables it copies, and these
 * on how much memory is resident.
 */
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "trace/engine.h"

enum {
	LOOK_INTERVAL_NS = 500000,
	FORK_NS = 2000000,           /* of a small process, many times over; measured: 95 us */
	FORK_NS_A_MEBIBYTE = 100000, /* likewise; measured: 28 us */
	LOOKS_MAX = 2000, /* a thread that gets no processor for a second is left to the last look of the attach */
	LOOKS_UNINTERRUPTIBLE = 40, /* one that waits for a disk, or for the exec of its vfork child */
	LOOKS_WITHOUT_TIMES = 40,   /* where the kernel does not count (no schedstat) */
};

/* The COLUMNth number (from 0) of the one line of /proc/TID/NAME. False: there is none. */
static bool read_number(pid_t tid, const char *name, unsigned column, uint64_t *ret)
{
	char line[256], *rest = line, *end;
	struct usdtrap_error *error = procfs_line(PROCFS_ROOT, tid, name, line, sizeof(line));
	uint64_t number = 0;

	usdtrap_error_destroy(error);
	if (error)
		return false;
	for (unsigned i = 0; i <= column; i++, rest = end) {
		number = strtoull(rest, &end, 10);
		if (end == rest)
			return false;
	}
	*ret = number;
	return true;
}

/* Nanoseconds TID has run on a processor: proc(5), /proc/PID/schedstat. */
static bool read_run_time(pid_t tid, uint64_t *ret_ns)
{
	return read_number(tid, "schedstat", 0, ret_ns);
}

/* More than a fork of SPACE's process takes. */
static uint64_t fork_time(const struct space *space)
{
	const uint64_t pages_a_mebibyte = 256;
	uint64_t pages;

	if (!read_number(space->anchor, "statm", 1, &pages))
		pages = 0;
	return FORK_NS + pages / pages_a_mebibyte * FORK_NS_A_MEBIBYTE;
}

void settle_begin(struct tracee *tracee)
{
	tracee->may_be_forking = true;
	tracee->is_timed = read_run_time(tracee->tid, &tracee->run_time_when_seized);
}

/* Whether TRACEE may still be inside a fork that began before it was seized. LOOKS: how often it was asked already. */
static bool may_be_forking(const struct tracee *tracee, uint64_t needed_ns, unsigned looks)
{
	struct usdtrap_error *error;
	struct procfs_stat stat;
	uint64_t now;

	error = procfs_stat_read(PROCFS_ROOT, tracee->tid, tracee->tid, &stat);
	usdtrap_error_destroy(error);
	if (error || stat.state == 'Z' || stat.state == 'X')
		return false;
	if (stat.state == 'D' && looks >= LOOKS_UNINTERRUPTIBLE)
		return false;
	/* Its SIGSTOP is on the way, and until that has stopped it, it makes children of which we hear nothing. */
	if (tracee->needs_options)
		return true;
	if (stat.state != 'R' && stat.state != 'D')
		return false;
	if (!tracee->is_timed || !read_run_time(tracee->tid, &now))
		return looks < LOOKS_WITHOUT_TIMES;
	return now - tracee->run_time_when_seized < needed_ns;
}

void settle_forks(struct engine *engine, const struct space *space)
{
	const struct timespec interval = {.tv_nsec = LOOK_INTERVAL_NS};
	const uint64_t needed_ns = fork_time(space);
	bool is_waiting = true;

	for (unsigned looks = 0; is_waiting && looks < LOOKS_MAX; looks++) {
		/* A thread that waits for us gets no further. */
		while (engine_step(engine, false) == PTRACE_WAIT_STATUS)
			;
		is_waiting = false;
		for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next) {
			if (tracee->space != space || !tracee->may_be_forking)
				continue;
			tracee->may_be_forking = may_be_forking(tracee, needed_ns, looks);
			is_waiting |= tracee->may_be_forking;
		}
		if (is_waiting)
			nanosleep(&interval, NULL);
	}
}
