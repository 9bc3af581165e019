/* SPDX-License-Identifier: MIT */
/* What the files of `usdtrap inspect' share. */
#ifndef USDTRAP_CLI_INSPECT_INTERNAL_H
#define USDTRAP_CLI_INSPECT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <usdtrap/inspect.h>

#include "cli/record.h"

struct inspect {
	pid_t pid;
	struct usdtrap_inspection *inspection;
	bool is_json;
	struct record record; /* room for one */
	size_t count;         /* rows that were printed */
};

/* Ends the record, and prints it. */
void inspect_print_record(struct inspect *inspect);

/* "symbol+0x12", "file+0x3f20", "0x55d3c0de0000": what ADDRESS is called; PLACE is what lies there. */
void inspect_print_place(struct inspect *inspect, uint64_t address);
void inspect_print_named(const struct usdtrap_place *place, uint64_t address);
/* Prints TEXT, a name that the process or a file has, which may hold anything, as it can be shown (base/utf8.h). */
void inspect_put(const char *text);
/* PATH without its folders. */
const char *inspect_base_name(const char *path);

/*
 * What WORD means: a number, a function or a variable of the process, each
 * perhaps with +OFFSET behind it, or a probe, whose first site it is then; or
 * what the pointer at such an address leads to, with a * in front of all that.
 * Errors: NOT_FOUND, FAULT, and those of usdtrap_list().
 */
struct usdtrap_error *inspect_parse_address(struct inspect *inspect, const char *word, uint64_t *ret) USDTRAP_MUST_USE;

/* A register on a line of its own; a register as a member of the record that is open. */
void inspect_print_register(struct inspect *inspect, const struct usdtrap_register *register_);
void inspect_record_register(struct inspect *inspect, const struct usdtrap_register *register_);

/* A whole number from 1 to MOST. Errors: INVALID_USE. */
struct usdtrap_error *inspect_parse_number(const char *word, unsigned long most, unsigned long *ret) USDTRAP_MUST_USE;

/* threads, stack [TID], regs [all] [TID]. */
struct usdtrap_error *inspect_threads(struct inspect *inspect, const char *const *words,
				      size_t word_count) USDTRAP_MUST_USE;
struct usdtrap_error *inspect_stacks(struct inspect *inspect, const char *const *words,
				     size_t word_count) USDTRAP_MUST_USE;
struct usdtrap_error *inspect_registers(struct inspect *inspect, const char *const *words,
					size_t word_count) USDTRAP_MUST_USE;
/* mem ADDRESS [LENGTH], mem ADDRESS TYPE [COUNT], disas ADDRESS [COUNT]; WORDS are what stands behind the part's name.
 */
struct usdtrap_error *inspect_memory(struct inspect *inspect, const char *const *words,
				     size_t word_count) USDTRAP_MUST_USE;
struct usdtrap_error *inspect_disassembly(struct inspect *inspect, const char *const *words,
					  size_t word_count) USDTRAP_MUST_USE;

#endif
