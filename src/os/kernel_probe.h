/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own uprobes, as other tools lay them.
 *
 * One that is laid where a trap of ours lies already changes no byte: the kernel
 * finds its trap there, and from then on takes each hit for itself. Nothing in
 * /proc tells of it. But a tool that uses BPF holds a descriptor of the perf
 * event, and BPF_TASK_FD_QUERY tells what lies behind that (bpf(2), Linux 4.18;
 * CAP_SYS_ADMIN): the path that was given for the file, and the offset in it.
 */
#ifndef USDTRAP_OS_KERNEL_PROBE_H
#define USDTRAP_OS_KERNEL_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

#include "os/procfs.h"

struct kernel_probe {
	pid_t owner;
	char owner_name[32];
	uint64_t inode, offset; /* of the file, and in it */
};

/* Whether the kernel tells at all. Where not, errno is why: EPERM if this user may not ask. */
bool kernel_probes_are_told(void);
/*
 * All that can be found, of all processes. *RET is the caller's to free. Costs a
 * look at every descriptor of the machine: some milliseconds. Errors: UNSUPPORTED
 * where none could be found, whatever there was; OS.
 */
struct usdtrap_error *kernel_probes_read(struct kernel_probe **ret, size_t *ret_count) USDTRAP_MUST_USE;
/* The address in MAPS where PROBE lies; 0: its file is not mapped there. */
uint64_t kernel_probe_addr(const struct kernel_probe *probe, const struct procfs_maps *maps);

#endif
