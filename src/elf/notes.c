/* SPDX-License-Identifier: MIT */
#include "elf/notes.h"

#include <string.h>

struct cursor notes_cursor(const struct elf_object *object, const struct elf_section *section)
{
	return (struct cursor){
		.bytes = section->bytes,
		.size = section->size,
		.is_big_endian = elf_object_is_big_endian(object),
	};
}

static bool only_zeros_are_left(const struct cursor *cursor)
{
	for (size_t i = cursor->position; i < cursor->size; i++)
		if (cursor->bytes[i])
			return false;
	return true;
}

static bool read_note(struct cursor *cursor, size_t padding, struct elf_note *ret)
{
	struct elf_note note = {.position = cursor->position};
	uint32_t owner_size, description_size;

	if (!cursor_u32(cursor, &owner_size) || !cursor_u32(cursor, &description_size) ||
	    !cursor_u32(cursor, &note.type))
		return false;
	note.owner_size = owner_size;
	note.owner = cursor_bytes(cursor, owner_size);
	if (!note.owner)
		return false;
	cursor_align(cursor, padding);
	note.description_size = description_size;
	note.description = cursor_bytes(cursor, description_size);
	if (!note.description)
		return false;
	cursor_align(cursor, padding);
	*ret = note;
	return true;
}

enum notes_step notes_next(struct cursor *cursor, uint64_t alignment, struct elf_note *ret)
{
	struct cursor ahead = *cursor;

	if (!read_note(&ahead, alignment == 8 ? 8 : 4, ret))
		return only_zeros_are_left(cursor) ? NOTES_END : NOTES_BROKEN;
	*cursor = ahead;
	return NOTES_FOUND;
}

bool notes_is_owned_by(const struct elf_note *note, const char *owner)
{
	size_t size = strlen(owner) + 1;

	return note->owner_size == size && memcmp(note->owner, owner, size) == 0;
}
