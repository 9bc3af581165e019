/* SPDX-License-Identifier: MIT */
/* What the files of a program share: program*.c. */
#ifndef USDTRAP_LANG_PROGRAM_INTERNAL_H
#define USDTRAP_LANG_PROGRAM_INTERNAL_H

#include "lang/ast.h"
#include "lang/probe_filter.h"
#include "lang/program.h"
#include "lang/runtime.h"

/* One clause at one of its attach points: what a callback of the session gets. */
struct binding {
	struct lang_program *program;
	const struct ast_clause *clause;
	const struct ast_attach_point *point;
	struct usdtrap_probe *probe;           /* usdt, once added: borrowed from the session */
	struct usdtrap_tracepoint *tracepoint; /* likewise */
	int event;                             /* self: the eventfd(2) that a signal is told by; else -1 */
	bool is_missing;                       /* nothing matches, which was said if it should be */
	bool is_filtered;                      /* --probe-filter leaves it out, or the mode does */
};

struct lang_program {
	char *name; /* of the source */
	char *text;
	char *command_path; /* or NULL */
	pid_t pid;          /* or 0 */
	enum lang_mode mode;
	bool is_unsafe;
	struct source source;
	struct probe_filter filter;
	struct ast_program tree;
	struct runtime runtime;
	struct binding *bindings; /* every attach point of every clause, in script order */
	size_t binding_count;
	bool is_ending; /* exit() was called */
};

/* Opens the events of self:signal: probes. Errors: OS. */
struct usdtrap_error *program_open_events(struct lang_program *program) USDTRAP_MUST_USE;
/* BINDING's probe is missing, as ERROR says: an error, a warning, or nothing, as `missing_probes' has it. */
void program_report_missing(struct binding *binding, const struct usdtrap_error *error, struct diag_list *list);
/* Warns that BINDING's probe is not there yet: it waits for a file that has it. */
void program_report_waiting(const struct binding *binding, struct diag_list *list);
/* A hit of the binding that USER is. */
enum usdtrap_action program_on_hit(const struct usdtrap_hit *hit, void *user);
/* Adds BINDING's watchpoint. Errors: those of the session. */
struct usdtrap_error *program_add_watchpoint(struct binding *binding, struct usdtrap_session *session) USDTRAP_MUST_USE;
/* The clauses that will never run for that. */
void program_report_lost(const struct lang_program *program, struct diag_list *list);

#endif
