/* SPDX-License-Identifier: MIT */
/*
 * The front process: the one that the user's shell knows. It waits, passes
 * Ctrl-C and the like on to the engine process, starts the program of -c so
 * that the program is a child of the same shell job with the same terminal,
 * and repairs the target when the engine dies.
 */
#ifndef USDTRAP_CLI_FRONT_H
#define USDTRAP_CLI_FRONT_H

#include <sys/types.h>

#include "cli/command.h"
#include "cli/link.h"

struct lang_program;

struct front_job {
	pid_t engine;                       /* the engine process, a child */
	struct link link;                   /* the front's end: cli/link.h */
	pid_t pid;                          /* -p, or 0 */
	const struct command *command;      /* -c, or NULL */
	const struct lang_program *program; /* which signals are the script's own; NULL: none */
	int failure;                        /* what to end with when the program cannot be run, or the engine dies */
};

/* Does JOB until the engine has ended; returns the exit status. */
int front_run(const struct front_job *job);

#endif
