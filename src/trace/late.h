/* SPDX-License-Identifier: MIT */
/*
 * Threads that are late: each may still have before it
 *
 *	- the report of a trap that it executed before the bytes were back;
 *	- the way out of the cave (trace/borrow.h): it was borrowed by a tracer
 *	  that was killed, or by us, and has had no turn on a processor since.
 *
 * The first needs the safety net, which must not be taken out meanwhile. The
 * second needs what lies in the cave: the next that is borrowed would write its
 * own way back over it, and the one that is late would go there.
 *
 * Who is late is marked in tracee->may_be_late, and is late until it was seen at
 * a stop, or asleep, elsewhere. On a busy machine that takes its time.
 */
#ifndef USDTRAP_TRACE_LATE_H
#define USDTRAP_TRACE_LATE_H

#include <stdbool.h>

struct engine;
struct space;
struct tracee;

/* Whether TRACEE, which is late and has just been seen to stop, still is. */
bool late_is_still(const struct tracee *tracee, bool is_event_stop);
/*
 * Whether any thread of SPACE (NULL: of all) is late, at the LOOKSth look, 0.2 ms apart. It is asked to stop. After so
 * many looks, which depend on what it does, it is not waited for any more.
 */
bool late_is_anybody(struct engine *engine, const struct space *space, unsigned looks);
/* Waits until nobody is late, or as long as is reasonable. Everybody is sent on, as while tracing. */
void late_await(struct engine *engine, const struct space *space);

#endif
