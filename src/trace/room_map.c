/* SPDX-License-Identifier: MIT */
#include "trace/room_map.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <utlist.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/borrow.h"
#include "trace/engine.h"
#include "trace/lender.h"
#include "trace/room.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* since Linux 4.17; before, the address is only a wish */
#endif

enum {
	BYTES_A_FUNCTION = 64, /* a copy, and what the net knows of it */
	BYTES_BESIDE = 65536,  /* for where functions return to */
	MAPPED_MAX = 1 << 20,  /* bytes at once */
	MAPPINGS_MAX = 8,      /* of one space */
	MAGIC_SIZE = sizeof(ROOM_MAP_MAGIC),
};

static const uint64_t page_size = 4096;
static const uint64_t reach = UINT64_C(0x7ff00000); /* of a 32-bit displacement, less the largest mapping */
static const uint64_t lowest = UINT64_C(0x10000);   /* vm.mmap_min_addr */
static const uint64_t heap_room = UINT64_C(1) << 30;
static const uint64_t stack_room = UINT64_C(256) << 20;

static uint64_t distance(uint64_t first, uint64_t second)
{
	return first > second ? first - second : second - first;
}

uint64_t room_find_hole(const struct procfs_maps *maps, uint64_t near_addr, uint64_t size, uint64_t break_addr)
{
	uint64_t best = 0, from = lowest;

	for (size_t i = 0; i < maps->count; from = maps->items[i++].end) {
		const bool is_stack = strcmp(maps->items[i].path, "[stack]") == 0;
		uint64_t first = from, end = maps->items[i].start, at;

		if (is_stack)
			end = end > stack_room ? end - stack_room : 0;
		if (break_addr >= first && break_addr <= end)
			first = break_addr + heap_room;
		if (i > 0 && strcmp(maps->items[i - 1].path, "[heap]") == 0)
			first = maps->items[i - 1].end + heap_room;
		if (end < first || end - first < size + 2 * page_size)
			continue;
		at = near_addr < first ? first + page_size : end - size - page_size;
		if (distance(at, near_addr) <= reach && (!best || distance(at, near_addr) < distance(best, near_addr)))
			best = at;
	}
	return best;
}

static struct usdtrap_error *add_room(struct space *space, uint64_t addr, uint64_t size)
{
	struct room *room = calloc(1, sizeof(*room));

	if (!room)
		return &error_no_memory;
	*room = (struct room){
		.addr = addr + MAGIC_SIZE, .size = size - MAGIC_SIZE, .lasting = ROOM_LASTING_MAX, .is_mapped = true};
	LL_PREPEND(space->rooms, room);
	return NULL;
}

static bool has_room_near(const struct space *space, uint64_t addr)
{
	const struct room *room;

	LL_FOREACH (space->rooms, room)
		if (room->is_mapped && distance(room->addr, addr) <= reach)
			return true;
	return false;
}

/* Whether what is mapped at MAPPING looks like our own pages, and has nothing in it. */
static bool is_ours(const struct space *space, const struct procfs_mapping *mapping, bool *ret_is_clear)
{
	uint8_t bytes[4096];
	struct usdtrap_error *error;

	if (mapping->inode || mapping->path[0] || !mapping->is_executable || mapping->is_writable ||
	    mapping->is_shared || mapping->end - mapping->start > MAPPED_MAX)
		return false;
	*ret_is_clear = true;
	for (uint64_t addr = mapping->start; addr < mapping->end; addr += sizeof(bytes)) {
		const size_t first = addr == mapping->start ? MAGIC_SIZE : 0;

		error = memory_read(space->memory_fd, addr, bytes, sizeof(bytes));
		usdtrap_error_destroy(error);
		if (error || (first && memcmp(bytes, ROOM_MAP_MAGIC, MAGIC_SIZE) != 0))
			return false;
		for (size_t i = first; i < sizeof(bytes); i++)
			*ret_is_clear &= bytes[i] == 0;
	}
	return true;
}

static bool is_known(const struct space *space, uint64_t addr)
{
	const struct room *room = space->rooms;

	while (room && room->addr != addr + MAGIC_SIZE)
		room = room->next;
	return room;
}

/* Uses again what a session before us could not unmap. Returns how many mappings of ours there are, used or not. */
static unsigned reuse(struct space *space, const struct procfs_maps *maps)
{
	unsigned count = 0;
	bool is_clear;

	for (size_t i = 0; i < maps->count; i++) {
		const struct procfs_mapping *mapping = &maps->items[i];

		if (!is_ours(space, mapping, &is_clear))
			continue;
		count++;
		if (is_clear && !is_known(space, mapping->start))
			usdtrap_error_destroy(add_room(space, mapping->start, mapping->end - mapping->start));
	}
	return count;
}

/* What is to be mapped, or unmapped, by a borrowed thread: found by it since work has no other argument. */
static enum borrow_result map(struct space *space, struct borrow *borrow)
{
	const uint64_t addr = space->wanted_room.addr, size = space->wanted_room.size;
	const struct arch_call call = {
		borrow->arch->mmap_call,
		{addr, size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, UINT64_MAX, 0}};
	const struct arch_call undo = {borrow->arch->munmap_call, {0, size}};
	struct arch_call undo_there = undo;
	enum borrow_result result;
	int64_t value;

	result = borrow_call(borrow, &call, &value);
	if (result != BORROW_DONE)
		return result;
	space->wanted_room.is_done = (uint64_t)value == addr;
	/* An old kernel, for which the address was only a wish. */
	if (value > 0 && !space->wanted_room.is_done) {
		undo_there.arguments[0] = (uint64_t)value;
		result = borrow_call(borrow, &undo_there, &value);
	}
	return result;
}

static enum borrow_result unmap(struct space *space, struct borrow *borrow)
{
	const struct arch_call call = {borrow->arch->munmap_call, {space->wanted_room.addr, space->wanted_room.size}};
	enum borrow_result result;
	int64_t value;

	result = borrow_call(borrow, &call, &value);
	if (result == BORROW_DONE)
		space->wanted_room.is_done = value == 0;
	return result;
}

/* Has WORK done. False: TID does not stand any more. */
static bool have_done(struct engine *engine, struct space *space, pid_t tid, lender_work_fn work)
{
	int status;

	if (tid)
		return lender_work_by(engine, space, tid, work, &status) == BORROW_DONE;
	lender_work_by_any(engine, space, work);
	return true;
}

/* Maps SIZE bytes near NEAR_ADDR. False: TID does not stand any more. */
static bool map_near(struct engine *engine, struct space *space, const struct procfs_maps *maps, uint64_t near_addr,
		     uint64_t size, pid_t tid)
{
	struct usdtrap_error *error;
	uint64_t break_addr = 0;
	bool is_standing;

	if (!procfs_auxiliary_value(PROCFS_ROOT, space->anchor, AT_ENTRY, &break_addr))
		return true;
	for (size_t i = 0; i < maps->count; i++) /* what is mapped without a gap behind the program's text is its own */
		if (break_addr >= maps->items[i].start && break_addr <= maps->items[i].end)
			break_addr = maps->items[i].end;
	space->wanted_room.addr = room_find_hole(maps, near_addr, size, break_addr);
	space->wanted_room.size = size;
	space->wanted_room.is_done = false;
	if (!space->wanted_room.addr)
		return true;
	is_standing = have_done(engine, space, tid, map);
	if (!space->wanted_room.is_done)
		return is_standing;
	lender_make_writable(engine, space);
	error = memory_write(space->memory_fd, space->wanted_room.addr, ROOM_MAP_MAGIC, MAGIC_SIZE);
	if (!error)
		error = add_room(space, space->wanted_room.addr, size);
	usdtrap_error_destroy(error); /* less room than there could be */
	return is_standing;
}

static uint64_t wanted_size(const struct engine *engine)
{
	const struct usdtrap_probe *probe;
	uint64_t count = 0, size;

	LL_FOREACH (engine->catalog.probes, probe)
		count += probe->is_function ? probe->match_count : 0;
	if (count == 0)
		return 0;
	size = (count * BYTES_A_FUNCTION + BYTES_BESIDE + page_size - 1) & ~(page_size - 1);
	return size < MAPPED_MAX ? size : MAPPED_MAX;
}

bool room_provide(struct engine *engine, struct space *space, pid_t tid)
{
	const uint64_t size = wanted_size(engine);
	struct procfs_maps maps;
	struct usdtrap_error *error;
	bool is_standing = true;
	unsigned count;

	if (!size || !space->net.cave_addr || (space->net.state != NET_IN && space->net.state != NET_PENDING) ||
	    space->is_filtered)
		return true;
	error = mapped_read(engine, space, &maps);
	usdtrap_error_destroy(error);
	if (error)
		return true;
	count = reuse(space, &maps);
	for (size_t i = 0; i < maps.count && is_standing && count < MAPPINGS_MAX; i++) {
		const struct procfs_mapping *mapping = &maps.items[i];

		if (!mapping->is_executable || !mapping->inode || mapping->is_shared || mapping->is_writable ||
		    has_room_near(space, mapping->start))
			continue;
		is_standing = map_near(engine, space, &maps, mapping->start, size, tid);
		count++;
	}
	procfs_maps_deinit(&maps);
	return is_standing;
}

bool room_unmap(struct engine *engine, struct space *space, pid_t tid)
{
	struct procfs_maps maps;
	struct usdtrap_error *error;
	bool is_standing = true, is_clear;

	if (!space->net.cave_addr)
		return true;
	error = mapped_read(engine, space, &maps);
	usdtrap_error_destroy(error);
	if (error)
		return true;
	for (size_t i = 0; i < maps.count && is_standing; i++) {
		struct room *room, *next;

		if (!is_ours(space, &maps.items[i], &is_clear))
			continue;
		space->wanted_room.addr = maps.items[i].start;
		space->wanted_room.size = maps.items[i].end - maps.items[i].start;
		space->wanted_room.is_done = false;
		is_standing = have_done(engine, space, tid, unmap);
		LL_FOREACH_SAFE(space->rooms, room, next)
		{
			if (!space->wanted_room.is_done || room->addr < maps.items[i].start ||
			    room->addr >= maps.items[i].end)
				continue;
			LL_DELETE(space->rooms, room);
			free(room);
		}
	}
	procfs_maps_deinit(&maps);
	return is_standing;
}
