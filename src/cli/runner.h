/* SPDX-License-Identifier: MIT */
/*
 * The runner: a third process, there only for scripts that call system().
 *
 * The shells that a script starts must be what the user's own would be: with
 * his processors, his signal mask, his standard input, in his terminal's job.
 * The engine has none of these any more: it runs where its target runs, in a
 * session of its own, and waits for children of which it traces some. So the
 * runner is forked before anything was changed, does nothing but wait for
 * commands, and dies when the engine is gone.
 *
 *	engine (its writer thread)            runner
 *	length, command ────────────────────> sh -c command, its output into a pipe
 *	                <──────────────────── length, a piece of the output; and so on
 *	                <──────────────────── 0: it has ended
 */
#ifndef USDTRAP_CLI_RUNNER_H
#define USDTRAP_CLI_RUNNER_H

#include <usdtrap/error.h>

#include "cli/link.h"

struct strbuf;

/* Forks a runner. *RET is the link to it, closed on exec. Errors: OS. */
struct usdtrap_error *runner_create(struct link *ret) USDTRAP_MUST_USE;

/*
 * Has COMMAND run by the shell and waits for its end. Appends what it writes
 * to its standard output to OUT. What the command's status is does not matter.
 * SIGPIPE must be ignored. Errors: OS.
 */
struct usdtrap_error *runner_run(struct link runner, const char *command, struct strbuf *out) USDTRAP_MUST_USE;

#endif
