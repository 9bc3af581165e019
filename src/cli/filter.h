/* SPDX-License-Identifier: MIT */
/*
 * A program that makes text of text, as `cc -E' does: it is given its input,
 * and what it writes is read, for so long and so much and no more. No shell is
 * between. What it has started is ended with it.
 */
#ifndef USDTRAP_CLI_FILTER_H
#define USDTRAP_CLI_FILTER_H

#include <stddef.h>

#include <usdtrap/error.h>

struct strbuf;

struct filter_limits {
	size_t output_max;   /* bytes, of the output and of the messages each */
	unsigned timeout_ms; /* for the whole run */
};

/*
 * Runs ARGUMENTS[0], looked for in PATH, with the SIZE bytes of TEXT as its
 * input. What it writes is appended to OUTPUT and MESSAGES (its standard
 * error); *RET_STATUS is its exit status, or -1 if a signal ended it. Errors:
 * NOT_FOUND (there is no such program), PERMISSION, OS (also for a run that
 * took too long or wrote too much), NO_MEMORY.
 */
struct usdtrap_error *filter_run(const char *const *arguments, const char *text, size_t size,
				 const struct filter_limits *limits, struct strbuf *output, struct strbuf *messages,
				 int *ret_status) USDTRAP_MUST_USE;

#endif
