/* SPDX-License-Identifier: MIT */
#include "trace/catalog.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "arch/arch.h"
#include "base/error.h"
#include "trace/files.h"
#include "trace/probes.h"

static void file_destroy(struct catalog_file *file)
{
	for (size_t i = 0; i < file->location_count; i++)
		if (file->locations[i].is_parsed)
			argspec_list_deinit(&file->locations[i].arguments);
	free(file->locations);
	probes_destroy(file->probes);
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

/* Adds what PROBE's pattern means of FILE to its matches. */
static struct usdtrap_error *match_file(struct usdtrap_probe *probe, struct catalog_file *file)
{
	const struct usdtrap_pattern pattern = {
		.provider = probe->provider,
		.name = probe->name,
		.accepts = probe->accepts,
		.user = probe->accepts_user,
	};

	for (size_t i = 0; i < file->probes->count; i++) {
		struct catalog_match *matches;

		if (!probes_match(&pattern, &file->probes->items[i]))
			continue;
		matches = reallocarray(probe->matches, probe->match_count + 1, sizeof(*matches));
		if (!matches)
			return &error_no_memory;
		matches[probe->match_count++] = (struct catalog_match){file, &file->probes->items[i]};
		probe->matches = matches;
	}
	return NULL;
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
	if (error || !(*ret)->probes)
		return error;
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

static struct usdtrap_error *create_probe(const struct usdtrap_pattern *pattern, struct usdtrap_probe **ret)
{
	struct usdtrap_probe *probe = calloc(1, sizeof(*probe));
	struct usdtrap_error *error;

	if (!probe)
		return &error_no_memory;
	error = copy_text(pattern->target, &probe->target);
	if (!error)
		error = copy_text(pattern->provider, &probe->provider);
	if (!error)
		error = copy_text(pattern->name, &probe->name);
	if (error) {
		probe_destroy(probe);
		return error;
	}
	probe->accepts = pattern->accepts;
	probe->accepts_user = pattern->user;
	probe->wants_any_file = pattern->any_file || !probe->target || strcmp(probe->target, "*") == 0;
	*ret = probe;
	return NULL;
}

struct usdtrap_error *catalog_add(struct catalog *catalog, const struct usdtrap_pattern *pattern, pid_t pid,
				  usdtrap_hit_fn on_hit, void *user, struct usdtrap_probe **ret)
{
	/* The listing says best what is wrong with a pattern: no file, no probes, no such name. */
	const struct usdtrap_list_callbacks nobody = {0};
	struct usdtrap_probe *probe = NULL, *last;
	struct usdtrap_error *error;
	struct catalog_file *file;
	struct files files;

	error = create_probe(pattern, &probe);
	if (error)
		return error;
	probe->on_hit = on_hit;
	probe->user = user;
	error = files_find(pattern->target, pid, &files);
	if (error) {
		probe_destroy(probe);
		return error;
	}
	for (size_t i = 0; !error && i < files.count; i++) {
		error = file_of_item(catalog, &files.items[i], &file);
		if (!error && file->probes)
			error = match_file(probe, file);
		/* Of many files, one that cannot be read or is broken spoils no other. */
		if (error && files.is_search && usdtrap_error_code(error) != USDTRAP_NO_MEMORY) {
			usdtrap_error_destroy(error);
			error = NULL;
		}
	}
	files_deinit(&files);
	if (!error && probe->match_count == 0 && !pattern->any_file)
		error = usdtrap_list(pattern, pid, &nobody);
	if (error) {
		probe_destroy(probe);
		return error;
	}
	LL_FOREACH (catalog->probes, last)
		probe->order = last->order + 1;
	LL_APPEND(catalog->probes, probe);
	if (ret)
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
