/* SPDX-License-Identifier: MIT */
/* Compiles a script and keeps all that it says. Linked with fake_session.c. */
#ifndef USDTRAP_TESTS_SCRIPT_RUN_H
#define USDTRAP_TESTS_SCRIPT_RUN_H

#include "base/strbuf.h"
#include "lang/program.h"

struct script_run {
	struct lang_program *program;
	struct strbuf output;      /* what goes to stdout */
	struct strbuf warnings;    /* what goes to stderr while it runs */
	struct strbuf diagnostics; /* what compiling and attaching said */
};

/* Compiles TEXT, which must be right; OPTIONS may be NULL. End it with script_run_deinit(). */
void script_run_init(struct script_run *run, const char *text, const struct lang_options *options);
void script_run_deinit(struct script_run *run);

#endif
