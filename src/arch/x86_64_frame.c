/* SPDX-License-Identifier: MIT */
/* x86-64: what walking a stack needs. System V ABI, AMD64 supplement, figure 3.36, "DWARF Register Number Mapping". */
#include <string.h>
#include <sys/ucontext.h>
#include <ucontext.h>

#include "arch/x86_64.h"

void x86_64_frame_registers(const struct arch_registers *registers, uint64_t *ret)
{
	static const enum x86_64_slot slots[ARCH_FRAME_REGISTERS] = {
		X86_64_RAX, X86_64_RDX, X86_64_RCX, X86_64_RBX, X86_64_RSI, X86_64_RDI,
		X86_64_RBP, X86_64_RSP, X86_64_R8,  X86_64_R9,  X86_64_R10, X86_64_R11,
		X86_64_R12, X86_64_R13, X86_64_R14, X86_64_R15, X86_64_RIP,
	};

	for (unsigned i = 0; i < ARCH_FRAME_REGISTERS; i++)
		ret[i] = x86_64_slot_get(registers, slots[i]);
}

/*
 * mov $15,%rax; syscall. By then the handler has popped its return address, so
 * the stack pointer is at the ucontext: struct rt_sigframe,
 * arch/x86/include/asm/sigframe.h of Linux.
 */
bool x86_64_signal_frame(const uint8_t *bytes, size_t available, uint64_t stack_pointer, uint64_t *ret_addrs)
{
	static const uint8_t call[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};
	static const uint8_t saved[ARCH_FRAME_REGISTERS] = {
		REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
		REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
	};
	const uint64_t registers = stack_pointer + offsetof(ucontext_t, uc_mcontext);

	if (available < sizeof(call) || memcmp(bytes, call, sizeof(call)) != 0)
		return false;
	for (unsigned i = 0; i < ARCH_FRAME_REGISTERS; i++)
		ret_addrs[i] = registers + 8 * (uint64_t)saved[i];
	return true;
}
