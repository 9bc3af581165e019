/* SPDX-License-Identifier: MIT */
/* usdtrap --info: what this usdtrap and this system can do, for bug reports and for test harnesses. */
#ifndef USDTRAP_CLI_INFO_H
#define USDTRAP_CLI_INFO_H

#include <stdio.h>

void info_print(FILE *out);

#endif
