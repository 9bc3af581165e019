/* SPDX-License-Identifier: MIT */
/* Builtins: what a hit, or without one this program itself, has to tell. */
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error.h"
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
		reason = runtime_remark(run->runtime, probe, index, expression->span, NULL, "arg%u of %s: %s", index,
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

/* Remembers the name of UID, its number if it has none; NULL without memory. getpwuid(3) reads files. */
static const char *name_of_user(struct runtime *runtime, uid_t uid)
{
	const struct passwd *entry;
	char *name;

	if (runtime->user_name && runtime->named_uid == uid)
		return runtime->user_name;
	entry = getpwuid(uid);
	if (entry)
		name = strdup(entry->pw_name);
	else if (asprintf(&name, "%u", uid) < 0)
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

static struct value builtin_probe(struct run *run)
{
	return value_text(run->point->full_name ? run->point->full_name : usdtrap_hit_probe(run->hit)->full_name);
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

static struct value builtin_rand(void)
{
	uint32_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return value_unknown("no random number could be had");
	return value_unsigned(number);
}

struct value eval_builtin(struct run *run, const struct ast_expression *expression)
{
	switch (expression->builtin.builtin) {
	case BUILTIN_ARG:
		return builtin_arg(run, expression);
	case BUILTIN_COMM:
		return builtin_comm(run);
	case BUILTIN_CPID:
		return value_unsigned((uint64_t)run->runtime->command_pid);
	case BUILTIN_CPU:
		return builtin_cpu(run);
	case BUILTIN_ELAPSED:
		return builtin_elapsed(run);
	case BUILTIN_GID:
		return builtin_gid(run);
	case BUILTIN_NCPUS:
		return value_unsigned((uint64_t)sysconf(_SC_NPROCESSORS_CONF));
	case BUILTIN_NSECS:
		return value_unsigned(current_ns(run));
	case BUILTIN_PID:
		return value_unsigned((uint64_t)(run->hit ? usdtrap_hit_pid(run->hit) : getpid()));
	case BUILTIN_PROBE:
		return builtin_probe(run);
	case BUILTIN_RAND:
		return builtin_rand();
	case BUILTIN_TID:
		return value_unsigned((uint64_t)(run->hit ? usdtrap_hit_tid(run->hit) : gettid()));
	case BUILTIN_UID:
		return builtin_uid(run);
	case BUILTIN_USERNAME:
		return builtin_username(run);
	}
	abort();
}
