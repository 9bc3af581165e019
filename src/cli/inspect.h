/* SPDX-License-Identifier: MIT */
/* usdtrap inspect: looking into a process. */
#ifndef USDTRAP_CLI_INSPECT_H
#define USDTRAP_CLI_INSPECT_H

/* ARGV[0] is the subcommand's name. Returns the exit status. */
int inspect_run(int argc, char *argv[]);

#endif
