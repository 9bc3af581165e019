/* SPDX-License-Identifier: MIT */
#include "trace/space.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include <utlist.h>

#include "base/error.h"
#include "os/memory.h"
#include "trace/go_stacks.h"
#include "trace/journal.h"
#include "trace/modules.h"
#include "trace/returns.h"
#include "trace/room.h"
#include "trace/stacks.h"

enum { FORMER_MAX = 8 };

struct space *space_create(struct space **list, pid_t pid, pid_t anchor)
{
	struct space *space = calloc(1, sizeof(*space));

	if (!space)
		return NULL;
	space->pid = pid;
	space->anchor = anchor;
	space->memory_fd = -1;
	DL_APPEND2(*list, space, previous, next);
	return space;
}

void space_add_site(struct space *space, struct site *site)
{
	HASH_ADD(hh, space->sites, addr, sizeof(site->addr), site);
	if (!space->lowest_site || site->addr < space->lowest_site)
		space->lowest_site = site->addr;
	if (site->addr > space->highest_site)
		space->highest_site = site->addr;
}

static void free_attachments(struct site *site)
{
	struct attachment *attachment, *following;

	LL_FOREACH_SAFE(site->attachments, attachment, following)
	free(attachment);
	site->attachments = NULL;
}

void space_forget_site(struct space *space, struct site *site)
{
	HASH_DEL(space->sites, site);
	free_attachments(site);
	free(site);
}

static void forget_former_site(struct space *space, struct site *site)
{
	HASH_DEL(space->former_sites, site);
	free(site);
}

void space_retire_site(struct space *space, struct site *site)
{
	enum { FORMER_SITES_MAX = 4096 };
	struct site *former = space_former_site(space, site->addr);

	if (former)
		forget_former_site(space, former);
	if (site->state != SITE_ARMED || HASH_COUNT(space->former_sites) >= FORMER_SITES_MAX) {
		space_forget_site(space, site);
		return;
	}
	HASH_DEL(space->sites, site);
	free_attachments(site);
	site->state = SITE_LOST;
	site->mapped = NULL;
	HASH_ADD(hh, space->former_sites, addr, sizeof(site->addr), site);
}

void space_forget_semaphore(struct space *space, struct semaphore *semaphore)
{
	HASH_DEL(space->semaphores, semaphore);
	free(semaphore);
}

void space_forget(struct space *space)
{
	struct site *site, *next_site;
	struct semaphore *semaphore, *next_semaphore;
	struct mapped_file *mapped, *next_mapped;

	HASH_ITER (hh, space->sites, site, next_site)
		space_forget_site(space, site);
	HASH_ITER (hh, space->former_sites, site, next_site)
		forget_former_site(space, site);
	HASH_ITER (hh, space->semaphores, semaphore, next_semaphore)
		space_forget_semaphore(space, semaphore);
	LL_FOREACH_SAFE(space->mapped, mapped, next_mapped)
	free(mapped);
	LL_FOREACH_SAFE(space->glimpsed, mapped, next_mapped)
	free(mapped);
	space->mapped = NULL;
	space->glimpsed = NULL;
	space->shape = 0;
	room_forget(space);
	modules_forget(space);
	stacks_forget_space(space);
	space->lowest_site = 0;
	space->highest_site = 0;
	space->has_loader_hook = false;
	returns_forget_files(space);
	go_stacks_forget(space);
	if (space->memory_fd >= 0)
		close(space->memory_fd);
	space->memory_fd = -1;
}

/* Nothing is left to be undone where the memory is gone or as it was; but somebody may have stopped half-way. */
static void end_journal(struct space *space)
{
	if (net_is_there(space))
		journal_leave(space->journal);
	else
		journal_remove(space->journal);
	space->journal = NULL;
}

static void space_destroy(struct space **list, struct space *space)
{
	end_journal(space);
	space_forget(space);
	DL_DELETE2(*list, space, previous, next);
	free(space);
}

void space_release(struct space **list, struct space **former, struct space *space)
{
	const struct space *kept;
	unsigned count;

	assert(space->references > 0);
	if (--space->references > 0)
		return;
	end_journal(space);
	if (!former || (!space->sites && !space->semaphores)) {
		space_destroy(list, space);
		return;
	}
	DL_DELETE2(*list, space, previous, next);
	DL_APPEND2(*former, space, previous, next);
	if (space->memory_fd >= 0)
		close(space->memory_fd);
	space->memory_fd = -1;
	DL_COUNT2(*former, kept, count, next);
	if (count > FORMER_MAX)
		space_destroy(former, *former);
}

void space_destroy_all(struct space **list)
{
	while (*list)
		space_destroy(list, *list);
}

bool space_read_word(uint64_t addr, uint64_t *ret, void *user)
{
	const struct space *space = user;
	uint64_t word = 0;
	struct usdtrap_error *error = memory_read(space->memory_fd, addr, &word, space->arch->address_size);

	usdtrap_error_destroy(error);
	if (error)
		return false;
	*ret = word;
	return true;
}
