/* SPDX-License-Identifier: MIT */
/* Instructions for people: how long one is and how it reads. With flow.h the sole user of capstone. For messages, not
 * for hits. */
#ifndef USDTRAP_ARCH_INSN_H
#define USDTRAP_ARCH_INSN_H

#include "arch/arch.h"

enum { INSN_TEXT_SIZE = 200 };

struct insn {
	size_t length;             /* bytes */
	char text[INSN_TEXT_SIZE]; /* "movl %eax, -4(%rsp)": as the arguments of probes are written. NUL-ended */
};

/*
 * Reads the instruction that BYTES (AVAILABLE of them are valid) begin with;
 * it lies at ADDRESS, which the text of a jump is worked out from. False: it is
 * none, or is cut off, or this build of capstone does not know ARCH.
 */
bool insn_decode(const struct arch *arch, const uint8_t *bytes, size_t available, uint64_t address, struct insn *ret);

/*
 * Goes through the instructions of BYTES (SIZE of them, from ADDRESS) up to the
 * one that byte OFFSET belongs to. Returns where that one begins, as an offset,
 * and reads it into RET (may be NULL); SIZE if some byte before is no instruction.
 */
size_t insn_beginning(const struct arch *arch, const uint8_t *bytes, size_t size, uint64_t address, size_t offset,
		      struct insn *ret);

#endif
