/* SPDX-License-Identifier: MIT */
#include "lang/aggregate.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lang/type.h"

static bool is_less(uint64_t a, uint64_t b, bool is_signed)
{
	return is_signed ? (int64_t)a < (int64_t)b : a < b;
}

static struct value number_of(uint64_t number, bool is_signed)
{
	return is_signed ? value_signed((int64_t)number) : value_unsigned(number);
}

void aggregate_add(struct aggregate *aggregate, const struct type *type, uint64_t number)
{
	bool is_first = aggregate->count++ == 0;

	switch (type->kind) {
	case TYPE_COUNT:
		return;
	case TYPE_SUM:
	case TYPE_AVG:
	case TYPE_STATS:
		aggregate->total += number;
		return;
	case TYPE_MIN:
		if (is_first || is_less(number, aggregate->total, type->is_signed))
			aggregate->total = number;
		return;
	case TYPE_MAX:
		if (is_first || is_less(aggregate->total, number, type->is_signed))
			aggregate->total = number;
		return;
	case TYPE_NONE:
	case TYPE_BOOL:
	case TYPE_INTEGER:
	case TYPE_STRING:
	case TYPE_BUFFER:
	case TYPE_POINTER:
	case TYPE_TUPLE:
	case TYPE_ARRAY:
	case TYPE_STRUCT:
	case TYPE_HIST:
	case TYPE_LHIST:
	case TYPE_TSERIES:
	case TYPE_STACK:
		break;
	}
	abort();
}

/* Truncated towards zero. The count is far below 2^63, so a signed division does not overflow. */
static uint64_t average(const struct aggregate *aggregate, bool is_signed)
{
	if (!aggregate->count)
		return 0;
	if (is_signed)
		return (uint64_t)((int64_t)aggregate->total / (int64_t)aggregate->count);
	return aggregate->total / aggregate->count;
}

struct value aggregate_value(const struct aggregate *aggregate, const struct type *type)
{
	switch (type->kind) {
	case TYPE_COUNT:
		return aggregate_count(aggregate);
	case TYPE_SUM:
	case TYPE_MIN:
	case TYPE_MAX:
		return aggregate_total(aggregate, type);
	case TYPE_AVG:
	case TYPE_STATS:
		return number_of(average(aggregate, type->is_signed), type->is_signed);
	case TYPE_NONE:
	case TYPE_BOOL:
	case TYPE_INTEGER:
	case TYPE_STRING:
	case TYPE_BUFFER:
	case TYPE_POINTER:
	case TYPE_TUPLE:
	case TYPE_ARRAY:
	case TYPE_STRUCT:
	case TYPE_HIST:
	case TYPE_LHIST:
	case TYPE_TSERIES:
	case TYPE_STACK:
		break;
	}
	abort();
}

struct value aggregate_count(const struct aggregate *aggregate)
{
	return value_unsigned(aggregate->count);
}

struct value aggregate_total(const struct aggregate *aggregate, const struct type *type)
{
	return number_of(aggregate->total, type->is_signed);
}
