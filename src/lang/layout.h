/* SPDX-License-Identifier: MIT */
/* A script in the usual layout: what --fmt prints. */
#ifndef USDTRAP_LANG_LAYOUT_H
#define USDTRAP_LANG_LAYOUT_H

#include <stdbool.h>

#include "base/diag.h"

struct strbuf;

/*
 * Appends SOURCE to OUT in the usual layout. Only blanks and line breaks
 * change: comments stay, and the result is read again to see that it has the
 * same tokens. False if SOURCE has syntax errors, which are then in
 * DIAGNOSTICS, whose `arena.failed' tells of lack of memory.
 */
bool layout_source(const struct source *source, struct diag_list *diagnostics, struct strbuf *out);

#endif
