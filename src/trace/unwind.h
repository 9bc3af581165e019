/* SPDX-License-Identifier: MIT */
/* Walking the stack of a stopped thread. */
#ifndef USDTRAP_TRACE_UNWIND_H
#define USDTRAP_TRACE_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "trace/modules.h"

/* One frame that was found. */
struct unwind_frame {
	uint64_t address;
	bool is_return; /* of a call: the instruction before it is what the frame is about */
};

enum { UNWIND_WINDOW = 8192 };

/* What the thread's stack was when it was stopped, for a walk while it goes on. */
struct unwind_copy {
	uint64_t address;
	size_t size;
	const uint8_t *bytes;
};

/* A piece of the thread's stack, read at once. */
struct unwind_window {
	struct unwind_copy copy; /* comes before what the process has there now; empty: none */
	uint64_t address;
	size_t size;
	uint8_t bytes[UNWIND_WINDOW];
};

/*
 * Walks the stack of a thread of SPACE that has REGISTERS and stands at PC.
 * Writes at most MAX (at least 1) frames, the thread's own place first, and
 * returns how many. WINDOW is room that the caller lends, all zero before its
 * first use.
 */
size_t unwind_walk(struct engine *engine, struct space *space, struct module_files *files,
		   const struct arch_registers *registers, uint64_t pc, struct unwind_window *window,
		   struct unwind_frame *frames, size_t max);

#endif
