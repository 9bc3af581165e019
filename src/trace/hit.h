/* SPDX-License-Identifier: MIT */
/* What stands behind a hit while its callbacks run. */
#ifndef USDTRAP_TRACE_HIT_H
#define USDTRAP_TRACE_HIT_H

#include <usdtrap/hit.h>

#include "arch/arch.h"

struct engine;
struct event_data;
struct event_match;
struct location;
struct recorded;
struct site;
struct tracee;

enum { HIT_COMM_SIZE = 16 }; /* TASK_COMM_LEN, proc(5) */

struct usdtrap_hit {
	struct engine *engine;
	struct tracee *tracee;
	const struct recorded *recorded; /* what was kept of the thread, which has gone on since; NULL: it stands */
	struct site *site;               /* NULL: it stands at no site but somewhere, at an event */
	struct location *location;       /* of the callback that runs; NULL likewise */
	const struct usdtrap_probe_info *info; /* what there is of it at an event */
	const struct event_match *match;       /* the event's, of the callback that runs; NULL: no event */
	const struct event_data *data;
	/* Pc at the site, or behind it where that is a nop. NULL at an event before they are asked for:
	 * hit_registers(). */
	const struct arch_registers *registers;
	bool has_returned; /* the location's function has; the thread is where it returned to */
	/* Fetched when first asked for, by a callback that holds the hit as const. */
	struct {
		bool has_vectors; /* in the engine's room for them */
		bool has_comm;
		uint64_t time_ns;
		char comm[HIT_COMM_SIZE];
	} lazy;
};

/* The registers of the thread at HIT; all are 0 when they cannot be read, since it is gone. */
const struct arch_registers *hit_registers(const struct usdtrap_hit *hit);
/* Where the thread at HIT goes on: at a probe its address; behind a function that has returned, where that returned to.
 */
uint64_t hit_pc(const struct usdtrap_hit *hit);

#endif
