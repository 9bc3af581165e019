/* SPDX-License-Identifier: MIT */
#include "cli/expect.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/message.h"
#include "cli/traced.h"

enum { EXPECT_FAILED = 1, EXPECT_UNKNOWN = 2 };

static const struct verb verb = {
	.name = "expect",
	.synopsis = "expect 'PROBE OPERATOR NUMBER'... (-c 'COMMAND' | -p PID)",
	.help = "Counts hits, and tells whether they were as many as expected. OPERATOR is ==,\n"
		"!=, <, <=, > or >=; without one, PROBE is to be hit at least once.\n"
		"Exit status: 0 if all is as expected, 1 if not, 2 if that could not be told.\n",
	.examples = "    usdtrap expect 'python:gc__done <= 3' -c 'python3 program.py'\n"
		    "    usdtrap expect postgresql:lock__wait__start==0 -p 4242 --time 60\n",
	.options = VERB_PID | VERB_COMMAND | VERB_TIME | VERB_FORMAT,
	.failure = EXPECT_UNKNOWN,
};

enum comparison { EQUAL, NOT_EQUAL, LESS, AT_MOST, MORE, AT_LEAST };

/* The longer ones first, as the shorter are their beginnings. */
static const struct {
	const char *text;
	enum comparison comparison;
} operators[] = {
	{"==", EQUAL}, {"!=", NOT_EQUAL}, {"<=", AT_MOST}, {">=", AT_LEAST}, {"<", LESS}, {">", MORE}, {"=", EQUAL},
};

struct expectation {
	const char *text; /* as it was written */
	char *word;       /* its probe */
	enum comparison comparison;
	uint64_t number;
	struct verb_probe probe;
	struct usdtrap_probe *added;
	uint64_t hits;
};

struct expect {
	struct expectation *items;
	size_t count;
};

static struct usdtrap_error *refuse(const char *text)
{
	return error_hint(error_create(USDTRAP_INVALID_USE, "'%s' is no expectation", text),
			  "a probe, an operator and a number: 'python:gc__done <= 3'");
}

/* Takes TEXT apart into RET, which the caller ends in any case. */
static struct usdtrap_error *parse(const char *text, struct expectation *ret)
{
	const char *operator_ = text + strcspn(text, "=!<>"), *number;
	const char *end = operator_;
	char *rest;

	ret->text = text;
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	ret->word = strndup(text, (size_t)(end - text));
	if (!ret->word)
		return &error_no_memory;
	if (!*operator_) {
		ret->comparison = AT_LEAST;
		ret->number = 1;
		return *ret->word && !strpbrk(ret->word, " \t") ? NULL : refuse(text);
	}
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t length = strlen(operators[i].text);

		if (strncmp(operator_, operators[i].text, length) != 0)
			continue;
		ret->comparison = operators[i].comparison;
		number = operator_ + length;
		number += strspn(number, " \t");
		errno = 0;
		ret->number = strtoull(number, &rest, 10);
		rest += strspn(rest, " \t");
		return isdigit((unsigned char)*number) && !*rest && !errno && *ret->word ? NULL : refuse(text);
	}
	return refuse(text);
}

static bool is_met(const struct expectation *item)
{
	switch (item->comparison) {
	case EQUAL:
		return item->hits == item->number;
	case NOT_EQUAL:
		return item->hits != item->number;
	case LESS:
		return item->hits < item->number;
	case AT_MOST:
		return item->hits <= item->number;
	case MORE:
		return item->hits > item->number;
	case AT_LEAST:
		return item->hits >= item->number;
	}
	return false;
}

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit, void *user)
{
	struct expectation *item = user;

	(void)hit;
	item->hits++;
	return USDTRAP_CONTINUE;
}

static enum usdtrap_action on_time(void *user)
{
	(void)user;
	return USDTRAP_STOP;
}

static struct usdtrap_error *prepare(struct traced *traced)
{
	struct expect *expect = traced->user;
	const bool has_command = traced->options->command;
	struct usdtrap_error *error = NULL;

	for (size_t i = 0; !error && i < expect->count; i++)
		error = usdtrap_add_probe(traced->session, &expect->items[i].probe.pattern,
					  has_command ? 0 : traced->pid, on_hit, &expect->items[i],
					  &expect->items[i].added);
	if (!error && traced->options->seconds > 0)
		error = usdtrap_add_timer(traced->session, (uint64_t)(traced->options->seconds * 1e9), on_time, NULL);
	return error;
}

static void tell_json(struct traced *traced, const struct expectation *item)
{
	struct record record = {0};

	record_begin(&record);
	record_text(&record, "expectation", item->text);
	record_number(&record, "hits", (long long)item->hits);
	record_truth(&record, "met", is_met(item));
	traced_write_record(traced, &record);
	record_deinit(&record);
}

/* That a probe is hit 0 times says nothing where there is no such probe. */
static void judge(struct traced *traced)
{
	const struct expect *expect = traced->user;

	for (size_t i = 0; i < expect->count; i++) {
		const struct expectation *item = &expect->items[i];

		if (usdtrap_probe_count(item->added) == 0) {
			traced_say_error(traced,
					 error_create(USDTRAP_NOT_FOUND, "'%s': no file that was run has such a probe",
						      item->text));
			continue;
		}
		if (traced->options->is_json)
			tell_json(traced, item);
		else
			traced_printf(traced, "%s  %s: %" PRIu64 " hit%s\n", is_met(item) ? "ok    " : "FAILED",
				      item->text, item->hits, item->hits == 1 ? "" : "s");
		if (!is_met(item))
			traced->status = EXPECT_FAILED;
	}
}

static struct usdtrap_error *read_expectations(struct expect *expect, const struct verb_options *options)
{
	struct usdtrap_error *error = NULL;

	expect->items = calloc(options->word_count, sizeof(*expect->items));
	if (!expect->items)
		return &error_no_memory;
	for (size_t i = 0; !error && i < options->word_count; i++) {
		struct expectation *item = &expect->items[expect->count++];

		error = parse(options->words[i], item);
		if (!error)
			error = verb_probe_parse(item->word, options, &item->probe);
	}
	return error;
}

static void expect_deinit(struct expect *expect)
{
	for (size_t i = 0; i < expect->count; i++) {
		verb_probe_deinit(&expect->items[i].probe);
		free(expect->items[i].word);
	}
	free(expect->items);
}

int expect_run(int argc, char *argv[])
{
	static const struct traced_body body = {.prepare = prepare, .before_end = judge};
	struct verb_options options;
	struct expect expect = {0};
	struct usdtrap_error *error;
	int status;

	if (!verb_parse(&verb, argc, argv, &options, &status))
		return status;
	if (!options.word_count || (!options.pid && !options.command))
		error = error_hint(
			error_create(USDTRAP_INVALID_USE, "usdtrap expect wants what to expect, and of whom"),
			"usdtrap expect 'python:gc__done <= 3' -c 'python3 program.py'");
	else
		error = read_expectations(&expect, &options);
	if (error) {
		message_print_error(error);
		status = verb.failure;
	} else {
		status = traced_run(&options, &body, &expect);
	}
	expect_deinit(&expect);
	return status;
}
