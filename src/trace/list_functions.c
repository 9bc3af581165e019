/* SPDX-License-Identifier: MIT */
/* Listing functions, <usdtrap/function.h>: from a pattern to its files, from a file to its functions. */
#include <stdlib.h>
#include <string.h>

#include <usdtrap/function.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "trace/files.h"
#include "trace/functions.h"

struct listing {
	const struct usdtrap_function_pattern *pattern;
	const struct usdtrap_list_callbacks *callbacks;
	pid_t pid;
	size_t match_count;
	char *nearest; /* the function that may have been meant, if one of the files has such; owned */
	bool is_ended;
};

static int on_match(const struct usdtrap_probe_info *info, void *user)
{
	struct listing *listing = user;

	if (listing->callbacks->on_probe)
		listing->is_ended = listing->callbacks->on_probe(info, listing->callbacks->user) != 0;
	return listing->is_ended;
}

/* IS_ALONE: that nothing matches is an error. */
static struct usdtrap_error *list_file(struct listing *listing, const struct files_item *item, bool is_alone)
{
	_cleanup_arena_ struct arena arena = {0};
	const struct functions_search search = {
		.pattern = listing->pattern,
		.wants_all_names = true,
		.arena = &arena,
		.on_match = on_match,
		.user = listing,
	};
	struct functions_file file = {.path = item->path};
	struct elf_functions *functions;
	struct elf_object *object;
	struct usdtrap_error *error = files_open(item, &object);
	size_t count = 0;

	if (error)
		return error;
	error = functions_load(object, item->path, &functions);
	if (error) {
		elf_object_destroy(object);
		return error;
	}
	file.object = object;
	file.functions = functions;
	error = functions_find(&file, &search, &count);
	if (!error && count == 0 && is_alone)
		error = functions_explain_no_match(&file, listing->pattern);
	if (!error && count == 0 && !listing->nearest)
		listing->nearest = functions_nearest(functions, listing->pattern);
	listing->match_count += count;
	elf_functions_destroy(functions);
	elf_object_destroy(object);
	return error;
}

/* Why none of FILE_COUNT files has what was asked for. */
static struct usdtrap_error *explain_no_match(const struct listing *listing, size_t file_count)
{
	_cleanup_strbuf_ struct strbuf searched = {0}, wanted = {0};
	const char *target = listing->pattern->target;
	struct usdtrap_error *error;

	functions_format_pattern(listing->pattern, &wanted);
	if (target && *target && strcmp(target, "*") != 0)
		strbuf_add_string(&searched, target);
	else
		strbuf_addf(&searched, "process %d", (int)listing->pid);
	error = error_create(USDTRAP_NOT_FOUND, "%s: none of its %zu files has a function called %s",
			     strbuf_text(&searched), file_count, strbuf_text(&wanted));
	return listing->nearest ? error_hint(error, "did you mean %s?", listing->nearest) : error;
}

struct usdtrap_error *usdtrap_list_functions(const struct usdtrap_function_pattern *pattern, pid_t pid,
					     const struct usdtrap_list_callbacks *callbacks)
{
	struct listing listing = {.pattern = pattern, .callbacks = callbacks, .pid = pid};
	struct usdtrap_error *error;
	struct files files;

	error = files_find(pattern->target, pid, &files);
	if (error)
		return error;
	for (size_t i = 0; !listing.is_ended && !error && i < files.count; i++) {
		error = list_file(&listing, &files.items[i], !files.is_search);
		if (!files.is_search || !error || usdtrap_error_code(error) == USDTRAP_NO_MEMORY)
			continue;
		/* Of many files, one that cannot be read or has no such address spoils no other. */
		if (callbacks->on_problem && usdtrap_error_code(error) != USDTRAP_NOT_FOUND)
			callbacks->on_problem(error, callbacks->user);
		usdtrap_error_destroy(error);
		error = NULL;
	}
	if (!error && files.is_search && !listing.match_count)
		error = explain_no_match(&listing, files.count);
	free(listing.nearest);
	files_deinit(&files);
	return error;
}
