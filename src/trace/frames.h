/* SPDX-License-Identifier: MIT */
/*
 * Frames: the calls whose return is awaited (returns.h).
 *
 * Each is in two rows. Its thread's has the calls that the thread entered, the
 * innermost first: what a longjmp leaves are the first of it. Its slot's has
 * the calls that will return by the same stack slot, of which there are more
 * than one after a tail call, the innermost first. A slot belongs to the memory
 * and not to a thread: two threads never share a stack, but a coroutine (of Go,
 * or made by swapcontext(3)) may go on in another thread than the one it began in.
 */
#ifndef USDTRAP_TRACE_FRAMES_H
#define USDTRAP_TRACE_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

struct space;
struct tracee;

struct return_slot {
	uint64_t addr; /* where the return address lies */
	struct space *space;
	struct return_frame *frames;
	UT_hash_handle hh;
};

struct return_frame {
	struct return_slot *slot;
	struct tracee *tracee; /* that entered the function */
	uint64_t return_addr;
	uint64_t entry_addr;          /* where the function begins */
	bool is_doubtful;             /* it may have been left by an exception: returns.h */
	struct return_frame *next;    /* of the thread */
	struct return_frame *outward; /* of the slot */
};

/* The innermost frame whose return address lies at SLOT_ADDR; NULL: there is none. */
struct return_frame *frames_at(const struct space *space, uint64_t slot_addr);
/* A new frame, the innermost of TRACEE's. NULL: no memory. */
struct return_frame *frames_add(struct tracee *tracee, uint64_t slot_addr, uint64_t return_addr, uint64_t entry_addr);
/* Frees FRAME. */
void frames_remove(struct return_frame *frame);
/* The stack that lay from LOW to HIGH in SPACE lies DISTANCE higher now. What was awaited there before is gone. */
void frames_move(struct space *space, uint64_t low, uint64_t high, uint64_t distance);

#endif
