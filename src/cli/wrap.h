/* SPDX-License-Identifier: MIT */
/* Text in lines that people can read. */
#ifndef USDTRAP_CLI_WRAP_H
#define USDTRAP_CLI_WRAP_H

#include <stddef.h>

struct strbuf;

/* How wide lines are to be: as the terminal at standard output is, from 40 to 100 columns; 80 where it is none. */
size_t wrap_width(void);

/*
 * Appends TEXT, whose first line begins at COLUMN already, in lines of WIDTH
 * columns, broken between words. Further lines begin with INDENT blanks. A word
 * that is too long gets a line of its own, whole: so that it can be copied.
 */
void wrap_add(struct strbuf *out, const char *text, size_t column, size_t indent, size_t width);

#endif
