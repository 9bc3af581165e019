/* SPDX-License-Identifier: MIT */
/* `usdtrap why': one report of all that can keep a probe from firing. */
#ifndef USDTRAP_CLI_WHY_H
#define USDTRAP_CLI_WHY_H

/* ARGV[0] is the subcommand. Returns the exit status. */
int why_run(int argc, char *argv[]);

#endif
