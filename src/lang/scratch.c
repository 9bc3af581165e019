/* SPDX-License-Identifier: MIT */
#include "lang/scratch.h"

#include <assert.h>
#include <stdlib.h>

#define BLOCK_SIZE ((size_t)16 * 1024)
/* What a run that needed much may leave allocated for the next. */
#define KEPT_MAX  ((size_t)4 * 1024 * 1024)
#define ALIGNMENT ((size_t)8)

struct scratch_block {
	struct scratch_block *older;
	size_t size;
	_Alignas(8) char bytes[];
};

static struct scratch_block *add_block(struct scratch *scratch, size_t size)
{
	struct scratch_block *block;

	if (size > SCRATCH_MAX - scratch->total)
		return NULL;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->size = size;
	block->older = scratch->newest;
	scratch->newest = block;
	scratch->used = 0;
	scratch->total += size;
	return block;
}

void scratch_deinit(struct scratch *scratch)
{
	struct scratch_block *block = scratch->newest;

	while (block) {
		struct scratch_block *older = block->older;

		free(block);
		block = older;
	}
	*scratch = (struct scratch){0};
}

void scratch_reset(struct scratch *scratch)
{
	size_t total = scratch->total;

	scratch->used = 0;
	if ((scratch->newest && scratch->newest->older) || total > KEPT_MAX) {
		scratch_deinit(scratch);
		add_block(scratch, total < KEPT_MAX ? total : KEPT_MAX);
	}
}

void *scratch_allocate(struct scratch *scratch, size_t size)
{
	struct scratch_block *block = scratch->newest;
	char *memory;

	if (size > SCRATCH_MAX)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!block || size > block->size - scratch->used) {
		block = add_block(scratch, size > BLOCK_SIZE ? size : BLOCK_SIZE);
		if (!block)
			return NULL;
	}
	memory = block->bytes + scratch->used;
	scratch->used += size;
	return memory;
}

struct scratch_mark scratch_mark(const struct scratch *scratch)
{
	return (struct scratch_mark){scratch->newest, scratch->used, scratch->total};
}

void scratch_release(struct scratch *scratch, const struct scratch_mark *mark)
{
	while (scratch->newest != mark->newest) {
		struct scratch_block *older = scratch->newest->older;

		free(scratch->newest);
		scratch->newest = older;
	}
	scratch->used = mark->used;
	scratch->total = mark->total;
}

size_t scratch_taken(const struct scratch *scratch, const struct scratch_mark *mark)
{
	return scratch->newest == mark->newest ? scratch->used - mark->used
					       : scratch->total - mark->total + scratch->used;
}

void scratch_trim(struct scratch *scratch, void *memory, size_t size)
{
	size_t offset = (size_t)((char *)memory - scratch->newest->bytes);

	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	assert((char *)memory >= scratch->newest->bytes && offset + size <= scratch->used);
	scratch->used = offset + size;
}
