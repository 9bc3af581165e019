/* SPDX-License-Identifier: MIT */
/*
 * The dynamic loader's list of libraries, /etc/ld.so.cache, as ldconfig(8)
 * writes it: names in the order the loader prefers them, each with a path.
 * Pure: bytes in, entries out.
 */
#ifndef USDTRAP_TRACE_LIBRARY_CACHE_H
#define USDTRAP_TRACE_LIBRARY_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nonzero ends the walk. NAME and PATH are views of the cache's bytes. */
typedef int (*library_cache_fn)(const char *name, const char *path, void *user);

/* Calls back for each entry that is sound. False: the SIZE bytes at BYTES are no cache. */
bool library_cache_walk(const uint8_t *bytes, size_t size, library_cache_fn on_library, void *user);

#endif
