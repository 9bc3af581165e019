/* SPDX-License-Identifier: MIT */
/*
 * Stacks that Go moves.
 *
 * A goroutine begins with a stack of a few KiB. A function that finds it too
 * small has the runtime copy it to a larger one, and begins anew; the garbage
 * collector copies stacks to smaller ones. So the slot that a return address was
 * found in (returns.h) may have gone elsewhere when the function returns. (Who
 * writes to the stack, as the kernel's uretprobes do, kills the program: the
 * runtime finds a return address there that is none of its own.)
 *
 * All copying is done by one function, whose argument is the goroutine:
 *
 *	copystack(g, size)	g: { stack.lo, stack.hi, ... }
 *
 * It is trapped, and what it is about to copy is written down. By the time
 * anything else happens on that goroutine its stack lies elsewhere, and what is
 * awaited there is moved, too. The end of a stack is what stays at its place:
 *
 *	slot = slot + new hi - old hi
 *
 * Source: Go's src/runtime/stack.go, copystack(); src/runtime/runtime2.go, struct
 * g; src/cmd/compile/abi-internal.md.
 */
#ifndef USDTRAP_TRACE_GO_STACKS_H
#define USDTRAP_TRACE_GO_STACKS_H

#include <stdbool.h>

#include <usdtrap/hit.h>

struct engine;
struct mapped_file;
struct space;

/* The name of the function that copies stacks. */
extern const char go_stacks_copier[];

/* What happens at its hits. */
enum usdtrap_action go_stacks_on_copy(const struct usdtrap_hit *hit, void *user);
/* Moves what is awaited on stacks of SPACE that have been copied since. To be called before looking for a frame. */
void go_stacks_follow(struct space *space);
/* Forgets what was about to be copied. */
void go_stacks_forget(struct space *space);
/* Whether MAPPED, which may be NULL, is a Go program, where a function that begins anew is still the same call. */
bool go_stacks_are_in(const struct engine *engine, const struct mapped_file *mapped);

#endif
