/* SPDX-License-Identifier: MIT */
/*
 * Call frame information: from where a function stands to where it was called.
 *
 * For each instruction of a file .eh_frame says how to find, in a thread that
 * stands there, the registers that the caller will have once the function
 * returns. One address, the canonical frame address, CFA, is where the stack
 * pointer was before the call; everything else is told relative to it:
 *
 *	push %rbp             at entry:  CFA = rsp + 8,  return address at CFA - 8
 *	mov %rsp,%rbp         after it:  CFA = rsp + 16, rbp at CFA - 16, return address at CFA - 8
 *
 * A file has this for all its code, since C++ exceptions need it; strip(1)
 * leaves it. Here it is looked up and understood; who walks a stack by it is
 * trace/unwind.c. Format: DWARF 5, section 6.4; Linux Standard Base, "DWARF
 * Extensions".
 */
#ifndef USDTRAP_ELF_CFI_H
#define USDTRAP_ELF_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <usdtrap/error.h>

struct elf_object;

enum { CFI_REGISTERS = 17 }; /* as many as the supported architecture with the most has: x86-64's, and its pc */

enum cfi_rule_kind {
	CFI_SAME,          /* the caller's value is the register's own (also where nothing is said) */
	CFI_UNDEFINED,     /* it is lost; of the return address: there is no caller */
	CFI_AT_OFFSET,     /* it lies at CFA + offset */
	CFI_IS_OFFSET,     /* it is CFA + offset */
	CFI_IN_REGISTER,   /* it is in `register_number'; of the CFA: that + offset */
	CFI_AT_EXPRESSION, /* it lies where a DWARF expression says */
	CFI_IS_EXPRESSION, /* it is what a DWARF expression says */
};

struct cfi_rule {
	uint8_t kind; /* enum cfi_rule_kind */
	uint8_t register_number;
	uint16_t size; /* of `expression' */
	union {
		int64_t offset;
		const uint8_t *expression;
	};
};

/* What is to be done at one instruction. Registers bear DWARF's numbers. */
struct cfi_row {
	struct cfi_rule cfa; /* IN_REGISTER or IS_EXPRESSION */
	struct cfi_rule registers[CFI_REGISTERS];
	uint8_t return_register; /* whose caller's value is the return address */
	bool is_signal_frame; /* the caller was interrupted here and did not call: the address is not behind a call */
};

struct cfi_table;

/* Reads the index of OBJECT's call frame information; OBJECT must outlive it. Errors: NOT_FOUND (it has none),
 * NO_MEMORY. */
struct usdtrap_error *cfi_table_open(const struct elf_object *object, struct cfi_table **ret) USDTRAP_MUST_USE;
void cfi_table_destroy(struct cfi_table *table);

/* The row for the instruction at VADDR. Expressions in it live as long as TABLE. False: there is none, or it is broken.
 */
bool cfi_table_find(struct cfi_table *table, uint64_t vaddr, struct cfi_row *ret);

/*
 * For the floors below this header: runs the call frame instructions of a
 * description (CIE, FDE) up to VADDR. See cfi_program.c.
 */
struct cfi_description {
	uint64_t begin, end; /* vaddrs of the code it is about */
	uint64_t code_alignment;
	int64_t data_alignment;
	uint8_t return_register;
	bool is_signal_frame;
	uint8_t pointer_encoding; /* of addresses in `instructions' */
	const uint8_t *initial;   /* instructions of the CIE */
	size_t initial_size;
	const uint8_t *instructions; /* of the FDE */
	size_t instructions_size;
	uint64_t instructions_vaddr;
};
bool cfi_program_run(const struct cfi_description *description, uint64_t vaddr, struct cfi_row *ret);

/* Evaluates a DWARF expression: INITIAL is what its stack begins with. False: broken, or memory cannot be read. */
struct cfi_machine {
	const uint64_t *registers; /* CFI_REGISTERS of them */
	bool (*read_word)(uint64_t address, uint64_t *ret, void *user);
	void *user;
};
bool cfi_expression_run(const uint8_t *bytes, size_t size, const struct cfi_machine *machine, const uint64_t *initial,
			uint64_t *ret);

#endif
