/* SPDX-License-Identifier: MIT */
/*
 * Launching a program so that it can be traced from its first instruction.
 *
 * The program is forked by the caller and keeps what it would have had from a
 * shell: standard streams, terminal, session, process group, signal mask and
 * dispositions. It waits, before its execve(2), until it is released; in
 * between a session takes hold of it with USDTRAP_ATTACH_AT_EXEC.
 */
#ifndef USDTRAP_LAUNCH_H
#define USDTRAP_LAUNCH_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include <usdtrap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usdtrap_launch;

/*
 * Looks ARGV[0] up as execvp(3) would and forks a child that waits to run it.
 * TRACER is the process that will seize it (named to Yama by
 * prctl(PR_SET_PTRACER)); 0 for the caller. Errors: NOT_FOUND, PERMISSION (not
 * executable), OS. ARGV is NULL-ended and borrowed for the call.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_launch_create(char *const argv[], pid_t tracer,
									 struct usdtrap_launch **ret);

/* The waiting child's pid. */
USDTRAP_API pid_t usdtrap_launch_pid(const struct usdtrap_launch *launch);

/*
 * Has the child, when it is released, put itself under a filter (seccomp(2))
 * that stops it at the COUNT system calls of NUMBERS, in order, and leaves all
 * others as quick as they are. From then on it depends on its tracer, which
 * must be a session with the option `filtered': where there is none any more
 * these calls are not made and fail with ENOSYS, in the program, in all its
 * children and in all programs that they run. An ordinary user's child sets
 * no_new_privs, too, so that set-user-ID programs give it no rights.
 */
USDTRAP_API void usdtrap_launch_filter(struct usdtrap_launch *launch, const uint16_t *numbers, size_t count);

/* Lets the child run its program, once. Does not wait for it. */
USDTRAP_API void usdtrap_launch_release(struct usdtrap_launch *launch);

/*
 * What became of a released child's execve(2): NULL once the program runs, else
 * the error (OS, PERMISSION, NOT_FOUND); the child has then ended with status
 * 127. Waits until that is known, so where the caller itself traces the child,
 * only after usdtrap_run() has begun to answer for it: on another thread, or afterwards.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_launch_result(struct usdtrap_launch *launch);

/* Frees the handle. A child that was never released ends by itself; a released one runs on. The caller reaps it. */
USDTRAP_API void usdtrap_launch_destroy(struct usdtrap_launch *launch);

#ifdef __cplusplus
}
#endif
#endif
