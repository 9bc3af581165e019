/* SPDX-License-Identifier: MIT */
/*
 * Control groups, cgroups(7). A group is a directory of a mounted hierarchy
 * and is known by its inode. Of the hierarchies the unified one (version 2) is
 * meant: mounted at /sys/fs/cgroup, or at /sys/fs/cgroup/unified beside those
 * of version 1. ROOT is that folder, a parameter for tests.
 */
#ifndef USDTRAP_OS_CGROUP_H
#define USDTRAP_OS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

/* The inode of the directory at PATH; false if there is none. */
bool cgroup_id(const char *path, uint64_t *ret);
/* The inode of the group that /proc/PID/cgroup, whose text is LINES, tells; false if it is not to be found. */
bool cgroup_of_lines(const char *root, const char *lines, uint64_t *ret);
/* "unified:/path" of the group with ID in BUFFER, or "". FILTER: see usdtrap_cgroup_path(). */
void cgroup_path(const char *root, uint64_t id, const char *filter, char *buffer, size_t size);

#endif
