/* SPDX-License-Identifier: MIT */
/*
 * Leaving: everything back, everybody let go, nobody disturbed.
 *
 * A thread can only be detached while it stands in a stop that we have seen,
 * and stopping one that sleeps in a system call makes some calls return EINTR.
 * The end of the tracing thread lets go of threads without stopping them, but
 * two kinds must not be left to it: a thread in an unseen SIGTRAP stop would
 * die of that SIGTRAP, and a stop that was seen and not answered would lose
 * its signal. In order, then:
 *
 *	1. every byte back, then every semaphore down. From here on no thread
 *	   can run into a trap; some may already have done so.
 *	2. where there is a safety net, these are waited for, since should we be
 *	   killed now they need it: one that runs may be between its trap and the
 *	   report, and is asked to stop. Only then the net is taken out.
 *	3. every stop that is reported is answered by a detach: a late trap
 *	   silently, a real signal passed on.
 *	4. each other thread is looked at. One that sleeps cannot have an
 *	   unreported trap: it is left. One that runs may be between its trap
 *	   and the report: it is asked to stop, and detached there, after its
 *	   SIGTRAP if one is still pending.
 *	5. when two looks in a row find nothing to do, the copies of displaced
 *	   instructions are taken out, and the tracing thread ends.
 *
 * Threads whose memory is watched are all made to stop before that, as long as
 * the safety net is in: the processor would trap on, and nobody be there to
 * take it.
 *
 * A thread that we made stop may have been about to sleep in a system call,
 * which then would return EINTR: it enters the call again
 * (restart_interrupted()).
 */
#include <signal.h>
#include <time.h>

#include "base/error.h"
#include "os/procfs.h"
#include "trace/attached.h"
#include "trace/displaced.h"
#include "trace/engine.h"
#include "trace/journal.h"
#include "trace/late.h"
#include "trace/lender.h"
#include "trace/mask.h"
#include "trace/observe.h"
#include "trace/restart.h"
#include "trace/room.h"
#include "trace/room_map.h"
#include "trace/site.h"

enum {
	QUIET_LOOKS_WANTED = 2, /* in a row */
	LOOK_INTERVAL_NS = 200000,
	PATIENT_LOOKS = 500, /* how long what cannot be hurried is waited for, at least 0.1 s */
};

void leave_space(struct engine *engine, struct space *space)
{
	struct usdtrap_error *error = NULL;
	struct semaphore *semaphore;
	struct site *site;

	if (space->mapped)
		mapped_prune(engine, space);
	lender_make_writable(engine, space);
	for (site = space->sites; site && !error; site = site->hh.next) {
		if (site->state != SITE_ARMED || (site->is_vacant && !site_is_in_copy(space, site)))
			continue;
		error = site_restore(space, site);
		if (!error)
			observe_restored(engine, space, site);
		if (!error && site->state == SITE_RESTORED)
			engine->report.sites_restored++;
		else if (!error)
			engine->report.sites_lost++;
	}
	for (site = space->former_sites; site; site = site->hh.next)
		engine->report.sites_restored += site_heal_copy(space, site);
	for (semaphore = space->semaphores; semaphore && !error; semaphore = semaphore->hh.next) {
		if (!semaphore->is_raised)
			continue;
		error = semaphore_lower(space, semaphore);
		if (!error) {
			engine->report.semaphores_lowered++;
			observe_lowered(engine, space, semaphore);
		}
	}
	if (!error)
		observe_compared(engine, space);
	if (error && !error_catch(error, USDTRAP_GONE)) {
		journal_leave(space->journal);
		space->journal = NULL;
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING,
				    error_prefix(error, "cannot undo what was changed in process %d", (int)space->pid));
	}
}

/* Whether no other thread runs in the space that TRACEE has. */
static bool is_last(const struct engine *engine, const struct tracee *tracee)
{
	const struct tracee *other = engine->tracees;

	while (other && (other == tracee || other->space != tracee->space))
		other = other->hh.next;
	return !other;
}

/* Nobody can be in our code any more: it goes. */
static void clear_room(struct space *space)
{
	if (space->rooms && space->memory_fd >= 0 && !space->net.is_pinned && !space->is_room_in_use)
		room_clear(space);
}

static void let_go(struct engine *engine, struct tracee *tracee, int signal)
{
	if (attached_goes_on(tracee, signal))
		return;
	displaced_put_back(tracee, signal);
	if (tracee->space && tracee->space->needs_standing && is_last(engine, tracee))
		clear_room(tracee->space);
	if (mask_is_owed(tracee))
		mask_give_back(engine, tracee);
	usdtrap_error_destroy(ptrace_detach(tracee->tid, signal));
	observe_let_go(engine, tracee->pid, tracee->tid);
	engine_remove_tracee(engine, tracee);
}

/* A SIGTRAP stop: ours is swallowed, somebody else's passed on. */
static void leave_trap(struct engine *engine, struct tracee *tracee, bool is_watchpoint)
{
	struct arch_registers registers = {0}; /* all of it: it may be compared */
	struct usdtrap_error *error;
	const struct site *site;
	int signal;

	error = ptrace_get_registers(tracee->tid, &registers);
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	site = engine_trap_site(tracee, &registers, &signal);
	if (!site && is_watchpoint) {
		engine->report.late_traps++;
		signal = 0;
	}
	if (!site) {
		let_go(engine, tracee, signal);
		return;
	}
	engine->report.late_traps++;
	if (engine_undo_trap(tracee, site, &registers)) /* the whole instruction is back: from its beginning */
		usdtrap_error_destroy(ptrace_set_registers(tracee->tid, &registers));
	let_go(engine, tracee, signal);
}

/* Whether TRACEE stands in the room that is to be cleared. */
static bool runs_our_code(const struct tracee *tracee)
{
	struct arch_registers registers;
	struct usdtrap_error *error;

	if (!tracee->space || !tracee->space->arch || !tracee->space->rooms)
		return false;
	error = ptrace_get_registers(tracee->tid, &registers);
	usdtrap_error_destroy(error);
	return !error && room_holds(tracee->space, tracee->space->arch->pc(&registers));
}

/* An event stop, which may be the one we asked for. */
static void leave_event_stop(struct engine *engine, struct tracee *tracee)
{
	if (!tracee->has_stopped && family_first_stop(engine, tracee))
		return;
	if (tracee->is_to_stop) {
		usdtrap_error_destroy(ptrace_continue(tracee->tid, attached_signal(tracee)));
		return;
	}
	if (engine_has_trap_pending(tracee)) {
		usdtrap_error_destroy(ptrace_continue(tracee->tid, 0));
		return; /* the trap's own stop comes next */
	}
	if (runs_our_code(tracee)) { /* not for long */
		tracee->is_interrupted = false;
		usdtrap_error_destroy(ptrace_continue(tracee->tid, 0));
		return;
	}
	/* The last one: who sleeps could still be borrowed for that, but nobody will be left. */
	if (tracee->space && is_last(engine, tracee) && !tracee->space->net.is_pinned &&
	    !tracee->space->is_room_in_use && !room_unmap(engine, tracee->space, tracee->tid))
		return;
	if (tracee->is_interrupted)
		restart_interrupted(tracee);
	let_go(engine, tracee, 0);
}

/* Answers one stop, nearly always with a detach. */
static void leave_stop(struct engine *engine, pid_t tid, int status)
{
	struct ptrace_stop stop = ptrace_classify(status);
	struct tracee *tracee = tracee_find(engine->tracees, tid);
	bool is_watchpoint = false;
	unsigned long child;
	uint64_t places;

	if (!tracee) {
		if (stop.kind == PTRACE_STOP_EXITED || stop.kind == PTRACE_STOP_KILLED)
			return;
		tracee = family_adopt(engine, tid);
		if (!tracee)
			return;
	}
	if (tracee->is_attached)
		stop = attached_stop(engine, tracee, stop);
	if (stop.kind != PTRACE_STOP_EXITED && stop.kind != PTRACE_STOP_KILLED) {
		is_watchpoint = stop.kind == PTRACE_STOP_SIGNAL && watchpoints_were_hit(tracee, &places);
		watchpoints_update(engine, tracee);
	}
	switch (stop.kind) {
	case PTRACE_STOP_EXITED:
	case PTRACE_STOP_KILLED:
		engine_ended(engine, tracee, status);
		break;
	case PTRACE_STOP_SIGNAL:
		if (stop.value == SIGTRAP)
			leave_trap(engine, tracee, is_watchpoint);
		else if (engine_has_trap_pending(
				 tracee)) /* not yet: its trap must be taken first, and the signal not lost */
			usdtrap_error_destroy(ptrace_continue(tid, stop.value));
		else {
			restart_ignorant(tracee, stop.value);
			let_go(engine, tracee, stop.value);
		}
		break;
	case PTRACE_STOP_GROUP:
		if (tracee->role == TRACEE_COPY && family_first_stop(engine, tracee))
			break;
		/* Detaching would wake it; the end of the tracing thread does not. */
		tracee->is_settled = true;
		engine_hold(engine, tracee);
		break;
	case PTRACE_STOP_EVENT_STOP:
		leave_event_stop(engine, tracee);
		break;
	case PTRACE_STOP_FORK:
	case PTRACE_STOP_VFORK:
	case PTRACE_STOP_CLONE:
		if (!error_catch(ptrace_get_event_message(tid, &child), USDTRAP_GONE))
			family_born(engine, tracee, (pid_t)child);
		let_go(engine, tracee, 0);
		break;
	case PTRACE_STOP_SYSTEM_CALL:
		if (tracee->is_interrupted)
			restart_interrupted(tracee);
		let_go(engine, tracee, 0);
		break;
	case PTRACE_STOP_FILTERED: /* its call is made, now that nobody asks any more */
	case PTRACE_STOP_END:
	case PTRACE_STOP_EXEC:
	case PTRACE_STOP_OTHER:
		let_go(engine, tracee, 0);
		break;
	}
}

/* Answers all stops there are. True: there was one, or there will be one of a child that nobody has told us of. */
static bool drain(struct engine *engine, bool is_patient)
{
	enum ptrace_wait_result result;
	bool any = false;
	pid_t tid;
	int status;

	while ((result = ptrace_wait(false, &tid, &status)) == PTRACE_WAIT_STATUS) {
		leave_stop(engine, tid, status);
		any = true;
	}
	return any || (is_patient && !engine->tracees && result != PTRACE_WAIT_NOBODY);
}

/* Looks at one thread that has not reported. True: it must still be waited for. */
static bool look_at(struct engine *engine, struct tracee *tracee, bool is_patient)
{
	struct procfs_stat stat;
	struct usdtrap_error *error;

	if (tracee->is_held)
		watchpoints_update(engine, tracee);
	if (tracee->is_listening &&
	    watchpoints_are_stale(engine, tracee)) { /* its debug registers want it to stop once more */
		engine_interrupt(tracee);
		return true;
	}
	if (tracee->is_settled || tracee->is_listening)
		return false;
	error = procfs_stat_read(PROCFS_ROOT, tracee->tid, tracee->tid, &stat);
	if (error) {
		usdtrap_error_destroy(error);
		tracee->is_settled = true; /* gone, or reaped by its end */
		return false;
	}
	switch (stat.state) {
	case 'R': /* may be on its way from a trap to the report */
		engine_interrupt(tracee);
		return true;
	case 't': /* in a stop that the next wait reports */
		return true;
	case 'D': /* may be forking a child with our bytes */
		return is_patient;
	case 'Z':
	case 'X':
		return false;
	default: /* asleep, or stopped */
		if (mask_is_owed(tracee) || watchpoints_are_stale(engine, tracee))
			engine_interrupt(tracee);
		/* One that sleeps has executed nothing: a signal that is not blocked would have woken it. */
		return tracee->is_interrupted ||
		       ((stat.state != 'S' || tracee->is_attached) && engine_has_trap_pending(tracee));
	}
}

static bool has_member(const struct engine *engine, const struct space *space)
{
	const struct tracee *tracee = engine->tracees;

	while (tracee && (tracee->space != space || tracee->role != TRACEE_MEMBER))
		tracee = tracee->hh.next;
	return tracee;
}

/* Whether TRACEE, which sleeps, will go on in code that was put into its space: it waits there for a page. */
static bool is_in_room(const struct tracee *tracee)
{
	uint64_t pc;

	return procfs_pc(PROCFS_ROOT, tracee->tid, &pc) && room_holds(tracee->space, pc);
}

static bool is_in_use(const struct engine *engine, const struct space *space)
{
	const struct tracee *tracee = engine->tracees;

	while (tracee && (tracee->space != space || !is_in_room(tracee)))
		tracee = tracee->hh.next;
	return tracee;
}

static bool has_net(const struct engine *engine)
{
	const struct space *space = engine->spaces;

	while (space && space->net.state != NET_IN && space->net.state != NET_PENDING)
		space = space->next;
	return space;
}

/* Waits for traps that were executed before the bytes were back. As while tracing, everybody is sent on. */
static void await_late_traps(struct engine *engine)
{
	if (!has_net(engine))
		return;
	for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		tracee->may_be_late = true;
	late_await(engine, NULL);
}

/* Keeps all spaces until clear_spaces(), whoever is let go meanwhile. */
static void hold_spaces(struct engine *engine)
{
	for (struct space *space = engine->spaces; space; space = space->next)
		space->references++;
}

/*
 * Where somebody must stand for it, what is written last in a space all of
 * whose threads sleep is written here: one of them is stopped, and let go.
 */
static void clear_while_standing(struct engine *engine)
{
	const struct timespec interval = {.tv_nsec = LOOK_INTERVAL_NS};
	struct tracee *tracee;
	bool is_waiting = false;

	for (struct space *space = engine->spaces; space; space = space->next) {
		if (!space->needs_standing || !space->rooms || is_in_use(engine, space))
			continue;
		room_unmap(engine, space, 0); /* first: whoever is borrowed for it leaves code behind */
		lender_make_writable(engine, space);
		clear_room(space);
		is_waiting = true;
	}
	for (unsigned looks = 0; is_waiting && looks < PATIENT_LOOKS; looks++) {
		drain(engine, false);
		is_waiting = false;
		for (tracee = engine->tracees; tracee; tracee = tracee->hh.next)
			is_waiting |= tracee->is_interrupted;
		if (is_waiting)
			nanosleep(&interval, NULL);
	}
}

/* Nobody can be in our code any more: it goes. */
static void clear_spaces(struct engine *engine)
{
	for (struct space *space = engine->spaces, *next; space; space = next) {
		next = space->next;
		if (space->rooms && space->memory_fd >= 0 && !space->net.is_pinned && !space->is_room_in_use &&
		    !is_in_use(engine, space)) {
			room_unmap(engine, space, 0);
			room_clear(space);
		}
		if (space->net.state == NET_IN) { /* it could not be taken out: a repair may */
			journal_leave(space->journal);
			space->journal = NULL;
		}
		space_release(&engine->spaces, NULL, space);
	}
}

void leave_all(struct engine *engine)
{
	const struct timespec interval = {.tv_nsec = LOOK_INTERVAL_NS};
	struct space *space;
	unsigned quiet_looks = 0;

	engine->is_leaving = true;
	for (space = engine->spaces; space; space = space->next) {
		leave_space(engine, space);
		if (has_member(engine, space))
			engine->report.processes++;
	}
	engine->is_stopping = true;
	hold_spaces(engine);
	await_late_traps(engine);
	watchpoints_end(engine);
	/* Still as while tracing: whoever is let go can be borrowed no more. */
	for (space = engine->spaces; space; space = space->next) {
		mask_give_back_by_borrowing(engine, space);
		net_take_out(engine, space);
	}
	for (unsigned looks = 0; quiet_looks < QUIET_LOOKS_WANTED; looks++) {
		const bool is_patient = looks < PATIENT_LOOKS;
		bool is_waiting = drain(engine, is_patient);

		for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
			if (look_at(engine, tracee, is_patient))
				is_waiting = true;
		quiet_looks = is_waiting ? 0 : quiet_looks + 1;
		if (engine->tracees || is_waiting)
			nanosleep(&interval, NULL);
	}
	clear_while_standing(engine);
	/* These the end of the thread lets go. */
	for (const struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		observe_let_go(engine, tracee->pid, tracee->tid);
	clear_spaces(engine);
}
