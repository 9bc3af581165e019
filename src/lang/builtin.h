/* SPDX-License-Identifier: MIT */
/*
 * The words of the language: values that are simply there (builtins) and
 * functions. One table row each says how it is called, what it takes and
 * yields, and what help says of it; sema checks against it, eval finds the
 * code by the enums.
 *
 * What is the same for many functions is in the row: how many arguments, of
 * which kind, and the type of the result where it does not depend on them.
 * What is particular to one is in sema_calls.c and sema_call_types.c.
 */
#ifndef USDTRAP_LANG_BUILTIN_H
#define USDTRAP_LANG_BUILTIN_H

#include <stdbool.h>
#include <stddef.h>

#include "lang/type.h"

/* Values without arguments; each may be written with or without "()". */
enum builtin {
	BUILTIN_ARG,         /* arg0, arg1, ...: int64; the number is in the node */
	BUILTIN_ARGS,        /* a tracepoint's fields, a record; the type is found by sema */
	BUILTIN_CGROUP,      /* uint64: the inode of the process's cgroup2 directory */
	BUILTIN_COMM,        /* string[16]: the thread's name */
	BUILTIN_CPID,        /* uint32: the pid of the program started with -c; 0 without */
	BUILTIN_CPU,         /* uint32: where the thread last ran */
	BUILTIN_ELAPSED,     /* uint64: nanoseconds since the script began */
	BUILTIN_FUNC,        /* string: the function's name; uprobe, uretprobe */
	BUILTIN_GID,         /* uint64 */
	BUILTIN_HAS_CPID,    /* bool: was a program started with -c? */
	BUILTIN_JIFFIES,     /* uint64: ticks of the kernel's clock, as far as user space can tell */
	BUILTIN_LEADER_COMM, /* string[16]: the name of the process's first thread; `pcomm' is the same */
	BUILTIN_LEADER_TID,  /* uint32: the id of that thread, which is the process id */
	BUILTIN_NCPUS,       /* uint64: processors of the machine */
	BUILTIN_NSECS,       /* uint64: nanoseconds; which clock's is in the node's index, an enum clock_kind */
	BUILTIN_NUMAID,      /* uint32: the memory node of `cpu' */
	BUILTIN_PID,         /* uint32: of the process; in begin, end, interval: of this program. Index 1: as the
				initial namespace knows it; so for TID */
	BUILTIN_PPID,        /* uint32: of its parent */
	BUILTIN_PROBE,       /* string: the full name of the probe that fired */
	BUILTIN_RETVAL,      /* uint64: what the function returned; uretprobe */
	BUILTIN_PROBETYPE,   /* string: usdt, interval; special for begin and end */
	BUILTIN_RAND,        /* uint32: a random number */
	BUILTIN_TID,         /* uint32 */
	BUILTIN_UID,         /* uint64 */
	BUILTIN_USERMODE,    /* uint8: 1, since nothing else is traced */
	BUILTIN_USERNAME,    /* string: the name of `uid', or the number if it has none */
};

/*
 * Functions. What `arguments' of the call node holds when sema is done is
 * said in brackets; [] is none.
 */
enum function {
	FUNCTION_ASSERT,      /* [condition, text]: ends the program with status 1 if it does not hold */
	FUNCTION_BSWAP,       /* [integer]: its bytes in reverse; unsigned, as wide as the argument */
	FUNCTION_BUF,         /* [address, length?]: buffer; at most type->size bytes. Of a string: its bytes */
	FUNCTION_CAT,         /* [what the conversions take]; call->format: the path of a file to print */
	FUNCTION_CGROUP_PATH, /* [id]: string */
	FUNCTION_CGROUPID,    /* ["path"]: uint64, the id of a cgroup2 directory */
	FUNCTION_CLEAR,       /* []; call->map: delete all keys */
	FUNCTION_COMM,        /* [pid]: the name of that process */
	FUNCTION_DELETE,      /* []; call->map, call->key (NULL: a map without keys). bool: was there */
	FUNCTION_ERRORF,      /* [what the conversions take]; call->format */
	FUNCTION_EXIT,        /* [status?]: ends the clause and the program */
	FUNCTION_FAIL,        /* []; call->text: an error when the script is compiled */
	FUNCTION_FIND,        /* [variable]; call->map, call->key. bool: was there, and is in the variable now */
	FUNCTION_GETOPT,      /* a constant when sema is done */
	FUNCTION_GLOBMATCH,   /* [string, pattern]: bool */
	FUNCTION_HAS_KEY,     /* []; call->map, call->key. bool */
	FUNCTION_IS_ARRAY,    /* the six are constants when sema is done */
	FUNCTION_IS_INTEGER,
	FUNCTION_IS_LITERAL,
	FUNCTION_IS_PTR,
	FUNCTION_IS_STR,
	FUNCTION_IS_UNSIGNED_INTEGER,
	FUNCTION_JOIN,          /* [address of a NULL-ended array of strings, delimiter?] (a string) */
	FUNCTION_KSTACK,        /* []; as USTACK, always empty */
	FUNCTION_KSYM,          /* [address]: string, the number */
	FUNCTION_LEN,           /* []; call->map. int64: how many keys; or [stack]: how many frames */
	FUNCTION_MACADDR,       /* [buffer or address of 6 bytes]: string */
	FUNCTION_MEMCMP,        /* [bytes, bytes, length]: int32, 0 if equal */
	FUNCTION_NTOP,          /* [address] or [family, address]: string */
	FUNCTION_PCOMM,         /* [pid]: the name of that process */
	FUNCTION_PPID,          /* [pid]: uint32, its parent */
	FUNCTION_PRINT,         /* [value]; or [] and call->map, call->top, call->divisor: a whole map */
	FUNCTION_PRINTF,        /* [what the conversions take, in order]; call->format */
	FUNCTION_PTON,          /* ["address"]: buffer of 4 or 16 bytes */
	FUNCTION_REG,           /* ["register"]: uint64 */
	FUNCTION_SIGNAL,        /* [number]: sent to the process; names are numbers when sema is done */
	FUNCTION_SIGNAL_NAME,   /* [number]: string */
	FUNCTION_SIGNAL_THREAD, /* [number]: sent to the thread */
	FUNCTION_STATIC_ASSERT, /* []: an error when the script is compiled, or nothing */
	FUNCTION_STR,           /* [address, length?]: string; type->size is its capacity. Of a string: itself */
	FUNCTION_STR_CONCAT,    /* [string, string]: both */
	FUNCTION_STRCAP,        /* [string]: int64, how much the type may hold; of an address the length there */
	FUNCTION_STRCONTAINS,   /* [string, string]: bool */
	FUNCTION_STRERROR,      /* [number]: string */
	FUNCTION_STRFTIME,      /* [time]; call->text. The time counts as `nsecs' does */
	FUNCTION_STRLEN,        /* [string or address]: uint64 */
	FUNCTION_STRNCMP,       /* [string, string, length]: uint64, 0 if equal */
	FUNCTION_STRSTR,        /* [string, string]: int64, where the second begins in the first, or -1 */
	FUNCTION_SYSCALL_NAME,  /* [number]: string */
	FUNCTION_SYSTEM,        /* [what the conversions take]; call->format: a command for the shell */
	FUNCTION_TIME,          /* []; call->text */
	FUNCTION_UADDR,         /* ["symbol"]: uint64 *, its address */
	FUNCTION_UNWATCH,       /* [address]: watchpoints there end */
	FUNCTION_UPTR,          /* [address]: itself */
	FUNCTION_USTACK,        /* []; call->stack_mode, call->frames */
	FUNCTION_USYM,          /* [address]: string, the symbol there or the number */
	FUNCTION_WARNF,         /* [what the conversions take]; call->format */
	FUNCTION_WRITE_USER,    /* [address, string or buffer, length]: written to the target's memory; bool */
	FUNCTION_ZERO,          /* []; call->map: all values to 0, keys stay */
	FUNCTION_COUNT
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
	AGGREGATION_TSERIES,
};

/* What an argument must be: a letter of a function's signature. */
enum argument_kind {
	ARGUMENT_ANY = 'v',         /* whatever has a value */
	ARGUMENT_PARTICULAR = '.',  /* sema has code for this function */
	ARGUMENT_INTEGER = 'i',     /* an integer */
	ARGUMENT_ADDRESS = 'a',     /* an integer or a pointer */
	ARGUMENT_STRING = 's',      /* a string */
	ARGUMENT_BYTES = 'b',       /* a string, a buffer, or a pointer to bytes */
	ARGUMENT_STRING_WORD = 'S', /* a string literal */
	ARGUMENT_NUMBER_WORD = 'I', /* an integer literal that is not negative */
	ARGUMENT_FORMAT = 'f',      /* a printf format; behind it come what its conversions take */
	ARGUMENT_MAP = 'm',         /* a map, without a key */
	ARGUMENT_KEY = 'k',         /* a key of that map */
};

/* How many arguments a call with a format may have. */
enum { FORMAT_ARGUMENTS = 128 };

struct builtin_info {
	const char *name;
	enum builtin builtin;
	const struct type *type;
	const char *help; /* one line */
};

struct function_info {
	const char *name;
	enum function function;
	const char *signature;   /* of its arguments as written: "a|i" is an address and, if wanted, an integer */
	const struct type *type; /* what it yields; NULL: that depends on the arguments */
	const char *usage;       /* "str(address[, length])" */
	const char *help;        /* one line */
};

struct aggregation_info {
	const char *name;
	enum aggregation aggregation;
	enum type_kind kind; /* of the map's value */
	unsigned arguments_min;
	unsigned arguments_max;
	const char *usage;
	const char *help;
};

/* The row of NAME, or NULL. argN is found as BUILTIN_ARG with *RET_INDEX = N, which is else 0. */
const struct builtin_info *builtin_find(const char *name, unsigned *ret_index);
const struct function_info *function_find(const char *name);
const struct aggregation_info *aggregation_find(const char *name);

/* The row of FUNCTION. */
const struct function_info *function_info(enum function function);
/* What its signature says. */
size_t function_arguments_min(const struct function_info *info);
size_t function_arguments_max(const struct function_info *info);
enum argument_kind function_argument_kind(const struct function_info *info, size_t index);
/* Does it need --unsafe? */
bool function_is_unsafe(enum function function);

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
