/* SPDX-License-Identifier: MIT */
/* usdtrap repair: puts right what a usdtrap left that was killed. */
#ifndef USDTRAP_CLI_REPAIR_H
#define USDTRAP_CLI_REPAIR_H

#include <sys/types.h>

/* ARGV[0] is the subcommand's name. Returns the exit status. */
int repair_run(int argc, char *argv[]);
/* The engine process was killed: repairs its target PID, or, if that is 0, all there is to repair; says what was done.
 */
void repair_after_engine(pid_t pid);

#endif
