/* SPDX-License-Identifier: MIT */
/*
 * System calls: their numbers, names and arguments, as the kernel's
 * tracepoints have them. Compiled in; nothing is read from the machine.
 *
 * A call has two names. User space's, <asm/unistd.h>, is what strace(1)
 * prints: stat, uname. The kernel's is what its function and its tracepoints
 * are called: newstat, newuname. For all but seven calls they are the same.
 */
#ifndef USDTRAP_SYSCALL_H
#define USDTRAP_SYSCALL_H

#include <stddef.h>

#include <usdtrap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { USDTRAP_SYSCALL_ARGUMENTS_MAX = 6 };

struct usdtrap_syscall_argument {
	const char *type; /* in C, e.g. "const char *" */
	const char *name;
};

struct usdtrap_syscall {
	long number;
	const char *name;        /* in user space */
	const char *kernel_name; /* in the kernel; NULL: the call has a number and was never made */
	unsigned argument_count;
	struct usdtrap_syscall_argument arguments[USDTRAP_SYSCALL_ARGUMENTS_MAX];
};

/* How many calls are known, and the INDEXth of them, in order of their numbers. Static. */
USDTRAP_API size_t usdtrap_syscall_count(void);
USDTRAP_API const struct usdtrap_syscall *usdtrap_syscall_at(size_t index);

/* The call that has NUMBER; NULL: none is known. */
USDTRAP_API const struct usdtrap_syscall *usdtrap_syscall_by_number(long number);

/* The call that the kernel knows by KERNEL_NAME; NULL: none. */
USDTRAP_API const struct usdtrap_syscall *usdtrap_syscall_by_kernel_name(const char *kernel_name);

#ifdef __cplusplus
}
#endif
#endif
