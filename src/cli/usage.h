/* SPDX-License-Identifier: MIT */
/* What usdtrap says of how to use it. */
#ifndef USDTRAP_CLI_USAGE_H
#define USDTRAP_CLI_USAGE_H

#include <stdio.h>

/* A first meeting, no longer than a small screen: for a command line without any word. */
extern const char usage_welcome[];
/* How a command line is made: below the error about a wrong one. */
extern const char usage_synopsis[];
/* The same of `usdtrap list'. */
extern const char usage_list[];

/* The whole help, options and all. */
void usage_print(FILE *out);

#endif
