/* SPDX-License-Identifier: MIT */
#include "trace/site.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/memory.h"
#include "trace/catalog.h"
#include "trace/journal.h"

/* Why the bytes FOUND at ADDR are not those the file has. */
static struct usdtrap_error *refuse_text(const struct space *space, uint64_t addr, const struct site_text *text,
					 const uint8_t *found)
{
	if (memcmp(found, space->arch->trap, space->arch->trap_size) == 0)
		return error_hint(error_create(USDTRAP_UNSUPPORTED,
					       "at 0x%" PRIx64
					       " there is already a breakpoint (byte 0x%02x) that is not ours",
					       addr, found[0]),
				  "another tracer (gdb, perf, bpftrace, ...) traces this place: end it first");
	return error_hint(error_create(USDTRAP_UNSUPPORTED,
				       "at 0x%" PRIx64 " the process has byte 0x%02x where the file has 0x%02x", addr,
				       found[0], text->bytes[0]),
			  "the file was changed after the process mapped it, or the process changes its own text: "
			  "restart the process");
}

struct usdtrap_error *site_check(const struct space *space, uint64_t addr, const struct site_text *text)
{
	uint8_t found[ARCH_MAX_INSTRUCTION];
	size_t size = text->nop_length ? text->nop_length : space->arch->trap_size;
	struct usdtrap_error *error;

	assert(size <= text->size && text->size <= ARCH_MAX_INSTRUCTION);
	error = memory_read(space->memory_fd, addr, found, size);
	if (error)
		return error;
	if (memcmp(found, text->bytes, size) != 0)
		return refuse_text(space, addr, text, found);
	return NULL;
}

struct usdtrap_error *site_arm(struct engine *engine, struct space *space, uint64_t addr, const struct site_text *text,
			       struct site **ret)
{
	struct usdtrap_error *error;
	struct site *site;

	error = site_check(space, addr, text);
	if (error)
		return error;
	site = space_site(space, addr);
	if (site) {
		assert(site->state != SITE_ARMED);
		space_forget_site(space, site);
	}
	site = calloc(1, sizeof(*site));
	if (!site)
		return &error_no_memory;
	site->addr = addr;
	site->state = SITE_ARMED;
	site->original_size = text->size;
	memcpy(site->original, text->bytes, text->size);
	if (text->displaced)
		site->displaced = *text->displaced;
	site->skip = text->nop_length ? text->nop_length - space->arch->trap_size : 0;
	site->is_displacing = text->nop_length == 0;
	error = journal_site(space->journal, space, site);
	if (!error)
		net_add_site(engine, space, site);
	if (!error)
		error = memory_write(space->memory_fd, addr, space->arch->trap, space->arch->trap_size);
	if (error) {
		free(site);
		return error;
	}
	space_add_site(space, site);
	*ret = site;
	return NULL;
}

/* Writes the original byte where our trap still is. *RET_IS_LOST: it is not, so nothing was written. */
static struct usdtrap_error *put_back(int memory_fd, const struct arch *arch, const struct site *site,
				      bool *ret_is_lost)
{
	uint8_t found[ARCH_TRAP_SIZE];
	struct usdtrap_error *error;

	error = memory_read(memory_fd, site->addr, found, arch->trap_size);
	if (error_catch(error, USDTRAP_FAULT)) { /* unmapped meanwhile */
		*ret_is_lost = true;
		return NULL;
	}
	if (error)
		return error;
	*ret_is_lost = memcmp(found, arch->trap, arch->trap_size) != 0;
	if (*ret_is_lost)
		return NULL;
	return memory_write(memory_fd, site->addr, site->original, arch->trap_size);
}

struct usdtrap_error *site_restore(struct space *space, struct site *site)
{
	struct usdtrap_error *error;
	bool is_lost = false;

	if (site->state != SITE_ARMED)
		return NULL;
	error = put_back(space->memory_fd, space->arch, site, &is_lost);
	if (!error)
		site->state = is_lost ? SITE_LOST : SITE_RESTORED;
	return error;
}

struct usdtrap_error *site_restore_copy(int copy_fd, const struct arch *arch, const struct site *site)
{
	bool is_lost;

	return put_back(copy_fd, arch, site, &is_lost);
}

bool site_is_copied(int copy_fd, const struct arch *arch, const struct site *site)
{
	uint8_t found[ARCH_TRAP_SIZE];
	struct usdtrap_error *error = memory_read(copy_fd, site->addr, found, arch->trap_size);

	usdtrap_error_destroy(error);
	return !error && site->state != SITE_LOST && memcmp(found, arch->trap, arch->trap_size) == 0;
}

bool site_is_in_copy(const struct space *space, const struct site *site)
{
	const size_t trap_size = space->arch->trap_size;
	uint8_t found[ARCH_MAX_INSTRUCTION];
	struct usdtrap_error *error;

	/* A trap alone proves nothing: whoever compiles at run time puts some between functions. */
	if (site->original_size <= trap_size)
		return false;
	error = memory_read(space->memory_fd, site->addr, found, site->original_size);
	usdtrap_error_destroy(error);
	if (error || memcmp(found, space->arch->trap, trap_size) != 0)
		return false;
	site_mask(space, site->addr, found, site->original_size);
	return memcmp(found + trap_size, site->original + trap_size, site->original_size - trap_size) == 0;
}

bool site_heal_copy(const struct space *space, const struct site *site)
{
	struct usdtrap_error *error;

	if (!site_is_in_copy(space, site))
		return false;
	error = memory_write(space->memory_fd, site->addr, site->original, space->arch->trap_size);
	usdtrap_error_destroy(error);
	return !error;
}

struct usdtrap_error *site_attach(struct site *site, struct usdtrap_probe *probe, struct location *location)
{
	struct attachment **place = &site->attachments;
	struct attachment *attachment = calloc(1, sizeof(*attachment));

	if (!attachment)
		return &error_no_memory;
	attachment->probe = probe;
	attachment->location = location;
	while (*place && (*place)->probe->order <= probe->order)
		place = &(*place)->next;
	attachment->next = *place;
	*place = attachment;
	return NULL;
}

bool site_has(const struct site *site, const struct usdtrap_probe *probe, const struct location *location)
{
	const struct attachment *attachment = site->attachments;

	while (attachment && (attachment->probe != probe || attachment->location != location))
		attachment = attachment->next;
	return attachment;
}

void site_mask(const struct space *space, uint64_t addr, void *buffer, size_t size)
{
	const struct site *site;
	const uint8_t trap_size = space->arch->trap_size;
	uint8_t *bytes = buffer;

	if (!space->sites || addr > space->highest_site || size == 0 || addr + (size - 1) < space->lowest_site)
		return;
	for (site = space->sites; site; site = site->hh.next) {
		if (site->state != SITE_ARMED)
			continue;
		for (size_t i = 0; i < trap_size; i++)
			if (site->addr + i >= addr && site->addr + i - addr < size)
				bytes[site->addr + i - addr] = site->original[i];
	}
}

bool site_is_within(const struct space *space, uint64_t addr, size_t size)
{
	const uint8_t trap_size = space->arch->trap_size;

	for (const struct site *site = space->sites; site; site = site->hh.next) {
		if (site->state == SITE_ARMED && site->addr + trap_size > addr && site->addr < addr + size)
			return true;
	}
	return false;
}
