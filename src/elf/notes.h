/* SPDX-License-Identifier: MIT */
/*
 * ELF notes in general: small records with an owner's name, a type and a
 * description, one after the other. elf(5), "Notes (Nhdr)":
 *
 *	u32 name size | u32 description size | u32 type | name, padded | description, padded
 *
 * Padding goes to 4 bytes, also in 64-bit files, against what the ELF
 * specification once said; only where the section itself is aligned to 8
 * (.note.gnu.property) it goes to 8.
 */
#ifndef USDTRAP_ELF_NOTES_H
#define USDTRAP_ELF_NOTES_H

#include "base/cursor.h"
#include "elf/object.h"

struct elf_note {
	uint32_t type;
	const uint8_t *owner; /* with its NUL, if it has one */
	size_t owner_size;
	const uint8_t *description;
	size_t description_size;
	size_t position; /* of the header, in what the cursor walks */
};

enum notes_step {
	NOTES_FOUND,  /* *RET is a note; the cursor stands behind it */
	NOTES_END,    /* nothing but padding is left */
	NOTES_BROKEN, /* what comes is no note, or one that claims more bytes than there are; the cursor stays */
};

/* A cursor over the notes of SECTION, whose bytes must not be NULL. */
struct cursor notes_cursor(const struct elf_object *object, const struct elf_section *section);
/* Takes the next note. ALIGNMENT is the section's. */
enum notes_step notes_next(struct cursor *cursor, uint64_t alignment, struct elf_note *ret);
/* Whether NOTE belongs to OWNER. */
bool notes_is_owned_by(const struct elf_note *note, const char *owner);

#endif
