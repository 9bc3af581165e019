/* SPDX-License-Identifier: MIT */
/* system() and cat(): work of the script's whose result takes its turn in the output. See struct lang_task. */
#ifndef USDTRAP_CLI_TASK_H
#define USDTRAP_CLI_TASK_H

#include "cli/link.h"
#include "lang/program.h"

struct output;

/* What tasks need to know. Borrowed by each until it is done. */
struct task_context {
	enum lang_format format;
	struct link runner; /* cli/runner.h */
	/* Told what went wrong, on the writer thread; takes ERROR over. */
	void (*on_error)(struct usdtrap_error *error, void *user);
	void *user;
};

/* Puts TASK, which is copied, at the end of OUTPUT. */
void task_submit(const struct task_context *context, const struct lang_task *task, struct output *output);

#endif
