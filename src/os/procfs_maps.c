/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/maps, one line per mapping (proc(5)):
 *
 *	7f5ac8e00000-7f5ac8e22000 r-xp 00026000 fe:01 1319 /usr/lib/libc.so.6
 *	start        end          perm offset   dev   inode path
 *
 * Numbers are hexadecimal but for the inode; the path is what is left after
 * any number of blanks. The kernel escapes newlines in paths as \012 and
 * nothing else, not even the backslash: so \012 alone is undone, and a file
 * whose name really holds these four characters cannot be told apart. Its
 * device and inode still can.
 *
 * The path of a file that was unlinked ends in " (deleted)"; so may the name
 * of one that was not. A line that cannot be understood is left out: one lie
 * spoils nothing else.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "os/procfs.h"
#include "os/procfs_file.h"

static int digit_value(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	return 16;
}

/* Reads a number of BASE at *CURSOR, at most MAXIMUM, and moves past it. False: there is none, or it is too large. */
static bool take_number(char **cursor, unsigned base, uint64_t maximum, uint64_t *ret)
{
	char *at = *cursor;
	uint64_t value = 0;
	unsigned digit;

	while ((digit = (unsigned)digit_value(*at)) < base) {
		if (value > (maximum - digit) / base)
			return false;
		value = value * base + digit;
		at++;
	}
	if (at == *cursor)
		return false;
	*cursor = at;
	*ret = value;
	return true;
}

static bool take_character(char **cursor, char character)
{
	if (**cursor != character)
		return false;
	++*cursor;
	return true;
}

/* One letter of the permissions: IF_SET or IF_CLEAR. */
static bool take_flag(char **cursor, char if_set, char if_clear, bool *ret)
{
	*ret = **cursor == if_set;
	return take_character(cursor, *ret ? if_set : if_clear);
}

/* Undoes the kernel's one escape, in place. */
static void unescape_newlines(char *path)
{
	const char *from = path;
	char *to = path;

	while (*from) {
		if (strncmp(from, "\\012", 4) == 0) {
			*to++ = '\n';
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

static bool strip_suffix(char *path, const char *suffix)
{
	size_t length = strlen(path);
	size_t suffix_length = strlen(suffix);

	if (length < suffix_length || strcmp(path + length - suffix_length, suffix) != 0)
		return false;
	path[length - suffix_length] = '\0';
	return true;
}

bool procfs_parse_mapping(char *line, struct procfs_mapping *ret)
{
	struct procfs_mapping mapping;
	char *cursor = line;
	uint64_t major_number;
	uint64_t minor_number;

	if (!take_number(&cursor, 16, UINT64_MAX, &mapping.start) || !take_character(&cursor, '-') ||
	    !take_number(&cursor, 16, UINT64_MAX, &mapping.end) || mapping.start >= mapping.end ||
	    !take_character(&cursor, ' '))
		return false;
	if (!take_flag(&cursor, 'r', '-', &mapping.is_readable) ||
	    !take_flag(&cursor, 'w', '-', &mapping.is_writable) ||
	    !take_flag(&cursor, 'x', '-', &mapping.is_executable) ||
	    !take_flag(&cursor, 's', 'p', &mapping.is_shared) || !take_character(&cursor, ' '))
		return false;
	if (!take_number(&cursor, 16, UINT64_MAX, &mapping.offset) || !take_character(&cursor, ' ') ||
	    !take_number(&cursor, 16, UINT_MAX, &major_number) || !take_character(&cursor, ':') ||
	    !take_number(&cursor, 16, UINT_MAX, &minor_number) || !take_character(&cursor, ' ') ||
	    !take_number(&cursor, 10, UINT64_MAX, &mapping.inode) || (*cursor && *cursor != ' '))
		return false;
	mapping.device = makedev((unsigned)major_number, (unsigned)minor_number);

	while (take_character(&cursor, ' '))
		;
	mapping.is_deleted = strip_suffix(cursor, " (deleted)");
	unescape_newlines(cursor);
	mapping.path = cursor;
	*ret = mapping;
	return true;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

struct usdtrap_error *procfs_maps_read(const char *root, pid_t pid, pid_t tid, struct procfs_maps *ret)
{
	const struct procfs_file file = {root, pid, tid, "maps"};
	struct strbuf text = {0};
	struct procfs_maps maps = {0};
	struct usdtrap_error *error = procfs_file_read(&file, &text);
	char *line;
	char *end;

	if (error) {
		strbuf_deinit(&text);
		return error;
	}
	maps.text = strbuf_take(&text);
	if (maps.text)
		maps.items = calloc(count_lines(maps.text) + 1, sizeof(*maps.items));
	if (!maps.items) {
		procfs_maps_deinit(&maps);
		return &error_no_memory;
	}
	for (line = maps.text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		maps.count += procfs_parse_mapping(line, &maps.items[maps.count]);
	}
	*ret = maps;
	return NULL;
}

void procfs_maps_deinit(struct procfs_maps *maps)
{
	free(maps->items);
	free(maps->text);
	memset(maps, 0, sizeof(*maps));
}

const struct procfs_mapping *procfs_mapping_at(const struct procfs_maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps->items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && address < maps->items[low - 1].end ? &maps->items[low - 1] : NULL;
}

/* Opens PATH if MAPPING's file is there. -1: it is not. */
static int open_if_same(const char *path, const struct procfs_mapping *mapping, bool is_ours)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	/*
	 * Some file systems show maps another device than stat(2), so by the process's own ways an inode is enough;
	 * by a path of ours it may be that of another file.
	 */
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_ino == mapping->inode &&
	    (!is_ours || status.st_dev == mapping->device))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int procfs_mapping_open(const char *root, pid_t pid, const struct procfs_mapping *mapping)
{
	char path[2 * PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%d/root%s", root, (int)pid, mapping->path);
	fd = open_if_same(path, mapping, false);
	if (fd < 0)
		fd = open_if_same(mapping->path, mapping, true);
	if (fd < 0) {
		snprintf(path, sizeof(path), "%s/%d/map_files/%" PRIx64 "-%" PRIx64, root, (int)pid, mapping->start,
			 mapping->end);
		fd = open_if_same(path, mapping, false);
	}
	if (fd < 0) {
		snprintf(path, sizeof(path), "%s/%d/exe", root, (int)pid);
		fd = open_if_same(path, mapping, false);
	}
	return fd;
}
