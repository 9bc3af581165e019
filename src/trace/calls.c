/* SPDX-License-Identifier: MIT */
/*
 * System calls, seen at their entry and exit.
 *
 * A thread that is resumed by PTRACE_SYSCALL stops where it enters the kernel
 * and where it leaves it, and both look alike to waitpid(2). What tells them
 * apart is PTRACE_GET_SYSCALL_INFO; before Linux 5.3 they were counted: after
 * an entry comes an exit. That goes wrong where the first stop is an exit (a
 * new thread's, one that was attached within a call), so the older way also
 * looks at the result register, which the kernel presets to -ENOSYS.
 *
 * A thread runs until its next stop as it was resumed, so it has to be stopped
 * once to begin with. Most threads sleep in a call then. The call is entered
 * again (restart_interrupted(), or the kernel itself does it) and the program
 * sees nothing of it; nor should the script, for which the call began before
 * it looked: only the end of it is told. The kernel may enter another call
 * instead, restart_syscall(2), which stands for the first one with what is
 * left of its time: it is told as that one.
 *
 * Where the program was started with a filter (os/call_filter.h), it stops at
 * the entries of those calls alone that are wanted, without being asked. The
 * other stops are there only when they are: PTRACE_SYSCALL takes the thread
 * from such an entry to the call's exit, if somebody wants to hear of that.
 *
 * Calls in the 32-bit convention (int 0x80 works in a 64-bit program, too)
 * have other numbers and arguments. As in the kernel, raw_syscalls sees them
 * and syscalls does not.
 */
#include "trace/calls.h"

#include <errno.h>

#include <utlist.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/ptrace.h"
#include "trace/engine.h"
#include "trace/restart.h"

enum { GREATEST_ERRNO = 4095 };

bool calls_are_wanted(const struct engine *engine, const struct tracee *tracee)
{
	return (engine->events.wants_calls || engine->options.watch_maps) && tracee->role == TRACEE_MEMBER;
}

bool calls_wait_for_stop(const struct engine *engine, const struct tracee *tracee)
{
	return calls_are_wanted(engine, tracee) && (!engine->has_call_filter || tracee->call.awaits_exit);
}

void calls_begin(struct engine *engine, const struct space *space)
{
	if (engine->has_call_filter)
		return;
	for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		if (tracee->space == space && calls_are_wanted(engine, tracee))
			engine_interrupt(tracee);
}

/* Whether a call that ended with RESULT after we interrupted it will be entered again, by the kernel or by us. */
static bool reenters(const struct tracee *tracee, int64_t result)
{
	return restart_is_cut_short(result) && !restart_is_signal_pending(tracee->tid);
}

void calls_interrupted(struct tracee *tracee)
{
	const struct arch *arch = tracee->space ? tracee->space->arch : NULL;
	struct arch_registers registers;
	struct arch_call_state call;
	struct usdtrap_error *error;

	if (!arch)
		return;
	error = ptrace_get_registers(tracee->tid, &registers);
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	arch->call(&registers, &call);
	if (call.number < 0 || !reenters(tracee, call.result))
		return;
	tracee->call.is_reentering = true;
	tracee->call.number = call.number;
}

/* The older way to know what a stop is about. */
static struct usdtrap_error *read_by_registers(const struct tracee *tracee, struct ptrace_call *ret)
{
	const struct arch *arch = tracee->space->arch;
	uint8_t code[ARCH_CALL_SIZE];
	struct arch_registers registers;
	struct usdtrap_error *error = ptrace_get_registers(tracee->tid, &registers);

	if (error)
		return error;
	arch->call(&registers, &ret->call);
	ret->is_entry = !tracee->call.is_inside && ret->call.result == -ENOSYS;
	/* The registers behind rt_sigreturn(2) are those of whatever it returned to, and tell of no call; behind
	 * restart_syscall(2) they do not tell for which it stands. */
	if (tracee->call.is_inside)
		ret->call.number = tracee->call.number;
	error = memory_read(tracee->space->memory_fd, arch->pc(&registers) - sizeof(code), code, sizeof(code));
	ret->is_compatible = !error && arch->is_compatible_call(code);
	usdtrap_error_destroy(error);
	return NULL;
}

static struct usdtrap_error *read_call(struct engine *engine, struct tracee *tracee, struct ptrace_call *ret)
{
	struct usdtrap_error *error;
	struct arch_registers registers;

	if (engine->has_no_call_info)
		return read_by_registers(tracee, ret);
	error = ptrace_get_call(tracee->tid, ret);
	if (error_catch(error, USDTRAP_UNSUPPORTED)) {
		engine->has_no_call_info = true;
		return read_by_registers(tracee, ret);
	}
	if (error || ret->is_entry)
		return error;
	/* At an exit only the result is told. Which call it was we know if we saw it begin. */
	if (tracee->call.is_inside) {
		ret->call.number = tracee->call.number;
		return NULL;
	}
	error = ptrace_get_registers(tracee->tid, &registers);
	if (!error)
		tracee->space->arch->call(&registers, &ret->call);
	return error;
}

static void deliver_entry(struct engine *engine, struct tracee *tracee, const struct ptrace_call *stop)
{
	const struct events *events = &engine->events;
	const struct arch_call_state *call = &stop->call;
	struct event_data data = {.values = {(uint64_t)call->number}, .array = call->arguments};

	events_deliver(engine, tracee, events->of_kind[EVENT_ANY_ENTER], &data);
	if (stop->is_compatible || call->number < 0 || call->number >= EVENT_CALLS)
		return;
	for (unsigned i = 0; i < ARCH_CALL_ARGUMENTS_MAX; i++)
		data.values[1 + i] = call->arguments[i];
	events_deliver(engine, tracee, events->enter[call->number], &data);
}

static void deliver_exit(struct engine *engine, struct tracee *tracee, const struct ptrace_call *stop)
{
	const struct events *events = &engine->events;
	const struct arch_call_state *call = &stop->call;
	const struct event_data data = {.values = {(uint64_t)call->number, (uint64_t)call->result}};

	events_deliver(engine, tracee, events->of_kind[EVENT_ANY_EXIT], &data);
	if (!stop->is_compatible && call->number >= 0 && call->number < EVENT_CALLS)
		events_deliver(engine, tracee, events->exit[call->number], &data);
}

static void handle_entry(struct engine *engine, struct tracee *tracee, const struct ptrace_call *stop)
{
	const bool is_same = tracee->call.is_reentering && (stop->call.number == tracee->call.number ||
							    stop->call.number == tracee->space->arch->restart_call);

	tracee->call.is_inside = true;
	tracee->call.is_reentering = false;
	tracee->call.is_compatible = stop->is_compatible;
	if (is_same)
		return;
	tracee->call.number = stop->call.number;
	if (tracee->is_starting && tracee->space->arch->is_exec(stop->call.number))
		tracee->is_starting = false;
	if (!tracee->is_starting)
		deliver_entry(engine, tracee, stop);
}

/* Whether somebody wants to hear of the end of call NUMBER. */
static bool wants_exit(const struct engine *engine, long number)
{
	const struct events *events = &engine->events;

	if (engine->options.watch_maps && arch_native()->is_mapping(number))
		return true;
	return events->of_kind[EVENT_ANY_EXIT] || (number >= 0 && number < EVENT_CALLS && events->exit[number]);
}

/* Where files are mapped may have changed: --watch-maps. The thread that did it stands, and goes on when all is armed.
 */
static void look_at_maps(struct engine *engine, struct space *space, const struct ptrace_call *stop)
{
	const bool has_failed = stop->call.result < 0 && stop->call.result >= -GREATEST_ERRNO;
	struct usdtrap_error *error;

	if (has_failed || !(stop->is_compatible || space->arch->is_mapping(stop->call.number)))
		return;
	error = mapped_refresh(engine, space, MAPPED_STEP, NULL);
	if (!error)
		verify_space(engine, space);
	else if (!error_catch(error, USDTRAP_GONE))
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
}

static void handle_exit(struct engine *engine, struct tracee *tracee, struct ptrace_call *stop, bool was_interrupted)
{
	if (tracee->call.is_inside)
		stop->is_compatible = tracee->call.is_compatible;
	tracee->call.is_inside = false;
	if ((was_interrupted && reenters(tracee, stop->call.result)) ||
	    (restart_is_cut_short(stop->call.result) && restart_at_exit(tracee, &stop->call))) {
		tracee->call.is_reentering = true;
		tracee->call.number = stop->call.number;
		return;
	}
	if (tracee->is_starting)
		return;
	if (engine->options.watch_maps && engine->catalog.probes)
		look_at_maps(engine, tracee->space, stop);
	deliver_exit(engine, tracee, stop);
}

/* Reports ERROR, if it is worth a word. */
static void report(const struct engine *engine, struct usdtrap_error *error)
{
	if (!error_catch(error, USDTRAP_GONE))
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
}

/* The kernel has no stop for that end of a call, but its own tracepoints tell of it. */
void calls_born(struct engine *engine, struct tracee *tracee)
{
	struct arch_registers registers;
	struct ptrace_call stop = {0};
	struct usdtrap_error *error;

	if (!calls_are_wanted(engine, tracee) || !tracee->space || !tracee->space->arch)
		return;
	error = ptrace_get_registers(tracee->tid, &registers);
	if (error) {
		report(engine, error);
		return;
	}
	tracee->space->arch->call(&registers, &stop.call);
	if (stop.call.number >= 0)
		deliver_exit(engine, tracee, &stop);
}

void calls_executed(struct engine *engine, struct tracee *tracee, pid_t former)
{
	const struct tracee *caller = tracee_find(engine->tracees, former);

	if (caller && caller != tracee)
		tracee->call = caller->call;
}

void calls_filtered_stop(struct engine *engine, struct tracee *tracee)
{
	struct ptrace_call stop = {0};
	struct usdtrap_error *error;

	if (!calls_are_wanted(engine, tracee) || !tracee->space || !tracee->space->arch)
		return;
	tracee->call.is_inside = false; /* the end of the last one was of no interest, perhaps */
	error = read_call(engine, tracee, &stop);
	if (error) {
		report(engine, error);
		return;
	}
	handle_entry(engine, tracee, &stop);
	tracee->call.awaits_exit = wants_exit(engine, tracee->call.number);
	tracee->call.is_inside = tracee->call.awaits_exit;
}

void calls_stop(struct engine *engine, struct tracee *tracee, bool was_interrupted)
{
	struct ptrace_call stop = {0};
	struct usdtrap_error *error;

	if (!calls_are_wanted(engine, tracee) || !tracee->space || !tracee->space->arch)
		return;
	error = read_call(engine, tracee, &stop);
	if (error) {
		report(engine, error);
		return;
	}
	tracee->call.awaits_exit = false;
	if (stop.is_entry)
		handle_entry(engine, tracee, &stop);
	else
		handle_exit(engine, tracee, &stop, was_interrupted);
}
