/* SPDX-License-Identifier: MIT */
#include "trace/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/ptrace.h"
#include "trace/engine.h"
#include "trace/hit.h"

enum {
	AT_ONCE = 8,         /* threads that are asked to stop and have not: the last waits for the others' copies */
	STACK_MAX = 1 << 16, /* bytes copied of a stack; deeper ones are read later, as they are then */
	BELOW = 256,         /* the stack pointer: where functions that call nobody keep things, and more */
	TICK_NS = 1000000,   /* how often threads that do not stop are looked at */
	PATIENCE_TICKS = 200,
};

struct camera {
	struct engine *engine;
	struct sampler *sampler;
	struct snapshot *snapshot;
	size_t asked; /* of the snapshot's threads, the first so many */
	size_t done;
	size_t done_at_tick;
	unsigned ticks; /* since one was done */
};

static int compare_ids(const void *left, const void *right)
{
	const struct snapshot_thread *one = left, *other = right;

	return (one->tid > other->tid) - (one->tid < other->tid);
}

static struct snapshot_thread *find(const struct snapshot *snapshot, pid_t tid)
{
	const struct snapshot_thread wanted = {.tid = tid};

	return bsearch(&wanted, snapshot->threads, snapshot->count, sizeof(wanted), compare_ids);
}

/* Most stacks are short. */
static void shrink(struct snapshot_thread *thread)
{
	uint8_t *stack = realloc(thread->stack, thread->stack_size);

	if (stack)
		thread->stack = stack;
}

static void copy_stack(const struct space *space, struct snapshot_thread *thread)
{
	struct usdtrap_error *error;

	thread->stack_addr = thread->arch->stack_pointer(&thread->registers) - BELOW;
	thread->stack = malloc(STACK_MAX);
	if (!thread->stack)
		return;
	error = memory_read_some(space->memory_fd, thread->stack_addr, thread->stack, STACK_MAX, &thread->stack_size);
	usdtrap_error_destroy(error);
	if (error)
		thread->stack_size = 0;
	else
		shrink(thread);
}

static void copy_vectors(struct snapshot_thread *thread)
{
	struct usdtrap_error *error = ptrace_get_vector_registers(thread->tid, &thread->vectors);

	usdtrap_error_destroy(error);
	if (error)
		thread->vectors.size = 0;
}

static void ask_more(struct camera *camera)
{
	while (camera->asked < camera->snapshot->count && camera->asked - camera->done < AT_ONCE) {
		const struct snapshot_thread *thread = &camera->snapshot->threads[camera->asked++];
		struct tracee *tracee = tracee_find(camera->engine->tracees, thread->tid);

		if (tracee && tracee->role == TRACEE_MEMBER)
			samples_ask(camera->sampler, tracee);
		else
			camera->done++;
	}
}

static enum usdtrap_action on_stopped(const struct usdtrap_hit *hit, void *user)
{
	struct camera *camera = user;
	const struct space *space = hit->tracee->space;
	struct snapshot_thread *thread = find(camera->snapshot, hit->tracee->tid);

	if (!thread || thread->is_taken)
		return USDTRAP_CONTINUE;
	thread->is_taken = true;
	thread->arch = space->arch;
	thread->registers = *hit_registers(hit);
	copy_vectors(thread);
	copy_stack(space, thread);
	camera->done++;
	ask_more(camera);
	return camera->done == camera->snapshot->count ? USDTRAP_STOP : USDTRAP_CONTINUE;
}

/* How many of those that were asked are done: taken, or gone. */
static size_t count_done(const struct camera *camera)
{
	size_t done = 0;

	for (size_t i = 0; i < camera->asked; i++) {
		const struct snapshot_thread *thread = &camera->snapshot->threads[i];

		done += thread->is_taken || !tracee_find(camera->engine->tracees, thread->tid);
	}
	return done;
}

static enum usdtrap_action on_tick(void *user)
{
	struct camera *camera = user;

	const size_t done_before = camera->done_at_tick;

	camera->done = count_done(camera);
	camera->done_at_tick = camera->done;
	ask_more(camera);
	camera->ticks = camera->done > done_before ? 0 : camera->ticks + 1;
	if (camera->done == camera->snapshot->count || camera->ticks > PATIENCE_TICKS)
		return USDTRAP_STOP;
	return USDTRAP_CONTINUE;
}

/* The threads that were seized. */
static struct usdtrap_error *list_threads(const struct engine *engine, struct snapshot *snapshot)
{
	snapshot->threads = calloc(HASH_COUNT(engine->tracees) + 1, sizeof(*snapshot->threads));
	if (!snapshot->threads)
		return &error_no_memory;
	for (const struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		if (tracee->role == TRACEE_MEMBER)
			snapshot->threads[snapshot->count++].tid = tracee->tid;
	qsort(snapshot->threads, snapshot->count, sizeof(*snapshot->threads), compare_ids);
	return NULL;
}

struct usdtrap_error *snapshot_take(pid_t pid, struct snapshot *ret)
{
	struct snapshot snapshot = {0};
	struct camera camera = {.snapshot = &snapshot};
	struct usdtrap_session *session;
	struct usdtrap_error *error = usdtrap_session_create(NULL, &session);

	if (error)
		return error;
	camera.engine = session_engine(session);
	error = samplers_add(camera.engine, on_stopped, &camera, &camera.sampler);
	if (!error)
		error = usdtrap_add_timer(session, TICK_NS, on_tick, &camera);
	if (!error)
		error = usdtrap_attach(session, pid, USDTRAP_ATTACH_NOW);
	if (!error)
		error = list_threads(camera.engine, &snapshot);
	if (!error)
		error = usdtrap_run(session);
	usdtrap_session_destroy(session);
	if (error)
		snapshot_deinit(&snapshot);
	else
		*ret = snapshot;
	return error;
}

void snapshot_deinit(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++)
		free(snapshot->threads[i].stack);
	free(snapshot->threads);
	*snapshot = (struct snapshot){0};
}
