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
	BUILTIN_CPID,     /* int64: the pid of the program started with -c; 0 without */
	BUILTIN_CPU,      /* uint32: where the thread last ran */
	BUILTIN_ELAPSED,  /* uint64: nanoseconds since the script began */
	BUILTIN_GID,      /* uint32 */
	BUILTIN_NCPUS,    /* uint64: processors of the machine */
	BUILTIN_NSECS,    /* uint64: CLOCK_BOOTTIME, nanoseconds */
	BUILTIN_PID,      /* uint32: of the process; in begin, end, interval: of this program */
	BUILTIN_PROBE,    /* string: the full name of the probe that fired */
	BUILTIN_RAND,     /* uint32: a random number */
	BUILTIN_TID,      /* uint32 */
	BUILTIN_UID,      /* uint32 */
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
	FUNCTION_PRINT,    /* [value], or [] and call->map, call->key (NULL: all of it), call->top, call->divisor */
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

#endif
