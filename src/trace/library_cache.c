/* SPDX-License-Identifier: MIT */
/*
 * The cache in its present format (glibc 2.2 and newer; <dl-cache.h> of glibc
 * is its only description):
 *
 *	"glibc-ld.so.cache1.1"      20 bytes
 *	u32 number of entries
 *	u32 size of the strings
 *	20 bytes: byte order, extensions, unused
 *	per entry, 24 bytes:
 *		i32 flags, u32 name, u32 path, u32 unused, u64 hardware capabilities
 *	strings, NUL-ended
 *
 * Names and paths are offsets from the first byte of the header. Up to glibc
 * 2.31, ldconfig wrote an older format with 12-byte entries first and this one
 * behind it, at the next multiple of 8. Numbers have the machine's own byte
 * order.
 */
#include "trace/library_cache.h"

#include <string.h>

#include "base/cursor.h"

#define OLD_MAGIC "ld.so-1.7.0"
#define MAGIC     "glibc-ld.so.cache1.1"

enum { OLD_MAGIC_PADDED = 12, OLD_ENTRY_SIZE = 12, HEADER_REST = 20 };

static bool take_magic(struct cursor *cursor, const char *magic)
{
	struct cursor ahead = *cursor;
	const uint8_t *bytes = cursor_bytes(&ahead, strlen(magic));

	if (!bytes || memcmp(bytes, magic, strlen(magic)) != 0)
		return false;
	*cursor = ahead;
	return true;
}

/* Moves behind a cache of the old format, if CURSOR stands at one. */
static bool skip_old_format(struct cursor *cursor)
{
	uint32_t count;

	if (!take_magic(cursor, OLD_MAGIC))
		return true;
	if (!cursor_seek(cursor, OLD_MAGIC_PADDED) || !cursor_u32(cursor, &count) ||
	    !cursor_skip(cursor, (uint64_t)count * OLD_ENTRY_SIZE))
		return false;
	cursor_align(cursor, 8);
	return true;
}

static const char *string_at(struct cursor cache, uint32_t offset)
{
	return cursor_seek(&cache, offset) ? cursor_string(&cache) : NULL;
}

bool library_cache_walk(const uint8_t *bytes, size_t size, library_cache_fn on_library, void *user)
{
	const uint16_t probe = 1;
	struct cursor cursor = {.bytes = bytes, .size = size, .is_big_endian = *(const uint8_t *)&probe == 0};
	struct cursor cache;
	uint32_t count, name_offset, path_offset;
	bool is_ended = false;

	if (!skip_old_format(&cursor))
		return false;
	cache = (struct cursor){
		.bytes = bytes + cursor.position,
		.size = cursor_left(&cursor),
		.is_big_endian = cursor.is_big_endian,
	};
	cursor = cache;
	if (!take_magic(&cursor, MAGIC) || !cursor_u32(&cursor, &count) || !cursor_skip(&cursor, 4 + HEADER_REST))
		return false;
	while (!is_ended && count-- > 0 && cursor_skip(&cursor, 4) && cursor_u32(&cursor, &name_offset) &&
	       cursor_u32(&cursor, &path_offset) && cursor_skip(&cursor, 4 + 8)) {
		const char *name = string_at(cache, name_offset);
		const char *path = string_at(cache, path_offset);

		is_ended = name && path && on_library(name, path, user);
	}
	return true;
}
