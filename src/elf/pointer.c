/* SPDX-License-Identifier: MIT */
#include "elf/pointer.h"

enum {
	FORMAT_ABSOLUTE = 0x00,
	FORMAT_ULEB = 0x01,
	FORMAT_U2 = 0x02,
	FORMAT_U4 = 0x03,
	FORMAT_U8 = 0x04,
	FORMAT_SLEB = 0x09,
	FORMAT_S2 = 0x0a,
	FORMAT_S4 = 0x0b,
	FORMAT_S8 = 0x0c,

	RELATIVE_MASK = 0x70,
	RELATIVE_NOT = 0x00,
	RELATIVE_TO_ITSELF = 0x10,
	RELATIVE_TO_DATA = 0x30,
};

static bool read_format(struct cursor *cursor, uint8_t format, uint64_t *ret)
{
	uint16_t two;
	uint32_t four;
	int64_t number;

	switch (format) {
	case FORMAT_ABSOLUTE:
	case FORMAT_U8:
	case FORMAT_S8:
		return cursor_u64(cursor, ret);
	case FORMAT_ULEB:
		return cursor_uleb(cursor, ret);
	case FORMAT_SLEB:
		if (!cursor_sleb(cursor, &number))
			return false;
		*ret = (uint64_t)number;
		return true;
	case FORMAT_U2:
	case FORMAT_S2:
		if (!cursor_u16(cursor, &two))
			return false;
		*ret = format == FORMAT_S2 ? (uint64_t)(int64_t)(int16_t)two : two;
		return true;
	case FORMAT_U4:
	case FORMAT_S4:
		if (!cursor_u32(cursor, &four))
			return false;
		*ret = format == FORMAT_S4 ? (uint64_t)(int64_t)(int32_t)four : four;
		return true;
	}
	return false;
}

bool pointer_read(struct cursor *cursor, uint8_t encoding, const struct pointer_base *base, uint64_t *ret)
{
	const uint64_t vaddr = base->vaddr + cursor->position;
	uint64_t value;

	if (encoding == POINTER_OMITTED) {
		*ret = 0;
		return true;
	}
	if (!read_format(cursor, encoding & POINTER_FORMAT, &value))
		return false;
	switch (encoding & RELATIVE_MASK) {
	case RELATIVE_NOT:
		break;
	case RELATIVE_TO_ITSELF:
		value += vaddr;
		break;
	case RELATIVE_TO_DATA:
		value += base->data_vaddr;
		break;
	default:
		return false;
	}
	*ret = value;
	return true;
}
