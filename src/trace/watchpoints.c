/* SPDX-License-Identifier: MIT */
/*
 * Watchpoints: a processor compares every access of a thread with a few
 * addresses in its debug registers, at no cost, and traps at those that match.
 *
 * The registers are each thread's own, can only be set while it is stopped,
 * and are not passed on to new threads: they get theirs before they first go
 * on. Where the list of what is watched changes, every thread is made to stop
 * once. exec clears the registers; ptrace(2) never does, also when the tracer
 * is gone. So leaving begins with another stop of every thread.
 *
 * A tracer that is killed cannot do that. The handler of the safety net takes
 * the traps of such registers then, and just returns: behind the access, which
 * was done. Whoever repairs stops the threads and clears them. Where there is
 * no net a warning says what that means.
 */
#include "trace/watchpoints.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <utlist.h>

#include "base/error.h"
#include "trace/engine.h"
#include "trace/hit.h"
#include "trace/journal.h"
#include "trace/stacks.h"

enum {
	END_LOOKS_MAX = 2000, /* at 0.2 ms: what does not stop by then never will */
	END_INTERVAL_NS = 200000,
	ADDRESS_BITS = 56, /* of programs: 47, or with a fifth level of page tables 56 */
};

static const struct usdtrap_probe_info watchpoint_info = {
	.path = "", .provider = "watchpoint", .name = "", .full_name = "watchpoint"};

/* ---- What is watched --------------------------------------------------------------------------------------------- */

static struct usdtrap_error *check(const struct watchpoint *watchpoint)
{
	const unsigned length = watchpoint->length;

	if (length != 1 && length != 2 && length != 4 && length != 8)
		return error_create(USDTRAP_UNSUPPORTED, "a watchpoint watches 1, 2, 4 or 8 bytes, not %u", length);
	if (watchpoint->address >> ADDRESS_BITS)
		return error_create(USDTRAP_UNSUPPORTED,
				    "a watchpoint cannot watch 0x%" PRIx64
				    ", which is the kernel's (the vsyscall page among it)",
				    watchpoint->address);
	if (watchpoint->address % length)
		return error_create(USDTRAP_UNSUPPORTED, "a watchpoint's address must be a multiple of its length");
	if (!watchpoint->access ||
	    (watchpoint->access & ARCH_WATCH_EXECUTE && (watchpoint->access != ARCH_WATCH_EXECUTE || length != 1)))
		return error_create(USDTRAP_UNSUPPORTED,
				    "a watchpoint watches writes, reads and writes, or the execution of 1 byte");
	return NULL;
}

/* Whether a thread may have both. */
static bool do_meet(const struct watchpoint *first, const struct watchpoint *second)
{
	return !first->space || !second->space || first->space == second->space;
}

struct usdtrap_error *watchpoints_add(struct watchpoints *watchpoints, const struct watchpoint *watchpoint)
{
	struct usdtrap_error *error = check(watchpoint);
	struct watchpoint *copy, *other;
	bool is_taken[WATCHPOINTS_MAX] = {false};
	unsigned place = 0;

	if (error)
		return error;
	LL_FOREACH (watchpoints->list, other)
		is_taken[other->place] |= do_meet(watchpoint, other);
	while (place < WATCHPOINTS_MAX && is_taken[place])
		place++;
	if (place == WATCHPOINTS_MAX)
		return error_create(USDTRAP_UNSUPPORTED, "the processor has registers for %d watchpoints only",
				    WATCHPOINTS_MAX);
	copy = malloc(sizeof(*copy));
	if (!copy)
		return &error_no_memory;
	*copy = *watchpoint;
	copy->place = place;
	copy->number = ++watchpoints->last_number;
	LL_APPEND(watchpoints->list, copy);
	watchpoints->generation++;
	return NULL;
}

struct usdtrap_error *watchpoints_add_symbol(struct watchpoints *watchpoints, const struct watched_symbol *symbol)
{
	struct usdtrap_error *error = check(&symbol->like);
	struct watched_symbol *copy;

	if (error)
		return error;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return &error_no_memory;
	*copy = *symbol;
	LL_APPEND(watchpoints->symbols, copy);
	return NULL;
}

static void remove_one(struct watchpoints *watchpoints, struct watchpoint *watchpoint)
{
	LL_DELETE(watchpoints->list, watchpoint);
	free(watchpoint);
	watchpoints->generation++;
}

void watchpoints_deinit(struct watchpoints *watchpoints)
{
	struct watched_symbol *symbol, *next;

	while (watchpoints->list)
		remove_one(watchpoints, watchpoints->list);
	LL_FOREACH_SAFE(watchpoints->symbols, symbol, next)
	free(symbol);
	watchpoints->symbols = NULL;
}

bool watchpoints_are_wanted(const struct engine *engine)
{
	return engine->watchpoints.list || engine->watchpoints.symbols;
}

static struct usdtrap_error *resolve(struct engine *engine, struct space *space, const struct watched_symbol *symbol)
{
	struct watchpoint watchpoint = symbol->like;
	struct usdtrap_error *error = stacks_find_symbol(engine, space, symbol->name, &watchpoint.address);

	if (error)
		return error;
	watchpoint.space = space;
	watchpoint.address += symbol->offset;
	error = watchpoints_add(&engine->watchpoints, &watchpoint);
	return error ? error_prefix(error, "%s, at 0x%" PRIx64, symbol->name, watchpoint.address) : NULL;
}

struct usdtrap_error *watchpoints_resolve(struct engine *engine, struct space *space)
{
	struct usdtrap_error *error = NULL;
	const struct watched_symbol *symbol;

	for (symbol = engine->watchpoints.symbols; symbol && !error; symbol = symbol->next)
		error = resolve(engine, space, symbol);
	return error;
}

struct usdtrap_error *usdtrap_hit_watch(const struct usdtrap_hit *hit, uint64_t address, unsigned length,
					unsigned watch, usdtrap_hit_fn on_hit, void *user)
{
	struct engine *engine = hit->engine;
	const struct watchpoint wanted = {.space = hit->tracee->space,
					  .address = address,
					  .length = length,
					  .access = watch,
					  .on_hit = on_hit,
					  .user = user};
	const struct watchpoint *watchpoint;
	struct usdtrap_error *error;

	LL_FOREACH (engine->watchpoints.list, watchpoint)
		if (do_meet(watchpoint, &wanted) && watchpoint->address == address && watchpoint->length == length &&
		    watchpoint->access == watch && watchpoint->user == user)
			return NULL; /* it is */
	error = watchpoints_add(&engine->watchpoints, &wanted);
	if (!error)
		watchpoints_changed(engine, hit->tracee->space);
	return error;
}

int usdtrap_hit_unwatch(const struct usdtrap_hit *hit, uint64_t address)
{
	struct watchpoints *watchpoints = &hit->engine->watchpoints;
	struct watchpoint *watchpoint, *next;
	int count = 0;

	LL_FOREACH_SAFE(watchpoints->list, watchpoint, next)
	{
		if (watchpoint->address != address || (watchpoint->space && watchpoint->space != hit->tracee->space))
			continue;
		remove_one(watchpoints, watchpoint);
		count++;
	}
	if (count)
		watchpoints_changed(hit->engine, NULL);
	return count;
}

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

static void warn_of_death(struct engine *engine, const struct space *space)
{
	if (space->net.state != NET_IN && space->net.state != NET_PENDING)
		engine_notice(engine, USDTRAP_NOTICE_WARNING,
			      "watchpoints stay in the processor's registers: should usdtrap be killed (SIGKILL), "
			      "process %d, which has no safety net, ends at its next access to what is watched",
			      (int)space->pid);
}

void watchpoints_changed(struct engine *engine, const struct space *space)
{
	for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		if ((!space || tracee->space == space) && tracee->role == TRACEE_MEMBER &&
		    tracee->watch_generation != engine->watchpoints.generation)
			engine_interrupt(tracee);
}

/* From here on threads of SPACE have something in their registers that outlives us. */
static struct usdtrap_error *begin(struct engine *engine, struct space *space)
{
	struct usdtrap_error *error;

	if (space->is_watched)
		return NULL;
	error = journal_watch(space->journal);
	if (error)
		return error;
	space->is_watched = true;
	warn_of_death(engine, space);
	return NULL;
}

/* Sets the registers as the list has it. The addresses first, since setting the control checks them. */
static struct usdtrap_error *set_registers(struct engine *engine, struct tracee *tracee)
{
	const struct arch *arch = tracee->space->arch;
	const struct watchpoint *watchpoint;
	uint32_t numbers[WATCHPOINTS_MAX] = {0};
	struct usdtrap_error *error = NULL;
	uint64_t control = 0;
	bool is_wanted = false;

	for (watchpoint = engine->watchpoints.list; watchpoint; watchpoint = watchpoint->next)
		if (!watchpoint->space || watchpoint->space == tracee->space)
			numbers[watchpoint->place] = watchpoint->number;
	for (unsigned i = 0; i < WATCHPOINTS_MAX; i++)
		is_wanted |= numbers[i] != 0;
	if (!is_wanted && !tracee->has_watched)
		return NULL;
	if (is_wanted)
		error = begin(engine, tracee->space);
	tracee->has_watched = true;
	/* What is switched on cannot be moved just anywhere. */
	if (!error)
		error = ptrace_poke_user(tracee->tid, arch->watch_control_offset, 0);
	for (watchpoint = engine->watchpoints.list; watchpoint && !error; watchpoint = watchpoint->next) {
		if (numbers[watchpoint->place] != watchpoint->number)
			continue;
		error = ptrace_poke_user(tracee->tid, arch->watch_address_offset(watchpoint->place),
					 watchpoint->address);
		control |= arch->watch_control(watchpoint->place, watchpoint->length, watchpoint->access);
	}
	if (!error && control)
		error = ptrace_poke_user(tracee->tid, arch->watch_control_offset, control);
	for (unsigned i = 0; i < WATCHPOINTS_MAX; i++)
		tracee->watch_numbers[i] = error ? 0 : numbers[i];
	return error;
}

void watchpoints_update(struct engine *engine, struct tracee *tracee)
{
	struct usdtrap_error *error;

	if (tracee->watch_generation == engine->watchpoints.generation || tracee->is_starting ||
	    tracee->role != TRACEE_MEMBER || !tracee->space || !tracee->space->arch)
		return;
	tracee->watch_generation = engine->watchpoints.generation;
	error = set_registers(engine, tracee);
	if (error && !error_catch(error, USDTRAP_GONE))
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
}

void watchpoints_forget_space(struct engine *engine, const struct space *space)
{
	struct watchpoint *watchpoint, *next;

	LL_FOREACH_SAFE(engine->watchpoints.list, watchpoint, next)
	if (watchpoint->space && watchpoint->space == space)
		remove_one(&engine->watchpoints, watchpoint);
}

/* Whether other processes run in the space that TRACEE has. */
static bool is_shared(const struct engine *engine, const struct tracee *tracee)
{
	const struct tracee *other = engine->tracees;

	while (other && (other->pid == tracee->pid || other->space != tracee->space))
		other = other->hh.next;
	return other;
}

void watchpoints_executed(struct engine *engine, struct tracee *tracee)
{
	if (tracee->space && !is_shared(engine, tracee))
		watchpoints_forget_space(engine, tracee->space);
	tracee->has_watched = false;
	tracee->watch_generation = engine->watchpoints.generation - 1;
	for (unsigned i = 0; i < WATCHPOINTS_MAX; i++)
		tracee->watch_numbers[i] = 0;
}

bool watchpoints_are_stale(const struct engine *engine, const struct tracee *tracee)
{
	return tracee->has_watched && tracee->watch_generation != engine->watchpoints.generation;
}

static bool is_anybody_stale(const struct engine *engine)
{
	const struct tracee *tracee = engine->tracees;

	while (tracee && !watchpoints_are_stale(engine, tracee))
		tracee = tracee->hh.next;
	return tracee;
}

void watchpoints_end(struct engine *engine)
{
	const struct timespec interval = {.tv_nsec = END_INTERVAL_NS};

	if (!engine->watchpoints.generation)
		return;
	watchpoints_deinit(&engine->watchpoints);
	engine->watchpoints.generation++;
	watchpoints_changed(engine, NULL);
	for (unsigned looks = 0; looks < END_LOOKS_MAX && is_anybody_stale(engine); looks++) {
		while (engine_step(engine, false) == PTRACE_WAIT_STATUS)
			;
		nanosleep(&interval, NULL);
	}
}

/* ---- Hits -------------------------------------------------------------------------------------------------------- */

bool watchpoints_were_hit(struct tracee *tracee, uint64_t *ret_places)
{
	const struct arch *arch = tracee->space ? tracee->space->arch : NULL;
	struct usdtrap_error *error;
	siginfo_t info;
	bool is_ours;

	*ret_places = 0;
	if (!tracee->has_watched || !arch)
		return false;
	error = ptrace_get_siginfo(tracee->tid, &info);
	is_ours = !error && info.si_signo == SIGTRAP && info.si_code == TRAP_HWBKPT;
	if (is_ours)
		error = ptrace_peek_user(tracee->tid, arch->watch_status_offset, ret_places);
	if (!error && *ret_places)
		error = ptrace_poke_user(tracee->tid, arch->watch_status_offset, 0);
	usdtrap_error_destroy(error);
	return is_ours;
}

/* What the register at PLACE was set for in TRACEE. NULL: it is not watched any more. */
static const struct watchpoint *watchpoint_at(const struct engine *engine, const struct tracee *tracee, unsigned place)
{
	const struct watchpoint *watchpoint = engine->watchpoints.list;

	while (watchpoint && (!tracee->watch_numbers[place] || watchpoint->number != tracee->watch_numbers[place]))
		watchpoint = watchpoint->next;
	return watchpoint;
}

bool watchpoints_hit(struct engine *engine, struct tracee *tracee)
{
	struct usdtrap_hit hit = {.engine = engine, .tracee = tracee, .info = &watchpoint_info};
	const struct watchpoint *watchpoint;
	uint64_t places;

	if (!watchpoints_were_hit(tracee, &places))
		return false;
	for (unsigned i = 0; i < WATCHPOINTS_MAX && !engine->is_stopping; i++) {
		if (!tracee->space->arch->watch_was_hit(places, i))
			continue;
		watchpoint = watchpoint_at(engine, tracee, i); /* a callback may have ended it meanwhile */
		if (!watchpoint)
			continue;
		engine->report.hits++;
		engine->is_stopping = watchpoint->on_hit(&hit, watchpoint->user) == USDTRAP_STOP;
	}
	return true;
}
