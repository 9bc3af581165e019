/* SPDX-License-Identifier: MIT */
#include "os/privileged.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "os/capability.h"
#include "os/procfs.h"

bool privileged_tracer(const char *root)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(root, gettid(), &status);

	usdtrap_error_destroy(error);
	return !error && capability_is_in(status.capabilities_effective, CAPABILITY_SYS_PTRACE);
}

bool privileged_program(pid_t tid, int directory, const char *path)
{
	_cleanup_free_ char *from_here = NULL;
	struct stat status;
	int length;

	if (path[0] == '/')
		length = asprintf(&from_here, PROCFS_ROOT "/%d/root%s", (int)tid, path);
	else if (directory == AT_FDCWD)
		length = asprintf(&from_here, PROCFS_ROOT "/%d/cwd/%s", (int)tid, path);
	else
		length = asprintf(&from_here, PROCFS_ROOT "/%d/fd/%d%s%s", (int)tid, directory, *path ? "/" : "", path);
	if (length < 0) {
		from_here = NULL;
		return false;
	}
	if (stat(from_here, &status) < 0 || !S_ISREG(status.st_mode) || !(status.st_mode & 0111))
		return false;
	return status.st_mode & (S_ISUID | S_ISGID) || getxattr(from_here, "security.capability", NULL, 0) > 0;
}
