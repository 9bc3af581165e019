/* SPDX-License-Identifier: MIT */
/* Running a script: the steps in order, from its text to the exit status. */
#ifndef USDTRAP_CLI_RUN_H
#define USDTRAP_CLI_RUN_H

#include "cli/options.h"

/* Returns the exit status; what went wrong has been said. */
int run_script(const struct options *options);

#endif
