/* SPDX-License-Identifier: MIT */
#include "trace/lender.h"

#include <elf.h>
#include <string.h>
#include <time.h>

#include "base/clock_time.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "os/ptrace.h"
#include "trace/attached.h"
#include "trace/engine.h"
#include "trace/late.h"

enum {
	INTERRUPT_TIMEOUT_MS = 50,
	STANDING_TIMEOUT_MS = 10000, /* it has nowhere else to go */
	TRIES = 8,
	LOOK_INTERVAL_NS = 200000,
};

/* How long it is tried, while there are threads; and, before anything is changed, while one waits for its turn. */
static const uint64_t patience_ns = UINT64_C(3000000000), patience_with_runners_ns = UINT64_C(60000000000);

static bool is_in_restartable_call(const struct tracee *tracee)
{
	long number;

	return procfs_system_call(PROCFS_ROOT, tracee->tid, &number) && tracee->space->arch->is_restarted(number);
}

/*
 * How well TRACEE can be borrowed; 0: not at all. One that runs is in no system
 * call that would have to be restarted; one that is stopped for good comes last.
 */
static unsigned fitness(const struct tracee *tracee)
{
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_stat_read(PROCFS_ROOT, tracee->tid, tracee->tid, &stat);

	usdtrap_error_destroy(error);
	if (error)
		return 0;
	switch (stat.state) {
	case 'R':
		return 4;
	case 'S':
		return is_in_restartable_call(tracee) ? 3 : 2;
	case 't':
	case 'T':
		return tracee->is_listening ? 1 : 0;
	default:
		return 0;
	}
}

static struct tracee *choose(const struct engine *engine, const struct space *space, pid_t but_not)
{
	enum { LOOKS_MAX = 64 };
	struct tracee *tracee, *best = NULL;
	unsigned best_fitness = 0, looks = 0;

	for (tracee = engine->tracees; tracee && looks < LOOKS_MAX && best_fitness < 4; tracee = tracee->hh.next) {
		unsigned its_fitness;

		if (tracee->space != space || tracee->role != TRACEE_MEMBER || tracee->tid == but_not)
			continue;
		looks++;
		its_fitness = fitness(tracee);
		if (its_fitness > best_fitness) {
			best = tracee;
			best_fitness = its_fitness;
		}
	}
	return best;
}

bool lender_bring_to_stop(struct engine *engine, struct tracee *tracee, bool is_standing)
{
	const pid_t tid = tracee->tid;
	int status;

	if (attached_borrow(tracee))
		return true;
	engine_interrupt(tracee);
	if (is_standing)
		usdtrap_error_destroy(ptrace_continue(tid, 0));
	if (!ptrace_wait_for(tid, is_standing ? STANDING_TIMEOUT_MS : INTERRUPT_TIMEOUT_MS, &status))
		return false;
	if (ptrace_is_event_stop(status)) {
		attached_came_to_stop(tracee, status);
		return true;
	}
	engine_stop(engine, tid, status);
	return false;
}

enum borrow_result lender_work_by(struct engine *engine, struct space *space, pid_t tid, lender_work_fn work,
				  int *ret_status)
{
	struct borrow borrow = {
		.tid = tid, .memory_fd = space->memory_fd, .arch = space->arch, .cave_addr = space->net.cave_addr};
	enum borrow_result result = borrow_begin(&borrow, ret_status != NULL);

	if (result == BORROW_DONE)
		result = work(space, &borrow);
	if (result == BORROW_DONE)
		result = borrow_end(&borrow);
	if (result == BORROW_LOST && tracee_find(engine->tracees, tid)) /* it finds the way back by itself, some time */
		tracee_find(engine->tracees, tid)->may_be_late = true;
	if (result == BORROW_DISTURBED)
		engine_stop(engine, tid, borrow.status);
	else if (ret_status)
		*ret_status = borrow.status;
	return result;
}

/* Whether any thread of SPACE that we do not make stand is in one of STATES: proc(5). */
static bool any_is(const struct engine *engine, const struct space *space, const char *states)
{
	const struct tracee *tracee;

	for (tracee = engine->tracees; tracee; tracee = tracee->hh.next) {
		struct procfs_stat stat;
		struct usdtrap_error *error;

		if (tracee->space != space || tracee->role != TRACEE_MEMBER || tracee->is_listening ||
		    tracee->is_held || tracee->candidate != CANDIDATE_NOT)
			continue;
		error = procfs_stat_read(PROCFS_ROOT, tracee->tid, tracee->tid, &stat);
		usdtrap_error_destroy(error);
		if (!error && strchr(states, stat.state))
			return true;
	}
	return false;
}

/* Whether it is worth while to try once more, for the TRYth time, to borrow a thread of SPACE: asked since START_NS. */
static bool is_patient(const struct engine *engine, const struct space *space, unsigned tries, uint64_t start_ns)
{
	const uint64_t waited_ns = clock_time_ns(CLOCK_MONOTONIC) - start_ns;

	if (tries < TRIES || waited_ns < patience_ns)
		return true;
	return !engine->is_leaving && waited_ns < patience_with_runners_ns && any_is(engine, space, "R");
}

bool lender_work_by_any(struct engine *engine, struct space *space, lender_work_fn work)
{
	const struct timespec interval = {.tv_nsec = LOOK_INTERVAL_NS};
	const uint64_t start_ns = clock_time_ns(CLOCK_MONOTONIC);
	enum borrow_result result;
	unsigned failures = 0;
	pid_t tid = 0;

	/* On a busy machine it lasts until a thread has its turn: rather wait than be without a net. */
	for (unsigned i = 0; failures < TRIES && is_patient(engine, space, i, start_ns); i++) {
		/* One that waits for us to look at its stop cannot be borrowed. */
		while (engine_step(engine, false) == PTRACE_WAIT_STATUS)
			;
		if (late_is_anybody(engine, space, i)) { /* it needs what lies in the cave */
			nanosleep(&interval, NULL);
			continue;
		}
		/* One that came to another stop may be the only one; one that does not stop is not asked again at once.
		 */
		struct tracee *tracee = choose(engine, space, i % 2 ? tid : 0);
		int status;

		if (!tracee && i % 2)
			continue;
		if (!tracee && !any_is(engine, space, "RStD"))
			return false;
		if (!tracee) { /* it waits for a disk, or stands: not for long */
			nanosleep(&interval, NULL);
			continue;
		}
		tid = tracee->tid;
		if (!lender_bring_to_stop(engine, tracee, false))
			continue;
		result = lender_work_by(engine, space, tid, work, &status);
		if (result == BORROW_DONE) {
			engine_stop(engine, tid, status); /* it stands at the stop that we asked for */
			return true;
		}
		/* Who was disturbed, by a signal, may be so again: where a timer is quicker than turns are, often. */
		failures += result == BORROW_LOST;
	}
	return false;
}

bool lender_must_trace(struct engine *engine)
{
	if (engine->writing == WRITING_UNKNOWN)
		engine->writing = memory_is_forced() ? WRITING_FREE : WRITING_ASKED;
	return engine->writing == WRITING_ASKED;
}

/* Whether a thread of SPACE must stand for its memory to be written to. */
static bool needs_standing(struct engine *engine, struct space *space)
{
	uint64_t entry_addr;

	if (!lender_must_trace(engine))
		return false;
	if (!space->is_writing_known && space->memory_fd >= 0) {
		space->needs_standing = !procfs_auxiliary_value(PROCFS_ROOT, space->anchor, AT_ENTRY, &entry_addr) ||
					!memory_is_writable_at(space->memory_fd, entry_addr);
		space->is_writing_known = true;
	}
	return space->needs_standing;
}

void lender_make_writable(struct engine *engine, struct space *space)
{
	struct tracee *tracee;
	pid_t tid = 0;

	if (!needs_standing(engine, space))
		return;
	for (tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		if (tracee->space == space && tracee->role == TRACEE_MEMBER && ptrace_is_standing(tracee->tid))
			return;
	for (unsigned i = 0; i < TRIES; i++) {
		tracee = choose(engine, space, i % 2 ? tid : 0);
		if (!tracee)
			continue;
		tid = tracee->tid;
		engine_interrupt(tracee);
		if (ptrace_await_standing(tid, INTERRUPT_TIMEOUT_MS))
			return;
	}
}
