/* SPDX-License-Identifier: MIT */
#include "lang/builtin.h"

#include <string.h>

#include "base/nearest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* bpf(2) knows names of up to 16 bytes; so does prctl(2), PR_SET_NAME. */
static const struct type type_comm = {.kind = TYPE_STRING, .size = 16};
/* Longer than any name of a probe is likely to be, and than LOGIN_NAME_MAX. */
static const struct type type_long_name = {.kind = TYPE_STRING, .size = 1024};
static const struct type type_user_name = {.kind = TYPE_STRING, .size = 256};

static const struct builtin_info builtins[] = {
	{"arg", BUILTIN_ARG, BUILTIN_AT_HITS, &type_int64, "arg0, arg1, ...: the probe's arguments"},
	{"comm", BUILTIN_COMM, BUILTIN_ANYWHERE, &type_comm, "name of the thread"},
	{"cpid", BUILTIN_CPID, BUILTIN_ANYWHERE, &type_uint64, "process id of the program started with -c"},
	{"cpu", BUILTIN_CPU, BUILTIN_ANYWHERE, &type_uint64, "processor the thread runs on"},
	{"elapsed", BUILTIN_ELAPSED, BUILTIN_ANYWHERE, &type_uint64, "nanoseconds since the script began"},
	{"gid", BUILTIN_GID, BUILTIN_ANYWHERE, &type_uint64, "group id of the process"},
	{"ncpus", BUILTIN_NCPUS, BUILTIN_ANYWHERE, &type_uint64, "number of processors"},
	{"nsecs", BUILTIN_NSECS, BUILTIN_ANYWHERE, &type_uint64, "nanoseconds since the machine was started"},
	{"pid", BUILTIN_PID, BUILTIN_ANYWHERE, &type_uint32, "process id"},
	{"probe", BUILTIN_PROBE, BUILTIN_ANYWHERE, &type_long_name, "full name of the probe"},
	{"rand", BUILTIN_RAND, BUILTIN_ANYWHERE, &type_uint64, "a random number of 32 bits"},
	{"tid", BUILTIN_TID, BUILTIN_ANYWHERE, &type_uint32, "thread id"},
	{"uid", BUILTIN_UID, BUILTIN_ANYWHERE, &type_uint64, "user id of the process"},
	{"username", BUILTIN_USERNAME, BUILTIN_ANYWHERE, &type_user_name, "name of the user"},
};

static const struct function_info functions[] = {
	{"buf", FUNCTION_BUF, 1, 2, "buf(address or string, length)", "bytes of the target's memory"},
	{"clear", FUNCTION_CLEAR, 1, 1, "clear(@map)", "delete all keys"},
	{"delete", FUNCTION_DELETE, 1, 2, "delete(@map[, key])", "delete one key; was it there?"},
	{"exit", FUNCTION_EXIT, 0, 1, "exit([status])", "end the program"},
	{"has_key", FUNCTION_HAS_KEY, 2, 2, "has_key(@map, key)", "is the key in the map?"},
	{"join", FUNCTION_JOIN, 1, 2, "join(address[, delimiter])", "print an array of strings, as argv is"},
	{"len", FUNCTION_LEN, 1, 1, "len(@map)", "number of keys"},
	{"print", FUNCTION_PRINT, 1, 3, "print(value), print(@map[, top[, divisor]])", "print a value or a map"},
	{"printf", FUNCTION_PRINTF, 1, 128, "printf(format, ...)", "print as printf(3) does"},
	{"str", FUNCTION_STR, 1, 2, "str(address[, length])", "a string of the target's memory"},
	{"strftime", FUNCTION_STRFTIME, 2, 2, "strftime(format, nsecs)", "a time as strftime(3) writes it"},
	{"strlen", FUNCTION_STRLEN, 1, 1, "strlen(string)", "its length in bytes"},
	{"strncmp", FUNCTION_STRNCMP, 3, 3, "strncmp(string, string, length)", "0 if the first bytes are equal"},
	{"time", FUNCTION_TIME, 0, 1, "time([format])", "print the time of day"},
	{"zero", FUNCTION_ZERO, 1, 1, "zero(@map)", "set all values to 0"},
};

static const struct aggregation_info aggregations[] = {
	{"avg", AGGREGATION_AVG, TYPE_AVG, 1, 1, "avg(number)", "the average"},
	{"count", AGGREGATION_COUNT, TYPE_COUNT, 0, 0, "count()", "how often"},
	{"hist", AGGREGATION_HIST, TYPE_HIST, 1, 2, "hist(number[, bits])", "a histogram of powers of two"},
	{"lhist", AGGREGATION_LHIST, TYPE_LHIST, 4, 4, "lhist(number, min, max, step)", "a linear histogram"},
	{"max", AGGREGATION_MAX, TYPE_MAX, 1, 1, "max(number)", "the largest"},
	{"min", AGGREGATION_MIN, TYPE_MIN, 1, 1, "min(number)", "the smallest"},
	{"stats", AGGREGATION_STATS, TYPE_STATS, 1, 1, "stats(number)", "count, average and total"},
	{"sum", AGGREGATION_SUM, TYPE_SUM, 1, 1, "sum(number)", "the total"},
};

static const char not_yet[] = "is not supported yet";
static const char needs_kernel[] = "looks into the kernel, which only BPF can; usdtrap works without it";

static const struct {
	const char *name;
	const char *reason;
} refusals[] = {
	{"args", not_yet},
	{"assert", not_yet},
	{"bswap", not_yet},
	{"cat", not_yet},
	{"cgroup", not_yet},
	{"cgroup_path", not_yet},
	{"cgroupid", not_yet},
	{"ctx", needs_kernel},
	{"curtask", needs_kernel},
	{"debugf", needs_kernel},
	{"errorf", not_yet},
	{"fail", not_yet},
	{"find", not_yet},
	{"func", not_yet},
	{"getopt", not_yet},
	{"has_cpid", not_yet},
	{"jiffies", not_yet},
	{"kaddr", needs_kernel},
	{"kptr", needs_kernel},
	{"kstack", needs_kernel},
	{"ksym", needs_kernel},
	{"leader_comm", not_yet},
	{"leader_tid", not_yet},
	{"macaddr", not_yet},
	{"memcmp", not_yet},
	{"ntop", not_yet},
	{"numaid", not_yet},
	{"override", needs_kernel},
	{"path", needs_kernel},
	{"pcomm", not_yet},
	{"percpu_kaddr", needs_kernel},
	{"ppid", not_yet},
	{"probetype", not_yet},
	{"pton", not_yet},
	{"reg", not_yet},
	{"retval", not_yet},
	{"signal", not_yet},
	{"signal_name", not_yet},
	{"signal_thread", not_yet},
	{"skboutput", needs_kernel},
	{"socket_cookie", needs_kernel},
	{"static_assert", not_yet},
	{"str_concat", not_yet},
	{"strcap", not_yet},
	{"strcontains", not_yet},
	{"strerror", not_yet},
	{"strstr", not_yet},
	{"syscall_name", not_yet},
	{"system", not_yet},
	{"tseries", not_yet},
	{"uaddr", not_yet},
	{"unwatch", not_yet},
	{"uptr", not_yet},
	{"usermode", not_yet},
	{"ustack", not_yet},
	{"usym", not_yet},
	{"write_user", not_yet},
};

/* The N of argN, at most 254 as the notes allow; false if NAME is none. */
static bool parse_argument_name(const char *name, unsigned *ret)
{
	unsigned index = 0;

	if (strncmp(name, "arg", 3) != 0 || !name[3])
		return false;
	if (name[3] == '0' && name[4])
		return false;
	for (const char *digit = name + 3; *digit; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		index = index * 10 + (unsigned)(*digit - '0');
		if (index > 254)
			return false;
	}
	*ret = index;
	return true;
}

const struct builtin_info *builtin_find(const char *name, unsigned *ret_index)
{
	*ret_index = 0;
	if (parse_argument_name(name, ret_index))
		return &builtins[0];
	/* The first row stands for all argN; "arg" itself means nothing. */
	for (size_t i = 1; i < COUNT(builtins); i++) {
		if (strcmp(name, builtins[i].name) == 0)
			return &builtins[i];
	}
	return NULL;
}

const struct function_info *function_find(const char *name)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		if (strcmp(name, functions[i].name) == 0)
			return &functions[i];
	}
	return NULL;
}

const struct aggregation_info *aggregation_find(const char *name)
{
	for (size_t i = 0; i < COUNT(aggregations); i++) {
		if (strcmp(name, aggregations[i].name) == 0)
			return &aggregations[i];
	}
	return NULL;
}

const char *builtin_refusal(const char *name)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		if (strcmp(name, refusals[i].name) == 0)
			return refusals[i].reason;
	}
	return NULL;
}

const char *builtin_nearest(const char *name)
{
	struct nearest search = {.wanted = name, .distance = NEAREST_START};

	for (size_t i = 1; i < COUNT(builtins); i++)
		nearest_offer(&search, builtins[i].name);
	for (size_t i = 0; i < COUNT(functions); i++)
		nearest_offer(&search, functions[i].name);
	for (size_t i = 0; i < COUNT(aggregations); i++)
		nearest_offer(&search, aggregations[i].name);
	return search.best;
}

const struct builtin_info *builtin_row(size_t index)
{
	return index < COUNT(builtins) ? &builtins[index] : NULL;
}

const struct function_info *function_row(size_t index)
{
	return index < COUNT(functions) ? &functions[index] : NULL;
}

const struct aggregation_info *aggregation_row(size_t index)
{
	return index < COUNT(aggregations) ? &aggregations[index] : NULL;
}
