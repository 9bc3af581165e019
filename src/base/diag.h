/* SPDX-License-Identifier: MIT */
/*
 * Diagnostics about a script: what is wrong, where, and the line underlined.
 *
 *	stdin:1:9-11: ERROR: Undefined or undeclared variable: $x
 *	BEGIN { print($x) }
 *	              ~~
 *	HINT: ...
 *
 * A stage of the language appends to a list what it finds and goes on; the
 * list is rendered once, errors before warnings, each sorted by place. The
 * layout is that of bpftrace: columns count bytes from 1, the second is one
 * past the end, a tab is shown as four blanks, and a place that goes over
 * several lines is shown as those lines without an underline. Scripts may hold
 * anything: control characters are shown as `?', very long lines in part, and
 * of very many diagnostics the first DIAG_LIST_MAX are kept.
 */
#ifndef USDTRAP_BASE_DIAG_H
#define USDTRAP_BASE_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct strbuf;

/* The largest script: spans are 32 bits wide, and nobody writes 64 MiB by hand. */
#define DIAG_SOURCE_MAX ((size_t)64 * 1024 * 1024)
#define DIAG_LIST_MAX   100

/*
 * A script's text: any bytes, at most DIAG_SOURCE_MAX of them. `name' and
 * `text' are borrowed. A script may be made of several texts, files that import
 * one another: then they are a list, and each has offsets of its own, from
 * `start' on, so that a span alone tells which of them is meant.
 */
struct source {
	const char *name; /* as messages call it, e.g. "stdin" */
	const char *text; /* need not end with a NUL */
	size_t size;
	uint32_t start;      /* the offset of the first byte; 0 for the first text, growing along the list */
	struct source *next; /* or NULL */
};

/* A piece of a source: byte offsets, `end' one past the last. */
struct span {
	uint32_t start;
	uint32_t end;
};

enum diag_severity { DIAG_ERROR, DIAG_WARNING };

/* Another place that belongs to a diagnostic, shown behind it in the same way: where a macro was used, for instance. */
struct diag_context {
	struct diag_context *next;
	struct span span;
	const char *message;
};

/* What is being worked on was put there by something at `span': a macro's use. They lie on the worker's stack. */
struct diag_frame {
	const struct diag_frame *outer; /* or NULL */
	struct span span;
};

struct diagnostic {
	struct diagnostic *next;
	enum diag_severity severity;
	bool has_place; /* false: `span' means nothing and "ERROR: text" is all */
	struct span span;
	const char *message;
	const char *hint; /* what to do, or NULL */
	struct diag_context *contexts;
};

/* An all-zero list with `source' set is ready to use. */
struct diag_list {
	const struct source *source; /* borrowed */
	struct arena arena;          /* owns what is in the list; its `failed' tells that something is missing */
	struct diagnostic *first;    /* in the order of appending */
	struct diagnostic *last;
	size_t error_count; /* all of them, kept or not */
	size_t warning_count;
	const struct diag_frame *frame; /* what is appended gets "expanded from" for each; the worker's to set */
};

void diag_list_deinit(struct diag_list *list);

/* Appends an error or a warning about SPAN. The message has no full stop and no newline at its end. */
void diag_error(struct diag_list *list, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diag_warning(struct diag_list *list, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends an error that has no place. */
void diag_error_anywhere(struct diag_list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Gives the diagnostic appended last its hint. */
void diag_hint(struct diag_list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Gives the diagnostic appended last another place. */
void diag_context(struct diag_list *list, struct span span, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct diag_style {
	bool has_colour; /* escape sequences for a terminal */
	bool is_quiet;   /* leave warnings out */
};

/* Appends the rendered list to OUT. Every line ends with a newline. */
void diag_render(const struct diag_list *list, const struct diag_style *style, struct strbuf *out);

/*
 * Renders one diagnostic, for what is found while a script runs. NOTE, if not
 * NULL, is a line of its own between the message and the source line.
 */
void diag_render_one(const struct source *source, const struct diagnostic *diagnostic, const char *note,
		     const struct diag_style *style, struct strbuf *out);

/* The part of a message in front of its text: "stdin:1:9-11: ERROR: ". */
void diag_render_head(const struct source *source, struct span span, enum diag_severity severity,
		      const struct diag_style *style, struct strbuf *out);

/* The text of the list that begins with SOURCE in which OFFSET, or the end it stands for, lies. */
const struct source *diag_source_at(const struct source *source, uint32_t offset);

/* The line and column (both from 1, columns in bytes) of OFFSET, which may be the end of a text. */
void diag_locate(const struct source *source, uint32_t offset, unsigned *ret_line, unsigned *ret_column);

/* From the start of A to the end of B. */
struct span span_join(struct span a, struct span b);

#endif
