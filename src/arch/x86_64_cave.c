/* SPDX-License-Identifier: MIT */
/*
 * A borrowed thread: how it makes a system call for us and comes back by
 * itself, whether we live to see it or not.
 *
 * The call's number and arguments are put into the thread's registers, and its
 * pc to the cave, code that is made for this one thread at this one moment:
 *
 *	syscall
 *	movabs $..., %rdi        all that the call needed or destroyed, and
 *	...                      what was there before as immediate values
 *	jmp *0(%rip)
 *	.quad where it was
 *
 * It touches neither stack nor flags, so that from the moment the pc is set
 * nothing is needed any more to bring the thread back.
 *
 * A thread that was interrupted in a system call comes back to the call's own
 * instruction, and enters it again, as the kernel would have had it do.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "arch/net.h"
#include "arch/x86_64.h"

static_assert(offsetof(struct arch_net_head, flags) == 16, "HEAD_FLAGS");
static_assert(offsetof(struct arch_net_head, is_healed) == 20, "HEAD_IS_HEALED");
static_assert(offsetof(struct arch_net_head, before) == 24, "HEAD_BEFORE");
static_assert(offsetof(struct arch_net_head, zero) == 88, "HEAD_ZERO");
static_assert(offsetof(struct arch_net_head, first_chunk_addr) == 120, "HEAD_FIRST_CHUNK");
static_assert(offsetof(struct arch_net_head, others_first_addr) == 128, "HEAD_OTHERS_FIRST");
static_assert(offsetof(struct arch_net_head, others_last_addr) == 136, "HEAD_OTHERS_LAST");
static_assert(sizeof(struct arch_net_head) % 16 == 0, "what follows is aligned");
static_assert(offsetof(struct arch_net_chunk, count) == 8 && sizeof(struct arch_net_chunk) == 16, "CHUNK_*");
static_assert(sizeof(struct arch_net_entry) == 16, "ENTRY_SIZE");

enum {
	SYSCALL_SIZE = 2,
	RESTART_FIRST = -514, /* ERESTARTNOHAND, ERESTARTNOINTR, ERESTARTSYS: include/linux/errno.h of the kernel */
	RESTART_LAST = -512,  /* ERESTARTSYS */
};

/* The registers that a system call of ours reads or destroys, with the code of `movabs' into each. */
static const struct {
	enum x86_64_slot slot;
	uint8_t rex;
	uint8_t opcode;
} restored[] = {
	{X86_64_RDI, 0x48, 0xbf}, {X86_64_RSI, 0x48, 0xbe}, {X86_64_RDX, 0x48, 0xba},
	{X86_64_R10, 0x49, 0xba}, {X86_64_R8, 0x49, 0xb8},  {X86_64_R9, 0x49, 0xb9},
	{X86_64_RCX, 0x48, 0xb9}, {X86_64_R11, 0x49, 0xbb}, {X86_64_RAX, 0x48, 0xb8},
};

static uint8_t *add(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

/* Where and with what in rax a thread with REGISTERS goes on in user space, if no signal comes. */
static void find_return(const struct arch_registers *registers, uint64_t *ret_pc, uint64_t *ret_rax)
{
	const int64_t call = (int64_t)x86_64_slot_get(registers, X86_64_ORIG_RAX);
	const int64_t result = (int64_t)x86_64_slot_get(registers, X86_64_RAX);

	*ret_pc = x86_64_slot_get(registers, X86_64_RIP);
	*ret_rax = (uint64_t)result;
	if (call < 0)
		return;
	if (result >= RESTART_FIRST && result <= RESTART_LAST) {
		*ret_pc -= SYSCALL_SIZE;
		*ret_rax = (uint64_t)call;
	}
}

void x86_64_cave_make(const struct arch_registers *registers, uint8_t code[ARCH_CAVE_SIZE])
{
	static const uint8_t syscall_insn[] = {0x0f, 0x05}, jump[] = {0xff, 0x25, 0, 0, 0, 0};
	struct arch_registers back = *registers;
	uint8_t *at = code;
	uint64_t pc, rax, value;

	arch_x86_64.restart_interrupted_call(&back, true); /* by itself, whatever filters there are */
	find_return(&back, &pc, &rax);
	at = add(at, syscall_insn, sizeof(syscall_insn));
	for (size_t i = 0; i < sizeof(restored) / sizeof(restored[0]); i++) {
		value = restored[i].slot == X86_64_RAX ? rax : x86_64_slot_get(registers, restored[i].slot);
		*at++ = restored[i].rex;
		*at++ = restored[i].opcode;
		at = add(at, &value, sizeof(value));
	}
	at = add(at, jump, sizeof(jump));
	at = add(at, &pc, sizeof(pc));
	assert(at <= code + ARCH_CAVE_SIZE);
	memset(at, 0, (size_t)(code + ARCH_CAVE_SIZE - at));
}

void x86_64_cave_enter(struct arch_registers *registers, uint64_t cave_addr, const struct arch_call *call)
{
	static const enum x86_64_slot argument_slots[ARCH_CALL_ARGUMENTS] = {X86_64_RDI, X86_64_RSI, X86_64_RDX,
									     X86_64_R10, X86_64_R8,  X86_64_R9};

	for (size_t i = 0; i < ARCH_CALL_ARGUMENTS; i++)
		x86_64_slot_set(registers, argument_slots[i], call->arguments[i]);
	x86_64_slot_set(registers, X86_64_RAX, (uint64_t)call->number);
	x86_64_slot_set(registers, X86_64_ORIG_RAX, UINT64_MAX); /* it is in no system call that could be restarted */
	x86_64_slot_set(registers, X86_64_RIP, cave_addr);
}

int64_t x86_64_cave_result(const struct arch_registers *registers)
{
	return (int64_t)x86_64_slot_get(registers, X86_64_RAX);
}

/* Beyond the 128 bytes below the stack pointer that a function may use without moving it (ABI, "red zone"). */
uint64_t x86_64_scratch_below(const struct arch_registers *registers, size_t size)
{
	return (x86_64_slot_get(registers, X86_64_RSP) - 128 - size) & ~UINT64_C(15);
}

static bool is_among(long number, const uint16_t *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (calls[i] == number)
			return true;
	return false;
}

/* The usual ones to sleep in; signal(7), "Interruption of system calls". */
bool x86_64_is_restarted(long number)
{
	static const uint16_t calls[] = {
		0,   /* read */
		1,   /* write */
		7,   /* poll */
		23,  /* select */
		34,  /* pause */
		35,  /* nanosleep */
		43,  /* accept */
		61,  /* wait4 */
		130, /* rt_sigsuspend */
		202, /* futex */
		230, /* clock_nanosleep */
		247, /* waitid */
		270, /* pselect6 */
		271, /* ppoll */
		288, /* accept4 */
	};

	return is_among(number, calls, sizeof(calls) / sizeof(calls[0]));
}

/* Likewise. Those that transfer data are so only on sockets that have a timeout. */
bool x86_64_is_never_restarted(long number)
{
	static const uint16_t calls[] = {
		0,   /* read */
		1,   /* write */
		19,  /* readv */
		20,  /* writev */
		42,  /* connect */
		43,  /* accept */
		44,  /* sendto */
		45,  /* recvfrom */
		46,  /* sendmsg */
		47,  /* recvmsg */
		65,  /* semop */
		128, /* rt_sigtimedwait */
		208, /* io_getevents */
		220, /* semtimedop */
		232, /* epoll_wait */
		281, /* epoll_pwait */
		288, /* accept4 */
		299, /* recvmmsg */
		307, /* sendmmsg */
		333, /* io_pgetevents */
		426, /* io_uring_enter */
		441, /* epoll_pwait2 */
	};

	return is_among(number, calls, sizeof(calls) / sizeof(calls[0]));
}

uint64_t x86_64_survive(const uint8_t *bytes, size_t available, uint64_t addr)
{
	static const uint8_t landing_pad[] = {0xf3, 0x0f, 0x1e, 0xfa}, return_insn = 0xc3;
	const size_t nop_length = x86_64_nop_length(bytes, available);

	if (nop_length)
		return addr + nop_length;
	if (available >= sizeof(landing_pad) && memcmp(bytes, landing_pad, sizeof(landing_pad)) == 0)
		return addr + sizeof(landing_pad);
	if (available >= 1 && bytes[0] == return_insn)
		return 0;
	if (available >= 2 && (bytes[0] == 0xf3 || bytes[0] == 0xf2) && bytes[1] == return_insn) /* rep ret, bnd ret */
		return 0;
	return addr;
}

extern const uint8_t x86_64_net_begin[], x86_64_net_restorer[], x86_64_net_end[];

void x86_64_net_code(struct arch_net_code *ret)
{
	ret->bytes = x86_64_net_begin;
	ret->size = (size_t)(x86_64_net_end - x86_64_net_begin);
	ret->restorer_offset = (size_t)(x86_64_net_restorer - x86_64_net_begin);
}
