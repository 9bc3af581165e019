/* SPDX-License-Identifier: MIT */
/*
 * The kernel's own events are made where things happen; here they are made
 * from the stops that ptrace(2) has for the same moments, and from what /proc
 * and the stopped thread's memory tell. Fields: Linux's include/trace/events/
 * sched.h and signal.h.
 */
#include "trace/life.h"

#include <elf.h>
#include <stdlib.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/engine.h"
#include "trace/hit.h"

enum { PATH_SIZE = 4096 };

static void read_comm(pid_t tid, char *buffer)
{
	buffer[0] = '\0';
	usdtrap_error_destroy(procfs_line(PROCFS_ROOT, tid, "comm", buffer, HIT_COMM_SIZE));
}

void life_forked(struct engine *engine, struct tracee *tracee, pid_t child)
{
	char parent_comm[HIT_COMM_SIZE], child_comm[HIT_COMM_SIZE];
	struct event_data data = {.values = {0, (uint64_t)tracee->tid, 0, (uint64_t)child}};

	if (!engine->events.of_kind[EVENT_FORK])
		return;
	read_comm(tracee->tid, parent_comm);
	read_comm(child, child_comm);
	data.texts[0] = parent_comm;
	data.texts[2] = child_comm[0] ? child_comm : parent_comm; /* it begins as a copy, and may have ended */
	events_deliver(engine, tracee, engine->events.of_kind[EVENT_FORK], &data);
}

/* The path that was given to execve(2), which the kernel leaves on the new program's stack: getauxval(3), AT_EXECFN. */
static void read_exec_path(const struct tracee *tracee, char *buffer)
{
	Elf64_auxv_t *entry;
	struct usdtrap_error *error;
	size_t size = 0;

	buffer[0] = '\0';
	error = procfs_auxiliary(PROCFS_ROOT, tracee->tid, &entry);
	if (!error) {
		for (const Elf64_auxv_t *at = entry; at->a_type != AT_NULL; at++)
			if (at->a_type == AT_EXECFN)
				error = memory_read_some(tracee->space->memory_fd, at->a_un.a_val, buffer,
							 PATH_SIZE - 1, &size);
		buffer[error ? 0 : size] = '\0';
		free(entry);
	}
	usdtrap_error_destroy(error);
}

void life_executed(struct engine *engine, struct tracee *tracee, pid_t former)
{
	struct event_data data = {.values = {0, (uint64_t)tracee->pid, (uint64_t)former}};
	char path[PATH_SIZE];

	if (!engine->events.of_kind[EVENT_EXEC] || engine->machine) /* machine.c tells of all */
		return;
	read_exec_path(tracee, path);
	data.texts[0] = path;
	events_deliver(engine, tracee, engine->events.of_kind[EVENT_EXEC], &data);
}

/* Whether TRACEE is the last thread of its process that has not come to its end. */
static bool is_last(const struct engine *engine, const struct tracee *tracee)
{
	for (const struct tracee *other = engine->tracees; other; other = other->hh.next)
		if (other != tracee && other->pid == tracee->pid && !other->is_ending)
			return false;
	return true;
}

void life_ending(struct engine *engine, struct tracee *tracee)
{
	enum { PRIORITY_BASE = 100 }; /* MAX_RT_PRIO: what /proc subtracts from the kernel's number */
	struct procfs_stat stat = {0};
	char comm[HIT_COMM_SIZE];
	struct event_data data = {.texts = {comm}};

	tracee->is_ending = true;
	if (!engine->events.of_kind[EVENT_END])
		return;
	read_comm(tracee->tid, comm);
	usdtrap_error_destroy(procfs_stat_read(PROCFS_ROOT, tracee->tid, tracee->tid, &stat));
	data.values[1] = (uint64_t)tracee->tid;
	data.values[2] = (uint64_t)(stat.priority + PRIORITY_BASE);
	data.values[3] = is_last(engine, tracee);
	events_deliver(engine, tracee, engine->events.of_kind[EVENT_END], &data);
}

void life_signalled(struct engine *engine, struct tracee *tracee, int signal)
{
	struct event_data data = {.values = {(uint64_t)signal}};
	struct usdtrap_error *error;
	siginfo_t info;

	if (!signal || !engine->events.of_kind[EVENT_SIGNAL])
		return;
	error = ptrace_get_siginfo(tracee->tid, &info);
	usdtrap_error_destroy(error);
	if (error)
		return;
	data.values[1] = (uint64_t)info.si_errno;
	data.values[2] = (uint64_t)info.si_code;
	events_deliver(engine, tracee, engine->events.of_kind[EVENT_SIGNAL], &data);
}
