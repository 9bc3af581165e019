/* SPDX-License-Identifier: MIT */
/*
 * Recipes: what is known of runtimes whose probes stay silent unless something
 * else is raised too.
 *
 * CPython 3.11 reaches function__entry for ordinary calls only from its traced
 * dispatch, which it enters while the semaphore of `line' is up; otherwise
 * only frames resumed by throw() pass the probe (measured on Debian's
 * python3.11: 5 hits and 2,269 hits for the same script). 3.10 and older do
 * not need it; 3.12 and newer have no such probe. Discussion:
 * python/cpython issue 98894.
 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "trace/engine.h"
#include "trace/lender.h"
#include "trace/observe.h"
#include "trace/probes.h"
#include "trace/site.h"

struct recipe {
	const char *provider;
	const char *name;           /* the probe that needs help */
	const char *version_symbol; /* an unsigned long of the file */
	uint64_t version_mask;
	uint64_t version;
	const char *companion; /* the probe of the same provider whose semaphores are raised */
	const char *why;
};

static const struct recipe recipes[] = {
	{
		.provider = "python",
		.name = "function__entry",
		.version_symbol =
			"Py_Version", /* PY_VERSION_HEX, since 3.11: docs.python.org/3/c-api/apiabiversion.html */
		.version_mask = 0xffff0000,
		.version = 0x030b0000,
		.companion = "line",
		.why = "CPython 3.11 fires it for ordinary calls only then, and runs about six times slower meanwhile",
	},
};

static bool version_is(const struct elf_object *object, const struct recipe *recipe)
{
	struct usdtrap_error *error;
	uint64_t vaddr, version = 0;

	error = elf_object_symbol(object, recipe->version_symbol, strlen(recipe->version_symbol), &vaddr);
	if (!error)
		error = elf_object_read(object, vaddr, &version, elf_object_address_bits(object) / 8);
	usdtrap_error_destroy(error);
	return !error && (version & recipe->version_mask) == recipe->version;
}

/* Whether the session wants hits of RECIPE's probe in FILE. */
static bool is_wanted(const struct engine *engine, const struct catalog_file *file, const struct recipe *recipe)
{
	for (const struct usdtrap_probe *probe = engine->catalog.probes; probe; probe = probe->next)
		for (size_t i = 0; probe->on_hit && i < probe->match_count; i++)
			if (probe->matches[i].file == file &&
			    strcmp(probe->matches[i].info->provider, recipe->provider) == 0 &&
			    strcmp(probe->matches[i].info->name, recipe->name) == 0)
				return true;
	return false;
}

/* The companion's semaphore has no site of its own in use: any other of the file is its witness. */
static void add_to_net(struct engine *engine, struct space *space, const struct mapped_file *mapped, uint64_t addr)
{
	struct semaphore *semaphore;
	const struct site *site = space->sites;

	HASH_FIND(hh, space->semaphores, &addr, sizeof(addr), semaphore);
	while (site && site->mapped != mapped)
		site = site->hh.next;
	if (semaphore && site)
		net_add_semaphore(engine, space, semaphore, site);
}

/* Raises the semaphores of RECIPE's companion. False: it has none, or one could not be raised. */
static bool raise_companion(struct engine *engine, struct space *space, const struct mapped_file *mapped,
			    const struct procfs_maps *maps, const struct recipe *recipe)
{
	const struct catalog_file *file = mapped->file;
	bool is_raised = false;

	for (size_t i = 0; i < file->location_count; i++) {
		const struct usdtrap_probe_info *info = file->locations[i].info;
		uint64_t vaddr = info->sites[file->locations[i].index].semaphore_vaddr;
		struct usdtrap_error *error;

		if (!vaddr || strcmp(info->provider, recipe->provider) != 0 ||
		    strcmp(info->name, recipe->companion) != 0)
			continue;
		lender_make_writable(engine, space);
		error = semaphore_raise(space, maps, mapped, vaddr + mapped->load_bias);
		if (error) {
			engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error_prefix(error, "%s", info->full_name));
			return false;
		}
		is_raised = true;
		observe_raised(engine, space, mapped, &file->locations[i], vaddr + mapped->load_bias);
		add_to_net(engine, space, mapped, vaddr + mapped->load_bias);
	}
	return is_raised;
}

void recipe_apply(struct engine *engine, struct space *space, const struct mapped_file *mapped,
		  const struct procfs_maps *maps)
{
	if (engine->options.no_recipes)
		return;
	for (size_t i = 0; i < sizeof(recipes) / sizeof(recipes[0]); i++) {
		const struct recipe *recipe = &recipes[i];

		if (!is_wanted(engine, mapped->file, recipe) || !version_is(mapped->file->object, recipe))
			continue;
		if (raise_companion(engine, space, mapped, maps, recipe)) {
			engine_notice(
				engine, engine->has_told_recipe ? USDTRAP_NOTICE_DETAIL : USDTRAP_NOTICE_INFO,
				"raised the semaphore of %s:%s in process %d for %s: %s; --no-recipe leaves it alone",
				recipe->provider, recipe->companion, (int)space->pid, recipe->name, recipe->why);
			engine->has_told_recipe = true; /* of each child of a server that would be too much */
		}
	}
}
