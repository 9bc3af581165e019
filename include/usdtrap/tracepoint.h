/* SPDX-License-Identifier: MIT */
/*
 * Tracepoints: which of the kernel's can be had by ptrace(2) alone, with the
 * kernel's names for their fields. Compiled in; tracefs is not read.
 *
 *	syscalls:sys_enter_NAME, syscalls:sys_exit_NAME     each system call: syscall.h
 *	raw_syscalls:sys_enter, raw_syscalls:sys_exit       any system call
 *	sched:sched_process_fork, _exec, _exit              births, programs, ends
 *	signal:signal_deliver                               a signal that a thread is about to take
 *
 * Source of names and types: the format files of tracefs, Linux 6.18.
 */
#ifndef USDTRAP_TRACEPOINT_H
#define USDTRAP_TRACEPOINT_H

#include <stddef.h>

#include <usdtrap/hit.h>

#ifdef __cplusplus
extern "C" {
#endif

enum usdtrap_field_kind {
	USDTRAP_FIELD_INTEGER,
	USDTRAP_FIELD_POINTER, /* an address in the target */
	USDTRAP_FIELD_TEXT,    /* the text itself, not an address of it */
	USDTRAP_FIELD_ARRAY,   /* `count' integers of `size' bytes */
};

struct usdtrap_field {
	const char *type; /* in C, as the format file has it; "const char *" */
	const char *name;
	enum usdtrap_field_kind kind;
	unsigned size;  /* bytes in the event, of one element; TEXT: how long it can be with its NUL */
	unsigned count; /* elements; 1 but for arrays */
	int is_signed;
};

enum {
	USDTRAP_TRACEPOINT_NAME_MAX = 48, /* with the NUL */
	USDTRAP_TRACEPOINT_FIELDS_MAX = 7,
};

struct usdtrap_tracepoint_info {
	const char *category;                   /* "syscalls", static */
	char name[USDTRAP_TRACEPOINT_NAME_MAX]; /* "sys_enter_openat" */
	size_t field_count;
	struct usdtrap_field fields[USDTRAP_TRACEPOINT_FIELDS_MAX]; /* texts are static */
};

/* How many tracepoints there are. */
USDTRAP_API size_t usdtrap_tracepoint_count(void);
/* Describes the INDEXth, in order of category and name, bytewise. */
USDTRAP_API void usdtrap_tracepoint_at(size_t index, struct usdtrap_tracepoint_info *ret);
/* Describes CATEGORY:NAME. 0: there is no such tracepoint, or not by ptrace. */
USDTRAP_API int usdtrap_tracepoint_find(const char *category, const char *name, struct usdtrap_tracepoint_info *ret);

/*
 * Field INDEX of the tracepoint that was hit, an INTEGER or POINTER, or element
 * ELEMENT of an ARRAY (0 for the others), as the signed or unsigned number that
 * its type makes of it. Errors: NOT_FOUND (the hit is at no tracepoint, or the
 * tracepoint has no such field).
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_hit_field(const struct usdtrap_hit *hit, unsigned index,
								     unsigned element, struct usdtrap_value *ret);
/* The same for a TEXT field; borrowed until the callback returns. NULL: there is none. */
USDTRAP_API const char *usdtrap_hit_field_text(const struct usdtrap_hit *hit, unsigned index);
/* What the tracepoint that was hit is; NULL: the hit is at none. Lives as long as the session. */
USDTRAP_API const struct usdtrap_tracepoint_info *usdtrap_hit_tracepoint(const struct usdtrap_hit *hit);

#ifdef __cplusplus
}
#endif
#endif
