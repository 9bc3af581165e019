/* SPDX-License-Identifier: MIT */
/*
 * What -l is asked to list. A pattern looks like a script's attach point, and
 * any part of it may have wildcards (base/glob.h):
 *
 *	usdt:/usr/bin/python3:gc__*     a file's probes by name
 *	usdt:/usr/bin/python3:python:*  by provider and name
 *	usdt:/usr/bin/python3           all of them
 *	/usr/bin/python3                the same
 *	usdt:gc__* with -p              by name, in the program and its libraries
 *	*gc__*                          by name, of any type
 *	interval:*                      other types than usdt
 *
 * Parts are separated by colons and patterns by commas; inside double quotes
 * neither separates, and \" is a quote.
 */
#ifndef USDTRAP_CLI_PATTERN_H
#define USDTRAP_CLI_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <usdtrap/probe.h>

/* One pattern, taken apart. */
struct pattern {
	char *text;                  /* as it was written, for messages */
	bool is_usdt;                /* usdt probes may match: `usdt' says which */
	struct usdtrap_pattern usdt; /* its strings are the pattern's */
	const char *interval_unit;   /* interval probes may match: a wildcard for their unit. Otherwise NULL */
	char *parts[4];              /* owned; what the members above point into */
};

struct pattern_list {
	struct pattern *patterns;
	size_t count;
};

/*
 * Takes TEXT apart; WITH_PROCESS tells that -p was given. Errors: INVALID_USE
 * (no such type of probe, too many parts, an open quote), UNSUPPORTED (a type
 * that bpftrace knows and usdtrap does not), NO_MEMORY.
 */
struct usdtrap_error *pattern_list_parse(const char *text, bool with_process,
					 struct pattern_list *ret) USDTRAP_MUST_USE;
void pattern_list_deinit(struct pattern_list *list);

#endif
