/* SPDX-License-Identifier: MIT */
/* Functions of processes: comm, pcomm and ppid of any, control groups, signals. */
#include <errno.h>
#include <string.h>

#include <usdtrap/process.h>

#include "base/error.h"
#include "lang/eval_internal.h"
#include "lang/type.h"

/* comm(pid) and pcomm(pid). "" if there is no such process. */
struct value function_comm(struct run *run, const struct ast_expression *expression)
{
	struct value pid = eval_expression(run, expression->call.arguments[0]);
	char name[USDTRAP_PROCESS_NAME_MAX];

	if (pid.kind == VALUE_UNKNOWN)
		return pid;
	usdtrap_process_name((pid_t)value_integer(pid), name);
	return eval_copy_text(run, name, strlen(name));
}

struct value function_ppid(struct run *run, const struct ast_expression *expression)
{
	struct value pid = eval_expression(run, expression->call.arguments[0]);

	if (pid.kind == VALUE_UNKNOWN)
		return pid;
	return value_unsigned((uint64_t)usdtrap_process_parent((pid_t)value_integer(pid)));
}

struct value function_cgroupid(struct run *run, const struct ast_expression *expression)
{
	uint64_t id;

	(void)run;
	if (!usdtrap_cgroup_id(expression->call.arguments[0]->text.bytes, &id))
		return value_unknown("there is no such control group");
	return value_unsigned(id);
}

struct value function_cgroup_path(struct run *run, const struct ast_expression *expression)
{
	const struct ast_call *call = &expression->call;
	struct value id = eval_expression(run, call->arguments[0]);
	size_t size = expression->type->size;
	char *path;

	if (id.kind == VALUE_UNKNOWN)
		return id;
	path = scratch_allocate(&run->runtime->scratch, size);
	if (!path)
		return value_unknown("out of memory");
	usdtrap_cgroup_path(value_integer(id), call->argument_count > 1 ? call->arguments[1]->text.bytes : NULL, path,
			    size);
	return value_text(path);
}

struct value function_reg(struct run *run, const struct ast_expression *expression)
{
	struct usdtrap_error *error;
	uint64_t number;

	if (!run->hit)
		return value_unknown("only a probe has registers");
	error = usdtrap_hit_register(run->hit, expression->call.arguments[0]->text.bytes, &number);
	if (!error)
		return value_unsigned(number);
	usdtrap_error_destroy(error);
	return value_unknown("the register cannot be read");
}

/* signal() and signal_thread(). */
struct value function_signal(struct run *run, const struct ast_expression *expression)
{
	struct value number = eval_expression(run, expression->call.arguments[0]);
	enum usdtrap_signal_target target =
		expression->call.function == FUNCTION_SIGNAL ? USDTRAP_SIGNAL_PROCESS : USDTRAP_SIGNAL_THREAD;
	struct usdtrap_error *error;

	if (!run->hit)
		return eval_nothing();
	error = usdtrap_hit_signal(run->hit, target, (int)value_integer(number));
	if (error) {
		usdtrap_error_destroy(error);
		runtime_helper_error(run->runtime, expression->span, HELPER_SEND_SIGNAL, -ESRCH);
	}
	return eval_nothing();
}
