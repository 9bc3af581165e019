/* SPDX-License-Identifier: MIT */
/* import "FILE"; and import "FOLDER"; - the files that a script is made of beside its own. */
#ifndef USDTRAP_LANG_IMPORT_H
#define USDTRAP_LANG_IMPORT_H

#include "base/diag.h"

struct parser;

/* Notes which file SOURCE, the script itself, is, so that it imports itself no more than any other twice. */
void import_begin(struct parser *parser, const struct source *source);

/*
 * Parses what NAME means, a file or all .bt files of a folder by name, relative
 * to the file that PARSER is in, unless it was read before. What is wrong is
 * reported at SPAN, or where it is in the file.
 */
void import_read(struct parser *parser, const char *name, struct span span);

#endif
