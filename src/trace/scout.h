/* SPDX-License-Identifier: MIT */
/*
 * The scout: a thread that hears of processes nobody traces yet, and tells the
 * engine. It never waits for the engine, so what the engine waits for holds
 * nobody up.
 *
 *	scout.c         the thread, what it hears, and the queue to the engine
 *	scout_gate.c    who is about to open a file
 *	scout_starts.c  commands that start: each once, read while it waits
 *	scout_marks.c   which file systems there are, and which come later
 *	scout_poll.c    looking through all processes, where nobody tells
 */
#ifndef USDTRAP_TRACE_SCOUT_H
#define USDTRAP_TRACE_SCOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/session.h>

#include "trace/start.h"

struct scout;

struct scout_options {
	enum usdtrap_machine_way way;
	const int *files; /* those whose opening is of interest: borrowed until scout_create() has returned */
	size_t file_count;
	bool has_libraries;         /* one of these is mapped some time after its process has begun */
	bool wants_starts;          /* each command that starts */
	bool wants_successes;       /* and whether it did */
	pid_t engine;               /* the thread that is told; it is waited for while a process waits */
	int wake_signal;            /* whose only effect is to interrupt it */
	const char *const *folders; /* only programs on the file systems that hold these; NULL-ended, or NULL: all */
};

enum arrival_kind {
	ARRIVAL_OPENING, /* `pid' is about to execute one of the files, or to load it: `is_exec' */
	ARRIVAL_CHANGED, /* `pid' runs another program than before, or is new, or has run for a while */
	ARRIVAL_START,   /* `start' is about to begin, or has begun */
	ARRIVAL_SUCCESS, /* `start.number' has succeeded; of `start.recorded' it is known who */
	ARRIVAL_NOTICE,  /* the user is to be told `text' */
};

struct arrival {
	enum arrival_kind kind;
	pid_t pid, tid;
	uint32_t question; /* OPENING: to be answered by scout_answer() as soon as may be */
	bool is_exec;
	struct start start;
	enum usdtrap_notice notice;
	char *text; /* NOTICE; SUCCESS: the path that was executed, or NULL */
	struct arrival *next;
};

struct scout_report {
	uint64_t starts;  /* commands that were told of */
	uint64_t late;    /* of these, read after they had begun */
	uint64_t missed;  /* commands that were over before they could be read, or for which there was no room */
	uint64_t unasked; /* files opened or executed that nobody could even be asked about in time */
};

/*
 * Begins to listen, in the way that was asked for, or the best there is. When
 * it returns everything is marked. Errors: PERMISSION, UNSUPPORTED (the way
 * that was asked for cannot be had), NOT_FOUND (a folder), OS, NO_MEMORY.
 */
struct usdtrap_error *scout_create(const struct scout_options *options, struct scout **ret) USDTRAP_MUST_USE;
/* The way it has. */
enum usdtrap_machine_way scout_way(const struct scout *scout);
/* An eventfd(2) that is written to when something has arrived. */
int scout_event(const struct scout *scout);
/* Whether there is a next arrival: cheap. */
bool scout_has_next(const struct scout *scout);
/* To be called by the engine's thread when it has answered all: it need not hurry any more. */
void scout_rest(struct scout *scout);
/* The next arrival, to be ended with arrival_destroy(); NULL: none. */
struct arrival *scout_next(struct scout *scout);
void arrival_destroy(struct arrival *arrival);
/* Lets the process of an OPENING go on. */
void scout_answer(const struct scout *scout, const struct arrival *arrival);
/* Listens no more; whoever waits goes on. What has arrived can still be had. NULL is fine. */
void scout_stop(struct scout *scout);
void scout_report(struct scout *scout, struct scout_report *ret);
void scout_destroy(struct scout *scout);

#endif
