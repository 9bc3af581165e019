/* SPDX-License-Identifier: MIT */
/*
 * Subcommands that are programs of their own: explain, why, discover, cover,
 * expect, top. They share their options, of which each takes some, and the way
 * probes are named:
 *
 *	[usdt:]FILE:PROVIDER:NAME   [usdt:]FILE:NAME
 *	[usdt:]PROVIDER:NAME        [usdt:]NAME        with -p or -c
 *
 *	uprobe:FILE:FUNCTION        uprobe:FUNCTION            the latter with -c (explain only);
 *	uretprobe:FILE:FUNCTION                                likewise, its return
 *
 * where FILE has a slash in it, or is the name of a program or libNAME.
 */
#ifndef USDTRAP_CLI_VERB_H
#define USDTRAP_CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <usdtrap/function.h>

enum verb_option {
	VERB_PID = 1 << 0,     /* -p PID */
	VERB_COMMAND = 1 << 1, /* -c COMMAND */
	VERB_PAUSE = 1 << 2,   /* --pause */
	VERB_HITS = 1 << 3,    /* --hits N */
	VERB_HTML = 1 << 4,    /* --html FILE */
	VERB_TIME = 1 << 5,    /* --time SECONDS */
	VERB_FORMAT = 1 << 6,  /* -f text, -f json */
	VERB_VERBOSE = 1 << 7, /* -v; only for `list', which reads its options elsewhere */
};

/* What a subcommand is, and how it is used. */
struct verb {
	const char *name;
	const char *synopsis; /* "explain PROBE (-p PID | -c COMMAND)" */
	const char *help;     /* what it does, a few lines, each ended */
	const char *examples; /* lines likewise */
	unsigned options;     /* enum verb_option, or-ed */
	int failure;          /* exit status where it could not be done */
};

/* What the command line says. Strings are borrowed from it. */
struct verb_options {
	const struct verb *verb;
	pid_t pid;           /* 0: none */
	const char *command; /* NULL: none */
	bool pauses;
	unsigned long hits; /* 0: not said */
	double seconds;     /* 0: not said */
	const char *html_path;
	bool is_json; /* -f json: an object a line */
	const char *const *words;
	size_t word_count;
};

/* What -h says of VERB. Returns the exit status. */
int verb_show_help(const struct verb *verb);

/*
 * Reads ARGV, whose first word is the subcommand. False: the process is to end
 * with *RET_STATUS, as help was shown, or an error.
 */
bool verb_parse(const struct verb *verb, int argc, char *argv[], struct verb_options *ret, int *ret_status);

/* A probe as it was named. */
struct verb_probe {
	char *text; /* the words below point into it */
	struct usdtrap_pattern pattern;
	bool is_function; /* then this is meant, and not `pattern' */
	struct usdtrap_function_pattern function;
};

/* Takes WORD apart. Errors: INVALID_USE, NO_MEMORY. *RET is ended by verb_probe_deinit(). */
struct usdtrap_error *verb_probe_parse(const char *word, const struct verb_options *options,
				       struct verb_probe *ret) USDTRAP_MUST_USE;
void verb_probe_deinit(struct verb_probe *probe);

/*
 * The one probe that PROBE means, as "usdt:PATH:PROVIDER:NAME", allocated;
 * PROBE's pattern then means it and nothing else. Errors: those of
 * usdtrap_list(), INVALID_USE when it means several.
 */
struct usdtrap_error *verb_probe_single(struct verb_probe *probe, pid_t pid, char **ret_name) USDTRAP_MUST_USE;

#endif
