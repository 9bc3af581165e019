/* SPDX-License-Identifier: MIT */
/* What a session is asked for before it attaches: the public functions that add probes and the like. */
#include <assert.h>

#include <usdtrap/function.h>

#include "base/error.h"
#include "trace/observe.h"
#include "trace/samples.h"
#include "trace/session_internal.h"
#include "trace/watchpoints.h"

struct usdtrap_error *usdtrap_add_probe(struct usdtrap_session *session, const struct usdtrap_pattern *pattern,
					pid_t pid, usdtrap_hit_fn on_hit, void *user, struct usdtrap_probe **ret)
{
	struct usdtrap_error *error = session_check_early(session, "usdtrap_add_probe()");
	struct usdtrap_probe *probe;

	if (!error)
		error = catalog_add(&session->engine.catalog, pattern, pid, on_hit, user, &probe);
	if (error)
		return error;
	observe_probe(&session->engine, probe, NULL);
	if (ret)
		*ret = probe;
	return NULL;
}

struct usdtrap_error *usdtrap_add_function(struct usdtrap_session *session,
					   const struct usdtrap_function_pattern *pattern, pid_t pid,
					   usdtrap_hit_fn on_hit, void *user, struct usdtrap_probe **ret)
{
	struct usdtrap_error *error = session_check_early(session, "usdtrap_add_function()");
	struct usdtrap_probe *probe;

	if (!error && !on_hit)
		error = error_create(USDTRAP_INVALID_USE, "usdtrap_add_function() without a callback");
	if (!error)
		error = catalog_add_function(&session->engine.catalog, pattern, pid, on_hit, user, &probe);
	if (error)
		return error;
	observe_probe(&session->engine, probe, NULL);
	if (ret)
		*ret = probe;
	return NULL;
}

struct usdtrap_error *usdtrap_add_tracepoint(struct usdtrap_session *session, const struct usdtrap_pattern *pattern,
					     usdtrap_hit_fn on_hit, void *user, struct usdtrap_tracepoint **ret)
{
	struct usdtrap_error *error = session_check_early(session, "usdtrap_add_tracepoint()");

	return error ? error : events_add(&session->engine.events, pattern, on_hit, user, ret);
}

size_t usdtrap_session_calls(const struct usdtrap_session *session, uint16_t ret[USDTRAP_CALLS_MAX])
{
	static_assert((int)USDTRAP_CALLS_MAX == (int)EVENT_CALLS, "as many as the engine knows");

	return events_filter(&session->engine.events, session->engine.options.watch_maps, ret);
}

struct usdtrap_error *usdtrap_add_profile(struct usdtrap_session *session, uint64_t period_ns, usdtrap_hit_fn on_hit,
					  void *user)
{
	struct usdtrap_error *error = session_check_use(session, "usdtrap_add_profile()");
	struct sampler *sampler;

	if (!error)
		error = samplers_add(&session->engine, on_hit, user, &sampler);
	return error ? error : usdtrap_add_timer(session, period_ns, samples_tick, sampler);
}

struct usdtrap_error *usdtrap_add_watchpoint(struct usdtrap_session *session, uint64_t address, unsigned length,
					     unsigned watch, usdtrap_hit_fn on_hit, void *user)
{
	const struct watchpoint watchpoint = {
		.address = address, .length = length, .access = watch, .on_hit = on_hit, .user = user};
	struct usdtrap_error *error = session_check_early(session, "usdtrap_add_watchpoint()");

	return error ? error : watchpoints_add(&session->engine.watchpoints, &watchpoint);
}

struct usdtrap_error *usdtrap_add_symbol_watchpoint(struct usdtrap_session *session, const char *name, uint64_t offset,
						    unsigned length, unsigned watch, usdtrap_hit_fn on_hit, void *user)
{
	const struct watchpoint like = {.length = length, .access = watch, .on_hit = on_hit, .user = user};
	const struct watched_symbol symbol = {.name = name, .offset = offset, .like = like};
	struct usdtrap_error *error = session_check_early(session, "usdtrap_add_symbol_watchpoint()");

	return error ? error : watchpoints_add_symbol(&session->engine.watchpoints, &symbol);
}
