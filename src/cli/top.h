/* SPDX-License-Identifier: MIT */
/* `usdtrap top': which probes of a process are hit how often, in a table that is kept up to date. */
#ifndef USDTRAP_CLI_TOP_H
#define USDTRAP_CLI_TOP_H

/* ARGV[0] is the subcommand. Returns the exit status. */
int top_run(int argc, char *argv[]);

#endif
