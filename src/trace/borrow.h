/* SPDX-License-Identifier: MIT */
/*
 * Borrowing a thread: it makes a system call for us, in its own process, and
 * goes on as if nothing had been.
 *
 *	the thread stands at a stop                                borrow_begin()
 *	pc to the cave, registers for the call; it runs, to the
 *	call's entry, to the call's end                            borrow_call(), any number of times
 *	registers as they were                                     borrow_end()
 *
 * The cave (arch->cave_make()) brings the thread back by itself if we die in
 * between. A signal that comes in between ends the borrowing: the thread gets
 * its registers back and then its signal, so that the kernel decides about
 * EINTR or restart by what the thread was really doing.
 */
#ifndef USDTRAP_TRACE_BORROW_H
#define USDTRAP_TRACE_BORROW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "arch/arch.h"

enum borrow_result {
	BORROW_DONE,
	BORROW_DISTURBED, /* the thread stands at another stop, `status', as it would without us; it is to be answered
			   */
	BORROW_LOST,      /* it does not report (frozen, or gone): whatever comes of it is to be answered as usual */
};

struct borrow {
	pid_t tid;
	int memory_fd;
	const struct arch *arch;
	uint64_t cave_addr;              /* ARCH_CAVE_SIZE bytes of room */
	struct arch_registers registers; /* as they were */
	bool was_at_event_stop;
	int status; /* of the stop that disturbed */
};

/* BORROW's first four members are set; its thread stands at a stop: an event or group stop, or that of a signal. */
enum borrow_result borrow_begin(struct borrow *borrow, bool is_at_event_stop);
/* Has CALL made. DONE: the thread stands at the call's end, and *RET_RESULT is what it returned. */
enum borrow_result borrow_call(struct borrow *borrow, const struct arch_call *call, int64_t *ret_result);
/*
 * Gives the thread back. DONE: one that stood at an event stop stands at one
 * again, any other at a stop from which it can be continued or detached.
 */
enum borrow_result borrow_end(struct borrow *borrow);

/* SIZE bytes of memory that a call may write to and that may be read until the next: below the thread's stack. */
uint64_t borrow_scratch(const struct borrow *borrow, size_t size);

#endif
