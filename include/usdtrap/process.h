/* SPDX-License-Identifier: MIT */
/*
 * Facts about processes, traced or not, and about where this program runs.
 * Nothing is attached to anything for them: they are read where the kernel
 * shows them to everybody. A process that has ended has no facts any more.
 */
#ifndef USDTRAP_PROCESS_H
#define USDTRAP_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* TASK_COMM_LEN: 15 bytes and a NUL. */
enum { USDTRAP_PROCESS_NAME_MAX = 16 };

/*
 * Whether process PID can be seen in /proc or, with 0, any. NULL, or an error
 * that says why not and what to do: UNSUPPORTED, /proc is not mounted;
 * NOT_FOUND, there is no such process; PERMISSION, /proc hides it (hidepid).
 */
USDTRAP_API struct usdtrap_error *usdtrap_check_process(pid_t pid) USDTRAP_MUST_USE;

/* The name of PID, that of its first thread; "" when it has ended. proc(5): /proc/PID/comm. */
USDTRAP_API void usdtrap_process_name(pid_t pid, char name[USDTRAP_PROCESS_NAME_MAX]);

/* The parent of PID; 0 when it has none that can be seen, or has ended. proc(5): PPid in /proc/PID/status. */
USDTRAP_API pid_t usdtrap_process_parent(pid_t pid);

/*
 * The id of the control group that PID is in: the inode of its directory in
 * the unified hierarchy, as bpf_get_current_cgroup_id() yields. 0, and *RET
 * untouched, when it is in none, has ended, or the directory cannot be seen;
 * else 1. cgroups(7).
 */
USDTRAP_API int usdtrap_process_cgroup(pid_t pid, uint64_t *ret);

/* The id of the control group at PATH, which is a directory of a mounted hierarchy; likewise. */
USDTRAP_API int usdtrap_cgroup_id(const char *path, uint64_t *ret);

/*
 * Writes where below /sys/fs/cgroup the control group ID is, as
 * "unified:/system.slice", into BUFFER of SIZE bytes (at least 1); "" when it
 * is not found. With FILTER, a wildcard expression, only hierarchies whose
 * name it matches are looked at; the unified one is always "unified".
 */
USDTRAP_API void usdtrap_cgroup_path(uint64_t id, const char *filter, char *buffer, size_t size);

/* 1 if this program is in the first pid namespace, so that its process ids are everybody's. pid_namespaces(7). */
USDTRAP_API int usdtrap_in_initial_namespace(void);

/* The memory node that processor CPU belongs to, or -1. */
USDTRAP_API int usdtrap_node_of_cpu(int cpu);

#ifdef __cplusplus
}
#endif
#endif
