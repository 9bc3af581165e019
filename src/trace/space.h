/* SPDX-License-Identifier: MIT */
/*
 * Spaces: one address space each, with all that was changed in it.
 *
 * Bytes belong to an address space and not to a thread: threads and vfork
 * children share it, fork copies it, exec forgets it. So a space owns its
 * sites (where trap bytes lie) and its semaphores (which were raised), and the
 * way to its memory. It lives as long as a tracee uses it.
 */
#ifndef USDTRAP_TRACE_SPACE_H
#define USDTRAP_TRACE_SPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <uthash.h>

#include <usdtrap/session.h>

#include "arch/arch.h"
#include "trace/net.h"

struct catalog_file;
struct journal;
struct location;
struct mapped_file;
struct room;
struct modules;
struct frame_entry;

/* One callback that wants to know of a site's hits. A site may have several, in the order the probes were added. */
struct attachment {
	struct usdtrap_probe *probe;
	struct location *location;
	struct attachment *next;
};

enum site_state {
	SITE_ARMED,    /* our trap byte is in */
	SITE_RESTORED, /* it was, and the original byte is back: a late trap may still come from here */
	SITE_LOST,     /* it was, and somebody else changed or unmapped it: nothing is written here any more */
};

/*
 * How a thread goes on from a trap that lies on an instruction which counts:
 * it is acted out on the thread's registers, or executed elsewhere.
 */
struct displaced {
	bool is_acted_out;
	bool has_copy;
	struct arch_copy copy;
};

/* One address where our trap is or was. */
struct site {
	uint64_t addr;
	enum site_state state;
	bool is_loader_hook;                    /* the loader's _dl_debug_state(), not a probe */
	bool is_displacing;                     /* the trap covers an instruction that counts, no nop */
	uint8_t original[ARCH_MAX_INSTRUCTION]; /* what the file has from here on */
	size_t original_size;                   /* bytes of `original' that are known */
	uint64_t hits, hits_when_looked;        /* verify.c: so far, and when it was looked at last */
	bool is_silent;                         /* verify.c: it had no hit between the last two looks */
	bool is_overlaid;                       /* another tool has a probe of the kernel's over the trap: told */
	bool was_replaced;                      /* somebody took the trap out once: told */
	bool is_vacant;    /* its place is empty memory: the program may be copying its text there */
	uint64_t net_slot; /* where the net knows of it; 0: it does not */
	size_t skip;       /* what is left of the nop behind the trap: pc moves on by it */
	struct displaced displaced;
	enum arch_return_place return_place; /* where a function returns to: returns.h */
	uint64_t inode, offset;              /* of a return place: its file, and where in it */
	struct mapped_file *mapped; /* whose probe it is; NULL for the loader's hook, and for a return place alone */
	struct attachment *attachments;
	UT_hash_handle hh;
};

/* A 16-bit counter of the target that was raised by one. */
struct semaphore {
	uint64_t addr;
	uint16_t before; /* what it was when it was last changed */
	bool is_raised;
	uint64_t net_slot;                /* where the net knows of it; 0: it does not */
	const struct mapped_file *mapped; /* whose it is; NULL where a journal told of it */
	UT_hash_handle hh;
};

/* A file of the catalog as it is mapped here. */
struct mapped_file {
	struct catalog_file *file;
	uint64_t load_bias; /* target address less the file's vaddr */
	uint64_t inode;     /* as /proc/PID/maps shows it */
	bool has_holes;     /* places of it that were armed are mapped no more, while others are */
	uint64_t shape;     /* while it is glimpsed: says whether its mappings have changed */
	uint64_t shaped_ns; /* since when they have not, by CLOCK_MONOTONIC */
	struct mapped_file *next;
};

struct space {
	unsigned references; /* tracees that use it */
	pid_t pid;           /* of the process it began with, for messages */
	pid_t anchor;        /* a thread through which /proc reaches it */
	const struct arch *arch;
	int memory_fd;                         /* /proc/PID/mem, or -1 before it is opened */
	bool is_writing_known, needs_standing; /* lender.c: a thread of it must stand for its memory to be written to */
	bool is_starting; /* its process is to run another program, and of this one nothing is wanted */
	bool has_loader_hook;
	bool has_shadow_stack;              /* some thread had one when the space was last looked at */
	struct mapped_file *mapped;         /* the catalog's files in it, armed */
	struct mapped_file *glimpsed;       /* those that a loader may still be busy with */
	uint64_t shape;                     /* says whether its code is mapped as it was at the last look */
	struct site *sites;                 /* by address */
	uint64_t lowest_site, highest_site; /* every site's address lies between these; 0, 0 before the first */
	struct site *former_sites;          /* by address: space_retire_site() */
	bool has_copies;                    /* of them one was met: told */
	struct semaphore *semaphores;       /* by address */
	struct room *rooms;                 /* trace/room.h */
	bool is_watched;                    /* threads have, or had, debug registers set: watchpoints.c */
	struct {
		uint64_t addr, size;
		bool is_done;
	} wanted_room;                      /* what a borrowed thread is to map, or to unmap: room_map.c */
	bool is_attached;                   /* its threads are stopped by SIGSTOP: attached.h, and the next */
	bool is_stopped;                    /* by somebody else */
	bool is_filtered;                   /* its system calls are, by seccomp(2) */
	bool is_room_in_use;                /* a thread was let go that goes on there: it stays as it is */
	struct net net;                     /* lets the process outlive us */
	struct journal *journal;            /* trace/journal.h; NULL before anything is changed */
	struct modules *modules;            /* what it has mapped; NULL before anybody asked for a stack or a symbol */
	struct frame_entry *frames;         /* its addresses that were named, by address: stacks.c */
	unsigned frames_generation;         /* that of `modules' which they are true of */
	struct text_file *text_files;       /* returns.c: the files that functions return to */
	struct return_slot *return_slots;   /* by address: frames.h */
	struct moving_stack *moving_stacks; /* go_stacks.h */
	struct space *previous, *next;      /* the session's list */
};

/* A new space without references, added to *LIST. NULL: no memory. */
struct space *space_create(struct space **list, pid_t pid, pid_t anchor);
/*
 * Drops one reference. At the last one the space is taken out of *LIST; the
 * target is not touched. If something was changed in it, it is kept in *FORMER,
 * with the last few others: a forked child may still appear that has a copy of
 * that memory. FORMER may be NULL.
 */
void space_release(struct space **list, struct space **former, struct space *space);
/* Frees all spaces of *LIST. */
void space_destroy_all(struct space **list);
/* Forgets all that was changed: the memory it was changed in is gone, or everything was put back. */
void space_forget(struct space *space);
/* Adds SITE, which is taken over, to SPACE, which has none at its address. */
void space_add_site(struct space *space, struct site *site);
/* Takes SEMAPHORE out of SPACE and frees it without touching memory. */
void space_forget_semaphore(struct space *space, struct semaphore *semaphore);
/* Takes SITE out of SPACE and frees it without touching memory: what lay there is mapped no more. */
void space_forget_site(struct space *space, struct site *site);
/*
 * Takes SITE, whose place is mapped no more, out of SPACE, likewise. If its trap was in it is kept as a former one: a
 * copy that the program has made of its text before has the trap in it, and may come to lie there.
 */
void space_retire_site(struct space *space, struct site *site);
/*
 * Reads what is as wide as a pointer there from the memory of USER, a struct
 * space: arch_memory's read_word. False: nothing is mapped at ADDR, or the
 * process is gone; *RET is as it was.
 */
bool space_read_word(uint64_t addr, uint64_t *ret, void *user);

static inline struct site *space_former_site(const struct space *space, uint64_t addr)
{
	struct site *site;

	HASH_FIND(hh, space->former_sites, &addr, sizeof(addr), site);
	return site;
}

static inline struct site *space_site(const struct space *space, uint64_t addr)
{
	struct site *site;

	HASH_FIND(hh, space->sites, &addr, sizeof(addr), site);
	return site;
}

#endif
