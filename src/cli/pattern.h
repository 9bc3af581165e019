/* SPDX-License-Identifier: MIT */
/*
 * What -l is asked to list. A pattern looks like a script's attach point, and
 * any part of it may have wildcards (base/glob.h):
 *
 *	usdt:/usr/bin/python3:gc__*     a file's probes by name
 *	usdt:/usr/bin/python3:python:*  by provider and name
 *	usdt:/usr/bin/python3           all of them
 *	/usr/bin/python3                the same
 *	usdt:gc__* with -p              by name, in the program and its libraries
 *	uprobe:/bin/bash:read*          functions; so do u, uretprobe and ur
 *	uprobe:./server:cpp:"ns::*"     functions by their names in C++
 *	tracepoint:syscalls:*open*      by category and name
 *	*gc__*                          by name, of any type
 *	*:/usr/bin/python3:*gc__*       a file's, of any type
 *	interval:*                      templates of timers; so does profile
 *
 * Parts are separated by colons and patterns by commas; inside double quotes
 * neither separates, and \" is a quote. Types may have wildcards, too, which
 * never stand for uretprobe: it has the same functions as uprobe.
 */
#ifndef USDTRAP_CLI_PATTERN_H
#define USDTRAP_CLI_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <usdtrap/probe.h>

/* In the order in which they are listed. */
enum pattern_type {
	PATTERN_INTERVAL,
	PATTERN_PROFILE,
	PATTERN_TRACEPOINT,
	PATTERN_UPROBE,
	PATTERN_URETPROBE,
	PATTERN_USDT,
};

enum { PATTERN_TYPE_COUNT = PATTERN_USDT + 1 };

/* One pattern, taken apart. */
struct pattern {
	char *text;                     /* as it was written, for messages */
	bool wants[PATTERN_TYPE_COUNT]; /* probes of this type may match, as what follows says */
	const char *unit;               /* interval, profile: a wildcard */
	const char *category;           /* tracepoint; NULL: `event' is matched with the category or the name or both */
	const char *event;              /* tracepoint */
	struct usdtrap_pattern user;    /* usdt; uprobe, uretprobe, where the name is a function's, and the
					provider the language it has that name in */
	char *parts[4];                 /* owned; what the members above point into */
};

struct pattern_list {
	struct pattern *patterns;
	size_t count;
};

/* "usdt" for PATTERN_USDT. */
const char *pattern_type_name(enum pattern_type type);
/* The type that WORD, a name or an alias, means. False: none that can be listed. */
bool pattern_type_find(const char *word, enum pattern_type *ret);

/*
 * Takes TEXT apart; WITH_PROCESS tells that -p was given. Errors: INVALID_USE
 * (no such type of probe, too many parts, an open quote), UNSUPPORTED (a type
 * that bpftrace knows and usdtrap does not list), NO_MEMORY.
 */
struct usdtrap_error *pattern_list_parse(const char *text, bool with_process,
					 struct pattern_list *ret) USDTRAP_MUST_USE;
void pattern_list_deinit(struct pattern_list *list);

#endif
