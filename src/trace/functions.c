/* SPDX-License-Identifier: MIT */
#include "trace/functions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/insn.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "elf/demangle.h"
#include "os/procfs.h"

struct finder {
	const struct functions_file *file;
	const struct functions_search *search;
	size_t count;
	bool is_ended;
};

struct usdtrap_error *functions_load(const struct elf_object *object, const char *path, struct elf_functions **ret)
{
	/* A process in another mount namespace has its files, and its debug files, below /proc/PID/root. */
	_cleanup_free_ char *root = strdup(path);
	char *below = root ? strstr(root, "/root/") : NULL;
	struct elf_object *debug;
	struct usdtrap_error *error;

	if (!root)
		return &error_no_memory;
	if (below && strncmp(root, PROCFS_ROOT "/", strlen(PROCFS_ROOT "/")) == 0)
		below[strlen("/root")] = '\0';
	else
		root[0] = '\0';
	elf_debug_open(object, path, root, &debug);
	error = elf_functions_load(object, debug, ret);
	elf_object_destroy(debug);
	return error;
}

void functions_format_pattern(const struct usdtrap_function_pattern *pattern, struct strbuf *out)
{
	if (!pattern->name)
		strbuf_addf(out, "0x%" PRIx64, pattern->address);
	else if (pattern->is_demangled)
		strbuf_addf(out, "cpp:\"%s\"", pattern->name);
	else
		strbuf_add_string(out, pattern->name);
	if (pattern->offset)
		strbuf_addf(out, "+%" PRIu64, pattern->offset);
}

/* Reports the probe at the COUNT addresses of ITEMS, which are called NAME, and in the probe's full name SHOWN. */
static struct usdtrap_error *report(struct finder *finder, const char *shown, const char *name,
				    const struct elf_function *items, size_t count, uint64_t offset)
{
	const struct functions_search *search = finder->search;
	struct arena *arena = search->arena;
	struct usdtrap_probe_info *info = arena_allocate(arena, sizeof(*info));
	struct usdtrap_site_info *sites = arena_allocate_array(arena, count, sizeof(*sites));

	for (size_t i = 0; sites && i < count; i++)
		sites[i] = (struct usdtrap_site_info){.vaddr = items[i].vaddr + offset, .arguments = ""};
	if (info)
		*info = (struct usdtrap_probe_info){
			.kind = search->pattern->at_return ? USDTRAP_PROBE_RETURN : USDTRAP_PROBE_FUNCTION,
			.path = arena_copy(arena, finder->file->path, strlen(finder->file->path)),
			.provider = "",
			.name = arena_copy(arena, name, strlen(name)),
			.full_name =
				arena_printf(arena, "%s:%s:%s", search->pattern->at_return ? "uretprobe" : "uprobe",
					     finder->file->path, shown),
			.sites = sites,
			.site_count = count,
			.machine = elf_object_machine(finder->file->object),
			.address_bits = elf_object_address_bits(finder->file->object),
		};
	if (arena->failed)
		return &error_no_memory;
	if (search->pattern->accepts && !search->pattern->accepts(info->full_name, search->pattern->user))
		return NULL;
	finder->count++;
	finder->is_ended = search->on_match(info, search->user) != 0;
	return NULL;
}

/* ---- Instructions ------------------------------------------------------------------------------------------------ */

/* Whether OFFSET is where an instruction of FUNCTION begins. */
static struct usdtrap_error *check_instruction(const struct finder *finder, const struct elf_function *function,
					       uint64_t offset)
{
	const struct elf_object *object = finder->file->object;
	const struct arch *arch = arch_find(elf_object_machine(object), elf_object_address_bits(object));
	_cleanup_free_ uint8_t *bytes = NULL;
	struct usdtrap_error *error;
	struct insn insn = {0};
	size_t beginning;

	if (offset >= function->size)
		return error_create(USDTRAP_INVALID_USE,
				    "Offset outside the function bounds ('%s' size is %" PRIu64 ")", function->name,
				    function->size);
	if (!arch) /* it can be listed, if not traced */
		return NULL;
	bytes = malloc(function->size);
	if (!bytes)
		return &error_no_memory;
	error = elf_object_read(object, function->vaddr, bytes, function->size);
	if (error)
		return error;
	beginning = insn_beginning(arch, bytes, function->size, function->vaddr, offset, &insn);
	if (beginning == offset)
		return NULL;
	if (beginning == function->size)
		return error_create(USDTRAP_INVALID_USE,
				    "the instructions of %s cannot be followed up to offset %" PRIu64, function->name,
				    offset);
	return error_hint(error_create(USDTRAP_INVALID_USE,
				       "%s+%" PRIu64 " is in the middle of an instruction: `%s' begins at %s+%zu",
				       function->name, offset, insn.text, function->name, beginning),
			  "the next begins at %s+%zu", function->name, beginning + insn.length);
}

/* ---- By name ----------------------------------------------------------------------------------------------------- */

static struct usdtrap_error *refuse_resolver(const struct finder *finder, const char *name)
{
	return error_hint(error_create(USDTRAP_UNSUPPORTED,
				       "%s: what is called %s chooses a function when the program is loaded (IFUNC)",
				       finder->file->path, name),
			  "name the functions that it chooses among: *%s*", name + strspn(name, "_"));
}

/* Whether FUNCTION is left out, since nothing but its beginning is known. */
static bool is_left_out(const struct finder *finder, const struct elf_function *function)
{
	return function->size == 0 && !finder->search->pattern->any_size && !finder->search->wants_all_names;
}

static struct usdtrap_error *refuse_sizeless(const char *name)
{
	return error_hint(
		error_create(USDTRAP_UNSUPPORTED, "Could not determine boundary for %s (symbol has size 0).", name),
		"Use --unsafe to force attachment. WARNING: This could lead to data corruption in the "
		"target process.");
}

/* All addresses of one name. */
static struct usdtrap_error *find_name(struct finder *finder)
{
	const struct usdtrap_function_pattern *pattern = finder->search->pattern;
	const struct elf_functions *functions = finder->file->functions;
	const struct elf_function *first = elf_functions_find(functions, pattern->name);
	_cleanup_strbuf_ struct strbuf shown = {0};
	struct usdtrap_error *error = NULL;
	size_t count = 0;

	if (!first)
		return NULL;
	while (first + count < functions->items + functions->count && strcmp(first[count].name, first->name) == 0) {
		if (first[count].is_resolver && !finder->search->wants_all_names)
			return refuse_resolver(finder, first->name);
		if (is_left_out(finder, &first[count]))
			return refuse_sizeless(first->name);
		if (pattern->offset)
			error = check_instruction(finder, &first[count], pattern->offset);
		if (error)
			return error;
		count++;
	}
	functions_format_pattern(pattern, &shown);
	return report(finder, strbuf_text(&shown), first->name, first, count, pattern->offset);
}

static bool is_name_meant(const struct finder *finder, const struct elf_function *function, char **ret_demangled)
{
	const struct usdtrap_function_pattern *pattern = finder->search->pattern;

	*ret_demangled = NULL;
	if (!pattern->is_demangled)
		return glob_match(pattern->name, function->name);
	*ret_demangled = demangle(function->name);
	if (*ret_demangled && demangle_match(pattern->name, *ret_demangled))
		return true;
	free(*ret_demangled);
	*ret_demangled = NULL;
	return false;
}

static struct usdtrap_error *report_matching(struct finder *finder, const struct elf_function *function, size_t count,
					     const char *demangled)
{
	const uint64_t offset = finder->search->pattern->offset;
	_cleanup_strbuf_ struct strbuf shown = {0};
	struct usdtrap_error *error = NULL;

	if (offset)
		error = check_instruction(finder, function, offset);
	if (error)
		return error;
	strbuf_addf(&shown, demangled ? "cpp:\"%s\"" : "%s", demangled ? demangled : function->name);
	if (offset)
		strbuf_addf(&shown, "+%" PRIu64, offset);
	return report(finder, strbuf_text(&shown), demangled ? demangled : function->name, function, count, offset);
}

/* Every name that matches: what a listing shows. */
static struct usdtrap_error *find_all_names(struct finder *finder)
{
	const struct elf_functions *functions = finder->file->functions;
	struct usdtrap_error *error = NULL;
	size_t count;

	for (size_t i = 0; !error && !finder->is_ended && i < functions->count; i += count) {
		const struct elf_function *function = &functions->items[i];
		_cleanup_free_ char *demangled = NULL;

		for (count = 1; i + count < functions->count && strcmp(function[count].name, function->name) == 0;)
			count++;
		if (is_name_meant(finder, function, &demangled))
			error = report_matching(finder, function, count, demangled);
	}
	return error;
}

/* Every address that has a name which matches, by the first of them that does. */
static struct usdtrap_error *find_all_addresses(struct finder *finder)
{
	const struct elf_functions *functions = finder->file->functions;
	const struct elf_function *last = NULL;
	struct usdtrap_error *error = NULL;

	for (size_t i = 0; !error && !finder->is_ended && i < functions->count; i++) {
		const struct elf_function *function = functions->by_address[i];
		_cleanup_free_ char *demangled = NULL;

		if (function->is_resolver || is_left_out(finder, function) ||
		    (last && last->vaddr == function->vaddr) || !is_name_meant(finder, function, &demangled))
			continue;
		error = report_matching(finder, function, 1, demangled);
		last = function;
	}
	return error;
}

/* ---- By address -------------------------------------------------------------------------------------------------- */

static struct usdtrap_error *find_address(struct finder *finder)
{
	const uint64_t address = finder->search->pattern->address;
	const struct elf_function *function = elf_functions_at(finder->file->functions, address);
	struct elf_function place;
	struct usdtrap_error *error = NULL;
	char shown[32];

	if (!function)
		return error_hint(error_create(USDTRAP_NOT_FOUND, "Could not resolve address: %s:0x%" PRIx64,
					       finder->file->path, address),
				  "it lies in none of the file's functions");
	if (address != function->vaddr)
		error = check_instruction(finder, function, address - function->vaddr);
	if (error)
		return error;
	place = *function;
	place.vaddr = address;
	snprintf(shown, sizeof(shown), "0x%" PRIx64, address);
	return report(finder, shown, function->name, &place, 1, 0);
}

struct usdtrap_error *functions_find(const struct functions_file *file, const struct functions_search *search,
				     size_t *ret_count)
{
	struct finder finder = {.file = file, .search = search};
	const struct usdtrap_function_pattern *pattern = search->pattern;
	struct usdtrap_error *error;

	if (pattern->is_demangled && !demangle_is_possible())
		return error_hint(error_create(USDTRAP_UNSUPPORTED, "C++ names cannot be read: libstdc++.so.6 is not "
								    "installed here"),
				  "name the function by its symbol, as nm(1) shows it");
	if (!pattern->name)
		error = find_address(&finder);
	else if (!pattern->is_demangled && !glob_has_wildcard(pattern->name))
		error = find_name(&finder);
	else if (search->wants_all_names)
		error = find_all_names(&finder);
	else
		error = find_all_addresses(&finder);
	if (!error)
		*ret_count = finder.count;
	return error;
}

/* ---- What was meant ---------------------------------------------------------------------------------------------- */

/* Offers what SYMBOL is called in C++, with parameters if WITH_PARAMETERS; keeps it in *KEPT if it is the best. */
static void offer_demangled(struct nearest *search, const char *symbol, bool with_parameters, char **kept)
{
	_cleanup_free_ char *full = demangle(symbol);
	char *name = NULL;

	if (full && !with_parameters)
		name = demangle_without_parameters(full);
	if (full && !name)
		name = strdup(full);
	if (!name)
		return;
	nearest_offer(search, name);
	if (search->best == name) {
		free(*kept);
		*kept = name;
	} else {
		free(name);
	}
}

char *functions_nearest(const struct elf_functions *functions, const struct usdtrap_function_pattern *pattern)
{
	struct nearest search = {.wanted = pattern->name, .distance = NEAREST_START};
	_cleanup_strbuf_ struct strbuf shown = {0};
	_cleanup_free_ char *demangled = NULL;

	if (!pattern->name)
		return NULL;
	for (size_t i = 0; i < functions->count; i++) {
		if (pattern->is_demangled)
			offer_demangled(&search, functions->items[i].name, strchr(pattern->name, '('), &demangled);
		else
			nearest_offer(&search, functions->items[i].name);
	}
	if (!search.best)
		return NULL;
	functions_format_pattern(
		&(struct usdtrap_function_pattern){.name = search.best, .is_demangled = pattern->is_demangled}, &shown);
	return strbuf_take(&shown);
}

struct usdtrap_error *functions_explain_no_match(const struct functions_file *file,
						 const struct usdtrap_function_pattern *pattern)
{
	_cleanup_free_ char *nearest = functions_nearest(file->functions, pattern);
	_cleanup_strbuf_ struct strbuf wanted = {0};
	struct usdtrap_error *error;

	functions_format_pattern(pattern, &wanted);
	if (!file->functions->count)
		return error_hint(error_create(USDTRAP_NOT_FOUND, "%s: the file has no functions in its symbol tables",
					       file->path),
				  "it was stripped: its debug symbols, installed in /usr/lib/debug, have them");
	error = error_create(USDTRAP_NOT_FOUND, "%s: none of its %zu functions is called %s", file->path,
			     file->functions->count, strbuf_text(&wanted));
	return nearest ? error_hint(error, "did you mean %s?", nearest) : error;
}
