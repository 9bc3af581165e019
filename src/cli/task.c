/* SPDX-License-Identifier: MIT */
#include "cli/task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "cli/output.h"
#include "cli/runner.h"

struct task {
	const struct task_context *context;
	enum lang_task_kind kind;
	size_t limit;
	char text[];
};

/* Opening a named pipe would wait for who writes to it: it is empty instead. */
static struct usdtrap_error *read_file(const char *path, size_t limit, struct strbuf *out)
{
	_cleanup_close_ int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t got = 1;

	if (file < 0)
		return error_create(USDTRAP_OS, "failed to open file '%s' (%s)", path, strerror(errno));
	while (got > 0 && out->length < limit) {
		char piece[4096];
		size_t wanted = limit - out->length < sizeof(piece) ? limit - out->length : sizeof(piece);

		got = read(file, piece, wanted);
		if (got > 0)
			strbuf_add(out, piece, (size_t)got);
	}
	if (got < 0 && errno != EAGAIN)
		return error_create(USDTRAP_OS, "failed to read file '%s' (%s)", path, strerror(errno));
	return NULL;
}

/* An output_produce_fn. */
static void do_task(void *user, struct strbuf *out)
{
	struct task *task = user;
	const struct task_context *context = task->context;
	_cleanup_strbuf_ struct strbuf result = {0};
	struct usdtrap_error *error = NULL;

	if (out && task->kind == LANG_TASK_RUN)
		error = runner_run(context->runner, task->text, &result);
	else if (out)
		error = read_file(task->text, task->limit, &result);
	if (error)
		context->on_error(error, context->user);
	else if (out)
		lang_task_output(context->format, task->kind, strbuf_text(&result), result.length, out);
	free(task);
}

void task_submit(const struct task_context *context, const struct lang_task *task, struct output *output)
{
	size_t size = strlen(task->text) + 1;
	struct task *copy = malloc(sizeof(*copy) + size);

	if (!copy) {
		context->on_error(&error_no_memory, context->user);
		return;
	}
	*copy = (struct task){.context = context, .kind = task->kind, .limit = task->limit};
	memcpy(copy->text, task->text, size);
	output_write_later(output, do_task, copy, size);
}
