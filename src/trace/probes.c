/* SPDX-License-Identifier: MIT */
/*
 * Notes come in the order the linker found them; one probe's notes may lie
 * anywhere among them. So: collect all, sort by name (and, for one name, by
 * address), then cut the row into runs of one name.
 */
#include "trace/probes.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "elf/stapsdt.h"

/* One note while it waits for the others of its name. */
struct entry {
	const char *key; /* "PROVIDER:NAME" */
	size_t provider_length;
	size_t order;
	struct usdtrap_site_info site;
};

struct collector {
	struct arena *arena;
	struct entry *entries;
	size_t count;
	size_t capacity;
	bool failed; /* no memory */
	probes_problem_fn on_problem;
	void *user;
};

static bool grow(struct collector *collector)
{
	size_t capacity = collector->capacity ? collector->capacity * 2 : 64;
	struct entry *entries;

	if (collector->count < collector->capacity)
		return true;
	entries = reallocarray(collector->entries, capacity, sizeof(*entries));
	if (!entries)
		return false;
	collector->entries = entries;
	collector->capacity = capacity;
	return true;
}

static int collect_note(const struct stapsdt_note *note, void *user)
{
	struct collector *collector = user;

	if (!grow(collector)) {
		collector->failed = true;
		return 1;
	}
	collector->entries[collector->count] = (struct entry){
		.key = arena_printf(collector->arena, "%s:%s", note->provider, note->name),
		.provider_length = strlen(note->provider),
		.order = collector->count,
		.site = {.vaddr = note->vaddr,
			 .semaphore_vaddr = note->semaphore_vaddr,
			 .arguments = arena_copy(collector->arena, note->arguments, strlen(note->arguments))},
	};
	collector->count++;
	collector->failed |= collector->arena->failed;
	return collector->failed;
}

static void pass_problem_on(const struct usdtrap_error *problem, void *user)
{
	struct collector *collector = user;

	if (collector->on_problem)
		collector->on_problem(problem, collector->user);
}

static int compare_names(const struct entry *a, const struct entry *b)
{
	int by_key = strcmp(a->key, b->key);

	/* A provider may have a colon in it: "a:b" "c" is not "a" "b:c". */
	return by_key ? by_key : (a->provider_length > b->provider_length) - (a->provider_length < b->provider_length);
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int by_name = compare_names(a, b);
	int by_vaddr = (a->site.vaddr > b->site.vaddr) - (a->site.vaddr < b->site.vaddr);

	if (by_name || by_vaddr)
		return by_name ? by_name : by_vaddr;
	return (a->order > b->order) - (a->order < b->order);
}

/* Makes the COUNT entries at ENTRIES, which have one name, a probe. */
static void add_probe(struct probes *probes, const struct elf_object *object, const char *path,
		      const struct entry *entries, size_t count)
{
	struct arena *arena = &probes->arena;
	struct usdtrap_site_info *sites = arena_allocate_array(arena, count, sizeof(*sites));
	size_t site_count = 0;

	/* Two notes about one address are one site: each of its hits is one hit. */
	for (size_t i = 0; sites && i < count; i++)
		if (i == 0 || entries[i].site.vaddr != entries[i - 1].site.vaddr)
			sites[site_count++] = entries[i].site;
	probes->items[probes->count++] = (struct usdtrap_probe_info){
		.path = path,
		.provider = arena_copy(arena, entries->key, entries->provider_length),
		.name = entries->key + entries->provider_length + 1,
		.full_name = arena_printf(arena, "usdt:%s:%s", path, entries->key),
		.sites = sites,
		.site_count = site_count,
		.machine = elf_object_machine(object),
		.address_bits = elf_object_address_bits(object),
	};
}

static struct usdtrap_error *group(struct probes *probes, const struct elf_object *object, const char *path,
				   struct collector *collector)
{
	const struct entry *entries = collector->entries;
	size_t start = 0;

	qsort(collector->entries, collector->count, sizeof(*entries), compare_entries);
	path = arena_copy(&probes->arena, path, strlen(path));
	probes->items = arena_allocate_array(&probes->arena, collector->count, sizeof(*probes->items));
	if (probes->arena.failed)
		return &error_no_memory;
	for (size_t i = 1; i <= collector->count; i++) {
		if (i < collector->count && compare_names(&entries[i], &entries[start]) == 0)
			continue;
		add_probe(probes, object, path, entries + start, i - start);
		start = i;
	}
	return probes->arena.failed ? &error_no_memory : NULL;
}

struct usdtrap_error *probes_load(const struct elf_object *object, const char *path, probes_problem_fn on_problem,
				  void *user, struct probes **ret)
{
	struct probes *probes = calloc(1, sizeof(*probes));
	struct collector collector = {.on_problem = on_problem, .user = user};
	struct stapsdt_callbacks callbacks = {collect_note, pass_problem_on, &collector};
	struct usdtrap_error *error;

	if (!probes)
		return &error_no_memory;
	collector.arena = &probes->arena;
	error = stapsdt_walk(object, &callbacks);
	if (!error && collector.failed)
		error = &error_no_memory;
	if (!error)
		error = group(probes, object, path, &collector);
	free(collector.entries);
	if (error) {
		probes_destroy(probes);
		return error;
	}
	*ret = probes;
	return NULL;
}

void probes_destroy(struct probes *probes)
{
	if (!probes)
		return;
	arena_deinit(&probes->arena);
	free(probes);
}

static bool is_any(const char *pattern)
{
	return !pattern || !*pattern;
}

static bool matches(const char *pattern, const char *text)
{
	return is_any(pattern) || glob_match(pattern, text);
}

bool probes_match(const struct usdtrap_pattern *pattern, const struct usdtrap_probe_info *probe)
{
	return matches(pattern->provider, probe->provider) && matches(pattern->name, probe->name) &&
	       (!pattern->accepts || pattern->accepts(probe->full_name, pattern->user));
}

/* "PROVIDER:NAME", which is how every full name ends. */
static const char *key_of(const struct usdtrap_probe_info *probe)
{
	return probe->full_name + strlen("usdt:") + strlen(probe->path) + strlen(":");
}

/* Says what there is: the first few probes, and how many more. */
static struct usdtrap_error *hint_at_all(struct usdtrap_error *error, const struct probes *probes)
{
	enum { SHOWN = 3 };
	_cleanup_strbuf_ struct strbuf text = {0};
	size_t shown = probes->count > SHOWN + 1 ? SHOWN : probes->count;

	for (size_t i = 0; i < shown; i++)
		strbuf_addf(&text, "%s%s:%s",
			    i == 0                   ? ""
			    : i + 1 == probes->count ? " and "
						     : ", ",
			    probes->items[i].provider, probes->items[i].name);
	if (shown < probes->count)
		strbuf_addf(&text, " and %zu more", probes->count - shown);
	return error_hint(error, "it has %s", strbuf_text(&text));
}

static const char *name_of(const struct usdtrap_probe_info *probe)
{
	return probe->name;
}

static const char *provider_of(const struct usdtrap_probe_info *probe)
{
	return probe->provider;
}

/* The probe whose TEXT is nearest to WANTED, or NULL. */
static const struct usdtrap_probe_info *find_nearest(const struct probes *probes, const char *wanted,
						     const char *(*text)(const struct usdtrap_probe_info *probe))
{
	struct nearest search = {.wanted = wanted, .distance = NEAREST_START};
	const struct usdtrap_probe_info *nearest = NULL;

	for (size_t i = 0; i < probes->count; i++) {
		nearest_offer(&search, text(&probes->items[i]));
		if (search.best == text(&probes->items[i]))
			nearest = &probes->items[i];
	}
	return nearest;
}

void probes_format_pattern(const struct usdtrap_pattern *pattern, struct strbuf *out)
{
	if (!is_any(pattern->provider))
		strbuf_addf(out, "%s:", pattern->provider);
	strbuf_add_string(out, is_any(pattern->name) ? "*" : pattern->name);
}

char *probes_nearest(const struct probes *probes, const struct usdtrap_pattern *pattern, bool in_full)
{
	const bool has_provider = !is_any(pattern->provider);
	const bool has_name = !is_any(pattern->name) && strcmp(pattern->name, "*") != 0;
	_cleanup_strbuf_ struct strbuf wanted = {0}, text = {0};
	const struct usdtrap_probe_info *nearest = NULL;

	probes_format_pattern(pattern, &wanted);
	if (has_provider && has_name)
		nearest = find_nearest(probes, strbuf_text(&wanted), key_of);
	else if (has_provider)
		nearest = find_nearest(probes, pattern->provider, provider_of);
	if (!nearest && has_name)
		nearest = find_nearest(probes, pattern->name, name_of);
	if (!nearest)
		return NULL;
	if (in_full)
		strbuf_addf(&text, "usdt:%s:", nearest->path);
	strbuf_addf(&text, "%s:%s", nearest->provider, has_name ? nearest->name : "*");
	return strbuf_take(&text);
}

struct usdtrap_error *probes_explain_no_match(const struct probes *probes, const struct usdtrap_pattern *pattern)
{
	_cleanup_free_ char *nearest = probes_nearest(probes, pattern, false);
	_cleanup_strbuf_ struct strbuf wanted = {0};
	struct usdtrap_error *error;

	probes_format_pattern(pattern, &wanted);
	error = error_create(USDTRAP_NOT_FOUND, "%s: no USDT probe is called %s", probes->items->path,
			     strbuf_text(&wanted));
	return nearest ? error_hint(error, "did you mean %s?", nearest) : hint_at_all(error, probes);
}
