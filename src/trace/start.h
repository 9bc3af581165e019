/* SPDX-License-Identifier: MIT */
/* Commands that start: an execve(2) or execveat(2) of a process that is not traced. */
#ifndef USDTRAP_TRACE_START_H
#define USDTRAP_TRACE_START_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/procfs.h"
#include "trace/recorded.h"

struct start {
	long number; /* of the system call */
	uint64_t arguments[6];
	struct recorded recorded; /* who, and the strings that the arguments lead to */
};

/* The numbers of the two calls. */
long start_execve_number(void);
long start_execveat_number(void);

/*
 * The system call in which a thread of PID waits to be let go on, of those that
 * open a file, and the thread; within PATIENCE_US microseconds. False: none does.
 */
bool start_find_call(pid_t pid, unsigned patience_us, pid_t *ret_tid, struct procfs_call *ret);
/* Whether CALL executes a file. */
bool start_is_exec(const struct procfs_call *call);
/* Where the path of CALL, which executes a file, is in its process's memory. */
uint64_t start_path_addr(const struct procfs_call *call);

/* What TID of PID, which waits in CALL, is about to start. False: it does not wait there any more. */
bool start_read(pid_t pid, pid_t tid, const struct procfs_call *call, struct start *ret);
/*
 * What PID, which runs by now, was started as: from what the new program was
 * given. Of a script that is its interpreter's command line. False: it has ended.
 */
bool start_read_late(pid_t pid, struct start *ret);
/* The path that PID's program was executed by. False: it cannot be read, or is longer than BUFFER. */
bool start_read_path(pid_t pid, char *buffer, size_t size);
void start_deinit(struct start *start);

#endif
