/* SPDX-License-Identifier: MIT */
/* Watched memory. */
#ifndef USDTRAP_TRACE_WATCHPOINTS_H
#define USDTRAP_TRACE_WATCHPOINTS_H

#include <stdbool.h>
#include <stdint.h>

#include <usdtrap/session.h>

struct engine;
struct space;
struct tracee;

enum { WATCHPOINTS_MAX = 4 };

struct watchpoint {
	uint64_t address;
	unsigned length;
	unsigned access; /* ARCH_WATCH_* */
	usdtrap_hit_fn on_hit;
	void *user;
};

struct watchpoints {
	struct watchpoint items[WATCHPOINTS_MAX];
	unsigned count;
};

struct usdtrap_error *watchpoints_add(struct watchpoints *watchpoints,
				      const struct watchpoint *watchpoint) USDTRAP_MUST_USE;
/* Has all threads of SPACE stop once, so that they can be set. */
void watchpoints_begin(struct engine *engine, const struct space *space);
/* Sets TRACEE's, which is stopped, if that was not done. */
void watchpoints_set(struct engine *engine, struct tracee *tracee);
/* TRACEE is stopped: takes them away again. */
void watchpoints_clear(struct engine *engine, struct tracee *tracee);
/* TRACEE stands at a signal. True if that is the trap of watchpoints: *RET_PLACES tells which, and is told once. */
bool watchpoints_were_hit(const struct tracee *tracee, uint64_t *ret_places);
/* TRACEE stands at a SIGTRAP. True, after telling who is interested, if it is that of a watchpoint. */
bool watchpoints_hit(struct engine *engine, struct tracee *tracee);

#endif
