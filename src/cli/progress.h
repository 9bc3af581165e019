/* SPDX-License-Identifier: MIT */
/*
 * How far attaching is, on the last line of the terminal at standard error:
 * shown only once it has taken a while, and wiped when it is done.
 */
#ifndef USDTRAP_CLI_PROGRESS_H
#define USDTRAP_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

/* All zero is one that was not begun and shows nothing. */
struct progress {
	bool is_wanted;
	bool is_shown;
	uint64_t began_ns, shown_ns; /* CLOCK_MONOTONIC */
};

/* Whether standard error is a terminal whose lines can be written anew. */
bool progress_has_terminal(void);
void progress_begin(struct progress *progress, bool is_wanted, uint64_t now_ns);
/* DONE of TOTAL threads are traced. Appends to OUT what is to be written now, which is mostly nothing. */
void progress_update(struct progress *progress, size_t done, size_t total, uint64_t now_ns, struct strbuf *out);
void progress_end(struct progress *progress, struct strbuf *out);

#endif
