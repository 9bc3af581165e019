/* SPDX-License-Identifier: MIT */
/*
 * Looking into a process: what it has mapped, what its threads do, what its
 * memory holds and what addresses in it are called. Nothing is attached to and
 * nothing is stopped, but for a snapshot of registers and stacks: all is read
 * where the kernel shows it, and may have changed by the time it is looked at.
 */
#ifndef USDTRAP_INSPECT_H
#define USDTRAP_INSPECT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <usdtrap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usdtrap_inspection;

/*
 * Reads what PID has mapped; the rest is read when it is asked for. Errors:
 * NOT_FOUND (no such process), PERMISSION, GONE, NO_MEMORY.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_inspection_create(pid_t pid,
									     struct usdtrap_inspection **ret);
/* NULL is fine. */
USDTRAP_API void usdtrap_inspection_destroy(struct usdtrap_inspection *inspection);

/* One mapping. Strings are borrowed for the callback. */
struct usdtrap_mapping_info {
	uint64_t start, end; /* addresses; end is one past the last */
	uint64_t offset;     /* in the file */
	int is_readable, is_writable, is_executable, is_shared;
	int is_deleted;       /* the file is not there any more, or another is in its place */
	const char *path;     /* "" if anonymous; "[stack]" and the like as proc(5) has them */
	const char *build_id; /* of the ELF file, hexadecimal; NULL: it has none, or is none */
	size_t probe_count;   /* usdt probes of the file; told with its executable mapping alone */
	int is_compared;      /* it is executable and was compared with its file: */
	size_t trap_count;    /* bytes that are a breakpoint instruction's and something else in the file */
};

/* Calls ON_MAPPING for each mapping by address until it returns nonzero. */
USDTRAP_API void usdtrap_inspect_mappings(struct usdtrap_inspection *inspection,
					  int (*on_mapping)(const struct usdtrap_mapping_info *mapping, void *user),
					  void *user);

enum usdtrap_thread_place {
	USDTRAP_THREAD_RUNS,   /* in its own code, or about to: where cannot be told without stopping it */
	USDTRAP_THREAD_CALLS,  /* in a system call */
	USDTRAP_THREAD_BLOCKS, /* in the kernel for another reason, such as a page fault */
	USDTRAP_THREAD_HIDDEN, /* the kernel does not show it to us */
};

struct usdtrap_thread_info {
	pid_t tid;
	char name[16];
	char state;    /* as ps(1) has it: R, S, D, T, t, Z */
	int processor; /* where it last ran; -1: not known */
	enum usdtrap_thread_place place;
	long syscall;           /* CALLS: its number */
	uint64_t arguments[6];  /* CALLS */
	uint64_t address;       /* CALLS, BLOCKS: where it goes on in its own code; 0: it has none */
	uint64_t stack_pointer; /* CALLS, BLOCKS */
};

/* Calls ON_THREAD for each thread by its id until it returns nonzero. Errors: GONE, NO_MEMORY, OS. */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_inspect_threads(
	struct usdtrap_inspection *inspection, int (*on_thread)(const struct usdtrap_thread_info *thread, void *user),
	void *user);

/*
 * Reads SIZE bytes of memory at ADDRESS, or as many as can be read: *RET_SIZE,
 * at least 1. Errors: FAULT (nothing is there), PERMISSION, GONE.
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_inspect_memory(struct usdtrap_inspection *inspection,
									  uint64_t address, void *buffer, size_t size,
									  size_t *ret_size);
/* The same of what the file has that is mapped there, before anybody wrote to it. 0: no file has bytes there. */
USDTRAP_API size_t usdtrap_inspect_file_bytes(struct usdtrap_inspection *inspection, uint64_t address, void *buffer,
					      size_t size);

/* What lies at an address. Strings live as long as the inspection. */
struct usdtrap_place {
	const char *path;      /* of the mapping; NULL: nothing is mapped there */
	const char *symbol;    /* the function or variable; NULL: not known */
	uint64_t offset;       /* behind its beginning */
	uint64_t size;         /* the symbol's; 0: not known */
	int is_variable;       /* the symbol is one */
	uint64_t vaddr;        /* in the file; 0 without one */
	unsigned machine;      /* of the file, as in usdtrap_code; 0: none */
	unsigned address_bits; /* 32 or 64 */
};

/* What lies at ADDRESS; all zero where nothing is mapped. */
USDTRAP_API void usdtrap_inspect_place(struct usdtrap_inspection *inspection, uint64_t address,
				       struct usdtrap_place *ret);

enum usdtrap_register_kind {
	USDTRAP_REGISTER_ADDRESS,  /* a number that may well be an address: rax */
	USDTRAP_REGISTER_NUMBER,   /* one that is none: a segment's selector */
	USDTRAP_REGISTER_FLAGS,    /* bits with names: eflags */
	USDTRAP_REGISTER_EXTENDED, /* a floating point number of x87's 80 bits: st0 */
	USDTRAP_REGISTER_VECTOR,   /* several values side by side: xmm0, or as wide as the machine has it: ymm0, zmm0 */
};

/* A register by its name, as in "rip". */
struct usdtrap_register {
	const char *name;
	enum usdtrap_register_kind kind;
	uint64_t value;       /* its low 64 bits */
	const uint8_t *bytes; /* all of it, the least significant first */
	size_t size;          /* in bytes */
	const char *flags;    /* FLAGS: the names of the bits that are set, "PF ZF IF"; "" otherwise */
};

/* One call of a thread's stack. */
struct usdtrap_inspected_frame {
	uint64_t address;           /* where the thread stands or, further out, where the call returns to */
	struct usdtrap_place place; /* of that, by the function that called */
};

/* A thread as it was when it was stopped for a moment. Arrays are borrowed for the callback. */
struct usdtrap_snapshot_info {
	struct usdtrap_thread_info thread;        /* as /proc told just before */
	int is_taken;                             /* 0: it ended, or nobody stopped for 0.2 s: no more is known of it */
	const struct usdtrap_register *registers; /* the general ones, flags, segments */
	size_t register_count;
	const struct usdtrap_register *vectors; /* those of floating point and vectors; none where they cannot be had */
	size_t vector_count;
	const struct usdtrap_inspected_frame *frames; /* the innermost first */
	size_t frame_count;
};

/*
 * Calls ON_THREAD for each thread by its id, until it returns nonzero, with its
 * registers and at most FRAMES_MAX frames of its stack (up to
 * USDTRAP_STACK_FRAMES_MAX of <usdtrap/stack.h>; 0: none). To be had, these ask
 * for the one exception to the rule of this header: each thread is stopped,
 * for as long as it takes to copy its registers and 64 KiB of its stack at
 * most, and goes on before any of it is looked at; a system call in which it
 * slept is entered again, with its full timeout. Needs what tracing needs.
 * Errors: those of usdtrap_attach().
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_inspect_snapshot(
	struct usdtrap_inspection *inspection, size_t frames_max,
	int (*on_thread)(const struct usdtrap_snapshot_info *snapshot, void *user), void *user);

/*
 * Where VADDR of the file that is mapped as PATH lies in the process. 0: no
 * such file is mapped, or not that part of it.
 */
USDTRAP_API int usdtrap_inspect_locate(struct usdtrap_inspection *inspection, const char *path, uint64_t vaddr,
				       uint64_t *ret);

/* One function or variable, as it lies in the process. Strings are borrowed for the callback. */
struct usdtrap_symbol_info {
	const char *name;
	const char *path;
	uint64_t address;
	uint64_t size; /* 0: not known */
	int is_global;
	int is_variable;
};

/*
 * Calls ON_SYMBOL for each function and each variable whose name matches PATTERN, in which *
 * stands for any text, file by file as they are mapped, functions first, until it returns
 * nonzero.
 */
USDTRAP_API void usdtrap_inspect_symbols(struct usdtrap_inspection *inspection, const char *pattern,
					 int (*on_symbol)(const struct usdtrap_symbol_info *symbol, void *user),
					 void *user);

#ifdef __cplusplus
}
#endif
#endif
