/* SPDX-License-Identifier: MIT */
/*
 * Waiting for one of thousands of tracees.
 *
 * The kernel keeps the tracees of a thread in a list, and walks all of it each
 * time it is asked whether anybody has stopped, and again when it is woken
 * because somebody has: about 20 ns a tracee (measured: with 10,000 threads
 * 200 to 350 us a stop instead of 11). Asked for one thread by its id it looks
 * at no other (since Linux 5.14).
 *
 * Whom to ask for is told by the SIGCHLD that each stop sends, if one waits for
 * that signal instead of for the stop. But only one of them can be pending, so
 * that others who stop meanwhile are told of by nobody; and in a process whose
 * other threads do not block it, it may be taken by one of these. So the last
 * few that stopped are asked for besides, as they are likely to be next; all of
 * them every so often, for which one twentieth of the time is spent; and all of
 * them, in the kernel's own way, where nothing happens for a while.
 *
 * For the tracing thread alone.
 */
#ifndef USDTRAP_OS_WAITING_H
#define USDTRAP_OS_WAITING_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/ptrace.h"

enum {
	WAITING_MANY = 2048, /* tracees; with fewer, to walk costs no more than to be told */
	WAITING_RECENT = 8,  /* threads that are asked for by themselves */
};

struct waiting {
	pid_t recent[WAITING_RECENT]; /* that stopped last, the newest first; 0: none */
	bool blocks_child;            /* SIGCHLD is blocked by us */
	uint64_t walked_ns;           /* when all were asked for last, by CLOCK_MONOTONIC */
};

/* As ptrace_wait(), by a thread that has TRACEE_COUNT tracees. Blocks SIGCHLD in it while these are many. */
enum ptrace_wait_result waiting_next(struct waiting *waiting, size_t tracee_count, bool block, pid_t *ret_tid,
				     int *ret_status);

/* Pure: TID has stopped. */
void waiting_note(struct waiting *waiting, pid_t tid);

#endif
