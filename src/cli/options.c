/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/nearest.h"

#define QUEUE_SIZE_DEFAULT ((size_t)64 << 20)

static struct usdtrap_error *parse_help(struct options *options, const char *value)
{
	(void)value;
	options->task = OPTIONS_HELP;
	return NULL;
}

static struct usdtrap_error *parse_version(struct options *options, const char *value)
{
	(void)value;
	options->task = OPTIONS_VERSION;
	return NULL;
}

static struct usdtrap_error *parse_info(struct options *options, const char *value)
{
	(void)value;
	if (options->task == OPTIONS_RUN || options->task == OPTIONS_LIST)
		options->task = OPTIONS_INFO;
	return NULL;
}

static struct usdtrap_error *parse_list(struct options *options, const char *value)
{
	(void)value;
	if (options->task == OPTIONS_RUN)
		options->task = OPTIONS_LIST;
	return NULL;
}

static struct usdtrap_error *parse_program(struct options *options, const char *value)
{
	if (!value[strspn(value, " \t\n")])
		return error_hint(error_create(USDTRAP_INVALID_USE, "-e needs a program that says something"),
				  "usdtrap -e 'BEGIN { print(\"hello\"); }'");
	options->program = value;
	return NULL;
}

/* Adds WORD to those that an option may be given several times for. */
static struct usdtrap_error *add_word(struct lang_words *words, const char *word)
{
	const char **grown = reallocarray((void *)words->items, words->count + 1, sizeof(*grown));

	if (!grown)
		return &error_no_memory;
	grown[words->count++] = word;
	words->items = grown;
	return NULL;
}

static struct usdtrap_error *parse_include_directory(struct options *options, const char *value)
{
	return add_word(&options->include_directories, value);
}

static struct usdtrap_error *parse_include_file(struct options *options, const char *value)
{
	return add_word(&options->include_files, value);
}

static struct usdtrap_error *parse_probe_filter(struct options *options, const char *value)
{
	options->probe_filter = value;
	return NULL;
}

/* One way of running scripts, said by the option WORD. */
static struct usdtrap_error *set_mode(struct options *options, enum lang_mode mode, const char *word)
{
	if (options->mode_word && strcmp(options->mode_word, word) != 0)
		return error_create(USDTRAP_INVALID_USE, "%s and %s cannot be had together", options->mode_word, word);
	options->mode = mode;
	options->mode_word = word;
	return NULL;
}

static struct usdtrap_error *parse_test(struct options *options, const char *value)
{
	(void)value;
	return set_mode(options, LANG_TEST, "--test");
}

static struct usdtrap_error *parse_bench(struct options *options, const char *value)
{
	(void)value;
	return set_mode(options, LANG_BENCH, "--bench");
}

static const char format_word[] = "--fmt";

static struct usdtrap_error *parse_fmt(struct options *options, const char *value)
{
	(void)value;
	return set_mode(options, LANG_TRACE, format_word);
}

static struct usdtrap_error *parse_mode(struct options *options, const char *value)
{
	if (strcmp(value, "test") == 0)
		return parse_test(options, NULL);
	if (strcmp(value, "bench") == 0)
		return parse_bench(options, NULL);
	if (strcmp(value, "format") == 0)
		return parse_fmt(options, NULL);
	if (strcmp(value, "codegen") == 0 || strcmp(value, "compiler-bench") == 0)
		return error_create(USDTRAP_UNSUPPORTED, "usdtrap has no --mode %s: no code is generated", value);
	return error_hint(error_create(USDTRAP_INVALID_USE, "Invalid mode \"%s\"", value),
			  "Valid modes: 'test', 'bench', 'format'");
}

/* A list with commas between. What bpftrace shows of its own inside has nothing here that it could show. */
static struct usdtrap_error *parse_debug(struct options *options, const char *value)
{
	static const char *const names[] = {"all",    "ast",      "types", "codegen", "codegen-opt",
					    "libbpf", "verifier", "parse", "dis"};

	for (const char *start = value; *start;) {
		size_t length = strcspn(start, ",");
		size_t i = 0;

		while (i < sizeof(names) / sizeof(names[0]) &&
		       (strlen(names[i]) != length || strncmp(names[i], start, length) != 0))
			i++;
		if (i == sizeof(names) / sizeof(names[0]))
			return error_hint(
				error_create(USDTRAP_INVALID_USE, "Invalid debug stage \"%.*s\"", (int)length, start),
				"'ast' and 'all' show something; bpftrace's other stages are accepted");
		if (i < 2)
			options->debugs_tree = true;
		start += length + (start[length] == ',');
	}
	return NULL;
}

static struct usdtrap_error *parse_warnings(struct options *options, const char *value)
{
	(void)value;
	if (options->warns_of_failures)
		return error_hint(error_create(USDTRAP_INVALID_USE, "-k was given twice"),
				  "bpftrace once had -kk; one -k warns of everything now");
	options->warns_of_failures = true;
	return NULL;
}

static struct usdtrap_error *parse_pid(struct options *options, const char *value)
{
	char *end;
	long pid;

	errno = 0;
	pid = strtol(value, &end, 10);
	if (end == value)
		return error_create(USDTRAP_INVALID_USE, "Failed to parse pid: invalid integer: %s", value);
	if (*end)
		return error_create(USDTRAP_INVALID_USE, "Failed to parse pid: invalid trailing bytes: %s", value);
	if (errno || pid < 1 || pid > PID_LARGEST)
		return error_create(USDTRAP_INVALID_USE, "Pid out of range: %s", value);
	options->pid = (pid_t)pid;
	return NULL;
}

static struct usdtrap_error *parse_machine(struct options *options, const char *value)
{
	if (strcmp(value, "fanotify") == 0)
		options->machine_way = USDTRAP_MACHINE_FANOTIFY;
	else if (strcmp(value, "connector") == 0)
		options->machine_way = USDTRAP_MACHINE_CONNECTOR;
	else if (strcmp(value, "poll") == 0)
		options->machine_way = USDTRAP_MACHINE_POLL;
	else
		return error_hint(error_create(USDTRAP_INVALID_USE, "Invalid way to watch the machine \"%s\"", value),
				  "Valid ways: 'fanotify', 'connector', 'poll'");
	return NULL;
}

static struct usdtrap_error *parse_filesystem(struct options *options, const char *value)
{
	struct usdtrap_error *error = add_word(&options->filesystems, value);

	/* With an end behind the last. */
	if (!error)
		error = add_word(&options->filesystems, NULL);
	if (!error)
		options->filesystems.count--;
	return error;
}

static struct usdtrap_error *parse_command(struct options *options, const char *value)
{
	if (!value[strspn(value, " ")])
		return error_create(USDTRAP_INVALID_USE, "-c needs a command to run");
	options->command = value;
	return NULL;
}

static struct usdtrap_error *parse_output(struct options *options, const char *value)
{
	options->output_path = value;
	return NULL;
}

static struct usdtrap_error *parse_buffering(struct options *options, const char *value)
{
	if (strcmp(value, "line") == 0)
		options->buffering = OUTPUT_LINES;
	else if (strcmp(value, "full") == 0)
		options->buffering = OUTPUT_FULL;
	else if (strcmp(value, "none") == 0)
		options->buffering = OUTPUT_PIECES;
	else
		return error_hint(error_create(USDTRAP_INVALID_USE, "Invalid buffering mode \"%s\"", value),
				  "Valid modes: 'line', 'full', 'none'");
	return NULL;
}

static struct usdtrap_error *parse_format(struct options *options, const char *value)
{
	if (strcmp(value, "text") == 0)
		options->format = LANG_TEXT;
	else if (strcmp(value, "json") == 0)
		options->format = LANG_JSON;
	else
		return error_hint(error_create(USDTRAP_INVALID_USE, "Invalid output format \"%s\"", value),
				  "Valid formats: 'text', 'json'");
	return NULL;
}

static struct usdtrap_error *parse_folded(struct options *options, const char *value)
{
	(void)value;
	options->format = LANG_FOLDED;
	return NULL;
}

/* "4096", "512K", "64M", "1G". */
static struct usdtrap_error *parse_queue(struct options *options, const char *value)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	unsigned long long size;
	unsigned shift = 0;

	errno = 0;
	size = strtoull(value, &end, 10);
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
	}
	if (!isdigit((unsigned char)*value) || *end || errno || size == 0 || size > (SIZE_MAX / 2) >> shift)
		return error_hint(error_create(USDTRAP_INVALID_USE, "Invalid queue size \"%s\"", value),
				  "a number of bytes, with K, M or G behind it if you like: --queue 64M");
	options->queue_size = (size_t)size << shift;
	return NULL;
}

/* A row of the table; what stands behind the help says what the option does. */
#define OPTION(letter_, name_, argument_, help_, ...)                                               \
	{                                                                                           \
		.letter = letter_, .name = name_, .argument = argument_, .help = help_, __VA_ARGS__ \
	}
#define SETS(member)  .flag = offsetof(struct options, member)
#define CALLS(parser) .parse = parser
#define IGNORED       .flag = 0
#define REFUSED(why)  .refusal = why
#define LAST_ROW            \
	{                   \
		.letter = 0 \
	}

const struct option_group option_groups[OPTION_GROUP_COUNT] = {
	{"WHAT TO RUN",
	 {
		 OPTION('e', NULL, "'PROGRAM'", "run this program instead of a FILE", CALLS(parse_program)),
		 OPTION(0, "unsafe", NULL, "allow what acts on others: system(), signal()", SETS(is_unsafe)),
		 OPTION('I', NULL, "DIR", "where #include looks for files, too", CALLS(parse_include_directory)),
		 OPTION(0, "include", "FILE", "#include this file before the script", CALLS(parse_include_file)),
		 OPTION(0, "probe-filter", "REGEX", "attach only probes whose names match", CALLS(parse_probe_filter)),
		 OPTION(0, "dry-run", NULL, "attach, and leave at once", SETS(is_dry_run)),
		 LAST_ROW,
	 }},
	{"WHICH PROCESS",
	 {
		 OPTION('p', "pid", "PID", "trace this running process until it ends", CALLS(parse_pid)),
		 OPTION('c', "cmd", "'COMMAND'", "run a command (no shell) and trace it", CALLS(parse_command)),
		 OPTION(0, "follow", NULL, "trace the children it makes, and theirs", SETS(follows)),
		 OPTION(0, "seccomp", NULL, "with -c: only system calls asked for stop", SETS(filters_calls)),
		 OPTION(0, "watch-maps", NULL, "miss no library, however it is mapped (slower)", SETS(watches_maps)),
		 OPTION(0, "machine", "HOW", "all processes: 'fanotify', 'connector', 'poll'", CALLS(parse_machine)),
		 OPTION(0, "filesystem", "DIR", "of starting commands only those on DIR's", CALLS(parse_filesystem)),
		 OPTION(0, "no-recipe", NULL, "raise no other probe's semaphore (CPython 3.11)", SETS(no_recipe)),
		 OPTION(0, "no-net", NULL, "no handler in targets that lets them outlive us", SETS(no_net)),
		 OPTION(0, "no-follow-cpu", NULL, "let usdtrap run on any processor (slower)", SETS(no_follow_cpu)),
		 LAST_ROW,
	 }},
	{"LISTING",
	 {
		 OPTION('l', "list", NULL, "list probes: of PATTERNs, a FILE, -e or -p", CALLS(parse_list)),
		 LAST_ROW,
	 }},
	{"OUTPUT",
	 {
		 OPTION('o', "output", "FILE", "write there instead of to standard output", CALLS(parse_output)),
		 OPTION('f', "format", "FORMAT", "'text' (default) or 'json', an object a line", CALLS(parse_format)),
		 OPTION(0, "folded", NULL, "print maps of stacks folded, for flame graphs", CALLS(parse_folded)),
		 OPTION('B', NULL, "MODE", "buffer a 'line' (default), 'full' or 'none'", CALLS(parse_buffering)),
		 OPTION(0, "queue", "SIZE", "what may wait for a slow reader (64M)", CALLS(parse_queue)),
		 OPTION(0, "drop", NULL, "queue full: drop and count; else programs wait", SETS(drops)),
		 OPTION('q', "quiet", NULL, "do not say what was attached", SETS(is_quiet)),
		 OPTION('v', "verbose", NULL, "say more; with -l: sites and arguments", SETS(is_verbose)),
		 OPTION('k', "warnings", NULL, "warn of failed reads and missing map keys", CALLS(parse_warnings)),
		 OPTION(0, "no-warnings", NULL, "no warnings", SETS(no_warnings)),
		 LAST_ROW,
	 }},
	{"FOR WRITERS OF SCRIPTS",
	 {
		 OPTION(0, "test", NULL, "run the script's test: probes", CALLS(parse_test)),
		 OPTION(0, "bench", NULL, "run and time its bench: probes", CALLS(parse_bench)),
		 OPTION(0, "fmt", NULL, "print the script in the usual layout", CALLS(parse_fmt)),
		 OPTION(0, "mode", "MODE", "'test', 'bench' or 'format': the same three", CALLS(parse_mode)),
		 OPTION('d', "debug", "STAGE", "'ast': show the script's tree", CALLS(parse_debug)),
		 LAST_ROW,
	 }},
	{"HELP",
	 {
		 OPTION('h', "help", NULL, "show this", CALLS(parse_help)),
		 OPTION('V', "version", NULL, "show the version", CALLS(parse_version)),
		 OPTION(0, "info", NULL, "show what this usdtrap and this system can do", CALLS(parse_info)),
		 LAST_ROW,
	 }},
	{"ACCEPTED AS BPFTRACE HAS THEM, WITHOUT EFFECT",
	 {
		 OPTION('b', "btf", NULL, "kernel types are never needed", IGNORED),
		 OPTION(0, "no-feature", "LIST", "there are no kernel features to do without", IGNORED),
		 OPTION(0, "debuginfo", "DIR[:DIR]", "symbols: of files and /usr/lib/debug", IGNORED),
		 OPTION(0, "usdt-file-activation", NULL, "semaphores are always raised", IGNORED),
		 OPTION(0, "verify-llvm-ir", NULL, "no code is generated", IGNORED),
		 LAST_ROW,
	 }},
	{NULL,
	 {
		 OPTION(0, "aot", "FILE", NULL, REFUSED("it makes no BPF program that could be stored")),
		 OPTION(0, "emit-elf", "FILE", NULL, REFUSED("it makes no BPF program that could be stored")),
		 OPTION(0, "emit-llvm", "FILE", NULL, REFUSED("it makes no BPF program that could be stored")),
		 OPTION(0, "dwarf-pid", "PID", NULL, REFUSED("it unwinds no kernel stacks")),
		 OPTION(0, "traceable-functions", NULL, NULL, REFUSED("it traces no kernel functions")),
		 LAST_ROW,
	 }},
};

/* Options are numbered through all groups, for getopt_long(3); NULL behind the last. */
static const struct option_row *row_of(size_t number)
{
	for (size_t group = 0; group < OPTION_GROUP_COUNT; group++) {
		for (const struct option_row *row = option_groups[group].rows; row->letter || row->name; row++) {
			if (number-- == 0)
				return row;
		}
	}
	return NULL;
}

enum {
	OPTION_COUNT_MAX = 64,
	LONG_ONLY = 256, /* what getopt_long() returns for option 0 by its long name; no letter is that large */
};

/* What getopt_long() wants to know, made from the table. */
struct getopt_tables {
	char letters[2 * OPTION_COUNT_MAX + 2];
	struct option names[OPTION_COUNT_MAX + 1];
};

static void getopt_tables_init(struct getopt_tables *ret)
{
	const struct option_row *row;
	char *letter = ret->letters;
	struct option *name = ret->names;

	memset(ret, 0, sizeof(*ret));
	*letter++ = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; (row = row_of(i)); i++) {
		assert(i < OPTION_COUNT_MAX);
		if (row->letter)
			*letter++ = row->letter;
		if (row->letter && row->argument)
			*letter++ = ':';
		if (!row->name)
			continue;
		name->name = row->name;
		name->has_arg = row->argument ? required_argument : no_argument;
		name->val = LONG_ONLY + (int)i;
		name++;
	}
}

static const struct option_row *row_of_answer(int answer)
{
	const struct option_row *row;

	if (answer >= LONG_ONLY)
		return row_of((size_t)(answer - LONG_ONLY));
	for (size_t i = 0; (row = row_of(i)); i++) {
		if (row->letter == answer)
			return row;
	}
	return NULL;
}

/* TYPED begins with "--" and is the start of no option's name, or of several. */
static struct usdtrap_error *unknown_name(const char *typed)
{
	size_t length = strcspn(typed + 2, "=");
	char word[64];
	struct nearest nearest = {.wanted = word, .distance = NEAREST_START};
	const struct option_row *row;
	const char *first = NULL;
	struct usdtrap_error *error;

	snprintf(word, sizeof(word), "%.*s", (int)length, typed + 2);
	for (size_t i = 0; (row = row_of(i)); i++) {
		if (!row->name)
			continue;
		if (first && strncmp(row->name, word, length) == 0)
			return error_create(USDTRAP_INVALID_USE, "--%s may mean --%s or --%s", word, first, row->name);
		if (strncmp(row->name, word, length) == 0)
			first = row->name;
		nearest_offer(&nearest, row->name);
	}
	error = error_create(USDTRAP_INVALID_USE, "unknown option --%s", word);
	if (nearest.best)
		return error_hint(error, "did you mean --%s?", nearest.best);
	return error_hint(error, "a script's own options stand behind a word of their own: --");
}

/* What getopt_long() returned '?' or ':' for. */
static struct usdtrap_error *bad_option(int answer, const char *typed)
{
	const struct option_row *row = optopt ? row_of_answer(optopt) : NULL;

	if (!optopt)
		return unknown_name(typed);
	if (!row)
		return error_create(USDTRAP_INVALID_USE, "unknown option -%c", optopt);
	if (answer == '?')
		return error_create(USDTRAP_INVALID_USE, "--%s takes no value", row->name);
	if (optopt < LONG_ONLY)
		return error_create(USDTRAP_INVALID_USE, "-%c needs %s behind it", row->letter, row->argument);
	return error_create(USDTRAP_INVALID_USE, "--%s needs %s behind it", row->name, row->argument);
}

static struct usdtrap_error *apply(const struct option_row *row, const char *value, struct options *options)
{
	if (row->refusal)
		return error_create(USDTRAP_UNSUPPORTED, "usdtrap has no --%s: %s", row->name, row->refusal);
	if (row->flag)
		*(bool *)((char *)options + row->flag) = true;
	return row->parse ? row->parse(options, value) : NULL;
}

/* What each option alone cannot know. */
static struct usdtrap_error *check_together(const struct options *options)
{
	if (options->pid && options->command)
		return error_hint(error_create(USDTRAP_INVALID_USE, "-p and -c cannot be had together"),
				  "-p traces a process that runs already, -c starts one");
	if (options->filters_calls && !options->command)
		return error_hint(error_create(USDTRAP_INVALID_USE, "--seccomp needs -c"),
				  "only a program that usdtrap starts can be given a filter of its system calls: "
				  "usdtrap --seccomp -c 'COMMAND' ...");
	if (options->warns_of_failures && options->no_warnings)
		return error_create(USDTRAP_INVALID_USE, "-k, --warnings conflicts with --no-warnings");
	if (options->task == OPTIONS_LIST && options->mode_word)
		return error_create(USDTRAP_INVALID_USE, "-l and %s cannot be had together", options->mode_word);
	if (options->task != OPTIONS_LIST && !options->program && !options->words.count)
		return error_create(USDTRAP_INVALID_USE, "a FILE or -e 'PROGRAM' is needed");
	return NULL;
}

/*
 * The words of the command line, COUNT from WORDS on. What begins with two
 * dashes stood behind `--', or it would have been taken for an option: it goes
 * behind the others. Not so the first word where that is the FILE.
 */
static struct usdtrap_error *sort_words(struct options *options, char *words[], size_t count)
{
	_cleanup_free_ char **sorted = calloc(count + 1, sizeof(*sorted));
	size_t end = 0;

	if (!sorted)
		return &error_no_memory;
	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < count; i++) {
			bool is_file = i == 0 && !options->program;
			bool is_named = !is_file && strncmp(words[i], "--", 2) == 0 && words[i][2];

			if (is_named == (pass == 1))
				sorted[end++] = words[i];
		}
		if (pass == 0)
			options->words = (struct lang_words){(const char *const *)words, end};
	}
	memcpy(words, sorted, count * sizeof(*words));
	options->named = (struct lang_words){options->words.items + options->words.count, count - options->words.count};
	return NULL;
}

void options_deinit(struct options *options)
{
	free((void *)options->include_directories.items);
	free((void *)options->include_files.items);
	free((void *)options->filesystems.items);
	*options = (struct options){0};
}

struct usdtrap_error *options_parse(int argc, char *argv[], struct options *ret)
{
	struct options options = {.queue_size = QUEUE_SIZE_DEFAULT};
	struct getopt_tables tables;
	struct usdtrap_error *error = NULL;
	int answer;

	getopt_tables_init(&tables);
	opterr = 0;
	optind = 0; /* start anew, also when this is not the first call: getopt(3) */
	while (!error && (answer = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1) {
		if (answer == '?' || answer == ':')
			error = bad_option(answer, argv[optind - 1]);
		else
			error = apply(row_of_answer(answer), optarg, &options);
	}
	if (!error)
		error = sort_words(&options, argv + optind, (size_t)(argc - optind));
	if (!error && options.task == OPTIONS_RUN && options.mode_word == format_word)
		options.task = OPTIONS_FORMAT;
	if (!error && options.task <= OPTIONS_LIST)
		error = check_together(&options);
	if (error)
		options_deinit(&options);
	else
		*ret = options;
	return error;
}
