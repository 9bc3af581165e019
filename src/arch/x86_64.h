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

/* ---- x86_64_decode.c ---- */

enum x86_64_map { X86_64_MAP_ONE_BYTE, X86_64_MAP_0F, X86_64_MAP_0F38, X86_64_MAP_0F3A }; /* EVEX has more: 5, 6 */

enum { X86_64_REX_B = 1, X86_64_REX_X = 2, X86_64_REX_R = 4, X86_64_REX_W = 8 };

/* The form of an instruction. Places are offsets from its first byte. */
struct x86_64_insn {
	uint8_t length;
	uint8_t map; /* enum x86_64_map */
	uint8_t opcode;
	uint8_t opcode_at; /* of the escape before it, if there is one */
	uint8_t rex;       /* 0: none */
	uint8_t segment;   /* the segment override's byte, 0: none */
	uint8_t repeat;    /* f2 or f3, 0: none */
	bool has_operand_size;
	bool has_address_size;
	bool has_lock;
	bool is_vector;   /* VEX or EVEX */
	uint8_t modrm_at; /* 0: none */
	uint8_t modrm;
	uint8_t sib;
	uint8_t displacement_at;
	uint8_t displacement_size; /* 0, 1 or 4 */
	uint8_t immediate_at;
	uint8_t immediate_size;
	bool is_pc_relative; /* the memory operand is: its displacement counts from the next instruction */
	bool is_branch;      /* the immediate is the distance of a jump or call, from the next instruction */
};

/* Takes the instruction that BYTES begin with apart. False: it is none, is cut off, or is too odd to be sure. */
bool x86_64_decode(const uint8_t *bytes, size_t available, struct x86_64_insn *ret);
/* The little-endian number of SIZE bytes, sign-extended. */
int64_t x86_64_signed_at(const uint8_t *bytes, unsigned at, unsigned size);
/* What INSN, which lies at ADDR, names relative to the pc: a branch's target, else its operand's address. */
uint64_t x86_64_target(const struct x86_64_insn *insn, const uint8_t *bytes, uint64_t addr);
bool x86_64_target_of(const uint8_t *bytes, size_t available, uint64_t addr, uint64_t *ret, bool *ret_is_jump);

/* ---- x86_64_emulate.c ---- */

bool x86_64_emulate(const uint8_t *bytes, size_t available, struct arch_registers *registers,
		    const struct arch_memory *memory);

/* ---- x86_64_displace.c ---- */

struct usdtrap_error *x86_64_displace(const uint8_t *bytes, size_t available, uint64_t addr, uint64_t copy_addr,
				      struct arch_copy *ret) USDTRAP_MUST_USE;
bool x86_64_leave_copy(const struct arch_copy *copy, struct arch_registers *registers);

/* ---- x86_64_cave.c; see struct arch ---- */

void x86_64_cave_make(const struct arch_registers *registers, uint8_t code[ARCH_CAVE_SIZE]);
void x86_64_cave_enter(struct arch_registers *registers, uint64_t cave_addr, const struct arch_call *call);
int64_t x86_64_cave_result(const struct arch_registers *registers);
uint64_t x86_64_scratch_below(const struct arch_registers *registers, size_t size);
bool x86_64_is_restarted(long number);
bool x86_64_is_never_restarted(long number);
uint64_t x86_64_survive(const uint8_t *bytes, size_t available, uint64_t addr);
void x86_64_net_code(struct arch_net_code *ret);

/* ---- x86_64_call.c ---- */

extern const char *const x86_64_argument_registers[];
bool x86_64_argument(const struct arch_registers *registers, const struct arch_memory *memory, unsigned index,
		     uint64_t *ret);
uint64_t x86_64_return_value(const struct arch_registers *registers);
uint64_t x86_64_return_slot(const struct arch_registers *registers, bool has_returned);
enum arch_return_place x86_64_return_place(const uint8_t *before, size_t before_size, const uint8_t *bytes,
					   size_t available);
bool x86_64_jump_stack_pointer(const struct arch_registers *registers, const struct arch_memory *memory, uint64_t *ret);
bool x86_64_is_same_state(const struct arch_registers *first, const struct arch_registers *second);

/* ---- x86_64.c ---- */

size_t x86_64_nop_length(const uint8_t *bytes, size_t available);

/* ---- x86_64_registers.c ---- */

/* The general register that an instruction calls NUMBER: 0 is rax, 4 rsp, 15 r15. */
enum x86_64_slot x86_64_slot_of(unsigned number);
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
extern const char *const x86_64_shown_registers[];
bool x86_64_register_pair(const struct arch_register *low, struct arch_register *ret);
uint64_t x86_64_register_value(const struct arch_registers *registers, const struct arch_register *register_);

/* ---- x86_64_show.c ---- */

size_t x86_64_show_registers(const struct arch_registers *registers, struct arch_shown_register *ret);
size_t x86_64_show_vectors(const struct arch_vector_registers *registers, struct arch_shown_register *ret);
bool x86_64_vector_value(const struct arch_vector_registers *registers, const struct arch_register *register_,
			 void *ret, size_t size);

/* ---- x86_64_operand.c ---- */

size_t x86_64_operand_length(const char *text, size_t length);
struct usdtrap_error *x86_64_operand_parse(const char *text, size_t length, struct arch_operand *ret) USDTRAP_MUST_USE;
void x86_64_operand_format(const struct arch_operand *operand, struct strbuf *out);

/* x86_64_frame.c */
void x86_64_frame_registers(const struct arch_registers *registers, uint64_t *ret);
bool x86_64_signal_frame(const uint8_t *bytes, size_t available, uint64_t stack_pointer, uint64_t *ret_addrs);

/* x86_64_syscalls.c, generated; how many, as its generator counted */
enum { X86_64_SYSCALLS = 383, X86_64_NAMED_SYSCALLS = 369 };
extern const struct usdtrap_syscall x86_64_syscalls[X86_64_SYSCALLS];
extern const uint16_t x86_64_syscalls_by_name[X86_64_NAMED_SYSCALLS];

#endif
