/* SPDX-License-Identifier: MIT */
/*
 * A probe is a nop. What its arguments are is in the note; who put them there
 * is in the instructions above it, and that is what people want to see: that
 * the compiler made a value, and where.
 *
 * Instructions of x86-64 can be read forwards only. So a stretch of code is
 * read from well before the place that matters. A reading that begins in the
 * middle of an instruction falls into step with the true one after a few:
 * the first of several beginnings that comes upon the place is taken.
 *
 * From the place one goes back, instruction by instruction, until one has
 * written the operand. Where code jumps to the instruction at hand, one way
 * that leads here is the jump; that is followed only if it is the only way, as
 * where a compiler has moved a guarded probe out of line:
 *
 *	   mov  %rbx,%rdi           <- wrote it
 *	   cmpw $0,semaphore
 *	   jne  1f                  the only way to 1
 *	   ...
 *	   ret                      does not fall through to 1
 *	1: nop                      the site
 *
 * A call is passed for registers that a function must give back (System V
 * ABI, "Registers"), and not for memory, which it may have written.
 */
#include "arch/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/insn_internal.h"
#include "base/cleanup.h"

enum {
	STEPS_MAX = 200,     /* how far back one goes */
	BEGINNINGS_MAX = 48, /* how many are tried: instructions are at most 15 bytes long */
};

enum flow_kind {
	KIND_PLAIN,
	KIND_CALL,
	KIND_JUMP,   /* and does not fall through: jmp, ret, a trap that ends a program */
	KIND_BRANCH, /* falls through, or jumps */
};

struct flow_insn {
	uint64_t address;
	uint64_t target; /* of a jump, branch or call that names it; else 0 */
	uint8_t length;
	enum flow_kind kind;
};

struct flow {
	csh handle;
	const struct flow_code *code;
	cs_insn *scratch;
	struct flow_insn *insns;
	size_t count;
};

static bool decode_at(const struct flow *flow, uint64_t address)
{
	const uint8_t *bytes = flow->code->bytes + (address - flow->code->address);
	size_t left = flow->code->size - (size_t)(address - flow->code->address);

	return cs_disasm_iter(flow->handle, &bytes, &left, &address, flow->scratch);
}

/* Whether reading from BEGIN on comes upon ADDRESS. */
static bool comes_upon(const struct flow *flow, uint64_t begin, uint64_t address)
{
	while (begin < address && decode_at(flow, begin))
		begin += flow->scratch->size;
	return begin == address;
}

static uint64_t find_beginning(const struct flow *flow, uint64_t address)
{
	uint64_t begin = flow->code->address;

	for (unsigned i = 0; i < BEGINNINGS_MAX && begin < address; i++, begin++)
		if (comes_upon(flow, begin, address))
			return begin;
	return address;
}

static bool flow_open(const struct flow_code *code, struct flow *ret)
{
	struct flow flow = {.code = code};

	if (!insn_open(code->arch, &flow.handle))
		return false;
	cs_option(flow.handle, CS_OPT_DETAIL, CS_OPT_ON);
	flow.scratch = cs_malloc(flow.handle);
	if (!flow.scratch) {
		cs_close(&flow.handle);
		return false;
	}
	*ret = flow;
	return true;
}

static void flow_close(struct flow *flow)
{
	free(flow->insns);
	cs_free(flow->scratch, 1);
	cs_close(&flow->handle);
}

uint64_t flow_before(const struct flow_code *code, uint64_t address, unsigned count)
{
	uint64_t starts[64], begin;
	struct flow flow;
	size_t seen = 0;

	if (count > sizeof(starts) / sizeof(starts[0]))
		count = sizeof(starts) / sizeof(starts[0]);
	if (count == 0 || !flow_open(code, &flow))
		return address;
	for (begin = find_beginning(&flow, address); begin < address && decode_at(&flow, begin);
	     begin += flow.scratch->size)
		starts[seen++ % count] = begin;
	flow_close(&flow);
	if (seen == 0)
		return address;
	return seen < count ? starts[0] : starts[seen % count];
}

static enum flow_kind kind_of(const struct flow *flow)
{
	const cs_insn *insn = flow->scratch;

	if (cs_insn_group(flow->handle, insn, CS_GRP_CALL))
		return KIND_CALL;
	if (cs_insn_group(flow->handle, insn, CS_GRP_RET) || insn->id == X86_INS_UD2 || insn->id == X86_INS_HLT)
		return KIND_JUMP;
	if (!cs_insn_group(flow->handle, insn, CS_GRP_JUMP))
		return KIND_PLAIN;
	return insn->id == X86_INS_JMP || insn->id == X86_INS_LJMP ? KIND_JUMP : KIND_BRANCH;
}

/* Reads all of the code from where reading comes upon ADDRESS. False: there is no memory for it. */
static bool read_all(struct flow *flow, uint64_t address)
{
	const uint64_t end = flow->code->address + flow->code->size;
	uint64_t at = find_beginning(flow, address);

	flow->insns = calloc(flow->code->size, sizeof(*flow->insns));
	if (!flow->insns)
		return false;
	while (at < end && decode_at(flow, at)) {
		const cs_x86 *detail = &flow->scratch->detail->x86;
		struct flow_insn *insn = &flow->insns[flow->count++];

		*insn = (struct flow_insn){
			.address = at, .length = (uint8_t)flow->scratch->size, .kind = kind_of(flow)};
		if (insn->kind != KIND_PLAIN && detail->op_count == 1 && detail->operands[0].type == X86_OP_IMM)
			insn->target = (uint64_t)detail->operands[0].imm;
		at += insn->length;
	}
	return true;
}

/* The register that capstone means, as ours; its width does not matter. False: one that holds no argument. */
static bool our_register(const struct flow *flow, unsigned id, uint16_t *ret)
{
	const char *name = id ? cs_reg_name(flow->handle, id) : NULL;
	struct arch_register found;

	if (!name || !flow->code->arch->register_by_name(name, strlen(name), &found) || found.is_vector)
		return false;
	*ret = found.index;
	return true;
}

static bool writes_register(const struct flow *flow, uint16_t index)
{
	cs_regs read, written;
	uint8_t read_count, written_count;
	uint16_t found;

	if (cs_regs_access(flow->handle, flow->scratch, read, &read_count, written, &written_count) != CS_ERR_OK)
		return true; /* who knows: take it for one that cannot be passed */
	for (uint8_t i = 0; i < written_count; i++)
		if (our_register(flow, written[i], &found) && found == index)
			return true;
	return false;
}

/* Whether a part of an operand that may be missing is the register of ID, or as missing. */
static bool is_same_part(const struct flow *flow, unsigned id, bool has, const struct arch_register *register_)
{
	uint16_t index;

	if (!id || !has)
		return !id && !has;
	return our_register(flow, id, &index) && index == register_->index;
}

/* 1: the instruction writes the memory of OPERAND; 0: not, as far as its text tells. */
static bool writes_memory(const struct flow *flow, const struct arch_operand *operand)
{
	const cs_x86 *detail = &flow->scratch->detail->x86;

	for (uint8_t i = 0; i < detail->op_count; i++) {
		const cs_x86_op *op = &detail->operands[i];

		if (op->type == X86_OP_MEM && (op->access & CS_AC_WRITE) &&
		    is_same_part(flow, op->mem.base, operand->has_base, &operand->base) &&
		    is_same_part(flow, op->mem.index, operand->has_index, &operand->index) &&
		    op->mem.disp == operand->displacement && (!operand->has_index || op->mem.scale == operand->scale))
			return true;
	}
	return false;
}

static bool writes_address_of(const struct flow *flow, const struct arch_operand *operand)
{
	return (operand->has_base && writes_register(flow, operand->base.index)) ||
	       (operand->has_index && writes_register(flow, operand->index.index));
}

static bool is_named(const struct arch *arch, uint16_t index, const char *const *names)
{
	struct arch_register found;

	for (; *names; names++)
		if (arch->register_by_name(*names, strlen(*names), &found) && found.index == index)
			return true;
	return false;
}

/* What a call means for OPERAND: it returns it, leaves it alone, or may have changed it. */
enum { CALL_RETURNS, CALL_KEEPS, CALL_MAY_CHANGE };

static int effect_of_call(const struct arch *arch, const struct arch_operand *operand)
{
	static const char *const result[] = {"rax", NULL};
	static const char *const kept[] = {"rbx", "rbp", "rsp", "r12", "r13", "r14", "r15", NULL};

	if (operand->kind != ARCH_OPERAND_REGISTER)
		return CALL_MAY_CHANGE;
	if (is_named(arch, operand->base.index, result))
		return CALL_RETURNS;
	return is_named(arch, operand->base.index, kept) ? CALL_KEEPS : CALL_MAY_CHANGE;
}

static bool index_of(const struct flow *flow, uint64_t address, size_t *ret)
{
	for (size_t i = 0; i < flow->count; i++)
		if (flow->insns[i].address == address) {
			*ret = i;
			return true;
		}
	return false;
}

/*
 * Moves *AT from an instruction to the one that must have been executed before
 * it. False: several may have been, or none is known.
 */
static bool step_back(const struct flow *flow, size_t *at)
{
	const struct flow_insn *here = &flow->insns[*at];
	const bool falls_through = *at > 0 && flow->insns[*at - 1].kind != KIND_JUMP;
	size_t jumps = 0, from = 0;

	for (size_t i = 0; i < flow->count; i++)
		if (flow->insns[i].target == here->address && flow->insns[i].kind != KIND_CALL) {
			jumps++;
			from = i;
		}
	if (jumps + falls_through != 1)
		return false;
	*at = falls_through ? *at - 1 : from;
	return true;
}

static enum flow_source search(const struct flow *flow, uint64_t address, const struct arch_operand *operand,
			       uint64_t *ret_address)
{
	size_t at;

	if (!index_of(flow, address, &at))
		return FLOW_UNKNOWN;
	for (unsigned steps = 0; steps < STEPS_MAX && step_back(flow, &at); steps++) {
		const struct flow_insn *insn = &flow->insns[at];

		*ret_address = insn->address;
		if (insn->kind == KIND_CALL) {
			switch (effect_of_call(flow->code->arch, operand)) {
			case CALL_RETURNS:
				return FLOW_RETURNED;
			case CALL_MAY_CHANGE:
				return FLOW_UNKNOWN;
			}
			continue;
		}
		if (!decode_at(flow, insn->address))
			return FLOW_UNKNOWN;
		if (operand->kind == ARCH_OPERAND_REGISTER) {
			if (writes_register(flow, operand->base.index))
				return FLOW_WROTE;
			continue;
		}
		if (writes_memory(flow, operand))
			return FLOW_WROTE;
		if (writes_address_of(flow, operand))
			return FLOW_UNKNOWN;
	}
	return FLOW_UNKNOWN;
}

enum flow_source flow_source(const struct flow_code *code, uint64_t address, const struct arch_operand *operand,
			     uint64_t *ret_address, struct insn *ret)
{
	enum flow_source source = FLOW_UNKNOWN;
	uint64_t found = 0;
	struct flow flow;

	if (operand->kind == ARCH_OPERAND_CONSTANT || operand->symbol || operand->has_segment ||
	    (operand->kind == ARCH_OPERAND_REGISTER && operand->base.is_vector))
		return FLOW_UNKNOWN;
	if (!flow_open(code, &flow))
		return FLOW_UNKNOWN;
	if (read_all(&flow, address))
		source = search(&flow, address, operand, &found);
	flow_close(&flow);
	if (source == FLOW_UNKNOWN)
		return source;
	if (!insn_decode(code->arch, code->bytes + (found - code->address),
			 code->size - (size_t)(found - code->address), found, ret))
		return FLOW_UNKNOWN;
	*ret_address = found;
	return source;
}
