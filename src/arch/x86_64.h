/* SPDX-License-Identifier: MIT */
/* What the files of x86-64 share. Nobody else includes it: the door is arch_x86_64 in arch.h. */
#ifndef USDTRAP_ARCH_X86_64_H
#define USDTRAP_ARCH_X86_64_H

#include "arch/arch.h"

/* The members of struct user_regs_struct, 8 bytes each, in the kernel's order: <sys/user.h>. */
enum x86_64_slot {
	X86_64_R15,
	X86_64_R14,
	X86_64_R13,
	X86_64_R12,
	X86_64_RBP,
	X86_64_RBX,
	X86_64_R11,
	X86_64_R10,
	X86_64_R9,
	X86_64_R8,
	X86_64_RAX,
	X86_64_RCX,
	X86_64_RDX,
	X86_64_RSI,
	X86_64_RDI,
	X86_64_ORIG_RAX, /* the number of the system call that is being made, negative: none */
	X86_64_RIP,
	X86_64_CS,
	X86_64_EFLAGS,
	X86_64_RSP,
	X86_64_SS,
	X86_64_FS_BASE, /* where %fs:0 lies: the thread pointer */
	X86_64_GS_BASE,
	X86_64_DS,
	X86_64_ES,
	X86_64_FS,
	X86_64_GS,
	X86_64_SLOTS,
};

/* x86_64_registers.c */
uint64_t x86_64_slot_get(const struct arch_registers *registers, enum x86_64_slot slot);
void x86_64_slot_set(struct arch_registers *registers, enum x86_64_slot slot, uint64_t value);
bool x86_64_register_by_name(const char *name, size_t length, struct arch_register *ret);
/*
 * The register that the segment override NAME (without % and colon) adds to
 * addresses. *RET_HAS becomes false, and *RET stays, where the segment begins
 * at 0, as all but fs and gs do. False: no such segment.
 */
bool x86_64_segment_by_name(const char *name, size_t length, bool *ret_has, struct arch_register *ret);
const char *x86_64_register_name(const struct arch_register *register_);
bool x86_64_register_pair(const struct arch_register *low, struct arch_register *ret);
uint64_t x86_64_register_value(const struct arch_registers *registers, const struct arch_register *register_);
bool x86_64_vector_value(const struct arch_vector_registers *registers, const struct arch_register *register_,
			 void *ret, size_t size);

/* x86_64_operand.c */
size_t x86_64_operand_length(const char *text, size_t length);
struct usdtrap_error *x86_64_operand_parse(const char *text, size_t length, struct arch_operand *ret) USDTRAP_MUST_USE;
void x86_64_operand_format(const struct arch_operand *operand, struct strbuf *out);

/* x86_64_syscalls.c, generated; how many, as its generator counted */
enum { X86_64_SYSCALLS = 383, X86_64_NAMED_SYSCALLS = 369 };
extern const struct usdtrap_syscall x86_64_syscalls[X86_64_SYSCALLS];
extern const uint16_t x86_64_syscalls_by_name[X86_64_NAMED_SYSCALLS];

#endif
