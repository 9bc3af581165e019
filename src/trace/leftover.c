/* SPDX-License-Identifier: MIT */
#include "trace/leftover.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/net.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/engine.h"
#include "trace/journal.h"
#include "trace/lender.h"
#include "trace/room.h"
#include "trace/site.h"

enum {
	ALIGNMENT = 16,    /* of a head */
	SLACK_MAX = 4096,  /* bytes */
	CHUNKS_MAX = 64,   /* more would be a table that was written over */
	ENTRIES_MAX = 256, /* of a chunk; likewise */
	COPY_SIZE = 32,    /* of a displaced instruction, at most */
};

static bool can_read(const struct space *space, uint64_t addr, void *buffer, size_t size)
{
	struct usdtrap_error *error = memory_read(space->memory_fd, addr, buffer, size);

	usdtrap_error_destroy(error);
	return !error;
}

static bool shares_with_traced(pid_t pid, pid_t parent)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, parent, &status);
	bool is_same;

	usdtrap_error_destroy(error);
	/* One that this thread holds was repaired just now: there is nothing left in it to share. */
	if (error || status.tracer == 0 || status.tracer == gettid())
		return false;
	return !memory_compare(pid, parent, &is_same) || is_same;
}

bool leftover_is_possible(pid_t pid, bool has_handler)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, pid, &status);

	usdtrap_error_destroy(error);
	if (error || status.tracer != 0 || status.state == 'Z' || status.state == 'X')
		return false;
	if (has_handler && !(status.signals_caught & (UINT64_C(1) << (SIGTRAP - 1))))
		return false;
	return !shares_with_traced(pid, status.parent);
}

/* ---- finding it ---- */

struct search {
	uint64_t head_addr; /* what was found, or 0 */
};

/* Whether HEAD, at ADDR, is one. Its code lies before it, in the same slack. */
static bool is_head(const struct arch_net_head *head, uint64_t addr, uint64_t slack_addr)
{
	return memcmp(head->magic, ARCH_NET_MAGIC, sizeof(head->magic)) == 0 &&
	       (!head->ours.handler || (head->ours.handler >= slack_addr && head->ours.handler < addr));
}

static void search_slack(const struct space *space, uint64_t addr, size_t size, void *user)
{
	struct search *search = user;
	struct arch_net_head head;
	uint8_t bytes[SLACK_MAX];

	if (search->head_addr || size > sizeof(bytes) || !can_read(space, addr, bytes, size))
		return;
	for (size_t offset = 0; offset + sizeof(head) <= size; offset += ALIGNMENT) {
		memcpy(&head, bytes + offset, sizeof(head));
		if (!is_head(&head, addr + offset, addr))
			continue;
		search->head_addr = addr + offset;
		return;
	}
}

static uint64_t find(const struct space *space, const struct procfs_maps *maps)
{
	struct search search = {0};

	room_each_slack(space, maps, search_slack, &search);
	return search.head_addr;
}

/* ---- what its table says ---- */

/* The slack that an address of the table lies in was used by its tracer. */
struct use {
	uint64_t addr; /* what lies in it */
	uint64_t slack_addr;
	size_t slack_size;
};

static void match_slack(const struct space *space, uint64_t addr, size_t size, void *user)
{
	struct use *use = user;

	(void)space;
	if (use->addr >= addr && use->addr < addr + size) {
		use->slack_addr = addr;
		use->slack_size = size;
	}
}

/* ADDR, if it lies in slack, shows that all of that is ours: it was empty when the first of it was given out. */
static struct usdtrap_error *adopt_slack(struct space *space, const struct procfs_maps *maps, uint64_t addr)
{
	struct use use = {.addr = addr};

	if (room_holds(space, addr))
		return NULL;
	room_each_slack(space, maps, match_slack, &use);
	if (use.slack_size)
		return room_adopt(space, use.slack_addr, use.slack_size);
	return room_is_own(space, maps, addr) ? room_adopt(space, addr, COPY_SIZE) : NULL;
}

static bool has_trap(const struct space *space, uint64_t addr)
{
	uint8_t bytes[ARCH_TRAP_SIZE];

	return can_read(space, addr, bytes, space->arch->trap_size) &&
	       memcmp(bytes, space->arch->trap, space->arch->trap_size) == 0;
}

static struct usdtrap_error *load_entry(struct space *space, const struct procfs_maps *maps,
					const struct arch_net_entry *entry)
{
	const uint64_t addr = entry->what & ((UINT64_C(1) << ARCH_NET_ADDR_BITS) - 1);
	const uint64_t witness = entry->then & ~(ARCH_NET_SEMAPHORE | ARCH_NET_DONE);
	struct semaphore *semaphore;
	struct site *site;

	if (!addr)
		return NULL;
	if (entry->then & ARCH_NET_SEMAPHORE) {
		if ((entry->then & ARCH_NET_DONE) || !has_trap(space, witness))
			return NULL;
		semaphore = calloc(1, sizeof(*semaphore));
		if (!semaphore)
			return &error_no_memory;
		semaphore->addr = addr;
		semaphore->is_raised = true;
		HASH_ADD(hh, space->semaphores, addr, sizeof(semaphore->addr), semaphore);
		return NULL;
	}
	if (!has_trap(space, addr) || space_site(space, addr))
		return NULL;
	site = calloc(1, sizeof(*site));
	if (!site)
		return &error_no_memory;
	site->addr = addr;
	site->state = SITE_ARMED;
	site->original[0] = (uint8_t)(entry->what >> ARCH_NET_ADDR_BITS);
	site->original_size = space->arch->trap_size;
	site->is_displacing = true; /* who stands behind the trap goes back to it: that is right for a nop as well */
	space_add_site(space, site);
	return entry->then ? adopt_slack(space, maps, entry->then) : NULL;
}

static struct usdtrap_error *load(struct space *space, const struct procfs_maps *maps, uint64_t head_addr)
{
	struct usdtrap_error *error = adopt_slack(space, maps, head_addr);
	struct arch_net_head head;
	struct arch_net_chunk chunk;
	struct arch_net_entry entry;
	uint64_t addr = 0;

	if (!error && net_adopt(space, head_addr) && can_read(space, head_addr, &head, sizeof(head)))
		addr = head.first_chunk_addr;
	for (unsigned chunks = 0; addr && !error && chunks < CHUNKS_MAX; addr = chunk.next_addr, chunks++) {
		if (!can_read(space, addr, &chunk, sizeof(chunk)))
			break;
		error = adopt_slack(space, maps, addr);
		for (unsigned i = 0; !error && i < chunk.count && i < ENTRIES_MAX && !head.is_healed; i++) {
			if (!can_read(space, addr + sizeof(chunk) + i * sizeof(entry), &entry, sizeof(entry)))
				break;
			error = load_entry(space, maps, &entry);
		}
	}
	return error;
}

/* ---- undoing it ---- */

/*
 * Undoes what the table of a net says, of which no journal tells. From here on one does: so that whoever has to go on,
 * should we be killed, lowers no semaphore twice.
 */
static struct usdtrap_error *undo_leftover(struct engine *engine, struct space *space, const struct procfs_maps *maps,
					   uint64_t head_addr)
{
	const struct semaphore *semaphore;
	struct usdtrap_error *error;
	const struct site *site;

	memory_lock(space->memory_fd);
	error = load(space, maps, head_addr);
	if (!error)
		engine_begin_journal(engine, space);
	for (site = space->sites; site && !error; site = site->hh.next)
		error = journal_site(space->journal, space, site);
	for (semaphore = space->semaphores; semaphore && !error; semaphore = semaphore->hh.next)
		error = journal_raised(space->journal, semaphore->addr);
	if (!error && lender_must_trace(engine))
		error = attach_seize(engine, space);
	if (!error) {
		leave_space(engine, space);
		net_mark_healed(space);
	}
	memory_unlock(space->memory_fd);
	return error;
}

/* The head of a net that PID has, be it told of or not, into which we may look; 0: there is none. SPACE's memory is
 * open then. */
static uint64_t find_leftover(struct engine *engine, struct space *space, struct procfs_maps *ret_maps)
{
	struct usdtrap_error *error = mapped_architecture(space);
	uint64_t head_addr;

	if (!error)
		error = memory_open(space->anchor, &space->memory_fd);
	if (!error)
		error = mapped_read(engine, space, ret_maps);
	usdtrap_error_destroy(error);
	if (error)
		return 0;
	head_addr = find(space, ret_maps);
	if (!head_addr)
		procfs_maps_deinit(ret_maps);
	return head_addr;
}

bool leftover_repair(struct engine *engine, pid_t pid)
{
	const struct usdtrap_report before = engine->report;
	struct space *space = space_create(&engine->spaces, pid, pid);
	struct procfs_maps maps;
	struct usdtrap_error *error;
	uint64_t head_addr;
	bool is_repaired = false;
	unsigned bytes;

	if (!space)
		return false;
	space->references = 1;
	head_addr = find_leftover(engine, space, &maps);
	if (head_addr) {
		error = undo_leftover(engine, space, &maps, head_addr);
		procfs_maps_deinit(&maps);
		if (!error && space->net.is_pinned && engine->report.sites_restored == before.sites_restored)
			head_addr = 0; /* it stays, and does nothing */
		else if (!error)
			error = attach_seize(engine, space);
		if (error && !error_catch(error, USDTRAP_GONE))
			engine_notice_error(engine, USDTRAP_NOTICE_WARNING,
					    error_prefix(error, "cannot repair process %d", (int)pid));
		else if (!error && head_addr) {
			is_repaired = true;
			engine->report.repaired++;
			bytes = engine->report.sites_restored - before.sites_restored;
			engine_notice(engine, USDTRAP_NOTICE_INFO,
				      "process %d has a safety net that it was left by its parent, whose usdtrap was "
				      "killed: %u byte%s put back",
				      (int)pid, bytes, bytes == 1 ? "" : "s");
		}
	}
	space_release(&engine->spaces, &engine->former_spaces, space);
	return is_repaired;
}

bool leftover_exists(struct engine *engine, pid_t pid)
{
	struct space *space;
	struct procfs_maps maps;
	bool is_found;

	if (!leftover_is_possible(pid, true))
		return false;
	space = space_create(&engine->spaces, pid, pid);
	if (!space)
		return false;
	space->references = 1;
	is_found = find_leftover(engine, space, &maps) != 0;
	if (is_found)
		procfs_maps_deinit(&maps);
	space_release(&engine->spaces, NULL, space);
	return is_found;
}
