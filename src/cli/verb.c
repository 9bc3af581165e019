/* SPDX-License-Identifier: MIT */
#include "cli/verb.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "cli/message.h"
#include "cli/options.h"

enum {
	NAMED_MAX = 8, /* probes that an error lists */
	LONG_ONLY = 256,
};

struct row {
	enum verb_option option;
	struct option name;
	const char *argument;
	const char *help;
};

static const struct row rows[] = {
	{VERB_PID, {"pid", required_argument, NULL, 'p'}, "PID", "this running process"},
	{VERB_COMMAND, {"cmd", required_argument, NULL, 'c'}, "'COMMAND'", "run a command (no shell)"},
	{VERB_HITS, {"hits", required_argument, NULL, LONG_ONLY + VERB_HITS}, "N", "end after so many hits (1)"},
	{VERB_PAUSE, {"pause", no_argument, NULL, LONG_ONLY + VERB_PAUSE}, NULL, "wait for Enter at each step"},
	{VERB_HTML,
	 {"html", required_argument, NULL, LONG_ONLY + VERB_HTML},
	 "FILE",
	 "write a page with pictures, too"},
	{VERB_TIME, {"time", required_argument, NULL, LONG_ONLY + VERB_TIME}, "SECONDS", "end after so long"},
	{VERB_FORMAT, {"format", required_argument, NULL, 'f'}, "FORMAT", "'text' or 'json', an object a line"},
	{VERB_VERBOSE, {"verbose", no_argument, NULL, 'v'}, NULL, "say more: sites, arguments"},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

int verb_show_help(const struct verb *verb)
{
	printf("USAGE:\n    usdtrap %s\n\n%s\nOPTIONS:\n", verb->synopsis, verb->help);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		_cleanup_strbuf_ struct strbuf names = {0};

		if (!(verb->options & rows[i].option))
			continue;
		if (rows[i].name.val < LONG_ONLY)
			strbuf_addf(&names, "-%c, ", rows[i].name.val);
		else
			strbuf_add_string(&names, "    ");
		strbuf_addf(&names, "--%s%s%s", rows[i].name.name, rows[i].argument ? " " : "",
			    rows[i].argument ? rows[i].argument : "");
		printf("    %-27s %s\n", strbuf_text(&names), rows[i].help);
	}
	printf("    %-27s %s\n\nEXAMPLES:\n%s", "-h, --help", "show this", verb->examples);
	if (fflush(stdout) == 0)
		return EXIT_SUCCESS;
	message_print_error(error_os(errno, "cannot write to standard output"));
	return verb->failure;
}

static struct usdtrap_error *parse_count(const char *what, const char *value, unsigned long largest, unsigned long *ret)
{
	char *end;
	unsigned long count;

	errno = 0;
	count = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || count == 0 || count > largest)
		return error_create(USDTRAP_INVALID_USE, "%s takes a whole number from 1 to %lu, not \"%s\"", what,
				    largest, value);
	*ret = count;
	return NULL;
}

static struct usdtrap_error *parse_seconds(const char *value, double *ret)
{
	char *end;
	double seconds = strtod(value, &end);

	if (end == value || *end || !(seconds > 0) || seconds > 1e6)
		return error_create(USDTRAP_INVALID_USE, "--time takes a number of seconds, not \"%s\"", value);
	*ret = seconds;
	return NULL;
}

static struct usdtrap_error *apply(struct verb_options *options, int answer, const char *value)
{
	struct usdtrap_error *error;
	unsigned long pid;

	switch (answer) {
	case 'p':
		error = parse_count("-p", value, PID_LARGEST, &pid);
		if (!error)
			options->pid = (pid_t)pid;
		return error;
	case 'c':
		if (!value[strspn(value, " ")])
			return error_create(USDTRAP_INVALID_USE, "-c needs a command to run");
		options->command = value;
		return NULL;
	case LONG_ONLY + VERB_PAUSE:
		options->pauses = true;
		return NULL;
	case LONG_ONLY + VERB_HITS:
		return parse_count("--hits", value, 1000000, &options->hits);
	case LONG_ONLY + VERB_HTML:
		options->html_path = value;
		return NULL;
	case LONG_ONLY + VERB_TIME:
		return parse_seconds(value, &options->seconds);
	case 'f':
		options->is_json = strcmp(value, "json") == 0;
		if (options->is_json || strcmp(value, "text") == 0)
			return NULL;
		return error_hint(error_create(USDTRAP_INVALID_USE, "Invalid output format \"%s\"", value),
				  "Valid formats: 'text', 'json'");
	}
	return NULL;
}

/* What getopt_long() made of TYPED. */
static struct usdtrap_error *bad_option(const struct verb *verb, int answer, const char *typed)
{
	struct nearest nearest = {.wanted = typed + strspn(typed, "-"), .distance = NEAREST_START};
	struct usdtrap_error *error;

	if (answer == ':')
		error = error_create(USDTRAP_INVALID_USE, "%s needs something behind it", typed);
	else if (optopt && optopt < LONG_ONLY)
		error = error_create(USDTRAP_INVALID_USE, "usdtrap %s has no option -%c", verb->name, optopt);
	else
		error = error_create(USDTRAP_INVALID_USE, "usdtrap %s has no option %s", verb->name, typed);
	for (size_t i = 0; answer != ':' && strncmp(typed, "--", 2) == 0 && i < ROW_COUNT; i++)
		if (verb->options & rows[i].option)
			nearest_offer(&nearest, rows[i].name.name);
	if (nearest.best)
		return error_hint(error, "did you mean --%s?", nearest.best);
	return error_hint(error, "usdtrap %s -h shows its options", verb->name);
}

static struct usdtrap_error *parse(const struct verb *verb, int argc, char *argv[], struct verb_options *options,
				   bool *ret_help)
{
	struct option names[ROW_COUNT + 2] = {0};
	struct usdtrap_error *error = NULL;
	char letters[16] = ":h";
	size_t count = 0;
	int answer;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!(verb->options & rows[i].option))
			continue;
		names[count++] = rows[i].name;
		if (rows[i].name.val < LONG_ONLY) {
			size_t length = strlen(letters);

			snprintf(letters + length, sizeof(letters) - length, "%c:", rows[i].name.val);
		}
	}
	names[count] = (struct option){"help", no_argument, NULL, 'h'};
	opterr = 0;
	optind = 0; /* start anew: getopt(3) */
	while (!error && (answer = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		if (answer == 'h')
			*ret_help = true;
		else if (answer == '?' || answer == ':')
			error = bad_option(verb, answer, argv[optind - 1]);
		else
			error = apply(options, answer, optarg);
	}
	if (!error && options->pid && options->command)
		error = error_hint(error_create(USDTRAP_INVALID_USE, "-p and -c cannot be had together"),
				   "-p means a process that runs already, -c starts one");
	options->words = (const char *const *)argv + optind;
	options->word_count = (size_t)(argc - optind);
	return error;
}

bool verb_parse(const struct verb *verb, int argc, char *argv[], struct verb_options *ret, int *ret_status)
{
	struct verb_options options = {.verb = verb};
	bool wants_help = false;
	struct usdtrap_error *error = parse(verb, argc, argv, &options, &wants_help);

	if (error) {
		message_print_error(error);
		*ret_status = verb->failure;
		return false;
	}
	if (wants_help) {
		*ret_status = verb_show_help(verb);
		return false;
	}
	*ret = options;
	return true;
}

/* ---- probes ---- */

/* Whether TEXT, which has no slash, is a file's name rather than a provider's. */
static bool is_file_name(const char *text)
{
	const char *path = getenv("PATH");
	char candidate[4096];

	if (strncmp(text, "lib", 3) == 0)
		return true;
	for (path = path ? path : "/bin:/usr/bin"; *path; path += strspn(path, ":")) {
		size_t length = strcspn(path, ":");

		snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)length, path, text);
		if (access(candidate, X_OK) == 0)
			return true;
		path += length;
	}
	return false;
}

/* The first word of the command that -c starts: whose probes are meant where no file is named. Points into PROBE. */
static const char *command_path(const char *command, char **room)
{
	size_t length;

	command += strspn(command, " ");
	length = strcspn(command, " ");
	memcpy(*room, command, length);
	(*room)[length] = '\0';
	return *room;
}

/* PARTS behind "uprobe", COUNT of them: a function's name, and before it perhaps a file. */
static struct usdtrap_error *read_function(struct verb_probe *probe, const char *const *parts, size_t count,
					   const struct verb_options *options, char **room)
{
	char *offset = strchr(parts[count - 1], '+');

	probe->is_function = true;
	probe->function.name = parts[count - 1];
	if (offset) {
		probe->function.offset = strtoull(offset + 1, NULL, 0);
		*offset = '\0';
	}
	if (count == 2)
		probe->function.target = parts[0];
	else if (options->command)
		probe->function.target = command_path(options->command, room);
	else
		return error_hint(
			error_create(USDTRAP_INVALID_USE, "in which file is the function %s?", probe->function.name),
			"name the file: uprobe:FILE:%s", probe->function.name);
	return NULL;
}

struct usdtrap_error *verb_probe_parse(const char *word, const struct verb_options *options, struct verb_probe *ret)
{
	const bool has_process = options->pid || options->command;
	struct verb_probe probe = {0};
	const char *parts[4] = {NULL};
	size_t count = 0;
	char *room, *rest;
	bool is_return;

	probe.text = malloc(strlen(word) + (options->command ? strlen(options->command) : 0) + 2);
	if (!probe.text)
		return &error_no_memory;
	rest = strcpy(probe.text, word);
	room = probe.text + strlen(word) + 1;
	while (rest && count < 4) {
		parts[count++] = rest;
		rest = strchr(rest, ':');
		if (rest)
			*rest++ = '\0';
	}
	if (count > 1 && (strcmp(parts[0], "usdt") == 0 || strcmp(parts[0], "U") == 0)) {
		memmove(parts, parts + 1, sizeof(parts) - sizeof(parts[0]));
		count--;
	}
	if (rest || count > 3 || !*parts[count - 1]) {
		verb_probe_deinit(&probe);
		return error_hint(error_create(USDTRAP_INVALID_USE, "%s is not how a probe is written", word),
				  "a probe is usdt:FILE:PROVIDER:NAME; with -p or -c PROVIDER:NAME will do");
	}
	is_return = strcmp(parts[0], "uretprobe") == 0 || strcmp(parts[0], "ur") == 0;
	if ((count == 2 || count == 3) &&
	    (is_return || strcmp(parts[0], "uprobe") == 0 || strcmp(parts[0], "u") == 0)) {
		struct usdtrap_error *error = read_function(&probe, parts + 1, count - 1, options, &room);

		probe.function.at_return = is_return;
		if (error)
			verb_probe_deinit(&probe);
		else
			*ret = probe;
		return error;
	}
	probe.pattern.name = parts[count - 1];
	if (count == 3)
		probe.pattern.target = parts[0];
	if (count == 3)
		probe.pattern.provider = parts[1];
	else if (count == 2 && (strchr(parts[0], '/') || (!has_process && is_file_name(parts[0]))))
		probe.pattern.target = parts[0];
	else if (count == 2)
		probe.pattern.provider = parts[0];
	if ((!probe.pattern.target || !*probe.pattern.target) && options->command) {
		probe.pattern.target = command_path(options->command, &room);
		probe.pattern.any_file = 1;
	}
	*ret = probe;
	return NULL;
}

void verb_probe_deinit(struct verb_probe *probe)
{
	free(probe->text);
	*probe = (struct verb_probe){0};
}

struct several {
	char *names[NAMED_MAX];
	struct usdtrap_pattern only; /* owned, while there is one */
	size_t count;
	bool failed;
};

static int on_probe(const struct usdtrap_probe_info *info, void *user)
{
	struct several *several = user;

	if (several->count == 0) {
		several->only.target = strdup(info->path);
		several->only.provider = strdup(info->provider);
		several->only.name = strdup(info->name);
		several->failed = !several->only.target || !several->only.provider || !several->only.name;
	}
	if (several->count < NAMED_MAX) {
		several->names[several->count] = strdup(info->full_name);
		several->failed |= !several->names[several->count];
	}
	several->count++;
	return several->failed;
}

static struct usdtrap_error *explain_several(const struct several *several)
{
	_cleanup_strbuf_ struct strbuf names = {0};

	for (size_t i = 0; i < several->count && i < NAMED_MAX; i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", several->names[i]);
	if (several->count > NAMED_MAX)
		strbuf_addf(&names, " and %zu more", several->count - NAMED_MAX);
	return error_hint(error_create(USDTRAP_INVALID_USE, "%zu probes are meant, and one is wanted", several->count),
			  "name one of %s", strbuf_text(&names));
}

/* Makes PROBE mean the one of SEVERAL, whose strings it copies. */
static struct usdtrap_error *settle_on(struct verb_probe *probe, const struct several *several)
{
	const struct usdtrap_pattern *only = &several->only;
	int any_file = probe->pattern.any_file;
	char *text;

	if (asprintf(&text, "%s%c%s%c%s", only->target, '\0', only->provider, '\0', only->name) < 0)
		return &error_no_memory;
	verb_probe_deinit(probe);
	probe->text = text;
	probe->pattern = (struct usdtrap_pattern){
		.target = text,
		.provider = text + strlen(only->target) + 1,
		.name = text + strlen(only->target) + strlen(only->provider) + 2,
		.any_file = any_file,
	};
	return NULL;
}

struct usdtrap_error *verb_probe_single(struct verb_probe *probe, pid_t pid, char **ret_name)
{
	struct several several = {0};
	const struct usdtrap_list_callbacks callbacks = {.on_probe = on_probe, .user = &several};
	struct usdtrap_error *error;

	if (probe->is_function) {
		error = usdtrap_list_functions(&probe->function, pid, &callbacks);
	} else {
		if (!pid && (!probe->pattern.target || !*probe->pattern.target))
			return error_hint(error_create(USDTRAP_INVALID_USE, "in which file is this probe?"),
					  "name the file (FILE:PROVIDER:NAME), or a process with -p or -c");
		error = usdtrap_list(&probe->pattern, pid, &callbacks);
	}
	if (!error && several.failed)
		error = &error_no_memory;
	else if (!error && several.count > 1)
		error = explain_several(&several);
	else if (!error && !probe->is_function)
		error = settle_on(probe, &several);
	if (!error) {
		*ret_name = several.names[0];
		several.names[0] = NULL;
	}
	for (size_t i = 0; i < NAMED_MAX; i++)
		free(several.names[i]);
	free((char *)several.only.target);
	free((char *)several.only.provider);
	free((char *)several.only.name);
	return error;
}
