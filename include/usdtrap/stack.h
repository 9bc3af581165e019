/* SPDX-License-Identifier: MIT */
/*
 * Stacks and symbols: which calls led to a hit, and what addresses are called.
 *
 *	const struct usdtrap_stack *stack = usdtrap_hit_stack(hit, 127);
 *	for (size_t i = 0; i < stack->frame_count; i++)
 *		print(stack->frames[i]->symbol, stack->frames[i]->offset);
 *
 * Each stack and each frame is kept once and lives as long as its session:
 * equal ones of one process are the same object, so that their addresses are
 * good keys. They are named when they are first seen, while the process is
 * there to be asked; printing them needs it no more.
 */
#ifndef USDTRAP_STACK_H
#define USDTRAP_STACK_H

#include <usdtrap/hit.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One address in a process's code, with all that is known of it. */
struct usdtrap_frame {
	uint64_t address;     /* in the process: the hit's own, or where a call returns to */
	const char *symbol;   /* the function, as its file has it (C++ names are mangled); NULL: not known */
	uint64_t offset;      /* of `address' behind the function's beginning; 0 without a symbol */
	const char *path;     /* of the file that is mapped there, as the process's maps have it; NULL: none */
	uint64_t vaddr;       /* of `address' in that file; 0 without a file */
	const char *build_id; /* of that file, in hexadecimal digits; NULL: it has none */
	uint64_t file_offset; /* where in that file's bytes; 0 without a file */
};

struct usdtrap_stack {
	pid_t pid;
	size_t frame_count;                        /* at least 1 */
	const struct usdtrap_frame *const *frames; /* the hit's own place first; of a return, what is returned to */
};

enum { USDTRAP_STACK_FRAMES_MAX = 1024 };

/*
 * The stack of the thread at HIT, at most FRAMES_MAX frames of it (1 to
 * USDTRAP_STACK_FRAMES_MAX). It is walked by the unwind tables of the files
 * that the process has mapped, through signal handlers as well, and by frame
 * pointers where there is no table. It ends where neither leads on. NULL: no
 * memory, or as many different stacks as a session keeps are kept already
 * (131072).
 */
USDTRAP_API const struct usdtrap_stack *usdtrap_hit_stack(const struct usdtrap_hit *hit, size_t frames_max);

/* What ADDRESS in the process of HIT is called, whether code or data. NULL: no memory. */
USDTRAP_API const struct usdtrap_frame *usdtrap_hit_symbolize(const struct usdtrap_hit *hit, uint64_t address);

/* Where the thread at HIT stands: at a probe its own address (of a function that has returned, too), at a system
 * call what follows the call. */
USDTRAP_API uint64_t usdtrap_hit_address(const struct usdtrap_hit *hit);

/*
 * The address, in the process of HIT, of the symbol NAME: of the file whose
 * code was hit, else of the program, else of any other file that is mapped.
 * *RET_SIZE (may be NULL) is the symbol's, 0 where it has none. Errors:
 * NOT_FOUND, GONE.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_hit_find_symbol(const struct usdtrap_hit *hit,
									   const char *name, uint64_t *ret_address,
									   uint64_t *ret_size);

/*
 * The C++ name that SYMBOL stands for, to be freed with free(3); NULL: it
 * stands for none, there is no memory, or no C++ runtime library is there to
 * read it.
 */
USDTRAP_API char *usdtrap_demangle(const char *symbol);

#ifdef __cplusplus
}
#endif
#endif
