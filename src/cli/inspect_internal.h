/* SPDX-License-Identifier: MIT */
/* What the files of `usdtrap inspect' share. */
#ifndef USDTRAP_CLI_INSPECT_INTERNAL_H
#define USDTRAP_CLI_INSPECT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <usdtrap/inspect.h>

struct inspect {
	pid_t pid;
	struct usdtrap_inspection *inspection;
	bool is_json;
	size_t count; /* rows that were printed */
};

/* An object of a line, field by field. */
void inspect_json_begin(void);
void inspect_json_text(const char *name, const char *value); /* NULL: null */
void inspect_json_number(const char *name, long long value);
void inspect_json_address(const char *name, uint64_t value); /* as text, "0x1f": doubles do not hold them all */
void inspect_json_truth(const char *name, bool value);
void inspect_json_end(void);

/* "symbol+0x12", "file+0x3f20", "0x55d3c0de0000": what ADDRESS is called. */
void inspect_print_place(struct inspect *inspect, uint64_t address);

/*
 * What WORD means: a number or a function of the process, either with +OFFSET
 * behind it, or a probe, whose first site it is then. Errors: NOT_FOUND and
 * those of usdtrap_list().
 */
struct usdtrap_error *inspect_parse_address(struct inspect *inspect, const char *word, uint64_t *ret) USDTRAP_MUST_USE;

/* mem ADDRESS [LENGTH], disas ADDRESS [COUNT]; WORDS are what stands behind the part's name. */
struct usdtrap_error *inspect_memory(struct inspect *inspect, const char *const *words,
				     size_t word_count) USDTRAP_MUST_USE;
struct usdtrap_error *inspect_disassembly(struct inspect *inspect, const char *const *words,
					  size_t word_count) USDTRAP_MUST_USE;

#endif
