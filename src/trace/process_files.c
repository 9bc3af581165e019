/* SPDX-License-Identifier: MIT */
/*
 * A line of /proc/PID/maps names a file by a path, a device and an inode. The
 * path is what the process once opened, as its mount namespace spells it, so
 * it may lead us nowhere or to another file. Hence each path is tried and
 * believed only if the file there has the right identity:
 *
 *	PATH                          nearly always
 *	/proc/PID/root/PATH           another mount namespace, or a chroot
 *	/proc/PID/exe                 a program that was deleted or replaced
 *	/proc/PID/map_files/RANGE     any other such file; for root only
 *	/proc/PID/fd/N                the same, where the process still has it open
 *
 * Some file systems (btrfs, overlayfs of old) show maps another device number
 * than stat(2). So for a file that was not deleted an equal inode at the right
 * path is taken for enough, if nothing better is found; what is patched later
 * is compared with the file's bytes anyway.
 */
#include "trace/process_files.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <uthash.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "os/memory.h"
#include "os/refusal.h"
#include "trace/library.h"

struct file_identity {
	uint64_t device;
	uint64_t inode;
};

/* A file that was met. */
struct known_file {
	struct file_identity identity;
	UT_hash_handle hh;
};

static bool leads_to(const char *path, const struct procfs_mapping *mapping)
{
	struct stat status;

	return stat(path, &status) == 0 && status.st_ino == mapping->inode && status.st_dev == mapping->device;
}

static bool leads_to_inode(const char *path, const struct procfs_mapping *mapping)
{
	struct stat status;

	return stat(path, &status) == 0 && status.st_ino == mapping->inode && S_ISREG(status.st_mode);
}

/* Whether PID's link NAME leads elsewhere than ours. */
static bool is_other_link(const struct files_places *places, pid_t pid, const char *name)
{
	_cleanup_free_ char *own = NULL, *its = NULL;
	struct usdtrap_error *error = procfs_link(places->proc, getpid(), name, &own);

	if (!error)
		error = procfs_link(places->proc, pid, name, &its);
	usdtrap_error_destroy(error);
	return own && its && strcmp(own, its) != 0;
}

bool process_files_are_elsewhere(const struct files_places *places, pid_t pid)
{
	return is_other_link(places, pid, "ns/mnt") || is_other_link(places, pid, "root");
}

/* The descriptor through which the process has MAPPING's file open: libraries made in memory (memfd) are kept so. */
static bool find_descriptor(const char *folder, const struct procfs_mapping *mapping, struct strbuf *ret)
{
	DIR *descriptors = opendir(folder);
	const struct dirent *entry;
	bool is_found = false;

	while (descriptors && !is_found && (entry = readdir(descriptors))) {
		strbuf_clear(ret);
		strbuf_addf(ret, "%s/%s", folder, entry->d_name);
		is_found = leads_to(strbuf_text(ret), mapping);
	}
	if (descriptors)
		closedir(descriptors);
	return is_found;
}

/* Adds MAPPING's file, which no path leads to any more, by whatever else does. */
static struct usdtrap_error *locate_stale(const struct files_places *places, pid_t pid, pid_t tid,
					  const struct procfs_mapping *mapping, struct files *files)
{
	_cleanup_strbuf_ struct strbuf path = {0}, folder = {0};
	struct usdtrap_error *error;

	strbuf_addf(&path, "%s/%d/task/%d/exe", places->proc, (int)pid, (int)tid);
	strbuf_addf(&folder, "%s/%d/task/%d/fd", places->proc, (int)pid, (int)tid);
	if (!leads_to(strbuf_text(&path), mapping) && !find_descriptor(strbuf_text(&folder), mapping, &path)) {
		strbuf_clear(&path);
		strbuf_addf(&path, "%s/%d/map_files/%" PRIx64 "-%" PRIx64, places->proc, (int)pid, mapping->start,
			    mapping->end);
	}
	if (path.failed || folder.failed)
		return &error_no_memory;
	error = files_add(files, mapping->path, strbuf_text(&path));
	if (!error)
		files->items[files->count - 1].is_path_stale = true;
	return error;
}

struct usdtrap_error *process_files_locate(const struct files_places *places, pid_t pid, pid_t tid,
					   const struct procfs_mapping *mapping, struct files *files)
{
	_cleanup_strbuf_ struct strbuf inside = {0};
	const char *likely;

	strbuf_addf(&inside, "%s/%d/root%s", places->proc, (int)pid, mapping->path);
	if (inside.failed)
		return &error_no_memory;
	if (leads_to(mapping->path, mapping))
		return files_add(files, mapping->path, NULL);
	if (leads_to(strbuf_text(&inside), mapping))
		return files_add(files, strbuf_text(&inside), NULL);
	likely = process_files_are_elsewhere(places, pid) ? strbuf_text(&inside) : mapping->path;
	if (!mapping->is_deleted && leads_to_inode(likely, mapping))
		return files_add(files, likely, NULL);
	return locate_stale(places, pid, tid, mapping, files);
}

/* The mappings of a thread that is alive: those of a main thread that has ended are empty. */
static struct usdtrap_error *read_maps(const struct files_places *places, pid_t pid, pid_t *ret_tid,
				       struct procfs_maps *ret)
{
	_cleanup_free_ pid_t *threads = NULL;
	struct procfs_maps maps;
	struct usdtrap_error *error;
	size_t count;

	error = procfs_threads(places->proc, pid, &threads, &count);
	for (size_t i = 0; !error && i < count; i++) {
		error = procfs_maps_read(places->proc, pid, threads[i], &maps);
		if (error_catch(error, USDTRAP_GONE)) {
			error = NULL;
			continue;
		}
		if (error)
			return error;
		if (maps.count || i + 1 == count) {
			*ret_tid = threads[i];
			*ret = maps;
			return NULL;
		}
		procfs_maps_deinit(&maps);
	}
	return error ? error : &error_gone;
}

/* The same; of a process that cannot be looked into there are none. */
static struct usdtrap_error *read_maps_if_allowed(const struct files_places *places, pid_t pid, pid_t *ret_tid,
						  struct procfs_maps *ret)
{
	struct usdtrap_error *error = read_maps(places, pid, ret_tid, ret);

	if (!error || usdtrap_error_code(error) == USDTRAP_NO_MEMORY)
		return error;
	usdtrap_error_destroy(error);
	*ret = (struct procfs_maps){0};
	*ret_tid = pid;
	return NULL;
}

/* ---- by a path ---- */

static bool is_file_of_code(const struct procfs_mapping *mapping)
{
	return mapping->is_executable && mapping->inode && mapping->path[0] == '/';
}

/* The mapping of code that shows the file at PATH; NULL: there is none. */
static const struct procfs_mapping *mapping_of_file(const struct procfs_maps *maps, const char *path)
{
	for (size_t i = 0; i < maps->count; i++)
		if (is_file_of_code(&maps->items[i]) && leads_to(path, &maps->items[i]))
			return &maps->items[i];
	return NULL;
}

/* PATH with the links of its folder followed: what the maps call a file that was there; or PATH. */
static char *resolved_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder = slash > path ? strndup(path, (size_t)(slash - path)) : NULL;
	_cleanup_free_ char *real = folder ? realpath(folder, NULL) : NULL;
	char *whole;

	if (!real)
		return strdup(path);
	return asprintf(&whole, "%s%s", strcmp(real, "/") == 0 ? "" : real, slash) < 0 ? NULL : whole;
}

/* The mapping of code whose file was once at PATH and is there no more; NULL: there is none. */
static const struct procfs_mapping *mapping_of_former(const struct procfs_maps *maps, const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL), *resolved = resolved_path(path);

	for (size_t i = 0; i < maps->count; i++) {
		const struct procfs_mapping *mapping = &maps->items[i];

		if (is_file_of_code(mapping) && mapping->is_deleted &&
		    (strcmp(mapping->path, path) == 0 || (real && strcmp(mapping->path, real) == 0) ||
		     (resolved && strcmp(mapping->path, resolved) == 0)))
			return mapping;
	}
	return NULL;
}

static struct usdtrap_error *find_path_in(const struct files_places *places, pid_t pid, pid_t tid,
					  const struct procfs_maps *maps, const char *inside, const char *path,
					  struct files *files)
{
	_cleanup_strbuf_ struct strbuf its = {0}, below = {0};
	_cleanup_free_ char *root = NULL;
	const struct procfs_mapping *former;

	strbuf_addf(&its, "%s%s", inside, path);
	if (*inside) { /* maps of a process that was only chroot(2)ed have paths that begin at our root */
		usdtrap_error_destroy(procfs_link(places->proc, pid, "root", &root));
		strbuf_addf(&below, "%s%s", root ? root : "", path);
	}
	if (its.failed || below.failed)
		return &error_no_memory;
	if (mapping_of_file(maps, strbuf_text(&its)))
		return files_add(files, strbuf_text(&its), NULL);
	if (*inside && mapping_of_file(maps, path))
		return files_add(files, path, NULL);
	former = mapping_of_former(maps, path);
	if (!former && *inside)
		former = mapping_of_former(maps, strbuf_text(&below));
	return former ? locate_stale(places, pid, tid, former, files) : NULL;
}

struct usdtrap_error *process_files_find_path(const struct files_places *places, pid_t pid, const char *inside,
					      const char *path, struct files *files)
{
	struct procfs_maps maps;
	struct usdtrap_error *error;
	pid_t tid;

	error = read_maps_if_allowed(places, pid, &tid, &maps);
	if (error)
		return error;
	error = find_path_in(places, pid, tid, &maps, inside, path, files);
	procfs_maps_deinit(&maps);
	return error;
}

/* ---- all ---- */

static bool is_wanted(const struct procfs_mapping *mapping, const char *name)
{
	const char *slash = strrchr(mapping->path, '/');

	if (!is_file_of_code(mapping))
		return false;
	return !name || library_is_named(slash + 1, name);
}

/* Whether the file of the mapping at INDEX was met in an executable mapping before it. */
static bool was_met(const struct procfs_maps *maps, size_t index)
{
	const struct procfs_mapping *mapping = &maps->items[index];

	for (size_t i = 0; i < index; i++)
		if (maps->items[i].is_executable && maps->items[i].inode == mapping->inode &&
		    maps->items[i].device == mapping->device)
			return true;
	return false;
}

bool process_files_are_of_library(pid_t tid, const struct procfs_mapping *mapping)
{
	char magic[4];
	struct usdtrap_error *error;
	int memory_fd;

	error = memory_open(tid, &memory_fd);
	if (!error) {
		/* Loaders lay segments out as they lie in the file. */
		error = memory_read(memory_fd, mapping->start - mapping->offset, magic, sizeof(magic));
		close(memory_fd);
	}
	usdtrap_error_destroy(error);
	return !error && memcmp(magic, "\177ELF", sizeof(magic)) == 0;
}

/*
 * Drops the newest of FILES, MAPPING's in thread TID, if it is known to be no
 * ELF file: code that is made at run time is mapped from files, too. One that
 * cannot be opened is kept, so that whoever opens it says why, unless it only
 * lives in memory and is not laid out like a library there.
 */
static void drop_if_foreign(struct files *files, pid_t tid, const struct procfs_mapping *mapping)
{
	struct files_item *item = &files->items[files->count - 1];
	bool is_in_memory = strncmp(item->path, "/memfd:", 7) == 0 || strncmp(item->path, "/dev/", 5) == 0;
	bool may_be_elf =
		access(item->open_path, R_OK) != 0 && (!is_in_memory || process_files_are_of_library(tid, mapping));

	if (files_is_elf(item->open_path) || may_be_elf)
		return;
	free(item->path);
	free(item->open_path);
	files->count--;
}

struct usdtrap_error *process_files_find(const struct files_places *places, pid_t pid, const char *name,
					 struct files *files)
{
	struct procfs_maps maps;
	struct usdtrap_error *error;
	pid_t tid;

	error = read_maps(places, pid, &tid, &maps);
	if (error_catch(error, USDTRAP_GONE)) {
		error = strcmp(places->proc, PROCFS_ROOT) == 0 ? refusal_unseen(PROCFS_ROOT, pid) : NULL;
		return error ? error : error_create(USDTRAP_NOT_FOUND, "no process %d", (int)pid);
	}
	if (error && usdtrap_error_code(error) == USDTRAP_PERMISSION)
		return error_hint(error, "only its own user and root may see what a process has mapped");
	if (error)
		return error;
	for (size_t i = 0; !error && i < maps.count; i++) {
		if (!is_wanted(&maps.items[i], name) || was_met(&maps, i))
			continue;
		error = process_files_locate(places, pid, tid, &maps.items[i], files);
		if (!error)
			drop_if_foreign(files, tid, &maps.items[i]);
	}
	procfs_maps_deinit(&maps);
	return error;
}

/* Adds MAPPING's file to KNOWN. False: it is there, or there is no memory. */
static bool learn(struct known_file **known, const struct procfs_mapping *mapping)
{
	struct file_identity identity;
	struct known_file *file;

	memset(&identity, 0, sizeof(identity)); /* it is a key, as bytes */
	identity.device = mapping->device;
	identity.inode = mapping->inode;
	HASH_FIND(hh, *known, &identity, sizeof(identity), file);
	if (file)
		return false;
	file = calloc(1, sizeof(*file));
	if (!file)
		return false;
	file->identity = identity;
	HASH_ADD(hh, *known, identity, sizeof(file->identity), file);
	return true;
}

/* Adds those of PID's files that are not KNOWN. A process that cannot be looked into has none. */
static struct usdtrap_error *add_unknown(const struct files_places *places, pid_t pid, struct known_file **known,
					 struct files *files)
{
	struct procfs_maps maps;
	struct usdtrap_error *error;
	pid_t tid;

	error = read_maps_if_allowed(places, pid, &tid, &maps);
	if (error)
		return error;
	for (size_t i = 0; !error && i < maps.count; i++) {
		if (!is_wanted(&maps.items[i], NULL) || !learn(known, &maps.items[i]))
			continue;
		error = process_files_locate(places, pid, tid, &maps.items[i], files);
		if (!error)
			drop_if_foreign(files, tid, &maps.items[i]);
	}
	procfs_maps_deinit(&maps);
	return error;
}

struct usdtrap_error *process_files_find_all(const struct files_places *places, struct files *files)
{
	struct known_file *known = NULL, *file, *next;
	_cleanup_free_ pid_t *pids = NULL;
	struct usdtrap_error *error;
	size_t count;

	error = procfs_processes(places->proc, &pids, &count);
	for (size_t i = 0; !error && i < count; i++)
		if (pids[i] != getpid())
			error = add_unknown(places, pids[i], &known, files);
	HASH_ITER (hh, known, file, next) {
		HASH_DEL(known, file);
		free(file);
	}
	return error;
}
