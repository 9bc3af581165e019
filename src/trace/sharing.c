/* SPDX-License-Identifier: MIT */
#include "trace/sharing.h"

#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "os/ptrace.h"
#include "trace/space.h"
#include "trace/tracee.h"

#ifndef SYS_clone3 /* the C library's headers are older than Linux 5.3 */
#define SYS_clone3 435
#endif

/* CLONE_VM in what CALL asks for, of the thread whose memory MEMORY_FD is. */
static bool asks_to_share(const struct arch_call_state *call, int memory_fd)
{
	uint64_t flags = 0; /* struct clone_args begins with them */

	switch (call->number) {
#ifdef SYS_vfork
	case SYS_vfork:
		return true;
#endif
	case SYS_clone:
		return call->arguments[0] & CLONE_VM;
	case SYS_clone3:
		usdtrap_error_destroy(memory_read(memory_fd, call->arguments[0], &flags, sizeof(flags)));
		return flags & CLONE_VM;
	default:
		return false;
	}
}

bool sharing_at_birth(const struct tracee *parent, pid_t child)
{
	const struct space *space = parent->space;
	struct arch_registers registers;
	struct arch_call_state call;
	struct usdtrap_error *error;
	bool is_same;

	if (memory_compare(parent->tid, child, &is_same))
		return is_same;
	if (!space || !space->arch)
		return false;
	error = ptrace_get_registers(parent->tid, &registers);
	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	space->arch->call(&registers, &call);
	return asks_to_share(&call, space->memory_fd);
}

/* Writes a word into CHILD_FD's memory, looks for it in FD's, and takes it back. */
static struct usdtrap_error *compare_by_word(int fd, int child_fd, uint64_t addr, bool *ret_is_same)
{
	const uint64_t mark = UINT64_C(0x9d3c5b1fa7e46821);
	uint64_t former, changed, other = 0, other_after = 0;
	struct usdtrap_error *error = memory_read(child_fd, addr, &former, sizeof(former));

	if (error)
		return error;
	changed = former ^ mark;
	error = memory_write(child_fd, addr, &changed, sizeof(changed));
	if (error)
		return error;
	error = memory_read(fd, addr, &other, sizeof(other));
	usdtrap_error_destroy(memory_write(child_fd, addr, &former, sizeof(former)));
	if (!error)
		error = memory_read(fd, addr, &other_after, sizeof(other_after));
	*ret_is_same = !error && other == changed && other_after == former;
	return error;
}

bool sharing_at_stop(const struct space *space, pid_t child)
{
	_cleanup_close_ int fd = -1, child_fd = -1;
	struct arch_registers registers;
	struct usdtrap_error *error;
	bool is_same = false;

	if (memory_compare(space->anchor, child, &is_same))
		return is_same;
	if (!space->arch)
		return false;
	error = ptrace_get_registers(child, &registers);
	if (!error)
		error = memory_open(child, &child_fd);
	if (!error)
		error = memory_open(space->anchor, &fd);
	if (!error)
		error = compare_by_word(fd, child_fd, space->arch->scratch_below(&registers, sizeof(uint64_t)),
					&is_same);
	usdtrap_error_destroy(error);
	return is_same;
}

/* Whether a thread of SPACE's process waits for a vfork child: it sleeps uninterruptibly in the call that made it. */
static bool waits_for_child(const struct space *space)
{
	_cleanup_free_ pid_t *threads = NULL;
	struct procfs_stat stat;
	struct usdtrap_error *error;
	size_t count = 0;
	long number;

	usdtrap_error_destroy(procfs_threads(PROCFS_ROOT, space->pid, &threads, &count));
	for (size_t i = 0; i < count; i++) {
		error = procfs_stat_read(PROCFS_ROOT, space->pid, threads[i], &stat);
		usdtrap_error_destroy(error);
		if (error || stat.state != 'D' || !procfs_system_call(PROCFS_ROOT, threads[i], &number))
			continue;
#ifdef SYS_vfork
		if (number == SYS_vfork)
			return true;
#endif
		if (number == SYS_clone || number == SYS_clone3)
			return true;
	}
	return false;
}

static bool is_mapped_alike(pid_t first, pid_t second)
{
	struct procfs_maps maps = {0}, others = {0};
	struct usdtrap_error *error = procfs_maps_read(PROCFS_ROOT, first, first, &maps);
	bool is_alike;

	if (!error)
		error = procfs_maps_read(PROCFS_ROOT, second, second, &others);
	is_alike = !error && maps.count && maps.count == others.count;
	for (size_t i = 0; is_alike && i < maps.count; i++)
		is_alike = maps.items[i].start == others.items[i].start && maps.items[i].end == others.items[i].end &&
			   maps.items[i].inode == others.items[i].inode;
	procfs_maps_deinit(&maps);
	procfs_maps_deinit(&others);
	usdtrap_error_destroy(error);
	return is_alike;
}

bool sharing_untouched(const struct space *space, pid_t child)
{
	bool is_same;

	if (memory_compare(space->anchor, child, &is_same))
		return is_same;
	return waits_for_child(space) && is_mapped_alike(space->anchor, child);
}
