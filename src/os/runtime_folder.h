/* SPDX-License-Identifier: MIT */
/*
 * Folders for records that are to outlive the process that wrote them, but not
 * the machine's next start.
 *
 * A user's own is the first of these that can be had:
 *
 *	/run/usdtrap            root's
 *	$XDG_RUNTIME_DIR/usdtrap
 *	/run/user/UID/usdtrap
 *	/tmp/usdtrap-UID        where there is no session manager
 *
 * It is made with mode 0700. One that is there is used only if it is a folder
 * (no link), this user's, and closed to everybody else: in /tmp anybody may
 * have made it.
 */
#ifndef USDTRAP_OS_RUNTIME_FOLDER_H
#define USDTRAP_OS_RUNTIME_FOLDER_H

#include <sys/types.h>

#include <usdtrap/error.h>

/* Opens this user's folder, which is made if it is not there. Errors: OS, PERMISSION (what was wrong with the last). */
struct usdtrap_error *runtime_folder_open(int *ret_fd) USDTRAP_MUST_USE;

/*
 * Calls VISIT for each such folder that is there: this user's and, for root,
 * everybody's. OWNER alone can have written there. FOLDER_FD is borrowed.
 */
void runtime_folder_each(void (*visit)(int folder_fd, uid_t owner, void *user), void *user);

#endif
