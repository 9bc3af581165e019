/* SPDX-License-Identifier: MIT */
#include "lang/builtin.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* bpf(2) knows names of up to 16 bytes; so does prctl(2), PR_SET_NAME. */
static const struct type type_comm = {.kind = TYPE_STRING, .size = 16};
/* Longer than any name of a probe is likely to be, and than LOGIN_NAME_MAX. */
static const struct type type_long_name = {.kind = TYPE_STRING, .size = 1024};
static const struct type type_user_name = {.kind = TYPE_STRING, .size = 256};
/* What bpftrace's functions that name a number have. */
static const struct type type_name = {.kind = TYPE_STRING, .size = 64};
/* "00:11:22:33:44:55"; INET6_ADDRSTRLEN; PATH_MAX. */
static const struct type type_mac_address = {.kind = TYPE_STRING, .size = 18};
static const struct type type_inet_address = {.kind = TYPE_STRING, .size = 46};
static const struct type type_path = {.kind = TYPE_STRING, .size = 4096};

static const struct builtin_info builtins[] = {
	{"arg", BUILTIN_ARG, &type_int64, "arg0, arg1, ...: the probe's arguments"},
	{"args", BUILTIN_ARGS, &type_none, "args.NAME: a tracepoint's fields"},
	{"cgroup", BUILTIN_CGROUP, &type_uint64, "id of the process's control group"},
	{"comm", BUILTIN_COMM, &type_comm, "name of the thread"},
	{"cpid", BUILTIN_CPID, &type_uint32, "process id of the program started with -c"},
	{"cpu", BUILTIN_CPU, &type_uint32, "processor the thread last ran on"},
	{"elapsed", BUILTIN_ELAPSED, &type_uint64, "nanoseconds since the script began"},
	{"func", BUILTIN_FUNC, &type_long_name, "name of the function"},
	{"gid", BUILTIN_GID, &type_uint64, "group id of the process"},
	{"has_cpid", BUILTIN_HAS_CPID, &type_bool, "was a program started with -c?"},
	{"jiffies", BUILTIN_JIFFIES, &type_uint64, "ticks since the machine was started"},
	{"leader_comm", BUILTIN_LEADER_COMM, &type_comm, "name of the process"},
	{"leader_tid", BUILTIN_LEADER_TID, &type_uint32, "id of the process's first thread"},
	{"ncpus", BUILTIN_NCPUS, &type_uint64, "number of processors"},
	{"nsecs", BUILTIN_NSECS, &type_uint64, "nanoseconds since the machine was started"},
	{"numaid", BUILTIN_NUMAID, &type_uint32, "memory node of the processor"},
	{"pcomm", BUILTIN_LEADER_COMM, &type_comm, "name of the process"},
	{"pid", BUILTIN_PID, &type_uint32, "process id"},
	{"ppid", BUILTIN_PPID, &type_uint32, "process id of the parent"},
	{"probe", BUILTIN_PROBE, &type_long_name, "full name of the probe"},
	{"probetype", BUILTIN_PROBETYPE, &type_name, "kind of the probe"},
	{"rand", BUILTIN_RAND, &type_uint32, "a random number"},
	{"retval", BUILTIN_RETVAL, &type_uint64, "what the function returned"},
	{"tid", BUILTIN_TID, &type_uint32, "thread id"},
	{"uid", BUILTIN_UID, &type_uint64, "user id of the process"},
	{"usermode", BUILTIN_USERMODE, &type_uint8, "1: the thread runs in user mode"},
	{"username", BUILTIN_USERNAME, &type_user_name, "name of the user"},
};

static const struct function_info functions[] = {
	{"assert", FUNCTION_ASSERT, "vs", &type_none, "assert(condition, text)",
	 "end the program with status 1 unless it holds"},
	{"bswap", FUNCTION_BSWAP, "i", NULL, "bswap(number)", "its bytes in reverse order"},
	{"buf", FUNCTION_BUF, ".|i", NULL, "buf(address or string, length)", "bytes of the target's memory"},
	{"cat", FUNCTION_CAT, "f", &type_none, "cat(format, ...)", "print a file"},
	{"cgroup_path", FUNCTION_CGROUP_PATH, "i|S", &type_path, "cgroup_path(id[, filter])",
	 "the path of a control group"},
	{"cgroupid", FUNCTION_CGROUPID, "S", &type_uint64, "cgroupid(path)", "the id of a control group"},
	{"clear", FUNCTION_CLEAR, "m", &type_none, "clear(@map)", "delete all keys"},
	{"comm", FUNCTION_COMM, "i", &type_comm, "comm(pid)", "name of a process"},
	{"delete", FUNCTION_DELETE, ".|k", &type_bool, "delete(@map[, key])", "delete one key; was it there?"},
	{"errorf", FUNCTION_ERRORF, "f", &type_none, "errorf(format, ...)", "print an error with its place"},
	{"exit", FUNCTION_EXIT, "|i", &type_none, "exit([status])", "end the program"},
	{"fail", FUNCTION_FAIL, "f", &type_none, "fail(format, ...)", "an error when the script is compiled"},
	{"find", FUNCTION_FIND, "mk.", &type_bool, "find(@map, key, $variable)",
	 "is the key in the map? Its value too"},
	{"getopt", FUNCTION_GETOPT, "S|..", NULL, "getopt(name[, default[, description]])",
	 "what the command line says behind --"},
	{"globmatch", FUNCTION_GLOBMATCH, "ss", &type_bool, "globmatch(string, pattern)", "does it match * ? [a-z]?"},
	{"has_key", FUNCTION_HAS_KEY, "mk", &type_bool, "has_key(@map, key)", "is the key in the map?"},
	{"is_array", FUNCTION_IS_ARRAY, ".", &type_bool, "is_array(expression)", "is it an array?"},
	{"is_integer", FUNCTION_IS_INTEGER, ".", &type_bool, "is_integer(expression)", "is it an integer?"},
	{"is_literal", FUNCTION_IS_LITERAL, ".", &type_bool, "is_literal(expression)", "is it a literal?"},
	{"is_ptr", FUNCTION_IS_PTR, ".", &type_bool, "is_ptr(expression)", "is it a pointer?"},
	{"is_str", FUNCTION_IS_STR, ".", &type_bool, "is_str(expression)", "is it a string?"},
	{"is_unsigned_integer", FUNCTION_IS_UNSIGNED_INTEGER, ".", &type_bool, "is_unsigned_integer(expression)",
	 "is it an unsigned integer?"},
	{"join", FUNCTION_JOIN, "a|S", &type_none, "join(address[, delimiter])",
	 "print an array of strings, as argv is"},
	{"kstack", FUNCTION_KSTACK, "|..", NULL, "kstack([mode, ][frames])", "the kernel's stack: always empty"},
	{"ksym", FUNCTION_KSYM, "a", &type_name, "ksym(address)", "an address of the kernel, as a number"},
	{"len", FUNCTION_LEN, ".", &type_int64, "len(@map or stack)", "number of keys, or of frames"},
	{"macaddr", FUNCTION_MACADDR, "b", &type_mac_address, "macaddr(bytes)", "a hardware address as text"},
	{"memcmp", FUNCTION_MEMCMP, "bbI", &type_int32, "memcmp(bytes, bytes, length)", "0 if they are equal"},
	{"ntop", FUNCTION_NTOP, ".|.", &type_inet_address, "ntop([family, ]address)", "an internet address as text"},
	{"pcomm", FUNCTION_PCOMM, "i", &type_comm, "pcomm(pid)", "name of a process"},
	{"ppid", FUNCTION_PPID, "i", &type_uint32, "ppid(pid)", "parent of a process"},
	{"print", FUNCTION_PRINT, ".|..", NULL, "print(value), print(@map[, top[, divisor]])",
	 "print a value or a map"},
	{"printf", FUNCTION_PRINTF, "f", &type_none, "printf(format, ...)", "print as printf(3) does"},
	{"pton", FUNCTION_PTON, "S", NULL, "pton(text)", "an internet address from text"},
	{"reg", FUNCTION_REG, "S", &type_uint64, "reg(name)", "a register of the thread"},
	{"signal", FUNCTION_SIGNAL, ".", &type_none, "signal(name or number)", "send a signal to the process"},
	{"signal_name", FUNCTION_SIGNAL_NAME, "i", &type_name, "signal_name(number)", "the name of a signal"},
	{"signal_thread", FUNCTION_SIGNAL_THREAD, ".", &type_none, "signal_thread(name or number)",
	 "send a signal to the thread"},
	{"static_assert", FUNCTION_STATIC_ASSERT, "vS", &type_none, "static_assert(condition, text)",
	 "an error when compiled, unless it holds"},
	{"str", FUNCTION_STR, ".|i", NULL, "str(address[, length])", "a string of the target's memory"},
	{"str_concat", FUNCTION_STR_CONCAT, "ss", NULL, "str_concat(string, string)", "both, one behind the other"},
	{"strcap", FUNCTION_STRCAP, "b", &type_int64, "strcap(string)", "how many bytes it has room for"},
	{"strcontains", FUNCTION_STRCONTAINS, "ss", &type_bool, "strcontains(string, string)",
	 "is the second in the first?"},
	{"strerror", FUNCTION_STRERROR, "i", &type_name, "strerror(number)", "what an errno means"},
	{"strftime", FUNCTION_STRFTIME, "Si", NULL, "strftime(format, nsecs)", "a time as strftime(3) writes it"},
	{"strlen", FUNCTION_STRLEN, "b", &type_uint64, "strlen(string)", "its length in bytes"},
	{"strncmp", FUNCTION_STRNCMP, "ssI", &type_uint64, "strncmp(string, string, length)",
	 "0 if the first bytes are equal"},
	{"strstr", FUNCTION_STRSTR, "ss", &type_int64, "strstr(string, string)",
	 "where the second is in the first, or -1"},
	{"syscall_name", FUNCTION_SYSCALL_NAME, "i", &type_name, "syscall_name(number)", "the name of a system call"},
	{"system", FUNCTION_SYSTEM, "f", &type_none, "system(format, ...)",
	 "run a command of the shell and print what it prints"},
	{"time", FUNCTION_TIME, "|S", &type_none, "time([format])", "print the time of day"},
	{"uaddr", FUNCTION_UADDR, "S", NULL, "uaddr(name)", "the address of a symbol"},
	{"unwatch", FUNCTION_UNWATCH, "a", &type_none, "unwatch(address)", "watch it no more"},
	{"uptr", FUNCTION_UPTR, "a", NULL, "uptr(address)", "the address itself: all are the target's"},
	{"ustack", FUNCTION_USTACK, "|..", NULL, "ustack([mode, ][frames])", "which calls led here"},
	{"usym", FUNCTION_USYM, "a", &type_long_name, "usym(address)", "the symbol at an address"},
	{"warnf", FUNCTION_WARNF, "f", &type_none, "warnf(format, ...)", "print a warning with its place"},
	{"write_user", FUNCTION_WRITE_USER, "abi", &type_bool, "write_user(address, bytes, length)",
	 "change the target's memory; could it be?"},
	{"zero", FUNCTION_ZERO, "m", &type_none, "zero(@map)", "set all values to 0"},
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
	{"tseries", AGGREGATION_TSERIES, TYPE_TSERIES, 3, 4, "tseries(number, interval, count[, function])",
	 "how it changes in time"},
};

/* A signature's kinds before its bar, or all of them. */
static size_t count_kinds(const char *signature, bool with_optional)
{
	size_t needed = strcspn(signature, "|");

	if (!with_optional || !signature[needed])
		return needed;
	return strlen(signature) - 1;
}

size_t function_arguments_min(const struct function_info *info)
{
	return count_kinds(info->signature, false);
}

size_t function_arguments_max(const struct function_info *info)
{
	bool is_format = strchr(info->signature, ARGUMENT_FORMAT) != NULL;

	return is_format ? FORMAT_ARGUMENTS : count_kinds(info->signature, true);
}

enum argument_kind function_argument_kind(const struct function_info *info, size_t index)
{
	size_t needed = count_kinds(info->signature, false);

	return (enum argument_kind)info->signature[index < needed ? index : index + 1];
}

bool function_is_unsafe(enum function function)
{
	return function == FUNCTION_SIGNAL || function == FUNCTION_SIGNAL_THREAD || function == FUNCTION_SYSTEM ||
	       function == FUNCTION_WRITE_USER;
}

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

const struct function_info *function_info(enum function function)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		if (functions[i].function == function)
			return &functions[i];
	}
	abort();
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
