/* SPDX-License-Identifier: MIT */
#include "trace/frames.h"

#include <stdlib.h>

#include <utlist.h>

#include "trace/space.h"
#include "trace/tracee.h"

static struct return_slot *slot_at(const struct space *space, uint64_t addr)
{
	struct return_slot *slot;

	HASH_FIND(hh, space->return_slots, &addr, sizeof(addr), slot);
	return slot;
}

static struct return_slot *slot_for(struct space *space, uint64_t addr)
{
	struct return_slot *slot = slot_at(space, addr);

	if (slot)
		return slot;
	slot = calloc(1, sizeof(*slot));
	if (!slot)
		return NULL;
	slot->addr = addr;
	slot->space = space;
	HASH_ADD(hh, space->return_slots, addr, sizeof(slot->addr), slot);
	return slot;
}

struct return_frame *frames_at(const struct space *space, uint64_t slot_addr)
{
	const struct return_slot *slot = slot_at(space, slot_addr);

	return slot ? slot->frames : NULL;
}

struct return_frame *frames_add(struct tracee *tracee, uint64_t slot_addr, uint64_t return_addr, uint64_t entry_addr)
{
	struct return_frame *frame = calloc(1, sizeof(*frame));

	if (!frame)
		return NULL;
	*frame = (struct return_frame){
		.slot = slot_for(tracee->space, slot_addr),
		.tracee = tracee,
		.return_addr = return_addr,
		.entry_addr = entry_addr,
	};
	if (!frame->slot) {
		free(frame);
		return NULL;
	}
	LL_PREPEND2(frame->slot->frames, frame, outward);
	LL_PREPEND(tracee->frames, frame);
	tracee->frame_count++;
	return frame;
}

void frames_remove(struct return_frame *frame)
{
	struct return_slot *slot = frame->slot;

	LL_DELETE(frame->tracee->frames, frame);
	frame->tracee->frame_count--;
	LL_DELETE2(slot->frames, frame, outward);
	if (!slot->frames) {
		HASH_DEL(slot->space->return_slots, slot);
		free(slot);
	}
	free(frame);
}

void frames_move(struct space *space, uint64_t low, uint64_t high, uint64_t distance)
{
	struct return_slot *slot, *next, *moved = NULL;
	struct return_frame *frame;

	HASH_ITER (hh, space->return_slots, slot, next) {
		if (slot->addr < low || slot->addr >= high)
			continue;
		HASH_DEL(space->return_slots, slot);
		slot->addr += distance;
		HASH_ADD(hh, moved, addr, sizeof(slot->addr), slot);
	}
	HASH_ITER (hh, moved, slot, next) {
		while ((frame = frames_at(space, slot->addr)))
			frames_remove(frame);
		HASH_DEL(moved, slot);
		HASH_ADD(hh, space->return_slots, addr, sizeof(slot->addr), slot);
	}
}
