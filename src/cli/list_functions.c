/* SPDX-License-Identifier: MIT */
/* -l: functions of files, for uprobe and uretprobe; with -v their addresses. */
#include <inttypes.h>
#include <string.h>

#include <usdtrap/function.h>

#include "base/error.h"
#include "cli/list_internal.h"
#include "cli/message.h"

struct function_listing {
	struct listing *listing;
	size_t count;
};

static void print_sites(const struct usdtrap_probe_info *function, FILE *out)
{
	for (size_t i = 0; i < function->site_count; i++)
		fprintf(out, "    site 0x%" PRIx64 "\n", function->sites[i].vaddr);
}

static void record_sites(const struct usdtrap_probe_info *function, struct record *record)
{
	record_open(record, "sites", '[');
	for (size_t i = 0; i < function->site_count; i++) {
		record_open(record, NULL, '{');
		record_address(record, "address", function->sites[i].vaddr);
		record_close(record, '}');
	}
	record_close(record, ']');
}

static int on_function(const struct usdtrap_probe_info *function, void *user)
{
	struct function_listing *functions = user;
	struct listing *listing = functions->listing;

	functions->count++;
	listing_begin(listing, "%s", function->full_name);
	if (listing->options->is_verbose && listing_is_json(listing))
		record_sites(function, &listing->record);
	else if (listing->options->is_verbose)
		print_sites(function, listing->out);
	listing_end(listing);
	return ferror(listing->out);
}

static void on_problem(const struct usdtrap_error *problem, void *user)
{
	const struct function_listing *functions = user;

	if (!functions->listing->options->no_warnings)
		message_print(MESSAGE_WARNING, "%s", usdtrap_error_message(problem));
}

size_t list_functions(struct listing *listing, enum pattern_type type, const struct usdtrap_pattern *pattern,
		      bool is_alone)
{
	const char *language = pattern->provider;
	const struct usdtrap_function_pattern functions = {
		.target = pattern->target,
		.name = pattern->name && *pattern->name ? pattern->name : "*",
		.is_demangled = language && *language,
		.at_return = type == PATTERN_URETPROBE,
	};
	struct function_listing shown = {.listing = listing};
	const struct usdtrap_list_callbacks callbacks = {on_function, on_problem, &shown};
	bool names_file = pattern->target && *pattern->target && strcmp(pattern->target, "*") != 0;
	struct usdtrap_error *error = NULL;

	if (functions.is_demangled && strcmp(language, "cpp") != 0)
		error = error_create(USDTRAP_INVALID_USE, "names of the language %s are not known, only those of cpp",
				     language);
	else if (names_file || listing->options->pid)
		error = usdtrap_list_functions(&functions, listing->options->pid, &callbacks);
	else if (is_alone)
		error = error_hint(error_create(USDTRAP_INVALID_USE, "whose functions?"),
				   "name a file (%s:PATH:*) or a process with -p", pattern_type_name(type));
	if (error && (is_alone ||
		      (usdtrap_error_code(error) != USDTRAP_NOT_FOUND && usdtrap_error_code(error) != USDTRAP_BAD_ELF)))
		listing_fail(listing, error);
	else
		usdtrap_error_destroy(error);
	return shown.count;
}
