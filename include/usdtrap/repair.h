/* SPDX-License-Identifier: MIT */
/*
 * Repairing what a session left that was killed: trap bytes, raised
 * semaphores.
 *
 * Every session keeps a journal, in a folder of the user's own, of what it
 * changes in a process, and removes it when all is as it was. What is in no
 * journal is nobody's that could be known, and is left alone; so is what a
 * session that lives is using.
 */
#ifndef USDTRAP_REPAIR_H
#define USDTRAP_REPAIR_H

#include <usdtrap/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Repairs process PID, or, if it is 0, every process of which a journal tells
 * that this user may read. OPTIONS may be NULL; its notices tell of each
 * process. In *REPORT (may be NULL) `repaired', `sites_restored', `sites_lost'
 * and `semaphores_lowered' say what was done; there having been nothing to do
 * is no error. Errors: UNSUPPORTED (a live session traces PID),
 * NO_MEMORY, OS.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_repair(const struct usdtrap_options *options, pid_t pid,
								  struct usdtrap_report *report);

#ifdef __cplusplus
}
#endif
#endif
