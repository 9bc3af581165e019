/* SPDX-License-Identifier: MIT */
#include "cli/reach.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cli/message.h"
#include "cli/tally.h"
#include "cli/traced.h"

static const struct verb discover = {
	.name = "discover",
	.synopsis = "discover -p PID [PROBE...]",
	.help = "Shows which probes of a process are reached, each as it is for the first time,\n"
		"until Ctrl-C. Every site costs the process one stop at most: its trap is gone\n"
		"after that. PROBEs, with wildcards, are those of interest; without, all are.\n",
	.examples = "    usdtrap discover -p 4242\n"
		    "    usdtrap discover -p 4242 --time 10 'python:*'\n",
	.options = VERB_PID | VERB_TIME | VERB_FORMAT,
	.failure = EXIT_FAILURE,
};

static const struct verb cover = {
	.name = "cover",
	.synopsis = "cover -c 'COMMAND' [PROBE...]",
	.help = "Runs a command to its end and tells which probes it reached, and which it did\n"
		"not. PROBEs, with wildcards, are those of interest; without, all are.\n",
	.examples = "    usdtrap cover -c './shop --test'\n"
		    "    usdtrap cover -c 'python3 program.py' 'python:*'\n",
	.options = VERB_COMMAND | VERB_FORMAT,
	.failure = EXIT_FAILURE,
};

struct reach {
	struct traced *traced;
	struct verb_probe *probes;
	struct usdtrap_probe **added;
	size_t count;
	bool tells_at_once; /* discover */
	struct tally tally;
	size_t reached; /* probes */
	size_t sites;   /* hit */
	struct record record;
};

static void tell_json(struct reach *reach, const struct tally_row *row)
{
	record_begin(&reach->record);
	record_text(&reach->record, "type", "probe");
	record_text(&reach->record, "probe", row->probe->full_name);
	record_truth(&reach->record, "reached", row->hits > 0);
	traced_write_record(reach->traced, &reach->record);
}

static void summarise_json(struct reach *reach, size_t known)
{
	record_begin(&reach->record);
	record_text(&reach->record, "type", "summary");
	record_number(&reach->record, "reached", (long long)reach->reached);
	record_number(&reach->record, "probes", (long long)known);
	record_number(&reach->record, "sites", (long long)reach->sites);
	traced_write_record(reach->traced, &reach->record);
}

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit, void *user)
{
	struct reach *reach = user;
	const struct usdtrap_probe_info *probe = usdtrap_hit_probe(hit);
	struct tally_row *row = tally_row(&reach->tally, probe);

	reach->sites++;
	if (row && row->hits++ == 0) {
		reach->reached++;
		if (reach->tells_at_once && reach->traced->options->is_json)
			tell_json(reach, row);
		else if (reach->tells_at_once)
			traced_printf(reach->traced, "%s\n", probe->full_name);
	}
	return USDTRAP_DISARM;
}

static enum usdtrap_action on_time(void *user)
{
	(void)user;
	return USDTRAP_STOP;
}

static struct usdtrap_error *prepare(struct traced *traced)
{
	struct reach *reach = traced->user;
	const bool has_command = traced->options->command;
	struct usdtrap_error *error = NULL;

	reach->traced = traced;
	for (size_t i = 0; !error && i < reach->count; i++)
		error = usdtrap_add_probe(traced->session, &reach->probes[i].pattern, has_command ? 0 : traced->pid,
					  on_hit, reach, &reach->added[i]);
	if (!error && traced->options->seconds > 0)
		error = usdtrap_add_timer(traced->session, (uint64_t)(traced->options->seconds * 1e9), on_time, NULL);
	return error;
}

static void on_attached(struct traced *traced)
{
	const struct reach *reach = traced->user;
	size_t count = 0;

	for (size_t i = 0; i < reach->count; i++)
		count += usdtrap_probe_count(reach->added[i]);
	if (reach->tells_at_once)
		message_print(MESSAGE_NOTE, "waiting for %zu probe%s; Ctrl-C ends it", count, count == 1 ? "" : "s");
}

static void end_discover(struct traced *traced, size_t known)
{
	const struct reach *reach = traced->user;

	traced_printf(traced, "\n%zu of %zu probe%s reached, at %zu site%s\n", reach->reached, known,
		      known == 1 ? " was" : "s were", reach->sites, reach->sites == 1 ? "" : "s");
}

static void end_cover(struct traced *traced, size_t known)
{
	struct reach *reach = traced->user;

	tally_sort_by_name(&reach->tally);
	for (const struct tally_row *row = reach->tally.rows; row; row = row->hh.next) {
		if (traced->options->is_json)
			tell_json(reach, row);
		else
			traced_printf(traced, "%s  %s\n", row->hits ? "reached" : "-      ", row->probe->full_name);
	}
	if (traced->options->is_json)
		return;
	traced_printf(traced, "\n%zu of %zu probe%s reached\n", reach->reached, known, known == 1 ? " was" : "s were");
}

/* Nothing was reached, and nothing could be. */
static struct usdtrap_error *nothing_there(const struct traced *traced)
{
	const char *what = traced->options->word_count ? "such probes" : "USDT probes";

	return error_hint(error_create(USDTRAP_NOT_FOUND, "no file that was run has %s", what),
			  traced->options->word_count ? "without their names all are meant"
						      : "these builds were made without probes; some programs need a "
							"configure option such as --enable-dtrace");
}

static void summarise(struct traced *traced)
{
	struct reach *reach = traced->user;
	size_t known;

	for (size_t i = 0; i < reach->count; i++)
		tally_add_all(&reach->tally, reach->added[i]);
	known = HASH_COUNT(reach->tally.rows);
	if (!known && traced->options->command)
		traced_say_error(traced, nothing_there(traced));
	else if (!reach->tells_at_once)
		end_cover(traced, known);
	else if (!traced->options->is_json)
		end_discover(traced, known);
	if (traced->options->is_json)
		summarise_json(reach, known);
}

static void reach_deinit(struct reach *reach)
{
	for (size_t i = 0; i < reach->count; i++)
		verb_probe_deinit(&reach->probes[i]);
	free(reach->probes);
	free(reach->added);
	tally_deinit(&reach->tally);
	record_deinit(&reach->record);
}

/* The words of the command line, or a wildcard for everything. */
static struct usdtrap_error *read_probes(struct reach *reach, const struct verb_options *options)
{
	static const char *const everything[] = {"*"};
	const char *const *words = options->word_count ? options->words : everything;
	size_t count = options->word_count ? options->word_count : 1;
	struct usdtrap_error *error = NULL;

	reach->probes = calloc(count, sizeof(*reach->probes));
	reach->added = calloc(count, sizeof(*reach->added));
	if (!reach->probes || !reach->added)
		return &error_no_memory;
	for (size_t i = 0; !error && i < count; i++) {
		error = verb_probe_parse(words[i], options, &reach->probes[i]);
		reach->count += !error;
	}
	return error;
}

static int run(const struct verb *verb, int argc, char *argv[])
{
	static const struct traced_body body = {
		.prepare = prepare, .on_attached = on_attached, .before_end = summarise};
	struct reach reach = {.tells_at_once = verb == &discover};
	struct verb_options options;
	struct usdtrap_error *error;
	int status;

	if (!verb_parse(verb, argc, argv, &options, &status))
		return status;
	if (!options.pid && !options.command)
		error = error_hint(error_create(USDTRAP_INVALID_USE, "usdtrap %s wants %s", verb->name,
						verb == &discover ? "-p PID" : "-c 'COMMAND'"),
				   "usdtrap %s", verb->synopsis);
	else
		error = read_probes(&reach, &options);
	if (error) {
		message_print_error(error);
		status = verb->failure;
	} else {
		status = traced_run(&options, &body, &reach);
	}
	reach_deinit(&reach);
	return status;
}

int reach_discover(int argc, char *argv[])
{
	return run(&discover, argc, argv);
}

int reach_cover(int argc, char *argv[])
{
	return run(&cover, argc, argv);
}
