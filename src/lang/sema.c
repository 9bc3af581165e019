/* SPDX-License-Identifier: MIT */
#include "lang/sema.h"

#include "lang/sema_internal.h"

/* A stage whose input is wrong would only report what follows from that. */
static bool may_go_on(const struct sema *sema)
{
	return sema->diagnostics->error_count == 0 && !sema->arena->failed && !sema->diagnostics->arena.failed;
}

bool sema_resolve(struct ast_program *program, const struct sema_options *options, struct diag_list *diagnostics)
{
	struct sema sema = {
		.program = program,
		.arena = &program->arena,
		.options = options,
		.diagnostics = diagnostics,
	};

	sema_config(&sema);
	sema_probes(&sema);
	if (sema_macros(&sema))
		sema_names(&sema);
	if (may_go_on(&sema))
		sema_types(&sema);
	return may_go_on(&sema);
}
