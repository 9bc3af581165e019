/* SPDX-License-Identifier: MIT */
#include "os/procfs_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

void procfs_file_path(const struct procfs_file *file, char *buffer)
{
	if (file->tid)
		snprintf(buffer, PROCFS_FILE_PATH_MAX, "%s/%d/task/%d/%s", file->root, (int)file->pid, (int)file->tid,
			 file->name);
	else if (file->pid)
		snprintf(buffer, PROCFS_FILE_PATH_MAX, "%s/%d/%s", file->root, (int)file->pid, file->name);
	else
		snprintf(buffer, PROCFS_FILE_PATH_MAX, "%s/%s", file->root, file->name);
}

/* ENOENT is ambiguous: an ended process, or a file that this kernel does not have. The folder tells. */
static bool has_ended(const struct procfs_file *file)
{
	struct procfs_file folder = *file;
	char path[PROCFS_FILE_PATH_MAX];

	folder.name = "";
	procfs_file_path(&folder, path);
	return access(path, F_OK) != 0;
}

struct usdtrap_error *procfs_file_error(const struct procfs_file *file, const char *verb, int error_number)
{
	char path[PROCFS_FILE_PATH_MAX];

	if (error_number == ESRCH || (error_number == ENOENT && file->pid && has_ended(file)))
		return &error_gone;
	procfs_file_path(file, path);
	return error_os(error_number, "cannot %s %s", verb, path);
}

static struct usdtrap_error *open_file(const struct procfs_file *file, int *ret)
{
	char path[PROCFS_FILE_PATH_MAX];
	int fd;

	procfs_file_path(file, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return procfs_file_error(file, "read", errno);
	*ret = fd;
	return NULL;
}

struct usdtrap_error *procfs_file_read(const struct procfs_file *file, struct strbuf *ret)
{
	enum { CHUNK = 16384 };
	_cleanup_close_ int fd = -1;
	struct usdtrap_error *error = open_file(file, &fd);
	ssize_t got;
	char *end;

	if (error)
		return error;
	for (;;) {
		end = strbuf_reserve(ret, CHUNK);
		if (!end)
			return &error_no_memory;
		got = read(fd, end, CHUNK);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return procfs_file_error(file, "read", errno);
		if (got == 0)
			return NULL;
		ret->length += (size_t)got;
		ret->text[ret->length] = '\0';
	}
}

struct usdtrap_error *procfs_file_read_short(const struct procfs_file *file, char *buffer, size_t size)
{
	_cleanup_close_ int fd = -1;
	struct usdtrap_error *error = open_file(file, &fd);
	ssize_t got;

	if (error)
		return error;
	do
		got = read(fd, buffer, size - 1);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return procfs_file_error(file, "read", errno);
	buffer[got] = '\0';
	return NULL;
}
