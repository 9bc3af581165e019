/* SPDX-License-Identifier: MIT */
/*
 * `usdtrap expect': whether probes are hit as often as they should be, for
 * tests of programs. An expectation is a probe, with wildcards if need be, and
 * how often it may be hit: 'python:gc__done <= 3'.
 */
#ifndef USDTRAP_CLI_EXPECT_H
#define USDTRAP_CLI_EXPECT_H

/*
 * ARGV[0] is the subcommand. Returns 0 if all expectations came true, 1 if
 * one did not, 2 if that could not be told.
 */
int expect_run(int argc, char *argv[]);

#endif
