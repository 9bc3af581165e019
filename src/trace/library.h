/* SPDX-License-Identifier: MIT */
/* Shared libraries by name, as the dynamic loader would find them. */
#ifndef USDTRAP_TRACE_LIBRARY_H
#define USDTRAP_TRACE_LIBRARY_H

#include <stdbool.h>

#include "trace/files.h"

/* Whether FILE_NAME, such as libfoo.so.1.2, is library NAME: as a whole or without .2, .1.2 or .so.1.2. NAME may have
 * wildcards (base/glob.h). */
bool library_is_named(const char *file_name, const char *name);

/*
 * Adds the files of library NAME to FILES: from LD_LIBRARY_PATH, else from the
 * loader's cache, else from the default folders (ld.so(8)). All versions and
 * all word sizes are added, but one file only once. Adding none is no error.
 */
struct usdtrap_error *library_find(const struct files_places *places, const char *name,
				   struct files *files) USDTRAP_MUST_USE;

#endif
