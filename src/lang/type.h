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

struct strbuf;

enum type_kind {
	TYPE_NONE,    /* no value: what printf() yields */
	TYPE_BOOL,    /* 1 byte, printed true or false */
	TYPE_INTEGER, /* size 1, 2, 4 or 8, is_signed */
	TYPE_STRING,  /* at most size - 1 bytes of text: size is the capacity with its NUL */
	TYPE_BUFFER,  /* at most size bytes: buf() */
	TYPE_POINTER, /* an address in the target; 8 bytes; inner: what it points to, or NULL for void */
	TYPE_TUPLE,   /* elements; size with C's padding. With `names': a record, (x=1, y=2) */
	TYPE_ARRAY,   /* `length' elements of type `inner', one behind the other */
	TYPE_STRUCT,  /* a struct or union in C's layout: record */
	TYPE_STACK,   /* ustack(), kstack(): `stack_mode', is_kernel */

	/* Values of maps only. Read in an expression they become an integer (see type_of_read()). */
	TYPE_COUNT,   /* count() */
	TYPE_SUM,     /* sum(n); is_signed as `inner', the type of its arguments; so for the next four */
	TYPE_AVG,     /* avg(n) */
	TYPE_MIN,     /* min(n) */
	TYPE_MAX,     /* max(n) */
	TYPE_STATS,   /* stats(n) */
	TYPE_HIST,    /* hist(n, bits); `buckets' */
	TYPE_LHIST,   /* lhist(n, min, max, step); `buckets' */
	TYPE_TSERIES, /* tseries(n, interval, count, function); `series' */
};

/* The fixed arguments of a hist() or lhist(). */
struct type_buckets {
	unsigned bits; /* hist: 2^bits buckets a power of two, 0 to 5 */
	int64_t min;   /* lhist: where the first inner bucket begins */
	int64_t max;   /* lhist: where the outer bucket above begins; > min */
	int64_t step;  /* lhist: > 0; at most 1000 inner buckets */
};

/* How a stack is printed. */
enum type_stack_mode {
	TYPE_STACK_BPFTRACE, /* symbol+offset */
	TYPE_STACK_PERF,     /* address symbol+offset (file) */
	TYPE_STACK_RAW,      /* address */
	TYPE_STACK_BUILD_ID, /* build id of the file and offset in it */
};

/* How the values of one interval of a tseries() become one. */
enum type_series_function {
	TYPE_SERIES_LAST,
	TYPE_SERIES_AVG,
	TYPE_SERIES_MAX,
	TYPE_SERIES_MIN,
	TYPE_SERIES_SUM,
};

/* The fixed arguments of a tseries(). */
struct type_series {
	uint64_t interval_ns; /* > 0 */
	uint32_t count;       /* of intervals that are kept, > 0 */
	enum type_series_function function;
};

/* A name for a number of an enum. */
struct type_enumerator {
	const struct type_enumerator *next; /* in the order of definition */
	const char *name;
	uint64_t value; /* two's complement */
};

struct type_enum {
	const char *name; /* "enum e", or "enum" if it has none */
	const struct type_enumerator *first;
};

/* A member of a struct or union. */
struct type_field {
	const char *name; /* NULL: a struct or union without a name, whose members are members of the outer one */
	const struct type *type;
	uint32_t offset;    /* in bytes; of a bit-field: of the first byte it has a part in */
	uint8_t bit_offset; /* a bit-field: its lowest bit in that byte, 0 to 7 */
	uint8_t bit_width;  /* a bit-field: how many bits, 1 to 64; else 0 */
};

/* What a struct or union is made of. It is one object for all who name it, and may be completed after it was named. */
struct type_record {
	const char *name; /* "struct s", "union u", or the first word alone */
	bool is_union;
	bool is_complete; /* it was defined, so that it has fields and a size */
	uint32_t alignment;
	const struct type_field *fields; /* in the order of definition; bit-fields without a name are left out */
	uint32_t field_count;
};

struct type {
	enum type_kind kind;
	bool is_signed;
	bool is_real; /* INTEGER of 4 or 8 bytes: what lies in memory is a float or a double; see VALUE_REAL */
	/*
	 * INTEGER: of a constant that is not negative, the size of the smallest unsigned type that holds it; else 0.
	 * Such constants suit unsigned types as well as signed ones: `$x = 0; $x = nsecs' makes $x a uint64, `nsecs /
	 * 1000' is an unsigned division, and 250 fits a uint8. Says nothing about the shape of values; type_is_same()
	 * ignores it.
	 */
	uint8_t unsigned_size;
	uint32_t size;            /* bytes, what sizeof() yields; 0 for NONE */
	const struct type *inner; /* POINTER, ARRAY; SUM to STATS, TSERIES: the integers that were given */
	const struct type **elements;
	uint32_t element_count;              /* TUPLE */
	const char *const *names;            /* TUPLE: those of its elements, of a record; else NULL */
	uint32_t length;                     /* ARRAY */
	const struct type_enum *enumeration; /* INTEGER: numbers with names; else NULL */
	struct type_record *record;          /* STRUCT */
	uint32_t node_count;                 /* TUPLE: this one and all that is in it, at any depth */
	struct type_buckets buckets;
	struct type_series series; /* TSERIES; is_signed is that of the values */
	enum type_stack_mode stack_mode;
	bool is_kernel; /* STACK: of the kernel, where there is nothing to be seen */
	bool demangles; /* STACK: symbols of C++ are shown as the names they stand for */
};

/* The most bytes a string or buffer can be asked to hold, with its NUL. */
#define TYPE_STRING_MAX ((uint32_t)1024 * 1024)

/* The most bytes an array or struct may have. */
#define TYPE_SIZE_MAX ((uint32_t)1 << 30)

/* The most bytes of an array or struct that can be a value. What is larger is only read in parts. */
#define TYPE_VALUE_MAX TYPE_STRING_MAX

/* The most types a tuple may be made of, itself and all within: nesting could else double them with every assignment.
 */
#define TYPE_TUPLE_NODES_MAX 256

extern const struct type type_none, type_bool, type_int8, type_int16, type_int32, type_int64, type_uint8, type_uint16,
	type_uint32, type_uint64, type_void_pointer, type_count;

/* C's char: an int8, but an array of it is text. Known by its address. */
extern const struct type type_char;

/* The integer type of SIZE (1, 2, 4, 8) bytes. */
const struct type *type_integer(uint32_t size, bool is_signed);
/* The type of that name: int8 to uint64, bool, and C's names for the same (uint32_t, char); NULL if there is none. */
const struct type *type_by_name(const char *name);
/* The smallest type that holds a constant: signed if it fits, uint64 for those from 2^63 on. */
const struct type *type_of_constant(uint64_t magnitude, bool is_negative);
/* A string of at most CAPACITY - 1 bytes; a buffer of at most SIZE. NULL when memory runs out, as for all below. */
const struct type *type_string(struct arena *arena, uint32_t capacity);
const struct type *type_buffer(struct arena *arena, uint32_t size);
/* INNER may be NULL: void. */
const struct type *type_pointer(struct arena *arena, const struct type *inner);
/* ELEMENTS is kept, not copied; the caller has seen to it that there are not too many (type_count_nodes()). */
const struct type *type_tuple(struct arena *arena, const struct type **elements, uint32_t count);
/* The same with NAMES, kept as well: a record. */
const struct type *type_named_tuple(struct arena *arena, const struct type **elements, const char *const *names,
				    uint32_t count);
/* LENGTH elements of type INNER. NULL also when it would have more than TYPE_SIZE_MAX bytes. */
const struct type *type_array(struct arena *arena, const struct type *inner, uint64_t length);
/* The integers SIZE and IS_SIGNED with the names of ENUMERATION. */
const struct type *type_enumerated(struct arena *arena, uint32_t size, bool is_signed,
				   const struct type_enum *enumeration);
/* How many types a tuple of ELEMENTS is made of. */
uint32_t type_count_nodes(const struct type *const *elements, uint32_t count);
/* SUM, AVG, MIN, MAX or STATS of values of the integer type GIVEN. */
const struct type *type_aggregate(struct arena *arena, enum type_kind kind, const struct type *given);
/* HIST or LHIST. */
const struct type *type_histogram(struct arena *arena, enum type_kind kind, const struct type_buckets *buckets);

/* TSERIES of values of the integer type GIVEN. */
const struct type *type_time_series(struct arena *arena, const struct type_series *series, const struct type *given);
const struct type *type_stack(struct arena *arena, enum type_stack_mode mode, bool is_kernel, bool demangles);

bool type_is_same(const struct type *a, const struct type *b);
/*
 * The type that holds the values of both: the wider integer, the longer
 * string, tuples element by element, records name by name in A's order; NONE
 * gives way to anything. NULL if there is none, e.g. for uint64 and int64.
 * Also NULL when memory runs out.
 */
const struct type *type_promote(struct arena *arena, const struct type *a, const struct type *b);
/* False if somewhere in A and B, which can be promoted, records have their names in different orders. */
bool type_has_same_order(const struct type *a, const struct type *b);
/* True if a place of type TO holds every value of type FROM. */
bool type_fits(const struct type *from, const struct type *to);

/* What C would align an object of TYPE to, in bytes. */
uint32_t type_alignment(const struct type *type);
/* True if TYPE, or what is in it at any depth, has a size; false for void and structs that were only named. */
bool type_is_complete(const struct type *type);
/* True for arrays and structs, whose values are their bytes. */
bool type_is_object(const struct type *type);

/*
 * The member NAME of the struct or union TYPE, also if it is one of a struct
 * without a name in it, with its offset in TYPE; false if there is none.
 */
bool type_find_field(const struct type *type, const char *name, struct type_field *ret);
/* The number of the record's element NAME, or -1. */
int type_find_element(const struct type *type, const char *name);
/* The name of VALUE in TYPE's enumeration, or NULL. */
const char *type_enumerator_name(const struct type *type, uint64_t value);

/* INTEGER and BOOL: what arithmetic takes. */
bool type_is_number(const struct type *type);
/* COUNT to TSERIES. */
bool type_is_aggregate(const struct type *type);
/* Aggregates that can be read as one number: all but STATS, HIST, LHIST and TSERIES. */
bool type_is_readable_aggregate(const struct type *type);
/* What a map's value is when an expression reads it: an integer for a readable aggregate, else the type itself. */
const struct type *type_of_read(const struct type *type);

/* Appends the name as messages print it: int64, bool, string[3], (int8,string[4]), int8 *,
 * int32[2][4], struct s, enum e, (x=int8,y=bool), count_t, void. */
void type_add_name(struct strbuf *out, const struct type *type);
/* The same without sizes and signs: int, string, tuple, pointer. */
const char *type_kind_name(enum type_kind kind);

#endif
