/* SPDX-License-Identifier: MIT */
/*
 * ptrace(2) and waitpid(2), one thin function each. The sole user of both.
 *
 * A thread may vanish before any of these: that is GONE (static, costs
 * nothing), an event and not a failure. All must be called by the thread that
 * seized. PTRACE_SINGLESTEP is missing on purpose: a tracer that dies after it
 * kills the target.
 */
#ifndef USDTRAP_OS_PTRACE_H
#define USDTRAP_OS_PTRACE_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include <usdtrap/error.h>

#include "arch/arch.h"

/*
 * Whether this process may call ptrace(2) at all: 0, or the errno with which a
 * seccomp filter answers instead of the kernel. Does nothing to anybody.
 */
int ptrace_probe(void);
/* What threads may stop at beside what they always do. */
enum ptrace_wants {
	PTRACE_WANTS_END = 1,      /* when they are about to end */
	PTRACE_WANTS_FILTERED = 2, /* at the system calls that a filter of theirs names: os/call_filter.h */
};
/*
 * PTRACE_SEIZE with the options that follow clone, fork, vfork and exec, mark system call stops, and do what WANTS
 * says. Stops nobody.
 *
 * Before Linux 3.4 it is PTRACE_ATTACH, which sends a SIGSTOP, and *RET_IS_ATTACHED is set: the options can only be set
 * at the thread's first stop. So it is with the threads that it makes, but for the options, which they have from it.
 * What the waits below tell of such threads they tell as of seized ones, but for the SIGSTOP that each begins with.
 */
struct usdtrap_error *ptrace_seize(pid_t tid, unsigned wants, bool *ret_is_attached) USDTRAP_MUST_USE;
/* Sets these options on a thread that stands. */
struct usdtrap_error *ptrace_set_options(pid_t tid, unsigned wants) USDTRAP_MUST_USE;
/* Lets a stopped thread run, delivering SIGNAL (0: none). */
struct usdtrap_error *ptrace_continue(pid_t tid, int signal) USDTRAP_MUST_USE;
/* The same, up to the next system call entry or exit. */
struct usdtrap_error *ptrace_continue_to_system_call(pid_t tid, int signal) USDTRAP_MUST_USE;
/* Leaves a group-stopped thread stopped, yet lets it be woken by SIGCONT. Not for one that was attached. */
struct usdtrap_error *ptrace_listen(pid_t tid) USDTRAP_MUST_USE;
/*
 * Makes a running thread stop (PTRACE_EVENT_STOP); one that was attached, by a SIGSTOP. Only for threads that must: see
 * hazards of interrupted calls.
 */
struct usdtrap_error *ptrace_interrupt(pid_t tid) USDTRAP_MUST_USE;
/* Lets a stopped thread go for good, delivering SIGNAL (0: none). */
struct usdtrap_error *ptrace_detach(pid_t tid, int signal) USDTRAP_MUST_USE;
struct usdtrap_error *ptrace_get_registers(pid_t tid, struct arch_registers *ret) USDTRAP_MUST_USE;
struct usdtrap_error *ptrace_set_registers(pid_t tid, const struct arch_registers *registers) USDTRAP_MUST_USE;
struct usdtrap_error *ptrace_get_vector_registers(pid_t tid, struct arch_vector_registers *ret) USDTRAP_MUST_USE;
struct usdtrap_error *ptrace_get_siginfo(pid_t tid, siginfo_t *ret) USDTRAP_MUST_USE;
struct usdtrap_error *ptrace_set_siginfo(pid_t tid, const siginfo_t *info) USDTRAP_MUST_USE;
struct usdtrap_error *ptrace_get_event_message(pid_t tid, unsigned long *ret) USDTRAP_MUST_USE;
/* A word of the user area, as <sys/user.h> lays it out: debug registers are reached by it alone. */
struct usdtrap_error *ptrace_peek_user(pid_t tid, size_t offset, uint64_t *ret) USDTRAP_MUST_USE;
struct usdtrap_error *ptrace_poke_user(pid_t tid, size_t offset, uint64_t value) USDTRAP_MUST_USE;
/*
 * Whether thread TID, traced by this one, stands at a stop, reported or not. One that stands at an exec that was not
 * reported yet does not count: its memory is another than its tracer knows.
 */
bool ptrace_is_standing(pid_t tid);
/* Waits until it does, for TIMEOUT_MS at most; whatever it came to is still to be reported. */
bool ptrace_await_standing(pid_t tid, unsigned timeout_ms);
/* A word of the memory of a thread that stands, read-only or not. ADDRESS is a multiple of its size. Errors: FAULT,
 * GONE. */
struct usdtrap_error *ptrace_peek_text(pid_t tid, uint64_t address, uint64_t *ret) USDTRAP_MUST_USE;
struct usdtrap_error *ptrace_poke_text(pid_t tid, uint64_t address, uint64_t value) USDTRAP_MUST_USE;
/* What a system call stop is about. At an exit only the call's result is told. */
struct ptrace_call {
	bool is_entry;
	bool is_compatible; /* made in the 32-bit convention, by a 64-bit program */
	struct arch_call_state call;
};
/* PTRACE_GET_SYSCALL_INFO; a stop that a filter asked for is an entry. Errors: UNSUPPORTED before Linux 5.3; GONE. */
struct usdtrap_error *ptrace_get_call(pid_t tid, struct ptrace_call *ret) USDTRAP_MUST_USE;
/* PTRACE_GETSIGMASK, PTRACE_SETSIGMASK. Errors: UNSUPPORTED (of the first) before Linux 3.11; GONE. */
struct usdtrap_error *ptrace_get_signal_mask(pid_t tid, uint64_t *ret) USDTRAP_MUST_USE;
struct usdtrap_error *ptrace_set_signal_mask(pid_t tid, uint64_t mask) USDTRAP_MUST_USE;

enum ptrace_wait_result {
	PTRACE_WAIT_STATUS,      /* *RET_TID changed its state to *RET_STATUS */
	PTRACE_WAIT_NOTHING,     /* nothing to report now (only without blocking) */
	PTRACE_WAIT_INTERRUPTED, /* a signal handler ran */
	PTRACE_WAIT_NOBODY,      /* this thread traces nobody */
};
/*
 * The next change of state of any thread this thread traces. It is taken from
 * the kernel, but for one: a stop by a plain SIGTRAP is only looked at. Should
 * this process be killed before it lets the thread go on, the kernel then
 * delivers that SIGTRAP; of one that was taken it knows no more, and the thread
 * would go on behind the trap as if there had been nothing. Hence a thread that
 * stands at one must be let go on before the next wait, which tells it again.
 */
enum ptrace_wait_result ptrace_wait(bool block, pid_t *ret_tid, int *ret_status);
/* The same of thread TID alone, which *RET_TID then is; does not block. NOBODY: it is not traced by this thread. */
enum ptrace_wait_result ptrace_wait_of(pid_t tid, pid_t *ret_tid, int *ret_status);

/* The next change of state of TID alone, likewise. False: there was none within TIMEOUT_MS milliseconds, or it is not
 * traced. */
bool ptrace_wait_for(pid_t tid, unsigned timeout_ms, int *ret_status);

/* What a wait status says, taken apart once: nothing above looks at the macros of wait(2). */
enum ptrace_stop_kind {
	PTRACE_STOP_EXITED,     /* `value' is the exit status */
	PTRACE_STOP_KILLED,     /* `value' is the signal */
	PTRACE_STOP_SIGNAL,     /* signal-delivery stop; `value' is the signal, to be passed on */
	PTRACE_STOP_GROUP,      /* group stop; `value' is the stopping signal; answer with listen */
	PTRACE_STOP_EVENT_STOP, /* interrupt, a new thread's first stop, or the end of a group stop; continue with 0 */
	PTRACE_STOP_FORK,       /* these four: the event message is the new thread's id (exec: the former tid) */
	PTRACE_STOP_VFORK,
	PTRACE_STOP_CLONE,
	PTRACE_STOP_EXEC,
	PTRACE_STOP_END,         /* the thread is about to end; only where the seize asked for it */
	PTRACE_STOP_SYSTEM_CALL, /* entry or exit of a system call */
	PTRACE_STOP_FILTERED,    /* a system call that a filter has stopped: it was not made yet */
	PTRACE_STOP_OTHER,       /* an event that was not asked for; continue with 0 */
};
struct ptrace_stop {
	enum ptrace_stop_kind kind;
	int value;
};
/* Pure: a status as waitpid(2) gives it, to its meaning. */
struct ptrace_stop ptrace_classify(int status);
/* Whether STATUS is of the stops that an interrupt leads to: PTRACE_STOP_EVENT_STOP, PTRACE_STOP_GROUP. */
bool ptrace_is_event_stop(int status);

#endif
