/* SPDX-License-Identifier: MIT */
/*
 * Watchpoints: a processor compares every access of a thread with a few
 * addresses in its debug registers, at no cost, and traps at those that match.
 *
 * The registers are each thread's own, can only be set while it is stopped,
 * and are not passed on to new threads: they get theirs at their first stop.
 * exec clears them, ptrace(2) never does, also when the tracer is gone. So a
 * thread must be stopped once more when it is let go. A tracer that is killed
 * cannot do that: the target then ends at the next access, by a SIGTRAP that
 * nobody takes. That is said when watching begins.
 */
#include "trace/watchpoints.h"

#include <signal.h>

#include "base/error.h"
#include "trace/engine.h"
#include "trace/hit.h"

static const struct usdtrap_probe_info watchpoint_info = {
	.path = "", .provider = "watchpoint", .name = "", .full_name = "watchpoint"};

struct usdtrap_error *watchpoints_add(struct watchpoints *watchpoints, const struct watchpoint *watchpoint)
{
	const unsigned length = watchpoint->length;

	if (length != 1 && length != 2 && length != 4 && length != 8)
		return error_create(USDTRAP_UNSUPPORTED, "a watchpoint watches 1, 2, 4 or 8 bytes, not %u", length);
	if (watchpoint->address % length)
		return error_create(USDTRAP_UNSUPPORTED, "a watchpoint's address must be a multiple of its length");
	if (!watchpoint->access ||
	    (watchpoint->access & ARCH_WATCH_EXECUTE && (watchpoint->access != ARCH_WATCH_EXECUTE || length != 1)))
		return error_create(USDTRAP_UNSUPPORTED,
				    "a watchpoint watches writes, reads and writes, or the execution of 1 byte");
	if (watchpoints->count == WATCHPOINTS_MAX)
		return error_create(USDTRAP_UNSUPPORTED, "the processor has registers for %d watchpoints only",
				    WATCHPOINTS_MAX);
	watchpoints->items[watchpoints->count++] = *watchpoint;
	return NULL;
}

void watchpoints_begin(struct engine *engine, const struct space *space)
{
	if (!engine->watchpoints.count)
		return;
	engine_notice(engine, USDTRAP_NOTICE_WARNING,
		      "watchpoints stay in the processor's registers: should usdtrap be killed (SIGKILL), process %d "
		      "ends at its next access to what is watched",
		      (int)space->pid);
	for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		if (tracee->space == space && tracee->role == TRACEE_MEMBER)
			engine_interrupt(tracee);
}

/* Sets the registers so that COUNT of the places are watched. The addresses first, since setting the control checks
 * them. */
static struct usdtrap_error *set_registers(const struct engine *engine, const struct tracee *tracee, unsigned count)
{
	const struct arch *arch = tracee->space->arch;
	struct usdtrap_error *error;
	uint64_t control = 0;

	/* What is switched on cannot be moved just anywhere. */
	error = ptrace_poke_user(tracee->tid, arch->watch_control_offset, 0);
	for (unsigned i = 0; !error && i < count; i++) {
		const struct watchpoint *watchpoint = &engine->watchpoints.items[i];

		error = ptrace_poke_user(tracee->tid, arch->watch_address_offset(i), watchpoint->address);
		control |= arch->watch_control(i, watchpoint->length, watchpoint->access);
	}
	if (!error && count)
		error = ptrace_poke_user(tracee->tid, arch->watch_control_offset, control);
	return error;
}

void watchpoints_set(struct engine *engine, struct tracee *tracee)
{
	struct usdtrap_error *error;

	if (!engine->watchpoints.count || tracee->is_watched || tracee->is_starting || tracee->role != TRACEE_MEMBER ||
	    !tracee->space || !tracee->space->arch)
		return;
	tracee->is_watched = true;
	error = set_registers(engine, tracee, engine->watchpoints.count);
	if (error && !error_catch(error, USDTRAP_GONE))
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
}

void watchpoints_clear(struct engine *engine, struct tracee *tracee)
{
	if (!tracee->is_watched)
		return;
	tracee->is_watched = false;
	usdtrap_error_destroy(set_registers(engine, tracee, 0));
}

bool watchpoints_were_hit(const struct tracee *tracee, uint64_t *ret_places)
{
	const struct arch *arch = tracee->space ? tracee->space->arch : NULL;
	struct usdtrap_error *error;
	siginfo_t info;

	*ret_places = 0;
	if (!tracee->is_watched || !arch)
		return false;
	error = ptrace_get_siginfo(tracee->tid, &info);
	if (!error && info.si_signo == SIGTRAP && info.si_code == TRAP_HWBKPT)
		error = ptrace_peek_user(tracee->tid, arch->watch_status_offset, ret_places);
	if (!error && *ret_places)
		error = ptrace_poke_user(tracee->tid, arch->watch_status_offset, 0);
	usdtrap_error_destroy(error);
	return *ret_places != 0;
}

bool watchpoints_hit(struct engine *engine, struct tracee *tracee)
{
	struct usdtrap_hit hit = {.engine = engine, .tracee = tracee, .info = &watchpoint_info};
	uint64_t places;

	if (!watchpoints_were_hit(tracee, &places))
		return false;
	for (unsigned i = 0; i < engine->watchpoints.count && !engine->is_stopping; i++) {
		const struct watchpoint *watchpoint = &engine->watchpoints.items[i];

		if (!tracee->space->arch->watch_was_hit(places, i))
			continue;
		engine->report.hits++;
		engine->is_stopping = watchpoint->on_hit(&hit, watchpoint->user) == USDTRAP_STOP;
	}
	return true;
}
