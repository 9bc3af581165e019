/* SPDX-License-Identifier: MIT */
/* Calls: which function is meant. */
#include <stdlib.h>

#include "lang/eval_internal.h"

struct value eval_call(struct run *run, const struct ast_expression *expression)
{
	switch (expression->call.function) {
	case FUNCTION_BUF:
		return function_buf(run, expression);
	case FUNCTION_CLEAR:
		return function_clear(run, expression);
	case FUNCTION_DELETE:
		return function_delete(run, expression);
	case FUNCTION_EXIT:
		return function_exit(run, expression);
	case FUNCTION_HAS_KEY:
		return function_has_key(run, expression);
	case FUNCTION_JOIN:
		return function_join(run, expression);
	case FUNCTION_LEN:
		return function_len(run, expression);
	case FUNCTION_PRINT:
		return function_print(run, expression);
	case FUNCTION_PRINTF:
		return function_printf(run, expression);
	case FUNCTION_STR:
		return function_str(run, expression);
	case FUNCTION_STRFTIME:
		return function_strftime(run, expression);
	case FUNCTION_STRLEN:
		return function_strlen(run, expression);
	case FUNCTION_STRNCMP:
		return function_strncmp(run, expression);
	case FUNCTION_TIME:
		return function_time(run, expression);
	case FUNCTION_ZERO:
		return function_zero(run, expression);
	}
	abort();
}
