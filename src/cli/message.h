/* SPDX-License-Identifier: MIT */
/*
 * What usdtrap says of itself, always on standard error: standard output is
 * the script's. One line a message, in bpftrace's layout:
 *
 *	ERROR: cannot open 'x.bt': No such file or directory
 *	HINT: ...
 */
#ifndef USDTRAP_CLI_MESSAGE_H
#define USDTRAP_CLI_MESSAGE_H

#include <stdbool.h>

#include <usdtrap/error.h>

struct strbuf;

enum message_kind {
	MESSAGE_ERROR,
	MESSAGE_WARNING,
	MESSAGE_HINT,
	MESSAGE_NOTE, /* something was done that the user should know of */
};

/* Whether people see both streams on a terminal that shows colours: BPFTRACE_COLOR, NO_COLOR, TERM, isatty(3). */
bool message_wants_colour(void);

/* Appends a message, newline and all, to OUT. TEXT may hold anything but ends without a newline. */
void message_add(struct strbuf *out, bool has_colour, enum message_kind kind, const char *text);
/* Appends ERROR and its hint to OUT. */
void message_add_error(struct strbuf *out, bool has_colour, const struct usdtrap_error *error);

/* Write to standard error at once, and may wait for its reader: for the front process, never for the engine. */
void message_print(enum message_kind kind, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints ERROR and its hint, and destroys it. */
void message_print_error(struct usdtrap_error *error);
/* Prints TEXT as it is. */
void message_print_text(const char *text);

#endif
