/* SPDX-License-Identifier: MIT */
/*
 * Signals that the tool itself gets, for self:signal: probes. Each attach point
 * has an event that the session waits for; whoever hears of a signal writes to
 * it. The events are there before anything runs, so that one which comes early
 * waits for its clause.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "lang/program_internal.h"

struct usdtrap_error *program_open_events(struct lang_program *program)
{
	for (size_t i = 0; i < program->binding_count; i++) {
		struct binding *binding = &program->bindings[i];

		if (binding->point->type != AST_PROBE_SELF || binding->is_filtered)
			continue;
		binding->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (binding->event < 0)
			return error_os(errno, "eventfd");
	}
	return NULL;
}

bool lang_takes_signal(const struct lang_program *program, int signal)
{
	for (size_t i = 0; i < program->binding_count; i++) {
		const struct binding *binding = &program->bindings[i];

		if (binding->point->type == AST_PROBE_SELF && binding->point->signal == signal && !binding->is_filtered)
			return true;
	}
	return false;
}

void lang_raise_signal(const struct lang_program *program, int signal)
{
	const uint64_t one = 1;

	for (size_t i = 0; i < program->binding_count; i++) {
		const struct binding *binding = &program->bindings[i];

		if (binding->event >= 0 && binding->point->signal == signal)
			(void)!write(binding->event, &one, sizeof(one));
	}
}
