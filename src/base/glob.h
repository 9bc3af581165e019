/* SPDX-License-Identifier: MIT */
/*
 * Wildcards in the names of probes: * stands for any text, [abc] and [a-z] for
 * one character of a set, [!a-z] (or [^a-z]) for one outside it. All else
 * stands for itself, also ? and \ (so this is not glob(7)), and a [ that no ]
 * follows. There is no error: every text is a pattern.
 */
#ifndef USDTRAP_BASE_GLOB_H
#define USDTRAP_BASE_GLOB_H

#include <stdbool.h>

/* Whether PATTERN has any wildcard: without one it matches itself alone. */
bool glob_has_wildcard(const char *pattern);
/* Whether PATTERN stands for the whole of TEXT. Takes time in proportion to the product of their lengths at most. */
bool glob_match(const char *pattern, const char *text);

#endif
