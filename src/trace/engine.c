/* SPDX-License-Identifier: MIT */
/*
 * The engine's loop. One blocking wait for any tracee; each stop is named by
 * ptrace_classify(), answered by one small function, and its thread resumed.
 *
 * A hit on x86-64, from the kernel's side: the thread executes int3, the
 * kernel raises SIGTRAP with si_code SI_KERNEL, and since the thread is traced
 * it stops before the signal takes effect, pc one past the trap byte. That is
 * already behind a one-byte nop, so the answer is only PTRACE_CONT without a
 * signal: the trap stays in place, no other thread can slip past, and a tracer
 * that dies between any two calls leaves a thread that can go on.
 *
 * Not every SIGTRAP at such a pc is a hit: anyone may send one with kill(2),
 * and it may well find the thread just there. The sender's have another
 * si_code and are passed on.
 *
 * And one SIGTRAP may be both. A thread keeps one pending SIGTRAP at most, so
 * when tgkill(2) is quicker by a moment than the trap the thread executes, the
 * kernel drops the trap's: what arrives looks sent. What tells that the thread
 * executed the trap, instead of standing there since its last hit, is that its
 * registers have changed since. (The other way round it is the sent one that
 * is dropped, and no tracer can know.)
 */
#include "trace/engine.h"

#include <assert.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "os/memory.h"
#include "trace/attached.h"
#include "trace/calls.h"
#include "trace/displaced.h"
#include "trace/hit.h"
#include "trace/journal.h"
#include "trace/late.h"
#include "trace/life.h"
#include "trace/machine.h"
#include "trace/observe.h"
#include "trace/restart.h"
#include "trace/returns.h"
#include "trace/room.h"

void engine_notice(const struct engine *engine, enum usdtrap_notice notice, const char *format, ...)
{
	struct strbuf text = {0};
	va_list arguments;

	if (!engine->options.on_notice)
		return;
	va_start(arguments, format);
	strbuf_vaddf(&text, format, arguments);
	va_end(arguments);
	engine->options.on_notice(notice, strbuf_text(&text), engine->options.user);
	strbuf_deinit(&text);
}

void engine_notice_error(const struct engine *engine, enum usdtrap_notice notice, struct usdtrap_error *error)
{
	const char *hint = usdtrap_error_hint(error);

	engine_notice(engine, notice, "%s%s%s", usdtrap_error_message(error), hint ? "; " : "", hint ? hint : "");
	usdtrap_error_destroy(error);
}

void engine_tell_progress(struct engine *engine)
{
	engine->progress.threads = engine->member_count;
	if (engine->options.on_progress)
		engine->options.on_progress(&engine->progress, engine->options.user);
}

bool engine_needs_net(const struct engine *engine)
{
	return catalog_wants_traps(&engine->catalog) || watchpoints_are_wanted(engine);
}

struct tracee *engine_add_tracee(struct engine *engine, pid_t tid, pid_t pid, enum tracee_role role,
				 struct space *space)
{
	struct tracee *tracee = calloc(1, sizeof(*tracee));

	if (!tracee)
		return NULL;
	tracee->tid = tid;
	tracee->pid = pid;
	tracee->role = role;
	tracee->space = space;
	tracee->seccomp = SECCOMP_UNKNOWN;
	tracee->is_attached = tracee->is_stop_owed = engine->is_attaching;
	if (space)
		space->references++;
	tracee->has_watched = space && space->is_watched;     /* by one that was killed, perhaps */
	tracee->may_be_late = space && space->net.is_adopted; /* who may have borrowed it, too */
	if (role == TRACEE_MEMBER)
		engine->member_count++;
	HASH_ADD(hh, engine->tracees, tid, sizeof(tracee->tid), tracee);
	return tracee;
}

void engine_begin_journal(struct engine *engine, struct space *space)
{
	struct usdtrap_error *error;

	if (space->journal || engine->has_no_journal)
		return;
	error = journal_create(space, &space->journal);
	if (!error)
		error = room_journal(space);
	if (!error)
		error = attached_journal(engine, space);
	if (!error && space->net.head_addr)
		error = journal_net(space->journal, space->net.head_addr);
	if (!error || error_catch(error, USDTRAP_GONE))
		return;
	engine->has_no_journal = true;
	engine_notice_error(engine, USDTRAP_NOTICE_WARNING,
			    error_prefix(error,
					 "no journal is kept, so nobody can repair what usdtrap leaves behind if "
					 "it is killed"));
}

int engine_seccomp(struct tracee *tracee)
{
	struct procfs_status status;
	struct usdtrap_error *error;

	if (tracee->seccomp == SECCOMP_UNKNOWN) {
		error = procfs_status_read(PROCFS_ROOT, tracee->tid, &status);
		tracee->seccomp = error ? 0 : status.seccomp;
		usdtrap_error_destroy(error);
	}
	return tracee->seccomp;
}

bool engine_has_memory(pid_t tid)
{
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_stat_read(PROCFS_ROOT, tid, tid, &stat);

	usdtrap_error_destroy(error);
	return !error && !stat.is_ending;
}

/* Whether no thread has SPACE any more: asking each of thousands takes half a second, and they are asked often. */
static bool is_abandoned(const struct space *space)
{
	struct usdtrap_error *error;
	bool is_gone;
	size_t got;
	char byte;

	if (space->memory_fd < 0)
		return false;
	error = memory_read_some(space->memory_fd, 0, &byte, sizeof(byte), &got);
	is_gone = error && usdtrap_error_code(error) == USDTRAP_GONE;
	usdtrap_error_destroy(error);
	return is_gone;
}

bool engine_choose_anchor(const struct engine *engine, struct space *space)
{
	const struct tracee *tracee = tracee_find(engine->tracees, space->pid);

	/* The leader nearly always outlives the other threads. */
	if (tracee && tracee->space == space && engine_has_memory(tracee->tid)) {
		space->anchor = tracee->tid;
		return true;
	}
	if (is_abandoned(space))
		return false;
	for (tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		if (tracee->space == space && tracee->role != TRACEE_COPY && engine_has_memory(tracee->tid)) {
			space->anchor = tracee->tid;
			return true;
		}
	return false;
}

void engine_warn_of(const struct engine *engine, struct space *space, struct usdtrap_error *error)
{
	if (error_catch(error, USDTRAP_GONE))
		return;
	if (engine_choose_anchor(engine, space))
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
	else
		usdtrap_error_destroy(error);
}

void engine_remove_tracee(struct engine *engine, struct tracee *tracee)
{
	struct space *space = tracee->space;

	displaced_forget(tracee);
	returns_forget(tracee);
	HASH_DEL(engine->tracees, tracee);
	if (tracee->role == TRACEE_MEMBER)
		engine->member_count--;
	if (space && space->references == 1)
		watchpoints_forget_space(engine, space);
	if (space)
		space_release(&engine->spaces, &engine->former_spaces, space);
	free(tracee);
}

void engine_ended(struct engine *engine, struct tracee *tracee, int status)
{
	if (tracee->candidate == CANDIDATE_EXECUTES || tracee->candidate == CANDIDATE_LOADS)
		engine->report.processes_missed++; /* it never came to a stop, so it was too late */
	if (engine->options.on_exit && tracee->role == TRACEE_MEMBER && tracee->tid == tracee->pid)
		engine->options.on_exit(tracee->pid, status, engine->options.user);
	engine_remove_tracee(engine, tracee);
}

/* Every thread may be gone at every call; the wait will report it. Any other refusal to go on would hang the target. */
static void expect_gone(const struct engine *engine, struct usdtrap_error *error)
{
	if (error && !error_catch(error, USDTRAP_GONE))
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
}

void engine_resume(struct engine *engine, struct tracee *tracee, int signal)
{
	watchpoints_update(engine, tracee);
	/* Of a child that is to be let go at its exec the entry of that is of interest: family_system_call(). */
	if (calls_wait_for_stop(engine, tracee) || (tracee->role == TRACEE_SHARER && !engine->is_privileged))
		expect_gone(engine, ptrace_continue_to_system_call(tracee->tid, signal));
	else
		expect_gone(engine, ptrace_continue(tracee->tid, signal));
}

void engine_interrupt(struct tracee *tracee)
{
	if (tracee->is_interrupted || tracee->is_held)
		return;
	tracee->is_interrupted = true;
	usdtrap_error_destroy(ptrace_interrupt(tracee->tid));
}

void engine_hold(const struct engine *engine, struct tracee *tracee)
{
	tracee->is_listening = true;
	if (tracee->is_attached)
		attached_hold(tracee);
	else
		expect_gone(engine, ptrace_listen(tracee->tid));
}

bool engine_has_trap_pending(const struct tracee *tracee)
{
	const uint64_t trap = UINT64_C(1) << (SIGTRAP - 1), stop = UINT64_C(1) << (SIGSTOP - 1);
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, tracee->tid, &status);

	usdtrap_error_destroy(error);
	return !error &&
	       (status.signals_pending & ~status.signals_blocked & (tracee->is_attached ? trap | stop : trap));
}

struct site *engine_trap_site(const struct tracee *tracee, const struct arch_registers *registers, int *ret_signal)
{
	struct space *space = tracee->space;
	struct usdtrap_error *error;
	struct site *site;
	siginfo_t info;

	*ret_signal = SIGTRAP;
	if (!space || !space->arch)
		return NULL;
	site = space_site(space, space->arch->trap_address(registers));
	if (!site)
		return NULL;
	error = ptrace_get_siginfo(tracee->tid, &info);
	if (error) {
		usdtrap_error_destroy(error);
		return NULL;
	}
	if (info.si_code == SI_KERNEL) {
		*ret_signal = 0;
		return site;
	}
	/* From a site that is more than a one-byte nop nobody goes on right behind the trap. */
	if (site->is_displacing || site->skip)
		return site;
	return memcmp(registers, &tracee->last_hit, sizeof(*registers)) != 0 ? site : NULL;
}

bool engine_undo_trap(const struct tracee *tracee, const struct site *site, struct arch_registers *registers)
{
	if (!site->is_displacing && !site->skip)
		return false;
	tracee->space->arch->set_pc(registers, site->addr);
	return true;
}

/*
 * Whether TRACEE stands at a trap in a copy that its program made of its text,
 * and that came to lie where the text was after the site there was forgotten.
 * The trap is taken out, and TRACEE goes on with what belongs there.
 */
static bool heal_copy(struct engine *engine, struct tracee *tracee, struct arch_registers *registers)
{
	struct space *space = tracee->space;
	const struct site *site;
	siginfo_t info;
	struct usdtrap_error *error;

	if (!space || !space->former_sites)
		return false;
	site = space_former_site(space, space->arch->trap_address(registers));
	if (!site)
		return false;
	error = ptrace_get_siginfo(tracee->tid, &info);
	usdtrap_error_destroy(error);
	if (error || info.si_code != SI_KERNEL || !site_heal_copy(space, site))
		return false;
	if (!space->has_copies)
		engine_notice(
			engine, USDTRAP_NOTICE_WARNING,
			"process %d runs a copy of its text that it made while that was traced: the traps in it are "
			"taken out as they are met, and nothing is traced there any more",
			(int)space->pid);
	space->has_copies = true;
	space->arch->set_pc(registers, site->addr);
	expect_gone(engine, ptrace_set_registers(tracee->tid, registers));
	if (net_at_hit(engine, tracee))
		engine_resume(engine, tracee, 0);
	return true;
}

/* Nobody wants to hear of SITE any more. The thread that stands there is past the trap. */
static void disarm(struct engine *engine, struct space *space, struct site *site)
{
	struct usdtrap_error *error = site_restore(space, site);

	if (error) {
		expect_gone(engine, error);
		return;
	}
	if (site->state == SITE_RESTORED)
		engine->report.sites_restored++;
	else
		engine->report.sites_lost++;
	observe_restored(engine, space, site);
}

/*
 * Tells those who want to know of SITE: of its function's return if
 * HAS_RETURNED, else all others. If nobody there wants to hear of it any more,
 * and nothing else happens there, the trap is taken out.
 */
static void deliver(struct engine *engine, struct tracee *tracee, struct site *site,
		    const struct arch_registers *registers, bool has_returned)
{
	struct usdtrap_hit hit = {
		.engine = engine,
		.tracee = tracee,
		.site = site,
		.registers = registers,
		.has_returned = has_returned,
	};
	bool is_wanted = site->is_loader_hook || site->return_place != ARCH_RETURN_NONE, is_hit = false;

	for (const struct attachment *attachment = site->attachments; attachment; attachment = attachment->next) {
		const struct usdtrap_probe *probe = attachment->probe;

		if ((attachment->location->info->kind == USDTRAP_PROBE_RETURN) != has_returned) {
			is_wanted = true;
			continue;
		}
		hit.location = attachment->location;
		if (!is_hit && !probe->is_internal) {
			engine->report.hits++;
			observe_hit(engine, &hit);
			is_hit = true;
		}
		switch (probe->on_hit(&hit, probe->user)) {
		case USDTRAP_CONTINUE:
			is_wanted = true;
			break;
		case USDTRAP_DISARM:
			break;
		case USDTRAP_STOP:
			engine->is_stopping = true;
			return;
		}
	}
	if (!is_wanted)
		disarm(engine, tracee->space, site);
}

static bool wants_return(const struct site *site)
{
	const struct attachment *attachment = site->attachments;

	while (attachment && attachment->location->info->kind != USDTRAP_PROBE_RETURN)
		attachment = attachment->next;
	return attachment;
}

/* A hit at SITE: functions may have returned there, it may be a probe's, and the first instruction of a function. */
static void tell(struct engine *engine, struct tracee *tracee, struct site *site,
		 const struct arch_registers *registers)
{
	struct site *entry;
	uint64_t entry_addr;

	while (site->return_place != ARCH_RETURN_NONE && !engine->is_stopping &&
	       returns_take(engine, tracee, site, registers, &entry_addr)) {
		entry = space_site(tracee->space, entry_addr);
		if (entry)
			deliver(engine, tracee, entry, registers, true);
	}
	if (!engine->is_stopping)
		deliver(engine, tracee, site, registers, false);
	if (!engine->is_stopping && wants_return(site))
		returns_entered(engine, tracee, site, registers);
}

/*
 * TRACEE has executed SITE's trap: tells of it, and sets the registers to go on
 * with, if they change. Where the trap covers an instruction that counts, that
 * comes first: should we be killed meanwhile, the thread goes on by itself.
 */
static void answer_hit(struct engine *engine, struct tracee *tracee, struct site *site,
		       struct arch_registers *registers, int signal)
{
	const struct arch *arch = tracee->space->arch;
	bool is_told = tracee->role != TRACEE_MEMBER || engine->is_stopping;
	struct arch_registers after;

	if (site->is_displacing) {
		arch->set_pc(registers, site->addr);
		is_told = displaced_is_repeated(tracee, registers) || is_told;
	}
	after = *registers;
	if (site->is_displacing && !site->is_loader_hook)
		displaced_go_on(engine, tracee, site, &after, signal);
	if (!is_told)
		tell(engine, tracee, site, registers);
	if (site->is_loader_hook) {
		expect_gone(engine, loader_hook_hit(engine, tracee, site, &after));
	} else if (site->skip) {
		arch->set_pc(&after, arch->pc(&after) + site->skip);
		expect_gone(engine, ptrace_set_registers(tracee->tid, &after));
	}
	*registers = after;
}

static void handle_trap(struct engine *engine, struct tracee *tracee)
{
	struct arch_registers registers = {0}; /* all of it: it may be compared */
	struct usdtrap_error *error;
	struct site *site;
	int signal;

	if (watchpoints_hit(engine, tracee)) {
		if (net_at_hit(engine, tracee))
			engine_resume(engine, tracee, 0);
		return;
	}
	error = ptrace_get_registers(tracee->tid, &registers);
	if (error) {
		expect_gone(engine, error);
		return;
	}
	site = net_has_resent(tracee) ? NULL : engine_trap_site(tracee, &registers, &signal);
	if (!site && heal_copy(engine, tracee, &registers))
		return;
	if (!site) {
		displaced_put_back(tracee, SIGTRAP);
		signal = net_foreign_trap(engine, tracee);
		if (signal == NET_ANSWERED)
			return;
		life_signalled(engine, tracee, signal);
		engine_resume(engine, tracee, signal);
		return;
	}
	tracee->last_hit = registers;
	site->hits++;
	if (site->state == SITE_RESTORED) { /* a late trap, from before it was */
		engine->report.late_traps++;
		if (engine_undo_trap(tracee, site, &registers))
			expect_gone(engine, ptrace_set_registers(tracee->tid, &registers));
	} else {
		answer_hit(engine, tracee, site, &registers, signal);
	}
	if (!net_at_hit(engine, tracee))
		return;
	observe_resumed(engine, tracee, site, tracee->space->arch->pc(&registers), signal);
	engine_resume(engine, tracee, signal);
	affinity_follow(&engine->affinity, tracee->pid, tracee->tid);
}

/* The thread or process that TRACEE, at a clone, fork or vfork event, has made. */
static void handle_birth(struct engine *engine, struct tracee *tracee)
{
	unsigned long child;
	struct usdtrap_error *error = ptrace_get_event_message(tracee->tid, &child);

	if (error) {
		expect_gone(engine, error);
		return;
	}
	family_born(engine, tracee, (pid_t)child);
	life_forked(engine, tracee, (pid_t)child);
	engine_resume(engine, tracee, 0);
}

/* After exec the process has one thread, which bears the process's own id whoever it was before. */
static void handle_exec(struct engine *engine, pid_t tid)
{
	unsigned long message;
	struct usdtrap_error *error = ptrace_get_event_message(tid, &message);
	struct tracee *tracee = tracee_find(engine->tracees, tid);

	if (error) {
		expect_gone(engine, error);
		return;
	}
	if (!tracee) { /* the leader had been reaped: only the thread that called exec is known */
		const struct tracee *former = tracee_find(engine->tracees, (pid_t)message);

		tracee = former ? engine_add_tracee(engine, tid, tid, former->role, former->space)
				: family_adopt(engine, tid);
		if (!tracee)
			return;
		tracee->is_stop_owed = false;
	}
	calls_executed(engine, tracee, (pid_t)message);
	watchpoints_executed(engine, tracee);
	if (family_exec(engine, tracee))
		return;
	tracee->is_starting = false;
	tracee->is_born = false;
	error = watchpoints_resolve(engine, tracee->space);
	if (error)
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
	life_executed(engine, tracee, (pid_t)message);
	engine_resume(engine, tracee, 0);
}

void engine_stop(struct engine *engine, pid_t tid, int status)
{
	struct ptrace_stop stop = ptrace_classify(status);
	struct tracee *tracee = tracee_find(engine->tracees, tid);
	bool was_interrupted;

	if (stop.kind == PTRACE_STOP_EXEC) {
		handle_exec(engine, tid);
		return;
	}
	if (stop.kind == PTRACE_STOP_EXITED || stop.kind == PTRACE_STOP_KILLED) {
		if (tracee)
			engine_ended(engine, tracee, status);
		return;
	}
	if (!tracee)
		tracee = family_adopt(engine, tid);
	if (!tracee)
		return;
	if (tracee->is_attached)
		stop = attached_stop(engine, tracee, stop);
	tracee->is_listening = false;
	tracee->may_be_forking = false;
	if (tracee->may_be_late)
		tracee->may_be_late = late_is_still(tracee, stop.kind == PTRACE_STOP_EVENT_STOP);
	was_interrupted = tracee->is_interrupted;
	if (stop.kind == PTRACE_STOP_EVENT_STOP && was_interrupted && calls_are_wanted(engine, tracee))
		calls_interrupted(tracee);
	if (tracee->samples_due &&
	    (stop.kind == PTRACE_STOP_EVENT_STOP || stop.kind == PTRACE_STOP_SIGNAL || stop.kind == PTRACE_STOP_GROUP ||
	     stop.kind == PTRACE_STOP_SYSTEM_CALL || stop.kind == PTRACE_STOP_FILTERED))
		samples_take(engine, tracee);
	if (stop.kind == PTRACE_STOP_EVENT_STOP && was_interrupted)
		restart_interrupted(tracee);
	watchpoints_update(engine, tracee);
	tracee->is_interrupted = false; /* any stop makes up for the one that was asked for */
	switch (stop.kind) {
	case PTRACE_STOP_SIGNAL:
		if (tracee->candidate != CANDIDATE_NOT && was_interrupted) /* the stop we want comes after it */
			engine_interrupt(tracee);
		if (stop.value == SIGTRAP) {
			handle_trap(engine, tracee);
		} else {
			displaced_put_back(tracee, stop.value);
			life_signalled(engine, tracee, stop.value);
			if (!restart_ignorant(tracee, stop.value))
				tracee->call.is_reentering = false; /* the handler may come first, and then by right */
			engine_resume(engine, tracee, stop.value);
		}
		break;
	case PTRACE_STOP_GROUP:
		if (tracee->role == TRACEE_COPY && family_first_stop(engine, tracee))
			break;
		tracee->has_stopped = true;
		engine_hold(engine, tracee);
		break;
	case PTRACE_STOP_EVENT_STOP:
		if (tracee->candidate != CANDIDATE_NOT) {
			machine_hold(engine, tracee);
			break;
		}
		if (family_first_stop(engine, tracee))
			break;
		if (tracee->is_born)
			calls_born(engine, tracee);
		tracee->is_born = false;
		engine_resume(engine, tracee, attached_signal(tracee));
		break;
	case PTRACE_STOP_FORK:
	case PTRACE_STOP_VFORK:
	case PTRACE_STOP_CLONE:
		handle_birth(engine, tracee);
		break;
	case PTRACE_STOP_SYSTEM_CALL:
		calls_stop(engine, tracee, was_interrupted);
		if (was_interrupted) /* not before: the script is to see what the call returned */
			restart_interrupted(tracee);
		if (!family_system_call(engine, tracee))
			engine_resume(engine, tracee, 0);
		break;
	case PTRACE_STOP_FILTERED:
		calls_filtered_stop(engine, tracee);
		engine_resume(engine, tracee, 0);
		break;
	case PTRACE_STOP_END:
		life_ending(engine, tracee);
		engine_resume(engine, tracee, 0);
		break;
	case PTRACE_STOP_OTHER:
		engine_resume(engine, tracee, 0);
		break;
	case PTRACE_STOP_EXEC:
	case PTRACE_STOP_EXITED:
	case PTRACE_STOP_KILLED:
		assert(!"answered above");
	}
}

enum ptrace_wait_result engine_step(struct engine *engine, bool block)
{
	enum ptrace_wait_result result;
	pid_t tid;
	int status;

	result = waiting_next(&engine->waiting, HASH_COUNT(engine->tracees), block, &tid, &status);
	if (result == PTRACE_WAIT_STATUS)
		engine_stop(engine, tid, status);
	return result;
}
