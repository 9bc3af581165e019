/* SPDX-License-Identifier: MIT */
/*
 * The kernel's process events connector: it tells of each exec and each end of
 * a process on the machine, a moment after it happened. netlink(7),
 * <linux/cn_proc.h>. Of births and threads it tells as well, where that cannot be
 * filtered out; they are nothing here.
 *
 * Ids are those of the first pid namespace, and only there is it to be had.
 */
#ifndef USDTRAP_OS_CONNECTOR_H
#define USDTRAP_OS_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

enum connector_kind {
	CONNECTOR_OTHER, /* nothing that is of interest here */
	CONNECTOR_READY, /* the answer to having asked; `error_number': 0, or why nothing will come */
	CONNECTOR_EXEC,  /* `pid' runs another program now */
	CONNECTOR_EXIT,  /* thread `tid' of `pid' ends */
};

struct connector_event {
	enum connector_kind kind;
	pid_t tid, pid;
	int error_number;
};

/*
 * *RET is a socket to be polled and read by connector_read(). Errors:
 * PERMISSION (CAP_NET_ADMIN), UNSUPPORTED (no such thing in this kernel, or in
 * a container).
 */
struct usdtrap_error *connector_open(int *ret) USDTRAP_MUST_USE;

enum { CONNECTOR_BUFFER_SIZE = 4096 };

/*
 * Reads what there is into BUFFER of CONNECTOR_BUFFER_SIZE, without waiting.
 * Returns its size, 0 if there is nothing; *RET_LOST: some was lost.
 */
size_t connector_read(int socket, void *buffer, bool *ret_lost);
/*
 * Takes the next event out of what was read: SIZE bytes at BUFFER, from
 * *OFFSET on, which moves. False: there is no more, or it makes no sense.
 */
bool connector_take(const void *buffer, size_t size, size_t *offset, struct connector_event *ret);

#endif
