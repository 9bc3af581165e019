/* SPDX-License-Identifier: MIT */
#include "support/fake_proc.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void path_of(const struct fake_proc *proc, const char *name, char *path)
{
	assert_in_range(snprintf(path, PATH_MAX, "%s/%s", proc->root, name), 1, PATH_MAX - 1);
}

/* Makes the folders that PATH goes through, from the root on. */
static void make_parents(const struct fake_proc *proc, char *path)
{
	char *slash = path + strlen(proc->root);

	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

void fake_proc_create(struct fake_proc *proc)
{
	const char *folder = getenv("TMPDIR");

	if (!folder || strlen(folder) > sizeof(proc->root) - sizeof("/usdtrap-proc-XXXXXX"))
		folder = "/tmp";
	snprintf(proc->root, sizeof(proc->root), "%s/usdtrap-proc-XXXXXX", folder);
	assert_non_null(mkdtemp(proc->root));
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
	(void)about;
	(void)type;
	(void)walk;
	return remove(path);
}

static void remove_tree(const char *path)
{
	assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void fake_proc_destroy(struct fake_proc *proc)
{
	remove_tree(proc->root);
}

void fake_proc_folder(const struct fake_proc *proc, const char *name)
{
	char path[PATH_MAX];

	path_of(proc, name, path);
	make_parents(proc, path);
	assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
}

void fake_proc_file(const struct fake_proc *proc, const char *name, const char *text)
{
	fake_proc_bytes(proc, name, text, strlen(text));
}

void fake_proc_bytes(const struct fake_proc *proc, const char *name, const void *bytes, size_t size)
{
	_cleanup_file_ FILE *file = NULL;
	char path[PATH_MAX];

	path_of(proc, name, path);
	make_parents(proc, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fflush(file), 0);
}

void fake_proc_link(const struct fake_proc *proc, const char *name, const char *target)
{
	char path[PATH_MAX];

	path_of(proc, name, path);
	make_parents(proc, path);
	assert_int_equal(symlink(target, path), 0);
}

void fake_proc_remove(const struct fake_proc *proc, const char *name)
{
	char path[PATH_MAX];

	path_of(proc, name, path);
	remove_tree(path);
}
