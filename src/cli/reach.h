/* SPDX-License-Identifier: MIT */
/*
 * Which probes are reached at all: `usdtrap discover' in a process that runs,
 * `usdtrap cover' in a run of a command. Every site has its trap until it was
 * hit once, so it costs a process one stop for each of its sites and no more.
 */
#ifndef USDTRAP_CLI_REACH_H
#define USDTRAP_CLI_REACH_H

/* ARGV[0] is the subcommand. Return the exit status. */
int reach_discover(int argc, char *argv[]);
int reach_cover(int argc, char *argv[]);

#endif
