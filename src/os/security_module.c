/* SPDX-License-Identifier: MIT */
#include "os/security_module.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "os/procfs.h"
#include "os/procfs_file.h"

/* Reads a one-line file; "" if that fails. */
static void read_label(const char *root, pid_t pid, const char *name, char *buffer)
{
	struct usdtrap_error *error = procfs_line(root, pid, name, buffer, SECURITY_LABEL_SIZE);

	if (error)
		buffer[0] = '\0';
	usdtrap_error_destroy(error);
}

/* Finds where the file system of TYPE is mounted: "DEVICE FOLDER TYPE ..." in /proc/self/mounts, fstab(5). */
static bool find_mount(const char *root, pid_t self, const char *type, char *folder, size_t size)
{
	const struct procfs_file file = {root, self, 0, "mounts"};
	_cleanup_strbuf_ struct strbuf mounts = {0};
	struct usdtrap_error *error = procfs_file_read(&file, &mounts);
	char *rest = mounts.text;
	char *line;

	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	while ((line = strsep(&rest, "\n"))) {
		const char *mounted;
		const char *its_type;

		strsep(&line, " ");
		mounted = strsep(&line, " ");
		its_type = strsep(&line, " ");
		if (!mounted || !its_type || strcmp(its_type, type) != 0)
			continue;
		return (size_t)snprintf(folder, size, "%s", mounted) < size;
	}
	return false;
}

/* Whether the file NAME in FOLDER begins with '1'. */
static bool is_on(const char *folder, const char *name)
{
	char path[PATH_MAX];
	_cleanup_file_ FILE *file = NULL;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
		return false;
	file = fopen(path, "re");
	return file && getc(file) == '1';
}

bool security_module_selinux(const char *root, pid_t self, pid_t target, struct security_selinux *ret)
{
	char folder[PATH_MAX / 2];

	if (!find_mount(root, self, "selinuxfs", folder, sizeof(folder)))
		return false;
	ret->is_enforcing = is_on(folder, "enforce");
	ret->denies_all = is_on(folder, "booleans/deny_ptrace");
	read_label(root, self, "attr/current", ret->self);
	read_label(root, target, "attr/current", ret->target);
	return true;
}

/*
 * "PROFILE (MODE)" or "unconfined". False: not AppArmor's. Where several
 * modules are stacked its label has a folder of its own (Linux 5.1).
 */
static bool read_profile(const char *root, pid_t pid, char *label, bool *ret_is_confined)
{
	static const char enforced[] = " (enforce)";
	size_t length;

	read_label(root, pid, "attr/apparmor/current", label);
	if (!label[0])
		read_label(root, pid, "attr/current", label);
	length = strlen(label);
	*ret_is_confined = length >= sizeof(enforced) && strcmp(label + length - strlen(enforced), enforced) == 0;
	if (*ret_is_confined)
		label[length - strlen(enforced)] = '\0';
	return *ret_is_confined || strcmp(label, "unconfined") == 0;
}

bool security_module_apparmor(const char *root, pid_t self, pid_t target, struct security_apparmor *ret)
{
	bool knows_self = read_profile(root, self, ret->self, &ret->confines_self);
	bool knows_target = read_profile(root, target, ret->target, &ret->confines_target);

	return knows_self || knows_target;
}
