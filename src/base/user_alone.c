/* SPDX-License-Identifier: MIT */
/*
 * For the static program only. A static glibc, too, loads the shared libraries
 * that /etc/nsswitch.conf names, and with them the machine's own C library, of
 * any version, into a process that has one already. So this asks nobody.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/user.h"

char *user_name(uid_t uid)
{
	_cleanup_file_ FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry = NULL;

	do
		entry = file ? fgetpwent(file) : NULL;
	while (entry && entry->pw_uid != uid);
	return entry ? strdup(entry->pw_name) : NULL;
}
