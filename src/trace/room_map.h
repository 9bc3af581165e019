/* SPDX-License-Identifier: MIT */
/*
 * More room in a target than its slack: pages that it maps itself, by a thread
 * that is borrowed, near its code. Only where functions are wanted, and where
 * no seccomp filter might mind.
 *
 * They are readable and executable, never writable, belong to no file and
 * begin with a magic. They are unmapped again when the space is left and no
 * thread can be in them; where no thread can be borrowed then they stay, all
 * zeros but for the magic, and are used again by whoever attaches next.
 */
#ifndef USDTRAP_TRACE_ROOM_MAP_H
#define USDTRAP_TRACE_ROOM_MAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct engine;
struct procfs_maps;
struct space;

/* How pages that usdtrap mapped begin. */
#define ROOM_MAP_MAGIC "usdtrap room 01" /* 16 bytes with its end */

/*
 * Gives SPACE, whose net is there, the room that the session's functions may
 * need. TID: the only thread that may be borrowed, which stands at an event
 * stop; 0: any. False: TID does not stand any more, and its stop was answered.
 */
bool room_provide(struct engine *engine, struct space *space, pid_t tid);
/*
 * Nobody can be in SPACE's rooms any more: unmaps what room_provide() mapped,
 * by TID, which stands at an event stop, or if 0 by any thread. False: TID does
 * not stand any more, and its stop was answered.
 */
bool room_unmap(struct engine *engine, struct space *space, pid_t tid);

/*
 * Where SIZE bytes can be mapped so that code at NEAR_ADDR reaches them, with a
 * free page on either side, out of the way of the heap, which grows from
 * BREAK_ADDR on, and of the stack. 0: nowhere.
 */
uint64_t room_find_hole(const struct procfs_maps *maps, uint64_t near_addr, uint64_t size, uint64_t break_addr);

#endif
