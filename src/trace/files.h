/* SPDX-License-Identifier: MIT */
/*
 * From what a pattern calls its target to the files that are meant:
 *
 *	/usr/bin/python3, ./a.out   that path
 *	/usr/lib/lib*.so            paths with the wildcards of glob(7)
 *	python3.11                  a program in PATH
 *	libruby-3.1                 a library, where the dynamic loader looks: library.c
 *	"", "*" or NULL             whatever the process has mapped, or all of them: process_files.c
 *
 * With a process, a word is first looked for among what it has mapped. A path
 * is the one that the pattern led to, symbolic links kept. A process in
 * another mount namespace, or with another root, has other files under the same
 * paths: there they begin with /proc/PID/root. A path may then be the process's
 * or ours; one that the process has mapped comes first. And one whose file was
 * replaced or deleted means what the process still has mapped of it.
 */
#ifndef USDTRAP_TRACE_FILES_H
#define USDTRAP_TRACE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <usdtrap/error.h>

#include "elf/object.h"

struct files_item {
	char *path;      /* to call the file by */
	char *open_path; /* what to open it by: another path where `path' no longer leads to it (deleted, replaced) */
	bool is_path_stale; /* the two differ for that reason */
};

struct files {
	struct files_item *items; /* sorted as their probes are: bytewise, with a colon at the end */
	size_t count;             /* at least 1 after a find */
	bool is_search;           /* the target may mean several files: one without probes is no mistake */
};

/* Where to look: the machine's own places, or those that a test made. */
struct files_places {
	const char *proc;         /* PROCFS_ROOT */
	const char *root;         /* what every absolute path is put behind: "" */
	const char *path;         /* PATH */
	const char *library_path; /* LD_LIBRARY_PATH, or NULL */
};

/*
 * Finds the files that TARGET means, of process PID if that is not 0. *RET is
 * ended with files_deinit(). That a single path exists is not checked: opening
 * it tells best. Errors: NOT_FOUND (no file fits; the message says where was
 * looked), PERMISSION, OS.
 */
struct usdtrap_error *files_find(const char *target, pid_t pid, struct files *ret) USDTRAP_MUST_USE;
/* The same in other PLACES. */
struct usdtrap_error *files_find_in(const struct files_places *places, const char *target, pid_t pid,
				    struct files *ret) USDTRAP_MUST_USE;
void files_deinit(struct files *files);

/* Opens ITEM's file; the object is called by its path. Errors: those of elf_object_open(). */
struct usdtrap_error *files_open(const struct files_item *item, struct elf_object **ret) USDTRAP_MUST_USE;

/* Adds a file; PATH and OPEN_PATH are copied, OPEN_PATH NULL is PATH. Errors: NO_MEMORY. */
struct usdtrap_error *files_add(struct files *files, const char *path, const char *open_path) USDTRAP_MUST_USE;
/* Whether PATH leads to a regular file that begins as an ELF file does. */
bool files_is_elf(const char *path);

#endif
