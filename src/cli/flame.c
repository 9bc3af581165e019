/* SPDX-License-Identifier: MIT */
/*
 * Stacks, counted: those of the threads that run, sampled, or those at a
 * probe's hits.
 */
#include "cli/flame.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cli/flame_html.h"
#include "cli/flame_tree.h"
#include "cli/message.h"
#include "cli/traced.h"
#include "cli/verb.h"

/* Not 100, so that what the program itself does a hundred times a second is not hit always or never. */
enum { SAMPLES_A_SECOND = 99, FRAMES_MAX = 127 };

static const struct verb verb = {
	.name = "flame",
	.synopsis = "flame [PROBE] (-p PID | -c 'COMMAND')",
	.help = "Where does a program spend its time? Its running threads are sampled 99 times a\n"
		"second, until the time is over, the program ends or Ctrl-C; or their stacks are\n"
		"taken at each hit of PROBE. Printed are folded stacks (caller;callee;... count),\n"
		"which flamegraph.pl and speedscope read; with --html also a flame graph is\n"
		"written, one page that needs nothing else.\n",
	.examples = "    usdtrap flame -p 4242 --time 10 --html flame.html\n"
		    "    usdtrap flame -c './fib 30' | head\n",
	.options = VERB_PID | VERB_COMMAND | VERB_TIME | VERB_HTML,
	.failure = EXIT_FAILURE,
};

struct flame {
	struct verb_probe probe;
	bool has_probe;
	struct flame_tree tree;
};

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit, void *user)
{
	struct flame *flame = user;
	const struct usdtrap_stack *stack = usdtrap_hit_stack(hit, FRAMES_MAX);

	if (stack)
		flame_tree_add(&flame->tree, usdtrap_hit_comm(hit), stack);
	return USDTRAP_CONTINUE;
}

static enum usdtrap_action on_time(void *user)
{
	(void)user;
	return USDTRAP_STOP;
}

static struct usdtrap_error *prepare(struct traced *traced)
{
	struct flame *flame = traced->user;
	const double second = 1e9;
	struct usdtrap_error *error;

	if (flame->has_probe)
		error = usdtrap_add_probe(traced->session, &flame->probe.pattern,
					  traced->options->command ? 0 : traced->pid, on_hit, flame, NULL);
	else
		error = usdtrap_add_profile(traced->session, (uint64_t)second / SAMPLES_A_SECOND, on_hit, flame);
	if (!error && traced->options->seconds > 0)
		error = usdtrap_add_timer(traced->session, (uint64_t)(traced->options->seconds * second) + 1000,
					  on_time, flame);
	return error;
}

static struct usdtrap_error *write_page(const struct strbuf *page, const char *path)
{
	FILE *file = fopen(path, "we");
	bool is_written;

	if (!file)
		return error_os(errno, "cannot write to %s", path);
	is_written = fwrite(strbuf_text(page), 1, page->length, file) == page->length;
	if (fclose(file) != 0 || !is_written)
		return error_os(errno, "cannot write to %s", path);
	return NULL;
}

static void on_left(struct traced *traced, const struct usdtrap_report *report)
{
	struct flame *flame = traced->user;
	const char *path = traced->options->html_path;
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_strbuf_ struct strbuf title = {0};
	struct usdtrap_error *error;

	(void)report;
	if (!flame->tree.total)
		traced_say_note(traced, flame->has_probe ? "there are no stacks: the probe was not reached"
							 : "there are no stacks: no thread ran, all slept");
	if (!path) {
		flame_tree_fold(&flame->tree, &text);
		traced_write(traced, &text);
		return;
	}
	strbuf_addf(&title, "%s of process %d: %" PRIu64 " stacks",
		    flame->has_probe ? traced->options->words[0] : "running threads", (int)traced->pid,
		    flame->tree.total);
	flame_html_add(&text, &flame->tree, strbuf_text(&title));
	error = text.failed ? &error_no_memory : write_page(&text, path);
	if (error)
		traced_say_error(traced, error);
	else
		traced_printf(traced, "%" PRIu64 " stacks are drawn in %s\n", flame->tree.total, path);
}

int flame_run(int argc, char *argv[])
{
	static const struct traced_body body = {.prepare = prepare, .on_left = on_left};
	struct verb_options options;
	struct flame flame = {0};
	struct usdtrap_error *error = NULL;
	int status;

	if (!verb_parse(&verb, argc, argv, &options, &status))
		return status;
	if (options.word_count > 1 || (!options.pid && !options.command))
		error = error_hint(
			error_create(USDTRAP_INVALID_USE, "usdtrap flame wants a program: -p PID or -c COMMAND"),
			"usdtrap flame -p PID --time 10 --html flame.html");
	else if (options.word_count == 1)
		error = verb_probe_parse(options.words[0], &options, &flame.probe);
	if (error) {
		message_print_error(error);
		return verb.failure;
	}
	flame.has_probe = options.word_count == 1;
	status = traced_run(&options, &body, &flame);
	verb_probe_deinit(&flame.probe);
	flame_tree_deinit(&flame.tree);
	return status;
}
