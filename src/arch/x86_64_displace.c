/* SPDX-License-Identifier: MIT */
/*
 * An instruction executed elsewhere than where it lies.
 *
 * Most do not know where they are: they are copied, and a jump back follows.
 *
 *	original: mov (%rdi),%rax         copy: mov (%rdi),%rax
 *	next:     ...                           jmp next
 *
 * Those that name memory relative to the pc get another displacement. Those
 * that jump are written anew: both ways out of a condition become a jump.
 *
 *	original: je target               copy: je 1f
 *	next:     ...                           jmp next
 *	                                     1: jmp target
 *
 * A call pushes the address behind the original, not behind the copy, so that
 * the function returns as ever and whoever walks the stack meets no stranger.
 * One push of a constant that lies in the copy does that, without using a
 * register or a flag:
 *
 *	original: call target             copy: push 1f(%rip)
 *	next:     ...                           jmp target
 *	                                     1: .quad next
 *
 * So every copy has one instruction that does something, and jumps around it:
 * wherever in it a thread stands, it has either done all of it or nothing, and
 * the place has a counterpart at the original: a landing. (But for a call
 * through a register or memory, which has pushed before it knows where to go.)
 *
 * Source: Intel SDM volume 2, the pages of JMP, Jcc, CALL, PUSH.
 */
#include "arch/x86_64.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"

enum {
	JUMP_SIZE_NEAR = 5,
	WORD = 8,
	MOD_REGISTER = 3,
	RM_SIB = 4,
	BASE_STACK = 4, /* rsp */
};

struct writer {
	struct arch_copy *copy;
	bool is_far; /* something is more than 2 GiB away */
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
	memcpy(writer->copy->code + writer->copy->size, bytes, size);
	writer->copy->size += (uint8_t)size;
}

static void put_byte(struct writer *writer, uint8_t byte)
{
	put(writer, &byte, 1);
}

static void put_number(struct writer *writer, uint64_t number, size_t size)
{
	put(writer, &number, size); /* both little-endian: this file's processor is also the one it runs on */
}

static uint64_t position(const struct writer *writer)
{
	return writer->copy->addr + writer->copy->size;
}

static bool is_near(uint64_t from, uint64_t to)
{
	int64_t distance = (int64_t)(to - from);

	return distance == (int32_t)distance;
}

static void put_landing(struct writer *writer, uint64_t pc, uint8_t stack_shift)
{
	writer->copy->landings[writer->copy->landing_count++] = (struct arch_landing){
		.offset = writer->copy->size,
		.stack_shift = stack_shift,
		.pc = pc,
	};
}

/* jmp TARGET; where that is far, through an address that follows: jmp *0(%rip). */
static void put_jump(struct writer *writer, uint64_t target)
{
	static const uint8_t jump_to_following[] = {0xff, 0x25, 0, 0, 0, 0};
	uint64_t after = position(writer) + JUMP_SIZE_NEAR;

	if (is_near(after, target)) {
		put_byte(writer, 0xe9);
		put_number(writer, target - after, 4);
		return;
	}
	put(writer, jump_to_following, sizeof(jump_to_following));
	put_number(writer, target, WORD);
}

static size_t jump_size(uint64_t from, uint64_t target)
{
	return is_near(from + JUMP_SIZE_NEAR, target) ? JUMP_SIZE_NEAR : 6 + WORD;
}

/* INSN's bytes, its displacement changed so that it names the same memory from here. */
static void put_instruction(struct writer *writer, const struct x86_64_insn *insn, const uint8_t *bytes, uint64_t addr)
{
	const uint64_t after = position(writer) + insn->length;
	const size_t start = writer->copy->size;
	uint64_t target;
	int32_t displacement;

	put(writer, bytes, insn->length);
	if (!insn->is_pc_relative)
		return;
	target = x86_64_target(insn, bytes, addr);
	writer->is_far |= !is_near(after, target);
	displacement = (int32_t)(target - after);
	memcpy(writer->copy->code + start + insn->displacement_at, &displacement, sizeof(displacement));
}

/* A condition on flags or on rcx (loop, jrcxz), as the form with a distance of one byte. */
static void put_condition(struct writer *writer, const struct x86_64_insn *insn, const uint8_t *bytes, uint64_t addr)
{
	const uint64_t next = addr + insn->length;

	if (insn->has_address_size) /* counts in ecx */
		put_byte(writer, 0x67);
	put_byte(writer, insn->map == X86_64_MAP_0F ? 0x70 | (insn->opcode & 15) : insn->opcode);
	put_byte(writer, (uint8_t)jump_size(position(writer) + 1, next));
	put_landing(writer, next, 0);
	put_jump(writer, next);
	put_landing(writer, x86_64_target(insn, bytes, addr), 0);
	put_jump(writer, x86_64_target(insn, bytes, addr));
}

/* push of the word that lies DISTANCE behind it */
static void put_push(struct writer *writer, size_t distance)
{
	put_byte(writer, 0xff);
	put_byte(writer, 0x35);
	put_number(writer, distance, 4);
}

static void put_call(struct writer *writer, const struct x86_64_insn *insn, const uint8_t *bytes, uint64_t addr)
{
	const uint64_t target = x86_64_target(insn, bytes, addr);
	const uint64_t after_push = position(writer) + 6;

	put_push(writer, jump_size(after_push, target));
	put_landing(writer, target, 0);
	put_jump(writer, target);
	put_number(writer, addr + insn->length, WORD);
	writer->copy->pushes_return = true;
}

/*
 * The jump of an indirect call: ff /2 becomes ff /4. What the operand counts
 * from rsp has moved by a word, so its displacement grows by one; in its
 * longest form it always has room for that.
 */
static void put_indirect_jump(struct writer *writer, const struct x86_64_insn *insn, const uint8_t *bytes,
			      uint64_t addr)
{
	const uint8_t modrm = (uint8_t)((insn->modrm & ~0x38) | 4 << 3);
	const bool is_on_stack = insn->modrm >> 6 != MOD_REGISTER && (insn->modrm & 7) == RM_SIB &&
				 (insn->sib & 7) == BASE_STACK && !(insn->rex & X86_64_REX_B);
	int64_t displacement = x86_64_signed_at(bytes, insn->displacement_at, insn->displacement_size);
	struct x86_64_insn changed = *insn;
	uint8_t text[ARCH_MAX_INSTRUCTION];

	memcpy(text, bytes, insn->length);
	text[insn->modrm_at] = modrm;
	if (!is_on_stack) {
		put_instruction(writer, &changed, text, addr);
		return;
	}
	text[insn->modrm_at] = (uint8_t)((modrm & 0x3f) | 2 << 6);
	put(writer, text, insn->modrm_at + 2u); /* with the SIB byte */
	put_number(writer, (uint64_t)(displacement + WORD), 4);
}

static void put_indirect_call(struct writer *writer, const struct x86_64_insn *insn, const uint8_t *bytes,
			      uint64_t addr)
{
	size_t push_at = writer->copy->size, jump_at;

	put_push(writer, 0);
	put_landing(writer, addr, WORD);
	jump_at = writer->copy->size;
	put_indirect_jump(writer, insn, bytes, addr);
	writer->copy->code[push_at + 2] = (uint8_t)(writer->copy->size - jump_at);
	put_number(writer, addr + insn->length, WORD);
	writer->copy->pushes_return = true;
}

static bool is_opcode(const struct x86_64_insn *insn, enum x86_64_map map, uint8_t opcode)
{
	return !insn->is_vector && insn->map == map && insn->opcode == opcode;
}

/* INSN is a call or jump through a register or memory: ff with this in ModRM's middle bits (2, 3: call; 4, 5: jump). */
static bool is_indirect(const struct x86_64_insn *insn, unsigned operation)
{
	return is_opcode(insn, X86_64_MAP_ONE_BYTE, 0xff) && ((insn->modrm >> 3) & 7u) == operation;
}

static bool is_condition(const struct x86_64_insn *insn)
{
	if (!insn->is_branch)
		return false;
	return insn->map == X86_64_MAP_0F || (insn->opcode >= 0x70 && insn->opcode <= 0x7f) ||
	       (insn->opcode >= 0xe0 && insn->opcode <= 0xe3);
}

static bool is_one_of(uint8_t opcode, const char *opcodes, size_t count)
{
	return memchr(opcodes, opcode, count) != NULL;
}

/* Why INSN is not executed anywhere else; NULL: it can be. */
static const char *reason_against(const struct x86_64_insn *insn)
{
	const bool is_one_byte = insn->map == X86_64_MAP_ONE_BYTE && !insn->is_vector;
	const bool is_two_byte = insn->map == X86_64_MAP_0F && !insn->is_vector;

	if ((is_two_byte && is_one_of(insn->opcode, "\x05\x07\x34\x35", 4)) || (is_one_byte && insn->opcode == 0xcd))
		return "a system call, which the kernel may restart from where it lies";
	if ((is_one_byte && is_one_of(insn->opcode, "\xcc\xf1", 2)) ||
	    (is_two_byte && is_one_of(insn->opcode, "\x0b\xb9\xff", 3)))
		return "raises an exception on purpose";
	if ((is_one_byte && is_one_of(insn->opcode, "\xca\xcb\xcf", 3)) || is_indirect(insn, 3) || is_indirect(insn, 5))
		return "changes the code segment";
	if (is_opcode(insn, X86_64_MAP_ONE_BYTE, 0xc7) && insn->modrm == 0xf8)
		return "begins a transaction";
	if (is_opcode(insn, X86_64_MAP_0F, 0x01) && insn->modrm == 0xd7)
		return "enters an enclave";
	if (insn->is_pc_relative && insn->has_address_size)
		return "names memory relative to half of the pc";
	if (is_indirect(insn, 2) &&
	    (insn->has_operand_size || insn->has_address_size ||
	     (insn->modrm >> 6 == MOD_REGISTER && (insn->modrm & 7) == BASE_STACK && !(insn->rex & X86_64_REX_B))))
		return "a call of a kind that no compiler makes";
	return NULL;
}

struct usdtrap_error *x86_64_displace(const uint8_t *bytes, size_t available, uint64_t addr, uint64_t copy_addr,
				      struct arch_copy *ret)
{
	struct writer writer = {.copy = ret};
	struct x86_64_insn insn;
	const char *reason;

	if (!x86_64_decode(bytes, available, &insn))
		return error_create(USDTRAP_UNSUPPORTED, "byte 0x%02x begins no instruction that is known",
				    available ? bytes[0] : 0);
	reason = reason_against(&insn);
	if (reason)
		return error_create(USDTRAP_UNSUPPORTED, "its instruction cannot be executed elsewhere: %s", reason);
	memset(ret, 0, sizeof(*ret));
	ret->addr = copy_addr;
	put_landing(&writer, addr, 0);
	if (is_condition(&insn)) {
		put_condition(&writer, &insn, bytes, addr);
	} else if (is_opcode(&insn, X86_64_MAP_ONE_BYTE, 0xe8)) {
		put_call(&writer, &insn, bytes, addr);
	} else if (is_indirect(&insn, 2)) {
		put_indirect_call(&writer, &insn, bytes, addr);
	} else if (insn.is_branch) {
		put_jump(&writer, x86_64_target(&insn, bytes, addr));
	} else {
		put_instruction(&writer, &insn, bytes, addr);
		put_landing(&writer, addr + insn.length, 0);
		put_jump(&writer, addr + insn.length);
	}
	if (writer.is_far)
		return error_create(USDTRAP_UNSUPPORTED,
				    "its instruction names memory that is more than 2 GiB away from "
				    "where it could be executed");
	return NULL;
}

bool x86_64_leave_copy(const struct arch_copy *copy, struct arch_registers *registers)
{
	uint64_t pc = x86_64_slot_get(registers, X86_64_RIP);
	uint64_t stack_pointer = x86_64_slot_get(registers, X86_64_RSP);

	for (unsigned i = 0; i < copy->landing_count; i++) {
		if (pc != copy->addr + copy->landings[i].offset)
			continue;
		x86_64_slot_set(registers, X86_64_RIP, copy->landings[i].pc);
		x86_64_slot_set(registers, X86_64_RSP, stack_pointer + copy->landings[i].stack_shift);
		return true;
	}
	return false;
}
