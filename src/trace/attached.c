/* SPDX-License-Identifier: MIT */
#include "trace/attached.h"

#include <signal.h>

#include "base/error.h"
#include "os/procfs.h"
#include "trace/engine.h"
#include "trace/journal.h"

void attached_tell(struct engine *engine, pid_t pid)
{
	if (!engine->is_attaching || engine->has_told_of_attaching)
		return;
	engine->has_told_of_attaching = true;
	engine_notice(
		engine, USDTRAP_NOTICE_INFO,
		"the kernel is older than Linux 3.4 and has no PTRACE_SEIZE: each thread of process %d stops for a "
		"moment; should all of usdtrap be killed by kill -9, it may stay stopped: usdtrap repair %d",
		(int)pid, (int)pid);
}

static void stopped(struct space *space, bool is_stopped)
{
	if (!space || space->is_stopped == is_stopped)
		return;
	space->is_stopped = is_stopped;
	usdtrap_error_destroy(journal_stopped(space->journal, is_stopped)); /* then it must be woken by hand */
}

struct usdtrap_error *attached_journal(const struct engine *engine, struct space *space)
{
	struct usdtrap_error *error;

	if (!engine->is_attaching)
		return NULL;
	space->is_attached = true;
	error = journal_attach(space->journal);
	return error || !space->is_stopped ? error : journal_stopped(space->journal, true);
}

void attached_hold(struct tracee *tracee)
{
	tracee->is_held = true;
	stopped(tracee->space, true);
}

void attached_seized(struct tracee *tracee)
{
	tracee->needs_options = true;
	tracee->is_interrupted = true; /* whatever call it is in is to be entered again */
}

/* Whether the SIGSTOP that TRACEE stands at came with PTRACE_ATTACH, or with its birth: then nobody has sent it. */
static bool is_from_nobody(const struct tracee *tracee)
{
	siginfo_t info;
	struct usdtrap_error *error = ptrace_get_siginfo(tracee->tid, &info);

	usdtrap_error_destroy(error);
	return !error && info.si_pid == 0 && (info.si_code == SI_USER || info.si_code == SI_KERNEL);
}

struct ptrace_stop attached_stop(const struct engine *engine, struct tracee *tracee, struct ptrace_stop stop)
{
	if (stop.kind == PTRACE_STOP_EXITED || stop.kind == PTRACE_STOP_KILLED)
		return stop;
	if (tracee->needs_options) {
		usdtrap_error_destroy(ptrace_set_options(tracee->tid, attach_wants(engine)));
		tracee->needs_options = false;
	}
	tracee->is_held = false;
	if (stop.kind == PTRACE_STOP_SIGNAL && stop.value == SIGSTOP && tracee->is_stop_owed &&
	    is_from_nobody(tracee)) {
		tracee->is_stop_owed = false;
		stop = (struct ptrace_stop){PTRACE_STOP_EVENT_STOP, SIGTRAP};
	}
	if (tracee->is_to_stop && stop.kind != PTRACE_STOP_EVENT_STOP)
		usdtrap_error_destroy(ptrace_interrupt(tracee->tid)); /* it was disturbed on its way back */
	/* Unlike an interrupt, the signal is not used up by another stop that came before it: it interrupts by itself.
	 */
	if (stop.kind == PTRACE_STOP_EVENT_STOP)
		tracee->is_interrupted = true;
	return stop;
}

bool attached_borrow(struct tracee *tracee)
{
	if (!tracee->is_held)
		return false;
	tracee->is_held = tracee->is_listening = false;
	tracee->is_to_stop = true;
	return true;
}

void attached_came_to_stop(struct tracee *tracee, int status)
{
	if (tracee->is_attached && ptrace_classify(status).kind == PTRACE_STOP_GROUP)
		tracee->is_to_stop = true;
}

int attached_signal(struct tracee *tracee)
{
	const int signal = tracee->is_to_stop ? SIGSTOP : 0;

	tracee->is_to_stop = false;
	return signal;
}

/* Whether SIGNAL waits for TRACEE: sent to the thread itself or, if IS_SHARED counts as well, to its process. */
static bool is_pending(const struct tracee *tracee, int signal, bool is_shared)
{
	const uint64_t bit = UINT64_C(1) << (signal - 1);
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, tracee->tid, &status);

	usdtrap_error_destroy(error);
	return !error && ((status.signals_pending | (is_shared ? status.signals_pending_shared : 0)) & bit);
}

bool attached_goes_on(const struct tracee *tracee, int signal)
{
	if (!tracee->is_attached || !is_pending(tracee, SIGSTOP, false))
		return false;
	usdtrap_error_destroy(ptrace_continue(tracee->tid, signal));
	return true;
}

/* A SIGCONT is for the whole process. */
static void wake_process(struct engine *engine, pid_t pid)
{
	for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next) {
		if (tracee->pid != pid || !tracee->is_held)
			continue;
		tracee->is_held = tracee->is_listening = false;
		stopped(tracee->space, false);
		engine_resume(engine, tracee, 0);
	}
}

void attached_wake(struct engine *engine)
{
	for (const struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		/* It stays pending, whatever is done about it, for the thread is traced. */
		if (tracee->is_held && is_pending(tracee, SIGCONT, true))
			wake_process(engine, tracee->pid);
}
