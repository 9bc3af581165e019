/* SPDX-License-Identifier: MIT */
/* What the files of evaluation share: eval*.c, builtin.c, function*.c. */
#ifndef USDTRAP_LANG_EVAL_INTERNAL_H
#define USDTRAP_LANG_EVAL_INTERNAL_H

#include "lang/ast.h"
#include "lang/map.h"
#include "lang/runtime.h"
#include "lang/value.h"

/* Where to go after a statement. */
enum run_flow {
	FLOW_NEXT,     /* the statement behind it */
	FLOW_BREAK,    /* out of the loop */
	FLOW_CONTINUE, /* to the loop's next turn */
	FLOW_RETURN,   /* out of the clause */
	FLOW_EXIT,     /* out of the clause, and the program ends */
};

/* One run of a clause. */
struct run {
	struct runtime *runtime;
	const struct ast_clause *clause;
	const struct usdtrap_hit *hit; /* or NULL */
	const struct ast_attach_point *point;
	enum run_flow flow;
	unsigned turns;   /* of all loops so far */
	int64_t returned; /* what the clause returned, or 0 */
};

/* eval.c: an expression of any kind. */
struct value eval_expression(struct run *run, const struct ast_expression *expression);
/* All statements from STATEMENT on, until one goes elsewhere. */
void eval_statements(struct run *run, const struct ast_statement *statement);
/* VALUE as a variable, map or key of TYPE holds it: integers cut to its width; a real stays what it is. */
struct value eval_fit(struct value value, const struct type *type);

/* eval_loop.c */
void eval_while(struct run *run, const struct ast_statement *statement);
void eval_for(struct run *run, const struct ast_statement *statement);
void eval_unroll(struct run *run, const struct ast_statement *statement);

/* eval_operator.c */
struct value eval_unary(struct run *run, const struct ast_expression *expression);
struct value eval_binary(struct run *run, const struct ast_expression *expression);
struct value eval_logical(struct run *run, const struct ast_expression *expression);
struct value eval_conditional(struct run *run, const struct ast_expression *expression);
/* LEFT OPERATION RIGHT worked out in OPERAND_TYPE; NODE and SPAN are for the warning about a division by zero. */
struct value eval_operate(struct run *run, const struct ast_expression *node, enum ast_binary operation,
			  const struct type *operand_type, struct value left, struct value right);

/* eval_object.c: what has parts, and casts */
struct value eval_address(struct run *run, const struct ast_expression *expression);
struct value eval_cast(struct run *run, const struct ast_expression *expression);
struct value eval_dereference(struct run *run, const struct ast_expression *expression);
struct value eval_field(struct run *run, const struct ast_expression *expression);
struct value eval_index(struct run *run, const struct ast_expression *expression);

/* eval_store.c: what reads and writes variables and maps. */
struct value eval_map(struct run *run, const struct ast_map_use *use, const struct type *type, struct span span);
struct value eval_assign(struct run *run, const struct ast_expression *expression);
struct value eval_increment(struct run *run, const struct ast_expression *expression);
struct value eval_aggregate(struct run *run, const struct ast_expression *expression);
/* The map behind AST, and its element at KEY (NULL: a map without keys), or NULL if there is none. */
struct map *eval_map_of(const struct run *run, const struct ast_map *ast);
struct map_element *eval_find(struct run *run, const struct ast_map *ast, const struct ast_expression *key);

/* eval_args.c: `args' of TYPE, all fields of it; and args.NAME, a FIELD node. */
struct value eval_args(struct run *run, const struct type *type);
struct value eval_args_field(struct run *run, const struct ast_expression *expression);

/* eval_builtin.c */
struct value eval_builtin(struct run *run, const struct ast_expression *expression);

/* eval_call.c sends a call to its function in function_*.c. */
struct value eval_call(struct run *run, const struct ast_expression *expression);

struct value function_assert(struct run *run, const struct ast_expression *expression);
struct value function_bswap(struct run *run, const struct ast_expression *expression);
struct value function_buf(struct run *run, const struct ast_expression *expression);
struct value function_cat(struct run *run, const struct ast_expression *expression);
struct value function_cgroup_path(struct run *run, const struct ast_expression *expression);
struct value function_cgroupid(struct run *run, const struct ast_expression *expression);
struct value function_clear(struct run *run, const struct ast_expression *expression);
struct value function_comm(struct run *run, const struct ast_expression *expression);
struct value function_delete(struct run *run, const struct ast_expression *expression);
struct value function_errorf(struct run *run, const struct ast_expression *expression);
struct value function_exit(struct run *run, const struct ast_expression *expression);
struct value function_find_key(struct run *run, const struct ast_expression *expression);
struct value function_globmatch(struct run *run, const struct ast_expression *expression);
struct value function_has_key(struct run *run, const struct ast_expression *expression);
struct value function_join(struct run *run, const struct ast_expression *expression);
struct value function_kstack(struct run *run, const struct ast_expression *expression);
struct value function_ksym(struct run *run, const struct ast_expression *expression);
struct value function_uaddr(struct run *run, const struct ast_expression *expression);
struct value function_ustack(struct run *run, const struct ast_expression *expression);
struct value function_usym(struct run *run, const struct ast_expression *expression);
struct value function_len(struct run *run, const struct ast_expression *expression);
struct value function_macaddr(struct run *run, const struct ast_expression *expression);
struct value function_memcmp(struct run *run, const struct ast_expression *expression);
struct value function_nothing(struct run *run, const struct ast_expression *expression);
struct value function_ntop(struct run *run, const struct ast_expression *expression);
struct value function_ppid(struct run *run, const struct ast_expression *expression);
struct value function_print(struct run *run, const struct ast_expression *expression);
struct value function_printf(struct run *run, const struct ast_expression *expression);
struct value function_pton(struct run *run, const struct ast_expression *expression);
struct value function_reg(struct run *run, const struct ast_expression *expression);
struct value function_signal(struct run *run, const struct ast_expression *expression);
struct value function_signal_name(struct run *run, const struct ast_expression *expression);
struct value function_str(struct run *run, const struct ast_expression *expression);
struct value function_str_concat(struct run *run, const struct ast_expression *expression);
struct value function_strcap(struct run *run, const struct ast_expression *expression);
struct value function_strerror(struct run *run, const struct ast_expression *expression);
struct value function_strftime(struct run *run, const struct ast_expression *expression);
struct value function_strlen(struct run *run, const struct ast_expression *expression);
struct value function_strncmp(struct run *run, const struct ast_expression *expression);
struct value function_strstr(struct run *run, const struct ast_expression *expression);
struct value function_syscall_name(struct run *run, const struct ast_expression *expression);
struct value function_system(struct run *run, const struct ast_expression *expression);
struct value function_time(struct run *run, const struct ast_expression *expression);
struct value function_unwatch(struct run *run, const struct ast_expression *expression);
struct value function_uptr(struct run *run, const struct ast_expression *expression);
struct value function_write_user(struct run *run, const struct ast_expression *expression);
struct value function_zero(struct run *run, const struct ast_expression *expression);

/* function_memory.c: what functions read of the target. */

/* Whether VALUE has its bytes with it, and is not only the address of some. */
bool eval_has_bytes(struct value value);
/*
 * The string at ADDRESS, at most CAPACITY - 1 bytes. What cannot be read is
 * empty, as in bpftrace; with -k that is told, at SPAN.
 */
struct value eval_read_string(struct run *run, uint64_t address, size_t capacity, struct span span);
/* The SIZE bytes at ADDRESS as a buffer; unknown, told with -k, if they cannot be read. */
struct value eval_read_buffer(struct run *run, uint64_t address, size_t size, struct span span);
/* A string of TEXT, which may go away, or unknown when memory runs out. */
struct value eval_copy_text(struct run *run, const char *text, size_t length);
/* The call's arguments as its format prints them, in runtime->text, which is emptied first. */
bool eval_format(struct run *run, const struct ast_call *call);

/* What a function without a value yields. */
static inline struct value eval_nothing(void)
{
	return value_unsigned(0);
}

#endif
