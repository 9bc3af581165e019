/* SPDX-License-Identifier: MIT */
#include "cli/list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/glob.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/pattern.h"
#include "cli/script.h"

struct listing {
	const struct options *options;
	FILE *out;
	bool has_failed; /* something was asked for that could not be listed */
};

/* "int32", "uint64", "double", "24 bytes". */
static void print_type(const struct usdtrap_argument_info *argument, FILE *out)
{
	char type[32];

	if (argument->size == 0)
		snprintf(type, sizeof(type), "?");
	else if (argument->is_float && argument->size == 4)
		snprintf(type, sizeof(type), "float");
	else if (argument->is_float && argument->size == 8)
		snprintf(type, sizeof(type), "double");
	else if (argument->size > 8)
		snprintf(type, sizeof(type), "%u bytes", argument->size);
	else
		snprintf(type, sizeof(type), "%sint%u", argument->is_signed ? "" : "u", argument->size * 8);
	fprintf(out, "%-8s  ", type);
}

static void print_arguments(const struct usdtrap_probe_info *probe, size_t site, FILE *out)
{
	_cleanup_free_ struct usdtrap_argument_info *arguments = NULL;
	size_t count;
	struct usdtrap_error *error = usdtrap_arguments_describe(probe, site, &arguments, &count);

	if (error) {
		fprintf(out, "        ?      %s\n", usdtrap_error_message(error));
		usdtrap_error_destroy(error);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "        arg%-3zu ", i);
		print_type(&arguments[i], out);
		fprintf(out, "%s%s%s\n", arguments[i].place, arguments[i].reason ? "  ? " : "",
			arguments[i].reason ? arguments[i].reason : "");
	}
}

/*
 *	usdt:/usr/bin/python3.11:python:function__entry
 *	    site 0x5d839, semaphore 0x55ca4c
 *	        arg0   uint64    %r12
 *	        arg2   int32     112(%rsp)
 */
static void print_sites(const struct usdtrap_probe_info *probe, FILE *out)
{
	for (size_t i = 0; i < probe->site_count; i++) {
		const struct usdtrap_site_info *site = &probe->sites[i];

		fprintf(out, "    site 0x%" PRIx64, site->vaddr);
		if (site->semaphore_vaddr)
			fprintf(out, ", semaphore 0x%" PRIx64 "\n", site->semaphore_vaddr);
		else
			fprintf(out, ", no semaphore\n");
		print_arguments(probe, i, out);
	}
}

static int on_probe(const struct usdtrap_probe_info *probe, void *user)
{
	struct listing *listing = user;

	fprintf(listing->out, "%s\n", probe->full_name);
	if (listing->options->is_verbose)
		print_sites(probe, listing->out);
	return ferror(listing->out);
}

static void on_problem(const struct usdtrap_error *problem, void *user)
{
	struct listing *listing = user;

	if (!listing->options->no_warnings)
		message_print(MESSAGE_WARNING, "%s", usdtrap_error_message(problem));
}

static void fail(struct listing *listing, struct usdtrap_error *error)
{
	message_print_error(error);
	listing->has_failed = true;
}

static void list_usdt(struct listing *listing, const struct usdtrap_pattern *pattern)
{
	const struct usdtrap_list_callbacks callbacks = {on_probe, on_problem, listing};
	bool names_file = pattern->target && *pattern->target && strcmp(pattern->target, "*") != 0;
	struct usdtrap_error *error;

	if (!names_file && !listing->options->pid)
		error = error_hint(error_create(USDTRAP_INVALID_USE, "whose usdt probes?"),
				   "name a file (usdt:PATH:*) or a process with -p");
	else
		error = usdtrap_list(pattern, listing->options->pid, &callbacks);
	if (error)
		fail(listing, error);
}

/* Interval probes have no list: any number will do. Shown as bpftrace shows them. */
static size_t list_intervals(struct listing *listing, const char *unit_wildcard)
{
	static const char *const units[] = {"hz", "ms", "s", "us"};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!glob_match(unit_wildcard, units[i]))
			continue;
		fprintf(listing->out, "interval:%s:\n", units[i]);
		count++;
	}
	return count;
}

static void list_pattern(struct listing *listing, const struct pattern *pattern)
{
	size_t count = 0;

	if (pattern->is_usdt)
		list_usdt(listing, &pattern->usdt);
	if (pattern->interval_unit)
		count = list_intervals(listing, pattern->interval_unit);
	if (!pattern->is_usdt && count == 0)
		fail(listing, error_hint(error_create(USDTRAP_NOT_FOUND, "no probes match '%s'", pattern->text),
					 "for usdt probes name a file (usdt:PATH:*) or a process with -p"));
}

static void list_patterns(struct listing *listing, const char *text)
{
	struct pattern_list list = {0};
	struct usdtrap_error *error = pattern_list_parse(text, listing->options->pid != 0, &list);

	if (error)
		fail(listing, error);
	for (size_t i = 0; i < list.count; i++)
		list_pattern(listing, &list.patterns[i]);
	pattern_list_deinit(&list);
}

static void on_script_pattern(const struct usdtrap_pattern *pattern, void *user)
{
	list_usdt(user, pattern);
}

/* What a script would attach. */
static void list_script(struct listing *listing)
{
	struct command command = {0};
	struct script script = {0};
	struct lang_program *program = NULL;
	struct usdtrap_error *error = NULL;

	if (listing->options->command)
		error = command_split(listing->options->command, &command);
	if (!error)
		error = script_read(listing->options, &script);
	if (error) {
		fail(listing, error);
	} else {
		program = script_compile(&script, listing->options, command.path);
		if (program)
			lang_each_pattern(program, on_script_pattern, listing);
		else
			listing->has_failed = true;
	}
	lang_program_destroy(program);
	script_deinit(&script);
	command_deinit(&command);
}

enum word_kind {
	WORD_PATTERN,
	WORD_SCRIPT, /* a script's FILE */
	WORD_ELF,    /* a program or library: its probes are meant */
};

static enum word_kind word_kind(const char *word)
{
	_cleanup_file_ FILE *file = NULL;
	struct stat status;
	char magic[4];

	if (strcmp(word, "-") == 0)
		return WORD_SCRIPT;
	if (stat(word, &status) != 0 || !S_ISREG(status.st_mode))
		return WORD_PATTERN;
	file = fopen(word, "re");
	if (file && fread(magic, sizeof(magic), 1, file) == 1 && memcmp(magic, "\177ELF", 4) == 0)
		return WORD_ELF;
	return WORD_SCRIPT;
}

static bool looks_like_script(const char *word)
{
	size_t length = strlen(word);

	return length > 3 && strcmp(word + length - 3, ".bt") == 0 && !strpbrk(word, "*:");
}

static void warn_of_missing_script(const struct listing *listing, const char *word)
{
	if (!listing->options->no_warnings)
		message_print(MESSAGE_WARNING,
			      "It appears that '%s' is a filename but the file does not exist. "
			      "Treating '%s' as a search pattern.",
			      word, word);
}

static void list_words(struct listing *listing)
{
	const struct options *options = listing->options;

	for (size_t i = 0; i < options->words.count; i++) {
		const char *word = options->words.items[i];
		const struct usdtrap_pattern all_of_file = {.target = word};

		switch (word_kind(word)) {
		case WORD_SCRIPT:
			list_script(listing); /* the other words are the script's */
			return;
		case WORD_ELF:
			list_usdt(listing, &all_of_file);
			break;
		case WORD_PATTERN:
			if (looks_like_script(word))
				warn_of_missing_script(listing, word);
			list_patterns(listing, word);
			break;
		}
	}
}

static void list_all(struct listing *listing)
{
	if (listing->options->program)
		list_script(listing);
	else if (listing->options->words.count)
		list_words(listing);
	else
		list_patterns(listing, "*");
}

int list_run(const struct options *options)
{
	const char *path = options->output_path;
	_cleanup_file_ FILE *file = path ? fopen(path, "we") : NULL;
	struct listing listing = {.options = options, .out = path ? file : stdout};

	if (listing.out)
		list_all(&listing);
	if (!listing.out || fflush(listing.out) != 0 || ferror(listing.out))
		fail(&listing, error_os(errno, "cannot write to %s", path ? path : "standard output"));
	return listing.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
