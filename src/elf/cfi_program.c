/* SPDX-License-Identifier: MIT */
/*
 * Call frame instructions. A function's description is a small program that
 * builds a table row by row as the code goes on: "from here on CFA is rsp + 16",
 * "from here on rbp lies at CFA - 16". To know the row of one address, it is run
 * until the code has gone past that. DWARF 5, section 6.4.2 and 7.24.
 */
#include <string.h>

#include "base/cursor.h"
#include "elf/cfi.h"
#include "elf/pointer.h"

enum {
	/* The two highest bits, and an operand in the other six. */
	ADVANCE_LOC = 0x40,
	OFFSET = 0x80,
	RESTORE = 0xc0,
	/* All eight. */
	NOP = 0x00,
	SET_LOC = 0x01,
	ADVANCE_LOC1 = 0x02,
	ADVANCE_LOC2 = 0x03,
	ADVANCE_LOC4 = 0x04,
	OFFSET_EXTENDED = 0x05,
	RESTORE_EXTENDED = 0x06,
	UNDEFINED = 0x07,
	SAME_VALUE = 0x08,
	REGISTER = 0x09,
	REMEMBER_STATE = 0x0a,
	RESTORE_STATE = 0x0b,
	DEF_CFA = 0x0c,
	DEF_CFA_REGISTER = 0x0d,
	DEF_CFA_OFFSET = 0x0e,
	DEF_CFA_EXPRESSION = 0x0f,
	EXPRESSION = 0x10,
	OFFSET_EXTENDED_SF = 0x11,
	DEF_CFA_SF = 0x12,
	DEF_CFA_OFFSET_SF = 0x13,
	VAL_OFFSET = 0x14,
	VAL_OFFSET_SF = 0x15,
	VAL_EXPRESSION = 0x16,
	GNU_ARGS_SIZE = 0x2e,
	GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,

	REMEMBERED_MAX = 8, /* compilers nest them once or twice */
};

struct run {
	const struct cfi_description *description;
	struct cursor cursor;
	uint64_t vaddr; /* how far the code has gone */
	uint64_t wanted;
	struct cfi_row row;
	const struct cfi_row *initial; /* as the CIE left it; NULL while that runs */
	struct cfi_row remembered[REMEMBERED_MAX];
	unsigned remembered_count;
	bool is_done;
};

/* What is left out of the row: registers of which there are more than anybody asks for, such as vector registers. */
static void set_rule(struct run *run, uint64_t number, struct cfi_rule rule)
{
	if (number < CFI_REGISTERS)
		run->row.registers[number] = rule;
}

static void set_offset(struct run *run, uint64_t number, enum cfi_rule_kind kind, int64_t factored)
{
	const int64_t alignment = run->description->data_alignment;

	set_rule(run, number,
		 (struct cfi_rule){.kind = kind, .offset = (int64_t)((uint64_t)factored * (uint64_t)alignment)});
}

static bool restore(struct run *run, uint64_t number)
{
	if (!run->initial)
		return false;
	if (number < CFI_REGISTERS)
		run->row.registers[number] = run->initial->registers[number];
	return true;
}

/* The code goes on; once it is past what was asked for, the row is the one. */
static void advance(struct run *run, uint64_t by)
{
	uint64_t next = run->vaddr + by * run->description->code_alignment;

	if (run->wanted < next)
		run->is_done = true;
	else
		run->vaddr = next;
}

static bool set_location(struct run *run)
{
	const struct pointer_base base = {.vaddr = run->description->instructions_vaddr};
	uint64_t vaddr;

	if (!pointer_read(&run->cursor, run->description->pointer_encoding, &base, &vaddr))
		return false;
	if (run->wanted < vaddr)
		run->is_done = true;
	run->vaddr = vaddr;
	return true;
}

static bool read_expression(struct run *run, enum cfi_rule_kind kind, struct cfi_rule *ret)
{
	const uint8_t *bytes;
	uint64_t size;

	if (!cursor_uleb(&run->cursor, &size) || size > UINT16_MAX)
		return false;
	bytes = cursor_bytes(&run->cursor, size);
	if (!bytes)
		return false;
	*ret = (struct cfi_rule){.kind = kind, .size = (uint16_t)size, .expression = bytes};
	return true;
}

static bool define_cfa(struct run *run, uint64_t number, int64_t offset)
{
	if (number >= CFI_REGISTERS)
		return false;
	run->row.cfa = (struct cfi_rule){.kind = CFI_IN_REGISTER, .register_number = (uint8_t)number, .offset = offset};
	return true;
}

static bool move_cfa(struct run *run, int64_t offset)
{
	if (run->row.cfa.kind != CFI_IN_REGISTER)
		return false;
	run->row.cfa.offset = offset;
	return true;
}

static bool remember(struct run *run)
{
	if (run->remembered_count == REMEMBERED_MAX)
		return false;
	run->remembered[run->remembered_count++] = run->row;
	return true;
}

static bool recall(struct run *run)
{
	if (run->remembered_count == 0)
		return false;
	run->row = run->remembered[--run->remembered_count];
	return true;
}

static int64_t factored(const struct run *run, int64_t number)
{
	return (int64_t)((uint64_t)number * (uint64_t)run->description->data_alignment);
}

/* Instructions about a register, which is their first operand. */
static bool step_register(struct run *run, uint8_t instruction, uint64_t number)
{
	struct cursor *cursor = &run->cursor;
	struct cfi_rule rule = {0};
	uint64_t operand;
	int64_t offset;

	switch (instruction) {
	case UNDEFINED:
		rule.kind = CFI_UNDEFINED;
		set_rule(run, number, rule);
		return true;
	case SAME_VALUE:
		set_rule(run, number, rule);
		return true;
	case RESTORE_EXTENDED:
		return restore(run, number);
	case DEF_CFA_REGISTER:
		return run->row.cfa.kind == CFI_IN_REGISTER && define_cfa(run, number, run->row.cfa.offset);
	case EXPRESSION:
	case VAL_EXPRESSION:
		if (!read_expression(run, instruction == EXPRESSION ? CFI_AT_EXPRESSION : CFI_IS_EXPRESSION, &rule))
			return false;
		set_rule(run, number, rule);
		return true;
	case OFFSET_EXTENDED_SF:
	case VAL_OFFSET_SF:
	case DEF_CFA_SF:
		if (!cursor_sleb(cursor, &offset))
			return false;
		if (instruction == DEF_CFA_SF)
			return define_cfa(run, number, factored(run, offset));
		set_offset(run, number, instruction == VAL_OFFSET_SF ? CFI_IS_OFFSET : CFI_AT_OFFSET, offset);
		return true;
	}
	if (!cursor_uleb(cursor, &operand))
		return false;
	switch (instruction) {
	case OFFSET_EXTENDED:
	case VAL_OFFSET:
		set_offset(run, number, instruction == OFFSET_EXTENDED ? CFI_AT_OFFSET : CFI_IS_OFFSET,
			   (int64_t)operand);
		return true;
	case GNU_NEGATIVE_OFFSET_EXTENDED:
		set_offset(run, number, CFI_AT_OFFSET, (int64_t)-operand);
		return true;
	case REGISTER:
		if (operand >= CFI_REGISTERS)
			return false;
		rule.kind = CFI_IN_REGISTER;
		rule.register_number = (uint8_t)operand;
		set_rule(run, number, rule);
		return true;
	case DEF_CFA:
		return define_cfa(run, number, (int64_t)operand);
	}
	return false;
}

/* Instructions that the two highest bits do not tell. */
static bool step_extended(struct run *run, uint8_t instruction)
{
	struct cursor *cursor = &run->cursor;
	uint64_t operand;
	int64_t offset;
	uint8_t one;
	uint16_t two;
	uint32_t four;

	switch (instruction) {
	case NOP:
		return true;
	case SET_LOC:
		return set_location(run);
	case ADVANCE_LOC1:
		if (!cursor_u8(cursor, &one))
			return false;
		advance(run, one);
		return true;
	case ADVANCE_LOC2:
		if (!cursor_u16(cursor, &two))
			return false;
		advance(run, two);
		return true;
	case ADVANCE_LOC4:
		if (!cursor_u32(cursor, &four))
			return false;
		advance(run, four);
		return true;
	case REMEMBER_STATE:
		return remember(run);
	case RESTORE_STATE:
		return recall(run);
	case DEF_CFA_OFFSET:
		return cursor_uleb(cursor, &operand) && move_cfa(run, (int64_t)operand);
	case DEF_CFA_OFFSET_SF:
		return cursor_sleb(cursor, &offset) && move_cfa(run, factored(run, offset));
	case DEF_CFA_EXPRESSION:
		return read_expression(run, CFI_IS_EXPRESSION, &run->row.cfa);
	case GNU_ARGS_SIZE: /* of interest to those who throw exceptions only */
		return cursor_uleb(cursor, &operand);
	}
	return cursor_uleb(cursor, &operand) && step_register(run, instruction, operand);
}

static bool step(struct run *run)
{
	uint8_t instruction;
	uint64_t operand;

	if (!cursor_u8(&run->cursor, &instruction))
		return false;
	switch (instruction & 0xc0) {
	case ADVANCE_LOC:
		advance(run, instruction & 0x3f);
		return true;
	case OFFSET:
		if (!cursor_uleb(&run->cursor, &operand))
			return false;
		set_offset(run, instruction & 0x3f, CFI_AT_OFFSET, (int64_t)operand);
		return true;
	case RESTORE:
		return restore(run, instruction & 0x3f);
	}
	return step_extended(run, instruction);
}

static bool run_all(struct run *run, const uint8_t *instructions, size_t size)
{
	run->cursor = (struct cursor){.bytes = instructions, .size = size};
	while (!run->is_done && cursor_left(&run->cursor))
		if (!step(run))
			return false;
	return true;
}

bool cfi_program_run(const struct cfi_description *description, uint64_t vaddr, struct cfi_row *ret)
{
	struct run run = {.description = description, .vaddr = description->begin, .wanted = vaddr};
	struct cfi_row initial;

	if (!run_all(&run, description->initial, description->initial_size))
		return false;
	initial = run.row;
	run.initial = &initial;
	run.is_done = false;
	if (!run_all(&run, description->instructions, description->instructions_size))
		return false;
	if (run.row.cfa.kind != CFI_IN_REGISTER && run.row.cfa.kind != CFI_IS_EXPRESSION)
		return false;
	*ret = run.row;
	ret->return_register = description->return_register;
	ret->is_signal_frame = description->is_signal_frame;
	return true;
}
