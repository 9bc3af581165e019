/* SPDX-License-Identifier: MIT */
/*
 * A seccomp filter that makes a program stop at some system calls and leaves
 * all others alone, at next to no cost: the kernel runs it, and remembers for
 * which calls it always says yes.
 *
 * A call that it stops at needs a tracer that set PTRACE_O_TRACESECCOMP; where
 * there is none, it is not made and fails with ENOSYS. A filter can never be
 * taken off again, and all threads, children and later programs have it, too.
 * Hence only who asked for it gets one.
 *
 * Source: seccomp(2), SECCOMP_RET_TRACE.
 */
#ifndef USDTRAP_OS_CALL_FILTER_H
#define USDTRAP_OS_CALL_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CALL_FILTER_CALLS_MAX = 512,                              /* calls that one filter can name */
	CALL_FILTER_SIZE_MAX = 4 * CALL_FILTER_CALLS_MAX / 2 + 6, /* instructions: four for each range of numbers */
};

/*
 * Makes the filter that stops at the COUNT system calls of NUMBERS, which are
 * in order and differ, made in the convention of programs that run on this
 * machine without further ado. Returns how many instructions it has.
 */
size_t call_filter_make(const uint16_t *numbers, size_t count, struct sock_filter filter[CALL_FILTER_SIZE_MAX]);

/*
 * Whether this kernel has it: since Linux 4.8, a thread goes on from such a stop to the end of its call without
 * stopping at its beginning once more.
 */
bool call_filter_is_possible(void);

/*
 * Puts the calling thread under the filter of SIZE instructions. An ordinary
 * user may only if it also gives up, for good, the rights that set-user-ID
 * programs would get: that is done then. Returns 0 or an errno. Safe between
 * fork(2) and execve(2).
 */
int call_filter_install(struct sock_filter *filter, size_t size);

#endif
