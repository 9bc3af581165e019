/* SPDX-License-Identifier: MIT */
/* What the threads of a process that is looked into do: what /proc tells, and what a snapshot does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/stack.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/procfs.h"
#include "trace/inspect.h"
#include "trace/snapshot.h"
#include "trace/unwind.h"

/* What /proc/PID/task/TID/syscall says, proc(5): "running", or the call's number, six arguments, stack pointer, place.
 */
static void read_place(const struct usdtrap_inspection *inspection, struct usdtrap_thread_info *thread)
{
	unsigned long long arguments[6], stack_pointer, address;
	char name[64], line[256];
	long number;
	int count;

	snprintf(name, sizeof(name), "task/%d/syscall", (int)thread->tid);
	thread->place = USDTRAP_THREAD_HIDDEN;
	if (!inspection_is_fine(procfs_line(PROCFS_ROOT, inspection->pid, name, line, sizeof(line))))
		return;
	if (strcmp(line, "running") == 0) {
		thread->place = USDTRAP_THREAD_RUNS;
	} else if (sscanf(line, "-1 %llx %llx", &stack_pointer, &address) == 2) {
		thread->place = USDTRAP_THREAD_BLOCKS;
		thread->stack_pointer = stack_pointer;
		thread->address = address;
	} else {
		count = sscanf(line, "%ld %llx %llx %llx %llx %llx %llx %llx %llx", &number, &arguments[0],
			       &arguments[1], &arguments[2], &arguments[3], &arguments[4], &arguments[5],
			       &stack_pointer, &address);
		if (count != 9)
			return;
		thread->place = USDTRAP_THREAD_CALLS;
		thread->syscall = number;
		thread->stack_pointer = stack_pointer;
		thread->address = address;
		for (size_t i = 0; i < 6; i++)
			thread->arguments[i] = arguments[i];
	}
	if (!thread->stack_pointer && !thread->address && thread->place == USDTRAP_THREAD_CALLS)
		thread->place = USDTRAP_THREAD_BLOCKS; /* a thread of the kernel has no code of its own */
}

/* False: the thread has ended. */
static bool read_thread(const struct usdtrap_inspection *inspection, pid_t tid, struct usdtrap_thread_info *ret)
{
	struct usdtrap_thread_info thread = {.tid = tid};
	struct procfs_stat stat;
	char name[64];

	if (!inspection_is_fine(procfs_stat_read(PROCFS_ROOT, inspection->pid, tid, &stat)))
		return false;
	thread.state = stat.state;
	thread.processor = stat.processor;
	snprintf(name, sizeof(name), "task/%d/comm", (int)tid);
	if (!inspection_is_fine(procfs_line(PROCFS_ROOT, inspection->pid, name, thread.name, sizeof(thread.name))))
		return false;
	read_place(inspection, &thread);
	*ret = thread;
	return true;
}

struct usdtrap_error *usdtrap_inspect_threads(struct usdtrap_inspection *inspection,
					      int (*on_thread)(const struct usdtrap_thread_info *thread, void *user),
					      void *user)
{
	_cleanup_free_ pid_t *tids = NULL;
	struct usdtrap_thread_info thread;
	size_t count;
	struct usdtrap_error *error = procfs_threads(PROCFS_ROOT, inspection->pid, &tids, &count);

	if (error)
		return error;
	for (size_t i = 0; i < count; i++) {
		if (read_thread(inspection, tids[i], &thread) && on_thread(&thread, user))
			break;
	}
	return NULL;
}

/* ---- Snapshots -----------------------------------------------------------------------------------------------------
 */

/* Registers for people, and the same as the public header has them. */
struct shown {
	struct arch_shown_register raw[ARCH_SHOWN_REGISTERS];
	struct usdtrap_register items[ARCH_SHOWN_REGISTERS];
	size_t count;
};

/* Room for what one callback is told. */
struct telling {
	struct usdtrap_inspection *inspection;
	struct unwind_window window;
	struct unwind_frame walked[USDTRAP_STACK_FRAMES_MAX];
	struct usdtrap_inspected_frame frames[USDTRAP_STACK_FRAMES_MAX];
	struct shown registers, vectors;
};

/* Makes the items of SHOWN from what is raw. */
static void present(struct shown *shown)
{
	static const enum usdtrap_register_kind kinds[] = {
		[ARCH_LOOK_ADDRESS] = USDTRAP_REGISTER_ADDRESS, [ARCH_LOOK_NUMBER] = USDTRAP_REGISTER_NUMBER,
		[ARCH_LOOK_FLAGS] = USDTRAP_REGISTER_FLAGS,     [ARCH_LOOK_EXTENDED] = USDTRAP_REGISTER_EXTENDED,
		[ARCH_LOOK_VECTOR] = USDTRAP_REGISTER_VECTOR,
	};

	for (size_t i = 0; i < shown->count; i++) {
		const struct arch_shown_register *raw = &shown->raw[i];
		struct usdtrap_register *item = &shown->items[i];

		*item = (struct usdtrap_register){
			.name = raw->name,
			.kind = kinds[raw->look],
			.bytes = raw->bytes,
			.size = raw->size,
			.flags = raw->flags,
		};
		memcpy(&item->value, raw->bytes, raw->size < sizeof(item->value) ? raw->size : sizeof(item->value));
	}
}

static void show_registers(struct telling *telling, const struct snapshot_thread *thread)
{
	telling->registers.count = thread->arch->show_registers(&thread->registers, telling->registers.raw);
	telling->vectors.count = thread->arch->show_vectors(&thread->vectors, telling->vectors.raw);
	present(&telling->registers);
	present(&telling->vectors);
}

/* A return address may be where the next function begins: it is named by what is before it, the call. */
static void name_frame(struct telling *telling, const struct unwind_frame *walked, struct usdtrap_inspected_frame *ret)
{
	const uint64_t behind = walked->is_return ? 1 : 0;

	ret->address = walked->address;
	usdtrap_inspect_place(telling->inspection, walked->address - behind, &ret->place);
	if (ret->place.symbol)
		ret->place.offset += behind;
	if (ret->place.vaddr)
		ret->place.vaddr += behind;
}

static size_t walk(struct telling *telling, const struct snapshot_thread *thread, size_t frames_max)
{
	struct usdtrap_inspection *inspection = telling->inspection;
	size_t count;

	telling->window.copy = (struct unwind_copy){thread->stack_addr, thread->stack_size, thread->stack};
	inspection->space->arch = thread->arch;
	count = unwind_walk(&inspection->engine, inspection->space, &inspection->files, &thread->registers,
			    thread->arch->pc(&thread->registers), &telling->window, telling->walked, frames_max);
	for (size_t i = 0; i < count; i++)
		name_frame(telling, &telling->walked[i], &telling->frames[i]);
	return count;
}

/* What /proc tells of each thread before any is stopped: afterwards it would tell of that. By thread id. */
struct threads {
	struct usdtrap_thread_info *items;
	size_t count;
};

static int compare_ids(const void *left, const void *right)
{
	const struct usdtrap_thread_info *one = left, *other = right;

	return (one->tid > other->tid) - (one->tid < other->tid);
}

static struct usdtrap_error *read_threads(const struct usdtrap_inspection *inspection, struct threads *ret)
{
	_cleanup_free_ pid_t *tids = NULL;
	size_t count;
	struct usdtrap_error *error = procfs_threads(PROCFS_ROOT, inspection->pid, &tids, &count);

	if (error)
		return error;
	ret->items = calloc(count + 1, sizeof(*ret->items));
	if (!ret->items)
		return &error_no_memory;
	for (size_t i = 0; i < count; i++)
		ret->count += read_thread(inspection, tids[i], &ret->items[ret->count]);
	qsort(ret->items, ret->count, sizeof(*ret->items), compare_ids);
	return NULL;
}

/* What is known of thread TID; one that has begun since is asked now. False: it has ended. */
static bool find_thread(const struct usdtrap_inspection *inspection, const struct threads *threads, pid_t tid,
			struct usdtrap_thread_info *ret)
{
	const struct usdtrap_thread_info wanted = {.tid = tid}, *found;

	found = bsearch(&wanted, threads->items, threads->count, sizeof(wanted), compare_ids);
	if (!found)
		return read_thread(inspection, tid, ret);
	*ret = *found;
	return true;
}

static void tell(struct telling *telling, const struct snapshot *snapshot, const struct threads *threads,
		 size_t frames_max, int (*on_thread)(const struct usdtrap_snapshot_info *snapshot, void *user),
		 void *user)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct snapshot_thread *thread = &snapshot->threads[i];
		struct usdtrap_snapshot_info info = {
			.is_taken = thread->is_taken,
			.registers = telling->registers.items,
			.vectors = telling->vectors.items,
			.frames = telling->frames,
		};

		if (!find_thread(telling->inspection, threads, thread->tid, &info.thread))
			continue;
		if (thread->is_taken) {
			show_registers(telling, thread);
			info.register_count = telling->registers.count;
			info.vector_count = telling->vectors.count;
		}
		if (thread->is_taken && frames_max)
			info.frame_count = walk(telling, thread, frames_max);
		if (on_thread(&info, user))
			return;
	}
}

struct usdtrap_error *usdtrap_inspect_snapshot(struct usdtrap_inspection *inspection, size_t frames_max,
					       int (*on_thread)(const struct usdtrap_snapshot_info *snapshot,
								void *user),
					       void *user)
{
	struct telling *telling = calloc(1, sizeof(*telling));
	struct threads threads = {0};
	struct snapshot snapshot = {0};
	struct usdtrap_error *error;

	if (!telling)
		return &error_no_memory;
	telling->inspection = inspection;
	error = read_threads(inspection, &threads);
	if (!error)
		error = snapshot_take(inspection->pid, &snapshot);
	if (!error)
		error = inspection_open_memory(inspection);
	if (!error) {
		tell(telling, &snapshot, &threads,
		     frames_max < USDTRAP_STACK_FRAMES_MAX ? frames_max : USDTRAP_STACK_FRAMES_MAX, on_thread, user);
	}
	snapshot_deinit(&snapshot);
	free(threads.items);
	free(telling);
	return error;
}
