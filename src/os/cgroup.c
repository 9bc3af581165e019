/* SPDX-License-Identifier: MIT */
#include "os/cgroup.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/glob.h"

/* Where the unified hierarchy is mounted: its files begin with "cgroup.", which those of version 1 do not. */
static bool find_unified(const char *root, char *buffer, size_t size)
{
	static const char *const places[] = {"", "/unified"};
	struct stat status;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(buffer, size, "%s%s/cgroup.procs", root, places[i]);
		if (stat(buffer, &status) == 0) {
			*strrchr(buffer, '/') = '\0';
			return true;
		}
	}
	return false;
}

bool cgroup_id(const char *path, uint64_t *ret)
{
	struct stat status;

	if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
		return false;
	*ret = status.st_ino;
	return true;
}

/* A line is ID:CONTROLLERS:PATH; that of the unified hierarchy is 0::PATH. */
bool cgroup_of_lines(const char *root, const char *lines, uint64_t *ret)
{
	static const char mark[] = "0::";
	_cleanup_free_ char *path = NULL;
	char mount[4096];
	const char *end;

	while (strncmp(lines, mark, strlen(mark)) != 0) {
		lines = strchr(lines, '\n');
		if (!lines)
			return false;
		lines++;
	}
	lines += strlen(mark);
	end = strchrnul(lines, '\n');
	if (!find_unified(root, mount, sizeof(mount)) ||
	    asprintf(&path, "%s%.*s", mount, (int)(end - lines), lines) < 0)
		return false;
	return cgroup_id(path, ret);
}

/* The directory with inode ID below TOP, without TOP itself; false if there is none. */
static bool find_below(char *top, uint64_t id, char *buffer, size_t size)
{
	char *const tops[] = {top, NULL};
	FTS *walk = fts_open(tops, FTS_PHYSICAL | FTS_XDEV, NULL);
	bool is_found = false;
	FTSENT *entry;

	if (!walk)
		return false;
	while (!is_found && (entry = fts_read(walk))) {
		if (entry->fts_info == FTS_D && entry->fts_statp->st_ino == id) {
			const char *below = entry->fts_path + strlen(top);

			snprintf(buffer, size, "unified:%s", *below ? below : "/");
			is_found = true;
		}
	}
	fts_close(walk);
	return is_found;
}

void cgroup_path(const char *root, uint64_t id, const char *filter, char *buffer, size_t size)
{
	char mount[4096];

	if ((filter && !glob_match(filter, "unified")) || !find_unified(root, mount, sizeof(mount)) ||
	    !find_below(mount, id, buffer, size))
		buffer[0] = '\0';
}
