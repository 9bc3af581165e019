/* SPDX-License-Identifier: MIT */
/*
 * Rights that a program gets from its file: set-user-ID, set-group-ID and file
 * capabilities. execve(2) withholds them from a traced process, unless its
 * tracer has CAP_SYS_PTRACE.
 */
#ifndef USDTRAP_OS_PRIVILEGED_H
#define USDTRAP_OS_PRIVILEGED_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether this process may trace programs without taking such rights from them; ROOT is "/proc". */
bool privileged_tracer(const char *root);

/*
 * Whether the file that thread TID names by PATH, starting from its own
 * descriptor DIRECTORY (AT_FDCWD: its working directory), gives such rights.
 * False where there is no such program.
 */
bool privileged_program(pid_t tid, int directory, const char *path);

#endif
