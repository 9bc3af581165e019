/* SPDX-License-Identifier: MIT */
/* --probe-filter: of the probes that a script names, those whose names match a regular expression. */
#ifndef USDTRAP_LANG_PROBE_FILTER_H
#define USDTRAP_LANG_PROBE_FILTER_H

#include <regex.h>
#include <stdbool.h>

#include <usdtrap/error.h>

/* All zero is a filter that lets everything pass. */
struct probe_filter {
	bool is_set;
	regex_t expression;
};

/* TEXT is an extended regular expression, regex(7); NULL: everything passes. Errors: INVALID_USE, NO_MEMORY. */
struct usdtrap_error *probe_filter_init(struct probe_filter *filter, const char *text) USDTRAP_MUST_USE;
void probe_filter_deinit(struct probe_filter *filter);

/* Whether the expression matches NAME, or a part of it. */
bool probe_filter_accepts(const struct probe_filter *filter, const char *name);

#endif
