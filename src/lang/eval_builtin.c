/* SPDX-License-Identifier: MIT */
/* Builtins: what a hit, or without one this program itself, has to tell. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <usdtrap/function.h>

#include <usdtrap/process.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/user.h"
#include "lang/clock.h"
#include "lang/eval_internal.h"

/* ---- Arguments --------------------------------------------------------------------------------------------------- */

/* An object that lies in registers has no address: its bytes are the value. */
static struct value value_of_bytes(struct run *run, const struct usdtrap_value *argument)
{
	char *bytes = scratch_allocate(&run->runtime->scratch, argument->size);

	if (!bytes)
		return value_unknown("out of memory");
	memcpy(bytes, argument->bytes, argument->size);
	return value_buffer(bytes, argument->size);
}

/* arg0 is int64 whatever the site's operand is; what is kept is the operand's own sign. */
static struct value value_of_argument(struct run *run, const struct usdtrap_value *argument)
{
	switch (argument->kind) {
	case USDTRAP_VALUE_SIGNED:
	case USDTRAP_VALUE_UNSIGNED:
		return value_signed((int64_t)argument->integer);
	case USDTRAP_VALUE_FLOAT:
		return value_real(argument->real);
	case USDTRAP_VALUE_MEMORY:
		return value_pointer(argument->address);
	case USDTRAP_VALUE_BYTES:
		return value_of_bytes(run, argument);
	}
	abort();
}

/* The value of an argument that could not be had. Says why, once for each probe and argument. Takes ERROR over. */
static struct value unknown_argument(struct run *run, const struct ast_expression *expression,
				     struct usdtrap_error *error)
{
	const struct usdtrap_probe_info *probe = usdtrap_hit_probe(run->hit);
	unsigned index = expression->builtin.index;
	const char *reason = runtime_remarked(run->runtime, probe, index);

	/* A thread that is gone says nothing about the argument. */
	if (error_catch(error, USDTRAP_GONE))
		return value_unknown("the thread has ended");
	if (!reason)
		reason = runtime_remark(run->runtime, probe, index, expression->span, "arg%u of %s: %s", index,
					probe->full_name, usdtrap_error_message(error));
	usdtrap_error_destroy(error);
	return value_unknown(reason);
}

static struct value builtin_arg(struct run *run, const struct ast_expression *expression)
{
	struct usdtrap_value argument;
	struct usdtrap_error *error;

	if (!run->hit)
		return value_unknown("only a probe has arguments");
	error = usdtrap_hit_argument(run->hit, expression->builtin.index, &argument);
	if (error)
		return unknown_argument(run, expression, error);
	return value_of_argument(run, &argument);
}

/* ---- Who and where ----------------------------------------------------------------------------------------------- */

static struct value builtin_comm(struct run *run)
{
	char *own;

	if (run->hit)
		return value_text(usdtrap_hit_comm(run->hit));
	own = scratch_allocate(&run->runtime->scratch, 16);
	if (!own || prctl(PR_GET_NAME, own) < 0)
		return value_unknown("this thread's name cannot be read");
	return value_text(own);
}

static struct value builtin_cpu(struct run *run)
{
	int cpu = run->hit ? usdtrap_hit_cpu(run->hit) : sched_getcpu();

	return cpu < 0 ? value_unknown("the processor is not known") : value_unsigned((unsigned)cpu);
}

static struct value builtin_uid(const struct run *run)
{
	uid_t uid = run->hit ? usdtrap_hit_uid(run->hit) : getuid();

	return uid == (uid_t)-1 ? value_unknown("the process has ended") : value_unsigned(uid);
}

static struct value builtin_gid(const struct run *run)
{
	gid_t gid = run->hit ? usdtrap_hit_gid(run->hit) : getgid();

	return gid == (gid_t)-1 ? value_unknown("the process has ended") : value_unsigned(gid);
}

/* Remembers the name of UID, its number if it has none; NULL without memory. Looking one up reads files. */
static const char *name_of_user(struct runtime *runtime, uid_t uid)
{
	char *name;

	if (runtime->user_name && runtime->named_uid == uid)
		return runtime->user_name;
	name = user_name(uid);
	if (!name && asprintf(&name, "%u", uid) < 0)
		name = NULL;
	free(runtime->user_name);
	runtime->user_name = name;
	runtime->named_uid = uid;
	return name;
}

static struct value builtin_username(struct run *run)
{
	struct value uid = builtin_uid(run);
	const char *name = uid.kind == VALUE_UNKNOWN ? NULL : name_of_user(run->runtime, (uid_t)uid.integer);
	char *copy = name ? scratch_allocate(&run->runtime->scratch, strlen(name) + 1) : NULL;

	if (uid.kind == VALUE_UNKNOWN)
		return uid;
	return copy ? value_text(strcpy(copy, name)) : value_unknown("out of memory");
}

/* The process that a hit is of, or this program. */
static pid_t current_pid(const struct run *run)
{
	/* getpid(2) is a system call: not for nothing at each hit. */
	if (run->hit)
		return usdtrap_hit_pid(run->hit);
	return run->runtime->own_pid ? run->runtime->own_pid : getpid();
}

static pid_t current_tid(const struct run *run)
{
	return run->hit ? usdtrap_hit_tid(run->hit) : current_pid(run);
}

static struct value builtin_leader_comm(struct run *run)
{
	char *name = scratch_allocate(&run->runtime->scratch, USDTRAP_PROCESS_NAME_MAX);

	if (!name)
		return value_unknown("out of memory");
	usdtrap_process_name(current_pid(run), name);
	return value_text(name);
}

static struct value builtin_cgroup(const struct run *run)
{
	uint64_t id;

	if (!usdtrap_process_cgroup(current_pid(run), &id))
		return value_unknown("the process is in no control group of version 2 that can be seen");
	return value_unsigned(id);
}

/* pid, tid, and the same with (init): the numbers are the same if this program is in the first namespace, too. */
static struct value builtin_pid(const struct ast_expression *expression, pid_t id)
{
	if (expression->builtin.index == 1 && !usdtrap_in_initial_namespace())
		return value_unknown("the initial pid namespace cannot be seen from here");
	return value_unsigned((uint64_t)id);
}

static struct value builtin_numaid(const struct run *run)
{
	int cpu = run->hit ? usdtrap_hit_cpu(run->hit) : sched_getcpu();
	int node = cpu < 0 ? -1 : usdtrap_node_of_cpu(cpu);

	return node < 0 ? value_unknown("the memory node is not known") : value_unsigned((unsigned)node);
}

/* Without -c there is a warning, which has_cpid avoids. */
static struct value builtin_cpid(struct run *run, const struct ast_expression *expression)
{
	struct runtime *runtime = run->runtime;

	if (!runtime->command_pid && !runtime_remarked(runtime, expression, 0))
		runtime_remark(runtime, expression, 0, expression->span,
			       "cpid is not available because no command was started with -c");
	return value_unsigned((uint64_t)runtime->command_pid);
}

/* The kernel's counter starts INITIAL_JIFFIES, five minutes, below 0, and has CONFIG_HZ ticks a second, which user
 * space cannot read. What can be had is the clock that /proc counts in, from the machine's start. */
static struct value builtin_jiffies(void)
{
	uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);

	return value_unsigned(clock_ns(CLOCK_KIND_BOOT) / (UINT64_C(1000000000) / ticks));
}

static struct value builtin_probetype(const struct run *run)
{
	enum ast_probe_type type = run->point->type;

	if (type == AST_PROBE_BEGIN || type == AST_PROBE_END)
		return value_text("special");
	return value_text(probe_type_name(type));
}

static struct value builtin_probe(struct run *run)
{
	return value_text(run->point->full_name ? run->point->full_name : usdtrap_hit_probe(run->hit)->full_name);
}

static struct value builtin_func(const struct run *run)
{
	return value_text(usdtrap_hit_probe(run->hit)->name);
}

static struct value builtin_retval(struct run *run)
{
	struct usdtrap_value value;
	struct usdtrap_error *error = usdtrap_hit_return_value(run->hit, &value);

	usdtrap_error_destroy(error);
	return error ? value_unknown("the function has not returned") : value_unsigned(value.integer);
}

/* ---- Time and chance --------------------------------------------------------------------------------------------- */

static uint64_t current_ns(const struct run *run)
{
	return run->hit ? usdtrap_hit_time_ns(run->hit) : clock_boottime_ns();
}

/* A hit may have waited since before the program began. */
static struct value builtin_elapsed(struct run *run)
{
	uint64_t now = current_ns(run);

	return value_unsigned(now > run->runtime->start_ns ? now - run->runtime->start_ns : 0);
}

/*
 * Before Linux 3.17 there is the file and, where that is not either (in an empty container), what the kernel gave this
 * program at its start and the time, mixed by the finalizer of splitmix64: no secret, but even.
 */
static uint32_t older_random(void)
{
	_cleanup_file_ FILE *file = fopen("/dev/urandom", "re");
	const void *given = (const void *)getauxval(AT_RANDOM); /* 16 bytes */
	uint64_t mixed, seed = 0;
	uint32_t number;

	if (file && fread(&number, sizeof(number), 1, file) == 1)
		return number;
	if (given)
		memcpy(&seed, given, sizeof(seed));
	mixed = clock_ns(CLOCK_KIND_MONOTONIC) ^ seed;
	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(mixed ^ (mixed >> 31));
}

static struct value builtin_rand(void)
{
	uint32_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = older_random();
	return value_unsigned(number);
}

static struct value builtin_nsecs(const struct run *run, const struct ast_expression *expression)
{
	enum clock_kind kind = (enum clock_kind)expression->builtin.index;

	return value_unsigned(kind == CLOCK_KIND_BOOT ? current_ns(run) : clock_ns(kind));
}

struct value eval_builtin(struct run *run, const struct ast_expression *expression)
{
	switch (expression->builtin.builtin) {
	case BUILTIN_ARG:
		return builtin_arg(run, expression);
	case BUILTIN_ARGS:
		return eval_args(run, expression->type);
	case BUILTIN_CGROUP:
		return builtin_cgroup(run);
	case BUILTIN_COMM:
		return builtin_comm(run);
	case BUILTIN_CPID:
		return builtin_cpid(run, expression);
	case BUILTIN_CPU:
		return builtin_cpu(run);
	case BUILTIN_ELAPSED:
		return builtin_elapsed(run);
	case BUILTIN_FUNC:
		return builtin_func(run);
	case BUILTIN_GID:
		return builtin_gid(run);
	case BUILTIN_HAS_CPID:
		return value_bool(run->runtime->command_pid != 0);
	case BUILTIN_JIFFIES:
		return builtin_jiffies();
	case BUILTIN_LEADER_COMM:
		return builtin_leader_comm(run);
	case BUILTIN_LEADER_TID:
		return value_unsigned((uint64_t)current_pid(run));
	case BUILTIN_NCPUS:
		return value_unsigned((uint64_t)sysconf(_SC_NPROCESSORS_CONF));
	case BUILTIN_NSECS:
		return builtin_nsecs(run, expression);
	case BUILTIN_NUMAID:
		return builtin_numaid(run);
	case BUILTIN_PID:
		return builtin_pid(expression, current_pid(run));
	case BUILTIN_PPID:
		return value_unsigned((uint64_t)usdtrap_process_parent(current_pid(run)));
	case BUILTIN_PROBE:
		return builtin_probe(run);
	case BUILTIN_PROBETYPE:
		return builtin_probetype(run);
	case BUILTIN_RAND:
		return builtin_rand();
	case BUILTIN_RETVAL:
		return builtin_retval(run);
	case BUILTIN_TID:
		return builtin_pid(expression, current_tid(run));
	case BUILTIN_UID:
		return builtin_uid(run);
	case BUILTIN_USERMODE:
		return value_unsigned(1);
	case BUILTIN_USERNAME:
		return builtin_username(run);
	}
	abort();
}
