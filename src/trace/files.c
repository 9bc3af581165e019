/* SPDX-License-Identifier: MIT */
#include "trace/files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <usdtrap/probe.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "os/procfs.h"
#include "trace/library.h"
#include "trace/process_files.h"

struct usdtrap_error *files_add(struct files *files, const char *path, const char *open_path)
{
	struct files_item *items = reallocarray(files->items, files->count + 1, sizeof(*items));
	struct files_item item = {0};

	if (!items)
		return &error_no_memory;
	files->items = items;
	item.path = strdup(path);
	item.open_path = strdup(open_path ? open_path : path);
	if (!item.path || !item.open_path) {
		free(item.path);
		free(item.open_path);
		return &error_no_memory;
	}
	items[files->count++] = item;
	return NULL;
}

static void item_deinit(struct files_item *item)
{
	free(item->path);
	free(item->open_path);
}

void files_deinit(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		item_deinit(&files->items[i]);
	free(files->items);
	memset(files, 0, sizeof(*files));
}

bool files_is_elf(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	char magic[4];

	return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       pread(fd, magic, sizeof(magic), 0) == sizeof(magic) && memcmp(magic, "\177ELF", sizeof(magic)) == 0;
}

struct usdtrap_error *files_open(const struct files_item *item, struct elf_object **ret)
{
	struct usdtrap_error *error = elf_object_open_as(item->open_path, item->path, ret);

	int error_number = error ? usdtrap_error_errno(error) : 0;

	if (!error_number || !item->is_path_stale)
		return error;
	usdtrap_error_destroy(error);
	if (strncmp(item->path, "/memfd:", 7) == 0)
		return error_hint(
			error_os(error_number,
				 "%s is a file in memory, which its process has closed, and cannot be opened",
				 item->path),
			"opening it takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN, which root has; or let usdtrap "
			"be there before the process makes it");
	return error_hint(error_os(error_number,
				   "%s was deleted or replaced since it was mapped, and the old file cannot be opened",
				   item->path),
			  "opening the old file takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN, which root has; "
			  "or restart the process, so that it runs the new one");
}

static bool has_wildcard(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

/* Adds the ELF files that the shell pattern ROOT/PATTERN leads to; adds to *RET_COUNT how many files fit at all. */
static struct usdtrap_error *add_matches(const char *root, const char *pattern, struct files *files, size_t *ret_count)
{
	_cleanup_strbuf_ struct strbuf whole = {0};
	struct usdtrap_error *error = NULL;
	glob_t paths;
	int status;

	strbuf_addf(&whole, "%s%s", root, pattern);
	status = whole.failed ? GLOB_NOSPACE : glob(strbuf_text(&whole), 0, NULL, &paths);
	if (status == GLOB_NOSPACE)
		return &error_no_memory;
	if (status != 0)
		return NULL;
	*ret_count += paths.gl_pathc;
	for (size_t i = 0; !error && i < paths.gl_pathc; i++)
		if (files_is_elf(paths.gl_pathv[i]))
			error = files_add(files, paths.gl_pathv[i], NULL);
	globfree(&paths);
	return error;
}

static struct usdtrap_error *find_matches(const struct files_places *places, const char *pattern, struct files *files)
{
	size_t count = 0;
	struct usdtrap_error *error = add_matches(places->root, pattern, files, &count);

	files->is_search = true;
	if (error || files->count)
		return error;
	if (!count)
		return error_create(USDTRAP_NOT_FOUND, "%s: no such file", pattern);
	return error_create(USDTRAP_NOT_FOUND, "%s: none of the %zu files that match is a readable ELF file", pattern,
			    count);
}

static bool is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && path[length] == '/';
}

/*
 * A path is a process's own, below INSIDE's root. It may also be one of ours,
 * for whoever types it stands here: what the process has mapped tells which, and
 * if it has neither, which is there.
 */
static struct usdtrap_error *find_path(const struct files_places *outside, const struct files_places *inside,
				       const char *path, pid_t pid, struct files *files)
{
	_cleanup_strbuf_ struct strbuf whole = {0};
	const bool is_own = path[0] == '/' && !is_below(path, outside->proc);
	struct usdtrap_error *error;

	if (is_own && pid) {
		error = process_files_find_path(outside, pid, inside->root, path, files);
		if (error || files->count)
			return error;
	}
	if (is_own)
		strbuf_add_string(&whole, inside->root);
	strbuf_add_string(&whole, path);
	if (whole.failed)
		return &error_no_memory;
	if (inside != outside && access(strbuf_text(&whole), F_OK) != 0 && access(path, F_OK) == 0)
		return files_add(files, path, NULL);
	/* A file may well have a bracket in its name. */
	if (has_wildcard(path) && access(strbuf_text(&whole), F_OK) != 0) {
		struct files_places here = *inside;

		here.root = "";
		return find_matches(&here, strbuf_text(&whole), files);
	}
	return files_add(files, strbuf_text(&whole), NULL);
}

/*
 * Adds the program WORD in FOLDER. Returns whether the search is over: a
 * script of that name (version managers put such in front) does not end it,
 * yet is kept as *FALLBACK, since it explains why nothing better was found.
 */
static bool find_in_folder(const struct files_places *places, const char *folder, const char *word, struct files *files,
			   char **fallback, struct usdtrap_error **ret_error)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	struct stat status;

	strbuf_addf(&path, "%s%s/%s", folder[0] == '/' ? places->root : "", *folder ? folder : ".", word);
	if (stat(strbuf_text(&path), &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	if (files_is_elf(strbuf_text(&path))) {
		*ret_error = files_add(files, strbuf_text(&path), NULL);
		return true;
	}
	if (!*fallback && access(strbuf_text(&path), X_OK) == 0)
		*fallback = strdup(strbuf_text(&path));
	return false;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Whether the files at two paths have one name and are one: /bin is often a link to /usr/bin, and both are in PATH. */
static bool is_same_program(const char *a, const char *b)
{
	struct stat status_a, status_b;

	return strcmp(file_name(a), file_name(b)) == 0 && stat(a, &status_a) == 0 && stat(b, &status_b) == 0 &&
	       status_a.st_dev == status_b.st_dev && status_a.st_ino == status_b.st_ino;
}

/* Of the files from FIRST on, drops those that are known from another folder of PATH. */
static void drop_known_programs(struct files *files, size_t first)
{
	size_t count = first;

	for (size_t i = first; i < files->count; i++) {
		bool is_known = false;

		for (size_t j = 0; j < first && !is_known; j++)
			is_known = is_same_program(files->items[j].path, files->items[i].path);
		if (is_known)
			item_deinit(&files->items[i]);
		else
			files->items[count++] = files->items[i];
	}
	files->count = count;
}

/* Looks WORD up in PATH, as execvp(3) would; with wildcards, all that fit. */
static struct usdtrap_error *find_program(const struct files_places *places, const char *word, struct files *files)
{
	_cleanup_free_ char *folders = strdup(places->path), *fallback = NULL;
	char *rest = folders, *folder;
	struct usdtrap_error *error = NULL;
	size_t count = 0;

	if (!folders)
		return &error_no_memory;
	while (!error && (folder = strsep(&rest, ":"))) {
		_cleanup_strbuf_ struct strbuf pattern = {0};
		size_t known_count = files->count;

		if (!has_wildcard(word)) {
			if (find_in_folder(places, folder, word, files, &fallback, &error))
				return error;
			continue;
		}
		strbuf_addf(&pattern, "%s/%s", *folder ? folder : ".", word);
		error = add_matches(*folder == '/' ? places->root : "", strbuf_text(&pattern), files, &count);
		drop_known_programs(files, known_count);
	}
	if (!error && !files->count && fallback)
		error = files_add(files, fallback, NULL);
	return error;
}

static int on_probe(const struct usdtrap_probe_info *probe, void *user)
{
	(void)probe;
	*(bool *)user = true;
	return 1;
}

/* Whether what process PID has mapped has probes of a provider called WORD. */
static bool is_provider(const char *word, pid_t pid)
{
	bool is_found = false;
	const struct usdtrap_list_callbacks callbacks = {.on_probe = on_probe, .user = &is_found};
	const struct usdtrap_pattern pattern = {.provider = word, .name = "*"};

	if (pid)
		usdtrap_error_destroy(usdtrap_list(&pattern, pid, &callbacks));
	return is_found;
}

static struct usdtrap_error *explain_missing_word(const char *word, pid_t pid)
{
	_cleanup_strbuf_ struct strbuf places = {0};

	if (is_provider(word, pid))
		return error_hint(error_create(USDTRAP_NOT_FOUND, "%s: process %d has no such file", word, (int)pid),
				  "%s is a provider: its probes are usdt:*:%s:NAME", word, word);

	if (pid)
		strbuf_addf(&places, "mapped by process %d, ", (int)pid);
	if (strncmp(word, "lib", 3) == 0)
		strbuf_add_string(&places, "where the dynamic loader looks, ");
	return error_hint(
		error_create(USDTRAP_NOT_FOUND, "%s: no such file %sin PATH or here", word, strbuf_text(&places)),
		"name the file by its path");
}

static struct usdtrap_error *find_word(const struct files_places *places, const struct files_places *inside,
				       const char *word, pid_t pid, struct files *files)
{
	struct usdtrap_error *error = NULL;

	if (pid)
		error = process_files_find(places, pid, word, files);
	if (!error && !files->count && strncmp(word, "lib", 3) == 0)
		error = library_find(inside, word, files);
	if (!error && !files->count)
		error = find_program(inside, word, files);
	if (!error && !files->count && access(word, F_OK) == 0)
		error = files_add(files, word, NULL);
	if (!error && !files->count)
		error = explain_missing_word(word, pid);
	return error;
}

static struct usdtrap_error *find_any(const struct files_places *places, pid_t pid, struct files *files)
{
	struct usdtrap_error *error;

	files->is_search = true;
	error = pid ? process_files_find(places, pid, NULL, files) : process_files_find_all(places, files);
	if (!error && !files->count && !pid)
		error = error_create(USDTRAP_NOT_FOUND,
				     "no process that this user may look into has an ELF file mapped");
	else if (!error && !files->count)
		error = error_create(USDTRAP_NOT_FOUND, "process %d has no ELF file mapped (is it a kernel thread?)",
				     (int)pid);
	return error;
}

/* As bpftrace lists them: PATH:PROVIDER:NAME bytewise, so the colon that follows a path counts. */
static int compare_paths(const void *left, const void *right)
{
	const unsigned char *a = (const unsigned char *)((const struct files_item *)left)->path;
	const unsigned char *b = (const unsigned char *)((const struct files_item *)right)->path;

	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b ? 0 : (*a ? *a : ':') - (*b ? *b : ':');
}

struct usdtrap_error *files_find_in(const struct files_places *places, const char *target, pid_t pid, struct files *ret)
{
	struct files_places its = *places;
	const struct files_places *inside = places;
	struct files files = {0};
	struct usdtrap_error *error;
	char root[PATH_MAX];

	if (pid && process_files_are_elsewhere(places, pid)) {
		snprintf(root, sizeof(root), "%s/%d/root", places->proc, (int)pid);
		its.root = root;
		its.library_path = NULL; /* ours, not its */
		inside = &its;
	}
	if (!target || !*target || strcmp(target, "*") == 0)
		error = find_any(places, pid, &files);
	else if (strchr(target, '/'))
		error = find_path(places, inside, target, pid, &files);
	else
		error = find_word(places, inside, target, pid, &files);
	if (error) {
		files_deinit(&files);
		return error;
	}
	qsort(files.items, files.count, sizeof(*files.items), compare_paths);
	files.is_search |= files.count > 1;
	*ret = files;
	return NULL;
}

struct usdtrap_error *files_find(const char *target, pid_t pid, struct files *ret)
{
	const char *path = getenv("PATH");
	const struct files_places places = {
		.proc = PROCFS_ROOT,
		.root = "",
		.path = path ? path : "/bin:/usr/bin",
		.library_path = getenv("LD_LIBRARY_PATH"),
	};

	return files_find_in(&places, target, pid, ret);
}
