/* SPDX-License-Identifier: MIT */
#include "cli/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/explain_html.h"
#include "cli/explain_text.h"
#include "cli/message.h"
#include "cli/traced.h"

static const struct verb verb = {
	.name = "explain",
	.synopsis = "explain PROBE [-p PID | -c 'COMMAND']",
	.help = "Shows every step of tracing a probe, as it happens: the note in the file, the\n"
		"address in the process, the byte that is written, a hit and its arguments, the\n"
		"byte written back. Without a process, the steps that need none.\n"
		"\n"
		"PROBE is usdt:FILE:PROVIDER:NAME; with -p or -c, PROVIDER:NAME or NAME will do.\n"
		"For a function's first instruction it is uprobe:FILE:FUNCTION, for its return\n"
		"uretprobe:FILE:FUNCTION; with -c, FILE may be left out.\n",
	.examples = "    usdtrap explain python:function__entry -p 4242 --pause\n"
		    "    usdtrap explain shop:sold -c ./shop --html shop.html\n"
		    "    usdtrap explain usdt:/usr/bin/python3:python:gc__start\n",
	.options = VERB_PID | VERB_COMMAND | VERB_PAUSE | VERB_HITS | VERB_HTML,
	.failure = EXIT_FAILURE,
};

struct explain {
	struct traced *traced; /* NULL: no process */
	FILE *terminal;        /* without one: where Enter comes from; NULL: nobody waits */
	struct verb_probe probe;
	struct explain_text text;
	struct explain_html html;
	bool has_html;
	struct usdtrap_probe *added;
	bool is_found; /* a file that was mapped had it */
	unsigned long hits_left;
	bool has_ended; /* the user has had enough of pauses */
};

static void put(struct explain *explain, const char *text, size_t length)
{
	struct strbuf piece = {.text = (char *)text, .length = length};

	if (explain->traced)
		traced_write(explain->traced, &piece);
	else
		fwrite(text, 1, length, stdout);
}

static void pause_here(struct explain *explain)
{
	static const char prompt[] = "\n   -- Enter goes on --";
	int key;

	if (explain->has_ended || (explain->traced ? !explain->traced->options->pauses : !explain->terminal))
		return;
	put(explain, prompt, sizeof(prompt) - 1);
	if (explain->traced) {
		explain->has_ended = !traced_await_enter(explain->traced);
		return;
	}
	fflush(stdout);
	while ((key = getc(explain->terminal)) != '\n' && key != EOF)
		;
	explain->has_ended = key == EOF;
}

/* Hands out what has been said since the last time; of several sections each waits for its Enter. */
static void show(struct explain *explain)
{
	struct explain_text *text = &explain->text;
	size_t shown = 0;

	for (unsigned i = 1; i < text->start_count; i++) {
		put(explain, strbuf_text(&text->out) + shown, text->starts[i] - shown);
		shown = text->starts[i];
		pause_here(explain);
	}
	put(explain, strbuf_text(&text->out) + shown, text->out.length - shown);
	strbuf_clear(&text->out);
	text->start_count = 0;
}

static void on_step(const struct usdtrap_step *step, void *user)
{
	struct explain *explain = user;
	bool is_worth_a_pause = explain_text_step(&explain->text, step);

	if (explain->has_html)
		explain_html_step(&explain->html, step);
	show(explain);
	if (is_worth_a_pause)
		pause_here(explain);
}

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit, void *user)
{
	struct explain *explain = user;

	(void)hit;
	pause_here(explain); /* behind the arguments */
	return --explain->hits_left > 0 ? USDTRAP_CONTINUE : USDTRAP_STOP;
}

static struct usdtrap_error *write_html(struct explain *explain, const char *path)
{
	FILE *file = fopen(path, "we");
	struct strbuf *page = &explain->html.page;

	explain_html_end(&explain->html);
	if (!file)
		return error_os(errno, "cannot write to %s", path);
	fwrite(strbuf_text(page), 1, page->length, file);
	if (fflush(file) != 0 || ferror(file)) {
		struct usdtrap_error *error = error_os(errno, "cannot write to %s", path);

		fclose(file);
		return error;
	}
	fclose(file);
	return NULL;
}

static struct usdtrap_error *add(struct explain *explain, struct usdtrap_session *session,
				 const struct verb_options *options, pid_t pid)
{
	char *name = NULL;
	/* What a command loads later cannot be listed now: then whatever comes is taken. */
	struct usdtrap_error *error = verb_probe_single(&explain->probe, pid, &name);

	if (error && options->command && error_catch(error, USDTRAP_NOT_FOUND))
		error = NULL;
	if (!error)
		error = usdtrap_set_observer(session, on_step, explain);
	if (!error) {
		explain_text_begin(&explain->text, name ? name : options->words[0]);
		explain->has_html = options->html_path;
		if (explain->has_html)
			explain_html_begin(&explain->html, name ? name : options->words[0]);
		error = explain->probe.is_function ? usdtrap_add_function(session, &explain->probe.function, pid,
									  on_hit, explain, &explain->added)
						   : usdtrap_add_probe(session, &explain->probe.pattern, pid, on_hit,
								       explain, &explain->added);
	}
	free(name);
	return error;
}

static struct usdtrap_error *prepare(struct traced *traced)
{
	struct explain *explain = traced->user;

	explain->traced = traced;
	explain->text.has_colour = traced->has_colour;
	/* A command is not yet what the process runs: files are found by their names. */
	return add(explain, traced->session, traced->options, traced->options->command ? 0 : traced->pid);
}

static void on_attached(struct traced *traced)
{
	struct explain *explain = traced->user;

	if (traced->options->command)
		return; /* the program is yet to begin */
	explain_text_wait(&explain->text);
	show(explain);
}

static void before_end(struct traced *traced)
{
	struct explain *explain = traced->user;

	explain->is_found = usdtrap_probe_count(explain->added) > 0;
}

/* A command may load the file that has the probe at any time: that there was none is known when it has ended. */
static struct usdtrap_error *not_found(const struct traced *traced)
{
	return error_hint(
		error_create(USDTRAP_NOT_FOUND, "no file that was run has a probe %s", traced->options->words[0]),
		"usdtrap cover -c '%s' shows those that there are", traced->options->command);
}

static void on_left(struct traced *traced, const struct usdtrap_report *report)
{
	struct explain *explain = traced->user;
	const char *path = traced->options->html_path;
	struct usdtrap_error *error;

	if (!explain->is_found && traced->options->command) {
		traced_say_error(traced, not_found(traced));
		return;
	}
	explain_text_end(&explain->text, report->processes > 0 && explain->text.let_go > 0);
	show(explain);
	if (!path)
		return;
	error = write_html(explain, path);
	if (!error)
		return;
	traced_say_error(traced, error);
}

/* The steps that need no process. */
static int explain_file(struct explain *explain, const struct verb_options *options)
{
	struct usdtrap_session *session;
	struct usdtrap_error *error = NULL;

	if (options->pauses) {
		explain->terminal = fopen("/dev/tty", "re");
		if (!explain->terminal)
			error = error_create(USDTRAP_INVALID_USE, "--pause needs a terminal to wait for Enter at");
	}
	if (!error)
		error = usdtrap_session_create(NULL, &session);
	if (!error) {
		explain->text.has_colour = message_wants_colour();
		error = add(explain, session, options, 0);
		usdtrap_session_destroy(session);
	}
	if (!error && options->html_path)
		error = write_html(explain, options->html_path);
	if (!error && fflush(stdout) != 0)
		error = error_os(errno, "cannot write to standard output");
	if (!error)
		return EXIT_SUCCESS;
	message_print_error(error);
	return EXIT_FAILURE;
}

static void explain_deinit(struct explain *explain)
{
	verb_probe_deinit(&explain->probe);
	strbuf_deinit(&explain->text.out);
	explain_html_deinit(&explain->html);
	if (explain->terminal)
		fclose(explain->terminal);
}

int explain_run(int argc, char *argv[])
{
	static const struct traced_body body = {
		.prepare = prepare, .on_attached = on_attached, .before_end = before_end, .on_left = on_left};
	struct verb_options options;
	struct explain explain = {0};
	struct usdtrap_error *error;
	int status;

	if (!verb_parse(&verb, argc, argv, &options, &status))
		return status;
	if (options.word_count != 1)
		error = error_hint(
			error_create(USDTRAP_INVALID_USE, "usdtrap explain wants one PROBE"),
			"usdtrap -l FILE lists those of a file, usdtrap -l -p PID 'usdt:*' those of a process");
	else
		error = verb_probe_parse(options.words[0], &options, &explain.probe);
	if (error) {
		message_print_error(error);
		return verb.failure;
	}
	explain.hits_left = options.hits ? options.hits : 1;
	explain.text.has_process = options.pid || options.command;
	status = explain.text.has_process ? traced_run(&options, &body, &explain) : explain_file(&explain, &options);
	explain_deinit(&explain);
	return status;
}
