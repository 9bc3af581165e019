/* SPDX-License-Identifier: MIT */
/*
 * Births and exec.
 *
 * The kernel seizes every child of a tracee for us, before its first
 * instruction. Two stops follow, in either order: the parent's fork, vfork or
 * clone event, whose message is the child's id, and the child's own first
 * stop.
 *
 *	parent   ---- FORK event (child's id) ---------- goes on
 *	child         --------- first stop -------------- what becomes of it
 *
 * What becomes of it does not depend on the event's name but on what the child
 * shares: a new thread of the process is a member; a process that runs in the
 * same memory (vfork, posix_spawn, CLONE_VM) would die at our traps without a
 * tracer, so it is kept until it execs or ends (or is about to run a program
 * that would lose its rights by being traced); a process with its own copy of
 * the memory gets the bytes back in that copy and is let go before it has run
 * one instruction. Where children are followed, the latter two are members as
 * well: the one in the space it shares, the other in a space of its own, which
 * is armed as at an exec.
 */
#include "trace/engine.h"

#include <limits.h>
#include <unistd.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/privileged.h"
#include "os/procfs.h"
#include "trace/attached.h"
#include "trace/machine.h"
#include "trace/returns.h"
#include "trace/room.h"
#include "trace/room_map.h"
#include "trace/sharing.h"
#include "trace/site.h"

/* What a process is that a tracee has made, by whether it runs in the same memory. */
static enum tracee_role role_of(const struct engine *engine, bool is_sharing)
{
	if (!is_sharing)
		return TRACEE_COPY;
	return engine->options.follow ? TRACEE_MEMBER : TRACEE_SHARER;
}

/* The children of a sharer are sharers or copies, never members: nobody asked for them. */
static enum tracee_role role_under(enum tracee_role parent, enum tracee_role role)
{
	return parent == TRACEE_SHARER && role == TRACEE_MEMBER ? TRACEE_SHARER : role;
}

/* Whether MEMORY_FD has any of SPACE's traps: then it was copied while they, and the semaphores, were there. */
static bool has_traps(int memory_fd, const struct space *space)
{
	const struct site *site = space->sites;

	while (site && !site_is_copied(memory_fd, space->arch, site))
		site = site->hh.next;
	return site;
}

bool family_is_copy(const struct space *space, pid_t tid)
{
	int memory_fd;
	struct usdtrap_error *error = memory_open(tid, &memory_fd);
	const bool is_copy = !error && has_traps(memory_fd, space);

	if (!error)
		close(memory_fd);
	usdtrap_error_destroy(error);
	return is_copy;
}

bool family_clean_copy(const struct engine *engine, const struct space *space, pid_t tid, bool is_traced)
{
	struct usdtrap_error *error;
	const struct site *site;
	const struct semaphore *semaphore;
	bool is_touched = false;
	int memory_fd;

	error = memory_open(tid, &memory_fd);
	if (!error) {
		is_touched = space->sites ? has_traps(memory_fd, space) : space->semaphores != NULL;
		for (site = space->sites; is_touched && site && !error; site = site->hh.next)
			error = site_restore_copy(memory_fd, space->arch, site);
		for (semaphore = space->semaphores; is_touched && semaphore && !error; semaphore = semaphore->hh.next)
			error = semaphore_lower_copy(memory_fd, semaphore);
		/* Last: as long as there is a trap, there is a net below it. */
		if (!error && net_is_copied(space, memory_fd)) {
			is_touched |= net_clean_copy(space, tid, memory_fd, is_traced);
		} else if (!error && is_touched) {
			room_clear_copy(space, memory_fd);
		}
		close(memory_fd);
	}
	/* Of one that is ending the kernel refuses an ordinary user the memory, which is going anyway. */
	if (error && !engine_has_memory(tid)) {
		usdtrap_error_destroy(error);
		error = NULL;
	}
	if (error && !error_catch(error, USDTRAP_GONE))
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING,
				    error_prefix(error, "cannot undo the traps that process %d inherited", (int)tid));
	return is_touched;
}

/* Undoes in TID's memory what was done in any space, as long as one is found that it is a copy of. */
static bool clean_copy_of_any(const struct engine *engine, const struct space *spaces, pid_t tid)
{
	for (const struct space *space = spaces; space; space = space->next)
		if (space->arch && space->sites && family_clean_copy(engine, space, tid, true))
			return true;
	return false;
}

static void let_go(struct engine *engine, struct tracee *tracee)
{
	if (attached_goes_on(tracee, 0))
		return;
	usdtrap_error_destroy(ptrace_detach(tracee->tid, 0));
	engine_remove_tracee(engine, tracee);
}

/*
 * TRACEE, a member, stands at a stop and has memory of its own, in which nothing
 * was changed: gives it a space and arms that. True: it was let go, or is no
 * tracee any more, or was answered.
 */
static bool arm_new_space(struct engine *engine, struct tracee *tracee)
{
	const pid_t tid = tracee->tid;
	struct space *space = space_create(&engine->spaces, tracee->pid, tid);
	const bool is_ignored = tracee->space && net_hides_ignored(tracee->space);
	bool is_standing = true;
	struct usdtrap_error *error;

	if (!space) {
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, &error_no_memory);
		let_go(engine, tracee);
		return true;
	}
	space->references = 1;
	returns_forget(tracee);
	if (tracee->space)
		space_release(&engine->spaces, &engine->former_spaces, tracee->space);
	tracee->space = space;
	error = mapped_architecture(space);
	if (!error)
		error = memory_open(space->anchor, &space->memory_fd);
	if (!error && engine_needs_net(engine)) {
		bool is_gone;

		space->references++;
		engine_begin_journal(engine, space);
		is_standing = net_require_at_stop(engine, space, tid);
		if (is_ignored)
			net_keep_ignored(space);
		if (is_standing && space->net.state == NET_IN)
			is_standing = room_provide(engine, space, tid);
		is_gone = space->references == 1;
		space_release(&engine->spaces, NULL, space);
		if (is_gone)
			return true;
	}
	if (!error)
		error = mapped_refresh(engine, space, MAPPED_COMPLETE, NULL);
	if (!error) {
		loader_hook(engine, space);
		return !is_standing;
	}
	engine_warn_of(engine, space, error);
	leave_space(engine, space);
	if (is_standing)
		let_go(engine, tracee);
	return true;
}

/* A forked child, clean by now, that is wanted as well. */
static bool follow(struct engine *engine, struct tracee *tracee)
{
	tracee->role = TRACEE_MEMBER;
	engine->member_count++;
	return arm_new_space(engine, tracee);
}

bool family_first_stop(struct engine *engine, struct tracee *tracee)
{
	tracee->has_stopped = true;
	switch (tracee->role) {
	case TRACEE_MEMBER:
	case TRACEE_SHARER:
		return false;
	case TRACEE_COPY:
		if (tracee->space)
			family_clean_copy(engine, tracee->space, tracee->tid, true);
		else if (!clean_copy_of_any(engine, engine->spaces, tracee->tid))
			clean_copy_of_any(engine, engine->former_spaces, tracee->tid);
		if (engine->options.follow && !engine->is_leaving)
			return follow(engine, tracee);
		let_go(engine, tracee);
		return true;
	}
	return false;
}

void family_born(struct engine *engine, struct tracee *parent, pid_t child)
{
	struct procfs_status status;
	struct usdtrap_error *error;
	struct tracee *tracee;
	enum tracee_role role;

	if (tracee_find(engine->tracees, child))
		return; /* its own stop came first and told enough */
	error = procfs_status_read(PROCFS_ROOT, child, &status);
	if (error) {
		usdtrap_error_destroy(error);
		return; /* it has ended already */
	}
	if (status.tracer != gettid())
		return; /* its own stop came first, and it was let go */
	role = status.tgid == parent->pid ? TRACEE_MEMBER : role_of(engine, sharing_at_birth(parent, child));
	tracee = engine_add_tracee(engine, child, status.tgid, role_under(parent->role, role), parent->space);
	if (tracee)
		tracee->is_born = true;
	else
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, &error_no_memory);
}

/*
 * A program that would get rights from its file (set-user-ID and the like)
 * does not get them under the eyes of an ordinary user's tracer. So a sharer
 * is let go before it runs one. It still has our memory then, but not for
 * long: such a program is there to be run, so the call does not fail.
 */
bool family_system_call(struct engine *engine, struct tracee *tracee)
{
	const struct arch *arch = tracee->space ? tracee->space->arch : NULL;
	char path[PATH_MAX] = "";
	struct arch_registers registers;
	struct usdtrap_error *error;
	uint64_t path_addr;
	int directory;
	size_t size;

	if (tracee->role != TRACEE_SHARER || !arch)
		return false;
	error = ptrace_get_registers(tracee->tid, &registers);
	if (!error) {
		if (!arch->exec_entry(&registers, &path_addr, &directory))
			return false;
		error = memory_read_some(tracee->space->memory_fd, path_addr, path, sizeof(path) - 1, &size);
	}
	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	if (!privileged_program(tracee->tid, directory, path))
		return false;
	let_go(engine, tracee);
	return true;
}

/* A member or sharer of process PID. */
static struct tracee *relative(struct engine *engine, pid_t pid)
{
	for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		if (tracee->pid == pid && (tracee->role == TRACEE_MEMBER || tracee->role == TRACEE_SHARER))
			return tracee;
	return NULL;
}

/*
 * A process whose parent is none of ours: it was made with CLONE_PARENT, or by
 * one that was killed before it could tell. It runs in the memory of a space,
 * or has a copy of one; which, its memory tells at its first stop.
 */
static struct tracee *adopt_orphan(struct engine *engine, pid_t tid, pid_t pid)
{
	struct space *space = engine->spaces;

	while (space && !sharing_at_stop(space, tid))
		space = space->next;
	return engine_add_tracee(engine, tid, pid, space ? TRACEE_SHARER : TRACEE_COPY, space);
}

struct tracee *family_adopt(struct engine *engine, pid_t tid)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, tid, &status);
	const struct tracee *known;
	struct tracee *tracee;
	enum tracee_role role;

	if (error) {
		usdtrap_error_destroy(error);
		return NULL;
	}
	known = relative(engine, status.tgid);
	if (!known)
		known = relative(engine, status.parent);
	if (!known)
		return adopt_orphan(engine, tid, status.tgid);
	if (status.tgid == known->pid)
		role = TRACEE_MEMBER;
	else
		role = role_of(engine, known->space && sharing_at_stop(known->space, tid));
	tracee = engine_add_tracee(engine, tid, status.tgid, role_under(known->role, role), known->space);
	if (tracee)
		tracee->is_born = true;
	return tracee;
}

/* exec ends all other threads of the process, and the one that called it takes the leader's id. */
static void forget_other_threads(struct engine *engine, const struct tracee *survivor)
{
	struct tracee *tracee, *next;

	HASH_ITER (hh, engine->tracees, tracee, next)
		if (tracee != survivor && tracee->pid == survivor->pid)
			engine_remove_tracee(engine, tracee);
}

bool family_exec(struct engine *engine, struct tracee *tracee)
{
	forget_other_threads(engine, tracee);
	tracee->has_stopped = true;
	tracee->candidate = CANDIDATE_NOT;
	tracee->is_interrupted = false; /* this stop makes up for the one that was asked for */
	/* Its own memory at last, and none of our bytes in it. */
	if (tracee->role != TRACEE_MEMBER || engine->is_leaving || !machine_keeps(engine, tracee)) {
		let_go(engine, tracee);
		return true;
	}
	return arm_new_space(engine, tracee);
}
