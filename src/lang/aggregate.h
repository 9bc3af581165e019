/* SPDX-License-Identifier: MIT */
/* What count(), sum(), avg(), min(), max() and stats() keep: two numbers, whatever the function. */
#ifndef USDTRAP_LANG_AGGREGATE_H
#define USDTRAP_LANG_AGGREGATE_H

#include <stdint.h>

#include "lang/value.h"

struct type;

/* All zero: nothing counted yet. */
struct aggregate {
	uint64_t count; /* how many numbers came in */
	uint64_t total; /* COUNT: unused. MIN, MAX: the extreme. Others: the sum, modulo 2^64 */
};

/* Takes NUMBER in (two's complement if TYPE is signed). TYPE is one of COUNT to STATS. */
void aggregate_add(struct aggregate *aggregate, const struct type *type, uint64_t number);

/* The one number that expressions, sorting and printing see; of STATS the average. 0 of nothing. */
struct value aggregate_value(const struct aggregate *aggregate, const struct type *type);

/* The parts of STATS and AVG beside it. */
struct value aggregate_count(const struct aggregate *aggregate);
struct value aggregate_total(const struct aggregate *aggregate, const struct type *type);

#endif
