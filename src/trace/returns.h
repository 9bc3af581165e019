/* SPDX-License-Identifier: MIT */
/*
 * Returns of functions.
 *
 * A function that is entered finds its return address on the stack. A trap is
 * put there, into the text behind the call, and the thread gets a frame: the
 * return address, and the stack slot that it lies in.
 *
 *	enters f                                returns from f
 *	stack pointer -> slot: R                stack pointer -> one above the slot
 *	frame (slot, R, f) is put on top        pc at R: frames with this slot and R are taken off
 *
 * The slot tells recursion's many calls apart, and the threads, none of which
 * has another's stack; so a coroutine may return in another thread than it was
 * called in (frames.h), and where it is known how a stack moves its slots move
 * with it (go_stacks.h). Several frames of one slot are tail calls: f has jumped
 * to g, and g returns for both. Nothing is written to the stack, so exceptions,
 * stack walks and shadow stacks are as they were.
 *
 * Not every function returns. What leaves one otherwise is trapped, too, once
 * returns are asked for: longjmp(3), whose buffer says which stack pointer it
 * goes back to, and the beginning of a C++ catch, where the stack pointer is
 * that of the function that catches. The frames below are taken off; so it
 * cannot be that a later call from the same place is taken for theirs. While
 * an exception is on its way (or one is thrown by who knows which language)
 * frames are in doubt. One in doubt still counts where the call before R
 * always calls the same function, since this would have been seen again.
 */
#ifndef USDTRAP_TRACE_RETURNS_H
#define USDTRAP_TRACE_RETURNS_H

#include "trace/space.h"

struct engine;
struct tracee;

/*
 * TRACEE stands at the first instruction of a function whose return is wanted,
 * at SITE with REGISTERS: traps its return. Where that cannot be done, the
 * return is counted as one that could not be told.
 */
void returns_entered(struct engine *engine, struct tracee *tracee, const struct site *site,
		     const struct arch_registers *registers);
/*
 * TRACEE has come to the return place PLACE. Takes off the innermost of the
 * frames that returned there; *RET_ENTRY is where their function begins.
 * False: there is none, or none any more.
 */
bool returns_take(struct engine *engine, struct tracee *tracee, const struct site *place,
		  const struct arch_registers *registers, uint64_t *ret_entry);
/* Takes off all frames of a thread that ends, or is let go. */
void returns_forget(struct tracee *tracee);
/* Forgets the files of SPACE, touching nothing in it. */
void returns_forget_files(struct space *space);

#endif
