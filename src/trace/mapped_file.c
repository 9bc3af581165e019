/* SPDX-License-Identifier: MIT */
/*
 * Which file of the catalog a mapping shows.
 *
 * Mostly device and inode tell. There are three reasons why they may not:
 *
 *   - Some file systems (btrfs, overlayfs of old) show maps another device than
 *     stat(2). Then a path must lead from here to a file with the mapping's
 *     inode and the identity of ours, and the ELF header in memory be its.
 *   - An overlay, as containers have them, makes files of its own out of those
 *     of its layers. Whoever knows a program by its path in a layer means what
 *     runs in the container: a file on an overlay with the name, the build id
 *     and the header of ours is ours. Where an overlay lies on another one maps
 *     show what is below, by a path that leads nowhere: of the program /proc
 *     shows the file that was executed, of a library (to root) the one below.
 *   - No path leads to it any more: it was deleted, or was never anywhere
 *     (memfd_create(2), as libstapsdt makes its providers). /proc still has it
 *     in places: process_files.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <linux/magic.h>
#include <utlist.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/engine.h"
#include "trace/observe.h"
#include "trace/process_files.h"

/* A file that is mapped somewhere and is no use: not ELF, or not to be opened. It is not opened again. */
struct stranger {
	uint64_t device, inode;
	struct stranger *next;
};

static const struct files_places places = {.proc = PROCFS_ROOT, .root = "", .path = ""};

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

const struct catalog_file *mapped_successor(const struct engine *engine, const struct procfs_mapping *mapping)
{
	const struct catalog_file *file;

	if (!mapping->is_deleted)
		return NULL;
	LL_FOREACH (engine->catalog.files, file)
		if (file->has_matches && file->real_path && strcmp(file->real_path, mapping->path) == 0)
			return file;
	return NULL;
}

/* ---- by a path ---- */

/* A path that leads from here to the file that MAPPING shows, as far as its inode tells; NULL where there is none. */
static char *path_of(const struct space *space, const struct procfs_mapping *mapping, struct stat *ret)
{
	char *path;

	if (mapping->is_deleted || mapping->path[0] != '/' ||
	    asprintf(&path, PROCFS_ROOT "/%d/root%s", (int)space->anchor, mapping->path) < 0)
		return NULL;
	if (stat(path, ret) == 0 && ret->st_ino == mapping->inode)
		return path;
	free(path);
	/* In the maps of a chroot(2)ed process paths begin at our root; in all others they mean another file here. */
	if (stat(mapping->path, ret) == 0 && ret->st_ino == mapping->inode && ret->st_dev == mapping->device)
		return strdup(mapping->path);
	return NULL;
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whether the file at PATH, which is mapped as NAME, is what an overlay made of FILE, which is one of a layer. */
static bool is_layered(const char *path, const char *name, const struct catalog_file *file)
{
	struct statfs system;
	struct elf_object *object;
	struct usdtrap_error *error;
	const uint8_t *its, *ours;
	size_t its_size, our_size;
	bool is_same;

	if (!file->has_matches || strcmp(name_of(name), name_of(file->path)) != 0 || statfs(path, &system) != 0 ||
	    system.f_type != OVERLAYFS_SUPER_MAGIC)
		return false;
	error = elf_object_open(path, &object);
	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	its = elf_object_build_id(object, &its_size);
	ours = elf_object_build_id(file->object, &our_size);
	is_same = its_size > 0 && its_size == our_size && memcmp(its, ours, its_size) == 0;
	elf_object_destroy(object);
	return is_same;
}

/* The catalog's file that lies at PATH, with STATUS, and is mapped as NAME. */
static struct catalog_file *file_at(const struct engine *engine, const char *path, const char *name,
				    const struct stat *status)
{
	struct catalog_file *file = catalog_file_find(&engine->catalog, status->st_dev, status->st_ino);

	if (file)
		return file;
	LL_FOREACH (engine->catalog.files, file)
		if (is_layered(path, name, file))
			return file;
	return NULL;
}

/* The program of SPACE, if it has the name of MAPPING and is in the catalog. */
static struct catalog_file *program_named_as(const struct engine *engine, const struct space *space,
					     const struct procfs_mapping *mapping)
{
	struct usdtrap_error *error;
	bool is_named_so = false;
	struct stat status;
	char path[64], *program;

	error = procfs_link(PROCFS_ROOT, space->anchor, "exe", &program);
	if (!error) {
		is_named_so = strcmp(name_of(program), name_of(mapping->path)) == 0;
		free(program);
	}
	usdtrap_error_destroy(error);
	snprintf(path, sizeof(path), PROCFS_ROOT "/%d/exe", (int)space->anchor);
	return is_named_so && stat(path, &status) == 0
		       ? catalog_file_find(&engine->catalog, status.st_dev, status.st_ino)
		       : NULL;
}

/* The file that MAPPING shows, where it is not the one that its device and inode say. */
static struct catalog_file *renumbered_file(const struct engine *engine, const struct space *space,
					    const struct procfs_mapping *mapping)
{
	_cleanup_free_ char *path = NULL;
	struct catalog_file *file;
	struct stat status;
	char link[96];

	path = path_of(space, mapping, &status);
	if (path)
		return file_at(engine, path, mapping->path, &status);
	if (mapping->is_deleted || mapping->path[0] != '/')
		return NULL;
	file = program_named_as(engine, space, mapping);
	if (file)
		return file;
	snprintf(link, sizeof(link), PROCFS_ROOT "/%d/map_files/%" PRIx64 "-%" PRIx64, (int)space->anchor,
		 mapping->start, mapping->end);
	return stat(link, &status) == 0 ? file_at(engine, link, mapping->path, &status) : NULL;
}

bool mapped_wants(const struct engine *engine, pid_t pid)
{
	const struct space space = {.pid = pid, .anchor = pid};
	const struct catalog_file *file = NULL;
	struct procfs_maps maps;
	struct usdtrap_error *error = procfs_maps_read(PROCFS_ROOT, pid, pid, &maps);

	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	for (size_t i = 0; i < maps.count && !(file && file->is_wanted); i++) {
		const struct procfs_mapping *mapping = &maps.items[i];

		if (!mapping->is_executable || mapping->inode == 0)
			continue;
		file = catalog_file_find(&engine->catalog, mapping->device, mapping->inode);
		if (!file)
			file = renumbered_file(engine, &space, mapping);
	}
	procfs_maps_deinit(&maps);
	return file && file->is_wanted;
}

/* ---- any file ---- */

static bool is_stranger(const struct engine *engine, const struct procfs_mapping *mapping)
{
	const struct stranger *stranger;

	LL_FOREACH (engine->strangers, stranger)
		if (stranger->inode == mapping->inode && stranger->device == mapping->device)
			return true;
	return false;
}

static void add_stranger(struct engine *engine, const struct procfs_mapping *mapping)
{
	struct stranger *stranger = calloc(1, sizeof(*stranger));

	if (!stranger)
		return; /* then it is opened again */
	stranger->device = mapping->device;
	stranger->inode = mapping->inode;
	LL_PREPEND(engine->strangers, stranger);
}

void mapped_forget_strangers(struct engine *engine)
{
	struct stranger *stranger, *next;

	LL_FOREACH_SAFE(engine->strangers, stranger, next)
	free(stranger);
	engine->strangers = NULL;
}

/* Memory that no path ever led to and that cannot be opened is mostly a just-in-time compiler's. */
static bool is_likely_no_library(const struct procfs_mapping *mapping)
{
	return strncmp(mapping->path, "/memfd:", 7) == 0 || strncmp(mapping->path, "/dev/", 5) == 0 ||
	       strncmp(mapping->path, "/SYSV", 5) == 0;
}

static struct usdtrap_error *add_file(struct engine *engine, const struct space *space,
				      const struct procfs_mapping *mapping, struct catalog_file **ret)
{
	struct files files = {0};
	struct elf_object *object;
	struct usdtrap_error *error = process_files_locate(&places, space->pid, space->anchor, mapping, &files);

	if (!error)
		error = files_open(&files.items[0], &object);
	if (!error)
		error = catalog_file_add(&engine->catalog, object, files.items[0].path, ret);
	files_deinit(&files);
	return error;
}

/* A file that nobody named, for the patterns that want any. */
static struct catalog_file *any_file(struct engine *engine, const struct space *space,
				     const struct procfs_mapping *mapping)
{
	struct catalog_file *file;
	struct usdtrap_error *error;

	if (!catalog_wants_any_file(&engine->catalog) || mapping->path[0] != '/' || is_stranger(engine, mapping))
		return NULL;
	error = add_file(engine, space, mapping, &file);
	if (!error) {
		for (const struct usdtrap_probe *probe = engine->catalog.probes; probe; probe = probe->next)
			observe_probe(engine, probe, file);
		return file;
	}
	if (error_catch(error, USDTRAP_GONE)) /* not a word: its process, or the mapping, is no more */
		return NULL;
	add_stranger(engine, mapping);
	if (usdtrap_error_code(error) == USDTRAP_BAD_ELF ||
	    (is_likely_no_library(mapping) && !process_files_are_of_library(space->anchor, mapping)))
		usdtrap_error_destroy(error);
	else
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
	return NULL;
}

/* ---- either ---- */

struct catalog_file *mapped_file_of(struct engine *engine, const struct space *space,
				    const struct procfs_mapping *mapping, uint64_t *ret_bias)
{
	struct catalog_file *file = catalog_file_find(&engine->catalog, mapping->device, mapping->inode);
	bool is_renumbered = false;

	if (!file) {
		file = renumbered_file(engine, space, mapping);
		is_renumbered = file;
	}
	if (!file)
		file = any_file(engine, space, mapping);
	if (!file || !file->has_matches || !mapped_load_bias(file->object, mapping, ret_bias))
		return NULL;
	return !is_renumbered || mapped_has_header(space, file->object, *ret_bias) ? file : NULL;
}
