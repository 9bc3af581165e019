/* SPDX-License-Identifier: MIT */
/*
 * Keeping the tracing thread on the processor where its busiest tracee runs.
 *
 * A stop and its answer are two switches between tracee and tracer. On one
 * processor they cost about 11 us together; across processors, where an idle
 * one must be woken for each, 65 to 230 us (measured in a virtual machine). So
 * the tracer follows: every AFFINITY_INTERVAL stops it looks where the thread
 * that just stopped last ran, and when most recent looks agree it binds
 * *itself* there; when they do not agree, it takes its own full set of
 * processors back. A tracee's affinity is never touched.
 *
 * All functions are for the tracing thread alone: they act on the caller.
 */
#ifndef USDTRAP_OS_AFFINITY_H
#define USDTRAP_OS_AFFINITY_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	AFFINITY_ALL = -1,      /* instead of a processor: whichever the caller was allowed from the start */
	AFFINITY_INTERVAL = 64, /* stops from one look to the next; a look costs about 8 us */
	AFFINITY_WINDOW = 8,    /* looks that are remembered */
};

struct affinity {
	bool is_following;
	cpu_set_t original; /* the processors the thread was allowed at the beginning, never left */
	int current;        /* the one it is bound to, or AFFINITY_ALL */
	unsigned stops;     /* since the last look */
	int samples[AFFINITY_WINDOW];
	size_t sample_count; /* ever */
};

/* Remembers the calling thread's processors. Without WANTED, or where they cannot be read, the others do nothing. */
void affinity_init(struct affinity *affinity, bool wanted);
/* Gives the calling thread its processors back. */
void affinity_deinit(struct affinity *affinity);
/* To be called at every stop, with the thread TID of PID that stopped. May move the calling thread. */
void affinity_follow(struct affinity *affinity, pid_t pid, pid_t tid);

/* Pure: where to be, given the last COUNT samples in any order: a processor that has most of them, or AFFINITY_ALL. */
int affinity_decide(const int *samples, size_t count);

#endif
