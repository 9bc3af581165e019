/* SPDX-License-Identifier: MIT */
/* Meaning: names to slots, types to every node, all that can be checked before a run is. See ast.h for the outcome. */
#ifndef USDTRAP_LANG_SEMA_H
#define USDTRAP_LANG_SEMA_H

#include <sys/types.h>

#include "lang/ast.h"

/* Strings of somebody else's. */
struct sema_words {
	const char *const *items;
	size_t count;
};

/* What a script's meaning depends on beside its text. All borrowed for the call. */
struct sema_options {
	const char *const *parameters; /* $1... */
	size_t parameter_count;
	struct sema_words named_parameters; /* for getopt(): "--name=value" or "--name" */
	bool has_process;                   /* a process is named (-p, -c), so that probes need no file */
	const char *const *environment;     /* settings that win: "BPFTRACE_NAME=value"; NULL-ended; NULL: none */
	bool is_unsafe;                     /* functions that change more than this program may be used */
};

/*
 * Resolves PROGRAM, as parser_parse() left it without errors, in place. True
 * if it may run; else every error is in DIAGNOSTICS. Lack of memory shows as
 * for parser_parse().
 */
bool sema_resolve(struct ast_program *program, const struct sema_options *options, struct diag_list *diagnostics);

#endif
