/* SPDX-License-Identifier: MIT */
#include "cli/list.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <usdtrap/process.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/list_internal.h"
#include "cli/message.h"
#include "cli/script.h"
#include "cli/verb.h"

/* Its options are those of usdtrap itself: these are the ones that mean something to it. */
static const struct verb verb = {
	.name = "list",
	.synopsis = "list [PATTERN...] [-p PID | -c 'COMMAND']",
	.help = "Lists probes, as -l does: those of a file; those of a process and all its\n"
		"libraries (-p); or, of a script (FILE or -e 'PROGRAM'), those of its probes.\n"
		"\n"
		"PATTERN is usdt:FILE:PROVIDER:NAME, any part with wildcards, or FILE alone;\n"
		"uprobe: and uretprobe:FILE:FUNCTION list functions, tracepoint:syscalls:NAME\n"
		"system calls.\n"
		"FILE is a path, a program in PATH, or libNAME.\n",
	.examples = "    usdtrap list /usr/bin/python3\n"
		    "    usdtrap list -v -p 4242 'usdt:*:gc__*'\n"
		    "    usdtrap list 'uprobe:libc:str*'\n"
		    "    usdtrap list -v -f json 'usdt:*'\n",
	.options = VERB_PID | VERB_COMMAND | VERB_FORMAT | VERB_VERBOSE,
	.failure = EXIT_FAILURE,
};

int list_help(void)
{
	return verb_show_help(&verb);
}

void listing_fail(struct listing *listing, struct usdtrap_error *error)
{
	message_print_error(error);
	listing->has_failed = true;
}

bool listing_is_json(const struct listing *listing)
{
	return listing->options->format == LANG_JSON;
}

void listing_begin(struct listing *listing, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	va_list arguments;

	va_start(arguments, format);
	strbuf_vaddf(&name, format, arguments);
	va_end(arguments);
	if (!listing_is_json(listing)) {
		fprintf(listing->out, "%s\n", strbuf_text(&name));
		return;
	}
	record_begin(&listing->record);
	record_text(&listing->record, "probe", strbuf_text(&name));
}

void listing_end(struct listing *listing)
{
	if (!listing_is_json(listing))
		return;
	record_end(&listing->record);
	fputs(strbuf_text(&listing->record.text), listing->out);
}

/* The probes of one type. */
static size_t list_type(struct listing *listing, enum pattern_type type, const struct pattern *pattern)
{
	switch (type) {
	case PATTERN_INTERVAL:
	case PATTERN_PROFILE:
		return list_timers(listing, type, pattern->unit);
	case PATTERN_TRACEPOINT:
		return list_tracepoints(listing, pattern->category, pattern->event);
	case PATTERN_UPROBE:
	case PATTERN_URETPROBE:
		return list_functions(listing, type, &pattern->user, false);
	case PATTERN_USDT:
		return list_usdt_among_others(listing, &pattern->user);
	}
	return 0;
}

static void list_pattern(struct listing *listing, const struct pattern *pattern)
{
	size_t count = 0, type_count = 0;

	for (unsigned i = 0; i < PATTERN_TYPE_COUNT; i++)
		type_count += pattern->wants[i];
	/* Where nothing else is meant, there is more to say of what is missing. */
	if (type_count == 1 && pattern->wants[PATTERN_USDT]) {
		list_usdt(listing, &pattern->user);
		return;
	}
	for (unsigned i = PATTERN_UPROBE; type_count == 1 && i <= PATTERN_URETPROBE; i++)
		if (pattern->wants[i]) {
			list_functions(listing, (enum pattern_type)i, &pattern->user, true);
			return;
		}
	for (unsigned i = 0; i < PATTERN_TYPE_COUNT; i++)
		count += pattern->wants[i] ? list_type(listing, (enum pattern_type)i, pattern) : 0;
	if (count == 0)
		listing_fail(listing, error_hint(error_create(USDTRAP_NOT_FOUND, "no probes match '%s'", pattern->text),
						 "for usdt probes name a file (usdt:PATH:*) or a process with -p"));
}

static void list_patterns(struct listing *listing, const char *text)
{
	struct pattern_list list = {0};
	struct usdtrap_error *error = pattern_list_parse(text, listing->options->pid != 0, &list);

	if (error)
		listing_fail(listing, error);
	for (size_t i = 0; i < list.count; i++)
		list_pattern(listing, &list.patterns[i]);
	pattern_list_deinit(&list);
}

/* The unit of a timer's name: "s" of interval:s:1, of interval:1s, too. */
static void list_timer_of_script(struct listing *listing, enum pattern_type type, const char *name)
{
	const char *start = strchr(name, ':') + 1;
	const char *unit = start + strspn(start, "0123456789_");

	listing_begin(listing, "%s:%.*s:", pattern_type_name(type), (int)strcspn(unit, ":"), unit);
	listing_end(listing);
}

static void on_script_point(const struct lang_point *point, void *user)
{
	struct listing *listing = user;
	enum pattern_type type;
	size_t count = 1;

	if (!pattern_type_find(point->type, &type))
		return; /* begin and the like: as bpftrace has it */
	switch (type) {
	case PATTERN_INTERVAL:
	case PATTERN_PROFILE:
		list_timer_of_script(listing, type, point->full_name);
		break;
	case PATTERN_TRACEPOINT:
		count = list_tracepoints(listing, point->pattern.provider ? point->pattern.provider : "*",
					 point->pattern.name ? point->pattern.name : "*");
		break;
	case PATTERN_UPROBE:
	case PATTERN_URETPROBE:
		if (point->pattern.name) {
			list_functions(listing, type, &point->pattern, true);
		} else {
			listing_begin(listing, "%s", point->text);
			listing_end(listing);
		}
		break;
	case PATTERN_USDT:
		list_usdt(listing, &point->pattern);
		break;
	}
	if (count == 0)
		listing_fail(listing, error_create(USDTRAP_NOT_FOUND, "no probes match '%s'", point->text));
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
		listing_fail(listing, error);
	} else {
		program = script_compile(&script, listing->options, command.path);
		if (program)
			lang_each_point(program, on_script_point, listing);
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
	struct usdtrap_error *unseen = options->pid ? usdtrap_check_process(options->pid) : NULL;

	if (unseen)
		listing_fail(&listing, unseen);
	else if (listing.out)
		list_all(&listing);
	if (!listing.out || fflush(listing.out) != 0 || ferror(listing.out))
		listing_fail(&listing, error_os(errno, "cannot write to %s", path ? path : "standard output"));
	record_deinit(&listing.record);
	return listing.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
