/* SPDX-License-Identifier: MIT */
/* Any bytes as the dynamic loader's list of libraries. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "trace/library.h"
#include "trace/library_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_library(const char *name, const char *path, void *user)
{
	size_t *left = user;

	assert(strlen(path) < SIZE_MAX);
	library_is_named(name, "libc");
	library_is_named(name, "lib*.so");
	assert(*left > 0); /* each entry takes bytes: there are no more of them than those */
	--*left;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nothing;
	size_t left = size / 24;

	library_cache_walk(size ? data : &nothing, size, check_library, &left);
	return 0;
}
