/* SPDX-License-Identifier: MIT */
/*
 * The engine process: it traces, and it alone. A process of its own, in a
 * session of its own, so that nothing the terminal does to a job (Ctrl-C,
 * Ctrl-Z, Ctrl-S, hanging up) can stop or end it while it holds a target; and
 * so that the front process is there to tell when it dies.
 */
#ifndef USDTRAP_CLI_ENGINE_PROCESS_H
#define USDTRAP_CLI_ENGINE_PROCESS_H

#include "cli/link.h"
#include "cli/options.h"

struct engine_job {
	const struct options *options;
	struct lang_program *program;
	struct link link;   /* the engine's end: cli/link.h */
	int output;         /* where the script's output goes */
	struct link runner; /* who runs the script's commands: cli/runner.h; its ends are -1: it has none */
};

/* Does JOB in the process that calls it, which should do nothing else, and returns its exit status for _exit(2). */
int engine_process_run(const struct engine_job *job);

#endif
