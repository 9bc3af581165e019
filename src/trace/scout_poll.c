/* SPDX-License-Identifier: MIT */
/*
 * Looking through all processes, where the kernel tells this user nothing: what
 * begins and ends between two looks is missed.
 *
 * A process runs another program than before if its stack begins elsewhere: the
 * kernel places it anew at each exec, and a fork leaves it where it is. Where
 * that is not shown (another user's process) the command line tells.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "os/procfs.h"
#include "os/procfs_file.h"
#include "trace/scout_internal.h"

/* FNV-1a. */
static uint64_t hash(const char *bytes, size_t size)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		value = (value ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
	return value;
}

/* A number that changes when PID runs another program. False: it has ended, or is the kernel's own. */
static bool read_program(pid_t pid, uint64_t *ret_program, uint64_t *ret_start_time)
{
	const struct procfs_file file = {.root = PROCFS_ROOT, .pid = pid, .name = "cmdline"};
	_cleanup_strbuf_ struct strbuf line = {0};
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_stat_read(PROCFS_ROOT, pid, pid, &stat);

	if (!error && !stat.start_stack && !stat.is_kernel_thread)
		error = procfs_file_read(&file, &line);
	usdtrap_error_destroy(error);
	if (error || stat.is_kernel_thread)
		return false;
	*ret_program = stat.start_stack ? stat.start_stack : hash(line.text, line.length);
	*ret_start_time = stat.start_time;
	return true;
}

/* Whether PID, which is new, still runs what its parent runs. */
static bool is_mere_fork(const struct scout *scout, pid_t pid, uint64_t program)
{
	struct procfs_status status;
	struct known_process *parent;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, pid, &status);

	usdtrap_error_destroy(error);
	if (error)
		return true;
	HASH_FIND(hh, scout->known, &status.parent, sizeof(status.parent), parent);
	return parent && parent->program == program;
}

static void look_at(struct scout *scout, pid_t pid, bool is_first)
{
	struct known_process *known;
	uint64_t program, start_time;
	bool is_changed;

	if (!read_program(pid, &program, &start_time))
		return;
	HASH_FIND(hh, scout->known, &pid, sizeof(pid), known);
	if (known && known->start_time == start_time) {
		is_changed = known->program != program;
	} else {
		is_changed = !is_mere_fork(scout, pid, program);
		if (!known) {
			known = calloc(1, sizeof(*known));
			if (!known)
				return;
			known->pid = pid;
			HASH_ADD(hh, scout->known, pid, sizeof(known->pid), known);
		}
	}
	known->start_time = start_time;
	known->program = program;
	known->pass = scout->pass;
	if (is_changed && !is_first)
		scout_changed(scout, pid);
}

static void forget_ended(struct scout *scout)
{
	struct known_process *known, *next;

	HASH_ITER (hh, scout->known, known, next)
		if (known->pass != scout->pass) {
			HASH_DEL(scout->known, known);
			free(known);
		}
}

void poll_processes(struct scout *scout, bool is_first)
{
	struct usdtrap_error *error;
	pid_t *pids;
	size_t count;

	error = procfs_processes(PROCFS_ROOT, &pids, &count);
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	scout->pass++;
	for (size_t i = 0; i < count; i++)
		look_at(scout, pids[i], is_first);
	free(pids);
	forget_ended(scout);
}

void poll_deinit(struct scout *scout)
{
	scout->pass++;
	forget_ended(scout);
}
