/* SPDX-License-Identifier: MIT */
/*
 * What a dead tracer left of which no journal tells.
 *
 * A process that forks after its tracer was killed hands everything down: the
 * child has the traps, if its parent has not yet healed, the semaphores' counts,
 * the handler, and the net's table with it. The journal names the parent alone.
 * So the table itself is the proof: it begins with a magic of ours, lies where
 * only we write, and says of each trap what belongs there (arch/net.h).
 */
#ifndef USDTRAP_TRACE_LEFTOVER_H
#define USDTRAP_TRACE_LEFTOVER_H

#include <stdbool.h>
#include <sys/types.h>

struct engine;

/*
 * Whether process PID may have such a net: nobody traces it, nor one that
 * shares its memory, and it has a handler for SIGTRAP, if HAS_HANDLER says that
 * only such are meant.
 */
bool leftover_is_possible(pid_t pid, bool has_handler);
/* Whether PID has such a net, and a handler for SIGTRAP. */
bool leftover_exists(struct engine *engine, pid_t pid);
/*
 * Undoes in PID, of which no journal tells and leftover_is_possible() is true, what the table says, if there is one,
 * and holds it, for leave_all(). Returns whether there was. What cannot be undone is a warning.
 */
bool leftover_repair(struct engine *engine, pid_t pid);

#endif
