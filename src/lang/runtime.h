/* SPDX-License-Identifier: MIT */
/*
 * What a program has while it runs: its maps, the memory of the current run,
 * where output goes, what was already warned about. program.c owns one;
 * eval.c and the functions work on it.
 */
#ifndef USDTRAP_LANG_RUNTIME_H
#define USDTRAP_LANG_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/diag.h"
#include "base/strbuf.h"
#include "lang/program.h"
#include "lang/scratch.h"
#include "lang/value.h"

struct ast_map;
struct ast_program;
struct map;
struct remark;
struct type;

struct runtime {
	const struct ast_program *tree; /* resolved by sema; borrowed */
	enum lang_format format;
	struct diag_style style;      /* of warnings */
	struct lang_output output;    /* all NULL: output is dropped */
	struct map *maps;             /* by slot */
	struct value *frame;          /* scratch variables of the running clause, room for the largest */
	struct scratch scratch;       /* the run's memory */
	struct strbuf text;           /* the statement's output, while it is made */
	struct strbuf line;           /* JSON: the object around it */
	struct remark *remarks;       /* what was warned about */
	bool warns_of_failures;       /* -k: what could not be read or found is told */
	uint64_t start_ns;            /* CLOCK_BOOTTIME when the program began: `elapsed' counts from it */
	uint64_t wall_offset_ns;      /* what makes CLOCK_BOOTTIME wall clock time */
	pid_t own_pid;                /* what `pid' is where there is no hit; 0: this process's */
	const struct diag_frame *use; /* the uses of macros that the running clause is in; NULL: none */
	int64_t returned;             /* by the clause that was run last */
	pid_t command_pid;            /* `cpid', or 0 */
	int exit_status;              /* what exit() asked for */
	uid_t named_uid;              /* whose name `user_name' is */
	char *user_name;              /* NULL: none looked up yet */
};

/* Starts a runtime for TREE; `output', `format' and `style' are the caller's to set. Errors: NO_MEMORY. */
struct usdtrap_error *runtime_init(struct runtime *runtime, const struct ast_program *tree) USDTRAP_MUST_USE;
void runtime_deinit(struct runtime *runtime);

/* Sets the moment `elapsed' counts from, and what the wall clock is at it. */
void runtime_start_clock(struct runtime *runtime);

/* Writes out and empties runtime->text: as it is, complete lines of either format; */
void runtime_flush(struct runtime *runtime);
/* the same for runtime->line; */
void runtime_flush_line(struct runtime *runtime);
/* or as a script's text, which JSON puts into an object of TYPE. */
void runtime_flush_as(struct runtime *runtime, const char *type);

/* Prints VALUE, of the static type TYPE, a newline behind it. */
void runtime_print_value(struct runtime *runtime, struct value value, const struct type *type);
/* Prints the last TOP rows (0: all) of MAP; WANTS_ZERO as for map_select(). */
void runtime_print_map(struct runtime *runtime, const struct map *map, uint64_t top, uint64_t divisor, bool wants_zero);

/*
 * runtime_warning.c. Warnings come once for each SUBJECT (a node, a map, a
 * probe: any address) and INDEX. runtime_remarked() yields what was said about
 * it, or NULL; runtime_remark() says it, at SPAN, and yields the text, which
 * lives as long as the runtime.
 */
void runtime_forget_remarks(struct runtime *runtime);
const char *runtime_remarked(const struct runtime *runtime, const void *subject, unsigned index);
const char *runtime_remark(struct runtime *runtime, const void *subject, unsigned index, struct span span,
			   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* What bpftrace asks the kernel to do, by whose names its warnings, and so ours, call what failed. bpf-helpers(7). */
enum runtime_helper {
	HELPER_MAP_DELETE_ELEM,
	HELPER_MAP_LOOKUP_ELEM,
	HELPER_MAP_UPDATE_ELEM,
	HELPER_PROBE_READ_USER,
	HELPER_PROBE_READ_USER_STR,
	HELPER_PROBE_WRITE_USER,
	HELPER_SEND_SIGNAL,
};

/* Warns that HELPER failed with CODE (-EFAULT, 0 for a missing key) at SPAN, each time, if -k asked for that. */
void runtime_helper_error(struct runtime *runtime, struct span span, enum runtime_helper helper, int code);
/* The same whether -k was given or not: for what nobody should have to ask for. MAP: its
 * name, for UPDATE. */
void runtime_helper_warning(struct runtime *runtime, struct span span, enum runtime_helper helper, int code,
			    const char *map);

/* What errorf() and warnf() say: LENGTH bytes of TEXT, with their place but without source lines. */
void runtime_say(struct runtime *runtime, enum diag_severity severity, struct span span, const char *text,
		 size_t length);

#endif
