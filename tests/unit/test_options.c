/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "cli/options.h"

/* A command line as it would be typed, without quotes: "-e X -p 12". ARGV's words point into TEXT. */
static int split(char *text, char *argv[], int capacity)
{
	char *rest = NULL;
	int count = 0;

	argv[count++] = text; /* the program's name is not looked at */
	for (char *word = strtok_r(text, " ", &rest); word && count < capacity - 1; word = strtok_r(NULL, " ", &rest))
		argv[count++] = word;
	argv[count] = NULL;
	return count;
}

static void describe_words(const char *format, const struct lang_words *words, struct strbuf *out)
	__attribute__((format(printf, 1, 0)));

static void describe_words(const char *format, const struct lang_words *words, struct strbuf *out)
{
	for (size_t i = 0; i < words->count; i++) {
		char word[64];

		snprintf(word, sizeof(word), format, words->items[i]);
		strbuf_add_string(out, word);
	}
}

/* All that OPTIONS say, as text, defaults left out. */
static void describe(const struct options *options, struct strbuf *out)
{
	static const char *const tasks[] = {"run", "format", "list", "info", "help", "version"};
	static const char *const run_modes[] = {"", " test", " bench"};
	static const char *const modes[] = {"line", "full", "none"};

	strbuf_add_string(out, tasks[options->task]);
	if (options->program)
		strbuf_addf(out, " program=%s", options->program);
	describe_words(" [%s]", &options->words, out);
	describe_words(" {%s}", &options->named, out);
	describe_words(" I=%s", &options->include_directories, out);
	describe_words(" include=%s", &options->include_files, out);
	describe_words(" filesystem=%s", &options->filesystems, out);
	if (options->machine_way)
		strbuf_addf(out, " machine=%d", options->machine_way);
	if (options->probe_filter)
		strbuf_addf(out, " filter=%s", options->probe_filter);
	strbuf_add_string(out, run_modes[options->mode]);
	strbuf_add_string(out, options->debugs_tree ? " tree" : "");
	strbuf_add_string(out, options->is_unsafe ? " unsafe" : "");
	if (options->pid)
		strbuf_addf(out, " pid=%d", (int)options->pid);
	if (options->command)
		strbuf_addf(out, " command=%s", options->command);
	if (options->output_path)
		strbuf_addf(out, " output=%s", options->output_path);
	if (options->buffering != OUTPUT_LINES)
		strbuf_addf(out, " buffering=%s", modes[options->buffering]);
	if (options->format == LANG_JSON)
		strbuf_add_string(out, " json");
	if (options->format == LANG_FOLDED)
		strbuf_add_string(out, " folded");
	if (options->queue_size != 64 << 20)
		strbuf_addf(out, " queue=%zu", options->queue_size);
	strbuf_add_string(out, options->drops ? " drops" : "");
	strbuf_add_string(out, options->is_quiet ? " quiet" : "");
	strbuf_add_string(out, options->is_verbose ? " verbose" : "");
	strbuf_add_string(out, options->no_warnings ? " no-warnings" : "");
	strbuf_add_string(out, options->warns_of_failures ? " warns" : "");
	strbuf_add_string(out, options->is_dry_run ? " dry-run" : "");
	strbuf_add_string(out, options->no_recipe ? " no-recipe" : "");
	strbuf_add_string(out, options->filters_calls ? " seccomp" : "");
	strbuf_add_string(out, options->watches_maps ? " watch-maps" : "");
	strbuf_add_string(out, options->no_follow_cpu ? " no-follow-cpu" : "");
}

/* covers: cli-combined cli-ignored cli-debuginfo cli-verbose cli-arguments */
static void test_options_right_lines_are_understood(void **state)
{
	static const struct {
		const char *name, *line, *expected;
	} rows[] = {
		{"a file", "x.bt", "run [x.bt]"},
		{"a program", "-e BEGIN{}", "run program=BEGIN{}"},
		{"a program in one word", "-eBEGIN{}", "run program=BEGIN{}"},
		{"the last program counts", "-e A -e B", "run program=B"},
		{"standard input", "-", "run [-]"},
		{"a path with a subcommand's name", "./list", "run [./list]"},
		{"options behind the file", "x.bt -p 12 -q", "run [x.bt] pid=12 quiet"},
		{"parameters before and behind options", "x.bt a -p 12 b", "run [x.bt] [a] [b] pid=12"},
		{"words behind --", "x.bt a -q -- b -v -", "run [x.bt] [a] [b] [-v] [-] quiet"},
		{"the script's options", "x.bt a -- --b=c d --e -f", "run [x.bt] [a] [d] [-f] {--b=c} {--e}"},
		{"a program's options", "-e X -- --b=c d", "run program=X [d] {--b=c}"},
		{"a file like an option", "-- --x.bt --y", "run [--x.bt] {--y}"},
		{"a pattern like an option", "-l -- --x", "list [--x]"},
		{"two dashes twice", "x.bt -- --", "run [x.bt] [--]"},
		{"a program's words", "-e X 1 2", "run program=X [1] [2]"},
		{"short options combined", "-lv", "list verbose"},
		{"short options combined with a value", "-ve X", "run program=X verbose"},
		{"list with a pattern", "-l usdt:*", "list [usdt:*]"},
		{"list by its long name", "--list --verbose --pid=3", "list pid=3 verbose"},
		{"list, options between", "-l -p 3 usdt:*", "list [usdt:*] pid=3"},
		{"help beats list", "-h -l", "help"},
		{"help needs nothing else", "--help -p 1 -c x", "help pid=1 command=x"},
		{"version", "-V", "version"},
		{"a shortened name", "x.bt --quie", "run [x.bt] quiet"},
		{"largest pid", "x.bt -p 4194304", "run [x.bt] pid=4194304"},
		{"command", "x.bt --cmd=ls", "run [x.bt] command=ls"},
		{"output", "x.bt -o out.txt -B none -f json", "run [x.bt] output=out.txt buffering=none json"},
		{"defaults spelt out", "x.bt --output=o -B line -f text", "run [x.bt] output=o"},
		{"the last value counts", "x.bt -B none -B full", "run [x.bt] buffering=full"},
		{"queue in bytes", "x.bt --queue 100", "run [x.bt] queue=100"},
		{"queue in KiB", "x.bt --queue 3k", "run [x.bt] queue=3072"},
		{"queue in MiB", "x.bt --queue=2M", "run [x.bt] queue=2097152"},
		{"queue in GiB", "x.bt --queue 1G", "run [x.bt] queue=1073741824"},
		{"folded stacks", "x.bt -f json --folded", "run [x.bt] folded"},
		{"a filter", "x.bt --seccomp -c ls", "run [x.bt] command=ls seccomp"},
		{"flags", "x.bt --drop --no-warnings --dry-run --no-recipe --no-follow-cpu --watch-maps",
		 "run [x.bt] drops no-warnings dry-run no-recipe watch-maps no-follow-cpu"},
		{"includes", "x.bt -I a -Ib --include c --include=d", "run [x.bt] I=a I=b include=c include=d"},
		{"the machine", "x.bt --machine connector --filesystem / --filesystem=/usr",
		 "run [x.bt] filesystem=/ filesystem=/usr machine=2"},
		{"debug info", "x.bt --debuginfo a:b", "run [x.bt]"},
		{"probe filter", "x.bt --probe-filter ^a|b$", "run [x.bt] filter=^a|b$"},
		{"unsafe", "x.bt --unsafe", "run [x.bt] unsafe"},
		{"-k", "x.bt -k", "run [x.bt] warns"},
		{"--warnings", "x.bt --warnings", "run [x.bt] warns"},
		{"--test", "x.bt --test", "run [x.bt] test"},
		{"--bench", "x.bt --bench", "run [x.bt] bench"},
		{"--mode", "x.bt --mode bench", "run [x.bt] bench"},
		{"the same mode twice", "x.bt --mode test --test", "run [x.bt] test"},
		{"--fmt", "x.bt --fmt", "format [x.bt]"},
		{"--mode format", "-e X --mode=format", "format program=X"},
		{"-d ast", "x.bt -d ast", "run [x.bt] tree"},
		{"-d all", "x.bt -dall", "run [x.bt] tree"},
		{"bpftrace's stages", "x.bt -d codegen,codegen-opt,libbpf,verifier,types,parse,dis", "run [x.bt]"},
		{"stages in a list", "x.bt --debug=types,ast", "run [x.bt] tree"},
		{"--info", "--info", "info"},
		{"bpftrace's own", "x.bt -b --btf --usdt-file-activation --verify-llvm-ir --no-feature a,b",
		 "run [x.bt]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_strbuf_ struct strbuf said = {0};
		_cleanup_free_ char *line = strdup(rows[i].line);
		struct options options;
		struct usdtrap_error *error;
		char *argv[16];

		error = options_parse(split(line, argv, 16), argv, &options);
		if (error)
			fail_msg("%s: %s", rows[i].name, usdtrap_error_message(error));
		describe(&options, &said);
		if (strcmp(strbuf_text(&said), rows[i].expected) != 0)
			fail_msg("%s: \"%s\"", rows[i].name, strbuf_text(&said));
		options_deinit(&options);
	}
}

/* covers: cli-refused */
static void test_options_wrong_lines_are_explained(void **state)
{
	static const struct {
		const char *name, *line, *message, *hint;
	} rows[] = {
		{"unknown name", "--frobnicate", "unknown option --frobnicate",
		 "a script's own options stand behind a word of their own: --"},
		{"mistyped name", "--dry-rnu", "unknown option --dry-rnu", "did you mean --dry-run?"},
		{"mistyped name with a value", "--ouptut=x", "unknown option --ouptut", "did you mean --output?"},
		{"unclear name", "--no", "--no may mean --no-recipe or --no-net", NULL},
		{"unknown letter", "-z", "unknown option -z", NULL},
		{"unknown letter among others", "-lz", "unknown option -z", NULL},
		{"letter without its value", "-p", "-p needs PID behind it", NULL},
		{"name without its value", "x.bt --pid", "--pid needs PID behind it", NULL},
		{"value for a flag", "--quiet=yes", "--quiet takes no value", NULL},
		{"pid: no number", "x.bt -p a1", "Failed to parse pid: invalid integer: a1", NULL},
		{"pid: more than a number", "x.bt -p 1a1", "Failed to parse pid: invalid trailing bytes: 1a1", NULL},
		{"pid: too large", "x.bt -p 4194305", "Pid out of range: 4194305", NULL},
		{"pid: huge", "x.bt -p 99999999999999999999", "Pid out of range: 99999999999999999999", NULL},
		{"pid: zero", "x.bt -p 0", "Pid out of range: 0", NULL},
		{"pid: negative", "x.bt -p -5", "Pid out of range: -5", NULL},
		{"buffering", "x.bt -B some", "Invalid buffering mode \"some\"", "Valid modes: 'line', 'full', 'none'"},
		{"format", "x.bt -f xml", "Invalid output format \"xml\"", "Valid formats: 'text', 'json'"},
		{"machine", "x.bt --machine hearsay", "Invalid way to watch the machine \"hearsay\"",
		 "Valid ways: 'fanotify', 'connector', 'poll'"},
		{"queue: nothing", "x.bt --queue 0", "Invalid queue size \"0\"",
		 "a number of bytes, with K, M or G behind it if you like: --queue 64M"},
		{"queue: unit", "x.bt --queue 5X", "Invalid queue size \"5X\"",
		 "a number of bytes, with K, M or G behind it if you like: --queue 64M"},
		{"queue: too much behind", "x.bt --queue 5MB", "Invalid queue size \"5MB\"",
		 "a number of bytes, with K, M or G behind it if you like: --queue 64M"},
		{"queue: negative", "x.bt --queue -5", "Invalid queue size \"-5\"",
		 "a number of bytes, with K, M or G behind it if you like: --queue 64M"},
		{"queue: no address space", "x.bt --queue 9999999999G", "Invalid queue size \"9999999999G\"",
		 "a number of bytes, with K, M or G behind it if you like: --queue 64M"},
		{"-p and -c", "x.bt -p 1 -c ls", "-p and -c cannot be had together",
		 "-p traces a process that runs already, -c starts one"},
		{"-kk", "x.bt -kk", "-k was given twice", "bpftrace once had -kk; one -k warns of everything now"},
		{"a filter without a program", "x.bt -p 1 --seccomp", "--seccomp needs -c",
		 "only a program that usdtrap starts can be given a filter of its system calls: usdtrap --seccomp -c 'COMMAND' ..."},
		{"warnings and none", "x.bt -k --no-warnings", "-k, --warnings conflicts with --no-warnings", NULL},
		{"no warnings and some", "x.bt --no-warnings --warnings", "-k, --warnings conflicts with --no-warnings",
		 NULL},
		{"two modes", "x.bt --test --bench", "--test and --bench cannot be had together", NULL},
		{"two modes, spelt out", "x.bt --mode test --fmt", "--test and --fmt cannot be had together", NULL},
		{"listing in a mode", "x.bt -l --fmt", "-l and --fmt cannot be had together", NULL},
		{"mode", "x.bt --mode fast", "Invalid mode \"fast\"", "Valid modes: 'test', 'bench', 'format'"},
		{"mode of a compiler", "x.bt --mode codegen", "usdtrap has no --mode codegen: no code is generated",
		 NULL},
		{"debug stage", "x.bt -d ast,asm", "Invalid debug stage \"asm\"",
		 "'ast' and 'all' show something; bpftrace's other stages are accepted"},
		{"a script's option in front of --", "x.bt --rate=5", "unknown option --rate",
		 "a script's own options stand behind a word of their own: --"},
		{"includes and an error", "x.bt -I a --include b --nothing-like-it", "unknown option --nothing-like-it",
		 "a script's own options stand behind a word of their own: --"},
		{"nothing to format", "--fmt", "a FILE or -e 'PROGRAM' is needed", NULL},
		{"nothing to run", "-p 1", "a FILE or -e 'PROGRAM' is needed", NULL},
		{"bpftrace's, refused", "x.bt --emit-llvm f",
		 "usdtrap has no --emit-llvm: it makes no BPF program that could be stored", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_free_ char *line = strdup(rows[i].line);
		struct options options;
		struct usdtrap_error *error;
		const char *hint;
		char *argv[16];

		error = options_parse(split(line, argv, 16), argv, &options);
		if (!error)
			fail_msg("%s: was accepted", rows[i].name);
		hint = usdtrap_error_hint(error);
		if (strcmp(usdtrap_error_message(error), rows[i].message) != 0)
			fail_msg("%s: %s", rows[i].name, usdtrap_error_message(error));
		if (!hint != !rows[i].hint || (hint && strcmp(hint, rows[i].hint) != 0))
			fail_msg("%s: hint %s", rows[i].name, hint ? hint : "is missing");
		usdtrap_error_destroy(error);
	}
}

static void test_options_command_of_blanks_is_an_error(void **state)
{
	char *argv[] = {(char[]){"usdtrap"}, (char[]){"-c"}, (char[]){"  "}, (char[]){"x.bt"}, NULL};
	struct options options;
	struct usdtrap_error *error = options_parse(4, argv, &options);

	(void)state;
	assert_non_null(error);
	assert_string_equal(usdtrap_error_message(error), "-c needs a command to run");
	usdtrap_error_destroy(error);
}

/* The help prints the table as it stands, so the table keeps within a terminal's width. */
static void test_options_rows_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPTION_GROUP_COUNT; i++) {
		const struct option_group *group = &option_groups[i];

		for (const struct option_row *row = group->rows; row->letter || row->name; row++) {
			assert_true(!group->heading == !row->help);
			assert_true(!!row->flag + !!row->parse + !!row->refusal <= 1);
			assert_true(!row->refusal || row->name);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_right_lines_are_understood),
		cmocka_unit_test(test_options_wrong_lines_are_explained),
		cmocka_unit_test(test_options_command_of_blanks_is_an_error),
		cmocka_unit_test(test_options_rows_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
