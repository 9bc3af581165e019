/* SPDX-License-Identifier: MIT */
/*
 * Symbols by name, for operands such as `-4@NBuffers(%rip)' and `-4@%fs:depth@tpoff'.
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
	bool (*is_meant)(const GElf_Sym *symbol);
	uint64_t value; /* of the first one found */
	bool is_found;
	bool is_ambiguous; /* another one has another value */
};

static bool is_defined(const GElf_Sym *symbol)
{
	return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS && symbol->st_shndx != SHN_COMMON;
}

/*
 * Data and functions of this file; a function of another file has an address
 * in this one if it also has a value (System V ABI, AMD64 supplement,
 * "Function Addresses").
 */
static bool has_address(const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	if (type == STT_FUNC && symbol->st_shndx == SHN_UNDEF)
		return symbol->st_value != 0;
	return is_defined(symbol) && type != STT_TLS && type != STT_FILE && type != STT_SECTION;
}

static bool is_thread_local(const GElf_Sym *symbol)
{
	return is_defined(symbol) && GELF_ST_TYPE(symbol->st_info) == STT_TLS;
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
		if (!search->is_meant(&symbol) ||
		    !is_named(search, elf_strptr(object->elf, header->sh_link, symbol.st_name)))
			continue;
		if (!search->is_found)
			search->value = symbol.st_value;
		else if (symbol.st_value != search->value)
			search->is_ambiguous = true;
		search->is_found = true;
	}
}

/* Searches the first table of TYPE. A file has one of each: System V ABI, "Sections". */
static void search_type(const struct elf_object *object, uint32_t type, struct symbol_search *search)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(object->elf, section))) {
		if (gelf_getshdr(section, &header) && header.sh_type == type) {
			search_table(object, section, &header, search);
			return;
		}
	}
}

static struct usdtrap_error *search_file(const struct elf_object *object, struct symbol_search *search)
{
	search_type(object, SHT_DYNSYM, search);
	search_type(object, SHT_SYMTAB, search);
	if (!search->is_found)
		return error_create(USDTRAP_NOT_FOUND, "symbol %.*s is not in the file's symbol tables",
				    (int)search->length, search->name);
	if (search->is_ambiguous)
		return error_create(USDTRAP_UNSUPPORTED,
				    "symbol %.*s is ambiguous: symbols of that name have different addresses",
				    (int)search->length, search->name);
	return NULL;
}

struct usdtrap_error *elf_object_symbol(const struct elf_object *object, const char *name, size_t length,
					uint64_t *ret_vaddr)
{
	struct symbol_search search = {.name = name, .length = length, .is_meant = has_address};
	struct usdtrap_error *error = search_file(object, &search);

	if (!error)
		*ret_vaddr = search.value;
	return error;
}

static bool find_thread_segment(const struct elf_object *object, struct elf_thread_segment *ret)
{
	GElf_Phdr header;
	size_t count;

	if (elf_getphdrnum(object->elf, &count) != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(object->elf, (int)i, &header) || header.p_type != PT_TLS)
			continue;
		*ret = (struct elf_thread_segment){
			.vaddr = header.p_vaddr,
			.memory_size = header.p_memsz,
			.alignment = header.p_align ? header.p_align : 1,
		};
		return !(ret->alignment & (ret->alignment - 1));
	}
	return false;
}

struct usdtrap_error *elf_object_thread_symbol(const struct elf_object *object, const char *name, size_t length,
					       uint64_t *ret_offset, struct elf_thread_segment *ret)
{
	struct symbol_search search = {.name = name, .length = length, .is_meant = is_thread_local};
	struct usdtrap_error *error = search_file(object, &search);
	struct elf_thread_segment segment;

	if (error)
		return error;
	if (!find_thread_segment(object, &segment))
		return error_create(USDTRAP_BAD_ELF, "the file has no sound thread-local segment");
	*ret_offset = search.value;
	*ret = segment;
	return NULL;
}
