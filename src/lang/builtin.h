/* SPDX-License-Identifier: MIT */
/*
 * The words of the language: values that are simply there (builtins) and
 * functions. One table row each says how it is called, what it takes and
 * yields, and what help says of it; sema checks against it, eval switches over
 * the enums.
 */
#ifndef USDTRAP_LANG_BUILTIN_H
#define USDTRAP_LANG_BUILTIN_H

#include <stdbool.h>
#include <stddef.h>

#include "lang/type.h"

/* Values without arguments; each may be written with or without "()". */
enum builtin {
	BUILTIN_ARG,      /* arg0, arg1, ...: int64; the number is in the node */
	BUILTIN_COMM,     /* string[16]: the thread's name */
	BUILTIN_CPID,     /* uint64: the pid of the program started with -c; 0 without */
	BUILTIN_CPU,      /* uint64: where the thread last ran */
	BUILTIN_ELAPSED,  /* uint64: nanoseconds since the script began */
	BUILTIN_GID,      /* uint64 */
	BUILTIN_NCPUS,    /* uint64: processors of the machine */
	BUILTIN_NSECS,    /* uint64: CLOCK_BOOTTIME, nanoseconds */
	BUILTIN_PID,      /* uint32: of the process; in begin, end, interval: of this program */
	BUILTIN_PROBE,    /* string: the full name of the probe that fired */
	BUILTIN_RAND,     /* uint64: a random number of 32 bits */
	BUILTIN_TID,      /* uint32 */
	BUILTIN_UID,      /* uint64 */
	BUILTIN_USERNAME, /* string: the name of `uid', or the number if it has none */
};

/*
 * Functions. What `arguments' of the call node holds when sema is done is
 * said in brackets; [] is none.
 */
enum function {
	FUNCTION_BUF,      /* [address, length?]: buffer; at most type->size bytes. Of a string: its bytes */
	FUNCTION_CLEAR,    /* []; call->map: delete all keys */
	FUNCTION_DELETE,   /* []; call->map, call->key (NULL: a map without keys). bool: was there */
	FUNCTION_EXIT,     /* [status?]: ends the clause and the program */
	FUNCTION_HAS_KEY,  /* []; call->map, call->key. bool */
	FUNCTION_JOIN,     /* [address of a NULL-ended array of strings, delimiter?] (a string) */
	FUNCTION_LEN,      /* []; call->map. int64: how many keys */
	FUNCTION_PRINT,    /* [value]; or [] and call->map, call->top, call->divisor: a whole map */
	FUNCTION_PRINTF,   /* [what the conversions take, in order]; call->format */
	FUNCTION_STR,      /* [address, length?]: string; type->size is its capacity. Of a string: the string itself */
	FUNCTION_STRFTIME, /* [time]; call->time_format. The time counts as `nsecs' does */
	FUNCTION_STRLEN,   /* [string]: uint64 */
	FUNCTION_STRNCMP,  /* [string, string, length]: uint64, 0 if equal */
	FUNCTION_TIME,     /* []; call->time_format */
	FUNCTION_ZERO,     /* []; call->map: all values to 0, keys stay */
};

/* Functions that feed a map: `@m[key] = count()'. They stand nowhere else. */
enum aggregation {
	AGGREGATION_AVG,
	AGGREGATION_COUNT,
	AGGREGATION_HIST,
	AGGREGATION_LHIST,
	AGGREGATION_MAX,
	AGGREGATION_MIN,
	AGGREGATION_STATS,
	AGGREGATION_SUM,
};

/* Where a word has a meaning. */
enum builtin_availability {
	BUILTIN_ANYWHERE,
	BUILTIN_AT_HITS, /* only in clauses whose probes have a thread standing at them */
};

struct builtin_info {
	const char *name;
	enum builtin builtin;
	enum builtin_availability availability;
	const struct type *type;
	const char *help; /* one line */
};

struct function_info {
	const char *name;
	enum function function;
	size_t arguments_min; /* as written */
	size_t arguments_max;
	const char *usage; /* "str(address[, length])" */
	const char *help;  /* one line */
};

struct aggregation_info {
	const char *name;
	enum aggregation aggregation;
	enum type_kind kind; /* of the map's value */
	size_t arguments_min;
	size_t arguments_max;
	const char *usage;
	const char *help;
};

/* The row of NAME, or NULL. argN is found as BUILTIN_ARG with *RET_INDEX = N, which is else 0. */
const struct builtin_info *builtin_find(const char *name, unsigned *ret_index);
const struct function_info *function_find(const char *name);
const struct aggregation_info *aggregation_find(const char *name);

/*
 * Why a word of bpftrace's is not to be had here, as the rest of a sentence
 * that begins with it ("is not supported yet"); NULL if it is no word of
 * bpftrace's or is to be had.
 */
const char *builtin_refusal(const char *name);

/* The known word of any kind that NAME was probably meant to be, or NULL. */
const char *builtin_nearest(const char *name);

/* Rows in alphabetical order, for help; NULL behind the last. */
const struct builtin_info *builtin_row(size_t index);
const struct function_info *function_row(size_t index);
const struct aggregation_info *aggregation_row(size_t index);

#endif
