/* SPDX-License-Identifier: MIT */
/*
 * Memory that is freed all at once: syntax trees, types, whatever lives as
 * long as its owner. An all-zero arena is an empty one. When memory runs out
 * the functions return NULL and `failed' stays set, so that a caller that
 * passes NULLs on may check once at the end.
 */
#ifndef USDTRAP_BASE_ARENA_H
#define USDTRAP_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t free_offset;         /* where the newest block's unused bytes begin */
	bool failed;                /* memory ran out at some allocation */
};

/* Frees everything that was allocated and leaves an empty arena. */
void arena_deinit(struct arena *arena);
/* SIZE zeroed bytes, aligned for any object; never freed one by one. */
void *arena_allocate(struct arena *arena, size_t size) __attribute__((malloc));
/* The same for COUNT elements of SIZE bytes; an overflowing product fails as a lack of memory does. */
void *arena_allocate_array(struct arena *arena, size_t count, size_t size) __attribute__((malloc));
/* A copy of LENGTH bytes with a NUL behind them. */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define _cleanup_arena_ __attribute__((cleanup(arena_deinit)))

#endif
