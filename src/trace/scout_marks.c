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

/* The file system with number DEVICE. NULL: no memory. */
static struct marked_device *device_of(struct scout *scout, uint64_t device, bool *ret_is_new)
{
	struct marked_device *known;

	HASH_FIND(hh, scout->devices, &device, sizeof(device), known);
	*ret_is_new = !known;
	if (known)
		return known;
	known = calloc(1, sizeof(*known));
	if (!known)
		return NULL;
	known->device = device;
	HASH_ADD(hh, scout->devices, device, sizeof(known->device), known);
	return known;
}

static bool mark(struct scout *scout, int fd)
{
	if (!gate_mark(&scout->gate, fd, FANOTIFY_FILE_SYSTEM, 0))
		return false;
	scout->marks_unanswered++;
	return true;
}

/* Opens PATH to be marked, or -1. Not blocking: it may be a pipe that was bound there. */
static int open_to_mark(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Whether FD lies in MOUNT, and not in another that was mounted over it. */
static bool is_of_mount(int fd, const struct mount *mount)
{
	struct statx status;

	/* Since Linux 5.8. Before that nobody can tell; device numbers differ on btrfs. */
	return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) < 0 || !(status.stx_mask & STATX_MNT_ID) ||
	       status.stx_mnt_id == mount->id;
}

static void set_uncovered(struct scout *scout, struct marked_device *device, const char *path, const char *type,
			  const char *why)
{
	if (!device->is_uncovered)
		strbuf_addf(&scout->uncovered, "%s%s (%s%s%s)", scout->uncovered.length ? ", " : "", path, type,
			    why ? ": " : "", why ? why : "");
	device->is_uncovered = true;
}

/*
 * Marks the file system of MOUNT, which PREFIX leads to. HAS_CHANGED: its
 * number may be another one's by now, since numbers are used again, and a mark
 * goes with its file system. What is hidden by another mount is left to the
 * places where it is not.
 */
static void mark_mount(struct scout *scout, const struct mount *mount, const char *prefix, bool has_changed)
{
	const enum mount_kind kind = mount_kind(mount->type);
	struct marked_device *device;
	char path[PATH_MAX];
	bool is_new;
	int fd;

	if (kind == MOUNT_WITHOUT_PROGRAMS)
		return;
	device = device_of(scout, mount->device, &is_new);
	if (!device || device->pass == scout->marks_pass)
		return;
	if (!is_new && !has_changed) {
		device->pass = scout->marks_pass;
		return;
	}
	snprintf(path, sizeof(path), "%s%s", prefix, mount->path);
	if (kind == MOUNT_OF_OTHERS) {
		device->pass = scout->marks_pass;
		set_uncovered(scout, device, path, mount->type, NULL);
		return;
	}
	fd = open_to_mark(path);
	if (fd >= 0 && !is_of_mount(fd, mount)) {
		close(fd);
		return;
	}
	device->pass = scout->marks_pass;
	if (fd < 0)
		set_uncovered(scout, device, path, mount->type, strerror(errno));
	else
		device->is_uncovered = !mark(scout, fd);
	if (fd >= 0)
		close(fd);
}

/* Marks what PID has mounted. */
static void mark_mounts(struct scout *scout, pid_t pid, const char *prefix, bool has_changed)
{
	struct usdtrap_error *error;
	struct mounts mounts;

	error = mounts_read(PROCFS_ROOT, pid, &mounts);
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	for (size_t i = 0; i < mounts.count; i++)
		mark_mount(scout, &mounts.items[i], prefix, has_changed);
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

/*
 * The namespace INODE, which PID is in. It is watched from its first sight on:
 * before whatever is mounted in it while PID waits, if it does. NULL: no memory.
 */
static struct known_namespace *know_namespace(struct scout *scout, pid_t pid, uint64_t inode)
{
	struct known_namespace *known;
	char path[64];

	HASH_FIND(hh, scout->namespaces, &inode, sizeof(inode), known);
	if (known)
		return known;
	known = calloc(1, sizeof(*known));
	if (!known)
		return NULL;
	snprintf(path, sizeof(path), PROCFS_ROOT "/%d/mountinfo", (int)pid);
	*known = (struct known_namespace){.inode = inode, .pass = scout->marks_pass - 1, .fd = -1, .has_changed = true};
	if (scout->namespaces_watched < SCOUT_NAMESPACES_MAX)
		known->fd = open(path, O_RDONLY | O_CLOEXEC);
	scout->namespaces_watched += known->fd >= 0;
	HASH_ADD(hh, scout->namespaces, inode, sizeof(known->inode), known);
	return known;
}

static void forget_namespace(struct scout *scout, struct known_namespace *known)
{
	HASH_DEL(scout->namespaces, known);
	if (known->fd >= 0) {
		close(known->fd);
		scout->namespaces_watched--;
	}
	free(known);
}

/* Looks at PID's namespace, if this pass has not yet; PREFIX leads to PID's root. */
static void look_at_namespace(struct scout *scout, pid_t pid, const char *prefix)
{
	const uint64_t inode = namespace_of(pid);
	struct known_namespace *known = inode ? know_namespace(scout, pid, inode) : NULL;

	if (!known || known->pass == scout->marks_pass)
		return;
	known->pass = scout->marks_pass;
	mark_mounts(scout, pid, prefix, known->has_changed || known->fd < 0);
	known->has_changed = false;
}

/* A namespace that is held open keeps all it has mounted, so it is let go with its last process. */
static void forget_ended(struct scout *scout)
{
	struct known_namespace *known, *next;
	struct marked_device *device, *next_device;

	HASH_ITER (hh, scout->namespaces, known, next)
		if (known->pass != scout->marks_pass)
			forget_namespace(scout, known);
	HASH_ITER (hh, scout->devices, device, next_device)
		if (device->pass != scout->marks_pass) {
			HASH_DEL(scout->devices, device);
			free(device);
		}
}

/* Whether all file systems are to be marked. */
static bool marks_all(const struct scout *scout)
{
	return scout->options.wants_starts && atomic_load(&scout->has_gate) && !scout->options.folders;
}

/* Each namespace is looked at through one of its processes. */
void marks_refresh(struct scout *scout)
{
	struct usdtrap_error *error;
	size_t count;
	char prefix[64];
	pid_t *pids;

	if (!marks_all(scout))
		return;
	error = procfs_processes(PROCFS_ROOT, &pids, &count);
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	scout->marks_pass++;
	look_at_namespace(scout, getpid(), "");
	for (size_t i = 0; i < count; i++) {
		snprintf(prefix, sizeof(prefix), PROCFS_ROOT "/%d/root", (int)pids[i]);
		look_at_namespace(scout, pids[i], prefix);
	}
	free(pids);
	forget_ended(scout);
}

bool marks_meet(struct scout *scout, pid_t pid)
{
	const uint64_t inode = marks_all(scout) ? namespace_of(pid) : 0;
	const unsigned count = HASH_COUNT(scout->namespaces);

	return inode && know_namespace(scout, pid, inode) && HASH_COUNT(scout->namespaces) != count;
}

nfds_t marks_sources(const struct scout *scout, struct pollfd *sources)
{
	const struct known_namespace *known;
	nfds_t count = 0;

	/* proc(5): that what is mounted has changed is told as an exceptional condition. */
	for (known = scout->namespaces; known; known = known->hh.next)
		if (known->fd >= 0)
			sources[count++] = (struct pollfd){.fd = known->fd, .events = POLLPRI};
	return count;
}

bool marks_have_changed(struct scout *scout, const struct pollfd *sources)
{
	struct known_namespace *known;
	bool any = false;
	nfds_t at = 0;

	for (known = scout->namespaces; known; known = known->hh.next)
		if (known->fd >= 0 && sources[at++].revents) {
			known->has_changed = true;
			any = true;
		}
	return any;
}

void marks_tell(struct scout *scout)
{
	if (scout->uncovered.length)
		scout_tell(scout, USDTRAP_NOTICE_INFO, "programs on these file systems are %s: %s",
			   scout->connector >= 0 ? "seen only once they have started" : "not seen",
			   strbuf_text(&scout->uncovered));
	strbuf_deinit(&scout->uncovered);
}

struct usdtrap_error *marks_folders(struct scout *scout)
{
	struct marked_device *device;
	struct stat status;
	bool is_new;
	int fd;

	for (const char *const *folder = scout->options.folders; folder && *folder; folder++) {
		if (stat(*folder, &status) < 0)
			return error_os(errno, "%s", *folder);
		device = device_of(scout, status.st_dev, &is_new);
		if (!device)
			return &error_no_memory;
		if (!is_new || !atomic_load(&scout->has_gate) || !scout->options.wants_starts)
			continue;
		fd = open_to_mark(*folder);
		if (fd < 0)
			return error_os(errno, "cannot open %s", *folder);
		mark(scout, fd);
		close(fd);
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
	struct known_namespace *known, *next_known;
	struct marked_device *device, *next;

	HASH_ITER (hh, scout->devices, device, next) {
		HASH_DEL(scout->devices, device);
		free(device);
	}
	HASH_ITER (hh, scout->namespaces, known, next_known)
		forget_namespace(scout, known);
	strbuf_deinit(&scout->uncovered);
}
