/* SPDX-License-Identifier: MIT */
/* A script in the usual layout: what --fmt prints. */
#ifndef USDTRAP_LANG_LAYOUT_H
#define USDTRAP_LANG_LAYOUT_H

#include <stdbool.h>

#include "base/diag.h"

struct parser_options;
struct strbuf;

/*
 * Appends SOURCE to OUT in the usual layout. Only blanks and line breaks
 * change: comments stay, and the result is read again to see that it has the
 * same tokens. OPTIONS: as for parser_parse(), for headers whose types the
 * script uses; NULL: none. False if SOURCE has syntax errors, which are then in
 * DIAGNOSTICS, whose `arena.failed' tells of lack of memory.
 */
bool layout_source(const struct source *source, const struct parser_options *options, struct diag_list *diagnostics,
		   struct strbuf *out);

#endif
