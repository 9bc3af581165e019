/* SPDX-License-Identifier: MIT */
/*
 * Integers as scripts write them:
 *
 *	integer: ( 0x HEX | 0 OCTAL | DECIMAL [ e DECIMAL ] ) [ suffix ]
 *
 * _ may stand between digits; the suffix is C's (u and l in any mix, without
 * effect) or, behind a decimal number, a duration: ns us ms s m h d, which
 * makes nanoseconds of it.
 */
#ifndef USDTRAP_LANG_LITERAL_H
#define USDTRAP_LANG_LITERAL_H

#include <stddef.h>
#include <stdint.h>

enum literal_result {
	LITERAL_OK,
	LITERAL_BAD,       /* not an integer */
	LITERAL_TOO_LARGE, /* more than 64 bits */
};

/* Decodes all LENGTH bytes of TEXT into *RET, which is untouched on failure. */
enum literal_result literal_integer(const char *text, size_t length, uint64_t *ret);

/* Nanoseconds of a duration's unit ("ms"); 0 if UNIT (LENGTH bytes) is none. */
uint64_t literal_unit(const char *unit, size_t length);

#endif
