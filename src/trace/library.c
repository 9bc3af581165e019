/* SPDX-License-Identifier: MIT */
#include "trace/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/strbuf.h"
#include "trace/library_cache.h"

/* A search under way. */
struct search {
	const struct files_places *places;
	const char *name;
	struct files *files;
	struct usdtrap_error *error;
};

/* Tries libruby-3.1.so.3.1, then libruby-3.1.so.3, libruby-3.1.so and libruby-3.1. */
bool library_is_named(const char *file_name, const char *name)
{
	_cleanup_free_ char *stem = strdup(file_name);
	char *suffix = stem ? strstr(stem, ".so") : NULL;
	char *dot;

	if (glob_match(name, file_name))
		return true;
	while (suffix && (dot = strrchr(stem, '.')) && dot >= suffix) {
		*dot = '\0';
		if (glob_match(name, stem))
			return true;
	}
	return false;
}

/* libfoo.so is usually a link to libfoo.so.1: one file. */
static bool is_known(const struct files *files, const char *path)
{
	struct stat wanted, known;

	if (stat(path, &wanted) != 0)
		return false;
	for (size_t i = 0; i < files->count; i++)
		if (stat(files->items[i].path, &known) == 0 && known.st_dev == wanted.st_dev &&
		    known.st_ino == wanted.st_ino)
			return true;
	return false;
}

/* Adds ROOT/PATH if it is a library. */
static void offer(struct search *search, const char *path)
{
	_cleanup_strbuf_ struct strbuf whole = {0};

	strbuf_addf(&whole, "%s%s", search->places->root, path);
	if (whole.failed)
		search->error = &error_no_memory;
	else if (files_is_elf(strbuf_text(&whole)) && !is_known(search->files, strbuf_text(&whole)))
		search->error = files_add(search->files, strbuf_text(&whole), NULL);
}

static int offer_cached(const char *name, const char *path, void *user)
{
	struct search *search = user;

	if (library_is_named(name, search->name))
		offer(search, path);
	return search->error != NULL;
}

static void search_cache(struct search *search)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	_cleanup_free_ uint8_t *bytes = NULL;
	_cleanup_close_ int fd = -1;
	struct stat status;
	ssize_t size;

	strbuf_addf(&path, "%s/etc/ld.so.cache", search->places->root);
	fd = open(strbuf_text(&path), O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return; /* a C library without a cache */
	bytes = malloc((size_t)status.st_size + 1);
	if (!bytes) {
		search->error = &error_no_memory;
		return;
	}
	size = pread(fd, bytes, (size_t)status.st_size, 0);
	if (size > 0)
		library_cache_walk(bytes, (size_t)size, offer_cached, search);
}

static int compare_names(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

/* Offers what is in FOLDER, in order of the names. */
static void search_folder(struct search *search, const char *folder)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	struct dirent **entries;
	int count;

	strbuf_addf(&path, "%s%s", search->places->root, folder);
	count = scandir(strbuf_text(&path), &entries, NULL, compare_names);
	for (int i = 0; i < count; i++) {
		if (!search->error && library_is_named(entries[i]->d_name, search->name)) {
			strbuf_clear(&path);
			strbuf_addf(&path, "%s/%s", folder, entries[i]->d_name);
			offer(search, strbuf_text(&path));
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void search_library_path(struct search *search)
{
	_cleanup_free_ char *folders = search->places->library_path ? strdup(search->places->library_path) : NULL;
	char *rest = folders, *folder;

	while (rest && !search->error && (folder = strsep(&rest, ":;")))
		search_folder(search, *folder ? folder : ".");
}

static void search_default_folders(struct search *search)
{
	/* With the folders of distributions that keep libraries for several architectures side by side. */
	static const char *const patterns[] = {"/lib64", "/usr/lib64", "/lib/*-linux-*", "/usr/lib/*-linux-*",
					       "/lib",   "/usr/lib",   "/usr/local/lib"};
	size_t root_length = strlen(search->places->root);

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		_cleanup_strbuf_ struct strbuf pattern = {0};
		glob_t folders;

		strbuf_addf(&pattern, "%s%s", search->places->root, patterns[i]);
		if (glob(strbuf_text(&pattern), 0, NULL, &folders) != 0)
			continue;
		for (size_t j = 0; j < folders.gl_pathc && !search->error; j++)
			search_folder(search, folders.gl_pathv[j] + root_length);
		globfree(&folders);
	}
}

struct usdtrap_error *library_find(const struct files_places *places, const char *name, struct files *files)
{
	struct search search = {.places = places, .name = name, .files = files};

	search_library_path(&search);
	if (!search.error && !files->count)
		search_cache(&search);
	if (!search.error && !files->count)
		search_default_folders(&search);
	return search.error;
}
