/* SPDX-License-Identifier: MIT */
#include "trace/late.h"

#include <time.h>

#include "base/error.h"
#include "os/procfs.h"
#include "os/ptrace.h"
#include "trace/engine.h"

enum {
	LOOK_INTERVAL_NS = 200000,
	PATIENT_LOOKS = 500, /* how long what cannot be hurried is waited for, at least 0.1 s */
	BUSY_LOOKS = 25000,  /* and who has no turn on a busy machine, at least 5 s */
};

static bool is_in_cave(const struct space *space, uint64_t pc)
{
	const uint64_t cave_addr = space ? space->net.cave_addr : 0;

	return cave_addr && pc >= cave_addr && pc - cave_addr < ARCH_CAVE_SIZE;
}

bool late_is_still(const struct tracee *tracee, bool is_event_stop)
{
	struct arch_registers registers;
	struct usdtrap_error *error;

	/* An event stop that was asked for may come before the trap's. */
	if (is_event_stop && engine_has_trap_pending(tracee))
		return true;
	if (!tracee->space || !tracee->space->arch || !tracee->space->net.cave_addr)
		return false;
	error = ptrace_get_registers(tracee->tid, &registers);
	usdtrap_error_destroy(error);
	return !error && is_in_cave(tracee->space, tracee->space->arch->pc(&registers));
}

/* Whether TRACEE, which sleeps, does so in the cave. */
static bool sleeps_in_cave(const struct tracee *tracee)
{
	uint64_t pc;

	return procfs_pc(PROCFS_ROOT, tracee->tid, &pc) && is_in_cave(tracee->space, pc);
}

static bool look_at(struct tracee *tracee, unsigned looks)
{
	struct procfs_stat stat;
	struct usdtrap_error *error;

	if (tracee->is_listening)
		return false;
	error = procfs_stat_read(PROCFS_ROOT, tracee->tid, tracee->tid, &stat);
	usdtrap_error_destroy(error);
	if (error)
		return false;
	switch (stat.state) {
	case 'R': /* it gets its turn, on a busy machine late: without the net it must not be left to that */
		engine_interrupt(tracee);
		return looks < BUSY_LOOKS;
	case 't':
		return looks < BUSY_LOOKS;
	case 'D': /* it waits for a page that the trap is on, perhaps */
		return looks < PATIENT_LOOKS;
	default: /* asleep: its trap would have been reported before */
		return looks < PATIENT_LOOKS && sleeps_in_cave(tracee);
	}
}

bool late_is_anybody(struct engine *engine, const struct space *space, unsigned looks)
{
	bool is_any = false;

	for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next) {
		if (!tracee->may_be_late || (space && tracee->space != space))
			continue;
		tracee->may_be_late = look_at(tracee, looks);
		is_any |= tracee->may_be_late;
	}
	return is_any;
}

void late_await(struct engine *engine, const struct space *space)
{
	const struct timespec interval = {.tv_nsec = LOOK_INTERVAL_NS};
	bool is_waiting = true;

	for (unsigned looks = 0; is_waiting; looks++) {
		while (engine_step(engine, false) == PTRACE_WAIT_STATUS)
			;
		is_waiting = late_is_anybody(engine, space, looks);
		if (is_waiting)
			nanosleep(&interval, NULL);
	}
}
