/* SPDX-License-Identifier: MIT */
/* -l: usdt probes, with -v their sites, semaphores and arguments. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/list_internal.h"
#include "cli/message.h"

struct usdt_listing {
	struct listing *listing;
	size_t count;
};

enum { TYPE_NAME_MAX = 32 };

/* "int32", "uint64", "double", "24 bytes". */
static const char *type_name(const struct usdtrap_argument_info *argument, char buffer[static TYPE_NAME_MAX])
{
	if (argument->size == 0)
		return "?";
	if (argument->is_float && argument->size == 4)
		return "float";
	if (argument->is_float && argument->size == 8)
		return "double";
	if (argument->size > 8)
		snprintf(buffer, TYPE_NAME_MAX, "%u bytes", argument->size);
	else
		snprintf(buffer, TYPE_NAME_MAX, "%sint%u", argument->is_signed ? "" : "u", argument->size * 8);
	return buffer;
}

static void print_arguments(const struct usdtrap_probe_info *probe, size_t site, FILE *out)
{
	_cleanup_free_ struct usdtrap_argument_info *arguments = NULL;
	size_t count;
	struct usdtrap_error *error = usdtrap_arguments_describe(probe, site, &arguments, &count);

	if (error) {
		fprintf(out, "        ?      %s\n", usdtrap_error_message(error));
		usdtrap_error_destroy(error);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		char type[TYPE_NAME_MAX];

		fprintf(out, "        arg%-3zu %-8s  %s%s%s\n", i, type_name(&arguments[i], type), arguments[i].place,
			arguments[i].reason ? "  ? " : "", arguments[i].reason ? arguments[i].reason : "");
	}
}

/*
 *	usdt:/usr/bin/python3.11:python:function__entry
 *	    site 0x5d839, semaphore 0x55ca4c
 *	        arg0   uint64    %r12
 *	        arg2   int32     112(%rsp)
 */
static void print_sites(const struct usdtrap_probe_info *probe, FILE *out)
{
	for (size_t i = 0; i < probe->site_count; i++) {
		const struct usdtrap_site_info *site = &probe->sites[i];

		fprintf(out, "    site 0x%" PRIx64, site->vaddr);
		if (site->semaphore_vaddr)
			fprintf(out, ", semaphore 0x%" PRIx64 "\n", site->semaphore_vaddr);
		else
			fprintf(out, ", no semaphore\n");
		print_arguments(probe, i, out);
	}
}

/* The same. What cannot be read has an error in its place. */
static void record_arguments(const struct usdtrap_probe_info *probe, size_t site, struct record *record)
{
	_cleanup_free_ struct usdtrap_argument_info *arguments = NULL;
	size_t count = 0;
	struct usdtrap_error *error = usdtrap_arguments_describe(probe, site, &arguments, &count);

	record_open(record, "arguments", '[');
	for (size_t i = 0; !error && i < count; i++) {
		char type[TYPE_NAME_MAX];

		record_open(record, NULL, '{');
		record_text(record, "type", arguments[i].size ? type_name(&arguments[i], type) : NULL);
		record_text(record, "place", arguments[i].place);
		if (arguments[i].reason)
			record_text(record, "error", arguments[i].reason);
		record_close(record, '}');
	}
	record_close(record, ']');
	if (error)
		record_text(record, "error", usdtrap_error_message(error));
	usdtrap_error_destroy(error);
}

static void record_sites(const struct usdtrap_probe_info *probe, struct record *record)
{
	record_open(record, "sites", '[');
	for (size_t i = 0; i < probe->site_count; i++) {
		const struct usdtrap_site_info *site = &probe->sites[i];

		record_open(record, NULL, '{');
		record_address(record, "address", site->vaddr);
		if (site->semaphore_vaddr)
			record_address(record, "semaphore", site->semaphore_vaddr);
		record_arguments(probe, i, record);
		record_close(record, '}');
	}
	record_close(record, ']');
}

static int on_probe(const struct usdtrap_probe_info *probe, void *user)
{
	struct usdt_listing *usdt = user;
	struct listing *listing = usdt->listing;

	usdt->count++;
	listing_begin(listing, "%s", probe->full_name);
	if (listing->options->is_verbose && listing_is_json(listing))
		record_sites(probe, &listing->record);
	else if (listing->options->is_verbose)
		print_sites(probe, listing->out);
	listing_end(listing);
	return ferror(listing->out);
}

static void on_problem(const struct usdtrap_error *problem, void *user)
{
	const struct usdt_listing *usdt = user;

	if (!usdt->listing->options->no_warnings)
		message_print(MESSAGE_WARNING, "%s", usdtrap_error_message(problem));
}

/* *RET_COUNT is set in any case. */
static struct usdtrap_error *list(struct listing *listing, const struct usdtrap_pattern *pattern, size_t *ret_count)
{
	struct usdt_listing usdt = {.listing = listing};
	const struct usdtrap_list_callbacks callbacks = {on_probe, on_problem, &usdt};
	struct usdtrap_error *error = usdtrap_list(pattern, listing->options->pid, &callbacks);

	*ret_count = usdt.count;
	return error;
}

void list_usdt(struct listing *listing, const struct usdtrap_pattern *pattern)
{
	struct usdtrap_error *error;
	size_t count;

	error = list(listing, pattern, &count);
	if (error)
		listing_fail(listing, error);
}

size_t list_usdt_among_others(struct listing *listing, const struct usdtrap_pattern *pattern)
{
	size_t count;
	struct usdtrap_error *error = list(listing, pattern, &count);

	if (error && usdtrap_error_code(error) != USDTRAP_NOT_FOUND && usdtrap_error_code(error) != USDTRAP_BAD_ELF)
		listing_fail(listing, error);
	else
		usdtrap_error_destroy(error);
	return count;
}
