/* SPDX-License-Identifier: MIT */
#include "trace/room.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/engine.h"
#include "trace/journal.h"
#include "trace/room_map.h"

enum {
	ALIGNMENT = 16,
	SEGMENTS_MAX = 64,
	ROOM_MIN = 64, /* less is of no use to anybody */
};

static const uint64_t page_size = 4096;
static const uint64_t reach = UINT64_C(0x7fff0000); /* of a 32-bit displacement, and a little less */

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

static bool can_read(const struct space *space, uint64_t addr, void *buffer, size_t size)
{
	struct usdtrap_error *error = memory_read(space->memory_fd, addr, buffer, size);

	usdtrap_error_destroy(error);
	return !error;
}

/* The program headers of the file whose first bytes are mapped at HEADER_ADDR. Returns how many; 0: that is no ELF. */
static size_t read_segments(const struct space *space, uint64_t header_addr, Elf64_Phdr *segments)
{
	Elf64_Ehdr header;
	size_t count;

	if (!can_read(space, header_addr, &header, sizeof(header)) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(*segments) ||
	    header.e_phoff > page_size)
		return 0;
	count = header.e_phnum < SEGMENTS_MAX ? header.e_phnum : SEGMENTS_MAX;
	if (!can_read(space, header_addr + header.e_phoff, segments, count * sizeof(*segments)))
		return 0;
	return count;
}

/* Where in MAPPING its file's executable segment ends. 0: it is not mapped as its program headers say. */
static uint64_t segment_end(const struct space *space, const struct procfs_mapping *mapping, uint64_t header_addr)
{
	Elf64_Phdr segments[SEGMENTS_MAX];
	size_t count = read_segments(space, header_addr, segments);

	for (size_t i = 0; i < count; i++) {
		const Elf64_Phdr *segment = &segments[i];

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) && segment->p_filesz == segment->p_memsz &&
		    (segment->p_offset & ~(page_size - 1)) == mapping->offset)
			return mapping->start + (segment->p_offset & (page_size - 1)) + segment->p_filesz;
	}
	return 0;
}

static bool is_c_library(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return strncmp(name, "libc.so", strlen("libc.so")) == 0 || strncmp(name, "libc-2", strlen("libc-2")) == 0;
}

/* How well the file of MAPPING is known to stay; see struct room. */
static unsigned lasting(const struct procfs_mapping *mapping, uint64_t header_addr, uint64_t entry_addr,
			uint64_t loader_addr)
{
	if (entry_addr >= mapping->start && entry_addr < mapping->end)
		return 3;
	if (is_c_library(mapping->path))
		return 2;
	return loader_addr && header_addr == loader_addr ? 1 : 0;
}

/* Where the first bytes of MAPPING's file are mapped; 0: nowhere. */
static uint64_t header_of(const struct procfs_maps *maps, const struct procfs_mapping *mapping)
{
	uint64_t header_addr = 0;

	for (const struct procfs_mapping *other = maps->items; other <= mapping; other++)
		if (other->inode == mapping->inode && other->offset == 0)
			header_addr = other->start;
	return header_addr;
}

/* Whether MAPPING may show a file's code, whose first bytes were mapped at HEADER_ADDR with HEADER_INODE. */
static bool is_code(const struct procfs_mapping *mapping, uint64_t header_inode)
{
	return mapping->is_executable && !mapping->is_writable && !mapping->is_shared && mapping->inode &&
	       mapping->inode == header_inode;
}

/* The slack of one mapping: *RET_ADDR to its end. False: it has none that would be of use. */
static bool slack_of(const struct space *space, const struct procfs_mapping *mapping, uint64_t header_addr,
		     uint64_t *ret_addr)
{
	const uint64_t end = segment_end(space, mapping, header_addr);

	*ret_addr = align_up(end, ALIGNMENT);
	return end && *ret_addr + ROOM_MIN <= mapping->end && mapping->end - *ret_addr < page_size;
}

void room_each_slack(const struct space *space, const struct procfs_maps *maps, room_slack_fn visit, void *user)
{
	uint64_t header_addr = 0, header_inode = 0, addr;

	for (size_t i = 0; i < maps->count; i++) {
		const struct procfs_mapping *mapping = &maps->items[i];

		if (mapping->inode && mapping->offset == 0) { /* in the order of addresses, files lie together */
			header_addr = mapping->start;
			header_inode = mapping->inode;
		}
		if (is_code(mapping, header_inode) && slack_of(space, mapping, header_addr, &addr))
			visit(space, addr, (size_t)(mapping->end - addr), user);
	}
}

/*
 * Where in the slack from ADDR to END nobody has put anything: behind the last byte that is not zero, and behind what
 * was given out. What is before that a dead tracer left, and somebody may stand in it.
 */
static uint64_t free_from(const struct space *space, uint64_t addr, uint64_t end)
{
	uint8_t bytes[4096];
	uint64_t from = addr;
	const struct room *room;

	if (end - addr > sizeof(bytes) || !can_read(space, addr, bytes, (size_t)(end - addr)))
		return end;
	for (uint64_t at = addr; at < end; at++)
		if (bytes[at - addr] != 0)
			from = at + 1;
	LL_FOREACH (space->rooms, room)
		if (room->addr >= addr && room->addr < end && room->addr + room->size > from)
			from = room->addr + room->size;
	return align_up(from, ALIGNMENT);
}

/* What a survey of all slack needs to know. */
struct survey {
	struct space *space;
	const struct procfs_maps *maps;
	uint64_t entry_addr, loader_addr;
	struct usdtrap_error *error;
};

static void survey_slack(const struct space *space, uint64_t addr, size_t size, void *user)
{
	struct survey *survey = user;
	const struct procfs_mapping *mapping = procfs_mapping_at(survey->maps, addr);
	const uint64_t from = free_from(space, addr, addr + size);
	struct room *room;

	if (survey->error || from + ROOM_MIN > addr + size)
		return;
	room = calloc(1, sizeof(*room));
	if (!room) {
		survey->error = &error_no_memory;
		return;
	}
	room->addr = from;
	room->size = (size_t)(addr + size - from);
	room->inode = mapping->inode;
	room->lasting = lasting(mapping, header_of(survey->maps, mapping), survey->entry_addr, survey->loader_addr);
	LL_APPEND(survey->space->rooms, room);
}

static struct usdtrap_error *survey(const struct engine *engine, struct space *space)
{
	struct procfs_maps maps;
	struct survey survey = {.space = space, .maps = &maps};
	struct usdtrap_error *error = mapped_read(engine, space, &maps);

	if (error)
		return error;
	if (!procfs_auxiliary_value(PROCFS_ROOT, space->anchor, AT_ENTRY, &survey.entry_addr))
		survey.entry_addr = 0;
	if (!procfs_auxiliary_value(PROCFS_ROOT, space->anchor, AT_BASE, &survey.loader_addr))
		survey.loader_addr = 0;
	room_each_slack(space, &maps, survey_slack, &survey);
	procfs_maps_deinit(&maps);
	return survey.error;
}

static uint64_t distance(uint64_t first, uint64_t second)
{
	return first > second ? first - second : second - first;
}

static bool is_better(const struct room *room, const struct room *best, const struct room_request *request)
{
	if (!best)
		return true;
	if (request->near_addr)
		return distance(room->addr, request->near_addr) < distance(best->addr, request->near_addr);
	return room->lasting > best->lasting;
}

static struct room *choose(const struct space *space, const struct room_request *request)
{
	struct room *room, *best = NULL;

	LL_FOREACH (space->rooms, room) {
		const size_t kept = request->is_optional ? room->size / 2 : 0;

		if (room->size - room->used < request->size + kept || (request->is_lasting && !room->lasting) ||
		    (request->near_addr && distance(room->addr, request->near_addr) > reach))
			continue;
		if (is_better(room, best, request))
			best = room;
	}
	return best;
}

struct usdtrap_error *room_reserve(const struct engine *engine, struct space *space, const struct room_request *request,
				   uint64_t *ret_addr)
{
	struct room *room = choose(space, request);
	struct usdtrap_error *error;

	/* The first request, or a library has come since. */
	if (!room && !(request->is_optional && space->rooms)) {
		error = survey(engine, space);
		if (error)
			return error;
		room = choose(space, request);
	}
	if (!room)
		return error_create(USDTRAP_UNSUPPORTED, "process %d has no %zu unused bytes in executable memory%s",
				    (int)space->pid, request->size, request->near_addr ? " near the site" : "");
	*ret_addr = room->addr + room->used;
	room->used = (size_t)align_up(room->used + request->size, ALIGNMENT);
	if (room->used > room->size)
		room->used = room->size;
	return NULL;
}

static void clear(const struct space *space, int memory_fd)
{
	static const uint8_t zeros[4096];
	const struct room *room;

	LL_FOREACH (space->rooms, room)
		if (room->used)
			usdtrap_error_destroy(memory_write(memory_fd, room->addr, zeros, room->used));
}

void room_clear(struct space *space)
{
	struct room *room;

	clear(space, space->memory_fd);
	LL_FOREACH (space->rooms, room)
		room->used = 0;
}

void room_clear_copy(const struct space *space, int copy_fd)
{
	clear(space, copy_fd);
}

bool room_holds(const struct space *space, uint64_t addr)
{
	const struct room *room;

	LL_FOREACH (space->rooms, room)
		if (addr >= room->addr && addr < room->addr + room->used)
			return true;
	return false;
}

void room_forget_unmapped(struct space *space, const struct procfs_maps *maps)
{
	struct room *room, *next;

	LL_FOREACH_SAFE(space->rooms, room, next)
	{
		const struct procfs_mapping *mapping = procfs_mapping_at(maps, room->addr);

		if (mapping && (!room->inode || mapping->inode == room->inode))
			continue;
		LL_DELETE(space->rooms, room);
		free(room);
	}
}

void room_forget(struct space *space)
{
	struct room *room, *next;

	LL_FOREACH_SAFE(space->rooms, room, next)
	free(room);
	space->rooms = NULL;
}

struct usdtrap_error *room_adopt(struct space *space, uint64_t addr, size_t size)
{
	struct room *room;

	if (size > page_size)
		return NULL;
	room = calloc(1, sizeof(*room));
	if (!room)
		return &error_no_memory;
	room->addr = addr;
	room->size = size;
	room->used = size;
	LL_APPEND(space->rooms, room);
	return NULL;
}

bool room_is_own(const struct space *space, const struct procfs_maps *maps, uint64_t addr)
{
	const struct procfs_mapping *mapping = procfs_mapping_at(maps, addr);
	char magic[sizeof(ROOM_MAP_MAGIC)];

	return mapping && mapping->is_executable && !mapping->is_writable && !mapping->is_shared && !mapping->inode &&
	       can_read(space, mapping->start, magic, sizeof(magic)) &&
	       memcmp(magic, ROOM_MAP_MAGIC, sizeof(magic)) == 0;
}

/* Whether ROOM lies where room can be: in slack, or in pages of our own. */
static bool can_be_room(const struct space *space, const struct procfs_maps *maps, const struct room *room)
{
	const struct procfs_mapping *mapping = procfs_mapping_at(maps, room->addr);
	uint64_t header_addr, addr;

	if (!mapping || room->addr + room->size > mapping->end)
		return false;
	if (room_is_own(space, maps, room->addr))
		return true;
	header_addr = header_of(maps, mapping);
	return header_addr && is_code(mapping, mapping->inode) && slack_of(space, mapping, header_addr, &addr) &&
	       room->addr >= addr;
}

void room_forget_foreign(struct space *space, const struct procfs_maps *maps)
{
	struct room *room, *next;

	LL_FOREACH_SAFE(space->rooms, room, next)
	{
		if (can_be_room(space, maps, room))
			continue;
		LL_DELETE(space->rooms, room);
		free(room);
	}
}

struct usdtrap_error *room_journal(const struct space *space)
{
	struct usdtrap_error *error = NULL;
	const struct room *room;

	for (room = space->rooms; room && !error; room = room->next)
		if (room->used)
			error = journal_room(space->journal, room->addr, room->used);
	return error;
}
