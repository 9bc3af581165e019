/* SPDX-License-Identifier: MIT */
/*
 * Tracing for a subcommand: by two processes, as for a script (front.h), so
 * that the target is safe whatever becomes of the one that the user sees. What
 * is traced and what is said of it is up to the subcommand.
 */
#ifndef USDTRAP_CLI_TRACED_H
#define USDTRAP_CLI_TRACED_H

#include <usdtrap/session.h>

#include "base/strbuf.h"
#include "cli/record.h"
#include "cli/verb.h"

/* What the functions of a subcommand get. They run in the tracing process. */
struct traced {
	const struct verb_options *options;
	struct usdtrap_session *session;
	pid_t pid;       /* the target's */
	bool has_colour; /* standard output is a terminal that shows colours */
	int terminal;    /* a terminal that the user sits at, or -1 */
	int leaving;     /* a descriptor that becomes readable when it is time to leave */
	int status;      /* what the process ends with: 0, unless something sets it */
	bool has_failed; /* an error was printed */
	void *user;
	struct traced_outputs *outputs;
};

struct traced_body {
	/* Adds probes. */
	struct usdtrap_error *(*prepare)(struct traced *traced);
	/* All is armed, and the program of -c about to run. May be NULL. */
	void (*on_attached)(struct traced *traced);
	/* The target is as it was, and the session still there, with its probes. Not called after an error. May be
	 * NULL. */
	void (*before_end)(struct traced *traced);
	/* The session is gone. Not called after an error. May be NULL. */
	void (*on_left)(struct traced *traced, const struct usdtrap_report *report);
};

/* Runs BODY as OPTIONS say. Returns the process's exit status. */
int traced_run(const struct verb_options *options, const struct traced_body *body, void *user);

/* Writes to standard output; never waits for its reader. On any thread. */
void traced_write(struct traced *traced, const struct strbuf *text);
void traced_printf(struct traced *traced, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends RECORD and writes it. */
void traced_write_record(struct traced *traced, struct record *record);
/* Prints ERROR and destroys it: the process ends with failure. */
void traced_say_error(struct traced *traced, struct usdtrap_error *error);
/* Says TEXT as a note, on standard error. */
void traced_say_note(struct traced *traced, const char *text);
/* Waits for a line on the terminal. False: it is time to leave. */
bool traced_await_enter(struct traced *traced);

#endif
