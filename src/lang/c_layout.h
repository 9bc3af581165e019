/* SPDX-License-Identifier: MIT */
/*
 * Where the members of a struct lie: the System V ABI for x86-64 (section
 * 3.1.2, "Aggregates and Unions", "Bit-Fields") with GNU C's attributes, as
 * gcc lays it out. Member after member is added, then the layout is finished.
 *
 * A member goes to the next address that its type's alignment allows. A
 * bit-field of type T goes right behind the bits before it, unless it would
 * then cross a boundary at which a T may begin: it goes there instead. In a
 * packed struct everything is aligned to bytes, bit-fields to bits.
 */
#ifndef USDTRAP_LANG_C_LAYOUT_H
#define USDTRAP_LANG_C_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/* What decides where one member goes. */
struct c_layout_member {
	uint32_t size;      /* of its type, in bytes */
	uint32_t alignment; /* of its type */
	uint32_t asked;     /* by an attribute aligned(N) of the member itself; 0: none */
	bool is_packed;     /* by the member's own attribute */
	bool has_name;      /* a bit-field without one does not align the struct */
};

/* A struct in the making. Set the first two; the rest starts as zero. */
struct c_layout {
	bool is_union;
	bool is_packed;     /* by the struct's attribute */
	uint32_t limit;     /* `#pragma pack(N)': the most any member is aligned to; 0: none */
	uint64_t bits;      /* behind the last member */
	uint64_t size_bits; /* of the whole so far: of a union, of its largest member */
	uint32_t alignment; /* 0: of nothing */
};

/* Adds a member and returns its offset in bytes. */
uint64_t c_layout_add(struct c_layout *layout, const struct c_layout_member *member);
/* Adds a bit-field of WIDTH bits (0: it only ends the unit before) and returns its offset in bits. */
uint64_t c_layout_add_bits(struct c_layout *layout, const struct c_layout_member *member, uint32_t width);
/* The size in bytes, and the alignment in *RET_ALIGNMENT; ASKED: what an attribute of the struct asks for, or 0. */
uint64_t c_layout_finish(const struct c_layout *layout, uint32_t asked, uint32_t *ret_alignment);

#endif
