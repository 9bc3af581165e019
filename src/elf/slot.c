/* SPDX-License-Identifier: MIT */
/*
 * Slots of the global offset table, for operands such as `8@f@GOTPCREL(%rip)':
 * position-independent code takes the address of a symbol that may lie in
 * another file from a slot, which the dynamic loader fills in.
 *
 * The table has no index. Which slot is a symbol's is told by the relocation
 * that fills it in: one that names the symbol or, when the linker has settled
 * that it is this file's own, one that says the symbol's address, the load bias
 * to be added; or by the address itself, standing in the slot already. The
 * linker may also have found that nobody needs the slot, as the only code that
 * used it could be rewritten to do without; a note is not code. Then the
 * symbol's own address is what the slot would have held.
 *
 * Not handled: relocations packed otherwise than in SHT_RELA and SHT_RELR.
 */
#include <gelf.h>
#include <string.h>

#include "base/error.h"
#include "elf/handle.h"

struct slot_search {
	const char *name;
	size_t length;
	bool is_own;    /* the file itself has the symbol, at `vaddr' */
	bool is_export; /* it is in .dynsym, so that another file's may come before it */
	uint64_t vaddr;
	struct elf_section table; /* .got */
	uint64_t slot_vaddr;      /* what is looked for; 0: not found */
};

static bool is_in_table(const struct slot_search *search, uint64_t vaddr)
{
	return vaddr >= search->table.vaddr && vaddr - search->table.vaddr < search->table.size;
}

/* The symbol that relocations of a section refer to by INDEX; NULL: none, or one without a name. */
static const char *symbol_name(const struct elf_object *object, Elf_Scn *symbols, size_t index)
{
	Elf_Data *data = symbols ? elf_getdata(symbols, NULL) : NULL;
	GElf_Shdr header;
	GElf_Sym symbol;

	if (!index || !data || !gelf_getshdr(symbols, &header) || !gelf_getsym(data, (int)index, &symbol))
		return NULL;
	return elf_strptr(object->elf, header.sh_link, symbol.st_name);
}

static bool is_meant(const struct elf_object *object, const struct slot_search *search, Elf_Scn *symbols,
		     const GElf_Rela *relocation)
{
	const char *name = symbol_name(object, symbols, GELF_R_SYM(relocation->r_info));

	if (name)
		return strncmp(name, search->name, search->length) == 0 && !name[search->length];
	return search->is_own && (uint64_t)relocation->r_addend == search->vaddr;
}

static void search_relocations(const struct elf_object *object, Elf_Scn *section, const GElf_Shdr *header,
			       struct slot_search *search)
{
	Elf_Scn *symbols = elf_getscn(object->elf, header->sh_link);
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Rela relocation;

	for (int i = 0; data && gelf_getrela(data, i, &relocation); i++) {
		if (is_in_table(search, relocation.r_offset) && is_meant(object, search, symbols, &relocation)) {
			search->slot_vaddr = relocation.r_offset;
			return;
		}
	}
}

/* Files that are not relocated, or by packed relocations, have the address in the slot. */
static void search_content(struct slot_search *search)
{
	uint64_t content;

	for (size_t at = 0; search->table.bytes && at + sizeof(content) <= search->table.size; at += sizeof(content)) {
		memcpy(&content, search->table.bytes + at, sizeof(content));
		if (content == search->vaddr) {
			search->slot_vaddr = search->table.vaddr + at;
			return;
		}
	}
}

static bool is_exported(const struct elf_object *object, const struct slot_search *search)
{
	Elf_Scn *section = NULL;
	Elf_Data *data;
	GElf_Shdr header;
	GElf_Sym symbol;

	while ((section = elf_nextscn(object->elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNSYM)
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 1; data && gelf_getsym(data, i, &symbol); i++) {
			const char *name = elf_strptr(object->elf, header.sh_link, symbol.st_name);

			if (name && strncmp(name, search->name, search->length) == 0 && !name[search->length])
				return true;
		}
	}
	return false;
}

static void search_file(const struct elf_object *object, struct slot_search *search)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	if (object->address_bits != 64 || object->is_big_endian ||
	    !elf_object_section(object, ".got", 0, &search->table))
		return;
	while (!search->slot_vaddr && (section = elf_nextscn(object->elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_RELA)
			search_relocations(object, section, &header, search);
	if (!search->slot_vaddr && search->is_own && search->vaddr)
		search_content(search);
}

/* A program's own symbols come before those of its libraries. */
static bool is_program(const struct elf_object *object)
{
	GElf_Ehdr header;

	return object->interpreter || (gelf_getehdr(object->elf, &header) && header.e_type == ET_EXEC);
}

struct usdtrap_error *elf_object_slot(const struct elf_object *object, const char *name, size_t length,
				      uint64_t *ret_vaddr, bool *ret_has_slot)
{
	struct slot_search search = {.name = name, .length = length};
	struct usdtrap_error *error = elf_object_symbol(object, name, length, &search.vaddr);

	if (error && usdtrap_error_code(error) != USDTRAP_NOT_FOUND)
		return error;
	search.is_own = !error;
	search_file(object, &search);
	if (search.slot_vaddr) {
		usdtrap_error_destroy(error);
		*ret_vaddr = search.slot_vaddr;
		*ret_has_slot = true;
		return NULL;
	}
	if (error)
		return error;
	if (!is_program(object) && is_exported(object, &search))
		return error_create(USDTRAP_NOT_FOUND, "symbol %.*s has no slot in the global offset table",
				    (int)length, name);
	*ret_vaddr = search.vaddr;
	*ret_has_slot = false;
	return NULL;
}
