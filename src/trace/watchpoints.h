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

/* Registers of a thread; no architecture has more that can be used. */
enum { WATCHPOINTS_MAX = 4 };

/* One place in memory that is watched. */
struct watchpoint {
	const struct space *space; /* where; NULL: in every one */
	uint64_t address;
	unsigned length;
	unsigned access; /* ARCH_WATCH_* */
	usdtrap_hit_fn on_hit;
	void *user;
	unsigned place; /* which of the threads' registers it has */
	uint32_t number;
	struct watchpoint *next;
};

/* One that is wanted by name: what that means is found in each process. */
struct watched_symbol {
	const char *name;
	uint64_t offset;
	struct watchpoint like; /* but for the address */
	struct watched_symbol *next;
};

struct watchpoints {
	struct watchpoint *list;
	struct watched_symbol *symbols;
	uint32_t last_number;
	unsigned generation; /* changes with the list: struct tracee has the one its registers are set by */
};

/* Adds a copy of WATCHPOINT. Errors: UNSUPPORTED, NO_MEMORY. */
struct usdtrap_error *watchpoints_add(struct watchpoints *watchpoints,
				      const struct watchpoint *watchpoint) USDTRAP_MUST_USE;
/* The same by name, for all processes. */
struct usdtrap_error *watchpoints_add_symbol(struct watchpoints *watchpoints,
					     const struct watched_symbol *symbol) USDTRAP_MUST_USE;
void watchpoints_deinit(struct watchpoints *watchpoints);
/* Whether memory is watched, or may come to be. */
bool watchpoints_are_wanted(const struct engine *engine);

/* SPACE is newly armed: finds what is wanted by name. Errors: NOT_FOUND, UNSUPPORTED, GONE. */
struct usdtrap_error *watchpoints_resolve(struct engine *engine, struct space *space) USDTRAP_MUST_USE;
/* The list has changed, or SPACE is new: has all threads of SPACE (NULL: of all) stop once, so that they can be set. */
void watchpoints_changed(struct engine *engine, const struct space *space);
/* Sets TRACEE's registers, which is stopped, if they are not as the list has it. */
void watchpoints_update(struct engine *engine, struct tracee *tracee);
/* TRACEE is at exec, and still in the space that it leaves: the kernel has cleared its registers. */
void watchpoints_executed(struct engine *engine, struct tracee *tracee);
/* The last tracee of SPACE is gone. */
void watchpoints_forget_space(struct engine *engine, const struct space *space);
/* Whether TRACEE has in its registers what the list does not have any more. */
bool watchpoints_are_stale(const struct engine *engine, const struct tracee *tracee);
/* Watches nothing any more, and waits until all threads have stopped once and are rid of it. */
void watchpoints_end(struct engine *engine);

/* TRACEE stands at a SIGTRAP. True if that is the trap of watched memory: *RET_PLACES tells which; told once. */
bool watchpoints_were_hit(struct tracee *tracee, uint64_t *ret_places);
/* TRACEE stands at a SIGTRAP. True, after telling who is interested, if it is that of a watchpoint. */
bool watchpoints_hit(struct engine *engine, struct tracee *tracee);

#endif
