/* SPDX-License-Identifier: MIT */
/*
 * Argument specs: the text in a note that says where a probe's arguments live.
 *
 *	-4@112(%rsp) 8@%rdi -4@$-1 4@counter+8(%rip)
 *
 * Each is SIZE@OPERAND; a minus before the size marks a signed value, an `f'
 * behind it IEEE 754 bits. parse.c turns text into specs, format.c specs into
 * text, eval.c a spec and a stopped thread's registers into a value. None
 * knows a process or file: memory and symbols are asked for through callbacks.
 * What an operand looks like and where it ends is the architecture's business.
 */
#ifndef USDTRAP_ARGSPEC_ARGSPEC_H
#define USDTRAP_ARGSPEC_ARGSPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <usdtrap/hit.h>

#include "arch/arch.h"

struct strbuf;

/* One argument. */
struct argspec {
	const char *text; /* the whole argument as written: a slice of the text that was parsed */
	size_t text_length;
	char *reason;                /* why it cannot be decoded, one sentence, owned; NULL where all is well */
	bool has_size;               /* false: the text gave none (sdt v1 and v2), and an address's is taken */
	bool is_signed;              /* two's complement */
	bool is_float;               /* IEEE 754 bits, whatever is_signed says */
	unsigned size;               /* bytes; 0 only when `reason' is set */
	struct arch_operand operand; /* all zero when `text' could not be understood */
	bool is_resolved;            /* `symbol_value' is known */
	uint64_t symbol_value;       /* the file's own address, or the offset that operand.symbol_use asks for */
};

struct argspec_list {
	struct argspec *items;
	size_t count;
};

/*
 * Looks symbols up. Each function sets *RET and returns NULL, or returns why
 * not (owned by the caller). A function that is NULL stands for one that never
 * finds anything.
 */
struct argspec_symbols {
	/* The address of symbol NAME in the file. Errors: NOT_FOUND, UNSUPPORTED (several local symbols share it). */
	struct usdtrap_error *(*address)(const char *name, size_t length, uint64_t *ret_vaddr, void *user);
	/* How far the thread-local symbol NAME lies from the thread pointer; negative where it lies below. */
	struct usdtrap_error *(*thread_offset)(const char *name, size_t length, int64_t *ret_offset, void *user);
	/*
	 * The address in the file of the global offset table's slot for NAME; or,
	 * with *RET_HAS_SLOT false, the address that the slot would have held.
	 */
	struct usdtrap_error *(*slot)(const char *name, size_t length, uint64_t *ret_vaddr, bool *ret_has_slot,
				      void *user);
	void *user;
};

/*
 * Parses TEXT (borrowed: the specs keep slices of it). One bad argument gets a
 * `reason' and spoils no other. Symbols are looked up in SYMBOLS (NULL: left
 * unresolved without a reason, for listing). Errors: NO_MEMORY only.
 */
struct usdtrap_error *argspec_parse(const struct arch *arch, const char *text, const struct argspec_symbols *symbols,
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
 * The value of SPEC, extended by its own size and sign. Where the operand is
 *   - memory: an integer of 1, 2, 4, 8 or a float of 2, 4, 8 bytes is read, any
 *     other object comes as MEMORY, with its address;
 *   - a register wider than the size: its low bytes;
 *   - a register part narrower than the size: the part, extended by the sign;
 *   - a general register half as wide as the size: it and its partner, as BYTES;
 *   - a vector register, with a size that is no integer's or float's: BYTES;
 *   - a constant: itself, cut to the size; of 16 bytes: BYTES.
 * Allocates nothing unless it fails. Errors: BAD_ARGSPEC with SPEC's reason,
 * FAULT (the message names the address), GONE, and what read_vectors returns.
 */
struct usdtrap_error *argspec_eval(const struct argspec *spec, const struct argspec_context *context,
				   struct usdtrap_value *ret) USDTRAP_MUST_USE;

#endif
