/* SPDX-License-Identifier: MIT */
#include "trace/modules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock_time.h"
#include "base/error.h"
#include "os/memory.h"
#include "trace/engine.h"

enum {
	ROWS_MAX = 1 << 16, /* rows kept of one file; then they are forgotten and begun anew */
	VDSO_SIZE_MAX = 1 << 16,
	REREAD_NS = 1000000000, /* how old the list may be */
	MISSED_NS = 10000000,   /* and how old for another look, where an address is not in it */
};

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static void forget_rows(struct module_file *file)
{
	struct module_row *row, *next;

	HASH_ITER (hh, file->rows, row, next) {
		HASH_DEL(file->rows, row);
		free(row);
	}
}

static void file_destroy(struct module_file *file)
{
	forget_rows(file);
	cfi_table_destroy(file->table);
	elf_functions_destroy(file->functions);
	elf_functions_destroy(file->variables);
	elf_object_destroy(file->object);
	free(file->image);
	free(file->path);
	free(file);
}

void module_files_deinit(struct module_files *files)
{
	struct module_file *file, *next;

	HASH_ITER (hh, files->files, file, next) {
		HASH_DEL(files->files, file);
		file_destroy(file);
	}
}

static void set_build_id(struct module_file *file)
{
	size_t size;
	const uint8_t *bytes = elf_object_build_id(file->object, &size);

	for (size_t i = 0; i < size; i++)
		snprintf(file->build_id + 2 * i, 3, "%02x", bytes[i]);
}

static struct elf_object *open_mapped(const struct space *space, const struct module *module)
{
	const struct modules *modules = space->modules;
	_cleanup_close_ int fd =
		procfs_mapping_open(PROCFS_ROOT, space->anchor, &modules->maps.items[module - modules->items]);
	struct elf_object *object;
	struct usdtrap_error *error;

	if (fd < 0)
		return NULL;
	error = elf_object_open_fd(fd, module->path, &object);
	usdtrap_error_destroy(error);
	return error ? NULL : object;
}

/* The vDSO is no file but an image of one, which the kernel maps into every process. */
static void read_vdso(struct module_file *file, const struct space *space, const struct module *module)
{
	const size_t size = module->end - module->start;
	struct usdtrap_error *error;

	if (size > VDSO_SIZE_MAX)
		return;
	file->image = malloc(size);
	if (!file->image)
		return;
	error = memory_read(space->memory_fd, module->start, file->image, size);
	if (!error)
		error = elf_object_open_memory(file->image, size, module->path, &file->object);
	usdtrap_error_destroy(error);
}

struct module_file *modules_file(struct module_files *files, const struct space *space, struct module *module)
{
	const bool is_vdso = strcmp(module->path, "[vdso]") == 0;
	struct module_file *file;
	struct module_key key = {0};

	if (module->is_opened)
		return module->file;
	module->is_opened = true;
	if (module->path[0] != '/' && !is_vdso)
		return NULL;
	key.device = module->device;
	key.inode = module->inode;
	HASH_FIND(hh, files->files, &key, sizeof(key), file);
	if (file) {
		module->file = file->object ? file : NULL;
		return module->file;
	}
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->key = key;
	file->path = strdup(module->path);
	HASH_ADD(hh, files->files, key, sizeof(file->key), file);
	if (is_vdso)
		read_vdso(file, space, module);
	else
		file->object = open_mapped(space, module);
	if (!file->object)
		return NULL;
	set_build_id(file);
	module->file = file;
	return file;
}

bool modules_vaddr(const struct module *module, const struct module_file *file, uint64_t address, uint64_t *ret)
{
	return elf_object_offset_to_vaddr(file->object, address - module->start + module->offset, ret);
}

/* The separate debug file of FILE, as SPACE's process, or we, can see it; NULL: none. */
static struct elf_object *open_debug(const struct space *space, const struct module_file *file)
{
	struct elf_object *debug;
	char root[64];

	snprintf(root, sizeof(root), PROCFS_ROOT "/%d/root", (int)space->anchor);
	elf_debug_open(file->object, file->path, root, &debug);
	return debug;
}

const struct elf_functions *module_functions(const struct space *space, struct module_file *file)
{
	if (!file->has_functions) {
		struct elf_object *debug = open_debug(space, file);

		file->has_functions = true;
		usdtrap_error_destroy(elf_functions_load(file->object, debug, &file->functions));
		elf_object_destroy(debug);
	}
	return file->functions;
}

const struct elf_functions *module_variables(const struct space *space, struct module_file *file)
{
	if (!file->has_variables) {
		struct elf_object *debug = open_debug(space, file);

		file->has_variables = true;
		usdtrap_error_destroy(elf_variables_load(file->object, debug, &file->variables));
		elf_object_destroy(debug);
	}
	return file->variables;
}

const struct cfi_row *module_row(struct module_file *file, uint64_t vaddr)
{
	struct module_row *row;

	HASH_FIND(hh, file->rows, &vaddr, sizeof(vaddr), row);
	if (row)
		return row->is_found ? &row->row : NULL;
	if (!file->has_table) {
		file->has_table = true;
		usdtrap_error_destroy(cfi_table_open(file->object, &file->table));
	}
	if (!file->table)
		return NULL;
	if (HASH_COUNT(file->rows) >= ROWS_MAX)
		forget_rows(file);
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->vaddr = vaddr;
	row->is_found = cfi_table_find(file->table, vaddr, &row->row);
	HASH_ADD(hh, file->rows, vaddr, sizeof(row->vaddr), row);
	return row->is_found ? &row->row : NULL;
}

/* ---- What a space has mapped ------------------------------------------------------------------------------------- */

static void list_deinit(struct modules *modules)
{
	free(modules->items);
	procfs_maps_deinit(&modules->maps);
}

void modules_forget(struct space *space)
{
	if (!space->modules)
		return;
	list_deinit(space->modules);
	jit_map_destroy(space->modules->jit);
	free(space->modules);
	space->modules = NULL;
}

/* Whether mapping OLD is among those of NEW as it was. */
static bool is_kept(const struct modules *new, const struct module *old)
{
	for (size_t i = 0; i < new->count; i++) {
		const struct module *module = &new->items[i];

		if (module->start == old->start)
			return module->end == old->end && module->offset == old->offset &&
			       module->inode == old->inode && module->device == old->device;
	}
	return false;
}

/* Whether no code was unmapped or replaced since OLD was read. Data come and go all the time. */
static bool has_same_code(const struct modules *new, const struct modules *old)
{
	for (size_t i = 0; i < old->count; i++)
		if (old->items[i].is_executable && !is_kept(new, &old->items[i]))
			return false;
	return true;
}

/* Makes the list of RET from its maps. */
static struct usdtrap_error *make_list(struct modules *ret)
{
	ret->items = calloc(ret->maps.count + 1, sizeof(*ret->items));
	if (!ret->items) {
		procfs_maps_deinit(&ret->maps);
		return &error_no_memory;
	}
	ret->count = ret->maps.count;
	for (size_t i = 0; i < ret->count; i++) {
		const struct procfs_mapping *mapping = &ret->maps.items[i];

		ret->items[i] = (struct module){
			.start = mapping->start,
			.end = mapping->end,
			.offset = mapping->offset,
			.device = mapping->device,
			.inode = mapping->inode,
			.is_executable = mapping->is_executable,
			.path = mapping->path,
		};
	}
	return NULL;
}

static struct usdtrap_error *read_list(const struct engine *engine, struct space *space, struct modules *ret)
{
	struct usdtrap_error *error = mapped_read(engine, space, &ret->maps);

	return error ? error : make_list(ret);
}

static bool reread(struct engine *engine, struct space *space)
{
	struct modules *modules = space->modules;
	struct modules fresh = {
		.generation = modules->generation, .jit = modules->jit, .read_ns = clock_time_ns(CLOCK_MONOTONIC)};
	struct usdtrap_error *error = read_list(engine, space, &fresh);

	usdtrap_error_destroy(error);
	if (error)
		return false;
	if (!has_same_code(&fresh, modules))
		fresh.generation++;
	list_deinit(modules);
	*modules = fresh;
	return true;
}

bool modules_refresh(struct engine *engine, struct space *space)
{
	if (!space->modules) {
		space->modules = calloc(1, sizeof(*space->modules));
		return space->modules && reread(engine, space);
	}
	if (space->modules->is_fixed)
		return true;
	if (space->modules->is_stale || clock_time_ns(CLOCK_MONOTONIC) - space->modules->read_ns > REREAD_NS)
		return reread(engine, space);
	return space->modules->count > 0;
}

struct usdtrap_error *modules_fix(struct space *space)
{
	struct usdtrap_error *error;

	space->modules = calloc(1, sizeof(*space->modules));
	if (!space->modules)
		return &error_no_memory;
	space->modules->is_fixed = true;
	error = procfs_maps_read(PROCFS_ROOT, space->anchor, space->anchor, &space->modules->maps);
	return error ? error : make_list(space->modules);
}

static struct module *find(const struct modules *modules, uint64_t address)
{
	const struct procfs_mapping *mapping = procfs_mapping_at(&modules->maps, address);

	return mapping ? &modules->items[mapping - modules->maps.items] : NULL;
}

struct module *modules_find(struct engine *engine, struct space *space, uint64_t address)
{
	struct module *module = find(space->modules, address);

	if (!module && !space->modules->is_fixed &&
	    clock_time_ns(CLOCK_MONOTONIC) - space->modules->read_ns > MISSED_NS && reread(engine, space))
		module = find(space->modules, address);
	return module;
}
