/* SPDX-License-Identifier: MIT */
/* What -c runs: a program and its arguments, separated by blanks. No shell, no quotes, as bpftrace has it. */
#ifndef USDTRAP_CLI_COMMAND_H
#define USDTRAP_CLI_COMMAND_H

#include <usdtrap/error.h>

/* All zero is an empty one. */
struct command {
	const char *path; /* the first word; NULL when empty */
	char **words;     /* NULL-ended, for execvp(3) */
	char *text;       /* what they point into */
};

/* Splits TEXT, which has at least one word. Errors: NO_MEMORY. */
struct usdtrap_error *command_split(const char *text, struct command *ret) USDTRAP_MUST_USE;
/* Warns if COMMAND has a word that only a shell would understand: it was probably meant for one. */
void command_warn(const struct command *command);
void command_deinit(struct command *command);

#endif
