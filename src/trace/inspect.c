/* SPDX-License-Identifier: MIT */
/* Looking into a process, <usdtrap/inspect.h>: without a session, from /proc and from the files that are mapped. */
#include <usdtrap/inspect.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/strbuf.h"
#include "elf/function.h"
#include "elf/object.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/probes.h"

/* A file that is mapped, once however often it is. */
struct inspected_file {
	uint64_t device, inode;
	const char *path;          /* in the maps */
	struct elf_object *object; /* NULL: no ELF file, or not to be opened */
	struct elf_functions *functions;
	bool has_functions; /* were asked for */
	char build_id[2 * 64 + 1];
};

struct usdtrap_inspection {
	pid_t pid;
	int memory; /* -1: not opened */
	struct procfs_maps maps;
	struct inspected_file *files;
	size_t file_count;
};

struct usdtrap_error *usdtrap_inspection_create(pid_t pid, struct usdtrap_inspection **ret)
{
	struct usdtrap_inspection *inspection = calloc(1, sizeof(*inspection));
	struct usdtrap_error *error;

	if (!inspection)
		return &error_no_memory;
	inspection->pid = pid;
	inspection->memory = -1;
	error = procfs_maps_read(PROCFS_ROOT, pid, pid, &inspection->maps);
	if (!error) {
		inspection->files = calloc(inspection->maps.count + 1, sizeof(*inspection->files));
		if (!inspection->files)
			error = &error_no_memory;
	}
	if (error)
		usdtrap_inspection_destroy(inspection);
	else
		*ret = inspection;
	if (error_catch(error, USDTRAP_GONE))
		return error_create(USDTRAP_NOT_FOUND, "there is no process %d", (int)pid);
	return error;
}

void usdtrap_inspection_destroy(struct usdtrap_inspection *inspection)
{
	if (!inspection)
		return;
	for (size_t i = 0; i < inspection->file_count; i++) {
		elf_functions_destroy(inspection->files[i].functions);
		elf_object_destroy(inspection->files[i].object);
	}
	free(inspection->files);
	if (inspection->memory >= 0)
		close(inspection->memory);
	procfs_maps_deinit(&inspection->maps);
	free(inspection);
}

/* ---- Files ---------------------------------------------------------------------------------------------------------
 */

/* Whether ERROR is none. It is destroyed: what cannot be had here is left out. */
static bool is_fine(struct usdtrap_error *error)
{
	usdtrap_error_destroy(error);
	return !error;
}

/* Opens the file of MAPPING: the very one that is mapped if the kernel lets us, else that of the same path and inode.
 */
static struct elf_object *open_file(const struct usdtrap_inspection *inspection, const struct procfs_mapping *mapping)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	struct elf_object *object = NULL;
	uint64_t device, inode;

	strbuf_addf(&path, PROCFS_ROOT "/%d/map_files/%llx-%llx", (int)inspection->pid,
		    (unsigned long long)mapping->start, (unsigned long long)mapping->end);
	if (is_fine(elf_object_open_as(strbuf_text(&path), mapping->path, &object)))
		return object;
	strbuf_clear(&path);
	strbuf_addf(&path, PROCFS_ROOT "/%d/root%s", (int)inspection->pid, mapping->path);
	if (!is_fine(elf_object_open_as(strbuf_text(&path), mapping->path, &object)))
		return NULL;
	if (elf_object_identity(object, &device, &inode) && inode == mapping->inode)
		return object;
	elf_object_destroy(object);
	return NULL;
}

static void note_build_id(struct inspected_file *file)
{
	size_t size;
	const uint8_t *bytes = elf_object_build_id(file->object, &size);

	for (size_t i = 0; i < size && 2 * i + 2 < sizeof(file->build_id); i++)
		snprintf(file->build_id + 2 * i, 3, "%02x", bytes[i]);
}

/* The file of MAPPING; NULL: it has none. */
static struct inspected_file *file_of(struct usdtrap_inspection *inspection, const struct procfs_mapping *mapping)
{
	struct inspected_file *file;

	if (!mapping || !mapping->inode || mapping->path[0] != '/')
		return NULL;
	for (size_t i = 0; i < inspection->file_count; i++) {
		file = &inspection->files[i];
		if (file->inode == mapping->inode && file->device == mapping->device)
			return file;
	}
	file = &inspection->files[inspection->file_count++]; /* there is room for one a mapping */
	*file = (struct inspected_file){.device = mapping->device, .inode = mapping->inode, .path = mapping->path};
	file->object = open_file(inspection, mapping);
	if (file->object)
		note_build_id(file);
	return file;
}

static const struct elf_functions *functions_of(const struct usdtrap_inspection *inspection,
						struct inspected_file *file)
{
	struct elf_object *debug = NULL;
	char root[64];

	if (file->has_functions || !file->object)
		return file->functions;
	file->has_functions = true;
	snprintf(root, sizeof(root), PROCFS_ROOT "/%d/root", (int)inspection->pid);
	elf_debug_open(file->object, file->path, root, &debug);
	usdtrap_error_destroy(elf_functions_load(file->object, debug, &file->functions));
	elf_object_destroy(debug);
	return file->functions;
}

static const struct procfs_mapping *mapping_at(const struct usdtrap_inspection *inspection, uint64_t address)
{
	for (size_t i = 0; i < inspection->maps.count; i++) {
		const struct procfs_mapping *mapping = &inspection->maps.items[i];

		if (address >= mapping->start && address < mapping->end)
			return mapping;
	}
	return NULL;
}

/* ---- Mappings ------------------------------------------------------------------------------------------------------
 */

static size_t count_probes(const struct inspected_file *file)
{
	struct probes *probes;
	size_t count;

	if (!file || !file->object || !is_fine(probes_load(file->object, file->path, NULL, NULL, &probes)))
		return 0;
	count = probes->count;
	probes_destroy(probes);
	return count;
}

void usdtrap_inspect_mappings(struct usdtrap_inspection *inspection,
			      int (*on_mapping)(const struct usdtrap_mapping_info *mapping, void *user), void *user)
{
	for (size_t i = 0; i < inspection->maps.count; i++) {
		const struct procfs_mapping *mapping = &inspection->maps.items[i];
		const struct inspected_file *file = file_of(inspection, mapping);
		const struct usdtrap_mapping_info info = {
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

		if (on_mapping(&info, user))
			return;
	}
}

/* ---- Threads -------------------------------------------------------------------------------------------------------
 */

/* What /proc/PID/task/TID/syscall says, proc(5): "running", or the call's number, six arguments, stack pointer, place.
 */
static void read_place(const struct usdtrap_inspection *inspection, struct usdtrap_thread_info *thread)
{
	unsigned long long arguments[6], stack_pointer, address;
	char name[64], line[256];
	long number;
	int count;

	snprintf(name, sizeof(name), "task/%d/syscall", (int)thread->tid);
	thread->place = USDTRAP_THREAD_HIDDEN;
	if (!is_fine(procfs_line(PROCFS_ROOT, inspection->pid, name, line, sizeof(line))))
		return;
	if (strcmp(line, "running") == 0) {
		thread->place = USDTRAP_THREAD_RUNS;
	} else if (sscanf(line, "-1 %llx %llx", &stack_pointer, &address) == 2) {
		thread->place = USDTRAP_THREAD_BLOCKS;
		thread->stack_pointer = stack_pointer;
		thread->address = address;
	} else {
		count = sscanf(line, "%ld %llx %llx %llx %llx %llx %llx %llx %llx", &number, &arguments[0],
			       &arguments[1], &arguments[2], &arguments[3], &arguments[4], &arguments[5],
			       &stack_pointer, &address);
		if (count != 9)
			return;
		thread->place = USDTRAP_THREAD_CALLS;
		thread->syscall = number;
		thread->stack_pointer = stack_pointer;
		thread->address = address;
		for (size_t i = 0; i < 6; i++)
			thread->arguments[i] = arguments[i];
	}
}

/* False: the thread has ended. */
static bool read_thread(const struct usdtrap_inspection *inspection, pid_t tid, struct usdtrap_thread_info *ret)
{
	struct usdtrap_thread_info thread = {.tid = tid};
	struct procfs_stat stat;
	char name[64];

	if (!is_fine(procfs_stat_read(PROCFS_ROOT, inspection->pid, tid, &stat)))
		return false;
	thread.state = stat.state;
	thread.processor = stat.processor;
	snprintf(name, sizeof(name), "task/%d/comm", (int)tid);
	if (!is_fine(procfs_line(PROCFS_ROOT, inspection->pid, name, thread.name, sizeof(thread.name))))
		return false;
	read_place(inspection, &thread);
	*ret = thread;
	return true;
}

struct usdtrap_error *usdtrap_inspect_threads(struct usdtrap_inspection *inspection,
					      int (*on_thread)(const struct usdtrap_thread_info *thread, void *user),
					      void *user)
{
	_cleanup_free_ pid_t *tids = NULL;
	struct usdtrap_thread_info thread;
	size_t count;
	struct usdtrap_error *error = procfs_threads(PROCFS_ROOT, inspection->pid, &tids, &count);

	if (error)
		return error;
	for (size_t i = 0; i < count; i++) {
		if (read_thread(inspection, tids[i], &thread) && on_thread(&thread, user))
			break;
	}
	return NULL;
}

/* ---- Memory --------------------------------------------------------------------------------------------------------
 */

struct usdtrap_error *usdtrap_inspect_memory(struct usdtrap_inspection *inspection, uint64_t address, void *buffer,
					     size_t size, size_t *ret_size)
{
	struct usdtrap_error *error;

	if (inspection->memory < 0) {
		error = memory_open(inspection->pid, &inspection->memory);
		if (error)
			return error;
	}
	return memory_read_some(inspection->memory, address, buffer, size, ret_size);
}

size_t usdtrap_inspect_file_bytes(struct usdtrap_inspection *inspection, uint64_t address, void *buffer, size_t size)
{
	const struct procfs_mapping *mapping = mapping_at(inspection, address);
	const struct inspected_file *file = file_of(inspection, mapping);
	uint64_t vaddr;

	if (!file || !file->object ||
	    !elf_object_offset_to_vaddr(file->object, address - mapping->start + mapping->offset, &vaddr))
		return 0;
	if (size > mapping->end - address)
		size = mapping->end - address;
	while (size && !is_fine(elf_object_read(file->object, vaddr, buffer, size)))
		size /= 2;
	return size;
}

/* ---- Symbols -------------------------------------------------------------------------------------------------------
 */

void usdtrap_inspect_place(struct usdtrap_inspection *inspection, uint64_t address, struct usdtrap_place *ret)
{
	const struct procfs_mapping *mapping = mapping_at(inspection, address);
	struct inspected_file *file = file_of(inspection, mapping);
	const struct elf_function *function;
	struct usdtrap_place place = {.path = mapping ? mapping->path : NULL};

	if (file && file->object &&
	    elf_object_offset_to_vaddr(file->object, address - mapping->start + mapping->offset, &place.vaddr)) {
		place.machine = elf_object_machine(file->object);
		place.address_bits = elf_object_address_bits(file->object);
		function = functions_of(inspection, file) ? elf_functions_at(file->functions, place.vaddr) : NULL;
		if (function) {
			place.symbol = function->name;
			place.offset = place.vaddr - function->vaddr;
			place.size = function->size;
		}
	}
	*ret = place;
}

/* Where VADDR of FILE lies in the process. False: nowhere. */
static bool address_of(const struct usdtrap_inspection *inspection, const struct inspected_file *file, uint64_t vaddr,
		       uint64_t *ret)
{
	uint64_t offset, back;

	if (!elf_object_vaddr_to_offset(file->object, vaddr, &offset) ||
	    !elf_object_offset_to_vaddr(file->object, offset, &back) || back != vaddr)
		return false;
	for (size_t i = 0; i < inspection->maps.count; i++) {
		const struct procfs_mapping *mapping = &inspection->maps.items[i];

		if (mapping->inode == file->inode && mapping->device == file->device && offset >= mapping->offset &&
		    offset - mapping->offset < mapping->end - mapping->start) {
			*ret = offset - mapping->offset + mapping->start;
			return true;
		}
	}
	return false;
}

int usdtrap_inspect_locate(struct usdtrap_inspection *inspection, const char *path, uint64_t vaddr, uint64_t *ret)
{
	for (size_t i = 0; i < inspection->maps.count; i++) {
		const struct inspected_file *file = file_of(inspection, &inspection->maps.items[i]);

		if (file && file->object && strcmp(file->path, path) == 0)
			return address_of(inspection, file, vaddr, ret);
	}
	return 0;
}

/* False: the caller has seen enough. */
static bool tell_symbols(struct usdtrap_inspection *inspection, struct inspected_file *file, const char *pattern,
			 int (*on_symbol)(const struct usdtrap_symbol_info *symbol, void *user), void *user)
{
	const struct elf_functions *functions = functions_of(inspection, file);

	for (size_t i = 0; functions && i < functions->count; i++) {
		const struct elf_function *function = &functions->items[i];
		struct usdtrap_symbol_info info = {
			.name = function->name,
			.path = file->path,
			.size = function->size,
			.is_global = function->is_global,
		};

		if (glob_match(pattern, function->name) &&
		    address_of(inspection, file, function->vaddr, &info.address) && on_symbol(&info, user))
			return false;
	}
	return true;
}

/* Whether the file of the INDEXth mapping has a mapping in front of it. */
static bool is_known(const struct usdtrap_inspection *inspection, size_t index)
{
	const struct procfs_mapping *mappings = inspection->maps.items;

	for (size_t i = 0; i < index; i++) {
		if (mappings[i].inode == mappings[index].inode && mappings[i].device == mappings[index].device)
			return true;
	}
	return false;
}

void usdtrap_inspect_symbols(struct usdtrap_inspection *inspection, const char *pattern,
			     int (*on_symbol)(const struct usdtrap_symbol_info *symbol, void *user), void *user)
{
	for (size_t i = 0; i < inspection->maps.count; i++) {
		struct inspected_file *file =
			is_known(inspection, i) ? NULL : file_of(inspection, &inspection->maps.items[i]);

		if (file && !tell_symbols(inspection, file, pattern, on_symbol, user))
			return;
	}
}
