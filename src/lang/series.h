/* SPDX-License-Identifier: MIT */
/*
 * tseries(): the values of the latest intervals of time. Intervals are counted
 * from 1970 in steps of their length, so that those of a second begin with the
 * wall clock's seconds. What is kept is a ring of series_size() numbers, owned
 * by whoever counts and zero at first: three for each interval, of which the
 * newest that share a place replace the older.
 */
#ifndef USDTRAP_LANG_SERIES_H
#define USDTRAP_LANG_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lang/value.h"

struct type;

/* How many numbers the ring of TYPE (TSERIES) has. */
size_t series_size(const struct type *type);

/* Takes NUMBER in, which came at WALL_NS. What is older than the ring is long is ignored. */
void series_feed(const struct type *type, uint64_t *ring, uint64_t number, uint64_t wall_ns);

/* Sets [*RET_FIRST, *RET_END) to the numbers of the intervals that RING has values of; false if it has none. */
bool series_extent(const struct type *type, const uint64_t *ring, uint64_t *ret_first, uint64_t *ret_end);

/* The value of INTERVAL; false if there came none in it. */
bool series_value(const struct type *type, const uint64_t *ring, uint64_t interval, struct value *ret);

#endif
