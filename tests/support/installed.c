/* SPDX-License-Identifier: MIT */
#include "support/installed.h"

#include <glob.h>
#include <stddef.h>

static const char *const libraries[] = {
	"/lib*/*/libc.so.6",         "/usr/lib/*/libstdc++.so.6",
	"/usr/lib/*/libcrypto.so.*", "/usr/lib/*/libpython3*.so.1*",
	"/usr/lib/*/libm.so.6",      "/usr/lib/*/libsqlite3.so.0",
	"/usr/lib/*/libperl.so.*",
};

void installed_each_library(void (*back)(const char *path, void *user), void *user)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		glob_t paths;

		if (glob(libraries[i], 0, NULL, &paths) != 0)
			continue;
		back(paths.gl_pathv[0], user);
		globfree(&paths);
	}
}
