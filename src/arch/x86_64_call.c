/* SPDX-License-Identifier: MIT */
/*
 * How functions are called: System V ABI, AMD64 supplement, section 3.2. What
 * a call leaves on the stack, where arguments and results are, and how
 * longjmp(3) keeps the stack pointer that it goes back to.
 */
#include "arch/x86_64.h"

#include <stddef.h>
#include <string.h>

enum { WORD = 8 };

const char *const x86_64_argument_registers[] = {"rdi", "rsi", "rdx", "rcx", "r8", "r9", NULL};

bool x86_64_argument(const struct arch_registers *registers, const struct arch_memory *memory, unsigned index,
		     uint64_t *ret)
{
	static const uint8_t in_registers[] = {X86_64_RDI, X86_64_RSI, X86_64_RDX, X86_64_RCX, X86_64_R8, X86_64_R9};

	if (index < sizeof(in_registers)) {
		*ret = x86_64_slot_get(registers, (enum x86_64_slot)in_registers[index]);
		return true;
	}
	index -= sizeof(in_registers);
	return memory->read_word(x86_64_slot_get(registers, X86_64_RSP) + WORD + index * (uint64_t)WORD, ret,
				 memory->user);
}

uint64_t x86_64_return_value(const struct arch_registers *registers)
{
	return x86_64_slot_get(registers, X86_64_RAX);
}

uint64_t x86_64_return_slot(const struct arch_registers *registers, bool has_returned)
{
	return x86_64_slot_get(registers, X86_64_RSP) - (has_returned ? WORD : 0);
}

/* Whether the LENGTH bytes that end where BYTES does are a call through a register or memory: ff /2. */
static bool is_indirect_call(const uint8_t *end, size_t length)
{
	struct x86_64_insn insn;

	return x86_64_decode(end - length, length, &insn) && insn.length == length && !insn.is_vector &&
	       insn.map == X86_64_MAP_ONE_BYTE && insn.opcode == 0xff && ((insn.modrm >> 3) & 7) == 2;
}

enum arch_return_place x86_64_return_place(const uint8_t *before, size_t before_size, const uint8_t *bytes,
					   size_t available)
{
	/* mov $15,%rax; syscall: what a signal handler returns to, rt_sigreturn(2) */
	static const uint8_t signal_return[] = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05};
	const uint8_t *end = before + before_size;

	for (size_t length = 2; length <= 8 && length <= before_size; length++) {
		/* call *x(%rip) goes where the loader has decided, always the same way */
		if (is_indirect_call(end, length))
			return length == 6 && end[-5] == 0x15 ? ARCH_RETURN_DIRECT : ARCH_RETURN_INDIRECT;
	}
	if (before_size >= 5 && end[-5] == 0xe8)
		return ARCH_RETURN_DIRECT;
	if (available >= sizeof(signal_return) && memcmp(bytes, signal_return, sizeof(signal_return)) == 0)
		return ARCH_RETURN_SIGNAL;
	return ARCH_RETURN_NONE;
}

static bool is_plausible(uint64_t stack_pointer, uint64_t current)
{
	const uint64_t reach = UINT64_C(1) << 33;
	uint64_t distance = stack_pointer > current ? stack_pointer - current : current - stack_pointer;

	return distance < reach && stack_pointer % WORD == 0;
}

/*
 * A jmp_buf has eight words; glibc (sysdeps/x86_64/jmpbuf-offsets.h) and musl
 * (src/setjmp/x86_64/setjmp.s) both keep rsp in the seventh. glibc keeps it
 * mangled: exclusive or with a secret word of the thread, %fs:0x30, then
 * rotated left by 17 (PTR_MANGLE, sysdeps/unix/sysv/linux/x86_64/sysdep.h).
 */
bool x86_64_jump_stack_pointer(const struct arch_registers *registers, const struct arch_memory *memory, uint64_t *ret)
{
	enum { KEPT_AT = 6 * WORD, SECRET_AT = 0x30, ROTATION = 17 };
	uint64_t current = x86_64_slot_get(registers, X86_64_RSP);
	uint64_t kept, secret, plain;

	if (!memory->read_word(x86_64_slot_get(registers, X86_64_RDI) + KEPT_AT, &kept, memory->user))
		return false;
	if (memory->read_word(x86_64_slot_get(registers, X86_64_FS_BASE) + SECRET_AT, &secret, memory->user)) {
		plain = (kept >> ROTATION | kept << (64 - ROTATION)) ^ secret;
		if (is_plausible(plain, current)) {
			*ret = plain;
			return true;
		}
	}
	if (!is_plausible(kept, current))
		return false;
	*ret = kept;
	return true;
}

/* The resume flag comes and goes with faults; which system call was made last is none of the program's business. */
bool x86_64_is_same_state(const struct arch_registers *first, const struct arch_registers *second)
{
	const uint64_t resume_flag = UINT64_C(1) << 16;

	for (unsigned i = 0; i < X86_64_SLOTS; i++) {
		const enum x86_64_slot slot = (enum x86_64_slot)i;
		uint64_t difference = x86_64_slot_get(first, slot) ^ x86_64_slot_get(second, slot);

		if (slot == X86_64_EFLAGS)
			difference &= ~resume_flag;
		if (slot != X86_64_ORIG_RAX && difference)
			return false;
	}
	return true;
}
