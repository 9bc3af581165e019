/* SPDX-License-Identifier: MIT */
/* Samples of the threads that run: profile probes. */
#ifndef USDTRAP_TRACE_SAMPLES_H
#define USDTRAP_TRACE_SAMPLES_H

#include <usdtrap/session.h>

struct engine;
struct tracee;

/* One profile probe. */
struct sampler {
	struct engine *engine;
	usdtrap_hit_fn on_hit;
	void *user;
	unsigned number; /* its bit in a tracee's `samples_due' */
	struct sampler *next;
};

enum { SAMPLERS_MAX = 32 };

/* Adds one to ENGINE's list. Errors: UNSUPPORTED (there are SAMPLERS_MAX), NO_MEMORY. */
struct usdtrap_error *samplers_add(struct engine *engine, usdtrap_hit_fn on_hit, void *user,
				   struct sampler **ret) USDTRAP_MUST_USE;
void samplers_deinit(struct engine *engine);
/* A usdtrap_timer_fn, USER the sampler: asks every thread that runs to stop for it. */
enum usdtrap_action samples_tick(void *user);
/* Asks TRACEE, whether it runs or sleeps, to stop for a sample. */
void samples_ask(const struct sampler *sampler, struct tracee *tracee);
/* TRACEE stands at some stop: takes the samples that are due. */
void samples_take(struct engine *engine, struct tracee *tracee);

#endif
