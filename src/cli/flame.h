/* SPDX-License-Identifier: MIT */
/* `usdtrap flame': where a program spends its time, as a flame graph or as folded stacks. */
#ifndef USDTRAP_CLI_FLAME_H
#define USDTRAP_CLI_FLAME_H

/* ARGV[0] is the subcommand. Returns the exit status. */
int flame_run(int argc, char *argv[]);

#endif
