/* SPDX-License-Identifier: MIT */
/*
 * Kernels older than Linux 3.4, which have no PTRACE_SEIZE: threads are
 * attached by PTRACE_ATTACH instead. What differs:
 *
 *	to attach       sends the thread a SIGSTOP, so each thread stops once,
 *	                and the options are set at that stop. It is answered
 *	                without the signal: the thread goes on
 *	a new thread    begins with such a SIGSTOP, too
 *	to interrupt    we send one. os/ptrace.c knows it by its sender, and
 *	                tells it as the event stop that it stands for
 *	a group stop    is told by the signal alone (os/ptrace.c again). There is
 *	                no PTRACE_LISTEN: the thread is held in its stop, and that
 *	                a SIGCONT has come, of which nobody tells us, is looked for
 *	                twenty times a second. It stands, so it can be borrowed; to
 *	                go back to its stop it is given a real SIGSTOP
 *
 * What that costs: attaching stops every thread for a moment (an interrupted
 * call is entered again, as always). A process that is stopped goes on up to
 * 50 ms after its SIGCONT. A SIGSTOP of ours takes a SIGCONT back that a thread
 * has not seen yet, as any SIGSTOP does. And should we be killed while one is on
 * its way, the process is left stopped: whoever repairs knows by the journal
 * that nobody else has stopped it, and wakes it.
 */
#ifndef USDTRAP_TRACE_ATTACHED_H
#define USDTRAP_TRACE_ATTACHED_H

#include <stdbool.h>
#include <sys/types.h>

#include "os/ptrace.h"

struct engine;
struct space;
struct tracee;

/* Process PID is being attached, or was just now, and its user is to know what that means: says so once. */
void attached_tell(struct engine *engine, pid_t pid);
/* SPACE's journal was begun, and is told how its process is held. Errors: OS. */
struct usdtrap_error *attached_journal(const struct engine *engine, struct space *space) USDTRAP_MUST_USE;
/* TRACEE stands in a group stop and is held there. */
void attached_hold(struct tracee *tracee);
/* TRACEE was just attached. */
void attached_seized(struct tracee *tracee);
/* TRACEE, an attached thread, stands at STOP: what that means. Sets the options, if they are not set yet. */
struct ptrace_stop attached_stop(const struct engine *engine, struct tracee *tracee, struct ptrace_stop stop);
/* If TRACEE is held: from now on it only stands, to be borrowed, and goes back to its stop after its next event stop.
 */
bool attached_borrow(struct tracee *tracee);
/* The same of TRACEE, which is to be borrowed and came to the event stop STATUS: if that is a group stop. */
void attached_came_to_stop(struct tracee *tracee, int status);
/* What TRACEE, at an event stop, goes on with: SIGSTOP back to the stop that it was borrowed from, or 0. */
int attached_signal(struct tracee *tracee);
/*
 * TRACEE stands and is to be let go, delivering SIGNAL. True: a SIGSTOP of ours is on its way to it, which must not
 * reach it then; so it goes on, and comes to that stop. False: it can be let go.
 */
bool attached_goes_on(const struct tracee *tracee, int signal);
/* Lets those threads go on that were held in a group stop and have got a SIGCONT. */
void attached_wake(struct engine *engine);

#endif
