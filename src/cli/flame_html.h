/* SPDX-License-Identifier: MIT */
/* A flame graph as one page that needs nothing else: no file beside it, no network. */
#ifndef USDTRAP_CLI_FLAME_HTML_H
#define USDTRAP_CLI_FLAME_HTML_H

#include "base/strbuf.h"
#include "cli/flame_tree.h"

/* Appends the page. TITLE says of what. */
void flame_html_add(struct strbuf *out, const struct flame_tree *tree, const char *title);

#endif
