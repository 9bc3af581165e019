/* SPDX-License-Identifier: MIT */
#include "trace/borrow.h"

#include "base/error.h"
#include "os/memory.h"
#include "os/ptrace.h"

/* A thread that runs reports at once, unless its whole process is frozen, or the machine has no turn for it. */
enum { STOP_TIMEOUT_MS = 10000 };

static enum borrow_result lost(struct usdtrap_error *error)
{
	usdtrap_error_destroy(error);
	return BORROW_LOST;
}

/* The thread's next stop must be of KIND; from any other it goes on as it would have without us. */
static enum borrow_result await(struct borrow *borrow, enum ptrace_stop_kind kind)
{
	if (!ptrace_wait_for(borrow->tid, STOP_TIMEOUT_MS, &borrow->status))
		return BORROW_LOST;
	/* Our own call may be one of those that a filter of ours stops at, too. */
	if (ptrace_classify(borrow->status).kind == PTRACE_STOP_FILTERED) {
		usdtrap_error_destroy(ptrace_continue_to_system_call(borrow->tid, 0));
		if (!ptrace_wait_for(borrow->tid, STOP_TIMEOUT_MS, &borrow->status))
			return BORROW_LOST;
	}
	if (ptrace_classify(borrow->status).kind == kind)
		return BORROW_DONE;
	usdtrap_error_destroy(ptrace_set_registers(borrow->tid, &borrow->registers));
	return BORROW_DISTURBED;
}

enum borrow_result borrow_begin(struct borrow *borrow, bool is_at_event_stop)
{
	uint8_t code[ARCH_CAVE_SIZE];
	struct usdtrap_error *error = ptrace_get_registers(borrow->tid, &borrow->registers);

	borrow->was_at_event_stop = is_at_event_stop;
	if (error)
		return lost(error);
	borrow->arch->cave_make(&borrow->registers, code);
	error = memory_write(borrow->memory_fd, borrow->cave_addr, code, sizeof(code));
	return error ? lost(error) : BORROW_DONE;
}

enum borrow_result borrow_call(struct borrow *borrow, const struct arch_call *call, int64_t *ret_result)
{
	struct arch_registers registers = borrow->registers;
	enum borrow_result result = BORROW_DONE;
	struct usdtrap_error *error;

	borrow->arch->cave_enter(&registers, borrow->cave_addr, call);
	error = ptrace_set_registers(borrow->tid, &registers);
	if (error)
		return lost(error);
	for (unsigned stop = 0; stop < 2 && result == BORROW_DONE; stop++) { /* its entry, its end */
		error = ptrace_continue_to_system_call(borrow->tid, 0);
		if (error)
			return lost(error);
		result = await(borrow, PTRACE_STOP_SYSTEM_CALL);
	}
	if (result != BORROW_DONE)
		return result;
	error = ptrace_get_registers(borrow->tid, &registers);
	if (error)
		return lost(error);
	*ret_result = borrow->arch->cave_result(&registers);
	return BORROW_DONE;
}

/*
 * What a thread was interrupted in is only restarted by the kernel on the way
 * out of a stop that it makes where it looks for signals. So one that came
 * from such a stop is brought to another before it is let go.
 */
enum borrow_result borrow_end(struct borrow *borrow)
{
	struct usdtrap_error *error = ptrace_set_registers(borrow->tid, &borrow->registers);

	if (!error && borrow->was_at_event_stop)
		error = ptrace_interrupt(borrow->tid);
	if (!error && borrow->was_at_event_stop)
		error = ptrace_continue(borrow->tid, 0);
	if (error)
		return lost(error);
	if (!borrow->was_at_event_stop)
		return BORROW_DONE;
	if (!ptrace_wait_for(borrow->tid, STOP_TIMEOUT_MS, &borrow->status))
		return BORROW_LOST;
	return ptrace_is_event_stop(borrow->status) ? BORROW_DONE : BORROW_DISTURBED;
}

uint64_t borrow_scratch(const struct borrow *borrow, size_t size)
{
	return borrow->arch->scratch_below(&borrow->registers, size);
}
