/* SPDX-License-Identifier: MIT */
/*
 * Values as a running script holds them. Two words, passed by value; text and
 * tuples lie elsewhere, as a rule in the run's scratch memory, and live as
 * long as that.
 *
 * Types are static, yet a value says what it is: so that what could not be
 * had, an operand that cannot be decoded for instance, travels through any
 * expression as `unknown' with its reason and prints as `?', and so that
 * printing and keys need no second description. An integer is always kept
 * extended to 64 bits by its own type.
 */
#ifndef USDTRAP_LANG_VALUE_H
#define USDTRAP_LANG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scratch;
struct type;
struct type_field;
struct usdtrap_stack;

enum value_kind {
	VALUE_SIGNED,   /* `integer' as two's complement */
	VALUE_UNSIGNED, /* `integer' */
	VALUE_BOOL,     /* `integer', 0 or 1 */
	VALUE_POINTER,  /* `integer', an address in the target */
	VALUE_REAL,     /* `real': an argument that the site holds as a float or double */
	VALUE_STRING,   /* `length' bytes at `text', none of them NUL, no NUL behind them */
	VALUE_BUFFER,   /* `length' bytes at `text'; also arrays and structs, as they lie in memory */
	VALUE_TUPLE,    /* `length' values at `elements' */
	VALUE_STACK,    /* `stack', or NULL: an empty one */
	VALUE_UNKNOWN,  /* `reason', a text that outlives the value; poisons what is computed from it */
};

struct value {
	enum value_kind kind : 8;
	bool is_cut; /* STRING: there was more text than was asked for */
	uint32_t length;
	union {
		uint64_t integer;
		double real;
		const char *text;
		const struct value *elements;
		const struct usdtrap_stack *stack; /* lives as long as the session */
		const char *reason;
	};
};

static inline struct value value_signed(int64_t integer)
{
	return (struct value){.kind = VALUE_SIGNED, .integer = (uint64_t)integer};
}

static inline struct value value_unsigned(uint64_t integer)
{
	return (struct value){.kind = VALUE_UNSIGNED, .integer = integer};
}

static inline struct value value_bool(bool is_true)
{
	return (struct value){.kind = VALUE_BOOL, .integer = is_true};
}

static inline struct value value_pointer(uint64_t address)
{
	return (struct value){.kind = VALUE_POINTER, .integer = address};
}

static inline struct value value_real(double real)
{
	return (struct value){.kind = VALUE_REAL, .real = real};
}

static inline struct value value_string(const char *text, size_t length)
{
	return (struct value){.kind = VALUE_STRING, .length = (uint32_t)length, .text = text};
}

static inline struct value value_buffer(const char *bytes, size_t length)
{
	return (struct value){.kind = VALUE_BUFFER, .length = (uint32_t)length, .text = bytes};
}

static inline struct value value_tuple(const struct value *elements, size_t count)
{
	return (struct value){.kind = VALUE_TUPLE, .length = (uint32_t)count, .elements = elements};
}

static inline struct value value_stack(const struct usdtrap_stack *stack)
{
	return (struct value){.kind = VALUE_STACK, .stack = stack};
}

static inline struct value value_unknown(const char *reason)
{
	return (struct value){.kind = VALUE_UNKNOWN, .reason = reason};
}

/* A string of a NUL-ended text. */
struct value value_text(const char *text);

/* What a variable or map element of TYPE holds before anything was stored: 0, "", nothing, a tuple of such. */
struct value value_zero(const struct type *type, struct scratch *scratch);

/* VALUE as 64 bits: a real truncated towards zero (saturating), 0 for what is no number. */
uint64_t value_integer(struct value value);

/*
 * What lies at BYTES, as many as TYPE has: text, arrays and structs stay
 * there. Of text without a NUL is_cut is set. Not for tuples.
 */
struct value value_load(const char *bytes, const struct type *type);
/* The member FIELD of OBJECT; unknown if OBJECT is so, or holds too few bytes. */
struct value value_of_field(struct value object, const struct type_field *field);
/* The element INDEX of ARRAY, an array of TYPE; likewise. */
struct value value_of_element(struct value array, const struct type *type, uint64_t index);

/*
 * Cuts VALUE to the width and sign of the integer, bool or pointer TYPE.
 * Unknown stays so, what is no number becomes so; nothing changes for other types.
 */
struct value value_convert(struct value value, const struct type *type);

/* 1 or 0 as conditions take it: numbers that are not 0, text that is not empty. Not for unknown. */
bool value_is_true(struct value value);

/*
 * -1, 0 or 1. Of one kind: integers by number (with their signs, whatever the
 * two kinds), text bytewise, tuples element by element. Unlike kinds, and
 * unknown, in the order of enum value_kind, so that sorting is total.
 */
int value_compare(struct value a, struct value b);

#endif
