/* SPDX-License-Identifier: MIT */
/* `usdtrap explain': every step of tracing one probe, on a real process, in words; and as a page with pictures. */
#ifndef USDTRAP_CLI_EXPLAIN_H
#define USDTRAP_CLI_EXPLAIN_H

/* ARGV[0] is the subcommand. Returns the exit status. */
int explain_run(int argc, char *argv[]);

#endif
