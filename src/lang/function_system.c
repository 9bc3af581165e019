/* SPDX-License-Identifier: MIT */
/*
 * system() and cat(). Neither is done here: a traced thread may stand at its
 * probe meanwhile, and must not wait for a shell. What is to be done takes its
 * turn in the output, behind what was printed before; see struct lang_task.
 */
#include <string.h>

#include "lang/eval_internal.h"
#include "lang/json.h"

/* A text that is formatted for a task. What is behind a NUL in it is lost, as in C. */
static struct value submit(struct run *run, const struct ast_expression *expression, enum lang_task_kind kind)
{
	struct runtime *runtime = run->runtime;
	struct lang_task task = {.kind = kind, .limit = runtime->tree->config.max_cat_bytes};

	if (!eval_format(run, &expression->call))
		return eval_nothing();
	task.text = strbuf_text(&runtime->text);
	if (runtime->output.later && !runtime->text.failed)
		runtime->output.later(&task, runtime->output.user);
	strbuf_clear(&runtime->text);
	return eval_nothing();
}

struct value function_system(struct run *run, const struct ast_expression *expression)
{
	return submit(run, expression, LANG_TASK_RUN);
}

struct value function_cat(struct run *run, const struct ast_expression *expression)
{
	return submit(run, expression, LANG_TASK_CAT);
}

void lang_task_output(enum lang_format format, enum lang_task_kind kind, const char *text, size_t length,
		      struct strbuf *out)
{
	if (format == LANG_JSON) {
		json_text_line(kind == LANG_TASK_RUN ? "syscall" : "cat", text, length, out);
	} else {
		strbuf_add(out, text, length);
		if (kind == LANG_TASK_RUN)
			strbuf_add_char(out, '\n');
	}
}
