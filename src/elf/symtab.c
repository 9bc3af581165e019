/* SPDX-License-Identifier: MIT */
/*
 * Symbols by name, for operands such as `-4@NBuffers(%rip)'.
 *
 * Such an operand is all that a note says, and a name is not always enough:
 * static variables of two source files may share one, and then either may be
 * meant. A wrong value would look as good as a right one, so a name with two
 * addresses is refused.
 *
 * .dynsym survives strip(1) and has what the file exports; .symtab has all, if
 * it is still there. Both are searched, for the same reason.
 */
#include <gelf.h>
#include <string.h>

#include "base/error.h"
#include "elf/handle.h"

struct symbol_search {
	const char *name;
	size_t length;
	uint64_t vaddr; /* of the first one found */
	bool is_found;
	bool is_ambiguous; /* another one lies at another address */
};

/* Data and functions of this file: no undefined, absolute or thread-local symbol has an address in it. */
static bool has_address(const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS && symbol->st_shndx != SHN_COMMON &&
	       type != STT_TLS && type != STT_FILE && type != STT_SECTION;
}

static bool is_named(const struct symbol_search *search, const char *name)
{
	return name && strncmp(name, search->name, search->length) == 0 && !name[search->length];
}

static void search_table(const struct elf_object *object, Elf_Scn *section, const GElf_Shdr *header,
			 struct symbol_search *search)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;

	for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
		if (!has_address(&symbol) ||
		    !is_named(search, elf_strptr(object->elf, header->sh_link, symbol.st_name)))
			continue;
		if (!search->is_found)
			search->vaddr = symbol.st_value;
		else if (symbol.st_value != search->vaddr)
			search->is_ambiguous = true;
		search->is_found = true;
	}
}

struct usdtrap_error *elf_object_symbol(const struct elf_object *object, const char *name, size_t length,
					uint64_t *ret_vaddr)
{
	struct symbol_search search = {.name = name, .length = length};
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(object->elf, section)))
		if (gelf_getshdr(section, &header) && (header.sh_type == SHT_DYNSYM || header.sh_type == SHT_SYMTAB))
			search_table(object, section, &header, &search);
	if (!search.is_found)
		return error_create(USDTRAP_NOT_FOUND, "symbol %.*s is not in the file's symbol tables", (int)length,
				    name);
	if (search.is_ambiguous)
		return error_create(USDTRAP_UNSUPPORTED,
				    "symbol %.*s is ambiguous: symbols of that name have different addresses",
				    (int)length, name);
	*ret_vaddr = search.vaddr;
	return NULL;
}
