/* SPDX-License-Identifier: MIT */
/*
 * Text of others: a target's memory, names of threads. It may be UTF-8, be
 * something else, or be meant to do something to the terminal that shows it.
 */
#ifndef USDTRAP_BASE_UTF8_H
#define USDTRAP_BASE_UTF8_H

#include <stddef.h>

struct strbuf;

/* The length of the UTF-8 character that the AVAILABLE (at least 1) BYTES begin with, or 0 if it is none (RFC 3629). */
size_t utf8_length(const unsigned char *bytes, size_t available);

/*
 * Adds TEXT so that it can be shown: characters as they are, but control
 * characters, also those of two bytes (C1), and bytes that belong to no
 * character as \n, \t or, byte by byte, \xNN. If QUOTE is not 0, it and
 * backslashes get a backslash before them: nothing is lost then.
 */
void utf8_add_shown(struct strbuf *out, const char *text, size_t length, char quote);

#endif
