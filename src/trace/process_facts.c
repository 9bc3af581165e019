/* SPDX-License-Identifier: MIT */
/* What include/usdtrap/process.h tells of processes. */
#include <usdtrap/process.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "os/cgroup.h"
#include "os/procfs.h"
#include "os/procfs_file.h"
#include "os/refusal.h"

struct usdtrap_error *usdtrap_check_process(pid_t pid)
{
	return refusal_unseen(PROCFS_ROOT, pid);
}

void usdtrap_process_name(pid_t pid, char name[USDTRAP_PROCESS_NAME_MAX])
{
	name[0] = '\0';
	if (pid > 0)
		usdtrap_error_destroy(procfs_line(PROCFS_ROOT, pid, "comm", name, USDTRAP_PROCESS_NAME_MAX));
}

pid_t usdtrap_process_parent(pid_t pid)
{
	struct procfs_status status;
	struct usdtrap_error *error;

	if (pid <= 0)
		return 0;
	error = procfs_status_read(PROCFS_ROOT, pid, &status);
	if (!error)
		return status.parent;
	usdtrap_error_destroy(error);
	return 0;
}

int usdtrap_process_cgroup(pid_t pid, uint64_t *ret)
{
	const struct procfs_file file = {.root = PROCFS_ROOT, .pid = pid, .name = "cgroup"};
	_cleanup_strbuf_ struct strbuf lines = {0};
	struct usdtrap_error *error = procfs_file_read(&file, &lines);

	usdtrap_error_destroy(error);
	return !error && cgroup_of_lines(CGROUP_ROOT, strbuf_text(&lines), ret);
}

int usdtrap_cgroup_id(const char *path, uint64_t *ret)
{
	return cgroup_id(path, ret);
}

void usdtrap_cgroup_path(uint64_t id, const char *filter, char *buffer, size_t size)
{
	cgroup_path(CGROUP_ROOT, id, filter, buffer, size);
}

/* PROC_PID_INIT_INO of <linux/proc_ns.h>: the same in every kernel since 3.8. */
#define INITIAL_PID_NAMESPACE "pid:[4026531836]"

int usdtrap_in_initial_namespace(void)
{
	_cleanup_free_ char *link = NULL;
	struct usdtrap_error *error = procfs_link(PROCFS_ROOT, getpid(), "ns/pid", &link);

	usdtrap_error_destroy(error);
	return !error && strcmp(link, INITIAL_PID_NAMESPACE) == 0;
}

/* A processor's folder has a link nodeN to its node. */
int usdtrap_node_of_cpu(int cpu)
{
	char path[64];
	struct dirent *entry;
	int node = -1;
	DIR *folder;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d", cpu);
	folder = opendir(path);
	if (!folder)
		return -1;
	while (node < 0 && (entry = readdir(folder))) {
		char *end;
		long number;

		if (strncmp(entry->d_name, "node", 4) != 0)
			continue;
		number = strtol(entry->d_name + 4, &end, 10);
		if (end > entry->d_name + 4 && !*end)
			node = (int)number;
	}
	closedir(folder);
	return node;
}
