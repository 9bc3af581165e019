/* SPDX-License-Identifier: MIT */
/*
 * Whether our traps are still where we put them.
 *
 * Another tracer may come after us: bpftrace has the kernel lay its own trap
 * over ours, takes all hits for itself, and writes the nop back when it leaves.
 * Our probe is silently dead then. While it is there no byte differs. So where
 * hits came and come no more it is looked whether somebody has laid such a probe
 * (os/kernel_probe.h), and that is told. Or the program maps its own text anew, and the
 * traps are gone, and the semaphores down. So every trap is looked at more than
 * twice a second: one that is gone is put in again, and the gap is told; one whose
 * place has become something else is left alone, and that is told. Semaphores
 * that have become 0 are raised again.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock_time.h"
#include "base/error.h"
#include "os/kernel_probe.h"
#include "os/memory.h"
#include "trace/catalog.h"
#include "trace/engine.h"
#include "trace/lender.h"
#include "trace/site.h"

enum {
	PAGE_BYTES = 4096,
	LOOK_SHARE = 10, /* one part in so many of the time, at most, goes into looks for the kernel's probes */
};

static const char *name_of(const struct site *site)
{
	if (site->attachments && site->attachments->location)
		return site->attachments->location->info->full_name;
	return "the loader's hook";
}

static void put_in_again(const struct engine *engine, const struct space *space, struct site *site)
{
	struct usdtrap_error *error =
		memory_write(space->memory_fd, site->addr, space->arch->trap, space->arch->trap_size);

	if (error) {
		usdtrap_error_destroy(error); /* its process is gone, or the next look will tell */
		return;
	}
	if (site->is_overlaid)
		engine_notice(engine, USDTRAP_NOTICE_WARNING,
			      "the kernel's probe over the trap of %s in process %d is gone, and the trap was put in "
			      "again: what was passed in between is not counted",
			      name_of(site), (int)space->pid);
	else if (!site->was_replaced)
		engine_notice(engine, USDTRAP_NOTICE_WARNING,
			      "the trap of %s was taken out of process %d, by another tracer or by the program, which "
			      "mapped its text anew; it was put in again, and what was passed in between, for a second "
			      "at most, is not counted",
			      name_of(site), (int)space->pid);
	site->was_replaced = true;
	site->is_overlaid = false;
}

static void give_up(const struct engine *engine, const struct space *space, struct site *site, uint8_t found)
{
	site->state = SITE_LOST;
	engine_notice(engine, USDTRAP_NOTICE_WARNING,
		      "somebody else changed byte 0x%" PRIx64
		      " of process %d to 0x%02x: %s is not traced there any more",
		      site->addr, (int)space->pid, found, name_of(site));
}

/* The byte where SITE's trap is; false: it cannot be read. */
static bool read_byte(const struct space *space, const struct site *site, uint8_t *ret)
{
	struct usdtrap_error *error = memory_read(space->memory_fd, site->addr, ret, sizeof(*ret));

	usdtrap_error_destroy(error);
	return !error;
}

/* A page of a target as it was read last: sites lie close to each other, mostly in the order of their addresses. */
struct page {
	uint64_t addr;
	bool is_read;
	uint8_t bytes[PAGE_BYTES];
};

/* Whether SITE's trap is where it was put, by way of PAGE. */
static bool has_trap(const struct space *space, const struct site *site, struct page *page)
{
	const uint64_t page_addr = site->addr & ~(uint64_t)(PAGE_BYTES - 1);
	struct usdtrap_error *error;

	if (page->addr != page_addr) {
		error = memory_read(space->memory_fd, page_addr, page->bytes, PAGE_BYTES);
		page->addr = page_addr;
		page->is_read = !error;
		usdtrap_error_destroy(error);
	}
	return page->is_read && page->bytes[site->addr - page_addr] == space->arch->trap[0];
}

/* Whether SEMAPHORE is up, if we have raised it. */
static bool is_up(const struct space *space, const struct semaphore *semaphore)
{
	uint16_t value;
	struct usdtrap_error *error = memory_read(space->memory_fd, semaphore->addr, &value, sizeof(value));

	usdtrap_error_destroy(error);
	return !semaphore->is_raised || (!error && value);
}

/* Whether SPACE has all traps, and all semaphores are up. */
static bool has_all(const struct space *space)
{
	struct page page = {.addr = 0};

	for (const struct semaphore *semaphore = space->semaphores; semaphore; semaphore = semaphore->hh.next)
		if (!is_up(space, semaphore))
			return false;
	for (const struct site *site = space->sites; site; site = site->hh.next)
		if (site->state == SITE_ARMED && !has_trap(space, site, &page))
			return false;
	return true;
}

void verify_space(struct engine *engine, struct space *space)
{
	uint8_t byte;

	if (!space->arch || space->memory_fd < 0 || has_all(space))
		return;
	/* A library that was unmapped took its traps with it: that is no news. It may also be mapped elsewhere now. */
	usdtrap_error_destroy(mapped_refresh(engine, space, MAPPED_GLIMPSE, NULL));
	lender_make_writable(engine, space);
	for (struct site *site = space->sites; site; site = site->hh.next) {
		if (site->state != SITE_ARMED || site->is_vacant || !read_byte(space, site, &byte) ||
		    byte == space->arch->trap[0])
			continue;
		if (byte == site->original[0])
			put_in_again(engine, space, site);
		else
			give_up(engine, space, site, byte);
	}
	for (struct semaphore *semaphore = space->semaphores; semaphore; semaphore = semaphore->hh.next)
		usdtrap_error_destroy(
			semaphore_keep(space, semaphore)); /* its process is gone, or the next look tells */
}

/*
 * Whether the first trap in each of SPACE's files is there, and the first
 * semaphore up, which may be mapped later. Those of one file follow each other.
 */
static bool has_first_ones(const struct space *space)
{
	const struct mapped_file *seen = NULL;
	uint8_t byte;

	for (const struct semaphore *semaphore = space->semaphores; semaphore; semaphore = semaphore->hh.next) {
		if (semaphore->mapped != seen && !is_up(space, semaphore))
			return false;
		seen = semaphore->mapped;
	}
	seen = NULL;
	for (const struct site *site = space->sites; site; site = site->hh.next) {
		if (site->state != SITE_ARMED || !site->mapped || site->mapped == seen)
			continue;
		if (!read_byte(space, site, &byte) || byte != space->arch->trap[0])
			return false;
		seen = site->mapped;
	}
	return true;
}

void verify_glance(struct engine *engine, struct space *space)
{
	if (space->arch && space->memory_fd >= 0 && !has_first_ones(space))
		verify_space(engine, space);
}

/* Whether some site of SPACE had hits, and has had none since the last look: there may be a reason. */
static bool has_fallen_silent(struct space *space)
{
	bool any = false;

	for (struct site *site = space->sites; site; site = site->hh.next) {
		if (site->state != SITE_ARMED || site->is_loader_hook)
			continue;
		any |= site->hits && site->hits == site->hits_when_looked && !site->is_overlaid && !site->is_silent;
		site->is_silent = site->hits == site->hits_when_looked;
		site->hits_when_looked = site->hits;
		if (!site->is_silent)
			site->is_overlaid = false;
	}
	return any;
}

static void tell_overlaid(struct engine *engine, struct space *space, const struct kernel_probe *probes, size_t count)
{
	struct procfs_maps maps;
	struct usdtrap_error *error = mapped_read(engine, space, &maps);
	struct site *site;

	usdtrap_error_destroy(error);
	for (size_t i = 0; !error && i < count; i++) {
		site = space_site(space, kernel_probe_addr(&probes[i], &maps));
		if (!site || site->state != SITE_ARMED || !site->hits || !site->is_silent || site->is_overlaid)
			continue;
		site->is_overlaid = true;
		engine_notice(engine, USDTRAP_NOTICE_WARNING,
			      "process %d (%s) has laid a probe of the kernel's over the trap of %s in process %d, and "
			      "gets its hits; usdtrap gets none until that ends",
			      (int)probes[i].owner, probes[i].owner_name, name_of(site), (int)space->pid);
	}
	if (!error)
		procfs_maps_deinit(&maps);
}

static void look_for_overlays(struct engine *engine)
{
	_cleanup_free_ struct kernel_probe *probes = NULL;
	const uint64_t begin_ns = clock_time_ns(CLOCK_MONOTONIC);
	struct usdtrap_error *error;
	size_t count;

	for (struct space *space = engine->spaces; space; space = space->next)
		engine->overlays.is_look_owed |= has_fallen_silent(space);
	if (!engine->overlays.is_look_owed || engine->overlays.cannot_look || begin_ns < engine->overlays.next_look_ns)
		return;
	engine->overlays.is_look_owed = false;
	error = kernel_probes_read(&probes, &count);
	engine->overlays.cannot_look = error;
	engine->overlays.next_look_ns = begin_ns + (clock_time_ns(CLOCK_MONOTONIC) - begin_ns) * LOOK_SHARE;
	usdtrap_error_destroy(error);
	if (error || count == 0)
		return;
	for (struct space *space = engine->spaces; space; space = space->next)
		tell_overlaid(engine, space, probes, count);
}

void verify_traps(struct engine *engine)
{
	look_for_overlays(engine);
	for (struct space *space = engine->spaces; space; space = space->next)
		verify_space(engine, space);
}
