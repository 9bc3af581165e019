/* SPDX-License-Identifier: MIT */
/* usdtrap inspect: what the threads of a process do, as /proc tells it, and what their registers and stacks do. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/stack.h>
#include <usdtrap/syscall.h>

#include "base/error.h"
#include "cli/inspect_internal.h"

enum {
	FRAMES_MAX = 256, /* of a stack */
	NAME_WIDTH = 15,  /* a name of a thread has 15 bytes at most */
};

/* "futex(0x7f.., 0x80, 0x2, ...)", as many arguments as the call has. */
static void print_call(const struct usdtrap_thread_info *thread)
{
	const struct usdtrap_syscall *call = usdtrap_syscall_by_number(thread->syscall);
	unsigned count = call && call->kernel_name ? call->argument_count : 6;

	if (call)
		printf("%s(", call->name);
	else
		printf("system call %ld(", thread->syscall);
	for (unsigned i = 0; i < count; i++)
		printf("%s0x%" PRIx64, i ? ", " : "", thread->arguments[i]);
	putchar(')');
}

static void print_thread_json(struct inspect *inspect, const struct usdtrap_thread_info *thread)
{
	static const char *const places[] = {"runs", "calls", "blocks", "hidden"};
	const struct usdtrap_syscall *call = NULL;
	char state[2] = {thread->state, '\0'};

	record_begin(&inspect->record);
	record_number(&inspect->record, "tid", thread->tid);
	record_text(&inspect->record, "name", thread->name);
	record_text(&inspect->record, "state", state);
	record_number(&inspect->record, "processor", thread->processor);
	record_text(&inspect->record, "place", places[thread->place]);
	if (thread->place == USDTRAP_THREAD_CALLS) {
		call = usdtrap_syscall_by_number(thread->syscall);
		record_text(&inspect->record, "syscall", call ? call->name : NULL);
	}
	if (thread->place == USDTRAP_THREAD_CALLS || thread->place == USDTRAP_THREAD_BLOCKS) {
		record_address(&inspect->record, "address", thread->address);
		record_address(&inspect->record, "stack_pointer", thread->stack_pointer);
	}
	inspect_print_record(inspect);
}

static int on_thread(const struct usdtrap_thread_info *thread, void *user)
{
	struct inspect *inspect = user;

	inspect->count++;
	if (inspect->is_json) {
		print_thread_json(inspect, thread);
		return 0;
	}
	printf("%7d  ", (int)thread->tid);
	inspect_put(thread->name);
	printf("%*s  %c  ", NAME_WIDTH - (int)strlen(thread->name), "", thread->state);
	switch (thread->place) {
	case USDTRAP_THREAD_RUNS:
		printf("runs, on processor %d", thread->processor);
		break;
	case USDTRAP_THREAD_CALLS:
		print_call(thread);
		break;
	case USDTRAP_THREAD_BLOCKS:
		fputs("waits in the kernel", stdout);
		break;
	case USDTRAP_THREAD_HIDDEN:
		fputs("(this user may not see where)", stdout);
		break;
	}
	if (thread->address) {
		fputs(" at ", stdout);
		inspect_print_place(inspect, thread->address);
	}
	putchar('\n');
	return 0;
}

struct usdtrap_error *inspect_threads(struct inspect *inspect, const char *const *words, size_t word_count)
{
	(void)words;
	(void)word_count;
	return usdtrap_inspect_threads(inspect->inspection, on_thread, inspect);
}

/* ---- stack, regs ---------------------------------------------------------------------------------------------------
 */

/* What is shown of a snapshot. */
struct viewer {
	struct inspect *inspect;
	pid_t only;     /* this thread; 0: each */
	bool wants_all; /* registers of floating point and vectors as well */
	void (*print)(struct viewer *viewer, const struct usdtrap_snapshot_info *snapshot);
	size_t matched;
};

/* "thread 4242 (python3.11), sleeps in read(0x0, ...)" */
static void print_heading(struct viewer *viewer, const struct usdtrap_snapshot_info *snapshot)
{
	printf("%sthread %d (", viewer->inspect->count++ ? "\n" : "", (int)snapshot->thread.tid);
	inspect_put(snapshot->thread.name);
	printf("), %c", snapshot->thread.state);
	if (snapshot->thread.place == USDTRAP_THREAD_CALLS) {
		fputs(", in ", stdout);
		print_call(&snapshot->thread);
	}
	putchar('\n');
	if (!snapshot->is_taken)
		puts("  it waits in the kernel for something that cannot be interrupted, such as a disk: no more can be "
		     "told");
}

static void begin_record(struct inspect *inspect, const struct usdtrap_snapshot_info *snapshot)
{
	const char state[2] = {snapshot->thread.state, '\0'};

	record_begin(&inspect->record);
	record_number(&inspect->record, "tid", snapshot->thread.tid);
	record_text(&inspect->record, "name", snapshot->thread.name);
	record_text(&inspect->record, "state", state);
}

static void print_stack_json(struct inspect *inspect, const struct usdtrap_snapshot_info *snapshot)
{
	struct record *record = &inspect->record;

	begin_record(inspect, snapshot);
	record_open(record, "frames", '[');
	for (size_t i = 0; i < snapshot->frame_count; i++) {
		const struct usdtrap_inspected_frame *frame = &snapshot->frames[i];

		record_open(record, NULL, '{');
		record_address(record, "address", frame->address);
		record_text(record, "symbol", frame->place.symbol);
		record_number(record, "offset", (long long)frame->place.offset);
		record_text(record, "path", frame->place.path && *frame->place.path ? frame->place.path : NULL);
		record_close(record, '}');
	}
	record_close(record, ']');
	inspect_print_record(inspect);
}

static void print_stack(struct viewer *viewer, const struct usdtrap_snapshot_info *snapshot)
{
	if (viewer->inspect->is_json) {
		print_stack_json(viewer->inspect, snapshot);
		return;
	}
	print_heading(viewer, snapshot);
	for (size_t i = 0; i < snapshot->frame_count; i++) {
		const struct usdtrap_inspected_frame *frame = &snapshot->frames[i];

		printf("  #%-3zu 0x%012" PRIx64 "  ", i, frame->address);
		if (!frame->place.symbol && frame->place.path && !*frame->place.path)
			fputs("(code that was made while the program ran)", stdout);
		else
			inspect_print_named(&frame->place, frame->address);
		if (frame->place.symbol && frame->place.path && *frame->place.path) {
			fputs("  (", stdout);
			inspect_put(inspect_base_name(frame->place.path));
			putchar(')');
		}
		putchar('\n');
	}
	if (snapshot->frame_count == FRAMES_MAX)
		printf("  ... and more: only %d are shown\n", FRAMES_MAX);
}

static void print_registers(struct viewer *viewer, const struct usdtrap_snapshot_info *snapshot)
{
	struct inspect *inspect = viewer->inspect;
	void (*print)(struct inspect * inspect, const struct usdtrap_register *register_) = inspect_print_register;

	if (inspect->is_json) {
		print = inspect_record_register;
		begin_record(inspect, snapshot);
		record_open(&inspect->record, "registers", '{');
	} else {
		print_heading(viewer, snapshot);
	}
	for (size_t i = 0; i < snapshot->register_count; i++)
		print(inspect, &snapshot->registers[i]);
	for (size_t i = 0; viewer->wants_all && i < snapshot->vector_count; i++)
		print(inspect, &snapshot->vectors[i]);
	if (inspect->is_json) {
		record_close(&inspect->record, '}');
		inspect_print_record(inspect);
	}
}

static int on_snapshot(const struct usdtrap_snapshot_info *snapshot, void *user)
{
	struct viewer *viewer = user;

	if (viewer->only && viewer->only != snapshot->thread.tid)
		return 0;
	viewer->matched++;
	viewer->print(viewer, snapshot);
	return ferror(stdout);
}

static struct usdtrap_error *view(struct viewer *viewer, size_t frames_max, const char *const *words, size_t word_count)
{
	struct usdtrap_error *error;
	char *end;
	long tid;

	if (word_count) {
		tid = strtol(words[0], &end, 10);
		if (tid < 1 || *end || tid > 0x400000)
			return error_create(USDTRAP_INVALID_USE, "the id of a thread is wanted, not \"%s\"", words[0]);
		viewer->only = (pid_t)tid;
	}
	error = usdtrap_inspect_snapshot(viewer->inspect->inspection, frames_max, on_snapshot, viewer);
	if (!error && viewer->only && !viewer->matched)
		return error_hint(error_create(USDTRAP_NOT_FOUND, "process %d has no thread %d",
					       (int)viewer->inspect->pid, (int)viewer->only),
				  "usdtrap inspect %d threads", (int)viewer->inspect->pid);
	return error;
}

struct usdtrap_error *inspect_stacks(struct inspect *inspect, const char *const *words, size_t word_count)
{
	struct viewer viewer = {.inspect = inspect, .print = print_stack};

	return view(&viewer, FRAMES_MAX, words, word_count);
}

struct usdtrap_error *inspect_registers(struct inspect *inspect, const char *const *words, size_t word_count)
{
	struct viewer viewer = {.inspect = inspect, .print = print_registers};
	const char *threads[2];
	size_t count = 0;

	for (size_t i = 0; i < word_count; i++) {
		if (strcmp(words[i], "all") == 0)
			viewer.wants_all = true;
		else
			threads[count++] = words[i];
	}
	if (count > 1)
		return error_create(USDTRAP_INVALID_USE, "one thread, or none, is wanted, not \"%s\" too", threads[1]);
	return view(&viewer, 0, threads, count);
}
