/* SPDX-License-Identifier: MIT */
/* What becomes of threads and processes, as events: tracepoints sched:* and signal:*. */
#ifndef USDTRAP_TRACE_LIFE_H
#define USDTRAP_TRACE_LIFE_H

#include <stdbool.h>
#include <sys/types.h>

struct engine;
struct tracee;

/* TRACEE, stopped, has made thread or process CHILD. */
void life_forked(struct engine *engine, struct tracee *tracee, pid_t child);
/* TRACEE, stopped, runs another program now; FORMER is the id of the thread that called exec. */
void life_executed(struct engine *engine, struct tracee *tracee, pid_t former);
/* TRACEE, stopped, is about to end. */
void life_ending(struct engine *engine, struct tracee *tracee);
/* TRACEE, stopped, is about to be delivered SIGNAL. */
void life_signalled(struct engine *engine, struct tracee *tracee, int signal);

#endif
