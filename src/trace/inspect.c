/* SPDX-License-Identifier: MIT */
/* Looking into a process, <usdtrap/inspect.h>: its mappings and memory, without a session, from /proc and from the
 * files that are mapped. */
#include "trace/inspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "os/refusal.h"
#include "trace/probes.h"

bool inspection_is_fine(struct usdtrap_error *error)
{
	usdtrap_error_destroy(error);
	return !error;
}

/* A thread of PID through which /proc shows what is mapped: not a leader that has ended before its threads. */
static pid_t choose_anchor(pid_t pid)
{
	_cleanup_free_ pid_t *tids = NULL;
	struct procfs_stat stat;
	size_t count;

	if (!inspection_is_fine(procfs_threads(PROCFS_ROOT, pid, &tids, &count)))
		return pid;
	for (size_t i = 0; i < count; i++)
		if (inspection_is_fine(procfs_stat_read(PROCFS_ROOT, pid, tids[i], &stat)) && stat.state != 'Z' &&
		    stat.state != 'X')
			return tids[i];
	return pid;
}

struct usdtrap_error *usdtrap_inspection_create(pid_t pid, struct usdtrap_inspection **ret)
{
	struct usdtrap_inspection *inspection = calloc(1, sizeof(*inspection));
	struct usdtrap_error *error;

	if (!inspection)
		return &error_no_memory;
	inspection->pid = pid;
	inspection->space = space_create(&inspection->engine.spaces, pid, choose_anchor(pid));
	error = inspection->space ? modules_fix(inspection->space) : &error_no_memory;
	if (error)
		usdtrap_inspection_destroy(inspection);
	else
		*ret = inspection;
	if (error_catch(error, USDTRAP_GONE)) {
		error = refusal_unseen(PROCFS_ROOT, pid);
		return error ? error : error_create(USDTRAP_NOT_FOUND, "no process %d", (int)pid);
	}
	if (error_catch(error, USDTRAP_PERMISSION))
		return refusal_explain(PROCFS_ROOT, pid, pid, EPERM);
	return error;
}

void usdtrap_inspection_destroy(struct usdtrap_inspection *inspection)
{
	if (!inspection)
		return;
	space_destroy_all(&inspection->engine.spaces);
	module_files_deinit(&inspection->files);
	arena_deinit(&inspection->names);
	free(inspection);
}

struct usdtrap_error *inspection_open_memory(struct usdtrap_inspection *inspection)
{
	struct space *space = inspection->space;
	struct usdtrap_error *error = space->memory_fd < 0 ? memory_open(space->anchor, &space->memory_fd) : NULL;

	if (error_catch(error, USDTRAP_PERMISSION))
		return refusal_explain(PROCFS_ROOT, inspection->pid, space->anchor, EPERM);
	return error;
}

struct module_file *inspection_file(struct usdtrap_inspection *inspection, struct module *module)
{
	return module ? modules_file(&inspection->files, inspection->space, module) : NULL;
}

struct module *inspection_module(struct usdtrap_inspection *inspection, uint64_t address)
{
	return modules_find(&inspection->engine, inspection->space, address);
}

/* ---- Mappings ------------------------------------------------------------------------------------------------------
 */

static size_t count_probes(const struct module_file *file)
{
	struct probes *probes;
	size_t count;

	if (!file || !inspection_is_fine(probes_load(file->object, file->path, NULL, NULL, &probes)))
		return 0;
	count = probes->count;
	probes_destroy(probes);
	return count;
}

enum { CHUNK = 1 << 18 };

/* How many of the SIZE bytes at MEMORY are a trap, and something else in the file. */
static size_t count_differing(const uint8_t *memory, const uint8_t *original, size_t size, uint8_t trap)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += memory[i] == trap && original[i] != trap;
	return count;
}

/* The traps in executable MODULE of FILE, whoever put them there. False: they cannot be seen. */
static bool count_traps(struct usdtrap_inspection *inspection, const struct module *module,
			const struct module_file *file, size_t *ret)
{
	const struct arch *arch = arch_find(elf_object_machine(file->object), elf_object_address_bits(file->object));
	_cleanup_free_ uint8_t *memory = malloc(CHUNK), *original = malloc(CHUNK);
	size_t count = 0, got, had;

	if (!arch || !memory || !original)
		return false;
	for (uint64_t address = module->start; address < module->end; address += got) {
		const size_t left = module->end - address < CHUNK ? module->end - address : CHUNK;

		if (!inspection_is_fine(usdtrap_inspect_memory(inspection, address, memory, left, &got)))
			return false;
		had = usdtrap_inspect_file_bytes(inspection, address, original, got);
		if (!had) /* what the file has is at its end */
			break;
		got = had;
		count += count_differing(memory, original, got, arch->trap[0]);
	}
	*ret = count;
	return true;
}

void usdtrap_inspect_mappings(struct usdtrap_inspection *inspection,
			      int (*on_mapping)(const struct usdtrap_mapping_info *mapping, void *user), void *user)
{
	const struct modules *modules = inspection->space->modules;

	for (size_t i = 0; i < modules->count; i++) {
		const struct procfs_mapping *mapping = &modules->maps.items[i];
		const struct module_file *file = inspection_file(inspection, &modules->items[i]);
		struct usdtrap_mapping_info info = {
			.start = mapping->start,
			.end = mapping->end,
			.offset = mapping->offset,
			.is_readable = mapping->is_readable,
			.is_writable = mapping->is_writable,
			.is_executable = mapping->is_executable,
			.is_shared = mapping->is_shared,
			.is_deleted = mapping->is_deleted,
			.path = mapping->path,
			.build_id = file && file->build_id[0] ? file->build_id : NULL,
			.probe_count = mapping->is_executable ? count_probes(file) : 0,
		};

		info.is_compared = file && mapping->is_executable &&
				   count_traps(inspection, &modules->items[i], file, &info.trap_count);
		if (on_mapping(&info, user))
			return;
	}
}

/* ---- Memory --------------------------------------------------------------------------------------------------------
 */

struct usdtrap_error *usdtrap_inspect_memory(struct usdtrap_inspection *inspection, uint64_t address, void *buffer,
					     size_t size, size_t *ret_size)
{
	struct usdtrap_error *error = inspection_open_memory(inspection);

	return error ? error : memory_read_some(inspection->space->memory_fd, address, buffer, size, ret_size);
}

size_t usdtrap_inspect_file_bytes(struct usdtrap_inspection *inspection, uint64_t address, void *buffer, size_t size)
{
	struct module *module = inspection_module(inspection, address);
	const struct module_file *file = inspection_file(inspection, module);
	uint64_t vaddr;

	if (!file || !modules_vaddr(module, file, address, &vaddr))
		return 0;
	if (size > module->end - address)
		size = module->end - address;
	while (size && !inspection_is_fine(elf_object_read(file->object, vaddr, buffer, size)))
		size /= 2;
	return size;
}
