/* SPDX-License-Identifier: MIT */
/*
 * The signal mask that a trap changes. A trap cannot be blocked: where its
 * thread blocks SIGTRAP the kernel unblocks it (force_sig_info_to_task()). What
 * the mask was is remembered at the hit, and given back on leaving.
 *
 * PTRACE_GETSIGMASK and SETSIGMASK came with Linux 3.11. Before, the mask is
 * read from /proc, and the thread sets it itself: it is borrowed for that
 * (borrow.h), which a filter of its system calls may forbid.
 */
#ifndef USDTRAP_TRACE_MASK_H
#define USDTRAP_TRACE_MASK_H

#include <stdbool.h>

struct engine;
struct space;
struct tracee;

/* The kernel has just unblocked SIGTRAP in TRACEE, which stands at that hit: remembers what its mask was. */
void mask_remember(struct engine *engine, struct tracee *tracee);
/* Whether TRACEE is still to get its mask back. */
bool mask_is_owed(const struct tracee *tracee);
/* TRACEE stands and is about to be let go: gives it its mask back, unless it has changed that since. */
void mask_give_back(const struct engine *engine, struct tracee *tracee);
/* The same for all threads of SPACE, where only they themselves can do it: while it has its net, and no trap. */
void mask_give_back_by_borrowing(struct engine *engine, struct space *space);

#endif
