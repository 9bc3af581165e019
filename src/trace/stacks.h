/* SPDX-License-Identifier: MIT */
/* The stacks and frames that a session has seen, each kept once. */
#ifndef USDTRAP_TRACE_STACKS_H
#define USDTRAP_TRACE_STACKS_H

#include <usdtrap/stack.h>

struct engine;
struct space;
struct stacks;

void stacks_destroy(struct stacks *stacks);
/* Forgets which of SPACE's addresses were named; what was handed out lives on. */
void stacks_forget_space(struct space *space);
/* usdtrap_hit_find_symbol() without a hit. */
struct usdtrap_error *stacks_find_symbol(struct engine *engine, struct space *space, const char *name,
					 uint64_t *ret_address) USDTRAP_MUST_USE;

#endif
