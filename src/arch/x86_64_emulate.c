/* SPDX-License-Identifier: MIT */
/*
 * Instructions acted out on a stopped thread's registers: what functions begin
 * with, and what commonly stands behind a call. Where a trap displaces one of
 * these, nothing needs to be written into the target for it to go on.
 *
 * Only what is defined to the last flag is acted out: the arithmetic ones set
 * all six status flags from their operands. The logical ones (xor, test...)
 * leave AF undefined, so they are executed by a processor, out of line.
 *
 * Source: Intel SDM volume 2, the pages of the instructions, "Operation".
 */
#include "arch/x86_64.h"

#include <string.h>

enum {
	WORD = 8,
	FLAG_CARRY = 1 << 0,
	FLAG_PARITY = 1 << 2,
	FLAG_ADJUST = 1 << 4,
	FLAG_ZERO = 1 << 6,
	FLAG_SIGN = 1 << 7,
	FLAG_OVERFLOW = 1 << 11,
	FLAGS_STATUS = FLAG_CARRY | FLAG_PARITY | FLAG_ADJUST | FLAG_ZERO | FLAG_SIGN | FLAG_OVERFLOW,
};

struct emulation {
	const uint8_t *bytes;
	struct x86_64_insn insn;
	struct arch_registers *registers;
	const struct arch_memory *memory;
	uint64_t pc;   /* of the instruction */
	uint64_t next; /* where it goes on: pc + length, unless it is a jump */
};

static uint64_t get(const struct emulation *emulation, unsigned number)
{
	return x86_64_slot_get(emulation->registers, x86_64_slot_of(number));
}

static bool is_wide(const struct emulation *emulation)
{
	return emulation->insn.rex & X86_64_REX_W;
}

/* Writes a register of the operand's size. One of 32 bits clears the upper half. */
static void set(const struct emulation *emulation, unsigned number, uint64_t value)
{
	x86_64_slot_set(emulation->registers, x86_64_slot_of(number), is_wide(emulation) ? value : (uint32_t)value);
}

/* The registers that an instruction's ModRM byte and its opcode's last three bits name. */
static unsigned reg_number(const struct x86_64_insn *insn)
{
	return ((insn->modrm >> 3) & 7u) | (insn->rex & X86_64_REX_R ? 8 : 0);
}

static unsigned rm_number(const struct x86_64_insn *insn)
{
	return (insn->modrm & 7u) | (insn->rex & X86_64_REX_B ? 8 : 0);
}

static unsigned opcode_number(const struct x86_64_insn *insn)
{
	return (insn->opcode & 7u) | (insn->rex & X86_64_REX_B ? 8 : 0);
}

static int64_t immediate(const struct emulation *emulation)
{
	return x86_64_signed_at(emulation->bytes, emulation->insn.immediate_at, emulation->insn.immediate_size);
}

static bool push(const struct emulation *emulation, uint64_t value)
{
	uint64_t top = x86_64_slot_get(emulation->registers, X86_64_RSP) - WORD;

	if (!emulation->memory->write_word(top, value, emulation->memory->user))
		return false;
	x86_64_slot_set(emulation->registers, X86_64_RSP, top);
	return true;
}

/* Pops a word, and POPPED bytes more. */
static bool pop(const struct emulation *emulation, uint64_t from, uint64_t popped, uint64_t *ret)
{
	if (!emulation->memory->read_word(from, ret, emulation->memory->user))
		return false;
	x86_64_slot_set(emulation->registers, X86_64_RSP, from + WORD + popped);
	return true;
}

static bool has_even_bits(uint8_t byte)
{
	return __builtin_popcount(byte) % 2 == 0;
}

/* The flags of LEFT + RIGHT or LEFT - RIGHT = RESULT, all cut to the operand's size. */
static void set_flags(const struct emulation *emulation, uint64_t left, uint64_t right, uint64_t result,
		      bool is_difference)
{
	const uint64_t sign = is_wide(emulation) ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
	uint64_t flags = x86_64_slot_get(emulation->registers, X86_64_EFLAGS) & ~(uint64_t)FLAGS_STATUS;
	bool is_carry = is_difference ? left < right : result < left;
	bool is_overflow =
		is_difference ? (left ^ right) & (left ^ result) & sign : ~(left ^ right) & (left ^ result) & sign;

	flags |= is_carry ? FLAG_CARRY : 0;
	flags |= has_even_bits((uint8_t)result) ? FLAG_PARITY : 0;
	flags |= (left ^ right ^ result) & FLAG_ADJUST;
	flags |= result == 0 ? FLAG_ZERO : 0;
	flags |= result & sign ? FLAG_SIGN : 0;
	flags |= is_overflow ? FLAG_OVERFLOW : 0;
	x86_64_slot_set(emulation->registers, X86_64_EFLAGS, flags);
}

enum { OPERATION_ADD = 0, OPERATION_SUB = 5, OPERATION_CMP = 7 }; /* as ModRM's middle bits have them */

/* add, sub and cmp of register TO. False: another operation. */
static bool calculate(const struct emulation *emulation, unsigned operation, unsigned to, uint64_t right)
{
	const uint64_t mask = is_wide(emulation) ? UINT64_MAX : UINT32_MAX;
	uint64_t left = get(emulation, to) & mask, result;

	if (operation != OPERATION_ADD && operation != OPERATION_SUB && operation != OPERATION_CMP)
		return false;
	right &= mask;
	result = (operation == OPERATION_ADD ? left + right : left - right) & mask;
	set_flags(emulation, left, right, result, operation != OPERATION_ADD);
	if (operation != OPERATION_CMP)
		set(emulation, to, result);
	return true;
}

/* The address of a memory operand, without a segment. */
static uint64_t effective_address(const struct emulation *emulation)
{
	const struct x86_64_insn *insn = &emulation->insn;
	unsigned mod = insn->modrm >> 6, rm = insn->modrm & 7;
	uint64_t address = (uint64_t)x86_64_signed_at(emulation->bytes, insn->displacement_at, insn->displacement_size);
	unsigned index, base;

	if (insn->is_pc_relative)
		return x86_64_target(insn, emulation->bytes, emulation->pc);
	if (rm != 4)
		return address + get(emulation, rm_number(insn));
	index = ((insn->sib >> 3) & 7u) | (insn->rex & X86_64_REX_X ? 8 : 0);
	base = insn->sib & 7;
	if (index != 4)
		address += get(emulation, index) << (insn->sib >> 6);
	if (base != 5 || mod != 0)
		address += get(emulation, base | (insn->rex & X86_64_REX_B ? 8 : 0));
	return address;
}

/* Intel SDM volume 1, appendix B "EFLAGS Condition Codes". */
static bool is_met(const struct emulation *emulation, unsigned condition)
{
	uint64_t flags = x86_64_slot_get(emulation->registers, X86_64_EFLAGS);
	bool is_less = !(flags & FLAG_SIGN) != !(flags & FLAG_OVERFLOW);
	bool is_true = false;

	switch (condition >> 1) {
	case 0:
		is_true = flags & FLAG_OVERFLOW;
		break;
	case 1:
		is_true = flags & FLAG_CARRY;
		break;
	case 2:
		is_true = flags & FLAG_ZERO;
		break;
	case 3:
		is_true = flags & (FLAG_CARRY | FLAG_ZERO);
		break;
	case 4:
		is_true = flags & FLAG_SIGN;
		break;
	case 5:
		is_true = flags & FLAG_PARITY;
		break;
	case 6:
		is_true = is_less;
		break;
	case 7:
		is_true = is_less || (flags & FLAG_ZERO);
		break;
	}
	return is_true != (condition & 1);
}

static bool jump(struct emulation *emulation, bool is_taken)
{
	if (is_taken)
		emulation->next = x86_64_target(&emulation->insn, emulation->bytes, emulation->pc);
	return true;
}

static bool call(struct emulation *emulation)
{
	return push(emulation, emulation->next) && jump(emulation, true);
}

/* ret, and ret $N, which pops N bytes more. */
static bool return_from(struct emulation *emulation)
{
	uint64_t popped = (uint16_t)immediate(emulation);

	return pop(emulation, x86_64_slot_get(emulation->registers, X86_64_RSP), popped, &emulation->next);
}

/* pop %rsp: what was popped is what counts. */
static bool pop_register(const struct emulation *emulation)
{
	uint64_t value;

	if (!pop(emulation, x86_64_slot_get(emulation->registers, X86_64_RSP), 0, &value))
		return false;
	x86_64_slot_set(emulation->registers, x86_64_slot_of(opcode_number(&emulation->insn)), value);
	return true;
}

static bool leave(const struct emulation *emulation)
{
	uint64_t value;

	if (!pop(emulation, x86_64_slot_get(emulation->registers, X86_64_RBP), 0, &value))
		return false;
	x86_64_slot_set(emulation->registers, X86_64_RBP, value);
	return true;
}

/* Those whose operands are all registers and immediates, by ModRM. */
static bool act_on_registers(const struct emulation *emulation)
{
	const struct x86_64_insn *insn = &emulation->insn;
	const unsigned operation = (insn->modrm >> 3) & 7u;
	const unsigned rm = rm_number(insn), reg = reg_number(insn);

	switch (insn->opcode) {
	case 0x01:
	case 0x29:
	case 0x39: /* add, sub, cmp rm, reg: the operation stands in the opcode */
		return calculate(emulation, insn->opcode >> 3, rm, get(emulation, reg));
	case 0x03:
	case 0x2b:
	case 0x3b:
		return calculate(emulation, insn->opcode >> 3, reg, get(emulation, rm));
	case 0x81:
	case 0x83:
		return calculate(emulation, operation, rm, (uint64_t)immediate(emulation));
	case 0x89: /* mov */
		set(emulation, rm, get(emulation, reg));
		return true;
	case 0x8b:
		set(emulation, reg, get(emulation, rm));
		return true;
	case 0xc7:
		if (operation != 0)
			return false;
		set(emulation, rm, (uint64_t)immediate(emulation));
		return true;
	}
	return false;
}

static bool act_one_byte(struct emulation *emulation)
{
	const struct x86_64_insn *insn = &emulation->insn;
	const bool is_register = insn->modrm_at && insn->modrm >> 6 == 3;

	switch (insn->opcode) {
	case 0x50 ... 0x57:
		return push(emulation, get(emulation, opcode_number(insn)));
	case 0x58 ... 0x5f:
		return pop_register(emulation);
	case 0x68:
	case 0x6a:
		return push(emulation, (uint64_t)immediate(emulation));
	case 0x70 ... 0x7f:
		return jump(emulation, is_met(emulation, insn->opcode & 15));
	case 0x8d: /* lea */
		if (is_register)
			return false;
		set(emulation, reg_number(insn), effective_address(emulation));
		return true;
	case 0xb8 ... 0xbf: /* mov */
		set(emulation, opcode_number(insn), (uint64_t)immediate(emulation));
		return true;
	case 0xc2:
	case 0xc3:
		return return_from(emulation);
	case 0xc9:
		return leave(emulation);
	case 0xe8:
		return call(emulation);
	case 0xe9:
	case 0xeb:
		return jump(emulation, true);
	}
	return is_register && act_on_registers(emulation);
}

/* Prefixes that change nothing: REX; bnd and rep before a branch or return, for old processors; notrack. */
static bool has_plain_prefixes(const struct x86_64_insn *insn)
{
	const bool is_return = insn->map == X86_64_MAP_ONE_BYTE && (insn->opcode == 0xc2 || insn->opcode == 0xc3);

	if (insn->has_operand_size || insn->has_address_size || insn->has_lock || insn->is_vector)
		return false;
	if (insn->segment && !insn->is_branch)
		return false;
	return !insn->repeat || is_return || (insn->is_branch && insn->repeat == 0xf2);
}

/*
 * Nothing is changed before all that can fail has succeeded: each of these
 * makes one access to memory at most, and makes it first.
 */
bool x86_64_emulate(const uint8_t *bytes, size_t available, struct arch_registers *registers,
		    const struct arch_memory *memory)
{
	static const uint8_t landing_pad[] = {0xf3, 0x0f, 0x1e, 0xfa}; /* endbr64 */
	struct emulation emulation = {.bytes = bytes, .registers = registers, .memory = memory};
	size_t length = x86_64_nop_length(bytes, available);
	bool is_done;

	emulation.pc = x86_64_slot_get(registers, X86_64_RIP);
	if (available >= sizeof(landing_pad) && memcmp(bytes, landing_pad, sizeof(landing_pad)) == 0)
		length = sizeof(landing_pad);
	if (length) {
		x86_64_slot_set(registers, X86_64_RIP, emulation.pc + length);
		return true;
	}
	if (!x86_64_decode(bytes, available, &emulation.insn) || !has_plain_prefixes(&emulation.insn))
		return false;
	emulation.next = emulation.pc + emulation.insn.length;
	switch (emulation.insn.map) {
	case X86_64_MAP_ONE_BYTE:
		is_done = act_one_byte(&emulation);
		break;
	case X86_64_MAP_0F:
		is_done = (emulation.insn.opcode & 0xf0) == 0x80 &&
			  jump(&emulation, is_met(&emulation, emulation.insn.opcode & 15));
		break;
	default:
		is_done = false;
	}
	if (is_done)
		x86_64_slot_set(registers, X86_64_RIP, emulation.next);
	return is_done;
}
