/* SPDX-License-Identifier: MIT */
/*
 * The registers of x86-64: their names at every width and where the kernel
 * keeps their values for a tracer. arch_register.index is an enum x86_64_slot
 * for general registers, the register's number for vector ones.
 */
#include "arch/x86_64.h"

#include <assert.h>
#include <string.h>

#ifdef __x86_64__
#include <sys/user.h>

static_assert(sizeof(struct user_regs_struct) == X86_64_SLOTS * 8, "a slot is missing");
static_assert(sizeof(struct user_regs_struct) <= ARCH_REGISTERS_SIZE, "a blob is too small");
static_assert(offsetof(struct user_regs_struct, rax) == X86_64_RAX * 8, "slots are out of order");
static_assert(offsetof(struct user_regs_struct, rip) == X86_64_RIP * 8, "slots are out of order");
static_assert(offsetof(struct user_regs_struct, fs_base) == X86_64_FS_BASE * 8, "slots are out of order");
#endif

enum {
	XMM_SIZE = 16,
	YMM_SIZE = 32,
	VECTORS = 32,
};

struct general_name {
	const char *name;
	uint8_t slot, offset, size;
};

#define FOUR_NAMES(slot, r, e, w, b)                       \
	{r, slot, 0, 8}, {e, slot, 0, 4}, {w, slot, 0, 2}, \
	{                                                  \
		b, slot, 0, 1                              \
	}
#define NUMBERED(n) FOUR_NAMES(X86_64_R##n, "r" #n, "r" #n "d", "r" #n "w", "r" #n "b")

static const struct general_name general_names[] = {
	FOUR_NAMES(X86_64_RAX, "rax", "eax", "ax", "al"),
	FOUR_NAMES(X86_64_RBX, "rbx", "ebx", "bx", "bl"),
	FOUR_NAMES(X86_64_RCX, "rcx", "ecx", "cx", "cl"),
	FOUR_NAMES(X86_64_RDX, "rdx", "edx", "dx", "dl"),
	FOUR_NAMES(X86_64_RSI, "rsi", "esi", "si", "sil"),
	FOUR_NAMES(X86_64_RDI, "rdi", "edi", "di", "dil"),
	FOUR_NAMES(X86_64_RBP, "rbp", "ebp", "bp", "bpl"),
	FOUR_NAMES(X86_64_RSP, "rsp", "esp", "sp", "spl"),
	NUMBERED(8),
	NUMBERED(9),
	NUMBERED(10),
	NUMBERED(11),
	NUMBERED(12),
	NUMBERED(13),
	NUMBERED(14),
	NUMBERED(15),
	{"ah", X86_64_RAX, 1, 1},
	{"bh", X86_64_RBX, 1, 1},
	{"ch", X86_64_RCX, 1, 1},
	{"dh", X86_64_RDX, 1, 1},
	{"rip", X86_64_RIP, 0, 8},
	{"eip", X86_64_RIP, 0, 4},
	{"cs", X86_64_CS, 0, 2},
	{"ss", X86_64_SS, 0, 2},
	{"ds", X86_64_DS, 0, 2},
	{"es", X86_64_ES, 0, 2},
	{"fs", X86_64_FS, 0, 2},
	{"gs", X86_64_GS, 0, 2},
};

/* In the order of gdb's `info registers'. */
const char *const x86_64_shown_registers[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8",
					      "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip", NULL};

static const struct general_name segment_names[] = {
	{"fs", X86_64_FS_BASE, 0, 8},
	{"gs", X86_64_GS_BASE, 0, 8},
};

#define EIGHT(p, a, b, c, d, e, f, g, h) #p #a, #p #b, #p #c, #p #d, #p #e, #p #f, #p #g, #p #h
#define THIRTY_TWO(p)                                                                                      \
	{                                                                                                  \
		EIGHT(p, 0, 1, 2, 3, 4, 5, 6, 7), EIGHT(p, 8, 9, 10, 11, 12, 13, 14, 15),                  \
			EIGHT(p, 16, 17, 18, 19, 20, 21, 22, 23), EIGHT(p, 24, 25, 26, 27, 28, 29, 30, 31) \
	}

static const char *const xmm_names[VECTORS] = THIRTY_TWO(xmm);
static const char *const ymm_names[VECTORS] = THIRTY_TWO(ymm);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The order is that of the instruction set: Intel SDM volume 2, table 3-1. */
enum x86_64_slot x86_64_slot_of(unsigned number)
{
	static const uint8_t slots[] = {
		X86_64_RAX, X86_64_RCX, X86_64_RDX, X86_64_RBX, X86_64_RSP, X86_64_RBP, X86_64_RSI, X86_64_RDI,
		X86_64_R8,  X86_64_R9,  X86_64_R10, X86_64_R11, X86_64_R12, X86_64_R13, X86_64_R14, X86_64_R15,
	};

	return (enum x86_64_slot)slots[number & 15];
}

uint64_t x86_64_slot_get(const struct arch_registers *registers, enum x86_64_slot slot)
{
	uint64_t value;

	memcpy(&value, registers->bytes + slot * sizeof(value), sizeof(value));
	return value;
}

void x86_64_slot_set(struct arch_registers *registers, enum x86_64_slot slot, uint64_t value)
{
	memcpy(registers->bytes + slot * sizeof(value), &value, sizeof(value));
}

static bool is_name(const char *name, const char *text, size_t length)
{
	return strlen(name) == length && !memcmp(name, text, length);
}

static struct arch_register general_register(const struct general_name *known)
{
	return (struct arch_register){
		.index = known->slot,
		.offset = known->offset,
		.size = known->size,
		.is_pc = known->slot == X86_64_RIP,
	};
}

bool x86_64_register_by_name(const char *name, size_t length, struct arch_register *ret)
{
	for (size_t i = 0; i < COUNT(general_names); i++) {
		if (is_name(general_names[i].name, name, length)) {
			*ret = general_register(&general_names[i]);
			return true;
		}
	}
	for (uint16_t i = 0; i < VECTORS; i++) {
		bool is_xmm = is_name(xmm_names[i], name, length);

		if (is_xmm || is_name(ymm_names[i], name, length)) {
			*ret = (struct arch_register){
				.index = i,
				.size = is_xmm ? XMM_SIZE : YMM_SIZE,
				.is_vector = true,
			};
			return true;
		}
	}
	return false;
}

bool x86_64_segment_by_name(const char *name, size_t length, bool *ret_has, struct arch_register *ret)
{
	static const char *const flat[] = {"cs", "ds", "es", "ss"};

	for (size_t i = 0; i < COUNT(segment_names); i++) {
		if (is_name(segment_names[i].name, name, length)) {
			*ret = general_register(&segment_names[i]);
			*ret_has = true;
			return true;
		}
	}
	for (size_t i = 0; i < COUNT(flat); i++) {
		if (is_name(flat[i], name, length)) {
			*ret_has = false;
			return true;
		}
	}
	return false;
}

static const char *name_in(const struct general_name *names, size_t count, const struct arch_register *register_)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i].slot == register_->index && names[i].offset == register_->offset &&
		    names[i].size == register_->size)
			return names[i].name;
	}
	return NULL;
}

const char *x86_64_register_name(const struct arch_register *register_)
{
	const char *name;

	if (register_->is_vector) {
		assert(register_->index < VECTORS);
		return register_->size == XMM_SIZE ? xmm_names[register_->index] : ymm_names[register_->index];
	}
	name = name_in(general_names, COUNT(general_names), register_);
	if (!name)
		name = name_in(segment_names, COUNT(segment_names), register_);
	assert(name);
	return name;
}

/*
 * gcc keeps a 16-byte value in two neighbours of its own numbering of the
 * registers, the one with the lower number (gcc/config/i386/i386.h,
 * REGISTER_NAMES) holding the lower half. rsp is never one of them.
 */
bool x86_64_register_pair(const struct arch_register *low, struct arch_register *ret)
{
	static const uint8_t first_row[] = {X86_64_RAX, X86_64_RDX, X86_64_RCX, X86_64_RBX,
					    X86_64_RSI, X86_64_RDI, X86_64_RBP};
	static const uint8_t second_row[] = {X86_64_R8,  X86_64_R9,  X86_64_R10, X86_64_R11,
					     X86_64_R12, X86_64_R13, X86_64_R14, X86_64_R15};
	static const struct {
		const uint8_t *slots;
		size_t count;
	} rows[] = {{first_row, COUNT(first_row)}, {second_row, COUNT(second_row)}};

	if (low->is_vector || low->size != 8)
		return false;
	for (size_t row = 0; row < COUNT(rows); row++) {
		for (size_t i = 0; i + 1 < rows[row].count; i++) {
			if (rows[row].slots[i] == low->index) {
				*ret = *low;
				ret->index = rows[row].slots[i + 1];
				return true;
			}
		}
	}
	return false;
}

uint64_t x86_64_register_value(const struct arch_registers *registers, const struct arch_register *register_)
{
	uint64_t value;

	assert(!register_->is_vector && register_->index < X86_64_SLOTS);
	value = x86_64_slot_get(registers, (enum x86_64_slot)register_->index) >> (8 * register_->offset);
	return register_->size < sizeof(value) ? value & ((UINT64_C(1) << (8 * register_->size)) - 1) : value;
}
