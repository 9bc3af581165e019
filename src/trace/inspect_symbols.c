/* SPDX-License-Identifier: MIT */
/*
 * Names in a process that is looked into: functions and variables, by address
 * and by name.
 *
 * A file is mapped piece by piece, and two pieces may show the same page of it:
 * where one segment ends and the next begins. Besides, variables that begin as
 * zeros (.bss) lie in no piece of the file but in anonymous memory behind one.
 * So addresses are told from the file's own by one number, its load bias,
 * which the first piece gives.
 */
#include <string.h>

#include "base/glob.h"
#include "trace/inspect.h"

enum { PAGE_SIZE = 4096 };

/* ---- Where a file lies ---------------------------------------------------------------------------------------------
 */

/* What is to be added to FILE's vaddrs where MODULE is its first piece. False: MODULE shows none of its segments. */
static bool bias_of(const struct module_file *file, const struct module *module, uint64_t *ret)
{
	size_t count;
	const struct elf_segment *segments = elf_object_segments(file->object, &count);

	for (size_t i = 0; i < count; i++) {
		const struct elf_segment *segment = &segments[i];

		if (module->offset < segment->offset + segment->file_size &&
		    module->offset + PAGE_SIZE > segment->offset) {
			*ret = module->start + segment->offset - module->offset - segment->vaddr;
			return true;
		}
	}
	return false;
}

/* The first of the pieces of a file that the INDEXth mapping is one of. */
static size_t first_piece(struct usdtrap_inspection *inspection, size_t index)
{
	struct module *modules = inspection->space->modules->items;
	const struct module_file *file = inspection_file(inspection, &modules[index]);

	while (index > 0 && modules[index - 1].offset <= modules[index].offset &&
	       inspection_file(inspection, &modules[index - 1]) == file)
		index--;
	return index;
}

/*
 * The file that the INDEXth mapping shows, or in whose .bss it may lie, being
 * anonymous and right behind one of its pieces; and the file's bias. NULL: none.
 */
static struct module_file *owner_of(struct usdtrap_inspection *inspection, size_t index, uint64_t *ret_bias)
{
	struct module *modules = inspection->space->modules->items;
	struct module_file *file = inspection_file(inspection, &modules[index]);

	while (!file && index > 0 && !modules[index].path[0] && modules[index - 1].end == modules[index].start)
		file = inspection_file(inspection, &modules[--index]);
	if (file && bias_of(file, &modules[first_piece(inspection, index)], ret_bias))
		return file;
	return NULL;
}

/* FILE's bias; if it is mapped several times, where its code can be executed. False: it is not mapped. */
static bool find_bias(struct usdtrap_inspection *inspection, const struct module_file *file, uint64_t *ret)
{
	struct modules *modules = inspection->space->modules;
	size_t found = modules->count;

	for (size_t i = 0; i < modules->count; i++) {
		if (inspection_file(inspection, &modules->items[i]) != file)
			continue;
		if (found == modules->count || modules->items[i].is_executable)
			found = i;
		if (modules->items[i].is_executable)
			break;
	}
	return found < modules->count && bias_of(file, &modules->items[first_piece(inspection, found)], ret);
}

/* Where VADDR of FILE lies in the process. False: nowhere. */
static bool address_of(struct usdtrap_inspection *inspection, const struct module_file *file, uint64_t vaddr,
		       uint64_t *ret)
{
	uint64_t bias;

	if (!find_bias(inspection, file, &bias) || !inspection_module(inspection, vaddr + bias))
		return false;
	*ret = vaddr + bias;
	return true;
}

/* ---- What an address is called -------------------------------------------------------------------------------------
 */

/* What a just-in-time compiler calls the code at ADDRESS. */
static void name_made_code(struct usdtrap_inspection *inspection, uint64_t address, struct usdtrap_place *place)
{
	uint64_t start;
	const char *name = jit_map_find(inspection->space, address, &start);

	if (!name)
		return;
	place->symbol = arena_copy(&inspection->names, name, strlen(name));
	place->offset = address - start;
}

/* The function, or where there is no code the variable, that PLACE's vaddr lies in. */
static void name_symbol(const struct usdtrap_inspection *inspection, const struct module *module,
			struct module_file *file, struct usdtrap_place *place)
{
	const struct elf_functions *symbols = module->is_executable ? module_functions(inspection->space, file)
								    : module_variables(inspection->space, file);
	const struct elf_function *symbol = symbols ? elf_functions_at(symbols, place->vaddr) : NULL;

	/* A variable of unknown size is no more than its first byte: what follows may be anything. */
	if (!symbol || (!module->is_executable && !symbol->size && symbol->vaddr != place->vaddr))
		return;
	place->symbol = symbol->name;
	place->offset = place->vaddr - symbol->vaddr;
	place->size = symbol->size;
	place->is_variable = !module->is_executable;
}

void usdtrap_inspect_place(struct usdtrap_inspection *inspection, uint64_t address, struct usdtrap_place *ret)
{
	struct module *module = inspection_module(inspection, address);
	struct usdtrap_place place = {.path = module ? module->path : NULL};
	struct module_file *file = NULL;
	uint64_t bias;

	if (module)
		file = owner_of(inspection, (size_t)(module - inspection->space->modules->items), &bias);
	if (!file && module && module->is_executable)
		name_made_code(inspection, address, &place);
	if (file) {
		place.vaddr = address - bias;
		name_symbol(inspection, module, file, &place);
	}
	if (file && module->file) {
		place.machine = elf_object_machine(file->object);
		place.address_bits = elf_object_address_bits(file->object);
	} else if (file && place.symbol) {
		place.path = file->path;
	} else {
		place.vaddr = 0;
	}
	*ret = place;
}

/* ---- Where a name lies ---------------------------------------------------------------------------------------------
 */

/* Opens all files that are mapped, so that each module knows its own. */
static void open_files(struct usdtrap_inspection *inspection)
{
	const struct modules *modules = inspection->space->modules;

	for (size_t i = 0; i < modules->count; i++)
		inspection_file(inspection, &modules->items[i]);
}

int usdtrap_inspect_locate(struct usdtrap_inspection *inspection, const char *path, uint64_t vaddr, uint64_t *ret)
{
	const struct modules *modules = inspection->space->modules;

	open_files(inspection);
	for (size_t i = 0; i < modules->count; i++) {
		const struct module_file *file = modules->items[i].file;

		if (file && strcmp(file->path, path) == 0)
			return address_of(inspection, file, vaddr, ret);
	}
	return 0;
}

/* Whom symbols are told, and which. */
struct listener {
	struct usdtrap_inspection *inspection;
	const char *pattern;
	int (*on_symbol)(const struct usdtrap_symbol_info *symbol, void *user);
	void *user;
};

/* False: the caller has seen enough. */
static bool tell(const struct listener *listener, const struct module_file *file, const struct elf_functions *symbols,
		 bool are_variables, uint64_t bias)
{
	for (size_t i = 0; symbols && i < symbols->count; i++) {
		const struct elf_function *symbol = &symbols->items[i];
		const struct usdtrap_symbol_info info = {
			.name = symbol->name,
			.path = file->path,
			.address = symbol->vaddr + bias,
			.size = symbol->size,
			.is_global = symbol->is_global,
			.is_variable = are_variables,
		};

		if (glob_match(listener->pattern, symbol->name) &&
		    inspection_module(listener->inspection, info.address) && listener->on_symbol(&info, listener->user))
			return false;
	}
	return true;
}

/* Whether the file of the INDEXth module has a module in front of it. */
static bool is_known(const struct modules *modules, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (modules->items[i].file == modules->items[index].file)
			return true;
	}
	return false;
}

void usdtrap_inspect_symbols(struct usdtrap_inspection *inspection, const char *pattern,
			     int (*on_symbol)(const struct usdtrap_symbol_info *symbol, void *user), void *user)
{
	const struct listener listener = {inspection, pattern, on_symbol, user};
	const struct modules *modules = inspection->space->modules;
	uint64_t bias;

	open_files(inspection);
	for (size_t i = 0; i < modules->count; i++) {
		struct module_file *file = modules->items[i].file;

		if (!file || is_known(modules, i) || !find_bias(inspection, file, &bias))
			continue;
		if (!tell(&listener, file, module_functions(inspection->space, file), false, bias) ||
		    !tell(&listener, file, module_variables(inspection->space, file), true, bias))
			return;
	}
}
