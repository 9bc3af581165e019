/* SPDX-License-Identifier: MIT */
/*
 * x86-64: the trap, nops, system calls, and the table that holds all of the
 * architecture together.
 * Instruction formats: Intel SDM volume 2, "Instruction Format" and the pages
 * of the instructions.
 */
#include "arch/x86_64.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <string.h>
#include <sys/user.h>

enum {
	MAX_INSTRUCTION = 15, /* longer ones raise #GP */
	TRAP_SIZE = 1,
	SYSCALL_SIZE = 2,      /* 0f 05, and cd 80 likewise */
	SYSTEM_CALL_CLOSE = 3, /* all of these: arch/x86/entry/syscalls/syscall_64.tbl */
	SYSTEM_CALL_MMAP = 9,
	SYSTEM_CALL_MPROTECT = 10,
	SYSTEM_CALL_MUNMAP = 11,
	SYSTEM_CALL_SIGACTION = 13,
	SYSTEM_CALL_SIGPROCMASK = 14,
	SYSTEM_CALL_MREMAP = 25,
	SYSTEM_CALL_EXECVE = 59,
	SYSTEM_CALL_REMAP_FILE_PAGES = 216,
	SYSTEM_CALL_RESTART = 219,
	SYSTEM_CALL_EXECVEAT = 322,
	SYSTEM_CALL_PKEY_MPROTECT = 329,
	RESTART_BY_ITS_OWN_CALL = -516,  /* ERESTART_RESTARTBLOCK */
	X86_64_SA_RESTORER = 0x04000000, /* arch/x86/include/uapi/asm/signal.h of the kernel */
	X32_SYSTEM_CALL_BIT = 0x40000000,
};

/* The bytes behind an opcode that a ModRM byte MODRM asks for, itself included; 0 if AVAILABLE does not reach. */
static size_t modrm_length(const uint8_t *modrm, size_t available)
{
	unsigned mod, rm;
	size_t length = 1;

	if (!available)
		return 0;
	mod = modrm[0] >> 6;
	rm = modrm[0] & 7;
	if (mod == 3)
		return length;
	if (rm == 4) { /* a SIB byte; base 5 with mod 0 stands for a displacement without a base */
		if (available < 2)
			return 0;
		if (mod == 0 && (modrm[1] & 7) == 5)
			length += 4;
		length++;
	} else if (mod == 0 && rm == 5) { /* relative to the pc */
		length += 4;
	}
	if (mod == 1)
		length += 1;
	else if (mod == 2)
		length += 4;
	return length;
}

static bool is_segment_prefix(uint8_t byte)
{
	return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x64 || byte == 0x65;
}

/*
 * [66]... 90, and [66 | segment]... [REX] 0f 1f /0 with whatever operand: the
 * recommended multi-byte forms ("NOP", table 4-12) and the longer ones that
 * assemblers pad with. Not `pause' (f3 90), not xchg (41 90).
 */
size_t x86_64_nop_length(const uint8_t *bytes, size_t available)
{
	size_t at = 0, operand;
	bool has_segment = false;

	if (available > MAX_INSTRUCTION)
		available = MAX_INSTRUCTION;
	while (at < available && (bytes[at] == 0x66 || is_segment_prefix(bytes[at])))
		has_segment |= is_segment_prefix(bytes[at++]);
	if (at < available && bytes[at] == 0x90 && !has_segment)
		return at + 1;
	if (at < available && (bytes[at] & 0xf0) == 0x40)
		at++;
	if (available - at < 3 || bytes[at] != 0x0f || bytes[at + 1] != 0x1f || (bytes[at + 2] & 0x38))
		return 0;
	at += 2;
	operand = modrm_length(bytes + at, available - at);
	return operand && operand <= available - at ? at + operand : 0;
}

static uint64_t x86_64_pc(const struct arch_registers *registers)
{
	return x86_64_slot_get(registers, X86_64_RIP);
}

static void x86_64_set_pc(struct arch_registers *registers, uint64_t pc)
{
	x86_64_slot_set(registers, X86_64_RIP, pc);
}

static uint64_t x86_64_stack_pointer(const struct arch_registers *registers)
{
	return x86_64_slot_get(registers, X86_64_RSP);
}

static uint64_t x86_64_trap_address(const struct arch_registers *registers)
{
	return x86_64_pc(registers) - TRAP_SIZE;
}

static long x86_64_system_call(const struct arch_registers *registers)
{
	return (long)x86_64_slot_get(registers, X86_64_ORIG_RAX);
}

/*
 * The segment's copy ends where the thread pointer points, or so little below
 * that its alignment is kept ("variant II" of Drepper, ELF Handling For
 * Thread-Local Storage, section 3).
 */
static int64_t x86_64_thread_offset(uint64_t offset, uint64_t vaddr, uint64_t size, uint64_t alignment)
{
	uint64_t padding = -(vaddr + size) & (alignment - 1);

	return (int64_t)(offset - size - padding);
}

/*
 * What PTRACE_INTERRUPT does to a thread that sleeps in a system call: the
 * sleep ends as if a signal had come, the call leaves a result, and on the way
 * back to user space, before that result is looked at, the thread stops for
 * its tracer. What the tracer sees in rax is one of
 *
 *	-512 ERESTARTSYS, -513 ERESTARTNOINTR, -514 ERESTARTNOHAND,
 *	-516 ERESTART_RESTARTBLOCK
 *		The kernel's own marks for "enter it again if no handler
 *		runs". Once the thread goes on and no signal is delivered, the
 *		kernel itself steps back to the call (516: to
 *		restart_syscall(2), which knows the time that is left). They
 *		are left alone: should a signal come after all, the choice
 *		between EINTR and going on (SA_RESTART) must stay the kernel's.
 *	-4 EINTR
 *		The calls of signal(7) that are never restarted: epoll_wait,
 *		semop, sigtimedwait, io_getevents, sockets with a timeout...
 *		They rely on there being no reason to stop but a handler, so
 *		the program would see an EINTR that it never sees untraced.
 *		Here the step back is done by hand. orig_rax = -1 says that
 *		this is no return from a system call any more, so that the
 *		kernel does not step back a second time.
 *
 * Where a seccomp filter watches, the last of the marks is deadly: filters that
 * were not written with tracers in mind do not know restart_syscall(2). So that
 * one, too, is stepped back by hand then, at the price of the whole time.
 *
 * EINTR of close(2) is not touched: the descriptor is gone by then, and a
 * second close might hit one that another thread has just opened.
 */
static bool x86_64_restart_interrupted_call(struct arch_registers *registers, bool is_filtered)
{
	int64_t result = (int64_t)x86_64_slot_get(registers, X86_64_RAX);
	int64_t call = x86_64_system_call(registers);

	if (call < 0 || (result != -EINTR && !(is_filtered && result == RESTART_BY_ITS_OWN_CALL)) ||
	    (call & ~(int64_t)X32_SYSTEM_CALL_BIT) == SYSTEM_CALL_CLOSE)
		return false;
	x86_64_slot_set(registers, X86_64_RAX, (uint64_t)call);
	x86_64_slot_set(registers, X86_64_RIP, x86_64_pc(registers) - SYSCALL_SIZE);
	x86_64_slot_set(registers, X86_64_ORIG_RAX, UINT64_MAX);
	return true;
}

/* Numbers and arguments: syscall(2). */
static void x86_64_call(const struct arch_registers *registers, struct arch_call_state *ret)
{
	static const enum x86_64_slot arguments[ARCH_CALL_ARGUMENTS_MAX] = {
		X86_64_RDI, X86_64_RSI, X86_64_RDX, X86_64_R10, X86_64_R8, X86_64_R9,
	};

	ret->number = x86_64_system_call(registers);
	ret->result = (int64_t)x86_64_slot_get(registers, X86_64_RAX);
	for (unsigned i = 0; i < ARCH_CALL_ARGUMENTS_MAX; i++)
		ret->arguments[i] = x86_64_slot_get(registers, arguments[i]);
}

static bool x86_64_is_compatible_call(const uint8_t *code)
{
	return code[0] == 0xcd && code[1] == 0x80;
}

static bool x86_64_is_exec(long number)
{
	return number == SYSTEM_CALL_EXECVE || number == SYSTEM_CALL_EXECVEAT;
}

static bool x86_64_is_mapping(long number)
{
	switch (number) {
	case SYSTEM_CALL_MMAP:
	case SYSTEM_CALL_MPROTECT:
	case SYSTEM_CALL_MUNMAP:
	case SYSTEM_CALL_MREMAP:
	case SYSTEM_CALL_REMAP_FILE_PAGES:
	case SYSTEM_CALL_PKEY_MPROTECT:
		return true;
	default:
		return false;
	}
}

/* At the entry, and only there, rax is -ENOSYS: the kernel's preset for calls that do not exist. */
static bool x86_64_exec_entry(const struct arch_registers *registers, uint64_t *ret_path_addr, int *ret_directory)
{
	if ((int64_t)x86_64_slot_get(registers, X86_64_RAX) != -ENOSYS)
		return false;
	switch (x86_64_system_call(registers)) {
	case SYSTEM_CALL_EXECVE:
		*ret_path_addr = x86_64_slot_get(registers, X86_64_RDI);
		*ret_directory = AT_FDCWD;
		return true;
	case SYSTEM_CALL_EXECVEAT:
		*ret_path_addr = x86_64_slot_get(registers, X86_64_RSI);
		*ret_directory = (int)x86_64_slot_get(registers, X86_64_RDI);
		return true;
	}
	return false;
}

enum { DEBUG_STATUS = 6, DEBUG_CONTROL = 7, DEBUG_ADDRESSES = 4 };

static size_t x86_64_debug_register(unsigned index)
{
	return offsetof(struct user, u_debugreg) + index * sizeof(((struct user *)NULL)->u_debugreg[0]);
}

/* Two bits that switch the place on (the local one is set), four that tell how it is watched. */
static uint64_t x86_64_watch_control(unsigned index, unsigned length, unsigned access)
{
	uint64_t how = 0; /* execution */

	if (access & ARCH_WATCH_READ)
		how = 3; /* reads and writes: there are no reads alone */
	else if (access & ARCH_WATCH_WRITE)
		how = 1;
	how |= (length == 8 ? 2u : length - 1) << 2;
	return UINT64_C(1) << (2 * index) | how << (16 + 4 * index);
}

static bool x86_64_watch_was_hit(uint64_t status, unsigned index)
{
	return status >> index & 1;
}

const struct arch arch_x86_64 = {
	.name = "x86-64",
	.elf_machine = EM_X86_64,
	.address_size = 8,
	.audit_architecture = AUDIT_ARCH_X86_64,
	.trap = {0xcc}, /* int3 */
	.trap_size = TRAP_SIZE,
	.nop_length = x86_64_nop_length,
	.pc = x86_64_pc,
	.set_pc = x86_64_set_pc,
	.stack_pointer = x86_64_stack_pointer,
	.trap_address = x86_64_trap_address,
	.target = x86_64_target_of,
	.register_by_name = x86_64_register_by_name,
	.register_name = x86_64_register_name,
	.shown_registers = x86_64_shown_registers,
	.show_registers = x86_64_show_registers,
	.show_vectors = x86_64_show_vectors,
	.register_pair = x86_64_register_pair,
	.register_value = x86_64_register_value,
	.vector_value = x86_64_vector_value,
	.thread_offset = x86_64_thread_offset,
	.frame_register_count = 17,
	.frame_stack_pointer = 7,
	.frame_pointer = 6,
	.frame_pc = 16,
	.frame_registers = x86_64_frame_registers,
	.signal_frame = x86_64_signal_frame,
	.operand_length = x86_64_operand_length,
	.operand_parse = x86_64_operand_parse,
	.operand_format = x86_64_operand_format,
	.emulate = x86_64_emulate,
	.displace = x86_64_displace,
	.leave_copy = x86_64_leave_copy,
	.argument_registers = x86_64_argument_registers,
	.result_register = "rax",
	.stack_pointer_register = "rsp",
	.argument = x86_64_argument,
	.return_value = x86_64_return_value,
	.return_slot = x86_64_return_slot,
	.return_place = x86_64_return_place,
	.jump_stack_pointer = x86_64_jump_stack_pointer,
	.is_same_state = x86_64_is_same_state,
	.restart_interrupted_call = x86_64_restart_interrupted_call,
	.syscalls = x86_64_syscalls,
	.syscall_count = X86_64_SYSCALLS,
	.syscalls_by_name = x86_64_syscalls_by_name,
	.syscall_named_count = X86_64_NAMED_SYSCALLS,
	.watch_count = DEBUG_ADDRESSES,
	.watch_address_offset = x86_64_debug_register,
	.watch_control_offset = offsetof(struct user, u_debugreg) + DEBUG_CONTROL * 8,
	.watch_status_offset = offsetof(struct user, u_debugreg) + DEBUG_STATUS * 8,
	.watch_control = x86_64_watch_control,
	.watch_was_hit = x86_64_watch_was_hit,
	.call = x86_64_call,
	.is_compatible_call = x86_64_is_compatible_call,
	.is_exec = x86_64_is_exec,
	.restart_call = SYSTEM_CALL_RESTART,
	.is_mapping = x86_64_is_mapping,
	.system_call = x86_64_system_call,
	.exec_entry = x86_64_exec_entry,
	.cave_make = x86_64_cave_make,
	.cave_enter = x86_64_cave_enter,
	.cave_result = x86_64_cave_result,
	.scratch_below = x86_64_scratch_below,
	.is_restarted = x86_64_is_restarted,
	.is_never_restarted = x86_64_is_never_restarted,
	.survive = x86_64_survive,
	.net_code = x86_64_net_code,
	.sigaction_call = SYSTEM_CALL_SIGACTION,
	.sigprocmask_call = SYSTEM_CALL_SIGPROCMASK,
	.mmap_call = SYSTEM_CALL_MMAP,
	.munmap_call = SYSTEM_CALL_MUNMAP,
	.sigaction_flags = X86_64_SA_RESTORER,
};
