/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"

#include <string.h>

size_t cursor_left(const struct cursor *cursor)
{
	return cursor->size - cursor->position;
}

bool cursor_seek(struct cursor *cursor, uint64_t position)
{
	if (position > cursor->size)
		return false;
	cursor->position = position;
	return true;
}

bool cursor_skip(struct cursor *cursor, uint64_t size)
{
	return cursor_bytes(cursor, size) != NULL;
}

void cursor_align(struct cursor *cursor, size_t alignment)
{
	size_t padding = -cursor->position & (alignment - 1);

	cursor->position += padding < cursor_left(cursor) ? padding : cursor_left(cursor);
}

const uint8_t *cursor_bytes(struct cursor *cursor, uint64_t size)
{
	const uint8_t *bytes = cursor->bytes + cursor->position;

	if (size > cursor_left(cursor))
		return NULL;
	cursor->position += size;
	return bytes;
}

static bool read_number(struct cursor *cursor, size_t size, uint64_t *ret)
{
	const uint8_t *bytes = cursor_bytes(cursor, size);
	uint64_t number = 0;

	if (!bytes)
		return false;
	for (size_t i = 0; i < size; i++)
		number = number << 8 | bytes[cursor->is_big_endian ? i : size - 1 - i];
	*ret = number;
	return true;
}

bool cursor_u8(struct cursor *cursor, uint8_t *ret)
{
	uint64_t number;

	if (!read_number(cursor, 1, &number))
		return false;
	*ret = (uint8_t)number;
	return true;
}

bool cursor_u16(struct cursor *cursor, uint16_t *ret)
{
	uint64_t number;

	if (!read_number(cursor, 2, &number))
		return false;
	*ret = (uint16_t)number;
	return true;
}

bool cursor_u32(struct cursor *cursor, uint32_t *ret)
{
	uint64_t number;

	if (!read_number(cursor, 4, &number))
		return false;
	*ret = (uint32_t)number;
	return true;
}

bool cursor_u64(struct cursor *cursor, uint64_t *ret)
{
	return read_number(cursor, 8, ret);
}

/* Seven bits a byte, the lowest first; the eighth says that more follow. *RET_BITS: how many there were. */
static bool read_leb(struct cursor *cursor, uint64_t *ret, unsigned *ret_bits)
{
	const size_t start = cursor->position;
	uint64_t number = 0;
	unsigned bits = 0;
	uint8_t byte;

	do {
		if (bits >= 70 || !cursor_u8(cursor, &byte)) {
			cursor->position = start;
			return false;
		}
		if (bits < 64)
			number |= (uint64_t)(byte & 0x7f) << bits;
		bits += 7;
	} while (byte & 0x80);
	*ret = number;
	*ret_bits = bits;
	return true;
}

bool cursor_uleb(struct cursor *cursor, uint64_t *ret)
{
	unsigned bits;

	return read_leb(cursor, ret, &bits);
}

bool cursor_sleb(struct cursor *cursor, int64_t *ret)
{
	uint64_t number;
	unsigned bits;

	if (!read_leb(cursor, &number, &bits))
		return false;
	if (bits < 64 && number >> (bits - 1))
		number |= UINT64_MAX << bits;
	*ret = (int64_t)number;
	return true;
}

const char *cursor_string(struct cursor *cursor)
{
	const uint8_t *start = cursor->bytes + cursor->position;
	const uint8_t *end = cursor_left(cursor) ? memchr(start, '\0', cursor_left(cursor)) : NULL;

	if (!end)
		return NULL;
	cursor->position += (size_t)(end - start) + 1;
	return (const char *)start;
}
