/* SPDX-License-Identifier: MIT */
/*
 * Finding the description (FDE) of an address.
 *
 *	.eh_frame_hdr   a sorted table: where each function begins, where its FDE lies
 *	.eh_frame       FDEs, each with a pointer back to a CIE, which has what many of them share
 *
 * The table is read once and kept; an FDE is read from the file when asked
 * for. Where there is no table, .eh_frame is gone through once to make one.
 */
#include "elf/cfi.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cursor.h"
#include "base/error.h"
#include "elf/object.h"
#include "elf/pointer.h"

enum {
	RECORD_MAX = 1 << 16, /* bytes of one CIE or FDE: more is a lie */
	INDEX_MAX = 1 << 24,  /* FDEs of one file, likewise */
};

struct entry {
	uint64_t begin; /* vaddr of the code */
	uint64_t fde_vaddr;
};

struct cfi_table {
	const struct elf_object *object;
	struct entry *entries; /* by begin */
	size_t count;
	struct arena arena; /* expressions */
};

/* A CIE or FDE: its bytes behind the length, and where they lie. */
struct record {
	uint8_t *bytes;
	size_t size;
	uint64_t vaddr; /* of `bytes' */
};

/* Reads the record at VADDR. False: none, or the end of the section, which a length of 0 marks. */
static bool record_read(const struct elf_object *object, uint64_t vaddr, struct record *ret)
{
	const uint32_t is_64_bit = UINT32_MAX;
	uint32_t length;
	uint64_t size;
	struct usdtrap_error *error = elf_object_read(object, vaddr, &length, sizeof(length));

	vaddr += sizeof(length);
	size = length;
	if (!error && length == is_64_bit) {
		error = elf_object_read(object, vaddr, &size, sizeof(size));
		vaddr += sizeof(size);
	}
	if (error || size == 0 || size > RECORD_MAX) {
		usdtrap_error_destroy(error);
		return false;
	}
	ret->bytes = malloc(size);
	if (!ret->bytes)
		return false;
	ret->size = size;
	ret->vaddr = vaddr;
	error = elf_object_read(object, vaddr, ret->bytes, size);
	if (!error)
		return true;
	usdtrap_error_destroy(error);
	free(ret->bytes);
	return false;
}

static struct pointer_base base_of(const struct record *record)
{
	return (struct pointer_base){.vaddr = record->vaddr};
}

/* The parts of a CIE that are behind its augmentation text. AUGMENTATION tells what its data are. */
static bool read_augmentation(struct cursor *cursor, const struct record *cie, const char *augmentation,
			      struct cfi_description *description)
{
	const struct pointer_base base = base_of(cie);
	uint64_t size, ignored;
	uint8_t encoding;
	size_t end;

	if (augmentation[0] != 'z')
		return augmentation[0] == '\0';
	if (!cursor_uleb(cursor, &size) || size > cursor_left(cursor))
		return false;
	end = cursor->position + size;
	for (const char *letter = augmentation + 1; *letter; letter++) {
		switch (*letter) {
		case 'R':
			if (!cursor_u8(cursor, &description->pointer_encoding))
				return false;
			break;
		case 'L':
			if (!cursor_u8(cursor, &encoding))
				return false;
			break;
		case 'P':
			if (!cursor_u8(cursor, &encoding) || !pointer_read(cursor, encoding, &base, &ignored))
				return false;
			break;
		case 'S':
			description->is_signal_frame = true;
			break;
		default: /* what follows is told by `size' alone */
			return cursor_seek(cursor, end);
		}
	}
	return cursor_seek(cursor, end);
}

static bool parse_cie(const struct record *cie, struct cfi_description *description)
{
	struct cursor cursor = {.bytes = cie->bytes, .size = cie->size};
	const char *augmentation;
	uint64_t return_register;
	uint8_t version, byte;
	uint32_t id;

	if (!cursor_u32(&cursor, &id) || id != 0 || !cursor_u8(&cursor, &version))
		return false;
	augmentation = cursor_string(&cursor);
	if (!augmentation || (version != 1 && version != 3 && version != 4))
		return false;
	if (version == 4 && !cursor_skip(&cursor, 2)) /* address and segment selector size */
		return false;
	if (!cursor_uleb(&cursor, &description->code_alignment) || !cursor_sleb(&cursor, &description->data_alignment))
		return false;
	if (version == 1) {
		if (!cursor_u8(&cursor, &byte))
			return false;
		return_register = byte;
	} else if (!cursor_uleb(&cursor, &return_register)) {
		return false;
	}
	if (return_register >= CFI_REGISTERS)
		return false;
	description->return_register = (uint8_t)return_register;
	if (!read_augmentation(&cursor, cie, augmentation, description))
		return false;
	description->initial = cursor.bytes + cursor.position;
	description->initial_size = cursor_left(&cursor);
	return true;
}

/* The CIE that FDE, which begins with how far back it lies, belongs to. False: FDE is a CIE itself. */
static bool cie_of(const struct record *fde, uint64_t *ret_vaddr)
{
	struct cursor cursor = {.bytes = fde->bytes, .size = fde->size};
	uint32_t back;

	if (!cursor_u32(&cursor, &back) || back == 0)
		return false;
	*ret_vaddr = fde->vaddr - back;
	return true;
}

/* DESCRIPTION has what the CIE says already. */
static bool parse_fde(const struct record *fde, struct cfi_description *description, bool has_augmentation)
{
	const uint8_t format = description->pointer_encoding & POINTER_FORMAT;
	struct cursor cursor = {.bytes = fde->bytes, .size = fde->size};
	const struct pointer_base base = base_of(fde);
	uint64_t size, range;

	if (!cursor_skip(&cursor, sizeof(uint32_t)) ||
	    !pointer_read(&cursor, description->pointer_encoding, &base, &description->begin) ||
	    !pointer_read(&cursor, format, &base, &range))
		return false;
	description->end = description->begin + range;
	if (has_augmentation && (!cursor_uleb(&cursor, &size) || !cursor_skip(&cursor, size)))
		return false;
	description->instructions = cursor.bytes + cursor.position;
	description->instructions_size = cursor_left(&cursor);
	description->instructions_vaddr = fde->vaddr + cursor.position;
	return true;
}

static bool has_augmentation(const struct record *cie)
{
	return cie->size > 5 && cie->bytes[5] == 'z'; /* behind the id and the version */
}

/* The FDE at VADDR with its CIE. On success both records are to be freed. */
static bool description_read(const struct elf_object *object, uint64_t vaddr, struct record *fde, struct record *cie,
			     struct cfi_description *ret)
{
	uint64_t cie_vaddr;

	*ret = (struct cfi_description){0};
	if (!record_read(object, vaddr, fde))
		return false;
	if (cie_of(fde, &cie_vaddr) && record_read(object, cie_vaddr, cie)) {
		if (parse_cie(cie, ret) && parse_fde(fde, ret, has_augmentation(cie)))
			return true;
		free(cie->bytes);
	}
	free(fde->bytes);
	return false;
}

static bool add_entry(struct cfi_table *table, size_t *capacity, uint64_t begin, uint64_t fde_vaddr)
{
	if (table->count == *capacity) {
		size_t wanted = *capacity ? *capacity * 2 : 256;
		struct entry *entries = reallocarray(table->entries, wanted, sizeof(*entries));

		if (!entries)
			return false;
		table->entries = entries;
		*capacity = wanted;
	}
	table->entries[table->count++] = (struct entry){.begin = begin, .fde_vaddr = fde_vaddr};
	return true;
}

/* The table of .eh_frame_hdr at VADDR. False: there is none, or not in the one form that linkers write. */
static bool read_index(struct cfi_table *table, uint64_t vaddr, size_t size)
{
	enum { SIGNED_4_RELATIVE_TO_TABLE = 0x3b, ENTRY_SIZE = 8 };
	const struct pointer_base base = {.vaddr = vaddr, .data_vaddr = vaddr};
	uint8_t *bytes = malloc(size ? size : 1);
	struct cursor cursor = {.bytes = bytes, .size = size};
	uint8_t version, frame_encoding, count_encoding, table_encoding;
	uint64_t frame_vaddr, count = 0;
	struct usdtrap_error *error;
	bool is_read = false;

	if (!bytes)
		return false;
	error = elf_object_read(table->object, vaddr, bytes, size);
	if (!error && cursor_u8(&cursor, &version) && version == 1 && cursor_u8(&cursor, &frame_encoding) &&
	    cursor_u8(&cursor, &count_encoding) && cursor_u8(&cursor, &table_encoding) &&
	    pointer_read(&cursor, frame_encoding, &base, &frame_vaddr) &&
	    pointer_read(&cursor, count_encoding, &base, &count) && table_encoding == SIGNED_4_RELATIVE_TO_TABLE &&
	    count > 0 && count <= cursor_left(&cursor) / ENTRY_SIZE) {
		table->entries = calloc(count, sizeof(*table->entries));
		is_read = table->entries != NULL;
	}
	for (uint64_t i = 0; is_read && i < count; i++) {
		uint32_t begin = 0, fde = 0;

		is_read = cursor_u32(&cursor, &begin) && cursor_u32(&cursor, &fde);
		table->entries[table->count++] = (struct entry){
			.begin = vaddr + (uint64_t)(int64_t)(int32_t)begin,
			.fde_vaddr = vaddr + (uint64_t)(int64_t)(int32_t)fde,
		};
	}
	usdtrap_error_destroy(error);
	free(bytes);
	return is_read;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	return left->begin < right->begin ? -1 : left->begin > right->begin;
}

/* Goes through a section of FDEs from end to end. */
static bool scan(struct cfi_table *table, uint64_t vaddr, uint64_t size)
{
	const uint64_t end = vaddr + size;
	struct cfi_description description;
	struct record fde, cie, record;
	size_t capacity = 0;

	while (vaddr < end && table->count < INDEX_MAX && record_read(table->object, vaddr, &record)) {
		bool is_added = true;

		if (description_read(table->object, vaddr, &fde, &cie, &description)) {
			is_added = add_entry(table, &capacity, description.begin, vaddr);
			free(fde.bytes);
			free(cie.bytes);
		}
		vaddr = record.vaddr + record.size;
		free(record.bytes);
		if (!is_added)
			return false;
	}
	if (table->count)
		qsort(table->entries, table->count, sizeof(*table->entries), compare_entries);
	return table->count > 0;
}

struct usdtrap_error *cfi_table_open(const struct elf_object *object, struct cfi_table **ret)
{
	struct cfi_table *table = calloc(1, sizeof(*table));
	struct elf_section section;
	bool is_read = false;

	if (!table)
		return &error_no_memory;
	table->object = object;
	if (elf_object_unwind_segment(object, &section))
		is_read = read_index(table, section.vaddr, section.size);
	if (!is_read && elf_object_section(object, ".eh_frame", 0, &section)) {
		table->count = 0;
		free(table->entries);
		table->entries = NULL;
		is_read = scan(table, section.vaddr, section.size);
	}
	if (!is_read) {
		cfi_table_destroy(table);
		return error_create(USDTRAP_NOT_FOUND, "%s: has no call frame information", elf_object_name(object));
	}
	*ret = table;
	return NULL;
}

void cfi_table_destroy(struct cfi_table *table)
{
	if (!table)
		return;
	arena_deinit(&table->arena);
	free(table->entries);
	free(table);
}

/* Expressions point into a record that is about to be freed: has TABLE keep them. */
static bool keep_expression(struct cfi_table *table, struct cfi_rule *rule)
{
	if (rule->kind != CFI_AT_EXPRESSION && rule->kind != CFI_IS_EXPRESSION)
		return true;
	rule->expression = (const uint8_t *)arena_copy(&table->arena, (const char *)rule->expression, rule->size);
	return rule->expression != NULL;
}

static bool keep_expressions(struct cfi_table *table, struct cfi_row *row)
{
	bool is_kept = keep_expression(table, &row->cfa);

	for (unsigned i = 0; is_kept && i < CFI_REGISTERS; i++)
		is_kept = keep_expression(table, &row->registers[i]);
	return is_kept;
}

bool cfi_table_find(struct cfi_table *table, uint64_t vaddr, struct cfi_row *ret)
{
	struct cfi_description description;
	size_t low = 0, high = table->count;
	struct record fde, cie;
	struct cfi_row row;
	bool is_found;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->entries[middle].begin <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || !description_read(table->object, table->entries[low - 1].fde_vaddr, &fde, &cie, &description))
		return false;
	is_found = vaddr >= description.begin && vaddr < description.end &&
		   cfi_program_run(&description, vaddr, &row) && keep_expressions(table, &row);
	free(fde.bytes);
	free(cie.bytes);
	if (is_found)
		*ret = row;
	return is_found;
}
