/* SPDX-License-Identifier: MIT */
/*
 * A process's memory through /proc/PID/mem, kept open. proc(5).
 *
 * Opened by the tracing thread after the seize (proc_mem.force_override=ptrace
 * demands that), and again after exec: an old descriptor means the old memory.
 * Writes reach read-only private pages: the page is copied first (FOLL_FORCE).
 * Where that is not allowed they still do if a thread of the process stands at
 * a stop of the calling thread's: os/poke.h.
 */
#ifndef USDTRAP_OS_MEMORY_H
#define USDTRAP_OS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

/* Opens the memory of the process that thread TID belongs to, for reading alone if need be. Errors: GONE, PERMISSION,
 * OS. */
struct usdtrap_error *memory_open(pid_t tid, int *ret_fd) USDTRAP_MUST_USE;
/* Reads up to SIZE bytes; *RET_SIZE (at least 1) says how many before unreadable memory began. Errors: FAULT, GONE. */
struct usdtrap_error *memory_read_some(int fd, uint64_t address, void *buffer, size_t size,
				       size_t *ret_size) USDTRAP_MUST_USE;
/* Reads SIZE bytes, all or nothing. Errors: FAULT, GONE. */
struct usdtrap_error *memory_read(int fd, uint64_t address, void *buffer, size_t size) USDTRAP_MUST_USE;
/*
 * Locks the memory behind FD for whoever else locks it (flock(2)): the target's
 * own handler, when it heals. Waits for a second at most. False: another holds it.
 */
bool memory_lock(int fd);
void memory_unlock(int fd);
/* Whether two threads run in the same memory: kcmp(2). False: the kernel does not tell. */
bool memory_compare(pid_t first, pid_t second, bool *ret_is_same);
/*
 * Whether this process may write to its own read-only pages by /proc/self/mem: then nobody need stand for
 * memory_write(). Where not, a tracer may still be allowed what a process itself is not
 * (proc_mem.force_override=ptrace), which the next asks, by writing the byte that is at ADDRESS.
 */
bool memory_is_forced(void);
bool memory_is_writable_at(int fd, uint64_t address);
/* Writes SIZE bytes, all or nothing. Errors: FAULT, GONE, OS; UNSUPPORTED where somebody must stand and nobody does. */
struct usdtrap_error *memory_write(int fd, uint64_t address, const void *bytes, size_t size) USDTRAP_MUST_USE;
/*
 * Writes SIZE bytes into the memory of thread TID as far as its own pages may
 * be written, unlike memory_write(): read-only ones are not copied.
 * process_vm_writev(2), or the same by hand. Errors: FAULT (what lies before the first page that
 * is not writable may have been written), GONE, PERMISSION.
 */
struct usdtrap_error *memory_write_permitted(pid_t tid, uint64_t address, const void *bytes,
					     size_t size) USDTRAP_MUST_USE;

#endif
