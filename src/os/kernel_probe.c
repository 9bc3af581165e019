/* SPDX-License-Identifier: MIT */
#include "os/kernel_probe.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

enum { TASK_FD_QUERY = 20, FD_TYPE_UPROBE = 4, FD_TYPE_URETPROBE = 5 }; /* <linux/bpf.h>, which may be older */

/* The kernel's union bpf_attr, as far as this command goes. */
struct query {
	uint32_t pid, fd, flags;
	uint32_t name_size;
	uint64_t name_addr;
	uint32_t program_id, type;
	uint64_t offset, addr;
};

struct list {
	struct kernel_probe *items;
	size_t count;
};

static long ask(struct query *query)
{
	return syscall(SYS_bpf, TASK_FD_QUERY, query, sizeof(*query));
}

static struct usdtrap_error *add(struct list *list, pid_t owner, const char *path, uint64_t offset)
{
	char seen_path[PATH_MAX + 64];
	struct usdtrap_error *error;
	struct kernel_probe *items;
	struct stat status;

	/* As the owner sees it. */
	snprintf(seen_path, sizeof(seen_path), "%s/%d/root%s", PROCFS_ROOT, (int)owner, path);
	if (stat(seen_path, &status) != 0 && stat(path, &status) != 0)
		return NULL;
	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (!items)
		return &error_no_memory;
	list->items = items;
	items[list->count] = (struct kernel_probe){.owner = owner, .inode = status.st_ino, .offset = offset};
	error = procfs_line(PROCFS_ROOT, owner, "comm", items[list->count].owner_name,
			    sizeof(items[list->count].owner_name));
	usdtrap_error_destroy(error);
	list->count++;
	return NULL;
}

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/* Looks at the descriptors of one process. Those that vanish meanwhile, or may not be looked at, are none. */
static struct usdtrap_error *look_at(struct list *list, pid_t pid)
{
	__attribute__((cleanup(close_folder))) DIR *folder = NULL;
	struct usdtrap_error *error = NULL;
	char path[PATH_MAX], target[64];
	struct dirent *entry;

	snprintf(path, sizeof(path), "%s/%d/fd", PROCFS_ROOT, (int)pid);
	folder = opendir(path);
	while (folder && !error && (entry = readdir(folder))) {
		struct query query = {
			.pid = (uint32_t)pid,
			.fd = (uint32_t)strtoul(entry->d_name, NULL, 10),
			.name_size = sizeof(path),
			.name_addr = (uint64_t)(uintptr_t)path,
		};
		ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);

		target[length > 0 ? length : 0] = '\0';
		if (strcmp(target, "anon_inode:[perf_event]") == 0 && ask(&query) == 0 &&
		    (query.type == FD_TYPE_UPROBE || query.type == FD_TYPE_URETPROBE))
			error = add(list, pid, path, query.offset);
	}
	return error;
}

bool kernel_probes_are_told(void)
{
	/* Where it may be asked this is a descriptor that is not there. */
	struct query nothing = {.pid = (uint32_t)getpid(), .fd = UINT32_MAX};

	return ask(&nothing) < 0 && errno == EBADF;
}

struct usdtrap_error *kernel_probes_read(struct kernel_probe **ret, size_t *ret_count)
{
	__attribute__((cleanup(close_folder))) DIR *folder = NULL;
	struct usdtrap_error *error = NULL;
	struct list list = {0};
	struct dirent *entry;

	*ret = NULL;
	*ret_count = 0;
	if (!kernel_probes_are_told())
		return error_create(USDTRAP_UNSUPPORTED, "the kernel does not tell who has laid probes of its own");
	folder = opendir(PROCFS_ROOT);
	if (!folder)
		return error_os(errno, "cannot list %s", PROCFS_ROOT);
	while (!error && (entry = readdir(folder))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && pid != getpid())
			error = look_at(&list, pid);
	}
	if (error) {
		free(list.items);
		return error;
	}
	*ret = list.items;
	*ret_count = list.count;
	return NULL;
}

uint64_t kernel_probe_addr(const struct kernel_probe *probe, const struct procfs_maps *maps)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct procfs_mapping *mapping = &maps->items[i];

		if (mapping->is_executable && mapping->inode == probe->inode && probe->offset >= mapping->offset &&
		    probe->offset - mapping->offset < mapping->end - mapping->start)
			return mapping->start + (probe->offset - mapping->offset);
	}
	return 0;
}
