/* SPDX-License-Identifier: MIT */
/*
 * Probe notes: what DTRACE_PROBE2(python, audit, event, args) leaves in a file.
 *
 * <sys/sdt.h> makes of that line one instruction, a nop, and a note about it
 * in the section .note.stapsdt. No code is called and nothing registers at run
 * time: whoever wants to trace finds the nops through the notes. The notes are
 * not loaded into memory (the section has no A flag), so they are read from
 * the file, and without section headers they cannot be found in it.
 *
 * This is the second of the eight notes of Debian's python3.11, 72 bytes:
 *
 *	08 00 00 00               name size: 8
 *	30 00 00 00               description size: 48
 *	03 00 00 00               type: 3, the only version of what follows
 *	73 74 61 70 73 64 74 00   name: "stapsdt"
 *	                          -- description --
 *	3b 87 42 00 00 00 00 00   location:  0x42873b, the nop
 *	a0 c5 8c 00 00 00 00 00   base:      0x8cc5a0, where .stapsdt.base was
 *	70 42 a8 00 00 00 00 00   semaphore: 0xa84270, a 16-bit counter
 *	70 79 74 68 6f 6e 00      provider:  "python"
 *	67 63 5f 5f 64 6f 6e 65 00  name:    "gc__done"
 *	2d 38 40 25 72 31 32 00   arguments: "-8@%r12", one signed 8-byte value in r12
 *
 * Addresses have the size and byte order of the file: in a 32-bit file the
 * three take 12 bytes instead of 24. The semaphore is 0 for a probe without
 * one; else the code around the nop looks whether the counter is above 0 and
 * skips the probe when it is not. A probe that the compiler inlined or cloned
 * has one note for each copy, of the same name, with its own location and its
 * own arguments, for they lie elsewhere in each copy.
 *
 * Base. prelink(8) moves a library to other addresses after it was linked,
 * but knows nothing of these notes. So each remembers where the one-byte
 * section .stapsdt.base was; what that has moved by, the rest has moved by:
 *
 *	address = noted address + (address of .stapsdt.base now - noted base)
 *
 * A linker that drops the section (lld --gc-sections) leaves base 0 or a base
 * without a section: nothing was moved then, for all we can know.
 *
 * Doubts. A note may be damaged or lie. Sizes are checked by the cursor, and a
 * location must lie in the file's code, for one that does not could only do
 * harm later. That happens without any malice: a linker that collects garbage
 * (--gc-sections) does not look into notes. It discards a probe's function and
 * leaves its note behind, with location 0; and it discards a semaphore that no
 * code looks at. Then the probe is there and unguarded, so only the semaphore
 * is left out; else the whole note. Either is reported, with its offset. If a
 * bad note's sizes were sound the next one follows as usual; if they lead
 * beyond the section, the next thing that looks like the header of a probe
 * note is where the walk goes on.
 *
 * Not handled: notes of other types than 3, which nothing is known to write,
 * and object files before linking, whose addresses are still relocations.
 *
 * Source: https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation
 */
#include "elf/stapsdt.h"

#include "base/error.h"
#include "elf/notes.h"

#define STAPSDT_SECTION ".note.stapsdt"
#define STAPSDT_OWNER   "stapsdt"

enum {
	NT_STAPSDT = 3,
	NOTE_HEADER_SIZE = 12, /* sizeof(Elf64_Nhdr), which is sizeof(Elf32_Nhdr), too: elf(5) */
};

struct walk {
	const struct elf_object *object;
	const struct stapsdt_callbacks *callbacks;
	bool has_base; /* the file has a .stapsdt.base, at: */
	uint64_t base_vaddr;
	uint64_t notes_offset; /* of the notes being walked, in the file */
	size_t good_count;
	size_t bad_count;
	bool is_segment; /* the notes being walked are not ours alone: what is broken there may be anything */
	bool is_ended;   /* by the callback */
};

/* Hands PROBLEM out and ends it. */
static void report(struct walk *walk, struct usdtrap_error *problem)
{
	walk->bad_count++;
	problem = error_prefix(problem, "%s", elf_object_name(walk->object));
	if (walk->callbacks->on_problem)
		walk->callbacks->on_problem(problem, walk->callbacks->user);
	usdtrap_error_destroy(problem);
}

/* The same for a problem with the note at POSITION. */
static void report_note(struct walk *walk, size_t position, struct usdtrap_error *problem)
{
	report(walk, error_prefix(problem, "note at file offset 0x%llx",
				  (unsigned long long)(walk->notes_offset + position)));
}

static bool read_address(const struct walk *walk, struct cursor *cursor, uint64_t *ret)
{
	uint32_t address;

	if (elf_object_address_bits(walk->object) == 64)
		return cursor_u64(cursor, ret);
	if (!cursor_u32(cursor, &address))
		return false;
	*ret = address;
	return true;
}

static struct usdtrap_error *read_addresses(const struct walk *walk, struct cursor *cursor, uint64_t *ret_location,
					    uint64_t *ret_base, uint64_t *ret_semaphore)
{
	if (!read_address(walk, cursor, ret_location) || !read_address(walk, cursor, ret_base) ||
	    !read_address(walk, cursor, ret_semaphore))
		return error_create(USDTRAP_BAD_ELF, "its description of %zu bytes is too short for three addresses",
				    cursor->size);
	return NULL;
}

/* Names are printed to terminals: one with an escape sequence in it is not a name. */
static bool is_printable(const char *string)
{
	for (; *string; string++)
		if ((unsigned char)*string < ' ' || *string == '\177')
			return false;
	return true;
}

static struct usdtrap_error *read_string(struct cursor *cursor, const char *what, const char **ret)
{
	const char *string = cursor_string(cursor);

	if (!string)
		return error_create(USDTRAP_BAD_ELF, "its %s has no end", what);
	if (!is_printable(string))
		return error_create(USDTRAP_BAD_ELF, "its %s has control characters in it", what);
	*ret = string;
	return NULL;
}

static struct usdtrap_error *read_strings(struct cursor *cursor, struct stapsdt_note *note)
{
	struct usdtrap_error *error = read_string(cursor, "provider", &note->provider);

	if (!error)
		error = read_string(cursor, "name", &note->name);
	if (!error)
		error = read_string(cursor, "argument text", &note->arguments);
	if (!error && (!*note->provider || !*note->name))
		error = error_create(USDTRAP_BAD_ELF, "its %s is empty", *note->provider ? "name" : "provider");
	return error;
}

/* What a prelinked file has moved by since its notes were written. Wraps, as the move may be downwards. */
static uint64_t prelink_shift(const struct walk *walk, uint64_t noted_base)
{
	return walk->has_base && noted_base ? walk->base_vaddr - noted_base : 0;
}

static uint64_t truncate_address(const struct walk *walk, uint64_t address)
{
	return elf_object_address_bits(walk->object) == 64 ? address : (uint32_t)address;
}

static bool lies_in_segment(const struct walk *walk, uint64_t vaddr, uint64_t size, bool is_code)
{
	size_t count;
	const struct elf_segment *segments = elf_object_segments(walk->object, &count);

	for (size_t i = 0; i < count; i++)
		if ((is_code ? segments[i].is_executable : segments[i].is_writable) &&
		    segments[i].memory_size >= size && vaddr >= segments[i].vaddr &&
		    vaddr - segments[i].vaddr <= segments[i].memory_size - size)
			return true;
	return false;
}

static struct usdtrap_error *check_location(const struct walk *walk, const struct stapsdt_note *note)
{
	if (lies_in_segment(walk, note->vaddr, 1, true))
		return NULL;
	return error_create(USDTRAP_BAD_ELF,
			    "%s:%s: its address 0x%llx is not in the file's code (the linker may have discarded the "
			    "function)",
			    note->provider, note->name, (unsigned long long)note->vaddr);
}

/* Forgets a semaphore that is not where one could be. The probe is as good as one that never had a semaphore. */
static void check_semaphore(struct walk *walk, size_t position, struct stapsdt_note *note)
{
	if (!note->semaphore_vaddr || lies_in_segment(walk, note->semaphore_vaddr, 2, false))
		return;
	report_note(walk, position,
		    error_create(USDTRAP_BAD_ELF,
				 "%s:%s: its semaphore 0x%llx is not in the file's writable data (the linker may have "
				 "discarded it, since no code looks at it)",
				 note->provider, note->name, (unsigned long long)note->semaphore_vaddr));
	note->semaphore_vaddr = 0;
}

static struct usdtrap_error *read_note(const struct walk *walk, const struct elf_note *elf_note,
				       struct stapsdt_note *ret)
{
	struct cursor cursor = {
		.bytes = elf_note->description,
		.size = elf_note->description_size,
		.is_big_endian = elf_object_is_big_endian(walk->object),
	};
	uint64_t location, base, semaphore, shift;
	struct usdtrap_error *error;

	if (elf_note->type != NT_STAPSDT)
		return error_create(USDTRAP_BAD_ELF, "is of type %u; only type %d is known", elf_note->type,
				    NT_STAPSDT);
	error = read_addresses(walk, &cursor, &location, &base, &semaphore);
	if (!error)
		error = read_strings(&cursor, ret);
	if (error)
		return error;
	shift = prelink_shift(walk, base);
	ret->vaddr = truncate_address(walk, location + shift);
	ret->semaphore_vaddr = semaphore ? truncate_address(walk, semaphore + shift) : 0;
	ret->note_offset = walk->notes_offset + elf_note->position;
	ret->bytes = elf_note->owner - NOTE_HEADER_SIZE;
	ret->size = (size_t)(elf_note->description + elf_note->description_size - ret->bytes);
	ret->description = (size_t)(elf_note->description - ret->bytes);
	ret->noted_location = location;
	ret->noted_base = base;
	ret->noted_semaphore = semaphore;
	ret->has_base = walk->has_base;
	ret->base_vaddr = walk->base_vaddr;
	return check_location(walk, ret);
}

static void take_note(struct walk *walk, const struct elf_note *elf_note)
{
	struct stapsdt_note note;
	struct usdtrap_error *error = read_note(walk, elf_note, &note);

	if (error) {
		report_note(walk, elf_note->position, error);
		return;
	}
	check_semaphore(walk, elf_note->position, &note);
	walk->good_count++;
	walk->is_ended = walk->callbacks->on_note(&note, walk->callbacks->user) != 0;
}

/* From a broken note, moves CURSOR on to the next that has sound sizes and our name; to the end if there is none. */
static void resynchronise(struct cursor *cursor, uint64_t alignment)
{
	struct cursor ahead;
	struct elf_note note;

	while (cursor_left(cursor) >= 4) {
		cursor_skip(cursor, 4);
		ahead = *cursor;
		if (notes_next(&ahead, alignment, &note) == NOTES_FOUND && notes_is_owned_by(&note, STAPSDT_OWNER))
			return;
	}
	cursor_skip(cursor, cursor_left(cursor));
}

static void skip_broken(struct walk *walk, struct cursor *cursor, uint64_t alignment)
{
	size_t position = cursor->position;

	resynchronise(cursor, alignment);
	if (walk->is_segment)
		return;
	report_note(walk, position,
		    error_create(USDTRAP_BAD_ELF,
				 "claims more bytes than its section has left (%zu); skipped %zu bytes",
				 cursor->size - position, cursor->position - position));
}

static void walk_section(struct walk *walk, const struct elf_section *section)
{
	struct cursor cursor = notes_cursor(walk->object, section);
	struct elf_note note;

	walk->notes_offset = section->offset;
	while (!walk->is_ended) {
		switch (notes_next(&cursor, section->alignment, &note)) {
		case NOTES_FOUND:
			if (notes_is_owned_by(&note, STAPSDT_OWNER))
				take_note(walk, &note);
			break;
		case NOTES_BROKEN:
			skip_broken(walk, &cursor, section->alignment);
			break;
		case NOTES_END:
			return;
		}
	}
}

static void walk_sections(struct walk *walk)
{
	struct elf_section section;

	for (size_t i = 0; elf_object_section(walk->object, STAPSDT_SECTION, i, &section); i++) {
		if (section.bytes)
			walk_section(walk, &section);
		else if (section.size)
			report(walk, error_create(USDTRAP_BAD_ELF, "its section %s of %zu bytes lies beyond its end",
						  STAPSDT_SECTION, section.size));
	}
}

/* Some tools that write notes by themselves do have them loaded; then a segment leads to them. */
static void walk_segments(struct walk *walk)
{
	struct elf_section segment;

	walk->is_segment = true;
	for (size_t i = 0; elf_object_note_segment(walk->object, i, &segment); i++)
		if (segment.bytes)
			walk_section(walk, &segment);
}

static struct usdtrap_error *explain_nothing(const struct walk *walk)
{
	const char *name = elf_object_name(walk->object);

	if (walk->bad_count)
		return error_create(USDTRAP_BAD_ELF, "%s: none of its probe notes can be used", name);
	if (!elf_object_has_sections(walk->object))
		return error_hint(error_create(USDTRAP_NOT_FOUND,
					       "%s: no USDT probes can be found: the file has no section headers",
					       name),
				  "a packer or sstrip has removed them, or the file is cut short, and nothing leads to "
				  "its probe notes: use the file as it was built");
	return error_hint(error_create(USDTRAP_NOT_FOUND, "%s: no USDT probes", name),
			  "there is nothing in its section " STAPSDT_SECTION
			  ": this build was made without probes (some programs need a configure option such as "
			  "--enable-dtrace), or they are in a library that the program loads");
}

struct usdtrap_error *stapsdt_walk(const struct elf_object *object, const struct stapsdt_callbacks *callbacks)
{
	struct walk walk = {.object = object, .callbacks = callbacks};
	struct elf_section base;

	walk.has_base = elf_object_section(object, ".stapsdt.base", 0, &base);
	if (walk.has_base)
		walk.base_vaddr = base.vaddr;
	if (elf_object_has_sections(object))
		walk_sections(&walk);
	else
		walk_segments(&walk);
	return walk.good_count ? NULL : explain_nothing(&walk);
}
