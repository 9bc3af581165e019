/* SPDX-License-Identifier: MIT */
/*
 * Values as bytes: keys of maps, and text and tuples that a map or variable
 * keeps. Two values that are equal and of one static type have equal bytes.
 *
 * A tag byte says the kind (its high bit: a string that was cut), then come
 *	integers, bools, pointers, reals	8 bytes
 *	strings, buffers			4 bytes of length, the bytes
 *	tuples					4 bytes of count, the elements
 *	unknown					nothing: all that is unknown is one key
 * in the machine's byte order and unaligned. Reading what was written here
 * needs no checks; the bytes never come from anywhere else.
 */
#ifndef USDTRAP_LANG_FLAT_H
#define USDTRAP_LANG_FLAT_H

#include <stddef.h>

#include "lang/value.h"

struct scratch;

/* How many bytes VALUE takes. */
size_t flat_size(struct value value);
/* Writes VALUE, flat_size() bytes of it, and returns where they end. */
char *flat_write(struct value value, char *bytes);
/* The value written at BYTES. Its text lies in BYTES, the elements of tuples in SCRATCH. */
struct value flat_read(const char *bytes, struct scratch *scratch);

#endif
