/* SPDX-License-Identifier: MIT */
/* Libraries that this machine has: real code to try things on. */
#ifndef USDTRAP_TESTS_SUPPORT_INSTALLED_H
#define USDTRAP_TESTS_SUPPORT_INSTALLED_H

/* Calls BACK for each of a few well-known libraries that is installed; the C library always is. */
void installed_each_library(void (*back)(const char *path, void *user), void *user);

#endif
