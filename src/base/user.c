/* SPDX-License-Identifier: MIT */
#include "base/user.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

char *user_name(uid_t uid)
{
	_cleanup_free_ char *buffer = NULL;
	struct passwd entry, *found = NULL;
	int error = ERANGE;

	/* No bound of an entry's size is known beforehand. */
	for (size_t size = 1024; error == ERANGE && size <= 1024 * 1024; size *= 4) {
		char *larger = realloc(buffer, size);

		if (!larger)
			return NULL;
		buffer = larger;
		error = getpwuid_r(uid, &entry, buffer, size, &found);
	}
	return found ? strdup(found->pw_name) : NULL;
}
