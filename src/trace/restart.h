/* SPDX-License-Identifier: MIT */
/* System calls that ended because of the tracer are entered again: restart.c. */
#ifndef USDTRAP_TRACE_RESTART_H
#define USDTRAP_TRACE_RESTART_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "arch/arch.h"

struct tracee;

/* Whether RESULT is that of a system call which ended before its time: EINTR, or a mark of the kernel's. */
bool restart_is_cut_short(int64_t result);
/* Whether any signal is pending that TID does not block and the program cares for: an interrupted call then returns
 * EINTR by right. */
bool restart_is_signal_pending(pid_t tid);
/* TRACEE stands at an event stop that we asked for, or at a system call's exit instead: has the call that we
 * interrupted entered again. */
void restart_interrupted(struct tracee *tracee);
/*
 * TRACEE stands where it is about to take SIGNAL. If the program does not care
 * for it, the kernel would not have woken it without a tracer: the call that
 * was interrupted is entered again, too. Returns whether that is so.
 */
bool restart_ignorant(struct tracee *tracee, int signal);
/*
 * TRACEE stands at the exit of CALL, which has ended with EINTR or one of the
 * kernel's marks for a call that is to be entered again, and was not
 * interrupted by us. Returns whether it has ended for a signal that the
 * program ignores; it is entered again then, by the kernel or by what is done
 * here.
 */
bool restart_at_exit(struct tracee *tracee, const struct arch_call_state *call);

#endif
