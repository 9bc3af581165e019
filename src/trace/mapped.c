/* SPDX-License-Identifier: MIT */
/*
 * From files to addresses: where a process has mapped the files of the catalog
 * (which they are, mapped_file.c tells), and arming the sites in them.
 *
 * An address has three kinds. A note gives the file's own (`vaddr'); a program
 * header tells where in the file that is (`offset'); /proc/PID/maps tells
 * which offset lies where in the target (`addr'). The loader maps all segments
 * of a file at one distance from their vaddr, the load bias:
 *
 *	addr = vaddr + bias        bias = mapping start - vaddr of the mapping's offset
 *
 * One file may be mapped at several biases (dlmopen(3)); each is a mapping of
 * its own with sites of its own. A program may also map a part of a file by
 * itself, as V8 does with its built-in functions, to have them near the code that
 * it makes: without the file's beginning, which a loader always maps. Then what
 * is not in that part is simply not there.
 *
 * Never write blindly: a byte is only replaced where it is what the file has
 * (site.c). And nothing is written any more where something else lies now: each
 * look at the maps begins with forgetting what is mapped no more. (One thing
 * that lies elsewhere is still ours: text that the program copied, with our
 * traps in it, over the place where it was, as some do to have it in huge
 * pages.)
 *
 * A look may find a loader in the middle of its work: text is there, and the
 * data with the semaphores is not, or is about to be overwritten. Where nobody
 * can tell that the loader is done, a file is left alone until it has lain there
 * unchanged for a while (MAPPED_GLIMPSE), or until all is there that arming
 * takes (MAPPED_STEP).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <utlist.h>

#include "arch/insn.h"
#include "base/cleanup.h"
#include "base/clock_time.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/displaced.h"
#include "trace/engine.h"
#include "trace/journal.h"
#include "trace/lender.h"
#include "trace/modules.h"
#include "trace/observe.h"
#include "trace/room.h"
#include "trace/site.h"

/* How long a file must lie there unchanged before it is armed on the strength of glimpses; and if it is half there. */
enum { SETTLE_NS = 30000000, PATIENT_SETTLE_NS = 1000000000 };

/* Whether MAPS show a part of MAPPED's file only, without its beginning, and ADDR, where OFFSET would be, is not in it.
 */
static bool is_left_out(const struct procfs_maps *maps, const struct mapped_file *mapped, uint64_t addr,
			uint64_t offset)
{
	const struct procfs_mapping *mapping = procfs_mapping_at(maps, addr), *header;
	uint64_t vaddr;

	if (mapping && mapping->inode == mapped->inode && addr - mapping->start + mapping->offset == offset)
		return false;
	if (!elf_object_offset_to_vaddr(mapped->file->object, 0, &vaddr))
		return false;
	header = procfs_mapping_at(maps, vaddr + mapped->load_bias);
	return !header || header->inode != mapped->inode;
}

/* Whether ADDR lies in an executable, private mapping of the file's INODE at file offset OFFSET. */
static bool is_mapped_at(const struct procfs_maps *maps, uint64_t addr, uint64_t offset, uint64_t inode)
{
	const struct procfs_mapping *mapping = procfs_mapping_at(maps, addr);

	return mapping && mapping->is_executable && !mapping->is_shared && mapping->inode == inode &&
	       addr - mapping->start + mapping->offset == offset;
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
	    !is_mapped_at(maps, addr, offset, mapped->inode)) {
		if (is_left_out(maps, mapped, addr, offset))
			return NULL;
		return error_create(USDTRAP_UNSUPPORTED, "0x%" PRIx64 " is not private executable memory of the file",
				    addr);
	}
	const bool has_to_be_armed = probe->on_hit && (!site || site->state != SITE_ARMED);

	lender_make_writable(engine, space);
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
	return site_has(site, probe, location) ? NULL : site_attach(site, probe, location);
}

/* What could not be armed spoils nothing else: it is a notice, but for the first, which *REFUSED (if not NULL) keeps.
 */
static void refuse(const struct engine *engine, struct space *space, struct usdtrap_error *error,
		   struct usdtrap_error **refused)
{
	if (refused && !*refused)
		*refused = error;
	else
		engine_warn_of(engine, space, error);
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

static void tell_refusals(const struct engine *engine, struct space *space, const struct refusals *refusals,
			  size_t total, struct usdtrap_error **refused)
{
	struct usdtrap_error *error = refusals->first;

	if (refusals->count > 1)
		error = error_prefix(error, "%u of %zu functions cannot be traced; the first", refusals->count, total);
	if (error)
		refuse(engine, space, error, refused);
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
			if (!error || error_catch(error, USDTRAP_GONE))
				continue;
			error = error_prefix(error, "%s in process %d", match->info->full_name, (int)space->pid);
			if (probe->is_function)
				add_refusal(&refusals, error);
			else
				refuse(engine, space, error, refused);
		}
	}
	tell_refusals(engine, space, &refusals, total, refused);
}

/* Arms all that the session wants of a newly mapped file. */
static void arm_file(struct engine *engine, struct space *space, struct mapped_file *mapped,
		     const struct procfs_maps *maps, struct usdtrap_error **refused)
{
	for (struct usdtrap_probe *probe = engine->catalog.probes; probe; probe = probe->next)
		arm_probe(engine, space, mapped, maps, probe, refused);
}

static struct mapped_file *mapped_find(struct mapped_file *list, const struct catalog_file *file, uint64_t load_bias)
{
	struct mapped_file *mapped;

	LL_FOREACH (list, mapped)
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

static bool is_empty(const struct space *space, const struct site *site)
{
	static const uint8_t empty[ARCH_MAX_INSTRUCTION];
	uint8_t found[ARCH_MAX_INSTRUCTION];
	struct usdtrap_error *error = memory_read(space->memory_fd, site->addr, found, site->original_size);

	usdtrap_error_destroy(error);
	return !error && memcmp(found, empty, site->original_size) == 0;
}

/*
 * Whether memory of no file lies at SITE's place, with what the program copied
 * there when our trap was in it; or with nothing, as long as the program is
 * about to copy it there (VACANT).
 */
static bool is_copy(const struct space *space, const struct procfs_maps *maps, struct site *site)
{
	const struct procfs_mapping *mapping = procfs_mapping_at(maps, site->addr);

	if (!mapping || mapping->inode || site->state != SITE_ARMED || !site->mapped)
		return false;
	site->is_vacant = is_empty(space, site);
	return site->is_vacant || site_is_in_copy(space, site);
}

/* Whether SITE's place is still what it was when it was armed. */
static bool is_still_there(const struct space *space, const struct procfs_maps *maps, struct site *site)
{
	const struct mapped_file *mapped = site->mapped;
	uint64_t offset = site->offset, inode = site->inode;

	if (mapped) {
		inode = mapped->inode;
		if (!elf_object_vaddr_to_offset(mapped->file->object, site->addr - mapped->load_bias, &offset))
			return false;
	}
	/* Where the file is mapped once more, the trap has to be put in once more. */
	return is_mapped_at(maps, site->addr, offset, inode) ? !site->is_vacant : is_copy(space, maps, site);
}

static void forget_site(struct space *space, struct site *site)
{
	usdtrap_error_destroy(journal_forget_site(space->journal, site->addr));
	net_forget(space, site->net_slot);
	space_retire_site(space, site);
}

static void forget_semaphore(struct space *space, struct semaphore *semaphore)
{
	usdtrap_error_destroy(journal_forget_semaphore(space->journal, semaphore->addr));
	net_forget(space, semaphore->net_slot);
	space_forget_semaphore(space, semaphore);
}

/* The sites whose places are something else now. A file that has lost some and is still there may get them back. */
static void forget_sites(struct space *space, const struct procfs_maps *maps)
{
	struct site *site, *next;

	HASH_ITER (hh, space->sites, site, next) {
		if ((!site->mapped && site->return_place == ARCH_RETURN_NONE) || is_still_there(space, maps, site))
			continue;
		if (site->mapped)
			site->mapped->has_holes = true;
		forget_site(space, site);
	}
}

static bool has_sites(const struct space *space, const struct mapped_file *mapped)
{
	const struct site *site = space->sites;

	while (site && site->mapped != mapped)
		site = site->hh.next;
	return site;
}

/* What lay in files that are mapped no more is gone with them. */
static void forget_unmapped(struct space *space, const struct procfs_maps *maps)
{
	struct semaphore *semaphore, *next_semaphore;
	struct mapped_file *mapped, *next;

	room_forget_unmapped(space, maps);
	forget_sites(space, maps);
	LL_FOREACH_SAFE(space->glimpsed, mapped, next)
	{
		if (is_still_mapped(maps, mapped))
			continue;
		LL_DELETE(space->glimpsed, mapped);
		free(mapped);
	}
	LL_FOREACH_SAFE(space->mapped, mapped, next)
	{
		if (is_still_mapped(maps, mapped) || has_sites(space, mapped))
			continue;
		HASH_ITER (hh, space->semaphores, semaphore, next_semaphore)
			if (semaphore->mapped == mapped)
				forget_semaphore(space, semaphore);
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
		/* Nobody has to be asked a hundred times where thousands of threads have ended. */
		if (!engine_choose_anchor(engine, space) && i > 0)
			break;
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

static struct usdtrap_error *refuse_replaced(const struct space *space, const struct catalog_file *file)
{
	return error_hint(
		error_create(USDTRAP_UNSUPPORTED,
			     "%s was replaced on disk since process %d mapped it: the process runs the old file",
			     file->path, (int)space->pid),
		"restart the process, so that it runs the file that is there now");
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
	return mapped_refresh(engine, space, MAPPED_COMPLETE, NULL);
}

/* ---- a look at the maps ---- */

static uint64_t mixed(uint64_t hash, uint64_t value)
{
	const uint64_t prime = UINT64_C(0x100000001b3); /* of the 64-bit FNV-1a hash */

	return (hash ^ value) * prime;
}

/* A number that is another one, in all likelihood, if any mapping of the file with INODE changes; 0: any of code. */
static uint64_t shape_of(const struct procfs_maps *maps, uint64_t inode)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < maps->count; i++) {
		const struct procfs_mapping *mapping = &maps->items[i];

		if (inode ? mapping->inode != inode : !mapping->is_executable)
			continue;
		hash = mixed(mixed(mixed(hash, mapping->start), mapping->end), mapping->offset);
		hash = mixed(mixed(hash, mapping->inode), mapping->device);
		hash = mixed(hash, (uint64_t)mapping->is_executable << 1 | (uint64_t)mapping->is_writable);
	}
	return hash;
}

static bool is_data(const struct procfs_maps *maps, uint64_t addr)
{
	const struct procfs_mapping *mapping = procfs_mapping_at(maps, addr);

	return mapping && mapping->is_writable && !mapping->is_shared;
}

static bool has_text(const struct procfs_maps *maps, const struct mapped_file *mapped, const struct location *location)
{
	const struct usdtrap_site_info *info = &location->info->sites[location->index];
	uint64_t offset;

	return elf_object_vaddr_to_offset(mapped->file->object, info->vaddr, &offset) &&
	       is_mapped_at(maps, info->vaddr + mapped->load_bias, offset, mapped->inode);
}

static bool has_semaphore(const struct procfs_maps *maps, const struct mapped_file *mapped,
			  const struct location *location)
{
	const struct usdtrap_site_info *info = &location->info->sites[location->index];

	return !info->semaphore_vaddr || is_data(maps, info->semaphore_vaddr + mapped->load_bias);
}

/* Whether something is not in place yet that arming LOCATION takes. */
static bool is_incomplete(const struct procfs_maps *maps, const struct mapped_file *mapped,
			  const struct location *location)
{
	return !has_text(maps, mapped, location) || !has_semaphore(maps, mapped, location);
}

/* Whether a loader must be in the middle of its work: some files are mapped in parts, but none like that. */
static bool is_half_there(const struct procfs_maps *maps, const struct mapped_file *mapped,
			  const struct location *location)
{
	return has_text(maps, mapped, location) && !has_semaphore(maps, mapped, location);
}

typedef bool (*location_is_fn)(const struct procfs_maps *maps, const struct mapped_file *mapped,
			       const struct location *location);

/* Whether any location of MAPPED that probes want IS so. */
static bool any_location(const struct engine *engine, const struct procfs_maps *maps, const struct mapped_file *mapped,
			 location_is_fn is)
{
	for (const struct usdtrap_probe *probe = engine->catalog.probes; probe; probe = probe->next)
		for (size_t m = 0; m < probe->match_count; m++)
			for (size_t i = 0;
			     probe->matches[m].file == mapped->file && i < probe->matches[m].location_count; i++)
				if (is(maps, mapped, &probe->matches[m].locations[i]))
					return true;
	return false;
}

/* Whether MAPPED, which is not armed yet, is to be armed at this LOOK. */
static bool is_due(const struct engine *engine, struct mapped_file *mapped, const struct procfs_maps *maps,
		   enum mapped_look look)
{
	const uint64_t shape = shape_of(maps, mapped->inode), now = clock_time_ns(CLOCK_MONOTONIC);

	if (look == MAPPED_COMPLETE || (look == MAPPED_STEP && !any_location(engine, maps, mapped, is_incomplete)))
		return true;
	if (mapped->shape != shape) {
		mapped->shape = shape;
		mapped->shaped_ns = now;
	}
	if (now - mapped->shaped_ns < SETTLE_NS)
		return false;
	/* A loader may get no turn on a busy machine. */
	return now - mapped->shaped_ns >= PATIENT_SETTLE_NS || !any_location(engine, maps, mapped, is_half_there);
}

/* Arms MAPPED, which MAPPING belongs to. */
static void arm_mapped(struct engine *engine, struct space *space, struct mapped_file *mapped,
		       const struct procfs_maps *maps, const struct procfs_mapping *mapping,
		       struct usdtrap_error **refused)
{
	LL_APPEND(space->mapped, mapped);
	engine_begin_journal(engine, space);
	observe_mapped(engine, space, mapped, mapping);
	arm_file(engine, space, mapped, maps, refused);
	recipe_apply(engine, space, mapped, maps);
}

/* Sees to FILE, which MAPPING shows at LOAD_BIAS. */
static struct usdtrap_error *meet(struct engine *engine, struct space *space, struct catalog_file *file,
				  uint64_t load_bias, const struct procfs_maps *maps,
				  const struct procfs_mapping *mapping, enum mapped_look look,
				  struct usdtrap_error **refused)
{
	struct mapped_file *mapped = mapped_find(space->mapped, file, load_bias);

	if (mapped)
		return NULL;
	mapped = mapped_find(space->glimpsed, file, load_bias);
	if (!mapped) {
		mapped = calloc(1, sizeof(*mapped));
		if (!mapped)
			return &error_no_memory;
		mapped->file = file;
		mapped->load_bias = load_bias;
		mapped->inode = mapping->inode;
		LL_APPEND(space->glimpsed, mapped);
	}
	if (is_due(engine, mapped, maps, look)) {
		LL_DELETE(space->glimpsed, mapped);
		mapped->next = NULL;
		arm_mapped(engine, space, mapped, maps, mapping, refused);
	}
	return NULL;
}

/* Arms again what files have lost that were mapped anew in parts. */
static void fill_holes(struct engine *engine, struct space *space, const struct procfs_maps *maps)
{
	struct mapped_file *mapped;

	LL_FOREACH (space->mapped, mapped) {
		if (!mapped->has_holes || any_location(engine, maps, mapped, is_incomplete))
			continue;
		mapped->has_holes = false;
		arm_file(engine, space, mapped, maps, NULL);
	}
}

/* Whether this look shows nothing that the last one did not show. */
static bool is_old_news(struct space *space, const struct procfs_maps *maps)
{
	const uint64_t shape = shape_of(maps, 0);
	const bool is_same = space->shape == shape;

	space->shape = shape;
	return is_same && !space->glimpsed;
}

struct usdtrap_error *mapped_refresh(struct engine *engine, struct space *space, enum mapped_look look,
				     struct usdtrap_error **ret_refused)
{
	struct procfs_maps maps;
	struct usdtrap_error *error = mapped_read(engine, space, &maps);

	if (error)
		return error;
	if (is_old_news(space, &maps) && look != MAPPED_COMPLETE) {
		procfs_maps_deinit(&maps);
		return NULL;
	}
	look_for_shadow_stack(space);
	/* First: what lies somewhere else now must not be taken for what lay there. */
	forget_unmapped(space, &maps);
	if (space->modules)
		space->modules->is_stale = true;
	for (size_t i = 0; i < maps.count && !error; i++) {
		const struct procfs_mapping *mapping = &maps.items[i];
		const struct catalog_file *successor;
		struct catalog_file *file;
		uint64_t load_bias;

		if (!mapping->is_executable || mapping->inode == 0)
			continue;
		file = mapped_file_of(engine, space, mapping, &load_bias);
		successor = !file && ret_refused ? mapped_successor(engine, mapping) : NULL;
		if (successor) /* told once, when attaching */
			refuse(engine, space, refuse_replaced(space, successor), ret_refused);
		if (file)
			error = meet(engine, space, file, load_bias, &maps, mapping, look, ret_refused);
	}
	fill_holes(engine, space, &maps);
	procfs_maps_deinit(&maps);
	rereading_hurry(engine, space);
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
