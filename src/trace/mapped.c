/* SPDX-License-Identifier: MIT */
/*
 * From files to addresses: which files of the catalog a process has mapped,
 * where, and arming the sites in them.
 *
 * An address has three kinds. A note gives the file's own (`vaddr'); a program
 * header tells where in the file that is (`offset'); /proc/PID/maps tells
 * which offset lies where in the target (`addr'). The loader maps all segments
 * of a file at one distance from their vaddr, the load bias:
 *
 *	addr = vaddr + bias        bias = mapping start - vaddr of the mapping's offset
 *
 * One file may be mapped at several biases (dlmopen(3)); each is a mapping of
 * its own with sites of its own.
 *
 * Never write blindly: a file is taken for a mapping's only if device and
 * inode are equal; where a file system shows maps another number than stat(2)
 * (overlayfs, btrfs), if the path leads to a file with the same identity as
 * ours and the ELF header in memory is its header. And a byte is only replaced
 * where it is what the file has (site.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <utlist.h>

#include "arch/insn.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/displaced.h"
#include "trace/engine.h"
#include "trace/journal.h"
#include "trace/modules.h"
#include "trace/observe.h"
#include "trace/room.h"
#include "trace/site.h"

struct usdtrap_error *mapped_architecture(struct space *space)
{
	struct elf_object *program;
	struct usdtrap_error *error;
	char path[64];

	snprintf(path, sizeof(path), PROCFS_ROOT "/%d/exe", (int)space->anchor);
	error = elf_object_open(path, &program);
	if (error_catch(error, USDTRAP_NOT_FOUND))
		return &error_gone;
	if (error)
		return error;
	space->arch = arch_find(elf_object_machine(program), elf_object_address_bits(program));
	if (!space->arch)
		error = error_hint(error_create(USDTRAP_UNSUPPORTED,
						"process %d runs a program of another kind (ELF machine %u, %u-bit "
						"addresses)",
						(int)space->pid, elf_object_machine(program),
						elf_object_address_bits(program)),
				   "its probes can be listed with -l; only 64-bit x86 programs can be traced");
	elf_object_destroy(program);
	return error;
}

bool mapped_has_header(const struct space *space, const struct elf_object *object, uint64_t load_bias)
{
	enum { HEADER_SIZE = 64 }; /* sizeof(Elf64_Ehdr), elf(5) */
	uint8_t in_file[HEADER_SIZE], in_memory[HEADER_SIZE];
	uint64_t vaddr;
	struct usdtrap_error *error;

	if (!elf_object_offset_to_vaddr(object, 0, &vaddr))
		return false;
	error = elf_object_read(object, vaddr, in_file, sizeof(in_file));
	if (!error)
		error = memory_read(space->memory_fd, vaddr + load_bias, in_memory, sizeof(in_memory));
	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	return memcmp(in_file, in_memory, sizeof(in_file)) == 0;
}

bool mapped_load_bias(const struct elf_object *object, const struct procfs_mapping *mapping, uint64_t *ret)
{
	const uint64_t page_mask = ~(uint64_t)0xfff;
	const struct elf_segment *segments;
	size_t count;

	segments = elf_object_segments(object, &count);
	for (size_t i = 0; i < count; i++) {
		const struct elf_segment *segment = &segments[i];
		uint64_t first = segment->offset & page_mask;

		if (!segment->is_executable || mapping->offset < first ||
		    mapping->offset >= segment->offset + segment->file_size)
			continue;
		*ret = mapping->start - mapping->offset + segment->offset - segment->vaddr;
		return true;
	}
	return false;
}

/*
 * Whether MAPPING shows a file that was once where a file of the catalog is
 * now: a package was upgraded while the process ran.
 */
static const struct catalog_file *successor_of(const struct engine *engine, const struct procfs_mapping *mapping)
{
	const struct catalog_file *file;

	if (!mapping->is_deleted)
		return NULL;
	LL_FOREACH (engine->catalog.files, file)
		if (file->has_matches && file->real_path && strcmp(file->real_path, mapping->path) == 0)
			return file;
	return NULL;
}

static struct usdtrap_error *refuse_replaced(const struct space *space, const struct catalog_file *file)
{
	return error_hint(
		error_create(USDTRAP_UNSUPPORTED,
			     "%s was replaced on disk since process %d mapped it: the process runs the old file",
			     file->path, (int)space->pid),
		"restart the process, so that it runs the file that is there now");
}

/* The path that leads from here to the file MAPPING shows, through the process's own root; NULL where there is none. */
static char *path_of(const struct space *space, const struct procfs_mapping *mapping)
{
	char *path;

	if (mapping->is_deleted || mapping->path[0] != '/')
		return NULL;
	return asprintf(&path, PROCFS_ROOT "/%d/root%s", (int)space->anchor, mapping->path) < 0 ? NULL : path;
}

/* A file that nobody named, for the patterns that want any. */
static struct catalog_file *any_file(struct engine *engine, const char *path, const struct procfs_mapping *mapping)
{
	struct elf_object *object;
	struct catalog_file *file;
	struct usdtrap_error *error;

	if (!catalog_wants_any_file(&engine->catalog))
		return NULL;
	error = elf_object_open(path, &object);
	if (!error)
		error = catalog_file_add(&engine->catalog, object, mapping->path, &file);
	if (!error) {
		for (const struct usdtrap_probe *probe = engine->catalog.probes; probe; probe = probe->next)
			observe_probe(engine, probe, file);
		return file;
	}
	if (!error_catch(error, USDTRAP_BAD_ELF) && !error_catch(error, USDTRAP_GONE))
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
	return NULL;
}

/* The catalog's file that MAPPING shows, and its load bias; NULL if nobody asked for it. */
static struct catalog_file *file_of(struct engine *engine, const struct space *space,
				    const struct procfs_mapping *mapping, uint64_t *ret_bias)
{
	struct catalog_file *file = catalog_file_find(&engine->catalog, mapping->device, mapping->inode);
	_cleanup_free_ char *path = NULL;
	bool is_renumbered = false;
	struct stat status;

	if (!file) {
		path = path_of(space, mapping);
		if (!path || stat(path, &status) < 0 || status.st_ino != mapping->inode)
			return NULL;
		file = catalog_file_find(&engine->catalog, status.st_dev, status.st_ino);
		is_renumbered = true;
	}
	if (!file)
		file = any_file(engine, path, mapping);
	if (!file || !file->has_matches || !mapped_load_bias(file->object, mapping, ret_bias))
		return NULL;
	return !is_renumbered || mapped_has_header(space, file->object, *ret_bias) ? file : NULL;
}

/* Whether ADDR lies in an executable, private mapping of the file's INODE at file offset OFFSET. */
static bool is_mapped_at(const struct procfs_maps *maps, uint64_t addr, uint64_t offset, uint64_t inode)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct procfs_mapping *mapping = &maps->items[i];

		if (addr >= mapping->start && addr < mapping->end)
			return mapping->is_executable && !mapping->is_shared && mapping->inode == inode &&
			       addr - mapping->start + mapping->offset == offset;
	}
	return false;
}

struct usdtrap_error *mapped_text(const struct elf_object *object, uint64_t vaddr, uint8_t *bytes, size_t *ret_size)
{
	struct usdtrap_error *error = NULL;

	for (size_t size = ARCH_MAX_INSTRUCTION; size > 0; size--) {
		usdtrap_error_destroy(error);
		error = elf_object_read(object, vaddr, bytes, size);
		if (!error) {
			*ret_size = size;
			return NULL;
		}
	}
	return error;
}

static struct usdtrap_error *refuse_instruction(const struct arch *arch, const uint8_t *bytes, size_t size,
						uint64_t vaddr)
{
	struct insn insn;

	if (!insn_decode(arch, bytes, size, vaddr, &insn))
		return error_create(USDTRAP_UNSUPPORTED, "the file has byte 0x%02x at the site, which begins no nop",
				    bytes[0]);
	return error_create(USDTRAP_UNSUPPORTED, "the file has `%s' at the site, which is no nop", insn.text);
}

static void add_semaphore_to_net(struct engine *engine, struct space *space, uint64_t addr, const struct site *witness)
{
	struct semaphore *semaphore;

	HASH_FIND(hh, space->semaphores, &addr, sizeof(addr), semaphore);
	if (semaphore)
		net_add_semaphore(engine, space, semaphore, witness);
}

/* Reads the instruction of LOCATION and finds out how to go on from a trap on it. */
static struct usdtrap_error *prepare_text(const struct engine *engine, struct space *space,
					  const struct mapped_file *mapped, const struct location *location,
					  struct site_text *text, uint8_t *bytes, struct displaced *displaced)
{
	const struct usdtrap_site_info *info = &location->info->sites[location->index];
	const uint64_t addr = info->vaddr + mapped->load_bias;
	struct usdtrap_error *error;

	*text = (struct site_text){.bytes = bytes};
	error = mapped_text(mapped->file->object, info->vaddr, bytes, &text->size);
	if (error)
		return error;
	text->nop_length = space->arch->nop_length(bytes, text->size);
	if (text->nop_length == 0 && location->info->kind == USDTRAP_PROBE_USDT)
		return refuse_instruction(space->arch, bytes, text->size, info->vaddr);
	error = site_check(space, addr, text);
	if (error || text->nop_length)
		return error;
	error = displaced_prepare(engine, space, addr, text, displaced);
	if (!error)
		text->displaced = displaced;
	return error;
}

/* Raises LOCATION's semaphore and arms its site in SPACE for PROBE. */
static struct usdtrap_error *arm_location(struct engine *engine, struct space *space, struct mapped_file *mapped,
					  const struct procfs_maps *maps, struct usdtrap_probe *probe,
					  struct location *location)
{
	const struct usdtrap_site_info *info = &location->info->sites[location->index];
	const uint64_t addr = info->vaddr + mapped->load_bias;
	uint8_t bytes[ARCH_MAX_INSTRUCTION];
	struct site_text text;
	struct displaced displaced;
	struct site *site = space_site(space, addr);
	struct usdtrap_error *error;
	uint64_t offset;

	if (!elf_object_vaddr_to_offset(mapped->file->object, info->vaddr, &offset) ||
	    !is_mapped_at(maps, addr, offset, mapped->inode))
		return error_create(USDTRAP_UNSUPPORTED, "0x%" PRIx64 " is not private executable memory of the file",
				    addr);
	const bool has_to_be_armed = probe->on_hit && (!site || site->state != SITE_ARMED);

	if (has_to_be_armed) {
		error = prepare_text(engine, space, mapped, location, &text, bytes, &displaced);
		if (error)
			return error;
		observe_checked(engine, space, mapped, location, &text);
	}
	if (info->semaphore_vaddr) {
		unsigned known = HASH_COUNT(space->semaphores);

		error = semaphore_raise(space, maps, mapped, info->semaphore_vaddr + mapped->load_bias);
		if (error)
			return error;
		if (HASH_COUNT(space->semaphores) != known)
			observe_raised(engine, space, mapped, location, info->semaphore_vaddr + mapped->load_bias);
	}
	if (!probe->on_hit)
		return NULL;
	if (has_to_be_armed) {
		error = site_arm(engine, space, addr, &text, &site);
		if (error)
			return error;
		site->mapped = mapped;
		observe_armed(engine, space, site, location);
	}
	if (info->semaphore_vaddr)
		add_semaphore_to_net(engine, space, info->semaphore_vaddr + mapped->load_bias, site);
	site->mapped = mapped;
	return site_attach(site, probe, location);
}

/* What could not be armed spoils nothing else: it is a notice, but for the first, which *REFUSED (if not NULL) keeps.
 */
static void refuse(const struct engine *engine, struct usdtrap_error *error, struct usdtrap_error **refused)
{
	if (refused && !*refused)
		*refused = error;
	else
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
}

/* What PROBE could not get of a file, as far as it was not told yet. */
struct refusals {
	struct usdtrap_error *first;
	unsigned count;
};

/* A wildcard may mean thousands of functions: what is wrong with them is told once. */
static void add_refusal(struct refusals *refusals, struct usdtrap_error *error)
{
	if (refusals->count++ == 0)
		refusals->first = error;
	else
		usdtrap_error_destroy(error);
}

static void tell_refusals(const struct engine *engine, const struct refusals *refusals, size_t total,
			  struct usdtrap_error **refused)
{
	struct usdtrap_error *error = refusals->first;

	if (refusals->count > 1)
		error = error_prefix(error, "%u of %zu functions cannot be traced; the first", refusals->count, total);
	if (error)
		refuse(engine, error, refused);
}

/* Arms all that PROBE wants of a mapped file. */
static void arm_probe(struct engine *engine, struct space *space, struct mapped_file *mapped,
		      const struct procfs_maps *maps, struct usdtrap_probe *probe, struct usdtrap_error **refused)
{
	struct refusals refusals = {0};
	struct usdtrap_error *error;
	size_t total = 0;

	for (size_t m = 0; m < probe->match_count; m++) {
		const struct catalog_match *match = &probe->matches[m];

		if (match->file != mapped->file)
			continue;
		total += match->location_count;
		for (size_t i = 0; i < match->location_count; i++) {
			error = arm_location(engine, space, mapped, maps, probe, &match->locations[i]);
			if (!error)
				continue;
			error = error_prefix(error, "%s in process %d", match->info->full_name, (int)space->pid);
			if (probe->is_function)
				add_refusal(&refusals, error);
			else
				refuse(engine, error, refused);
		}
	}
	tell_refusals(engine, &refusals, total, refused);
}

/* Arms all that the session wants of a newly mapped file. */
static void arm_file(struct engine *engine, struct space *space, struct mapped_file *mapped,
		     const struct procfs_maps *maps, struct usdtrap_error **refused)
{
	for (struct usdtrap_probe *probe = engine->catalog.probes; probe; probe = probe->next)
		arm_probe(engine, space, mapped, maps, probe, refused);
}

static struct mapped_file *mapped_find(const struct space *space, const struct catalog_file *file, uint64_t load_bias)
{
	struct mapped_file *mapped;

	LL_FOREACH (space->mapped, mapped)
		if (mapped->file == file && mapped->load_bias == load_bias)
			return mapped;
	return NULL;
}

/* Whether MAPS show MAPPED where it was. */
static bool is_still_mapped(const struct procfs_maps *maps, const struct mapped_file *mapped)
{
	uint64_t load_bias;

	for (size_t i = 0; i < maps->count; i++)
		if (maps->items[i].is_executable && maps->items[i].inode == mapped->inode &&
		    mapped_load_bias(mapped->file->object, &maps->items[i], &load_bias) &&
		    load_bias == mapped->load_bias)
			return true;
	return false;
}

static void forget_site(struct space *space, struct site *site)
{
	usdtrap_error_destroy(journal_forget_site(space->journal, site->addr));
	net_forget(space, site->net_slot);
	space_forget_site(space, site);
}

/* What lay in files that are mapped no more is gone with them. */
static void forget_unmapped(struct space *space, const struct procfs_maps *maps)
{
	struct semaphore *semaphore, *next_semaphore;
	struct mapped_file *mapped, *next;
	struct site *site, *next_site;

	room_forget_unmapped(space, maps);
	HASH_ITER (hh, space->sites, site, next_site)
		if (site->return_place != ARCH_RETURN_NONE && !site->mapped &&
		    !is_mapped_at(maps, site->addr, site->offset, site->inode))
			forget_site(space, site);

	LL_FOREACH_SAFE(space->mapped, mapped, next)
	{
		if (is_still_mapped(maps, mapped))
			continue;
		HASH_ITER (hh, space->sites, site, next_site)
			if (site->mapped == mapped)
				forget_site(space, site);
		HASH_ITER (hh, space->semaphores, semaphore, next_semaphore)
			if (semaphore->mapped == mapped) {
				usdtrap_error_destroy(journal_forget_semaphore(space->journal, semaphore->addr));
				net_forget(space, semaphore->net_slot);
				space_forget_semaphore(space, semaphore);
			}
		LL_DELETE(space->mapped, mapped);
		free(mapped);
	}
}

struct usdtrap_error *mapped_read(const struct engine *engine, struct space *space, struct procfs_maps *ret)
{
	/* A thread shows nothing between giving up its memory and being seen to have ended: a moment. */
	enum { TRIES = 100 };
	struct usdtrap_error *error;

	for (unsigned i = 0; i < TRIES; i++) {
		engine_choose_anchor(engine, space);
		error = procfs_maps_read(PROCFS_ROOT, space->anchor, space->anchor, ret);
		if (!error && ret->count > 0)
			return NULL;
		if (!error)
			procfs_maps_deinit(ret);
		else if (!error_catch(error, USDTRAP_GONE))
			return error;
	}
	return &error_gone;
}

static void look_for_shadow_stack(struct space *space)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, space->anchor, &status);

	if (!error)
		space->has_shadow_stack = status.has_shadow_stack;
	usdtrap_error_destroy(error);
}

struct usdtrap_error *mapped_arm_added(struct engine *engine, struct space *space, struct usdtrap_probe *first)
{
	struct procfs_maps maps;
	struct usdtrap_error *error = mapped_read(engine, space, &maps);
	struct mapped_file *mapped;

	if (error)
		return error;
	LL_FOREACH (space->mapped, mapped)
		for (struct usdtrap_probe *probe = first; probe; probe = probe->next)
			arm_probe(engine, space, mapped, &maps, probe, NULL);
	procfs_maps_deinit(&maps);
	return mapped_refresh(engine, space, NULL);
}

struct usdtrap_error *mapped_refresh(struct engine *engine, struct space *space, struct usdtrap_error **ret_refused)
{
	struct procfs_maps maps;
	struct usdtrap_error *error;
	struct mapped_file *mapped;

	look_for_shadow_stack(space);
	error = mapped_read(engine, space, &maps);
	if (error)
		return error;
	/* First: what lies somewhere else now must not be taken for what lay there. */
	forget_unmapped(space, &maps);
	if (space->modules)
		space->modules->is_stale = true;
	for (size_t i = 0; i < maps.count; i++) {
		const struct procfs_mapping *mapping = &maps.items[i];
		struct catalog_file *file;
		uint64_t load_bias;

		if (!mapping->is_executable || mapping->inode == 0)
			continue;
		file = file_of(engine, space, mapping, &load_bias);
		if (!file && ret_refused && successor_of(engine, mapping)) /* told once, when attaching */
			refuse(engine, refuse_replaced(space, successor_of(engine, mapping)), ret_refused);
		if (!file)
			continue;
		if (mapped_find(space, file, load_bias))
			continue;
		mapped = calloc(1, sizeof(*mapped));
		if (!mapped) {
			error = &error_no_memory;
			break;
		}
		mapped->file = file;
		mapped->load_bias = load_bias;
		mapped->inode = mapping->inode;
		LL_APPEND(space->mapped, mapped);
		engine_begin_journal(engine, space);
		observe_mapped(engine, space, mapped, mapping);
		arm_file(engine, space, mapped, &maps, ret_refused);
		recipe_apply(engine, space, mapped, &maps);
	}
	procfs_maps_deinit(&maps);
	return error;
}

void mapped_prune(const struct engine *engine, struct space *space)
{
	struct procfs_maps maps;
	struct usdtrap_error *error = mapped_read(engine, space, &maps);

	if (!error) {
		forget_unmapped(space, &maps);
		procfs_maps_deinit(&maps);
	}
	usdtrap_error_destroy(error); /* it is gone, and will be seen to be */
}
