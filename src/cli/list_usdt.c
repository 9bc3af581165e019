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

/* "int32", "uint64", "double", "24 bytes". */
static void print_type(const struct usdtrap_argument_info *argument, FILE *out)
{
	char type[32];

	if (argument->size == 0)
		snprintf(type, sizeof(type), "?");
	else if (argument->is_float && argument->size == 4)
		snprintf(type, sizeof(type), "float");
	else if (argument->is_float && argument->size == 8)
		snprintf(type, sizeof(type), "double");
	else if (argument->size > 8)
		snprintf(type, sizeof(type), "%u bytes", argument->size);
	else
		snprintf(type, sizeof(type), "%sint%u", argument->is_signed ? "" : "u", argument->size * 8);
	fprintf(out, "%-8s  ", type);
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
		fprintf(out, "        arg%-3zu ", i);
		print_type(&arguments[i], out);
		fprintf(out, "%s%s%s\n", arguments[i].place, arguments[i].reason ? "  ? " : "",
			arguments[i].reason ? arguments[i].reason : "");
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

static int on_probe(const struct usdtrap_probe_info *probe, void *user)
{
	struct usdt_listing *usdt = user;
	const struct listing *listing = usdt->listing;

	usdt->count++;
	fprintf(listing->out, "%s\n", probe->full_name);
	if (listing->options->is_verbose)
		print_sites(probe, listing->out);
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
