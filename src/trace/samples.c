/* SPDX-License-Identifier: MIT */
/*
 * A profiler in the kernel interrupts processors; here, at each tick, each
 * thread that runs is asked to stop, and sampled where it does. That is after
 * the tick by the time an interrupt of the processor takes, or, where the
 * thread is inside the kernel, when it comes out. Whether a thread runs is read
 * from /proc, so that those that sleep are not touched at all. One that has
 * begun to sleep in between has its system call interrupted, and enters it
 * again (restart_interrupted()).
 */
#include "trace/samples.h"

#include <stdlib.h>

#include <utlist.h>

#include "base/error.h"
#include "trace/engine.h"
#include "trace/hit.h"

static const struct usdtrap_probe_info profile_info = {
	.path = "", .provider = "profile", .name = "", .full_name = "profile"};

struct usdtrap_error *samplers_add(struct engine *engine, usdtrap_hit_fn on_hit, void *user, struct sampler **ret)
{
	struct sampler *sampler, *other;
	unsigned count = 0;

	LL_FOREACH (engine->samplers, other)
		count++;
	if (count == SAMPLERS_MAX)
		return error_create(USDTRAP_UNSUPPORTED, "there are %d profile probes at most", SAMPLERS_MAX);
	sampler = calloc(1, sizeof(*sampler));
	if (!sampler)
		return &error_no_memory;
	*sampler = (struct sampler){.engine = engine, .on_hit = on_hit, .user = user, .number = count};
	LL_APPEND(engine->samplers, sampler);
	*ret = sampler;
	return NULL;
}

void samplers_deinit(struct engine *engine)
{
	struct sampler *sampler, *next;

	LL_FOREACH_SAFE(engine->samplers, sampler, next)
	free(sampler);
	engine->samplers = NULL;
}

static bool is_running(const struct tracee *tracee)
{
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_stat_read(PROCFS_ROOT, tracee->pid, tracee->tid, &stat);

	usdtrap_error_destroy(error);
	return !error && stat.state == 'R';
}

void samples_ask(const struct sampler *sampler, struct tracee *tracee)
{
	tracee->samples_due |= UINT32_C(1) << sampler->number;
	engine_interrupt(tracee);
}

enum usdtrap_action samples_tick(void *user)
{
	const struct sampler *sampler = user;

	for (struct tracee *tracee = sampler->engine->tracees; tracee; tracee = tracee->hh.next)
		if (tracee->role == TRACEE_MEMBER && !tracee->is_starting && !tracee->is_listening &&
		    is_running(tracee))
			samples_ask(sampler, tracee);
	return USDTRAP_CONTINUE;
}

void samples_take(struct engine *engine, struct tracee *tracee)
{
	const uint32_t due = tracee->samples_due;
	struct usdtrap_hit hit = {.engine = engine, .tracee = tracee, .info = &profile_info};
	const struct sampler *sampler;

	tracee->samples_due = 0;
	if (!tracee->space || !tracee->space->arch)
		return;
	LL_FOREACH (engine->samplers, sampler)
		if (due >> sampler->number & 1 && !engine->is_stopping) {
			engine->report.hits++;
			engine->is_stopping = sampler->on_hit(&hit, sampler->user) == USDTRAP_STOP;
		}
}
