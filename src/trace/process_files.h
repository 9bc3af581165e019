/* SPDX-License-Identifier: MIT */
/* The files that a process runs: its program and whatever else it has mapped to execute. */
#ifndef USDTRAP_TRACE_PROCESS_FILES_H
#define USDTRAP_TRACE_PROCESS_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "os/procfs.h"
#include "trace/files.h"

/*
 * Adds the ELF files that process PID has mapped to execute, each once. NAME,
 * if not NULL, is the file name or library that is wanted (library_is_named()).
 * Adding none is no error. Errors: NOT_FOUND (no such process), PERMISSION, OS,
 * NO_MEMORY.
 */
struct usdtrap_error *process_files_find(const struct files_places *places, pid_t pid, const char *name,
					 struct files *files) USDTRAP_MUST_USE;

/*
 * Adds the ELF files that all other processes have mapped to execute, each
 * once: those of processes that this user may look into. Errors: OS, NO_MEMORY.
 */
struct usdtrap_error *process_files_find_all(const struct files_places *places, struct files *files) USDTRAP_MUST_USE;

/*
 * Finds a path to the very file that MAPPING of PID's thread TID shows, and
 * adds it. A file that no path leads to any more is found through what /proc
 * keeps of it.
 */
struct usdtrap_error *process_files_locate(const struct files_places *places, pid_t pid, pid_t tid,
					   const struct procfs_mapping *mapping, struct files *files) USDTRAP_MUST_USE;

/*
 * Adds the file that process PID has mapped to execute and that PATH, absolute,
 * means: as a path of the process's own, below INSIDE (its /proc/PID/root, or
 * "" where its files are ours), or as one of ours; of several the first. A file
 * that was deleted or replaced since it was mapped is meant by the path that it
 * had. Adding none is no error, nor is a process that cannot be looked into.
 */
struct usdtrap_error *process_files_find_path(const struct files_places *places, pid_t pid, const char *inside,
					      const char *path, struct files *files) USDTRAP_MUST_USE;

/*
 * Whether MAPPING, code whose file is in memory alone (memfd_create(2)) and
 * may not be opened, is more likely a library's than a just-in-time compiler's,
 * as the memory of thread TID tells: an ELF header lies where the file begins.
 */
bool process_files_are_of_library(pid_t tid, const struct procfs_mapping *mapping);

/* Whether PID sees other files under the same paths as we do. False when that cannot be told. */
bool process_files_are_elsewhere(const struct files_places *places, pid_t pid);

#endif
