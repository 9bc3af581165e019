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

#include <usdtrap/session.h>

struct output;
struct strbuf;

/* All zero is one that was not begun and shows nothing. */
struct progress {
	bool is_wanted;
	bool is_shown;
	struct output *output;       /* standard error's */
	uint64_t began_ns, shown_ns; /* CLOCK_MONOTONIC */
};

/* Begins to show it by OUTPUT, if standard error is a terminal whose lines can be written anew and IS_WANTED. */
void progress_begin(struct progress *progress, bool is_wanted, struct output *output);
/* For usdtrap_options.on_progress. */
void progress_tell(struct progress *progress, const struct usdtrap_progress *now);
void progress_end(struct progress *progress);

/* For tests: what these do, at the time NOW_NS. To OUT is appended what is to be written, which is mostly nothing. */
void progress_begin_at(struct progress *progress, bool is_wanted, uint64_t now_ns);
void progress_update(struct progress *progress, const struct usdtrap_progress *now, uint64_t now_ns,
		     struct strbuf *out);
void progress_wipe(struct progress *progress, struct strbuf *out);

#endif
