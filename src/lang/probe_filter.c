/* SPDX-License-Identifier: MIT */
#include "lang/probe_filter.h"

#include <stddef.h>

#include "base/error.h"

struct usdtrap_error *probe_filter_init(struct probe_filter *filter, const char *text)
{
	char reason[128];
	int problem;

	*filter = (struct probe_filter){.is_set = false};
	if (!text)
		return NULL;
	problem = regcomp(&filter->expression, text, REG_EXTENDED | REG_NOSUB);
	if (problem == REG_ESPACE)
		return &error_no_memory;
	if (problem) {
		regerror(problem, &filter->expression, reason, sizeof(reason));
		return error_hint(error_create(USDTRAP_INVALID_USE, "Invalid probe filter \"%s\": %s", text, reason),
				  "an extended regular expression is wanted: --probe-filter 'gc__(start|done)'");
	}
	filter->is_set = true;
	return NULL;
}

void probe_filter_deinit(struct probe_filter *filter)
{
	if (filter->is_set)
		regfree(&filter->expression);
	*filter = (struct probe_filter){.is_set = false};
}

bool probe_filter_accepts(const struct probe_filter *filter, const char *name)
{
	return !filter->is_set || regexec(&filter->expression, name, 0, NULL, 0) == 0;
}
