/* SPDX-License-Identifier: MIT */
/* usdtrap -l: which probes there are. */
#ifndef USDTRAP_CLI_LIST_H
#define USDTRAP_CLI_LIST_H

#include "cli/options.h"

/*
 * Prints the probes that OPTIONS ask for, one a line, as bpftrace does; with
 * -v each followed by its sites, semaphores and arguments. Returns the exit
 * status: 1 when something that was asked for could not be listed.
 */
int list_run(const struct options *options);
/* What `usdtrap list -h' says. Returns the exit status. */
int list_help(void);

#endif
