/* SPDX-License-Identifier: MIT */
/* What stands behind a hit while its callbacks run. */
#ifndef USDTRAP_TRACE_HIT_H
#define USDTRAP_TRACE_HIT_H

#include <usdtrap/hit.h>

#include "arch/arch.h"

struct engine;
struct location;
struct site;
struct tracee;

enum { HIT_COMM_SIZE = 16 }; /* TASK_COMM_LEN, proc(5) */

struct usdtrap_hit {
	struct engine *engine;
	struct tracee *tracee;
	struct site *site;
	struct location *location;              /* of the callback that runs */
	const struct arch_registers *registers; /* pc at the site, or behind it where that is a nop */
	bool has_returned;                      /* the location's function has; the thread is where it returned to */
	/* Fetched when first asked for, by a callback that holds the hit as const. */
	struct {
		bool has_vectors; /* in the engine's room for them */
		bool has_comm;
		uint64_t time_ns;
		char comm[HIT_COMM_SIZE];
	} lazy;
};

#endif
