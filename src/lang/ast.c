/* SPDX-License-Identifier: MIT */
#include "lang/ast.h"

#include <stdlib.h>
#include <string.h>

#include "lang/format.h"

void ast_program_deinit(struct ast_program *program)
{
	for (size_t i = 0; i < program->format_count; i++)
		format_destroy(program->formats[i]);
	free(program->formats);
	arena_deinit(&program->arena);
	memset(program, 0, sizeof(*program));
}
