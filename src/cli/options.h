/* SPDX-License-Identifier: MIT */
/*
 * The command line: one table says what options there are, what they take and
 * what the help says of them; options_parse() and usage_print() both read it.
 *
 * As with bpftrace, options may stand before, between and after other words
 * (`FILE -p PID'), short ones may be combined (`-lv'), long ones shortened as
 * far as they stay unique, a repeated option's last value counts, and all
 * behind `--' are words. Those of them that begin with two dashes are options
 * of the script's own: what its getopt() reads.
 */
#ifndef USDTRAP_CLI_OPTIONS_H
#define USDTRAP_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cli/output.h"
#include "lang/program.h"

/* The largest process id that Linux can be told to give (PID_MAX_LIMIT). */
#define PID_LARGEST 0x400000

enum options_task {
	OPTIONS_RUN,     /* a script */
	OPTIONS_FORMAT,  /* --fmt: a script, printed in the usual layout */
	OPTIONS_LIST,    /* -l */
	OPTIONS_INFO,    /* --info */
	OPTIONS_HELP,    /* -h */
	OPTIONS_VERSION, /* -V */
};

/* What the command line says. Strings are borrowed from argv; options_deinit() ends it. */
struct options {
	enum options_task task;
	enum lang_mode mode;   /* --test, --bench */
	const char *mode_word; /* the option that said so, or --fmt; NULL: none */
	bool debugs_tree;      /* -d ast: show the script's tree */

	const char *program;      /* -e: the script's text, or NULL */
	struct lang_words words;  /* what is no option: FILE (unless -e or -l) and $1, $2...; or patterns to list */
	struct lang_words named;  /* behind `--', with two dashes in front: the script's own options */
	const char *probe_filter; /* --probe-filter: a regular expression, or NULL */
	bool is_unsafe;           /* --unsafe */

	struct lang_words include_directories; /* -I */
	struct lang_words include_files;       /* --include */

	pid_t pid;                            /* -p, or 0 */
	enum usdtrap_machine_way machine_way; /* --machine */
	struct lang_words filesystems;        /* --filesystem: NULL-ended as `items' */
	const char *command;                  /* -c: a program and its arguments, separated by blanks; or NULL */

	const char *output_path;         /* -o, or NULL for standard output */
	enum output_buffering buffering; /* -B */
	enum lang_format format;         /* -f, --folded */
	size_t queue_size;               /* --queue: bytes */
	bool drops;                      /* --drop */

	bool is_quiet;          /* -q */
	bool is_verbose;        /* -v */
	bool no_warnings;       /* --no-warnings */
	bool warns_of_failures; /* -k */
	bool is_dry_run;        /* --dry-run */
	bool no_recipe;         /* --no-recipe */
	bool follows;           /* --follow */
	bool filters_calls;     /* --seccomp */
	bool watches_maps;      /* --watch-maps */
	bool no_net;            /* --no-net */
	bool no_follow_cpu;     /* --no-follow-cpu */
};

/*
 * One option. At most one of the last three says what it does; an option of
 * bpftrace that means nothing here has none of them and is ignored.
 */
struct option_row {
	char letter;          /* `p' for -p, or 0 */
	const char *name;     /* "pid" for --pid, or NULL */
	const char *argument; /* what it takes, in the words of the help; NULL if nothing */
	const char *help;     /* one line for the help */
	size_t flag;          /* offset of a bool in struct options that becomes true; 0: none */
	struct usdtrap_error *(*parse)(struct options *options, const char *value);
	const char *refusal; /* why it cannot be had */
};

/* Options that the help shows together. */
struct option_group {
	const char *heading;        /* NULL: the help does not show them */
	struct option_row rows[12]; /* the last has neither letter nor name */
};

enum { OPTION_GROUP_COUNT = 8 };

/* In the order of the help. */
extern const struct option_group option_groups[OPTION_GROUP_COUNT];

/*
 * Reads ARGV, whose words are reordered so that the options come first.
 * Errors: INVALID_USE, with the option in the message and what would be right
 * in the hint; NO_MEMORY.
 */
struct usdtrap_error *options_parse(int argc, char *argv[], struct options *ret) USDTRAP_MUST_USE;
void options_deinit(struct options *options);

#endif
