/* SPDX-License-Identifier: MIT */
/*
 * Instructions in their order: where those before a place begin, and which of
 * them put a value where it is. For people, never for what is written.
 */
#ifndef USDTRAP_ARCH_FLOW_H
#define USDTRAP_ARCH_FLOW_H

#include "arch/arch.h"
#include "arch/insn.h"

/* Code to look at: SIZE bytes that lie at ADDRESS. */
struct flow_code {
	const struct arch *arch;
	const uint8_t *bytes;
	size_t size;
	uint64_t address;
};

/* The address at which COUNT instructions before ADDRESS, or fewer, begin: see usdtrap_instruction_before(). */
uint64_t flow_before(const struct flow_code *code, uint64_t address, unsigned count);

enum flow_source {
	FLOW_UNKNOWN,
	FLOW_WROTE,    /* an instruction wrote it */
	FLOW_RETURNED, /* a call returned it */
};

/*
 * Which instruction put there what OPERAND holds when ADDRESS is reached. Told
 * only where every way that leads to ADDRESS inside CODE goes through it; what
 * jumps in from farther away, or through a register, is not seen. *RET_ADDRESS
 * and *RET are its place and text.
 */
enum flow_source flow_source(const struct flow_code *code, uint64_t address, const struct arch_operand *operand,
			     uint64_t *ret_address, struct insn *ret);

#endif
