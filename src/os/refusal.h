/* SPDX-License-Identifier: MIT */
/*
 * Why a process cannot be traced: the ladder of causes that ptrace(2) hides
 * behind EPERM, found by reading /proc, each with the one command that helps.
 */
#ifndef USDTRAP_OS_REFUSAL_H
#define USDTRAP_OS_REFUSAL_H

#include <sys/types.h>

#include <usdtrap/error.h>

/*
 * The error to show when seizing TID of process PID failed with ERROR_NUMBER.
 * ROOT is "/proc", or a tree that tests made. Never NULL.
 */
struct usdtrap_error *refusal_explain(const char *root, pid_t pid, pid_t tid, int error_number) USDTRAP_MUST_USE;

/*
 * Why process PID, or with 0 any, is not in ROOT: NULL if it is; or that /proc is not mounted, that there is no such
 * process, or that it is hidden. Errors: UNSUPPORTED, NOT_FOUND, PERMISSION.
 */
struct usdtrap_error *refusal_unseen(const char *root, pid_t pid) USDTRAP_MUST_USE;

#endif
