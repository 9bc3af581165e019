/* SPDX-License-Identifier: MIT */
/* The probes of one file: its notes, grouped by provider and name. */
#ifndef USDTRAP_TRACE_PROBES_H
#define USDTRAP_TRACE_PROBES_H

#include <stdbool.h>
#include <stddef.h>

#include <usdtrap/probe.h>

#include "base/arena.h"
#include "elf/object.h"

struct strbuf;

/* Read `items' and `count'; all is owned by the struct and never changes. */
struct probes {
	struct usdtrap_probe_info *items; /* sorted by "PROVIDER:NAME" bytewise; the sites of each by address */
	size_t count;                     /* at least 1 */
	struct arena arena;
};

/* One note was broken (and is left out). PROBLEM is borrowed. */
typedef void (*probes_problem_fn)(const struct usdtrap_error *problem, void *user);

/*
 * Reads the probes of OBJECT, which may be destroyed afterwards. PATH is what
 * they will say their file is (copied). ON_PROBLEM may be NULL. *RET is ended
 * with probes_destroy(). Errors: those of stapsdt_walk(): NOT_FOUND for a file
 * without probes, BAD_ELF when all its notes are broken; NO_MEMORY.
 */
struct usdtrap_error *probes_load(const struct elf_object *object, const char *path, probes_problem_fn on_problem,
				  void *user, struct probes **ret) USDTRAP_MUST_USE;
void probes_destroy(struct probes *probes);

/* Whether PATTERN's provider and name mean PROBE: wildcards as in base/glob.h. Its target is not looked at. */
bool probes_match(const struct usdtrap_pattern *pattern, const struct usdtrap_probe_info *probe);

/*
 * What PATTERN, which means none of PROBES, probably was to mean, as one would
 * write it: "PROVIDER:NAME", "PROVIDER:*"; with "usdt:PATH:" before it if
 * IN_FULL. To be freed; NULL if none is near.
 */
char *probes_nearest(const struct probes *probes, const struct usdtrap_pattern *pattern, bool in_full);

/* PATTERN's provider and name as one would write them: "PROVIDER:NAME", "NAME" or "*". Appends to OUT. */
void probes_format_pattern(const struct usdtrap_pattern *pattern, struct strbuf *out);

/*
 * The NOT_FOUND error for a PATTERN that means none of PROBES. The hint names
 * the probe that was probably meant, or the first few that there are.
 */
struct usdtrap_error *probes_explain_no_match(const struct probes *probes,
					      const struct usdtrap_pattern *pattern) USDTRAP_MUST_USE;

#endif
