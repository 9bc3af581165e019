/* SPDX-License-Identifier: MIT */
/* System calls as events. */
#ifndef USDTRAP_TRACE_CALLS_H
#define USDTRAP_TRACE_CALLS_H

#include <stdbool.h>
#include <sys/types.h>

struct engine;
struct space;
struct tracee;

/* Whether TRACEE is to stop at its system calls. */
bool calls_are_wanted(const struct engine *engine, const struct tracee *tracee);
/* Whether TRACEE is to go on to its next system call stop, and not just on. */
bool calls_wait_for_stop(const struct engine *engine, const struct tracee *tracee);
/* Has all threads of SPACE stop once, so that they go on to their next system call. To be called when they are ours. */
void calls_begin(struct engine *engine, const struct space *space);
/* TRACEE was interrupted by us and stands at an event stop: notes that it is about to enter its call again, if it is.
 */
void calls_interrupted(struct tracee *tracee);
/* TRACEE, a new thread or process, stands at its first stop: it returns from the call that made it. */
void calls_born(struct engine *engine, struct tracee *tracee);
/* TRACEE stands at exec, which thread FORMER called; it has that one's call. */
void calls_executed(struct engine *engine, struct tracee *tracee, pid_t former);
/* TRACEE stands at the entry of a system call, where a filter has stopped it. */
void calls_filtered_stop(struct engine *engine, struct tracee *tracee);
/* TRACEE stands at the entry or exit of a system call. WAS_INTERRUPTED: we had asked it to stop. */
void calls_stop(struct engine *engine, struct tracee *tracee, bool was_interrupted);

#endif
