/* SPDX-License-Identifier: MIT */
/*
 * Taking hold of a process without stopping it.
 *
 * PTRACE_SEIZE stops no thread. But a fork that was already inside the kernel
 * when its thread was seized makes a child that nobody traces, with a copy of
 * the parent's memory: had a trap been written by then, the child would die of
 * it. So:
 *
 *	1. seize thread after thread, in passes; after each wait until no fork
 *	   that began before can be in flight (settle.c); until a pass finds
 *	   nothing new;
 *	2. seize children that run in the same memory (vfork), and only then
 *	   write the traps;
 *	3. look once more for threads and children that slipped through, until
 *	   two looks in a row find none.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/privileged.h"
#include "os/procfs.h"
#include "os/refusal.h"
#include "trace/attached.h"
#include "trace/calls.h"
#include "trace/engine.h"
#include "trace/lender.h"
#include "trace/observe.h"
#include "trace/room_map.h"
#include "trace/sharing.h"
#include "trace/site.h"

enum {
	CLEAN_LOOKS_WANTED = 2, /* in a row */
	LOOK_INTERVAL_NS = 500000,
	THREADS_A_TIME = 64, /* after which it is told how far we are */
};

static void pause_ns(long nanoseconds)
{
	const struct timespec duration = {.tv_nsec = nanoseconds};

	nanosleep(&duration, NULL);
}

/* What the threads of a session stop at: enum ptrace_wants. */
unsigned attach_wants(const struct engine *engine)
{
	return (engine->events.of_kind[EVENT_END] ? PTRACE_WANTS_END : 0) |
	       (engine->has_call_filter ? PTRACE_WANTS_FILTERED : 0);
}

/* Seizes thread TID of SPACE's process. *RET_IS_NEW is set when it was not one of ours before. */
static struct usdtrap_error *seize_thread(struct engine *engine, struct space *space, pid_t tid, bool *ret_is_new)
{
	struct procfs_status status;
	struct usdtrap_error *error;
	struct tracee *tracee;
	bool is_seized_here, is_attached;
	int error_number;

	if (tracee_find(engine->tracees, tid))
		return NULL;
	error = ptrace_seize(tid, attach_wants(engine), &is_attached);
	is_seized_here = !error;
	if (!error && is_attached)
		engine->is_attaching = true;
	if (error) {
		error_number = usdtrap_error_errno(error);
		usdtrap_error_destroy(error);
		if (error_number == ESRCH)
			return NULL;
		error = procfs_status_read(PROCFS_ROOT, tid, &status);
		if (error_catch(error, USDTRAP_GONE))
			return NULL;
		if (error)
			return error;
		if (status.state == 'Z' || status.state == 'X')
			return NULL;
		/* A thread made by one that we hold already came to us by itself. */
		if (status.tracer != gettid())
			return refusal_explain(PROCFS_ROOT, space->pid, tid, error_number);
	}
	tracee = engine_add_tracee(engine, tid, space->pid, TRACEE_MEMBER, space);
	if (!tracee)
		return &error_no_memory;
	if (is_seized_here && is_attached)
		attached_seized(tracee);
	if (is_seized_here)
		settle_begin(tracee);
	observe_seized(engine, space->pid, tid);
	*ret_is_new = true;
	return NULL;
}

/* One pass over the threads of SPACE's process. */
static struct usdtrap_error *seize_pass(struct engine *engine, struct space *space, bool *ret_is_new)
{
	_cleanup_free_ pid_t *threads = NULL;
	struct usdtrap_error *error;
	size_t count;

	error = procfs_threads(PROCFS_ROOT, space->pid, &threads, &count);
	for (size_t i = 0; !error && i < count; i++) {
		error = seize_thread(engine, space, threads[i], ret_is_new);
		if ((i + 1) % THREADS_A_TIME == 0) {
			engine->progress.threads_total = count;
			engine_tell_progress(engine);
		}
	}
	engine->progress.threads_total = 0;
	return error;
}

/* Seizes the children of SPACE's process that run in its memory: they would die at traps that are put there. */
static struct usdtrap_error *seize_sharers(struct engine *engine, struct space *space)
{
	const enum tracee_role role = engine->options.follow ? TRACEE_MEMBER : TRACEE_SHARER;
	_cleanup_free_ pid_t *children = NULL;
	struct usdtrap_error *error;
	struct tracee *tracee;
	bool is_attached;
	size_t count;

	engine_choose_anchor(engine, space);
	error = procfs_children(PROCFS_ROOT, space->pid, &children, &count);
	for (size_t i = 0; !error && i < count; i++) {
		if (tracee_find(engine->tracees, children[i]) || !sharing_untouched(space, children[i]))
			continue;
		error = ptrace_seize(children[i], attach_wants(engine), &is_attached);
		if (error) {
			if (error_catch(error, USDTRAP_GONE))
				error = NULL;
			continue;
		}
		tracee = engine_add_tracee(engine, children[i], children[i], role, space);
		if (!tracee)
			error = &error_no_memory;
		else if (is_attached)
			attached_seized(tracee);
	}
	return error;
}

struct usdtrap_error *attach_seize(struct engine *engine, struct space *space)
{
	struct usdtrap_error *error;
	bool is_new;

	do {
		is_new = false;
		error = seize_pass(engine, space, &is_new);
		if (!error)
			settle_forks(engine, space);
	} while (!error && is_new);
	return error ? error : seize_sharers(engine, space);
}

/* Seizes CHILD, a fork that has SPACE's traps, so that these are taken out when it stops. */
static void seize_copy(struct engine *engine, struct space *space, pid_t child)
{
	bool is_attached;
	struct usdtrap_error *error = ptrace_seize(child, attach_wants(engine), &is_attached);
	struct tracee *tracee = error ? NULL : engine_add_tracee(engine, child, child, TRACEE_COPY, space);

	usdtrap_error_destroy(error); /* it has ended */
	if (tracee && is_attached)
		attached_seized(tracee);
	if (tracee && !is_attached)
		engine_interrupt(tracee);
}

/* Takes our traps out of CHILD, if it is a fork that nobody traces and that has them. *RET_IS_NEW: it had. */
static void clean_child(struct engine *engine, struct space *space, pid_t child, bool *ret_is_new)
{
	struct procfs_status status;
	struct usdtrap_error *error;

	if (tracee_find(engine->tracees, child) || !space->sites)
		return;
	error = procfs_status_read(PROCFS_ROOT, child, &status);
	usdtrap_error_destroy(error);
	if (error || status.tracer != 0 || sharing_untouched(space, child))
		return;
	if (!lender_must_trace(engine)) {
		*ret_is_new |= family_clean_copy(engine, space, child, false);
	} else if (family_is_copy(space, child)) {
		seize_copy(engine, space, child);
		*ret_is_new = true;
	}
}

/* One look for threads and children that slipped through. */
static struct usdtrap_error *sweep(struct engine *engine, struct space *space, bool *ret_is_new)
{
	_cleanup_free_ pid_t *children = NULL;
	struct usdtrap_error *error;
	size_t count;

	error = seize_pass(engine, space, ret_is_new);
	if (error)
		return error;
	engine_choose_anchor(engine, space);
	error = procfs_children(PROCFS_ROOT, space->pid, &children, &count);
	for (size_t i = 0; !error && i < count; i++)
		clean_child(engine, space, children[i], ret_is_new);
	return error;
}

/*
 * A trap cannot be blocked or ignored. Where its thread does so, the kernel
 * unblocks SIGTRAP there and resets what the process wants done about it
 * (force_sig_info_to_task()). Where there is a net that is made up for;
 * elsewhere it matters to those who want something done.
 */
static void warn_about_sigtrap(const struct engine *engine, const struct space *space)
{
	const uint64_t trap = UINT64_C(1) << (SIGTRAP - 1);
	struct procfs_status status;
	struct usdtrap_error *error;

	if (space->net.state == NET_IN || space->net.state == NET_PENDING || !engine_needs_net(engine))
		return;
	for (const struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next) {
		if (tracee->space != space)
			continue;
		error = procfs_status_read(PROCFS_ROOT, tracee->tid, &status);
		usdtrap_error_destroy(error);
		if (error)
			continue;
		if (status.signals_ignored & trap) {
			engine_notice(
				engine, USDTRAP_NOTICE_WARNING,
				"process %d ignores SIGTRAP until its first hit: then the kernel resets that, and "
				"one that is sent to it ends it",
				(int)space->pid);
			return;
		}
		if (status.signals_blocked & status.signals_caught & trap) {
			engine_notice(
				engine, USDTRAP_NOTICE_WARNING,
				"thread %d of process %d blocks SIGTRAP, for which the process has a handler: at a "
				"hit there the kernel resets both",
				(int)tracee->tid, (int)space->pid);
			return;
		}
	}
}

/* STANDING: a thread that stands at an event stop, or 0; it becomes 0 if it does so no more. */
static struct usdtrap_error *arm_running(struct engine *engine, struct space *space, pid_t *standing)
{
	struct usdtrap_error *error, *refused = NULL;
	unsigned clean_looks = 0;

	engine_choose_anchor(engine, space);
	error = space->arch ? NULL : mapped_architecture(space);
	if (!error && space->memory_fd >= 0) /* opened for a repair, perhaps before its thread was ours */
		close(space->memory_fd);
	if (!error)
		error = memory_open(space->anchor, &space->memory_fd);
	if (error)
		return error;
	if (engine_needs_net(engine)) {
		net_reuse(engine, space);
		engine_begin_journal(engine, space);
		if (!*standing) {
			net_require(engine, space);
			room_provide(engine, space, 0);
		} else if (!net_require_at_stop(engine, space, *standing) ||
			   (space->net.state == NET_IN && !room_provide(engine, space, *standing))) {
			*standing = 0;
		}
		engine_choose_anchor(engine, space);
	}
	error = mapped_refresh(engine, space, MAPPED_COMPLETE, &refused);
	if (!error && refused && !space->sites) {
		error = refused; /* nothing was armed, and this is why */
		refused = NULL;
	}
	if (refused)
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, refused);
	if (error)
		return error;
	if (!space->mapped && engine->catalog.probes && !engine->is_attaching_descendants && !engine->machine)
		engine_notice(engine, USDTRAP_NOTICE_WARNING,
			      "process %d has none of the named files mapped: nothing fires until it loads one",
			      (int)space->pid);
	error = watchpoints_resolve(engine, space);
	if (error)
		return error;
	warn_about_sigtrap(engine, space);
	loader_hook(engine, space);
	while (!error && clean_looks < CLEAN_LOOKS_WANTED) {
		bool is_new = false;

		error = sweep(engine, space, &is_new);
		clean_looks = is_new ? 0 : clean_looks + 1;
		pause_ns(LOOK_INTERVAL_NS);
	}
	return error;
}

/*
 * SPACE's process is to execute another program soon. Of that it is only the
 * entry of execve(2) that anybody wants to see, and the path that is given to it.
 */
static struct usdtrap_error *prepare_start(struct engine *engine, struct space *space)
{
	struct usdtrap_error *error;

	space->is_starting = true;
	for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		if (tracee->space == space)
			tracee->is_starting = true;
	if (!engine->events.wants_calls)
		return NULL;
	error = mapped_architecture(space);
	return error ? error : memory_open(space->anchor, &space->memory_fd);
}

/* What can be told about PID before it is touched. */
static struct usdtrap_error *check_process(pid_t pid)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, pid, &status);

	if (error_catch(error, USDTRAP_GONE))
		return refusal_explain(PROCFS_ROOT, pid, pid, ESRCH);
	if (error)
		return error;
	if (status.tgid != pid)
		return error_hint(error_create(USDTRAP_NOT_FOUND, "%d is a thread of process %d (%s)", (int)pid,
					       (int)status.tgid, status.name),
				  "trace the process: -p %d", (int)status.tgid);
	if (status.tracer != 0 && repair_await_tracer(pid) != 0)
		return refusal_explain(PROCFS_ROOT, pid, pid, EPERM);
	return NULL;
}

struct usdtrap_error *attach_process(struct engine *engine, pid_t pid, enum usdtrap_attach_mode mode)
{
	struct usdtrap_error *error;
	struct space *space;
	pid_t nobody = 0;

	error = check_process(pid);
	if (error)
		return error;
	space = space_create(&engine->spaces, pid, pid);
	if (!space)
		return &error_no_memory;
	space->references = 1; /* ours, until the attach is done */
	engine->is_privileged = privileged_tracer(PROCFS_ROOT);
	engine->has_call_filter = mode == USDTRAP_ATTACH_AT_EXEC && engine->options.filtered &&
				  events_filter(&engine->events, engine->options.watch_maps, NULL) > 0;
	if (mode == USDTRAP_ATTACH_NOW)
		error = mapped_architecture(space);
	if (!error && mode == USDTRAP_ATTACH_NOW) {
		repair_wholly(engine, pid);
		repair_before_attach(engine, space);
	}
	/* What stands in the way, the seize can tell better; and the leader may have ended, and its threads live. */
	if (!error || error_catch(error, USDTRAP_PERMISSION) || error_catch(error, USDTRAP_GONE))
		error = attach_seize(engine, space);
	if (!error && space->references == 1)
		error = refusal_explain(PROCFS_ROOT, pid, pid, ESRCH);
	if (!error && mode == USDTRAP_ATTACH_NOW)
		attached_tell(engine, pid);
	if (!error && mode == USDTRAP_ATTACH_NOW)
		error = arm_running(engine, space, &nobody);
	if (!error && mode == USDTRAP_ATTACH_AT_EXEC)
		error = prepare_start(engine, space);
	if (!error)
		calls_begin(engine, space);
	if (!error)
		watchpoints_changed(engine, space);
	if (error)
		leave_space(engine, space);
	space_release(&engine->spaces, &engine->former_spaces, space);
	if (error_catch(error, USDTRAP_GONE))
		return error_create(USDTRAP_GONE, "process %d ended while it was being attached", (int)pid);
	return error;
}

struct usdtrap_error *attach_candidate(struct engine *engine, pid_t pid, pid_t tid, enum candidate candidate)
{
	struct usdtrap_error *error = check_process(pid);
	struct space *space;
	bool is_new = true;

	if (error)
		return error;
	space = space_create(&engine->spaces, pid, pid);
	if (!space)
		return &error_no_memory;
	space->references = 1;
	while (!error && is_new) {
		is_new = false;
		error = seize_pass(engine, space, &is_new);
	}
	if (!error && space->references == 1)
		error = &error_gone;
	for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next) {
		if (tracee->space != space)
			continue;
		tracee->candidate = error ? CANDIDATE_LEAVES : candidate;
		if (tracee->tid == tid || error)
			engine_interrupt(tracee);
	}
	space_release(&engine->spaces, &engine->former_spaces, space);
	return error;
}

struct usdtrap_error *attach_held(struct engine *engine, struct tracee *tracee, bool *ret_is_standing)
{
	struct space *space = tracee->space;
	pid_t standing = tracee->tid;
	struct usdtrap_error *error;

	space->references++;
	for (struct tracee *other = engine->tracees; other; other = other->hh.next)
		if (other->space == space)
			other->candidate = CANDIDATE_NOT;
	engine_choose_anchor(engine, space);
	error = mapped_architecture(space);
	if (!error) {
		repair_before_attach(engine, space);
		error = attach_seize(engine, space);
	}
	if (!error)
		error = arm_running(engine, space, &standing);
	if (error)
		leave_space(engine, space);
	space_release(&engine->spaces, &engine->former_spaces, space);
	*ret_is_standing = standing != 0;
	return error;
}
