/* SPDX-License-Identifier: MIT */
/*
 * Names of code that was compiled while the program ran.
 *
 * Runtimes that compile just in time (Node, Java with an agent, PyPy, .NET) can
 * write a line for each piece of code, "START SIZE NAME" in hexadecimal, into
 * /tmp/perf-PID.map: perf(1) defined that (tools/perf/Documentation/
 * jit-interface.txt of Linux) and others read it. PID is what the process itself
 * thinks it is, and /tmp its own. A name is whatever the runtime wrote, so the
 * file is trusted only if the process's user owns it, as perf does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/procfs.h"
#include "trace/modules.h"
#include "trace/space.h"

struct piece {
	uint64_t start, end;
	const char *name;
	size_t order; /* of its line: code is written over older code */
};

struct jit_map {
	char *text;
	off_t size;           /* of the file when it was read */
	struct piece *pieces; /* by start; of several at one place the last */
	size_t count;
};

enum { SIZE_MAX_OF_FILE = 256 << 20 };

void jit_map_destroy(struct jit_map *map)
{
	if (!map)
		return;
	free(map->text);
	free(map->pieces);
	free(map);
}

static int compare(const void *a, const void *b)
{
	const struct piece *left = a, *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

/* One line, changed in place. */
static bool parse_line(char *line, struct piece *ret)
{
	char *end;

	ret->start = strtoull(line, &end, 16);
	if (end == line || *end != ' ')
		return false;
	line = end + 1;
	ret->end = ret->start + strtoull(line, &end, 16);
	if (end == line || *end != ' ' || ret->end < ret->start)
		return false;
	ret->name = end + 1;
	return *ret->name;
}

static bool parse(struct jit_map *map)
{
	size_t lines = 0, kept = 0;
	char *line, *end;

	for (const char *at = map->text; *at; at++)
		lines += *at == '\n';
	map->pieces = calloc(lines + 1, sizeof(*map->pieces));
	if (!map->pieces)
		return false;
	/* A last line without its end is still being written. */
	for (line = map->text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (parse_line(line, &map->pieces[map->count])) {
			map->pieces[map->count].order = map->count;
			map->count++;
		}
	}
	if (map->count)
		qsort(map->pieces, map->count, sizeof(*map->pieces), compare);
	for (size_t i = 0; i < map->count; i++)
		if (i + 1 == map->count || map->pieces[i + 1].start != map->pieces[i].start)
			map->pieces[kept++] = map->pieces[i];
	map->count = kept;
	return true;
}

static char *read_text(int fd, size_t size)
{
	char *text = malloc(size + 1);
	size_t done = 0;

	while (text && done < size) {
		ssize_t got = pread(fd, text + done, size - done, (off_t)done);

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	if (text)
		text[done] = '\0';
	return text;
}

/* The id that the process of SPACE has in its own pid namespace. */
static pid_t own_pid(const struct space *space)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, space->anchor, &status);

	usdtrap_error_destroy(error);
	return error || !status.namespace_tgid ? space->pid : status.namespace_tgid;
}

/* Reads the file anew if it has grown since. */
static void refresh(struct space *space)
{
	struct jit_map *map, *former = space->modules->jit;
	_cleanup_close_ int fd = -1;
	struct stat status, process;
	char path[96];

	snprintf(path, sizeof(path), PROCFS_ROOT "/%d/root/tmp/perf-%d.map", (int)space->anchor, (int)own_pid(space));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > SIZE_MAX_OF_FILE)
		return;
	if (former && former->size == status.st_size)
		return;
	snprintf(path, sizeof(path), PROCFS_ROOT "/%d", (int)space->anchor);
	if (stat(path, &process) < 0 || (status.st_uid != process.st_uid && status.st_uid != 0))
		return;
	map = calloc(1, sizeof(*map));
	if (!map)
		return;
	map->size = status.st_size;
	map->text = read_text(fd, (size_t)status.st_size);
	if (!map->text || !parse(map)) {
		jit_map_destroy(map);
		return;
	}
	jit_map_destroy(former);
	space->modules->jit = map;
}

const char *jit_map_find(struct space *space, uint64_t address, uint64_t *ret_start)
{
	const struct jit_map *map;
	size_t low = 0, high;

	refresh(space);
	map = space->modules->jit;
	high = map ? map->count : 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->pieces[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address >= map->pieces[low - 1].end)
		return NULL;
	*ret_start = map->pieces[low - 1].start;
	return map->pieces[low - 1].name;
}
