/* SPDX-License-Identifier: MIT */
/*
 * The steps of a session as one page that needs nothing else: no script, no
 * file beside it, no network. Memory is drawn as boxes, a byte each, before
 * and after; the note as boxes coloured by field; sums as sums.
 */
#ifndef USDTRAP_CLI_EXPLAIN_HTML_H
#define USDTRAP_CLI_EXPLAIN_HTML_H

#include <stdbool.h>

#include <usdtrap/step.h>

#include "base/strbuf.h"

/* All zero is an empty one. */
struct explain_html {
	struct strbuf page;
	unsigned sections;
	bool is_open;            /* a section was begun */
	bool has_threads;        /* the section about seizing was made */
	bool has_proof;          /* the section about what was compared was made */
	bool has_arguments;      /* a table of arguments is open */
	unsigned char memory[8]; /* from the site on, when it was drawn last */
};

void explain_html_begin(struct explain_html *html, const char *name);
void explain_html_step(struct explain_html *html, const struct usdtrap_step *step);
void explain_html_end(struct explain_html *html);
void explain_html_deinit(struct explain_html *html);

#endif
