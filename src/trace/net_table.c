/* SPDX-License-Identifier: MIT */
/*
 * What a net knows of the traps and semaphores that it lies under: a table in the
 * target's memory, in chunks, where the handler looks up what to do. An entry
 * counts from the moment on that its chunk's count says so.
 */
#include <stddef.h>

#include "base/error.h"
#include "os/memory.h"
#include "trace/engine.h"
#include "trace/journal.h"
#include "trace/net.h"
#include "trace/room.h"
#include "trace/site.h"

enum { SMALLEST_CAPACITY = 1 };

static struct usdtrap_error *add_chunk(const struct engine *engine, struct space *space)
{
	struct net *net = &space->net;
	struct arch_net_chunk chunk = {.capacity = NET_CHUNK_CAPACITY};
	struct room_request request = {.is_lasting = true};
	struct usdtrap_error *error;
	uint64_t addr;

	for (;; chunk.capacity /= 2) {
		request.size = sizeof(chunk) + chunk.capacity * sizeof(struct arch_net_entry);
		error = room_reserve(engine, space, &request, &addr);
		if (!error)
			break;
		if (chunk.capacity == SMALLEST_CAPACITY || usdtrap_error_code(error) != USDTRAP_UNSUPPORTED)
			return error;
		usdtrap_error_destroy(error);
	}
	error = journal_room(space->journal, addr, request.size);
	if (!error)
		error = memory_write(space->memory_fd, addr, &chunk, sizeof(chunk));
	if (!error)
		error = memory_write(space->memory_fd, net->chunk_addr + offsetof(struct arch_net_chunk, next_addr),
				     &addr, sizeof(addr));
	if (error)
		return error;
	net->chunk_addr = addr;
	net->chunk = chunk;
	return NULL;
}

/* Adds ENTRY, which counts from the moment on that the chunk's count says so. */
static struct usdtrap_error *add_entry(const struct engine *engine, struct space *space,
				       const struct arch_net_entry *entry, uint64_t *ret_slot)
{
	struct net *net = &space->net;
	struct usdtrap_error *error = NULL;
	uint64_t slot;

	if (net->chunk.count == net->chunk.capacity)
		error = add_chunk(engine, space);
	if (error)
		return error;
	slot = net->chunk_addr + sizeof(net->chunk) + net->chunk.count * sizeof(*entry);
	error = memory_write(space->memory_fd, slot, entry, sizeof(*entry));
	if (error)
		return error;
	net->chunk.count++;
	*ret_slot = slot;
	return memory_write(space->memory_fd, net->chunk_addr + offsetof(struct arch_net_chunk, count),
			    &net->chunk.count, sizeof(net->chunk.count));
}

static bool has_table(const struct space *space)
{
	return space->net.state == NET_IN || space->net.state == NET_PENDING;
}

static void warn_full(struct engine *engine, struct space *space, struct usdtrap_error *error)
{
	if (space->net.is_full || error_catch(error, USDTRAP_GONE)) {
		usdtrap_error_destroy(space->net.is_full ? error : NULL);
		return;
	}
	space->net.is_full = true;
	engine_warn_of(engine, space,
		       error_prefix(error,
				    "the safety net of process %d is full: should usdtrap be killed by kill -9, the "
				    "process may die of a trap before it is repaired",
				    (int)space->pid));
}

/* There is no room for an entry of SITE. As long as it is a one-byte nop its address will do. */
static struct usdtrap_error *add_to_others(struct space *space, const struct site *site)
{
	uint64_t *others = space->net.others_addr;

	if (others[0] == 0 || site->addr < others[0])
		others[0] = site->addr;
	if (site->addr > others[1])
		others[1] = site->addr;
	return memory_write(space->memory_fd, space->net.head_addr + offsetof(struct arch_net_head, others_first_addr),
			    others, sizeof(space->net.others_addr));
}

/* Where a thread goes on that has executed the trap of SITE, whose tracer is dead; 0: where its stack says. */
static uint64_t resume_addr(const struct space *space, const struct site *site)
{
	if (!site->is_displacing)
		return site->addr + space->arch->trap_size + site->skip;
	if (site->displaced.has_copy)
		return site->displaced.copy.addr;
	return space->arch->survive(site->original, site->original_size, site->addr);
}

void net_add_site(struct engine *engine, struct space *space, struct site *site)
{
	struct arch_net_entry entry = {site->addr | (uint64_t)site->original[0] << ARCH_NET_ADDR_BITS, 0};
	struct usdtrap_error *error;

	if (!has_table(space) || site->net_slot)
		return;
	entry.then = resume_addr(space, site);
	error = add_entry(engine, space, &entry, &site->net_slot);
	if (error && !site->is_displacing && !site->skip && error_catch(error, USDTRAP_UNSUPPORTED))
		error = add_to_others(space, site);
	if (error)
		warn_full(engine, space, error);
}

void net_add_semaphore(struct engine *engine, struct space *space, struct semaphore *semaphore,
		       const struct site *witness)
{
	const struct arch_net_entry entry = {semaphore->addr, witness->addr | ARCH_NET_SEMAPHORE};

	if (!has_table(space) || semaphore->net_slot)
		return;
	/* One that stays raised harms nobody: where there is no room, it is left to a repair. */
	usdtrap_error_destroy(add_entry(engine, space, &entry, &semaphore->net_slot));
}

void net_forget(struct space *space, uint64_t net_slot)
{
	static const struct arch_net_entry nothing;

	if (net_slot)
		usdtrap_error_destroy(memory_write(space->memory_fd, net_slot, &nothing, sizeof(nothing)));
}
