/* SPDX-License-Identifier: MIT */
/*
 * The output of -f json: one object a line, as bpftrace lays it out,
 * {"type": "map", "data": {"@m": {"k": 5}}}. Tuples and arrays are arrays,
 * structs and records objects; numbers of an enum stay numbers.
 *
 * Integers that a double cannot hold are strings; what is unknown is null.
 */
#ifndef USDTRAP_LANG_JSON_H
#define USDTRAP_LANG_JSON_H

#include <stddef.h>

#include "base/diag.h"
#include "lang/value.h"

struct map;
struct map_selection;
struct strbuf;
struct type;

/* {"type": "TYPE", "data": "TEXT"} and a newline: for printf, time, join. */
void json_text_line(const char *type, const char *text, size_t length, struct strbuf *out);

/*
 * {"type": "TYPE", "msg": "TEXT", "filename": "stdin", "line": 1, "col": 9} and
 * a newline, for errorf and warnf; and with "helper" and "retcode" for what
 * failed while the script ran.
 */
void json_message_line(const char *type, const struct source *source, struct span span, const char *text, size_t length,
		       struct strbuf *out);
void json_helper_error_line(const struct source *source, struct span span, const char *message, const char *helper,
			    int code, struct strbuf *out);

/* {"type": "value", "data": VALUE} and a newline. TYPE as for print_value(). */
void json_value_line(struct value value, const struct type *type, const char *trailer, struct strbuf *out);

/* A line for SELECTION of MAP, of type map, stats (avg() and stats()) or hist; nothing if it is empty. */
void json_map_line(const struct map *map, const struct map_selection *selection, const char *trailer,
		   struct strbuf *out);

#endif
