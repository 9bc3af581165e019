/* SPDX-License-Identifier: MIT */
/*
 * Tracepoints and system calls, described. Nothing is traced here.
 *
 * In the kernel's events every argument of a system call takes eight bytes,
 * whatever its type: they are the registers, as they were. The call itself
 * uses as much of the register as its C type has. Here a field has the size of
 * its type, so that an `int' that is -100 is -100, whatever the caller left in
 * the register's upper half.
 */
#include <usdtrap/tracepoint.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"

static const struct arch *const native = &arch_x86_64;

size_t usdtrap_syscall_count(void)
{
	return native->syscall_count;
}

const struct usdtrap_syscall *usdtrap_syscall_at(size_t index)
{
	return &native->syscalls[index];
}

static int compare_number(const void *key, const void *element)
{
	const long number = *(const long *)key;
	const struct usdtrap_syscall *call = element;

	return number < call->number ? -1 : number > call->number;
}

const struct usdtrap_syscall *usdtrap_syscall_by_number(long number)
{
	return bsearch(&number, native->syscalls, native->syscall_count, sizeof(*native->syscalls), compare_number);
}

static int compare_kernel_name(const void *key, const void *element)
{
	return strcmp(key, native->syscalls[*(const uint16_t *)element].kernel_name);
}

const struct usdtrap_syscall *usdtrap_syscall_by_kernel_name(const char *kernel_name)
{
	const uint16_t *index = bsearch(kernel_name, native->syscalls_by_name, native->syscall_named_count,
					sizeof(*native->syscalls_by_name), compare_kernel_name);

	return index ? &native->syscalls[*index] : NULL;
}

/* --- tracepoints --- */

#define INTEGER(c_type, field_name, field_size, field_signed)                          \
	{                                                                              \
		c_type, field_name, USDTRAP_FIELD_INTEGER, field_size, 1, field_signed \
	}
#define TEXT(c_type, field_name, field_size)                             \
	{                                                                \
		c_type, field_name, USDTRAP_FIELD_TEXT, field_size, 1, 0 \
	}

enum { PATH_SIZE = 4096, COMM_SIZE = 16 }; /* PATH_MAX, TASK_COMM_LEN */

static const struct usdtrap_field syscall_number = INTEGER("int", "__syscall_nr", 4, 1);
static const struct usdtrap_field syscall_result = INTEGER("long", "ret", 8, 1);

/* Those that are not one for each system call, in order. What only the kernel can know of a field is left out. */
static const struct usdtrap_tracepoint_info singles[] = {
	{"raw_syscalls",
	 "sys_enter",
	 2,
	 {INTEGER("long", "id", 8, 1), {"unsigned long[6]", "args", USDTRAP_FIELD_ARRAY, 8, 6, 0}}},
	{"raw_syscalls", "sys_exit", 2, {INTEGER("long", "id", 8, 1), INTEGER("long", "ret", 8, 1)}},
	{"sched",
	 "sched_process_exec",
	 3,
	 {TEXT("__data_loc char[]", "filename", PATH_SIZE), INTEGER("pid_t", "pid", 4, 1),
	  INTEGER("pid_t", "old_pid", 4, 1)}},
	{"sched",
	 "sched_process_exit",
	 4,
	 {TEXT("char[16]", "comm", COMM_SIZE), INTEGER("pid_t", "pid", 4, 1), INTEGER("int", "prio", 4, 1),
	  INTEGER("bool", "group_dead", 1, 0)}},
	{"sched",
	 "sched_process_fork",
	 4,
	 {TEXT("__data_loc char[]", "parent_comm", COMM_SIZE), INTEGER("pid_t", "parent_pid", 4, 1),
	  TEXT("__data_loc char[]", "child_comm", COMM_SIZE), INTEGER("pid_t", "child_pid", 4, 1)}},
	{"signal",
	 "signal_deliver",
	 3,
	 {INTEGER("int", "sig", 4, 1), INTEGER("int", "errno", 4, 1), INTEGER("int", "code", 4, 1)}},
};

enum { SINGLES = sizeof(singles) / sizeof(singles[0]) };

static const char syscalls_category[] = "syscalls";
static const char enter_prefix[] = "sys_enter_";
static const char exit_prefix[] = "sys_exit_";

/* Whether C_TYPE names an address: written with a star, or one of the types that hide it. */
static bool is_pointer(const char *c_type)
{
	return strchr(c_type, '*') || strstr(c_type, "cap_user_");
}

/* What integer C_TYPE is on a 64-bit machine: its size in bytes, and whether it has a sign. */
static void measure(const char *c_type, unsigned *ret_size, int *ret_signed)
{
	static const struct {
		const char *name;
		unsigned size;
		int is_signed;
	} integers[] = {
		{"__s32", 4, 1},    {"clockid_t", 4, 1},    {"int", 4, 1},   {"key_serial_t", 4, 1}, {"key_t", 4, 1},
		{"mqd_t", 4, 1},    {"pid_t", 4, 1},        {"qid_t", 4, 0}, {"rwf_t", 4, 0},        {"timer_t", 4, 1},
		{"__u32", 4, 0},    {"u32", 4, 0},          {"gid_t", 4, 0}, {"uid_t", 4, 0},        {"umode_t", 2, 0},
		{"unsigned", 4, 0}, {"unsigned int", 4, 0}, {"long", 8, 1},  {"loff_t", 8, 1},       {"off_t", 8, 1},
	};

	if (strncmp(c_type, "const ", strlen("const ")) == 0)
		c_type += strlen("const ");
	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++)
		if (strcmp(c_type, integers[i].name) == 0) {
			*ret_size = integers[i].size;
			*ret_signed = integers[i].is_signed;
			return;
		}
	if (strncmp(c_type, "enum ", strlen("enum ")) == 0) {
		*ret_size = 4;
		*ret_signed = 0;
		return;
	}
	*ret_size = 8; /* unsigned long, size_t and all that is as wide */
	*ret_signed = 0;
}

static void describe_argument(const struct usdtrap_syscall_argument *argument, struct usdtrap_field *ret)
{
	*ret = (struct usdtrap_field){.type = argument->type, .name = argument->name, .count = 1};
	if (is_pointer(argument->type)) {
		ret->kind = USDTRAP_FIELD_POINTER;
		ret->size = native->address_size;
	} else {
		ret->kind = USDTRAP_FIELD_INTEGER;
		measure(argument->type, &ret->size, &ret->is_signed);
	}
}

static void describe_enter(const struct usdtrap_syscall *call, struct usdtrap_tracepoint_info *ret)
{
	*ret = (struct usdtrap_tracepoint_info){.category = syscalls_category, .field_count = 1 + call->argument_count};
	snprintf(ret->name, sizeof(ret->name), "%s%s", enter_prefix, call->kernel_name);
	ret->fields[0] = syscall_number;
	for (unsigned i = 0; i < call->argument_count; i++)
		describe_argument(&call->arguments[i], &ret->fields[1 + i]);
}

static void describe_exit(const struct usdtrap_syscall *call, struct usdtrap_tracepoint_info *ret)
{
	*ret = (struct usdtrap_tracepoint_info){
		.category = syscalls_category, .field_count = 2, .fields = {syscall_number, syscall_result}};
	snprintf(ret->name, sizeof(ret->name), "%s%s", exit_prefix, call->kernel_name);
}

size_t usdtrap_tracepoint_count(void)
{
	return SINGLES + 2 * native->syscall_named_count;
}

void usdtrap_tracepoint_at(size_t index, struct usdtrap_tracepoint_info *ret)
{
	const size_t calls = native->syscall_named_count;

	if (index < SINGLES) {
		*ret = singles[index];
		return;
	}
	index -= SINGLES;
	if (index < calls)
		describe_enter(&native->syscalls[native->syscalls_by_name[index]], ret);
	else
		describe_exit(&native->syscalls[native->syscalls_by_name[index - calls]], ret);
}

/* The call that NAME, behind PREFIX, is the kernel's name of; NULL: NAME does not begin so, or there is none. */
static const struct usdtrap_syscall *call_behind(const char *name, const char *prefix)
{
	const size_t length = strlen(prefix);

	return strncmp(name, prefix, length) == 0 ? usdtrap_syscall_by_kernel_name(name + length) : NULL;
}

int usdtrap_tracepoint_find(const char *category, const char *name, struct usdtrap_tracepoint_info *ret)
{
	const struct usdtrap_syscall *call;

	for (size_t i = 0; i < SINGLES; i++)
		if (strcmp(category, singles[i].category) == 0 && strcmp(name, singles[i].name) == 0) {
			*ret = singles[i];
			return 1;
		}
	if (strcmp(category, syscalls_category) != 0)
		return 0;
	call = call_behind(name, enter_prefix);
	if (call) {
		describe_enter(call, ret);
		return 1;
	}
	call = call_behind(name, exit_prefix);
	if (call)
		describe_exit(call, ret);
	return call != NULL;
}
