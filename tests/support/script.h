/* SPDX-License-Identifier: MIT */
/* Scripts for the tests of the language: read, complained about, and their trees written as text. */
#ifndef TESTS_SUPPORT_SCRIPT_H
#define TESTS_SUPPORT_SCRIPT_H

#include "base/strbuf.h"
#include "lang/ast.h"

struct script {
	struct source source;
	struct ast_program program;
	struct diag_list diagnostics;
	bool is_good; /* nothing was wrong with it */
	char *text;   /* the diagnostics, rendered */
};

/* Parses LENGTH bytes of TEXT (borrowed), under the name of stdin. End it with script_deinit(). */
void script_parse_bytes(struct script *script, const char *text, size_t length);
void script_parse(struct script *script, const char *text);
/* Parses and resolves TEXT with the positional parameters of the NULL-ended list PARAMETERS (NULL: none). */
void script_resolve(struct script *script, const char *text, const char *const *parameters);
/* The same as if a process had been named. */
void script_resolve_for_process(struct script *script, const char *text);
/* The same with the settings of the NULL-ended list ENVIRONMENT: "BPFTRACE_NAME=value". */
void script_resolve_in(struct script *script, const char *text, const char *const *environment);
void script_deinit(struct script *script);

/*
 * Trees as text: (+ 1 (* 2 $x)), (call printf "a" 3), (index @m (tuple 1 2)),
 * (cast int8 x); statements as (if c (...) (...)), blocks as lists.
 */
void script_add_expression(struct strbuf *out, const struct ast_expression *node);
void script_add_statements(struct strbuf *out, const struct ast_statement *first);

#endif
