/* SPDX-License-Identifier: MIT */
/*
 * Memory for one run of a clause: strings read from the target, tuples, keys.
 * Taken by moving an offset, given back all at once by scratch_reset(), which
 * keeps the memory: after the first few hits a run allocates nothing. An
 * all-zero scratch is an empty one. A run gets at most SCRATCH_MAX bytes, so
 * that a loop in a script cannot take all memory.
 */
#ifndef USDTRAP_LANG_SCRATCH_H
#define USDTRAP_LANG_SCRATCH_H

#include <stddef.h>

struct scratch_block;

#define SCRATCH_MAX ((size_t)256 * 1024 * 1024)

struct scratch {
	struct scratch_block *newest;
	size_t used;  /* bytes of the newest block */
	size_t total; /* bytes of all blocks */
};

void scratch_deinit(struct scratch *scratch);
/* Takes everything back. If it did not fit in one block, the next run finds a larger one. */
void scratch_reset(struct scratch *scratch);
/* SIZE bytes, not cleared, aligned for any scalar; NULL when memory or SCRATCH_MAX runs out. */
void *scratch_allocate(struct scratch *scratch, size_t size);
/*
 * Where a scratch stands; scratch_release() gives back all that was taken
 * since. Marks are released in the reverse of the order they were made in.
 */
struct scratch_mark {
	struct scratch_block *newest;
	size_t used;
	size_t total;
};

struct scratch_mark scratch_mark(const struct scratch *scratch);
void scratch_release(struct scratch *scratch, const struct scratch_mark *mark);
/* At most how many bytes were taken since MARK. */
size_t scratch_taken(const struct scratch *scratch, const struct scratch_mark *mark);
/* Gives back what lies behind the first SIZE bytes of MEMORY, which was the latest allocation. */
void scratch_trim(struct scratch *scratch, void *memory, size_t size);

#endif
