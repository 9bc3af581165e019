/* SPDX-License-Identifier: MIT */
#include "support/script_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void on_write(const char *text, size_t length, void *user)
{
	struct script_run *run = user;

	strbuf_add(&run->output, text, length);
}

static void on_warn(const char *text, size_t length, void *user)
{
	struct script_run *run = user;

	strbuf_add(&run->warnings, text, length);
}

void script_run_init(struct script_run *run, const char *text, const struct lang_options *options)
{
	const struct lang_options plain = {.name = "stdin"};
	const struct lang_output output = {.write = on_write, .warn = on_warn, .user = run};
	struct usdtrap_error *error;

	*run = (struct script_run){0};
	error = lang_compile(text, strlen(text), options ? options : &plain, &run->diagnostics, &run->program);
	if (error)
		fail_msg("%s\n%s", text, strbuf_text(&run->diagnostics));
	lang_set_output(run->program, &output);
}

void script_run_deinit(struct script_run *run)
{
	lang_program_destroy(run->program);
	strbuf_deinit(&run->output);
	strbuf_deinit(&run->warnings);
	strbuf_deinit(&run->diagnostics);
}
