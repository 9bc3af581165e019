/* SPDX-License-Identifier: MIT */
/*
 * Kinds of probes: their names, what is said of those that cannot be had, and
 * which words of the language mean something at them.
 */
#ifndef USDTRAP_LANG_PROBE_TYPE_H
#define USDTRAP_LANG_PROBE_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

enum ast_probe_type {
	AST_PROBE_BEGIN,
	AST_PROBE_END,
	AST_PROBE_SELF,       /* self:signal:NAME: the tracer itself receives a signal */
	AST_PROBE_TEST,       /* test:NAME: run by --test, and then alone */
	AST_PROBE_BENCH,      /* bench:NAME: run by --bench */
	AST_PROBE_INTERVAL,   /* a timer; no thread stands at it */
	AST_PROBE_PROFILE,    /* running threads, sampled */
	AST_PROBE_USDT,       /* a note's nop */
	AST_PROBE_UPROBE,     /* an instruction of a function */
	AST_PROBE_URETPROBE,  /* a function's return */
	AST_PROBE_TRACEPOINT, /* tracepoint:syscalls:*, tracepoint:raw_syscalls:* */
	AST_PROBE_WATCHPOINT, /* memory that is read, written or executed */
};

enum { AST_PROBE_TYPE_COUNT = AST_PROBE_WATCHPOINT + 1 };

struct probe_type_info {
	const char *name;         /* in full, lower case */
	const char *alias;        /* or NULL */
	enum ast_probe_type type; /* means nothing if there is a refusal */
	const char *refusal;      /* NULL; or why there is no such probe, as the rest of a sentence */
};

/* The INDEXth kind there is or is not; NULL behind the last. */
const struct probe_type_info *probe_type_at(size_t index);
/* The kind that WORD, a name in any case or an alias, means; NULL if there is none. */
const struct probe_type_info *probe_type_find(const char *word);
/* The name of a kind that WORD was probably meant to be, or NULL. */
const char *probe_type_nearest(const char *word);
/* TYPE's own name: "usdt". */
const char *probe_type_name(enum ast_probe_type type);
/* True if a thread of the target stands still at TYPE's hits. */
bool probe_type_has_thread(enum ast_probe_type type);

/*
 * True if WORD, a builtin or a function, can be used at probes of TYPE; else an
 * error at SPAN tells at which it can be. Words that are not known can.
 */
bool probe_type_check_word(enum ast_probe_type type, const char *word, struct span span, struct diag_list *diagnostics);

#endif
