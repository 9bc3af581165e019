/* SPDX-License-Identifier: MIT */
/*
 * Whether two processes run in the same memory. kcmp(2) says so, but not every
 * kernel has it (it came with Linux 3.5, and can be left out), and the filters
 * of containers forbid it to whoever lacks CAP_SYS_PTRACE. Then there are other
 * ways, each where it can be had:
 *
 *	at a birth     the parent stands in the call that made the child, and
 *	               its registers tell how it was asked to
 *	at a stop      the child stands: what is written below its stack, where
 *	               nothing lives, is seen in the other's memory, or is not
 *	untouched      neither stands: a thread of the parent waits in a vfork,
 *	               and the child has mapped what the parent has. The first two
 *	               are proofs, this is a sign: of a child that was made with
 *	               CLONE_VM and without CLONE_VFORK it knows nothing
 */
#ifndef USDTRAP_TRACE_SHARING_H
#define USDTRAP_TRACE_SHARING_H

#include <stdbool.h>
#include <sys/types.h>

struct space;
struct tracee;

/* PARENT stands at the event of having made process CHILD. */
bool sharing_at_birth(const struct tracee *parent, pid_t child);
/* CHILD stands at a stop of ours. */
bool sharing_at_stop(const struct space *space, pid_t child);
/* Nothing is known of CHILD but that it is a child of SPACE's process. */
bool sharing_untouched(const struct space *space, pid_t child);

#endif
