/* SPDX-License-Identifier: MIT */
/*
 * The two things that are changed in a target, each with its undo: one trap
 * byte at a site, one count in a semaphore. Each is told to the space's journal
 * before it is done.
 */
#ifndef USDTRAP_TRACE_SITE_H
#define USDTRAP_TRACE_SITE_H

#include "os/procfs.h"
#include "trace/space.h"

struct engine;

/* What the file has at a place that is to be armed. */
struct site_text {
	const uint8_t *bytes;
	size_t size;       /* 1 to ARCH_MAX_INSTRUCTION */
	size_t nop_length; /* of the no-operation instruction that BYTES begin with; 0: it is another instruction */
	const struct displaced *displaced; /* how a thread goes on from there; NULL: behind the nop */
};

/*
 * Whether the bytes at ADDR are those of the file. UNSUPPORTED if not: another
 * tracer's trap, or text that was changed. Errors also: FAULT, GONE.
 */
struct usdtrap_error *site_check(const struct space *space, uint64_t addr,
				 const struct site_text *text) USDTRAP_MUST_USE;
/*
 * Checks, then, with journal and net in place, puts a trap at ADDR and records it as a new site of SPACE,
 * which has none there that is armed. Errors: as site_check(); OS, NO_MEMORY.
 */
struct usdtrap_error *site_arm(struct engine *engine, struct space *space, uint64_t addr, const struct site_text *text,
			       struct site **ret) USDTRAP_MUST_USE;
/* Puts the original byte back if our trap is still there, else marks SITE lost. An armed site is not armed afterwards.
 */
struct usdtrap_error *site_restore(struct space *space, struct site *site) USDTRAP_MUST_USE;
/* Adds a callback to SITE behind those that were added to the session before it. */
struct usdtrap_error *site_attach(struct site *site, struct usdtrap_probe *probe,
				  struct location *location) USDTRAP_MUST_USE;
/* Whether it has that callback already. */
bool site_has(const struct site *site, const struct usdtrap_probe *probe, const struct location *location);

/* As site_restore() in COPY_FD, the memory of a forked child, which inherited the trap. */
struct usdtrap_error *site_restore_copy(int copy_fd, const struct arch *arch, const struct site *site) USDTRAP_MUST_USE;

/* Whether at SITE's place, which its file is mapped at no more, lies what the program copied when our trap was in it.
 */
bool site_is_in_copy(const struct space *space, const struct site *site);
/* Puts the original byte back there if so. Returns whether it did. */
bool site_heal_copy(const struct space *space, const struct site *site);

/* Whether COPY_FD has our trap at SITE. */
bool site_is_copied(int copy_fd, const struct arch *arch, const struct site *site);

/* Replaces our trap bytes in BUFFER, SIZE bytes read from ADDR of SPACE, by what they cover. */
void site_mask(const struct space *space, uint64_t addr, void *buffer, size_t size);
/* Whether a trap of ours lies in the SIZE bytes at ADDR of SPACE. */
bool site_is_within(const struct space *space, uint64_t addr, size_t size);

/*
 * Raises the counter at ADDR by one, once a space however often it is asked.
 * MAPS tells whether it lies in private, writable memory; MAPPED is whose it is, and it is forgotten with that. Errors:
 * UNSUPPORTED, FAULT, GONE, OS, NO_MEMORY.
 */
struct usdtrap_error *semaphore_raise(struct space *space, const struct procfs_maps *maps,
				      const struct mapped_file *mapped, uint64_t addr) USDTRAP_MUST_USE;
/* Raises it once more if it has become 0: its memory is not what it was. */
struct usdtrap_error *semaphore_keep(struct space *space, struct semaphore *semaphore) USDTRAP_MUST_USE;
/* Lowers it again, never below 0. */
struct usdtrap_error *semaphore_lower(struct space *space, struct semaphore *semaphore) USDTRAP_MUST_USE;
/* Lowers it in a forked child's copy of the memory. */
struct usdtrap_error *semaphore_lower_copy(int copy_fd, const struct semaphore *semaphore) USDTRAP_MUST_USE;

#endif
