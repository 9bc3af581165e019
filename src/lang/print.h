/* SPDX-License-Identifier: MIT */
/*
 * Values and maps as bpftrace prints them in text mode. JSON: json.h.
 *
 * The default text of a value: integers decimal, pointers 0x and hex, bools
 * true or false, strings bare, buffers with unprintable bytes as \xNN, tuples
 * (1, a), arrays [1,2], structs and records { .a = 1, .b = 2 }, numbers of an
 * enum by their names. What is unknown is `?'. A string that was cut gets TRAILER (`..'
 * unless the script sets another) behind it wherever it is shown.
 */
#ifndef USDTRAP_LANG_PRINT_H
#define USDTRAP_LANG_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lang/value.h"

struct map;
struct map_selection;
struct strbuf;
struct type;
struct usdtrap_stack;

/* TYPE is VALUE's static one, which has the names and the layout; NULL: none is known, VALUE speaks for itself. */
void print_value(struct value value, const struct type *type, const char *trailer, struct strbuf *out);

/* The same for a map's key: a tuple without its parentheses, its elements parted by SEPARATOR. */
void print_key(struct value key, const struct type *type, const char *separator, const char *trailer,
	       struct strbuf *out);

/* A decimal number, faster than printf(3). */
void print_signed(int64_t number, struct strbuf *out);
void print_unsigned(uint64_t number, struct strbuf *out);

/* Every byte as \xNN but those that are printable. */
void print_escaped(const char *bytes, size_t length, struct strbuf *out);

/* The chart of a time series (series.h), to the interval before END, and an empty line. */
void print_series(const struct type *type, const uint64_t *ring, uint64_t end, struct strbuf *out);

/* A stack as TYPE wants it, a line for each frame, between a newline and nothing. An empty one is nothing. */
void print_stack(const struct usdtrap_stack *stack, const struct type *type, struct strbuf *out);

/* SELECTION of MAP (map.h), complete lines: "@name[key]: value", or charts. Nothing if it is empty. */
void print_map(const struct map *map, const struct map_selection *selection, const char *trailer, struct strbuf *out);

/* Whether MAP has a stack in its key, and numbers behind it. */
bool print_is_folded(const struct map *map);
/* SELECTION of such a MAP as folded stacks: "caller;callee count" lines. */
void print_folded(const struct map *map, const struct map_selection *selection, const char *trailer,
		  struct strbuf *out);

#endif
