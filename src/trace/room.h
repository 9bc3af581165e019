/* SPDX-License-Identifier: MIT */
/*
 * Room in a target: executable bytes that belong to nobody.
 *
 * A segment is mapped in whole pages. What lies between its last byte and the
 * end of its last page is mapped, too, and executable if the segment is; the
 * linker filled it with zeros, and nothing ever reads or runs them. That is
 * where code for the target can be put without asking it for anything: no
 * system call, no new mapping. It is a few hundred bytes to a few thousand.
 *
 *	segment                              slack
 *	|.......................... last byte|000000000000000| end of the page
 *
 * Where that is not enough, the target maps more: room_map.h.
 *
 * What was reserved is written through space->memory_fd by whoever reserved
 * it, and is made zeros again when the space is left.
 */
#ifndef USDTRAP_TRACE_ROOM_H
#define USDTRAP_TRACE_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <usdtrap/error.h>

struct engine;
struct procfs_maps;
struct space;

/* The slack behind one executable segment. */
struct room {
	uint64_t addr;
	size_t size;
	size_t used;      /* bytes from `addr' on that were given out */
	uint64_t inode;   /* of the file it belongs to, as maps shows it; 0: a journal told of it, and it stays */
	unsigned lasting; /* 0: its file may be unloaded; else 1 the loader, 2 the C library, 3 the program itself, 4
			     our own */
	bool is_mapped;   /* room_map.h: behind the magic of pages of our own */
	struct room *next;
};

enum { ROOM_LASTING_MAX = 4 };

struct room_request {
	size_t size;
	uint64_t near_addr; /* if not 0: within 2 GiB of this address, as near as there is any */
	bool is_optional;   /* only where half of the room stays free for those that cannot do without */
	bool is_lasting;    /* in a file that is never unloaded: program, C library, loader */
};

/*
 * Reserves bytes in SPACE, at a multiple of 16. Errors: UNSUPPORTED where
 * there is no such room; GONE, OS, NO_MEMORY.
 */
struct usdtrap_error *room_reserve(const struct engine *engine, struct space *space, const struct room_request *request,
				   uint64_t *ret_addr) USDTRAP_MUST_USE;
/* Makes zeros again of all that was given out in SPACE; what cannot be written any more was unmapped. */
void room_clear(struct space *space);
/* The same in COPY_FD, the memory of a forked child of SPACE's process. */
void room_clear_copy(const struct space *space, int copy_fd);
/* Calls VISIT with each slack of SPACE, whose MAPS these are: SIZE bytes at ADDR, used or not. */
typedef void (*room_slack_fn)(const struct space *space, uint64_t addr, size_t size, void *user);
void room_each_slack(const struct space *space, const struct procfs_maps *maps, room_slack_fn visit, void *user);
/* Whether ADDR lies in pages that were mapped for us: room_map.h. */
bool room_is_own(const struct space *space, const struct procfs_maps *maps, uint64_t addr);
/* Whether ADDR lies in what was given out: a thread whose pc is there runs our code. */
bool room_holds(const struct space *space, uint64_t addr);
/* Forgets rooms of files that MAPS shows no more. */
void room_forget_unmapped(struct space *space, const struct procfs_maps *maps);
/* Room that a journal told of: SIZE bytes at ADDR were given out in SPACE. Errors: NO_MEMORY. */
struct usdtrap_error *room_adopt(struct space *space, uint64_t addr, size_t size) USDTRAP_MUST_USE;
/*
 * Forgets what a journal told of and is no room now: a library was unmapped since, or our own pages were, and something
 * of the target's may lie there.
 */
void room_forget_foreign(struct space *space, const struct procfs_maps *maps);
/* Tells SPACE's journal of all that is given out already. Errors: OS. */
struct usdtrap_error *room_journal(const struct space *space) USDTRAP_MUST_USE;
/* Forgets all rooms, touching nothing. */
void room_forget(struct space *space);

#endif
