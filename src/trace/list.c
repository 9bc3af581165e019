/* SPDX-License-Identifier: MIT */
/* Listing, <usdtrap/probe.h>: from a pattern to its files, from a file to its probes. No process is touched. */
#include <stdlib.h>
#include <string.h>

#include <usdtrap/probe.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "trace/files.h"
#include "trace/probes.h"

struct listing {
	const struct usdtrap_pattern *pattern;
	const struct usdtrap_list_callbacks *callbacks;
	pid_t pid;
	size_t file_count;      /* of the files that were looked at, */
	size_t file_with_count; /* those that have probes */
	size_t match_count;
	char *nearest; /* full name of what may have been meant, if one of the files has such; owned */
	bool is_ended; /* by a callback */
};

static void pass_problem_on(const struct usdtrap_error *problem, void *user)
{
	const struct listing *listing = user;

	if (listing->callbacks->on_problem)
		listing->callbacks->on_problem(problem, listing->callbacks->user);
}

static struct usdtrap_error *load(struct listing *listing, const struct files_item *item, struct probes **ret)
{
	struct elf_object *object;
	struct usdtrap_error *error = files_open(item, &object);

	if (error)
		return error;
	error = probes_load(object, item->path, pass_problem_on, listing, ret);
	elf_object_destroy(object);
	return error;
}

static size_t list_matches(struct listing *listing, const struct probes *probes)
{
	const struct usdtrap_list_callbacks *callbacks = listing->callbacks;
	size_t count = 0;

	for (size_t i = 0; !listing->is_ended && i < probes->count; i++) {
		if (!probes_match(listing->pattern, &probes->items[i]))
			continue;
		count++;
		if (callbacks->on_probe)
			listing->is_ended = callbacks->on_probe(&probes->items[i], callbacks->user) != 0;
	}
	listing->match_count += count;
	return count;
}

/* The one file that was asked for: whatever is wrong with it is the answer. */
static struct usdtrap_error *list_file(struct listing *listing, const struct files_item *item)
{
	struct probes *probes;
	struct usdtrap_error *error = load(listing, item, &probes);

	if (error)
		return error;
	if (!list_matches(listing, probes))
		error = probes_explain_no_match(probes, listing->pattern);
	probes_destroy(probes);
	return error;
}

static void remember_nearest(struct listing *listing, const struct probes *probes)
{
	if (!listing->nearest)
		listing->nearest = probes_nearest(probes, listing->pattern, true);
}

/* One of many files: it may have no probes, or be gone by now, and what else is wrong with it spoils no other. */
static void list_one_of_many(struct listing *listing, const struct files_item *item)
{
	struct probes *probes;
	struct usdtrap_error *error = load(listing, item, &probes);

	listing->file_count++;
	if (error_catch(error, USDTRAP_NOT_FOUND) || error_catch(error, USDTRAP_GONE))
		return;
	if (error) {
		pass_problem_on(error, listing);
		usdtrap_error_destroy(error);
		return;
	}
	listing->file_with_count++;
	if (!list_matches(listing, probes))
		remember_nearest(listing, probes);
	probes_destroy(probes);
}

/* "process 42", or the target as it was written. */
static void format_searched(const struct listing *listing, struct strbuf *out)
{
	const char *target = listing->pattern->target;

	if (target && *target && strcmp(target, "*") != 0)
		strbuf_add_string(out, target);
	else if (listing->pid)
		strbuf_addf(out, "process %d", (int)listing->pid);
	else
		strbuf_add_string(out, "whatever runs now");
}

static struct usdtrap_error *explain_no_match(const struct listing *listing)
{
	_cleanup_strbuf_ struct strbuf searched = {0}, wanted = {0};
	struct usdtrap_error *error;

	format_searched(listing, &searched);
	if (!listing->file_with_count)
		return error_hint(
			error_create(USDTRAP_NOT_FOUND, "%s: none of its %zu files has USDT probes",
				     strbuf_text(&searched), listing->file_count),
			"these builds were made without probes; some programs need a configure option such as "
			"--enable-dtrace");
	probes_format_pattern(listing->pattern, &wanted);
	error = error_create(USDTRAP_NOT_FOUND, "%s: no USDT probe of its %zu files is called %s",
			     strbuf_text(&searched), listing->file_count, strbuf_text(&wanted));
	if (listing->nearest)
		return error_hint(error, "did you mean %s?", listing->nearest);
	return listing->pid
		       ? error_hint(error, "usdtrap -l -p %d 'usdt:*' lists those that there are", (int)listing->pid)
		       : error;
}

/*
 * A word was taken for a file, as in usdt:python:gc__start, and there is none
 * of that name, or none with probes. If it is a provider of the process PID,
 * or nearly, ERROR's hint says how that is written. Takes ERROR over.
 */
static struct usdtrap_error *hint_at_provider(struct usdtrap_error *error, const struct usdtrap_pattern *pattern,
					      pid_t pid)
{
	const struct usdtrap_pattern meant = {.provider = pattern->target, .name = pattern->name};
	const struct usdtrap_list_callbacks nobody = {0};
	const char *target = pattern->target;
	struct usdtrap_error *none;
	const char *hint;

	if (!pid || !target || strpbrk(target, "/*?[") || (pattern->provider && *pattern->provider) ||
	    (usdtrap_error_code(error) != USDTRAP_NOT_FOUND && usdtrap_error_code(error) != USDTRAP_BAD_ELF))
		return error;
	none = usdtrap_list(&meant, pid, &nobody);
	hint = none ? usdtrap_error_hint(none) : NULL;
	if (!none)
		error = error_hint(error, "did you mean usdt:*:%s:%s?", target,
				   pattern->name && *pattern->name ? pattern->name : "*");
	else if (hint && strncmp(hint, "did you mean", strlen("did you mean")) == 0)
		error = error_hint(error, "%s", hint);
	usdtrap_error_destroy(none);
	return error;
}

struct usdtrap_error *usdtrap_list(const struct usdtrap_pattern *pattern, pid_t pid,
				   const struct usdtrap_list_callbacks *callbacks)
{
	struct listing listing = {.pattern = pattern, .callbacks = callbacks, .pid = pid};
	struct usdtrap_error *error;
	struct files files;

	error = files_find(pattern->target, pid, &files);
	if (error)
		return hint_at_provider(error, pattern, pid);
	if (!files.is_search)
		error = list_file(&listing, &files.items[0]);
	for (size_t i = 0; files.is_search && !listing.is_ended && i < files.count; i++)
		list_one_of_many(&listing, &files.items[i]);
	if (files.is_search && !listing.match_count)
		error = explain_no_match(&listing);
	if (error)
		error = hint_at_provider(error, pattern, pid);
	free(listing.nearest);
	files_deinit(&files);
	return error;
}
