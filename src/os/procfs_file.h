/* SPDX-License-Identifier: MIT */
/*
 * The files of /proc: opening, reading whole, and what their errors mean. For
 * the procfs_*.c files, which parse what is read here.
 *
 * A file is named by the root, a process, one of its threads and its name
 * below the thread's folder: ROOT/PID/task/TID/NAME; ROOT/PID/NAME where TID
 * is 0; ROOT/NAME where PID is 0 as well.
 *
 * Errors: GONE (the process or thread has ended), NOT_FOUND (it lives, but
 * this kernel has no such file), PERMISSION, OS.
 */
#ifndef USDTRAP_OS_PROCFS_FILE_H
#define USDTRAP_OS_PROCFS_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include <usdtrap/error.h>

#include "base/strbuf.h"

struct procfs_file {
	const char *root;
	pid_t pid;
	pid_t tid;
	const char *name;
};

enum { PROCFS_FILE_PATH_MAX = 4096 };

/* Writes the path into BUFFER of PROCFS_FILE_PATH_MAX bytes. */
void procfs_file_path(const struct procfs_file *file, char *buffer);
/* The error for a failed system call VERB ("read", "list") on FILE with ERROR_NUMBER. */
struct usdtrap_error *procfs_file_error(const struct procfs_file *file, const char *verb,
					int error_number) USDTRAP_MUST_USE;
/* Appends the whole file to RET, which the caller ends on failure, too. */
struct usdtrap_error *procfs_file_read(const struct procfs_file *file, struct strbuf *ret) USDTRAP_MUST_USE;
/* Reads the file's first SIZE - 1 bytes and ends them with a NUL; for files known to be short. */
struct usdtrap_error *procfs_file_read_short(const struct procfs_file *file, char *buffer,
					     size_t size) USDTRAP_MUST_USE;

#endif
