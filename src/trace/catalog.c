/* SPDX-License-Identifier: MIT */
#include "trace/catalog.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "arch/arch.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "elf/function.h"
#include "trace/files.h"
#include "trace/functions.h"
#include "trace/probes.h"

static void file_destroy(struct catalog_file *file)
{
	for (size_t i = 0; i < file->location_count; i++)
		if (file->locations[i].is_parsed)
			argspec_list_deinit(&file->locations[i].arguments);
	free(file->locations);
	probes_destroy(file->probes);
	elf_functions_destroy(file->functions);
	arena_deinit(&file->arena);
	elf_object_destroy(file->object);
	free(file->path);
	free(file->real_path);
	free(file);
}

static void probe_destroy(struct usdtrap_probe *probe)
{
	free(probe->target);
	free(probe->provider);
	free(probe->name);
	free(probe->matches);
	free(probe);
}

void catalog_deinit(struct catalog *catalog)
{
	struct catalog_file *file, *next_file;
	struct usdtrap_probe *probe, *next_probe;

	LL_FOREACH_SAFE(catalog->probes, probe, next_probe)
	probe_destroy(probe);
	LL_FOREACH_SAFE(catalog->files, file, next_file)
	file_destroy(file);
	memset(catalog, 0, sizeof(*catalog));
}

struct catalog_file *catalog_file_find(const struct catalog *catalog, uint64_t device, uint64_t inode)
{
	struct catalog_file *file;

	LL_FOREACH (catalog->files, file)
		if (file->inode == inode && file->device == device)
			return file;
	return NULL;
}

bool catalog_wants_traps(const struct catalog *catalog)
{
	const struct usdtrap_probe *probe = catalog->probes;

	while (probe && !probe->on_hit)
		probe = probe->next;
	return probe;
}

bool catalog_wants_any_file(const struct catalog *catalog)
{
	const struct usdtrap_probe *probe;

	LL_FOREACH (catalog->probes, probe)
		if (probe->wants_any_file)
			return true;
	return false;
}

static struct usdtrap_error *add_locations(struct catalog_file *file)
{
	size_t count = 0;

	for (size_t i = 0; i < file->probes->count; i++)
		count += file->probes->items[i].site_count;
	file->locations = calloc(count, sizeof(*file->locations));
	if (!file->locations)
		return &error_no_memory;
	for (size_t i = 0; i < file->probes->count; i++)
		for (size_t site = 0; site < file->probes->items[i].site_count; site++)
			file->locations[file->location_count++] = (struct location){
				.info = &file->probes->items[i],
				.index = site,
			};
	return NULL;
}

static struct usdtrap_error *add_match(struct usdtrap_probe *probe, const struct catalog_match *match)
{
	struct catalog_match *matches = reallocarray(probe->matches, probe->match_count + 1, sizeof(*matches));

	if (!matches)
		return &error_no_memory;
	matches[probe->match_count++] = *match;
	probe->matches = matches;
	match->file->has_matches = true;
	match->file->is_wanted |= !probe->is_internal;
	return NULL;
}

/* The locations of INFO's sites, which lie together. */
static struct location *locations_of(struct catalog_file *file, const struct usdtrap_probe_info *info)
{
	size_t i = 0;

	while (file->locations[i].info != info)
		i++;
	return &file->locations[i];
}

static struct usdtrap_error *match_notes(struct usdtrap_probe *probe, struct catalog_file *file)
{
	const struct usdtrap_pattern pattern = {
		.provider = probe->provider,
		.name = probe->name,
		.accepts = probe->accepts,
		.user = probe->accepts_user,
	};
	struct usdtrap_error *error = NULL;

	for (size_t i = 0; !error && file->probes && i < file->probes->count; i++) {
		const struct usdtrap_probe_info *info = &file->probes->items[i];

		if (probes_match(&pattern, info))
			error = add_match(
				probe, &(struct catalog_match){file, info, locations_of(file, info), info->site_count});
	}
	return error;
}

struct function_matching {
	struct usdtrap_probe *probe;
	struct catalog_file *file;
	struct usdtrap_error *error;
};

static int on_function(const struct usdtrap_probe_info *info, void *user)
{
	struct function_matching *matching = user;
	struct catalog_file *file = matching->file;
	struct location *locations = arena_allocate_array(&file->arena, info->site_count, sizeof(*locations));

	for (size_t i = 0; locations && i < info->site_count; i++)
		locations[i] = (struct location){.info = info, .index = i};
	matching->error =
		locations ? add_match(matching->probe, &(struct catalog_match){file, info, locations, info->site_count})
			  : &error_no_memory;
	return matching->error != NULL;
}

static struct usdtrap_error *match_functions(struct usdtrap_probe *probe, struct catalog_file *file)
{
	struct function_matching matching = {.probe = probe, .file = file};
	const struct functions_search search = {
		.pattern = &probe->function,
		.arena = &file->arena,
		.on_match = on_function,
		.user = &matching,
	};
	struct functions_file functions = {.object = file->object, .path = file->path};
	struct usdtrap_error *error = NULL;
	size_t count;

	if (!file->functions)
		error = functions_load(file->object, file->path, &file->functions);
	functions.functions = file->functions;
	if (!error)
		error = functions_find(&functions, &search, &count);
	return error ? error : matching.error;
}

/* Adds what PROBE's pattern means of FILE to its matches. */
static struct usdtrap_error *match_file(struct usdtrap_probe *probe, struct catalog_file *file)
{
	return probe->is_function ? match_functions(probe, file) : match_notes(probe, file);
}

/* Reads OBJECT's probes into a new file of CATALOG. A file without any is kept too: it need not be read again. */
static struct usdtrap_error *create_file(struct catalog *catalog, struct elf_object *object, const char *path,
					 struct catalog_file **ret)
{
	struct catalog_file *file = calloc(1, sizeof(*file));
	struct usdtrap_error *error;

	if (!file) {
		elf_object_destroy(object);
		return &error_no_memory;
	}
	file->object = object;
	file->path = strdup(path);
	file->real_path = realpath(path, NULL);
	elf_object_identity(object, &file->device, &file->inode);
	error = file->path ? probes_load(object, path, catalog->on_problem, catalog->user, &file->probes)
			   : &error_no_memory;
	if (!error)
		error = add_locations(file);
	else if (error_catch(error, USDTRAP_NOT_FOUND))
		error = NULL;
	if (error) {
		file_destroy(file);
		return error;
	}
	LL_APPEND(catalog->files, file);
	*ret = file;
	return NULL;
}

struct usdtrap_error *catalog_file_add(struct catalog *catalog, struct elf_object *object, const char *path,
				       struct catalog_file **ret)
{
	struct usdtrap_error *error;
	struct usdtrap_probe *probe;

	error = create_file(catalog, object, path, ret);
	LL_FOREACH (catalog->probes, probe)
		if (!error && probe->wants_any_file)
			error = match_file(probe, *ret);
	return error;
}

/* The file that ITEM is, read now or before. */
static struct usdtrap_error *file_of_item(struct catalog *catalog, const struct files_item *item,
					  struct catalog_file **ret)
{
	struct elf_object *object;
	struct usdtrap_error *error;
	uint64_t device, inode;
	struct catalog_file *known;

	error = files_open(item, &object);
	if (error)
		return error;
	known = elf_object_identity(object, &device, &inode) ? catalog_file_find(catalog, device, inode) : NULL;
	if (!known)
		return create_file(catalog, object, item->path, ret);
	elf_object_destroy(object);
	*ret = known;
	return NULL;
}

static struct usdtrap_error *copy_text(const char *text, char **ret)
{
	if (!text || !*text)
		return NULL;
	*ret = strdup(text);
	return *ret ? NULL : &error_no_memory;
}

static struct usdtrap_error *create_probe(const char *target, const char *provider, const char *name, bool any_file,
					  struct usdtrap_probe **ret)
{
	struct usdtrap_probe *probe = calloc(1, sizeof(*probe));
	struct usdtrap_error *error;

	if (!probe)
		return &error_no_memory;
	error = copy_text(target, &probe->target);
	if (!error)
		error = copy_text(provider, &probe->provider);
	if (!error)
		error = copy_text(name, &probe->name);
	if (error) {
		probe_destroy(probe);
		return error;
	}
	probe->wants_any_file = any_file || !probe->target || strcmp(probe->target, "*") == 0;
	*ret = probe;
	return NULL;
}

static void append_probe(struct catalog *catalog, struct usdtrap_probe *probe)
{
	struct usdtrap_probe *last;

	LL_FOREACH (catalog->probes, last)
		probe->order = last->order + 1;
	LL_APPEND(catalog->probes, probe);
}

/*
 * Matches PROBE with the files that its target leads to. *RET_ONLY: the one
 * file that was meant, or NULL. Of many files, one that cannot be read or is
 * broken spoils no other; if what is wanted cannot be traced in one and is in
 * no other, that is the error.
 */
static struct usdtrap_error *match_target(struct catalog *catalog, struct usdtrap_probe *probe, pid_t pid,
					  struct catalog_file **ret_only)
{
	struct usdtrap_error *error, *refusal = NULL;
	struct catalog_file *file;
	struct files files;

	error = files_find(probe->target, pid, &files);
	if (error)
		return error;
	for (size_t i = 0; !error && i < files.count; i++) {
		error = file_of_item(catalog, &files.items[i], &file);
		if (!error)
			error = match_file(probe, file);
		if (!error || !files.is_search || usdtrap_error_code(error) == USDTRAP_NO_MEMORY)
			continue;
		if (!refusal && probe->is_function && usdtrap_error_code(error) == USDTRAP_UNSUPPORTED)
			refusal = error;
		else
			usdtrap_error_destroy(error);
		error = NULL;
	}
	if (!error && refusal && probe->match_count == 0)
		error = refusal;
	else
		usdtrap_error_destroy(refusal);
	*ret_only = !error && !files.is_search ? file : NULL;
	files_deinit(&files);
	return error;
}

struct usdtrap_error *catalog_add(struct catalog *catalog, const struct usdtrap_pattern *pattern, pid_t pid,
				  usdtrap_hit_fn on_hit, void *user, struct usdtrap_probe **ret)
{
	/* The listing says best what is wrong with a pattern: no file, no probes, no such name. */
	const struct usdtrap_list_callbacks nobody = {0};
	struct usdtrap_probe *probe = NULL;
	struct usdtrap_error *error;
	struct catalog_file *only;

	error = create_probe(pattern->target, pattern->provider, pattern->name, pattern->any_file, &probe);
	if (error)
		return error;
	probe->accepts = pattern->accepts;
	probe->accepts_user = pattern->user;
	probe->on_hit = on_hit;
	probe->user = user;
	error = match_target(catalog, probe, pid, &only);
	if (error ? error_catch(error, USDTRAP_NOT_FOUND) || error_catch(error, USDTRAP_BAD_ELF)
		  : probe->match_count == 0 && !pattern->any_file)
		error = usdtrap_list(pattern, pid, &nobody);
	if (error) {
		probe_destroy(probe);
		return error;
	}
	append_probe(catalog, probe);
	if (ret)
		*ret = probe;
	return NULL;
}

/* Why PROBE, which names functions, has none. ONLY: the one file that was meant, or NULL. */
static struct usdtrap_error *explain_no_function(const struct usdtrap_function_pattern *pattern,
						 const struct catalog_file *only, pid_t pid)
{
	const struct usdtrap_list_callbacks nobody = {0};
	_cleanup_strbuf_ struct strbuf wanted = {0};
	struct usdtrap_error *error;

	if (only)
		return functions_explain_no_match(&(struct functions_file){only->object, only->functions, only->path},
						  pattern);
	error = usdtrap_list_functions(pattern, pid, &nobody);
	if (error)
		return error;
	functions_format_pattern(pattern, &wanted); /* listed, but nothing that could be trapped */
	return error_create(USDTRAP_NOT_FOUND, "no file has code at a function called %s", strbuf_text(&wanted));
}

struct usdtrap_error *catalog_add_function(struct catalog *catalog, const struct usdtrap_function_pattern *pattern,
					   pid_t pid, usdtrap_hit_fn on_hit, void *user, struct usdtrap_probe **ret)
{
	struct usdtrap_probe *probe = NULL;
	struct usdtrap_error *error;
	struct catalog_file *only;

	if (pattern->at_return && pattern->offset)
		return error_create(USDTRAP_INVALID_USE, "a function's return has no offset");
	error = create_probe(pattern->target, NULL, pattern->name, pattern->any_file, &probe);
	if (error)
		return error;
	if (!pid &&
	    (!probe->target || strcmp(probe->target, "*") == 0)) { /* libc's malloc, in every process there is */
		probe_destroy(probe);
		return error_hint(error_create(USDTRAP_INVALID_USE, "any file may be meant, but of no process"),
				  "name a process, or the file");
	}
	probe->is_function = true;
	probe->function = *pattern;
	probe->function.target = probe->target;
	probe->function.name = probe->name;
	probe->on_hit = on_hit;
	probe->user = user;
	error = match_target(catalog, probe, pid, &only);
	if (!error && probe->match_count == 0 && !pattern->any_file)
		error = explain_no_function(pattern, only, pid);
	if (error) {
		probe_destroy(probe);
		return error;
	}
	append_probe(catalog, probe);
	if (ret)
		*ret = probe;
	return NULL;
}

struct usdtrap_error *catalog_add_internal(struct catalog *catalog, const char *name, usdtrap_hit_fn on_hit, void *user,
					   struct usdtrap_probe **ret)
{
	struct usdtrap_probe *probe = NULL;
	struct usdtrap_error *error = create_probe(NULL, NULL, name, true, &probe);
	struct catalog_file *file;

	if (error)
		return error;
	probe->is_function = true;
	probe->is_internal = true;
	probe->function.name = probe->name;
	probe->function.any_size = 1;
	probe->on_hit = on_hit;
	probe->user = user;
	LL_FOREACH (catalog->files, file)
		if (!error)
			error = match_file(probe, file);
	if (error) {
		probe_destroy(probe);
		return error;
	}
	append_probe(catalog, probe);
	*ret = probe;
	return NULL;
}

size_t usdtrap_probe_count(const struct usdtrap_probe *probe)
{
	return probe->match_count;
}

const struct usdtrap_probe_info *usdtrap_probe_info(const struct usdtrap_probe *probe, size_t index)
{
	return index < probe->match_count ? probe->matches[index].info : NULL;
}

static struct usdtrap_error *symbol_address(const char *name, size_t length, uint64_t *ret_vaddr, void *user)
{
	const struct catalog_file *file = user;

	return elf_object_symbol(file->object, name, length, ret_vaddr);
}

static struct usdtrap_error *symbol_thread_offset(const char *name, size_t length, int64_t *ret_offset, void *user)
{
	const struct catalog_file *file = user;
	const struct arch *arch = arch_find(elf_object_machine(file->object), elf_object_address_bits(file->object));
	struct elf_thread_segment segment;
	struct usdtrap_error *error;
	uint64_t offset;

	error = elf_object_thread_symbol(file->object, name, length, &offset, &segment);
	if (!error)
		*ret_offset = arch->thread_offset(offset, segment.vaddr, segment.memory_size, segment.alignment);
	return error;
}

static struct usdtrap_error *symbol_slot(const char *name, size_t length, uint64_t *ret_vaddr, bool *ret_has_slot,
					 void *user)
{
	const struct catalog_file *file = user;

	return elf_object_slot(file->object, name, length, ret_vaddr, ret_has_slot);
}

struct usdtrap_error *location_arguments(struct catalog_file *file, struct location *location,
					 const struct argspec_list **ret)
{
	const struct argspec_symbols symbols = {
		.address = symbol_address,
		.thread_offset = symbol_thread_offset,
		.slot = symbol_slot,
		.user = file,
	};
	const struct arch *arch = arch_find((uint16_t)location->info->machine, location->info->address_bits);
	struct usdtrap_error *error;

	if (!location->is_parsed) {
		error = argspec_parse(arch, location->info->sites[location->index].arguments, &symbols,
				      &location->arguments);
		if (error)
			return error;
		location->is_parsed = true;
	}
	*ret = &location->arguments;
	return NULL;
}
