/* SPDX-License-Identifier: MIT */
#include "trace/mask.h"

#include <signal.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "os/ptrace.h"
#include "trace/borrow.h"
#include "trace/engine.h"
#include "trace/lender.h"

static const uint64_t trap_bit = UINT64_C(1) << (SIGTRAP - 1);

static struct usdtrap_error *read_mask(const struct engine *engine, pid_t tid, uint64_t *ret)
{
	struct procfs_status status;
	struct usdtrap_error *error;

	if (!engine->has_no_mask_requests)
		return ptrace_get_signal_mask(tid, ret);
	error = procfs_status_read(PROCFS_ROOT, tid, &status);
	if (!error)
		*ret = status.signals_blocked;
	return error;
}

void mask_remember(struct engine *engine, struct tracee *tracee)
{
	uint64_t mask;
	struct usdtrap_error *error = read_mask(engine, tracee->tid, &mask);

	if (error_catch(error, USDTRAP_UNSUPPORTED)) {
		engine->has_no_mask_requests = true;
		error = read_mask(engine, tracee->tid, &mask);
	}
	usdtrap_error_destroy(error);
	if (!error)
		tracee->blocked_mask = mask | trap_bit;
}

bool mask_is_owed(const struct tracee *tracee)
{
	return tracee->blocked_mask && tracee->role == TRACEE_MEMBER;
}

/* Whether TRACEE's mask is still what the kernel made of it. */
static bool is_as_left(const struct engine *engine, const struct tracee *tracee)
{
	uint64_t mask;
	struct usdtrap_error *error = read_mask(engine, tracee->tid, &mask);

	usdtrap_error_destroy(error);
	return !error && mask == (tracee->blocked_mask & ~trap_bit);
}

void mask_give_back(const struct engine *engine, struct tracee *tracee)
{
	if (is_as_left(engine, tracee))
		usdtrap_error_destroy(ptrace_set_signal_mask(tracee->tid, tracee->blocked_mask));
	tracee->blocked_mask = 0;
}

/* TRACEE stands at an event stop: it calls rt_sigprocmask(SIG_SETMASK, what its mask was), and stands at another. */
static enum borrow_result set_own_mask(const struct tracee *tracee, struct borrow *borrow)
{
	enum borrow_result result = borrow_begin(borrow, true);
	struct usdtrap_error *error;
	struct arch_call call;
	uint64_t addr;
	int64_t value;

	if (result != BORROW_DONE)
		return result;
	addr = borrow_scratch(borrow, sizeof(tracee->blocked_mask));
	call = (struct arch_call){borrow->arch->sigprocmask_call, {SIG_SETMASK, addr, 0, sizeof(tracee->blocked_mask)}};
	error = memory_write(borrow->memory_fd, addr, &tracee->blocked_mask, sizeof(tracee->blocked_mask));
	usdtrap_error_destroy(error);
	if (!error)
		result = borrow_call(borrow, &call, &value);
	return result == BORROW_DONE ? borrow_end(borrow) : result;
}

/* The first thread of SPACE that is owed its mask. */
static struct tracee *next_owed(const struct engine *engine, const struct space *space)
{
	struct tracee *tracee = engine->tracees;

	while (tracee && (tracee->space != space || !mask_is_owed(tracee)))
		tracee = tracee->hh.next;
	return tracee;
}

void mask_give_back_by_borrowing(struct engine *engine, struct space *space)
{
	struct tracee *tracee;

	while (engine->has_no_mask_requests && (tracee = next_owed(engine, space))) {
		struct borrow borrow = {.tid = tracee->tid,
					.memory_fd = space->memory_fd,
					.arch = space->arch,
					.cave_addr = space->net.cave_addr};
		enum borrow_result result = BORROW_LOST;

		if (engine_seccomp(tracee) != SECCOMP_FILTER && space->net.state == NET_IN &&
		    is_as_left(engine, tracee) && lender_bring_to_stop(engine, tracee, false))
			result = set_own_mask(tracee, &borrow);
		if (result != BORROW_LOST)
			engine_stop(engine, borrow.tid, borrow.status); /* at the event stop again, or at another */
		tracee = tracee_find(engine->tracees, borrow.tid);
		if (tracee)
			tracee->blocked_mask = 0;
	}
}
