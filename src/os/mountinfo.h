/* SPDX-License-Identifier: MIT */
/* What a process has mounted: /proc/PID/mountinfo, proc(5). */
#ifndef USDTRAP_OS_MOUNTINFO_H
#define USDTRAP_OS_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

/* What may be on a file system of some type. */
enum mount_kind {
	MOUNT_ORDINARY,
	MOUNT_WITHOUT_PROGRAMS, /* of the kernel's own making: nothing there can be executed */
	/*
	 * Another machine or another process answers for it: a question about it
	 * might wait for that, and that for us.
	 */
	MOUNT_OF_OTHERS,
};

/* One line. */
struct mount {
	uint64_t id;      /* as statx(2) has it; used again once it is unmounted, as are devices */
	uint64_t device;  /* as makedev(3) composes it */
	const char *path; /* from the process's root on; octal escapes undone */
	const char *type; /* "ext4", "fuse.sshfs" */
};

struct mounts {
	struct mount *items;
	size_t count;
	char *text; /* what the strings point into */
};

/* Parses one line (changed in place, NUL-ended, no newline). False: not a line of mountinfo. */
bool mount_parse(char *line, struct mount *ret);
enum mount_kind mount_kind(const char *type);
/* What PID has mounted. Errors: GONE, PERMISSION, OS. */
struct usdtrap_error *mounts_read(const char *root, pid_t pid, struct mounts *ret) USDTRAP_MUST_USE;
void mounts_deinit(struct mounts *mounts);

#endif
