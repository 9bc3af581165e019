/* SPDX-License-Identifier: MIT */
/*
 * Watchpoints: at an address, at a symbol, or at what a function's argument
 * points to. The latter is watched from each call on, until unwatch().
 */
#include "lang/program_internal.h"

#include <inttypes.h>

static void warn(const struct binding *binding, uint64_t address, struct usdtrap_error *error)
{
	runtime_remark(&binding->program->runtime, binding->point, 0, binding->point->span,
		       "0x%" PRIx64 " is not watched: %s", address, usdtrap_error_message(error));
	usdtrap_error_destroy(error);
}

/* The function whose argument is to be watched is called. */
static enum usdtrap_action on_call(const struct usdtrap_hit *hit, void *user)
{
	struct binding *binding = user;
	const struct ast_attach_point *point = binding->point;
	struct usdtrap_value argument = {0};
	struct usdtrap_error *error = usdtrap_hit_argument(hit, point->watched_argument - 1, &argument);

	if (!error)
		error = usdtrap_hit_watch(hit, argument.integer, point->length, point->watch, program_on_hit, binding);
	if (error)
		warn(binding, argument.integer, error);
	return USDTRAP_CONTINUE;
}

struct usdtrap_error *program_add_watchpoint(struct binding *binding, struct usdtrap_session *session)
{
	const struct ast_attach_point *point = binding->point;
	const char *program = binding->program->command_path; /* which maps its libraries later */
	const struct usdtrap_function_pattern function = {
		.target = program, .name = point->name, .any_file = program != NULL};

	if (point->watched_argument)
		return usdtrap_add_function(session, &function, binding->program->pid, on_call, binding,
					    &binding->probe);
	if (point->name)
		return usdtrap_add_symbol_watchpoint(session, point->name, point->offset, point->length, point->watch,
						     program_on_hit, binding);
	return usdtrap_add_watchpoint(session, point->address, point->length, point->watch, program_on_hit, binding);
}
