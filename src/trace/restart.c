/* SPDX-License-Identifier: MIT */
/*
 * Why a system call may end because of a tracer, though nobody hears of it.
 *
 * A thread that sleeps wakes when we interrupt it, and stops. Its call has
 * ended by then: with one of the kernel's marks by which it enters the call
 * again itself, or with EINTR, for which that is done here (arch.h,
 * restart_interrupted_call).
 *
 * It also wakes for a signal. One that the program ignores, be it by default
 * as SIGCHLD, SIGURG and SIGWINCH are, the kernel drops where nobody traces;
 * where somebody does it is sent all the same, for the tracer to see. If the
 * thread that was woken takes it, it stops, and its call is entered again. But
 * a signal that was sent to a process lies there for all its threads, and a
 * thread takes what lies there each time it goes on from a stop:
 *
 *	thread 1	epoll_wait() ......... woken, EINTR, nothing there, on
 *	thread 2	at a probe .. goes on, takes SIGCHLD, stops
 *	                      ^ SIGCHLD is sent, and wakes thread 1
 *
 * Thread 1 comes back with an EINTR that it would not see untraced, and does
 * not stop. (To look before each resumption whether such a signal lies there,
 * and to stop whom it has woken, halves how often that happens, at the price of
 * a request a stop and of many more stops in a process that gets many signals,
 * each of which is a danger of its own if the tracer is killed: not worth it.)
 *
 * Where system calls are stopped at, thread 1's call is seen to end, and there
 * is no doubt (restart_at_exit()).
 */
#include "trace/restart.h"

#include <errno.h>
#include <signal.h>

#include "base/error.h"
#include "os/procfs.h"
#include "os/ptrace.h"
#include "trace/engine.h"

/* What such a call has as its result until signals are seen to: include/linux/errno.h of Linux. */
enum {
	ERESTARTSYS = 512,
	ERESTARTNOINTR = 513,
	ERESTARTNOHAND = 514,
	ERESTART_RESTARTBLOCK = 516,
};

bool restart_is_cut_short(int64_t result)
{
	return result == -EINTR || result == -ERESTARTSYS || result == -ERESTARTNOINTR || result == -ERESTARTNOHAND ||
	       result == -ERESTART_RESTARTBLOCK;
}

/* ---- Signals that a program cares for -------------------------------------------------------------------------------
 */

/* Those that the kernel does nothing about if the program does not say otherwise; but SIGCONT, which wakes whom it
 * means. */
static const uint64_t by_default =
	(UINT64_C(1) << (SIGCHLD - 1)) | (UINT64_C(1) << (SIGURG - 1)) | (UINT64_C(1) << (SIGWINCH - 1));

static uint64_t signal_bit(int number)
{
	return UINT64_C(1) << (number - 1);
}

/* All that the kernel does nothing about in a process with STATUS. */
static uint64_t ignored_signals(const struct procfs_status *status)
{
	return status->signals_ignored | (by_default & ~status->signals_caught);
}

static bool has_pending(const struct procfs_status *status)
{
	const uint64_t pending = status->signals_pending | status->signals_pending_shared;

	return pending & ~status->signals_blocked & ~ignored_signals(status);
}

bool restart_is_signal_pending(pid_t tid)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, tid, &status);

	usdtrap_error_destroy(error);
	return !error && has_pending(&status);
}

/* Has the call that TRACEE was in entered again, if it would return EINTR. */
static bool enter_again(const struct tracee *tracee, bool is_filtered)
{
	const struct arch *arch = tracee->space->arch;
	struct arch_registers registers = {0}; /* all of it: it is handed back */
	struct usdtrap_error *error = ptrace_get_registers(tracee->tid, &registers);
	bool was_interrupted = false;

	if (!error) {
		was_interrupted = arch->restart_interrupted_call(&registers, is_filtered);
		if (was_interrupted)
			error = ptrace_set_registers(tracee->tid, &registers);
	}
	usdtrap_error_destroy(error);
	return was_interrupted;
}

void restart_interrupted(struct tracee *tracee)
{
	if (!tracee->space || !tracee->space->arch || restart_is_signal_pending(tracee->tid))
		return;
	enter_again(tracee, engine_seccomp(tracee) == SECCOMP_FILTER);
}

/* ---- Signals that the program ignores ------------------------------------------------------------------------------
 */

bool restart_ignorant(struct tracee *tracee, int signal)
{
	struct procfs_status status;
	struct usdtrap_error *error;

	if (!tracee->space || !tracee->space->arch)
		return false;
	error = procfs_status_read(PROCFS_ROOT, tracee->tid, &status);
	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	if (!(ignored_signals(&status) & signal_bit(signal)))
		return false;
	if (!has_pending(&status))
		enter_again(tracee, status.seccomp == SECCOMP_FILTER);
	return true;
}

bool restart_at_exit(struct tracee *tracee, const struct arch_call_state *call)
{
	struct procfs_status status;
	struct usdtrap_error *error;

	if (call->result == -EINTR && !tracee->space->arch->is_never_restarted(call->number))
		return false;
	error = procfs_status_read(PROCFS_ROOT, tracee->tid, &status);
	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	if (has_pending(&status))
		return false;
	/* The signal that it woke for may be gone already, taken by another thread. */
	enter_again(tracee, status.seccomp == SECCOMP_FILTER);
	return true;
}
