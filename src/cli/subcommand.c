/* SPDX-License-Identifier: MIT */
#include "cli/subcommand.h"

#include <stddef.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/expect.h"
#include "cli/explain.h"
#include "cli/flame.h"
#include "cli/inspect.h"
#include "cli/reach.h"
#include "cli/repair.h"
#include "cli/top.h"
#include "cli/why.h"

const struct subcommand subcommands[] = {
	{"list", "list [PATTERN]", "the same as -l", "-l", NULL},
	{"explain", "explain PROBE", "show every step of tracing it", NULL, explain_run},
	{"why", "why PROBE -p PID", "tell what keeps it from firing", NULL, why_run},
	{"discover", "discover -p PID", "show which of its probes are reached", NULL, reach_discover},
	{"cover", "cover -c COMMAND", "tell which probes a run reached", NULL, reach_cover},
	{"expect", "expect 'PROBE <= N'...", "fail unless hits are as expected", NULL, expect_run},
	{"top", "top -p PID", "show which are hit most, live", NULL, top_run},
	{"flame", "flame [PROBE] -p PID", "tell where a program spends its time", NULL, flame_run},
	{"inspect", "inspect PID", "look into a process: threads, stacks, memory...", NULL, inspect_run},
	{"repair", "repair PID|all", "put right what a killed usdtrap left behind", NULL, repair_run},
	{"help", "help [COMMAND]", "the same as -h, or as COMMAND -h", "-h", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

const struct subcommand *subcommand_find(const char *word)
{
	for (const struct subcommand *row = subcommands; row->name; row++) {
		if (strcmp(row->name, word) == 0)
			return row;
	}
	return NULL;
}

const struct subcommand *subcommand_nearest(const char *word)
{
	struct nearest nearest = {.wanted = word, .distance = NEAREST_START};

	for (const struct subcommand *row = subcommands; row->name; row++)
		nearest_offer(&nearest, row->name);
	return nearest.best ? subcommand_find(nearest.best) : NULL;
}
