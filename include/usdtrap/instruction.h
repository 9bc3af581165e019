/* SPDX-License-Identifier: MIT */
/*
 * Machine code for people: what lies around a probe's site, as text. Bytes
 * only, no process. The text is in AT&T syntax, as probes' arguments are.
 */
#ifndef USDTRAP_INSTRUCTION_H
#define USDTRAP_INSTRUCTION_H

#include <stddef.h>
#include <stdint.h>

#include <usdtrap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { USDTRAP_INSTRUCTION_TEXT_SIZE = 200 };

struct usdtrap_instruction {
	uint64_t address;
	unsigned length;                          /* bytes; 0: there is none */
	char text[USDTRAP_INSTRUCTION_TEXT_SIZE]; /* "movl %eax, -4(%rsp)". NUL-ended */
	/* Where a jump or call leads, or the memory that an operand names relative to the instruction. 0: no such. */
	uint64_t target;
	int is_jump; /* `target' is where execution goes on, not an operand */
};

/* A stretch of code: SIZE bytes that lie, or would lie, at ADDRESS; of an ELF machine, as usdtrap_probe_info has it. */
struct usdtrap_code {
	unsigned machine;
	unsigned address_bits;
	const void *bytes;
	size_t size;
	uint64_t address;
};

/*
 * Reads the instruction that lies at ADDRESS within CODE. Errors: NOT_FOUND
 * (there is no instruction, or its end is missing), UNSUPPORTED (instructions
 * of that machine are not read), INVALID_USE (ADDRESS is outside of CODE).
 */
USDTRAP_API USDTRAP_MUST_USE struct usdtrap_error *usdtrap_instruction_read(const struct usdtrap_code *code,
									    uint64_t address,
									    struct usdtrap_instruction *ret);

/*
 * Where COUNT instructions (or as many as CODE shows) before the one at
 * ADDRESS begin. Instructions have different lengths and can be read forwards
 * only, so this begins to read well before and takes the reading that comes
 * upon ADDRESS: nearly always the true one, as wrong readings fall into step
 * within a few instructions. ADDRESS itself where none comes upon it.
 */
USDTRAP_API uint64_t usdtrap_instruction_before(const struct usdtrap_code *code, uint64_t address, unsigned count);

#ifdef __cplusplus
}
#endif
#endif
