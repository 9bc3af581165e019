/* SPDX-License-Identifier: MIT */
#include "trace/go_stacks.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/error.h"
#include "os/memory.h"
#include "trace/engine.h"
#include "trace/frames.h"
#include "trace/hit.h"

const char go_stacks_copier[] = "runtime.copystack";

/* The first members of struct g. */
struct go_stack {
	uint64_t low, high;
};

/* A stack that is about to be copied. */
struct moving_stack {
	uint64_t goroutine; /* the address of its struct g */
	struct go_stack from;
	struct moving_stack *next;
};

static bool read_stack(const struct space *space, uint64_t goroutine, struct go_stack *ret)
{
	struct usdtrap_error *error = memory_read(space->memory_fd, goroutine, ret, sizeof(*ret));

	usdtrap_error_destroy(error);
	return !error && ret->low < ret->high;
}

/* Where the struct g is that the copier was called with. */
static bool find_goroutine(const struct usdtrap_hit *hit, uint64_t *ret_goroutine, struct go_stack *ret_stack)
{
	const struct space *space = hit->tracee->space;
	const struct arch *arch = space->arch;
	const uint64_t slot_addr = arch->return_slot(hit->registers, false);
	struct usdtrap_error *error;
	uint64_t size;

	/* Go passes the first argument in the register in which C returns a result, since 1.17; before, on the stack.
	 */
	*ret_goroutine = arch->return_value(hit->registers);
	if (read_stack(space, *ret_goroutine, ret_stack)) {
		size = ret_stack->high - ret_stack->low;
		if ((size & (size - 1)) == 0) /* as all of its stacks are */
			return true;
	}
	error = memory_read(space->memory_fd, slot_addr + arch->address_size, ret_goroutine, sizeof(*ret_goroutine));
	usdtrap_error_destroy(error);
	return !error && read_stack(space, *ret_goroutine, ret_stack);
}

enum usdtrap_action go_stacks_on_copy(const struct usdtrap_hit *hit, void *user)
{
	struct space *space = hit->tracee->space;
	struct moving_stack *moving = calloc(1, sizeof(*moving)), *other, *next;

	(void)user;
	go_stacks_follow(space);
	if (!moving)
		return USDTRAP_CONTINUE;
	if (!find_goroutine(hit, &moving->goroutine, &moving->from)) {
		free(moving);
		return USDTRAP_CONTINUE;
	}
	/* What was to be copied and lies where it lay was not copied. */
	LL_FOREACH_SAFE(space->moving_stacks, other, next)
	{
		if (other->goroutine != moving->goroutine)
			continue;
		LL_DELETE(space->moving_stacks, other);
		free(other);
	}
	LL_PREPEND(space->moving_stacks, moving);
	return USDTRAP_CONTINUE;
}

void go_stacks_follow(struct space *space)
{
	struct moving_stack *moving, *next;
	struct go_stack now;

	LL_FOREACH_SAFE(space->moving_stacks, moving, next)
	{
		if (read_stack(space, moving->goroutine, &now)) {
			if (now.high == moving->from.high && now.low == moving->from.low)
				continue; /* not yet */
			frames_move(space, moving->from.low, moving->from.high, now.high - moving->from.high);
		}
		LL_DELETE(space->moving_stacks, moving);
		free(moving);
	}
}

void go_stacks_forget(struct space *space)
{
	struct moving_stack *moving, *next;

	LL_FOREACH_SAFE(space->moving_stacks, moving, next)
	free(moving);
	space->moving_stacks = NULL;
}

bool go_stacks_are_in(const struct engine *engine, const struct mapped_file *mapped)
{
	const struct usdtrap_probe *probe = engine->stack_copier;

	for (size_t m = 0; mapped && probe && m < probe->match_count; m++)
		if (probe->matches[m].file == mapped->file)
			return true;
	return false;
}
