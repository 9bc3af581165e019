/* SPDX-License-Identifier: MIT */
/*
 * Argument specs: the text in a note that says where a probe's arguments live.
 *
 *	-4@112(%rsp) 8@%rdi -4@$-1 4@counter+8(%rip)
 *
 * Each is SIZE@OPERAND; the sign of the size is the value's, an `f' behind it
 * marks IEEE 754 bits. parse.c turns text into operands, eval.c an operand and
 * a stopped thread's registers into a value. Neither knows a process or file:
 * memory and symbols are asked for through callbacks.
 */
#ifndef USDTRAP_ARGSPEC_ARGSPEC_H
#define USDTRAP_ARGSPEC_ARGSPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <usdtrap/hit.h>

#include "arch/arch.h"

struct strbuf;

enum argspec_kind {
	ARGSPEC_UNKNOWN,  /* could not be understood or resolved: `reason' says why */
	ARGSPEC_CONSTANT, /* `displacement' is the value; plus a symbol's address where one is named ($sym) */
	ARGSPEC_REGISTER, /* `base' is the register (or the part of it that is named) */
	ARGSPEC_MEMORY,   /* at displacement + base + index * scale + symbol, as far as present */
};

struct argspec {
	enum argspec_kind kind;
	uint16_t size; /* bytes; an operand without N@ gets the size of an address */
	bool is_signed;
	bool is_float;
	bool has_size; /* false: the text gave none (sdt v1 and v2) */
	bool has_base;
	bool has_index;
	bool is_pc_relative; /* SYM(%rip): the pc is no summand, the symbol's address is meant */
	uint8_t scale;       /* 1 2 4 8 */
	struct arch_register base;
	struct arch_register index;
	int64_t displacement;
	const char *symbol; /* slice of the text, or NULL */
	size_t symbol_length;
	uint64_t symbol_vaddr; /* once resolved: in the file's own addresses */
	const char *text;      /* the whole argument as written: a slice of the text */
	size_t text_length;
	char *reason; /* owned; NULL where all is well */
};

struct argspec_list {
	struct argspec *items;
	size_t count;
};

/*
 * Looks a symbol up. Sets *RET and returns NULL, or returns why not (owned by
 * the caller): NOT_FOUND, or UNSUPPORTED where several local symbols share the name.
 */
typedef struct usdtrap_error *(*argspec_resolve_fn)(const char *name, size_t length, uint64_t *ret_vaddr, void *user);

/*
 * Parses TEXT (borrowed: the specs keep slices of it). One bad argument becomes
 * ARGSPEC_UNKNOWN and spoils no other. Symbols are resolved through RESOLVE
 * (NULL: left unresolved, for listing). Errors: NO_MEMORY only.
 */
struct usdtrap_error *argspec_parse(const struct arch *arch, const char *text, argspec_resolve_fn resolve, void *user,
				    struct argspec_list *ret) USDTRAP_MUST_USE;
void argspec_list_deinit(struct argspec_list *list);

/* Appends SPEC as text; parsing that text gives the same spec again. */
void argspec_format(const struct arch *arch, const struct argspec *spec, struct strbuf *out);

/* What eval may ask for. The functions return NULL or FAULT, GONE, OS. */
struct argspec_context {
	const struct arch *arch;
	const struct arch_registers *registers;
	uint64_t load_bias; /* added to a symbol's vaddr */
	struct usdtrap_error *(*read_memory)(uint64_t address, void *buffer, size_t size, void *user);
	struct usdtrap_error *(*read_vectors)(const struct arch_vector_registers **ret, void *user);
	void *user;
};

/*
 * The value of SPEC. Integers are extended by their own size and sign. Objects
 * of another size than 1, 2, 4, 8 (and floats other than 4, 8) come as MEMORY when in memory.
 * Errors: BAD_ARGSPEC with SPEC's reason, FAULT (the message names the
 * address), GONE.
 */
struct usdtrap_error *argspec_eval(const struct argspec *spec, const struct argspec_context *context,
				   struct usdtrap_value *ret) USDTRAP_MUST_USE;

#endif
