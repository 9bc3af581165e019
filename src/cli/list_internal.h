/* SPDX-License-Identifier: MIT */
/* What the files of -l share. */
#ifndef USDTRAP_CLI_LIST_INTERNAL_H
#define USDTRAP_CLI_LIST_INTERNAL_H

#include <stdio.h>

#include "cli/options.h"
#include "cli/pattern.h"
#include "cli/record.h"

struct listing {
	const struct options *options;
	FILE *out;
	struct record record; /* the probe that is told, with -f json */
	bool has_failed;      /* something was asked for that could not be listed */
};

/* Says what is wrong, and that the listing is not all that was asked for. */
void listing_fail(struct listing *listing, struct usdtrap_error *error);
bool listing_is_json(const struct listing *listing);
/*
 * A probe, by its name; what -v tells of it goes between the two, as text to
 * `out' or, with -f json, as members of `record'.
 */
__attribute__((format(printf, 2, 3))) void listing_begin(struct listing *listing, const char *format, ...);
void listing_end(struct listing *listing);

/* Lists usdt probes where nothing else was asked for: an error tells why there are none. */
void list_usdt(struct listing *listing, const struct usdtrap_pattern *pattern);
/* The same without that error. Returns how many there were. */
size_t list_usdt_among_others(struct listing *listing, const struct usdtrap_pattern *pattern);
/*
 * Lists functions, for uprobe or uretprobe. IS_ALONE: nothing else was asked
 * for, so that an error tells why there are none. Returns how many there were.
 */
size_t list_functions(struct listing *listing, enum pattern_type type, const struct usdtrap_pattern *pattern,
		      bool is_alone);
/*
 * Lists the templates of timers, TYPE:UNIT:, whose unit matches: any number
 * may stand behind. Returns how many there were.
 */
size_t list_timers(struct listing *listing, enum pattern_type type, const char *unit);
/* Lists tracepoints: CATEGORY:EVENT, or of any category, see struct pattern. Returns how many there were. */
size_t list_tracepoints(struct listing *listing, const char *category, const char *event);

#endif
