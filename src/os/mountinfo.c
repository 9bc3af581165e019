/* SPDX-License-Identifier: MIT */
/*
 * A line reads
 *
 *	36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue
 *	id parent device root path options, any number of more fields, a dash, type source options
 *
 * with blanks, tabs, newlines and backslashes in names as three octal digits.
 */
#include "os/mountinfo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "os/procfs_file.h"

static bool is_octal(const char *text)
{
	for (unsigned i = 0; i < 3; i++)
		if (text[i] < '0' || text[i] > '7')
			return false;
	return true;
}

static void undo_escapes(char *text)
{
	char *to = text;

	for (; *text; to++) {
		if (*text == '\\' && is_octal(text + 1)) {
			*to = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

static bool parse_device(const char *text, uint64_t *ret)
{
	unsigned long major, minor;
	char *end;

	major = strtoul(text, &end, 10);
	if (end == text || *end != ':')
		return false;
	text = end + 1;
	minor = strtoul(text, &end, 10);
	if (end == text || *end)
		return false;
	*ret = makedev((unsigned)major, (unsigned)minor);
	return true;
}

bool mount_parse(char *line, struct mount *ret)
{
	enum { ID = 0, DEVICE = 2, PATH = 4, OPTIONS = 5 };
	char *fields[OPTIONS + 1], *field, *end;

	for (unsigned i = 0; i <= OPTIONS; i++) {
		fields[i] = strsep(&line, " ");
		if (!fields[i] || !*fields[i])
			return false;
	}
	do
		field = strsep(&line, " ");
	while (field && strcmp(field, "-") != 0);
	field = field ? strsep(&line, " ") : NULL;
	ret->id = strtoull(fields[ID], &end, 10);
	if (*end || !field || !*field || fields[PATH][0] != '/' || !parse_device(fields[DEVICE], &ret->device))
		return false;
	undo_escapes(fields[PATH]);
	undo_escapes(field);
	ret->path = fields[PATH];
	ret->type = field;
	return true;
}

static bool is_one_of(const char *type, const char *const *types)
{
	while (*types && strcmp(*types, type) != 0)
		types++;
	return *types;
}

enum mount_kind mount_kind(const char *type)
{
	static const char *const without_programs[] = {
		"autofs",     "binfmt_misc", "bpf",       "cgroup",  "cgroup2", "configfs", "debugfs", "devpts",
		"efivarfs",   "fusectl",     "mqueue",    "nfsd",    "nsfs",    "proc",     "pstore",  "resctrl",
		"rpc_pipefs", "securityfs",  "selinuxfs", "smackfs", "sysfs",   "tracefs",  "xenfs",   NULL};
	static const char *const of_others[] = {"9p",      "afs",      "ceph",   "cifs",  "coda",     "fuse",
						"fuseblk", "gfs2",     "lustre", "ncpfs", "nfs",      "nfs4",
						"ocfs2",   "orangefs", "smb3",   "smbfs", "virtiofs", NULL};

	if (is_one_of(type, without_programs))
		return MOUNT_WITHOUT_PROGRAMS;
	if (is_one_of(type, of_others) || strncmp(type, "fuse.", strlen("fuse.")) == 0)
		return MOUNT_OF_OTHERS;
	return MOUNT_ORDINARY;
}

struct usdtrap_error *mounts_read(const char *root, pid_t pid, struct mounts *ret)
{
	const struct procfs_file file = {.root = root, .pid = pid, .name = "mountinfo"};
	_cleanup_strbuf_ struct strbuf text = {0};
	struct usdtrap_error *error = procfs_file_read(&file, &text);
	struct mounts mounts = {0};
	size_t lines = 1;
	char *rest, *line;

	if (error)
		return error;
	mounts.text = strdup(strbuf_text(&text));
	for (const char *at = mounts.text; at && *at; at++)
		lines += *at == '\n';
	mounts.items = calloc(lines, sizeof(*mounts.items));
	if (!mounts.text || !mounts.items) {
		mounts_deinit(&mounts);
		return &error_no_memory;
	}
	rest = mounts.text;
	while ((line = strsep(&rest, "\n")))
		mounts.count += mount_parse(line, &mounts.items[mounts.count]);
	*ret = mounts;
	return NULL;
}

void mounts_deinit(struct mounts *mounts)
{
	free(mounts->items);
	free(mounts->text);
	memset(mounts, 0, sizeof(*mounts));
}
