/* SPDX-License-Identifier: MIT */
/*
 * Static types. Every expression, variable and map has one before anything
 * runs, exactly as wide and signed as bpftrace has it, since that shows:
 * sizeof, printf's truncation, the sign of a comparison, the names in messages.
 *
 * Types are immutable and live in the program's arena or are constants; they
 * are compared with type_is_same(), never by address.
 */
#ifndef USDTRAP_LANG_TYPE_H
#define USDTRAP_LANG_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum type_kind {
	TYPE_NONE,    /* no value: what printf() yields; also "not known yet" while types are being found */
	TYPE_BOOL,    /* 1 byte, printed true or false */
	TYPE_INTEGER, /* size 1, 2, 4 or 8, is_signed */
	TYPE_STRING,  /* at most size - 1 bytes of text: size is the capacity with its NUL */
	TYPE_BUFFER,  /* at most size bytes: buf() */
	TYPE_POINTER, /* an address in the target; 8 bytes; inner: what it points to, or NULL for void */
	TYPE_TUPLE,   /* elements; size with C's padding */

	/* Values of maps only. Read in an expression they become an integer (see type_of_read()). */
	TYPE_COUNT, /* count() */
	TYPE_SUM,   /* sum(n); is_signed as its argument */
	TYPE_AVG,   /* avg(n); is_signed */
	TYPE_MIN,   /* min(n); is_signed */
	TYPE_MAX,   /* max(n); is_signed */
	TYPE_STATS, /* stats(n); is_signed */
	TYPE_HIST,  /* hist(n, bits); `buckets' */
	TYPE_LHIST, /* lhist(n, min, max, step); `buckets' */
};

/* The fixed arguments of a hist() or lhist(). */
struct type_buckets {
	unsigned bits; /* hist: 2^bits buckets a power of two, 0 to 5 */
	int64_t min;   /* lhist: where the first inner bucket begins */
	int64_t max;   /* lhist: where the outer bucket above begins; > min */
	int64_t step;  /* lhist: > 0; at most 1000 inner buckets */
};

struct type {
	enum type_kind kind;
	bool is_signed;
	uint32_t size;            /* bytes, what sizeof() yields; 0 for NONE */
	const struct type *inner; /* POINTER */
	const struct type **elements;
	uint32_t element_count; /* TUPLE */
	struct type_buckets buckets;
};

/* The most bytes a string or buffer can be asked to hold, with its NUL. */
#define TYPE_STRING_MAX ((uint32_t)1024 * 1024)

extern const struct type type_none, type_bool, type_int8, type_int16, type_int32, type_int64, type_uint8, type_uint16,
	type_uint32, type_uint64, type_void_pointer, type_count;

/* The integer type of SIZE (1, 2, 4, 8) bytes. */
const struct type *type_integer(uint32_t size, bool is_signed);
/* A string of at most CAPACITY - 1 bytes; a buffer of at most SIZE. NULL when memory runs out, as for all below. */
const struct type *type_string(struct arena *arena, uint32_t capacity);
const struct type *type_buffer(struct arena *arena, uint32_t size);
const struct type *type_pointer(struct arena *arena, const struct type *inner);
/* ELEMENTS is kept, not copied. */
const struct type *type_tuple(struct arena *arena, const struct type **elements, uint32_t count);
/* SUM, AVG, MIN, MAX or STATS of the given sign. */
const struct type *type_aggregate(struct arena *arena, enum type_kind kind, bool is_signed);
const struct type *type_histogram(struct arena *arena, enum type_kind kind, const struct type_buckets *buckets);

bool type_is_same(const struct type *a, const struct type *b);
/* INTEGER and BOOL: what arithmetic and conditions take as they are. */
bool type_is_number(const struct type *type);
/* COUNT to LHIST. */
bool type_is_aggregate(const struct type *type);
/* Aggregates that can be read as one number: all but STATS, HIST and LHIST. */
bool type_is_readable_aggregate(const struct type *type);
/* What a map's value is when an expression reads it: an integer for a readable aggregate, else the type itself. */
const struct type *type_of_read(const struct type *type);

/* The name as messages print it: int64, uint32, bool, string[3], (int8,string[4]), int8 *, count_t, none. */
const char *type_name(struct arena *arena, const struct type *type);

#endif
