/* SPDX-License-Identifier: MIT */
/*
 * Semaphores: counters beside which a program skips the work of preparing a
 * probe's arguments while they are 0. Others may count in them too (bpftrace,
 * perf, another usdtrap), so they are changed by one, up and down, and never
 * set. There is no atomic addition to another process's memory, so the window
 * between read and write is kept as small as it can be; and a count that was
 * lost in it must not become a 65535, so nobody lowers below 0.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "os/memory.h"
#include "trace/journal.h"
#include "trace/site.h"

enum { SEMAPHORE_SIZE = 2, SEMAPHORE_MAX = 0xffff };

/*
 * Reads the counter into *RET_BEFORE, adds STEP (1 or -1), says so in JOURNAL
 * (if not NULL) and writes it. *RET_IS_CHANGED: false where it would have left
 * its range.
 */
static struct usdtrap_error *count(int memory_fd, struct journal *journal, uint64_t addr, int step,
				   uint16_t *ret_before, bool *ret_is_changed)
{
	uint16_t before, wanted;
	struct usdtrap_error *error;

	error = memory_read(memory_fd, addr, &before, SEMAPHORE_SIZE);
	if (error)
		return error;
	*ret_before = before;
	*ret_is_changed = step > 0 ? before < SEMAPHORE_MAX : before > 0;
	if (!*ret_is_changed)
		return NULL;
	wanted = (uint16_t)(before + step);
	error = step > 0 ? journal_raise(journal, addr, before) : journal_lower(journal, addr, before);
	if (error)
		return error;
	return memory_write(memory_fd, addr, &wanted, SEMAPHORE_SIZE);
}

/* The mapping that holds all of the counter at ADDR, or NULL. */
static const struct procfs_mapping *mapping_at(const struct procfs_maps *maps, uint64_t addr)
{
	const struct procfs_mapping *mapping = procfs_mapping_at(maps, addr);

	return mapping && mapping->end - addr >= SEMAPHORE_SIZE ? mapping : NULL;
}

struct usdtrap_error *semaphore_raise(struct space *space, const struct procfs_maps *maps,
				      const struct mapped_file *mapped, uint64_t addr)
{
	const struct procfs_mapping *mapping = mapping_at(maps, addr);
	struct usdtrap_error *error;
	struct semaphore *semaphore;
	bool is_changed = false;

	HASH_FIND(hh, space->semaphores, &addr, sizeof(addr), semaphore);
	if (semaphore)
		return NULL;
	if (!mapping || !mapping->is_writable || mapping->is_shared)
		return error_create(USDTRAP_UNSUPPORTED,
				    "the semaphore at 0x%" PRIx64 " does not lie in private, writable memory", addr);
	semaphore = calloc(1, sizeof(*semaphore));
	if (!semaphore)
		return &error_no_memory;
	semaphore->addr = addr;
	semaphore->mapped = mapped;
	error = count(space->memory_fd, space->journal, addr, +1, &semaphore->before, &is_changed);
	if (!error && !is_changed)
		error = error_create(USDTRAP_UNSUPPORTED, "the semaphore at 0x%" PRIx64 " stands at its greatest value",
				     addr);
	if (error) {
		free(semaphore);
		return error;
	}
	semaphore->is_raised = true;
	HASH_ADD(hh, space->semaphores, addr, sizeof(semaphore->addr), semaphore);
	return journal_raised(space->journal, addr);
}

struct usdtrap_error *semaphore_keep(struct space *space, struct semaphore *semaphore)
{
	struct usdtrap_error *error;
	uint16_t value;
	bool is_changed;

	if (!semaphore->is_raised)
		return NULL;
	error = memory_read(space->memory_fd, semaphore->addr, &value, SEMAPHORE_SIZE);
	if (error || value)
		return error;
	error = journal_forget_semaphore(space->journal, semaphore->addr);
	if (!error)
		error = count(space->memory_fd, space->journal, semaphore->addr, +1, &semaphore->before, &is_changed);
	return error ? error : journal_raised(space->journal, semaphore->addr);
}

struct usdtrap_error *semaphore_lower(struct space *space, struct semaphore *semaphore)
{
	struct usdtrap_error *error;
	bool is_changed;

	if (!semaphore->is_raised)
		return NULL;
	error = count(space->memory_fd, space->journal, semaphore->addr, -1, &semaphore->before, &is_changed);
	if (error_catch(error, USDTRAP_FAULT)) /* unmapped meanwhile */
		error = NULL;
	if (!error)
		semaphore->is_raised = false;
	return error;
}

struct usdtrap_error *semaphore_lower_copy(int copy_fd, const struct semaphore *semaphore)
{
	struct usdtrap_error *error;
	uint16_t before;
	bool is_changed;

	error = count(copy_fd, NULL, semaphore->addr, -1, &before, &is_changed);
	return error_catch(error, USDTRAP_FAULT) ? NULL : error;
}
