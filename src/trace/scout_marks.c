/* SPDX-License-Identifier: MIT */
/*
 * Which programs are asked about: those of every file system that is mounted
 * anywhere this user can see. A mark is on a file system and not on a mount, so
 * one suffices for all places where it is mounted, in whatever namespace.
 *
 * Three kinds are not marked: those of the kernel's own making, where nothing
 * can be executed; those that another machine or another process answers for
 * (mountinfo.h), since a question about them may wait for somebody who waits
 * for us; those that cannot be opened. The latter two are told.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/mountinfo.h"
#include "os/procfs.h"
#include "trace/scout_internal.h"

/* Adds DEVICE to those that were seen. False: it is one of them. */
static bool is_new_device(struct scout *scout, uint64_t device)
{
	struct marked_device *known;

	HASH_FIND(hh, scout->devices, &device, sizeof(device), known);
	if (known)
		return false;
	known = calloc(1, sizeof(*known));
	if (!known)
		return false;
	known->device = device;
	HASH_ADD(hh, scout->devices, device, sizeof(known->device), known);
	return true;
}

static void add_uncovered(struct scout *scout, const struct mount *mount, const char *why)
{
	strbuf_addf(&scout->uncovered, "%s%s (%s%s%s)", scout->uncovered.length ? ", " : "", mount->path, mount->type,
		    why ? ": " : "", why ? why : "");
}

static bool mark_path(struct scout *scout, const char *path)
{
	/* Not blocking: it may be a pipe that was bound there. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || !gate_mark(&scout->gate, fd, FANOTIFY_FILE_SYSTEM, 0))
		return false;
	scout->marks_unanswered++;
	return true;
}

/* Marks what PID has mounted. PREFIX leads to its root. */
static void mark_mounts(struct scout *scout, pid_t pid, const char *prefix)
{
	struct usdtrap_error *error;
	struct mounts mounts;
	char path[PATH_MAX];

	error = mounts_read(PROCFS_ROOT, pid, &mounts);
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	for (size_t i = 0; i < mounts.count; i++) {
		const struct mount *mount = &mounts.items[i];
		const enum mount_kind kind = mount_kind(mount->type);

		if (kind == MOUNT_WITHOUT_PROGRAMS || !is_new_device(scout, mount->device))
			continue;
		snprintf(path, sizeof(path), "%s%s", prefix, mount->path);
		if (kind == MOUNT_OF_OTHERS)
			add_uncovered(scout, mount, NULL);
		else if (!mark_path(scout, path))
			add_uncovered(scout, mount, strerror(errno));
	}
	mounts_deinit(&mounts);
}

/* The number of PID's mount namespace; 0: it cannot be told. */
static uint64_t namespace_of(pid_t pid)
{
	struct usdtrap_error *error;
	char *link, *bracket;
	uint64_t inode = 0;

	error = procfs_link(PROCFS_ROOT, pid, "ns/mnt", &link);
	if (error) {
		usdtrap_error_destroy(error);
		return 0;
	}
	bracket = strchr(link, '[');
	if (bracket)
		inode = strtoull(bracket + 1, NULL, 10);
	free(link);
	return inode;
}

static bool is_watched(const struct scout *scout, uint64_t inode)
{
	unsigned i = 0;

	while (i < scout->namespace_count && scout->namespaces[i].inode != inode)
		i++;
	return i < scout->namespace_count;
}

/* From now on changes of what PID's namespace INODE has mounted are told. */
static void watch_namespace(struct scout *scout, pid_t pid, uint64_t inode)
{
	char path[64];
	int fd;

	if (scout->namespace_count == SCOUT_NAMESPACES_MAX)
		return;
	snprintf(path, sizeof(path), PROCFS_ROOT "/%d/mountinfo", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		scout->namespaces[scout->namespace_count++] = (struct watched_namespace){inode, fd};
}

/* Each namespace is looked at through one of its processes. */
void marks_refresh(struct scout *scout)
{
	struct usdtrap_error *error;
	uint64_t seen[SCOUT_NAMESPACES_MAX];
	size_t count, seen_count = 0, j;
	char prefix[64];
	pid_t *pids;

	if (!scout->options.wants_starts || !atomic_load(&scout->has_gate) || scout->options.folders)
		return;
	seen[seen_count++] = namespace_of(getpid());
	if (!is_watched(scout, seen[0]))
		watch_namespace(scout, getpid(), seen[0]);
	mark_mounts(scout, getpid(), "");
	error = procfs_processes(PROCFS_ROOT, &pids, &count);
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const uint64_t inode = namespace_of(pids[i]);

		for (j = 0; inode && j < seen_count && seen[j] != inode; j++)
			;
		if (!inode || j < seen_count)
			continue;
		if (seen_count < SCOUT_NAMESPACES_MAX)
			seen[seen_count++] = inode;
		if (!is_watched(scout, inode))
			watch_namespace(scout, pids[i], inode);
		snprintf(prefix, sizeof(prefix), PROCFS_ROOT "/%d/root", (int)pids[i]);
		mark_mounts(scout, pids[i], prefix);
	}
	free(pids);
}

struct usdtrap_error *marks_folders(struct scout *scout)
{
	struct stat status;

	for (const char *const *folder = scout->options.folders; folder && *folder; folder++) {
		if (stat(*folder, &status) < 0)
			return error_os(errno, "%s", *folder);
		if (is_new_device(scout, status.st_dev) && atomic_load(&scout->has_gate) &&
		    scout->options.wants_starts && !mark_path(scout, *folder))
			return error_os(errno, "cannot open %s", *folder);
	}
	return NULL;
}

bool marks_cover(const struct scout *scout, pid_t pid)
{
	struct marked_device *known;
	struct stat status;
	uint64_t device;
	char path[64];

	if (!scout->options.folders)
		return true;
	snprintf(path, sizeof(path), PROCFS_ROOT "/%d/exe", (int)pid);
	if (stat(path, &status) < 0)
		return false;
	device = status.st_dev;
	HASH_FIND(hh, scout->devices, &device, sizeof(device), known);
	return known;
}

void marks_deinit(struct scout *scout)
{
	struct marked_device *device, *next;

	HASH_ITER (hh, scout->devices, device, next) {
		HASH_DEL(scout->devices, device);
		free(device);
	}
	for (unsigned i = 0; i < scout->namespace_count; i++)
		close(scout->namespaces[i].fd);
	scout->namespace_count = 0;
	strbuf_deinit(&scout->uncovered);
}
