/* SPDX-License-Identifier: MIT */
#include "os/runtime_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { CANDIDATE_COUNT = 4, PATH_SIZE = 4096 };

/* The INDEXth place to look at. False: it is none of this user's. */
static bool candidate(unsigned index, char *path)
{
	const char *session = secure_getenv("XDG_RUNTIME_DIR");
	const uid_t user = geteuid();
	int length = -1;

	switch (index) {
	case 0:
		if (user == 0)
			length = snprintf(path, PATH_SIZE, "/run/usdtrap");
		break;
	case 1: /* sudo(8) may pass on another user's, where root's records do not belong */
		if (user != 0 && session && *session == '/')
			length = snprintf(path, PATH_SIZE, "%s/usdtrap", session);
		break;
	case 2:
		length = snprintf(path, PATH_SIZE, "/run/user/%u/usdtrap", (unsigned)user);
		break;
	case 3:
		length = snprintf(path, PATH_SIZE, "/tmp/usdtrap-%u", (unsigned)user);
		break;
	}
	return length > 0 && length < PATH_SIZE;
}

/* Opens the folder at PATH, if it is safe: OWNER's, and nobody else may go in. */
static struct usdtrap_error *open_safe(const char *path, uid_t *ret_owner, int *ret_fd)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return error_os(errno, "cannot open %s", path);
	if (fstat(fd, &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0 &&
	    (*ret_owner == (uid_t)-1 || *ret_owner == status.st_uid)) {
		*ret_owner = status.st_uid;
		*ret_fd = fd;
		return NULL;
	}
	close(fd);
	return error_create(USDTRAP_PERMISSION, "%s does not belong to this user alone", path);
}

struct usdtrap_error *runtime_folder_open(int *ret_fd)
{
	struct usdtrap_error *error = NULL;
	uid_t owner = geteuid();
	char path[PATH_SIZE];

	for (unsigned i = 0; i < CANDIDATE_COUNT; i++) {
		if (!candidate(i, path))
			continue;
		usdtrap_error_destroy(error);
		error = NULL;
		if (mkdir(path, S_IRWXU) < 0 && errno != EEXIST)
			error = error_os(errno, "cannot make %s", path);
		if (!error)
			error = open_safe(path, &owner, ret_fd);
		if (!error)
			return NULL;
	}
	return error;
}

static void visit_path(const char *path, uid_t owner, void (*visit)(int folder_fd, uid_t owner, void *user), void *user)
{
	struct usdtrap_error *error;
	int fd;

	error = open_safe(path, &owner, &fd);
	usdtrap_error_destroy(error);
	if (error)
		return;
	visit(fd, owner, user);
	close(fd);
}

static void visit_all(const char *pattern, void (*visit)(int folder_fd, uid_t owner, void *user), void *user)
{
	glob_t found;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		visit_path(found.gl_pathv[i], (uid_t)-1, visit, user);
	globfree(&found);
}

void runtime_folder_each(void (*visit)(int folder_fd, uid_t owner, void *user), void *user)
{
	char path[PATH_SIZE];

	if (geteuid() == 0) {
		visit_all("/run/usdtrap", visit, user);
		visit_all("/run/user/*/usdtrap", visit, user);
		visit_all("/tmp/usdtrap-*", visit, user);
		return;
	}
	for (unsigned i = 0; i < CANDIDATE_COUNT; i++)
		if (candidate(i, path))
			visit_path(path, geteuid(), visit, user);
}
