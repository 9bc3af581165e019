/* SPDX-License-Identifier: MIT */
#include "os/procfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "os/procfs_file.h"

/* A list of process or thread ids that grows. */
struct id_list {
	pid_t *ids;
	size_t count;
	size_t capacity;
};

static void id_list_deinit(struct id_list *list)
{
	free(list->ids);
	memset(list, 0, sizeof(*list));
}

#define _cleanup_ids_ __attribute__((cleanup(id_list_deinit)))

static struct usdtrap_error *id_list_add(struct id_list *list, pid_t id)
{
	size_t capacity = list->capacity ? list->capacity * 2 : 16;
	pid_t *ids;

	if (list->count == list->capacity) {
		ids = reallocarray(list->ids, capacity, sizeof(*ids));
		if (!ids)
			return &error_no_memory;
		list->ids = ids;
		list->capacity = capacity;
	}
	list->ids[list->count++] = id;
	return NULL;
}

/* Hands the ids out; *RET is allocated even if there are none. */
static struct usdtrap_error *id_list_take(struct id_list *list, pid_t **ret, size_t *ret_count)
{
	if (!list->ids)
		list->ids = calloc(1, sizeof(*list->ids));
	if (!list->ids)
		return &error_no_memory;
	*ret = list->ids;
	*ret_count = list->count;
	memset(list, 0, sizeof(*list));
	return NULL;
}

/* The id that TEXT begins with, moving past it and the blanks behind; 0 if it does not begin with one. */
static pid_t take_id(const char **text)
{
	const char *at = *text;
	long id = 0;

	for (; isdigit((unsigned char)*at) && id <= INT_MAX; at++)
		id = id * 10 + (*at - '0');
	if (id > INT_MAX)
		return 0;
	*text = at + strspn(at, " \n");
	return (pid_t)id;
}

static void close_folder(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

/* Adds the names in FOLDER_FILE that are numbers. */
static struct usdtrap_error *list_ids(const struct procfs_file *folder_file, struct id_list *list)
{
	__attribute__((cleanup(close_folder))) DIR *folder = NULL;
	char path[PROCFS_FILE_PATH_MAX];
	struct usdtrap_error *error;
	struct dirent *entry;
	const char *name;
	pid_t id;

	procfs_file_path(folder_file, path);
	folder = opendir(path);
	if (!folder)
		return procfs_file_error(folder_file, "list", errno);
	while ((errno = 0, entry = readdir(folder))) {
		name = entry->d_name;
		id = take_id(&name);
		if (!id || *name)
			continue;
		error = id_list_add(list, id);
		if (error)
			return error;
	}
	if (errno)
		return procfs_file_error(folder_file, "list", errno);
	return NULL;
}

struct usdtrap_error *procfs_processes(const char *root, pid_t **ret, size_t *ret_count)
{
	const struct procfs_file folder = {.root = root, .name = ""};
	_cleanup_ids_ struct id_list list = {0};
	struct usdtrap_error *error = list_ids(&folder, &list);

	return error ? error : id_list_take(&list, ret, ret_count);
}

struct usdtrap_error *procfs_threads(const char *root, pid_t pid, pid_t **ret, size_t *ret_count)
{
	const struct procfs_file folder = {root, pid, 0, "task"};
	_cleanup_ids_ struct id_list list = {0};
	struct usdtrap_error *error = list_ids(&folder, &list);

	if (error)
		return error;
	/* The last thread was reaped between opening the folder and reading it. */
	if (list.count == 0)
		return &error_gone;
	return id_list_take(&list, ret, ret_count);
}

/* Adds the children that thread TID started. NOT_FOUND: this kernel has no such lists (CONFIG_PROC_CHILDREN). */
static struct usdtrap_error *add_children_of_thread(const char *root, pid_t pid, pid_t tid, struct id_list *list)
{
	const struct procfs_file file = {root, pid, tid, "children"};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct usdtrap_error *error = procfs_file_read(&file, &text);
	const char *cursor;
	pid_t child;

	if (error)
		return error;
	cursor = strbuf_text(&text);
	while ((child = take_id(&cursor))) {
		error = id_list_add(list, child);
		if (error)
			return error;
	}
	return NULL;
}

/* Adds every process that names PID as its parent. */
static struct usdtrap_error *add_children_by_parent(const char *root, pid_t pid, struct id_list *list)
{
	const struct procfs_file folder = {root, 0, 0, ""};
	_cleanup_ids_ struct id_list everyone = {0};
	struct procfs_status status;
	struct usdtrap_error *error = list_ids(&folder, &everyone);
	size_t i;

	for (i = 0; i < everyone.count && !error; i++) {
		error = procfs_status_read(root, everyone.ids[i], &status);
		if (!error && status.parent == pid)
			error = id_list_add(list, everyone.ids[i]);
		/* Processes end all the time, and some are hidden (hidepid): neither is a child that could be had. */
		else if (error_catch(error, USDTRAP_GONE) || error_catch(error, USDTRAP_PERMISSION))
			error = NULL;
	}
	return error;
}

struct usdtrap_error *procfs_children(const char *root, pid_t pid, pid_t **ret, size_t *ret_count)
{
	_cleanup_ids_ struct id_list children = {0};
	_cleanup_free_ pid_t *threads = NULL;
	size_t thread_count;
	struct usdtrap_error *error = procfs_threads(root, pid, &threads, &thread_count);
	size_t i;

	if (error)
		return error;
	for (i = 0; i < thread_count && !error; i++) {
		error = add_children_of_thread(root, pid, threads[i], &children);
		if (error_catch(error, USDTRAP_GONE))
			error = NULL;
	}
	if (error_catch(error, USDTRAP_NOT_FOUND)) {
		children.count = 0;
		error = add_children_by_parent(root, pid, &children);
	}
	if (error)
		return error;
	return id_list_take(&children, ret, ret_count);
}

struct usdtrap_error *procfs_link(const char *root, pid_t pid, const char *name, char **ret)
{
	const struct procfs_file file = {root, pid, 0, name};
	char path[PROCFS_FILE_PATH_MAX];
	char target[PATH_MAX + 1];
	ssize_t length;
	char *copy;

	procfs_file_path(&file, path);
	/* The kernel composes the target in one page, so it always fits. */
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return procfs_file_error(&file, "read", errno);
	target[length] = '\0';
	copy = strdup(target);
	if (!copy)
		return &error_no_memory;
	*ret = copy;
	return NULL;
}

struct usdtrap_error *procfs_line(const char *root, pid_t pid, const char *name, char *buffer, size_t size)
{
	const struct procfs_file file = {root, pid, 0, name};
	struct usdtrap_error *error = procfs_file_read_short(&file, buffer, size);

	if (!error)
		buffer[strcspn(buffer, "\n")] = '\0';
	return error;
}

bool procfs_system_call(const char *root, pid_t tid, long *ret)
{
	char line[256], *end;
	struct usdtrap_error *error = procfs_line(root, tid, "syscall", line, sizeof(line));
	long number;

	usdtrap_error_destroy(error);
	if (error)
		return false;
	number = strtol(line, &end, 10);
	if (end == line || number < 0) /* "running", or in no call */
		return false;
	*ret = number;
	return true;
}

bool procfs_call_read(const char *root, pid_t tid, struct procfs_call *ret)
{
	char line[256], *rest = line, *end;
	struct usdtrap_error *error = procfs_line(root, tid, "syscall", line, sizeof(line));
	struct procfs_call call;
	uint64_t *const words[] = {&call.arguments[0], &call.arguments[1], &call.arguments[2],  &call.arguments[3],
				   &call.arguments[4], &call.arguments[5], &call.stack_pointer, &call.pc};

	usdtrap_error_destroy(error);
	if (error)
		return false;
	call.number = strtol(rest, &end, 10);
	if (end == rest || call.number < 0)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		rest = end;
		*words[i] = strtoull(rest, &end, 16);
		if (end == rest)
			return false;
	}
	*ret = call;
	return true;
}

/* proc(5): "-1 SP PC" outside of system calls, else the number, six arguments, SP and PC. */
bool procfs_stack_pointer(const char *root, pid_t tid, uint64_t *ret)
{
	char line[256], *last;
	struct usdtrap_error *error = procfs_line(root, tid, "syscall", line, sizeof(line));

	usdtrap_error_destroy(error);
	last = error ? NULL : strrchr(line, ' ');
	if (!last)
		return false;
	*last = '\0';
	last = strrchr(line, ' ');
	if (!last)
		return false;
	*ret = strtoull(last + 1, NULL, 16);
	return true;
}

bool procfs_pc(const char *root, pid_t tid, uint64_t *ret)
{
	char line[256], *last;
	struct usdtrap_error *error = procfs_line(root, tid, "syscall", line, sizeof(line));

	usdtrap_error_destroy(error);
	last = error ? NULL : strrchr(line, ' ');
	if (!last)
		return false;
	*ret = strtoull(last, NULL, 16);
	return true;
}

bool procfs_auxiliary_value(const char *root, pid_t pid, uint64_t type, uint64_t *ret)
{
	const struct procfs_file file = {root, pid, 0, "auxv"};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct usdtrap_error *error = procfs_file_read(&file, &text);
	uint64_t pair[2];

	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	for (size_t at = 0; at + sizeof(pair) <= text.length; at += sizeof(pair)) {
		memcpy(pair, text.text + at, sizeof(pair));
		if (pair[0] != type)
			continue;
		*ret = pair[1];
		return true;
	}
	return false;
}

struct usdtrap_error *procfs_auxiliary(const char *root, pid_t tid, Elf64_auxv_t **ret)
{
	const struct procfs_file file = {root, tid, 0, "auxv"};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct usdtrap_error *error = procfs_file_read(&file, &text);
	Elf64_auxv_t *entries;

	if (error)
		return error;
	/* One more than there are, for a file that was cut before its end. */
	entries = calloc(text.length / sizeof(*entries) + 1, sizeof(*entries));
	if (!entries)
		return &error_no_memory;
	memcpy(entries, strbuf_text(&text), text.length / sizeof(*entries) * sizeof(*entries));
	*ret = entries;
	return NULL;
}
