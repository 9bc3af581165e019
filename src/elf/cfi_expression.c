/* SPDX-License-Identifier: MIT */
/*
 * DWARF expressions, a little stack machine: DWARF 5, section 2.5. Call frame
 * information needs it where no register plus offset tells: in the linker's
 * stubs, and where the kernel left a thread's registers to run its signal
 * handler.
 */
#include <string.h>

#include "base/cursor.h"
#include "elf/cfi.h"

enum {
	OP_ADDR = 0x03,
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08,
	OP_CONST1S = 0x09,
	OP_CONST2U = 0x0a,
	OP_CONST2S = 0x0b,
	OP_CONST4U = 0x0c,
	OP_CONST4S = 0x0d,
	OP_CONST8U = 0x0e,
	OP_CONST8S = 0x0f,
	OP_CONSTU = 0x10,
	OP_CONSTS = 0x11,
	OP_DUP = 0x12,
	OP_DROP = 0x13,
	OP_OVER = 0x14,
	OP_PICK = 0x15,
	OP_SWAP = 0x16,
	OP_ROT = 0x17,
	OP_ABS = 0x19,
	OP_AND = 0x1a,
	OP_DIV = 0x1b,
	OP_MINUS = 0x1c,
	OP_MOD = 0x1d,
	OP_MUL = 0x1e,
	OP_NEG = 0x1f,
	OP_NOT = 0x20,
	OP_OR = 0x21,
	OP_PLUS = 0x22,
	OP_PLUS_UCONST = 0x23,
	OP_SHL = 0x24,
	OP_SHR = 0x25,
	OP_SHRA = 0x26,
	OP_XOR = 0x27,
	OP_BRA = 0x28,
	OP_EQ = 0x29,
	OP_GE = 0x2a,
	OP_GT = 0x2b,
	OP_LE = 0x2c,
	OP_LT = 0x2d,
	OP_NE = 0x2e,
	OP_SKIP = 0x2f,
	OP_LIT0 = 0x30,
	OP_LIT31 = 0x4f,
	OP_BREG0 = 0x70,
	OP_BREG31 = 0x8f,
	OP_BREGX = 0x92,
	OP_DEREF_SIZE = 0x94,
	OP_NOP = 0x96,

	STACK_MAX = 32,
	STEPS_MAX = 1000, /* an expression may jump back */
};

struct machine {
	struct cursor cursor;
	const struct cfi_machine *context;
	uint64_t stack[STACK_MAX];
	unsigned depth;
};

static bool push(struct machine *machine, uint64_t value)
{
	if (machine->depth == STACK_MAX)
		return false;
	machine->stack[machine->depth++] = value;
	return true;
}

static bool pop(struct machine *machine, uint64_t *ret)
{
	if (machine->depth == 0)
		return false;
	*ret = machine->stack[--machine->depth];
	return true;
}

/* The element DEPTH below the top. */
static bool pick(struct machine *machine, unsigned depth)
{
	return depth < machine->depth && push(machine, machine->stack[machine->depth - 1 - depth]);
}

static bool push_number(struct machine *machine, uint8_t operation)
{
	struct cursor *cursor = &machine->cursor;
	uint64_t eight;
	uint32_t four;
	uint16_t two;
	int64_t number;
	uint8_t one;

	switch (operation) {
	case OP_CONST1U:
	case OP_CONST1S:
		return cursor_u8(cursor, &one) &&
		       push(machine, operation == OP_CONST1S ? (uint64_t)(int64_t)(int8_t)one : one);
	case OP_CONST2U:
	case OP_CONST2S:
		return cursor_u16(cursor, &two) &&
		       push(machine, operation == OP_CONST2S ? (uint64_t)(int64_t)(int16_t)two : two);
	case OP_CONST4U:
	case OP_CONST4S:
		return cursor_u32(cursor, &four) &&
		       push(machine, operation == OP_CONST4S ? (uint64_t)(int64_t)(int32_t)four : four);
	case OP_CONSTU:
		return cursor_uleb(cursor, &eight) && push(machine, eight);
	case OP_CONSTS:
		return cursor_sleb(cursor, &number) && push(machine, (uint64_t)number);
	}
	return cursor_u64(cursor, &eight) && push(machine, eight); /* CONST8U, CONST8S, ADDR */
}

static bool push_register(struct machine *machine, uint64_t number)
{
	int64_t offset;

	return number < CFI_REGISTERS && cursor_sleb(&machine->cursor, &offset) &&
	       push(machine, machine->context->registers[number] + (uint64_t)offset);
}

static bool dereference(struct machine *machine, unsigned size)
{
	uint64_t address, word;

	if (!pop(machine, &address) || !machine->context->read_word(address, &word, machine->context->user))
		return false;
	if (size < 8)
		word &= (UINT64_C(1) << (8 * size)) - 1;
	return push(machine, word);
}

static bool unary(struct machine *machine, uint8_t operation)
{
	uint64_t value;

	if (!pop(machine, &value))
		return false;
	switch (operation) {
	case OP_ABS:
		return push(machine, (int64_t)value < 0 ? -value : value);
	case OP_NEG:
		return push(machine, -value);
	}
	return push(machine, ~value); /* NOT */
}

static uint64_t shift_right_signed(uint64_t value, uint64_t by)
{
	bool is_negative = (int64_t)value < 0;

	if (by >= 64)
		return is_negative ? UINT64_MAX : 0;
	return value >> by | (is_negative && by ? UINT64_MAX << (64 - by) : 0);
}

static bool binary(struct machine *machine, uint8_t operation)
{
	uint64_t left, right;
	int64_t left_signed, right_signed;

	if (!pop(machine, &right) || !pop(machine, &left))
		return false;
	left_signed = (int64_t)left;
	right_signed = (int64_t)right;
	switch (operation) {
	case OP_AND:
		return push(machine, left & right);
	case OP_DIV:
		if (right_signed == 0 || (left_signed == INT64_MIN && right_signed == -1))
			return false;
		return push(machine, (uint64_t)(left_signed / right_signed));
	case OP_MINUS:
		return push(machine, left - right);
	case OP_MOD:
		return right != 0 && push(machine, left % right);
	case OP_MUL:
		return push(machine, left * right);
	case OP_OR:
		return push(machine, left | right);
	case OP_PLUS:
		return push(machine, left + right);
	case OP_SHL:
		return push(machine, right < 64 ? left << right : 0);
	case OP_SHR:
		return push(machine, right < 64 ? left >> right : 0);
	case OP_SHRA:
		return push(machine, shift_right_signed(left, right));
	case OP_XOR:
		return push(machine, left ^ right);
	case OP_EQ:
		return push(machine, left == right);
	case OP_NE:
		return push(machine, left != right);
	case OP_GE:
		return push(machine, left_signed >= right_signed);
	case OP_GT:
		return push(machine, left_signed > right_signed);
	case OP_LE:
		return push(machine, left_signed <= right_signed);
	case OP_LT:
		return push(machine, left_signed < right_signed);
	}
	return false;
}

/* SKIP, and BRA if the top is not 0. */
static bool jump(struct machine *machine, uint8_t operation)
{
	uint64_t condition = 1;
	uint16_t by;

	if (!cursor_u16(&machine->cursor, &by) || (operation == OP_BRA && !pop(machine, &condition)))
		return false;
	return condition == 0 || cursor_seek(&machine->cursor, machine->cursor.position + (uint64_t)(int16_t)by);
}

static bool shuffle(struct machine *machine, uint8_t operation)
{
	uint64_t first, second, third;
	uint8_t depth;

	switch (operation) {
	case OP_DUP:
		return pick(machine, 0);
	case OP_OVER:
		return pick(machine, 1);
	case OP_PICK:
		return cursor_u8(&machine->cursor, &depth) && pick(machine, depth);
	case OP_DROP:
		return pop(machine, &first);
	case OP_SWAP:
		return pop(machine, &first) && pop(machine, &second) && push(machine, first) && push(machine, second);
	}
	return pop(machine, &first) && pop(machine, &second) && pop(machine, &third) && push(machine, first) &&
	       push(machine, third) && push(machine, second); /* ROT */
}

static bool step(struct machine *machine)
{
	uint64_t number;
	uint8_t operation, size;

	if (!cursor_u8(&machine->cursor, &operation))
		return false;
	if (operation >= OP_LIT0 && operation <= OP_LIT31)
		return push(machine, operation - OP_LIT0);
	if (operation >= OP_BREG0 && operation <= OP_BREG31)
		return push_register(machine, operation - OP_BREG0);
	if (operation == OP_ADDR || (operation >= OP_CONST1U && operation <= OP_CONSTS))
		return push_number(machine, operation);
	if (operation >= OP_DUP && operation <= OP_ROT)
		return shuffle(machine, operation);
	switch (operation) {
	case OP_NOP:
		return true;
	case OP_ABS:
	case OP_NEG:
	case OP_NOT:
		return unary(machine, operation);
	case OP_DEREF:
		return dereference(machine, 8);
	case OP_DEREF_SIZE:
		return cursor_u8(&machine->cursor, &size) && size >= 1 && size <= 8 && dereference(machine, size);
	case OP_PLUS_UCONST:
		return cursor_uleb(&machine->cursor, &number) && push(machine, number) && binary(machine, OP_PLUS);
	case OP_BREGX:
		return cursor_uleb(&machine->cursor, &number) && push_register(machine, number);
	case OP_BRA:
	case OP_SKIP:
		return jump(machine, operation);
	}
	return binary(machine, operation);
}

bool cfi_expression_run(const uint8_t *bytes, size_t size, const struct cfi_machine *context, const uint64_t *initial,
			uint64_t *ret)
{
	struct machine machine = {.cursor = {.bytes = bytes, .size = size}, .context = context};

	if (initial && !push(&machine, *initial))
		return false;
	for (unsigned steps = 0; cursor_left(&machine.cursor); steps++)
		if (steps == STEPS_MAX || !step(&machine))
			return false;
	return pop(&machine, ret);
}
