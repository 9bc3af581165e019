/* SPDX-License-Identifier: MIT */
/*
 * Snapshots: the registers of a process's threads, and their stacks.
 *
 * Both can be had of a thread only while it is stopped. So each is stopped,
 * what is wanted is copied, and it goes on; whoever walks the stacks and looks
 * up names takes his time with the copy. A thread that sleeps in a system call
 * enters it again, as after every stop that is asked for (engine.h).
 */
#ifndef USDTRAP_TRACE_SNAPSHOT_H
#define USDTRAP_TRACE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

#include "arch/arch.h"

struct snapshot_thread {
	pid_t tid;
	bool is_taken;                   /* false: it has ended, or did not stop within a while (as in a disk's wait) */
	const struct arch *arch;         /* what is below, only where it was taken */
	struct arch_registers registers; /* as they were when it stopped */
	struct arch_vector_registers vectors; /* likewise; of size 0 where they cannot be had */
	uint64_t stack_addr;                  /* of `stack': a little below the stack pointer */
	uint8_t *stack;
	size_t stack_size;
};

struct snapshot {
	struct snapshot_thread *threads; /* in the order of their ids */
	size_t count;
};

/*
 * Takes one of PID. Nothing is written to the process. Errors: those of
 * usdtrap_attach(). *RET is ended by snapshot_deinit().
 */
struct usdtrap_error *snapshot_take(pid_t pid, struct snapshot *ret) USDTRAP_MUST_USE;
void snapshot_deinit(struct snapshot *snapshot);

#endif
