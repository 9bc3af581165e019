/* SPDX-License-Identifier: MIT */
/* Calls: which function is meant. */
#include <assert.h>

#include "lang/eval_internal.h"

/* By enum function. Those that are missing are nothing but constants when sema is done. */
static struct value (*const functions[FUNCTION_COUNT])(struct run *run, const struct ast_expression *expression) = {
	[FUNCTION_ASSERT] = function_assert,
	[FUNCTION_BSWAP] = function_bswap,
	[FUNCTION_BUF] = function_buf,
	[FUNCTION_CAT] = function_cat,
	[FUNCTION_CGROUP_PATH] = function_cgroup_path,
	[FUNCTION_CGROUPID] = function_cgroupid,
	[FUNCTION_CLEAR] = function_clear,
	[FUNCTION_COMM] = function_comm,
	[FUNCTION_DELETE] = function_delete,
	[FUNCTION_ERRORF] = function_errorf,
	[FUNCTION_EXIT] = function_exit,
	[FUNCTION_FAIL] = function_nothing,
	[FUNCTION_FIND] = function_find_key,
	[FUNCTION_GLOBMATCH] = function_globmatch,
	[FUNCTION_HAS_KEY] = function_has_key,
	[FUNCTION_JOIN] = function_join,
	[FUNCTION_KSTACK] = function_kstack,
	[FUNCTION_KSYM] = function_ksym,
	[FUNCTION_LEN] = function_len,
	[FUNCTION_MACADDR] = function_macaddr,
	[FUNCTION_MEMCMP] = function_memcmp,
	[FUNCTION_NTOP] = function_ntop,
	[FUNCTION_PCOMM] = function_comm,
	[FUNCTION_PPID] = function_ppid,
	[FUNCTION_PRINT] = function_print,
	[FUNCTION_PRINTF] = function_printf,
	[FUNCTION_PTON] = function_pton,
	[FUNCTION_REG] = function_reg,
	[FUNCTION_SIGNAL] = function_signal,
	[FUNCTION_SIGNAL_NAME] = function_signal_name,
	[FUNCTION_SIGNAL_THREAD] = function_signal,
	[FUNCTION_STATIC_ASSERT] = function_nothing,
	[FUNCTION_STR] = function_str,
	[FUNCTION_STR_CONCAT] = function_str_concat,
	[FUNCTION_STRCAP] = function_strcap,
	[FUNCTION_STRCONTAINS] = function_strstr,
	[FUNCTION_STRERROR] = function_strerror,
	[FUNCTION_STRFTIME] = function_strftime,
	[FUNCTION_STRLEN] = function_strlen,
	[FUNCTION_STRNCMP] = function_strncmp,
	[FUNCTION_STRSTR] = function_strstr,
	[FUNCTION_SYSCALL_NAME] = function_syscall_name,
	[FUNCTION_SYSTEM] = function_system,
	[FUNCTION_TIME] = function_time,
	[FUNCTION_UADDR] = function_uaddr,
	[FUNCTION_UNWATCH] = function_unwatch,
	[FUNCTION_UPTR] = function_uptr,
	[FUNCTION_USTACK] = function_ustack,
	[FUNCTION_USYM] = function_usym,
	[FUNCTION_WARNF] = function_errorf,
	[FUNCTION_WRITE_USER] = function_write_user,
	[FUNCTION_ZERO] = function_zero,
};

struct value eval_call(struct run *run, const struct ast_expression *expression)
{
	assert(functions[expression->call.function]);
	return functions[expression->call.function](run, expression);
}
