/* SPDX-License-Identifier: MIT */
/*
 * A cursor over bytes that may lie: every step is checked against the end, and
 * a step that does not fit moves nothing and returns false (or NULL).
 */
#ifndef USDTRAP_BASE_CURSOR_H
#define USDTRAP_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *bytes; /* borrowed, never NULL */
	size_t size;
	size_t position; /* of the next byte, at most `size' */
	bool is_big_endian;
};

size_t cursor_left(const struct cursor *cursor);
/* Moves to POSITION, counted from the first byte. */
bool cursor_seek(struct cursor *cursor, uint64_t position);
bool cursor_skip(struct cursor *cursor, uint64_t size);
/* Moves up to the next multiple of ALIGNMENT (a power of two); to the end when that comes first. */
void cursor_align(struct cursor *cursor, size_t alignment);
bool cursor_u8(struct cursor *cursor, uint8_t *ret);
bool cursor_u16(struct cursor *cursor, uint16_t *ret);
bool cursor_u32(struct cursor *cursor, uint32_t *ret);
bool cursor_u64(struct cursor *cursor, uint64_t *ret);
/* A LEB128 number (DWARF 5, section 7.6), without and with a sign. One that 64 bits do not hold does not fit. */
bool cursor_uleb(struct cursor *cursor, uint64_t *ret);
bool cursor_sleb(struct cursor *cursor, int64_t *ret);
/* The next SIZE bytes, as a view. */
const uint8_t *cursor_bytes(struct cursor *cursor, uint64_t size);
/* The next NUL-ended string, as a view; steps behind its NUL. NULL: no NUL before the end. */
const char *cursor_string(struct cursor *cursor);

#endif
