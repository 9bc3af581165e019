/* SPDX-License-Identifier: MIT */
#include "elf/function.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "elf/handle.h"

struct collector {
	const struct elf_object *object; /* whose addresses they are */
	struct elf_functions *functions;
	bool (*is_wanted)(const struct elf_object *object, const GElf_Sym *symbol);
	size_t capacity;
	bool failed; /* no memory */
};

/* Only what the file has bytes for, in memory that can be executed. */
static bool is_text(const struct elf_object *object, uint64_t vaddr)
{
	for (size_t i = 0; i < object->segment_count; i++) {
		const struct elf_segment *segment = &object->segments[i];

		if (segment->is_executable && vaddr >= segment->vaddr && vaddr - segment->vaddr < segment->file_size)
			return true;
	}
	return false;
}

static bool is_function(const struct elf_object *object, const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF && symbol->st_value != 0 &&
	       is_text(object, symbol->st_value);
}

/* Variables may also lie where the file has no bytes: in .bss. What is SHN_ABS is a number, such as a version's. */
static bool is_variable(const struct elf_object *object, const GElf_Sym *symbol)
{
	const uint64_t vaddr = symbol->st_value;

	if (GELF_ST_TYPE(symbol->st_info) != STT_OBJECT || symbol->st_shndx == SHN_UNDEF ||
	    symbol->st_shndx == SHN_ABS || vaddr == 0)
		return false;
	for (size_t i = 0; i < object->segment_count; i++) {
		const struct elf_segment *segment = &object->segments[i];

		if (vaddr >= segment->vaddr && vaddr - segment->vaddr < segment->memory_size)
			return true;
	}
	return false;
}

static bool grow(struct collector *collector)
{
	struct elf_functions *functions = collector->functions;
	size_t capacity = collector->capacity ? collector->capacity * 2 : 1024;
	struct elf_function *items;

	if (functions->count < collector->capacity)
		return true;
	items = reallocarray(functions->items, capacity, sizeof(*items));
	if (!items)
		return false;
	functions->items = items;
	collector->capacity = capacity;
	return true;
}

static void add_symbol(struct collector *collector, const GElf_Sym *symbol, const char *name)
{
	struct elf_functions *functions = collector->functions;

	if (!name || !name[0] || name[0] == '@' || !collector->is_wanted(collector->object, symbol))
		return;
	if (!grow(collector)) {
		collector->failed = true;
		return;
	}
	functions->items[functions->count++] = (struct elf_function){
		.name = arena_copy(&functions->arena, name, strcspn(name, "@")),
		.vaddr = symbol->st_value,
		.size = symbol->st_size,
		.is_global = GELF_ST_BIND(symbol->st_info) != STB_LOCAL,
		.is_resolver = GELF_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC,
	};
	collector->failed |= functions->arena.failed;
}

static void add_tables(struct collector *collector, const struct elf_object *object)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Sym symbol;

	while ((section = elf_nextscn(object->elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 0; data && !collector->failed && gelf_getsym(data, i, &symbol); i++)
			add_symbol(collector, &symbol, elf_strptr(object->elf, header.sh_link, symbol.st_name));
	}
}

static int compare_names(const void *left, const void *right)
{
	const struct elf_function *a = left, *b = right;
	int by_name = strcmp(a->name, b->name);

	return by_name ? by_name : (a->vaddr > b->vaddr) - (a->vaddr < b->vaddr);
}

/* Of one address: exported names first, then those without underscores before them, then bytewise. */
static int compare_addresses(const void *left, const void *right)
{
	const struct elf_function *a = *(struct elf_function *const *)left, *b = *(struct elf_function *const *)right;
	size_t a_underscores = strspn(a->name, "_"), b_underscores = strspn(b->name, "_");

	if (a->vaddr != b->vaddr)
		return a->vaddr < b->vaddr ? -1 : 1;
	if (a->is_global != b->is_global)
		return a->is_global ? -1 : 1;
	if (a_underscores != b_underscores)
		return a_underscores < b_underscores ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* .symtab repeats what .dynsym has, and versions repeat a name at one address. */
static void drop_repeated(struct elf_functions *functions)
{
	size_t count = 0;

	for (size_t i = 0; i < functions->count; i++) {
		const struct elf_function *item = &functions->items[i];
		struct elf_function *last = count ? &functions->items[count - 1] : NULL;

		if (!last || compare_names(last, item) != 0) {
			functions->items[count++] = *item;
			continue;
		}
		last->is_global |= item->is_global;
		if (!last->size)
			last->size = item->size;
	}
	functions->count = count;
}

static bool index_addresses(struct elf_functions *functions)
{
	functions->by_address = calloc(functions->count + 1, sizeof(*functions->by_address));
	if (!functions->by_address)
		return false;
	for (size_t i = 0; i < functions->count; i++)
		functions->by_address[i] = &functions->items[i];
	qsort(functions->by_address, functions->count, sizeof(*functions->by_address), compare_addresses);
	functions->reach = calloc(functions->count + 1, sizeof(*functions->reach));
	if (!functions->reach)
		return false;
	for (size_t i = 0; i < functions->count; i++) {
		uint64_t end = functions->by_address[i]->vaddr + functions->by_address[i]->size;

		if (end < functions->by_address[i]->vaddr) /* past the end of all addresses */
			end = functions->by_address[i]->vaddr;
		functions->reach[i] = i > 0 && functions->reach[i - 1] > end ? functions->reach[i - 1] : end;
	}
	return true;
}

static struct usdtrap_error *load(struct collector *collector, const struct elf_object *debug,
				  struct elf_functions **ret)
{
	struct elf_functions *functions = calloc(1, sizeof(*functions));
	_cleanup_strbuf_ struct strbuf image = {0};
	struct elf_object *inner;

	if (!functions)
		return &error_no_memory;
	collector->functions = functions;
	add_tables(collector, collector->object);
	if (debug)
		add_tables(collector, debug);
	elf_minidebug_open(collector->object, &image, &inner);
	if (inner)
		add_tables(collector, inner);
	elf_object_destroy(inner);
	if (functions->count)
		qsort(functions->items, functions->count, sizeof(*functions->items), compare_names);
	drop_repeated(functions);
	if (collector->failed || !index_addresses(functions)) {
		elf_functions_destroy(functions);
		return &error_no_memory;
	}
	*ret = functions;
	return NULL;
}

struct usdtrap_error *elf_functions_load(const struct elf_object *object, const struct elf_object *debug,
					 struct elf_functions **ret)
{
	struct collector collector = {.object = object, .is_wanted = is_function};

	return load(&collector, debug, ret);
}

struct usdtrap_error *elf_variables_load(const struct elf_object *object, const struct elf_object *debug,
					 struct elf_functions **ret)
{
	struct collector collector = {.object = object, .is_wanted = is_variable};

	return load(&collector, debug, ret);
}

void elf_functions_destroy(struct elf_functions *functions)
{
	if (!functions)
		return;
	free(functions->items);
	free(functions->by_address);
	free(functions->reach);
	arena_deinit(&functions->arena);
	free(functions);
}

const struct elf_function *elf_functions_find(const struct elf_functions *functions, const char *name)
{
	size_t first = 0, end = functions->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (strcmp(functions->items[middle].name, name) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	if (first < functions->count && strcmp(functions->items[first].name, name) == 0)
		return &functions->items[first];
	return NULL;
}

/* How many functions, by address, begin at VADDR or before it. */
static size_t count_up_to(const struct elf_functions *functions, uint64_t vaddr)
{
	size_t first = 0, end = functions->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (functions->by_address[middle]->vaddr <= vaddr)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

/* Whether FUNCTION, which begins at VADDR or before it, says that it reaches so far. */
static bool reaches(const struct elf_function *function, uint64_t vaddr)
{
	return vaddr - function->vaddr < function->size;
}

/* The first of those that begin where the one at PLACE does and reach to VADDR, or PLACE's own if none says so. */
static const struct elf_function *first_name(const struct elf_functions *functions, size_t place, uint64_t vaddr)
{
	struct elf_function **by_address = functions->by_address;
	const uint64_t start = by_address[place]->vaddr;
	size_t first = place;

	while (first > 0 && by_address[first - 1]->vaddr == start)
		first--;
	for (size_t i = first; i <= place; i++)
		if (reaches(by_address[i], vaddr))
			return by_address[i];
	return by_address[first];
}

/*
 * The last function that does not begin behind VADDR is the one, unless it has
 * ended before: then one that begins earlier may go on around it (a function
 * of assembly code within another). How far back to look is told by the
 * highest end of all functions up to each: once that is not behind VADDR,
 * nothing earlier reaches so far.
 */
const struct elf_function *elf_functions_at(const struct elf_functions *functions, uint64_t vaddr)
{
	size_t count = count_up_to(functions, vaddr);

	for (size_t i = count; i > 0 && functions->reach[i - 1] > vaddr; i--)
		if (reaches(functions->by_address[i - 1], vaddr))
			return first_name(functions, i - 1, vaddr);
	return count > 0 && functions->by_address[count - 1]->size == 0 ? first_name(functions, count - 1, vaddr)
									: NULL;
}
