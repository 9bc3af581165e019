/* SPDX-License-Identifier: MIT */
/*
 * Keeping the tracing thread on the processor where its busiest tracee runs.
 *
 * A stop and its answer are two switches between tracee and tracer. On one
 * processor they cost about 11 us together; across processors, where an idle
 * one must be woken for each, 65 to 230 us (measured in a virtual machine). So
 * the tracer follows: every few stops it looks where the thread that stopped
 * last ran, and binds *itself* there. A tracee's affinity is never touched.
 *
 * The scheduler may answer a move by waking the tracee on the processor that
 * was just left, so one busy thread is followed at once, and looked for more
 * often until it stays: waiting for a majority of looks made two of five runs
 * chase it for their whole length (3.0 s instead of 0.7 s for 50,000 hits).
 * Only where several threads are busy on several processors a majority decides,
 * and without one the tracer takes its full set of processors back.
 *
 * While another processor is idle the scheduler wakes the tracee there, each
 * time anew: background.h has the cure.
 *
 * All functions are for the tracing thread alone: they act on the caller.
 */
#ifndef USDTRAP_OS_AFFINITY_H
#define USDTRAP_OS_AFFINITY_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "os/background.h"

enum {
	AFFINITY_ALL = -1,           /* instead of a processor: whichever the caller was allowed from the start */
	AFFINITY_SHORT_INTERVAL = 8, /* stops from one look to the next while the tracee moves about... */
	AFFINITY_LONG_INTERVAL = 64, /* ... and once it stays; a look costs about 8 us */
	AFFINITY_WINDOW = 8,         /* looks that are remembered */
};

/* One look: thread TID was last seen on PROCESSOR (-1: unknown). */
struct affinity_sample {
	pid_t tid;
	int processor;
};

struct affinity {
	bool is_following;
	cpu_set_t original; /* the processors the thread was allowed at the beginning, never left */
	int current;        /* the one it is bound to, or AFFINITY_ALL */
	unsigned interval;  /* stops from one look to the next, at present */
	unsigned stops;     /* since the last look */
	struct affinity_sample samples[AFFINITY_WINDOW]; /* the newest first */
	size_t sample_count;
	struct background background; /* where following alone is of no use */
};

/* Remembers the calling thread's processors. Without WANTED, or where they cannot be read, the others do nothing. */
void affinity_init(struct affinity *affinity, bool wanted);
/* Gives the calling thread its processors back. */
void affinity_deinit(struct affinity *affinity);
/* To be called at every stop, with the thread TID of PID that stopped. May move the calling thread. */
void affinity_follow(struct affinity *affinity, pid_t pid, pid_t tid);

/*
 * Pure: where to be, given the last COUNT samples, the newest first. Where one
 * thread makes most of them: the processor it was seen on last; else the
 * processor that most of them name; else AFFINITY_ALL.
 */
int affinity_decide(const struct affinity_sample *samples, size_t count);

#endif
