/* SPDX-License-Identifier: MIT */
/*
 * Writing to a process where /proc/PID/mem is not for that: /proc is mounted
 * read-only (a sandbox), or the kernel was started with
 * proc_mem.force_override=never (since Linux 6.12), which leaves what the
 * process itself may not write to.
 *
 * What it may write to is written by process_vm_writev(2), to the byte. The
 * rest is by PTRACE_POKETEXT, for which a thread of the process must stand at a
 * stop of ours, and which writes words of eight bytes: those around the wanted
 * ones are written as they were a moment before. In text nobody else writes.
 * Where process_vm_writev(2) is missing as well, data are written so, too.
 */
#ifndef USDTRAP_OS_POKE_H
#define USDTRAP_OS_POKE_H

#include <stddef.h>
#include <stdint.h>

#include <usdtrap/error.h>

/*
 * Writes SIZE bytes to the memory that FD, of memory_open(), is about; all or, on failure, perhaps some. Errors: FAULT,
 * GONE; UNSUPPORTED where no thread of the process stands.
 */
struct usdtrap_error *poke_write(int fd, uint64_t address, const void *bytes, size_t size) USDTRAP_MUST_USE;

#endif
