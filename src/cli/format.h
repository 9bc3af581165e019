/* SPDX-License-Identifier: MIT */
/* usdtrap --fmt: a script in the usual layout. */
#ifndef USDTRAP_CLI_FORMAT_H
#define USDTRAP_CLI_FORMAT_H

#include "cli/options.h"

/*
 * Prints the script that OPTIONS name to standard output. A FILE of -o, which
 * may be the script itself, is replaced when all went well, and else left as
 * it was. Returns the exit status; what went wrong has been said.
 */
int format_run(const struct options *options);

#endif
