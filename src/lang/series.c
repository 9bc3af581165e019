/* SPDX-License-Identifier: MIT */
#include "lang/series.h"

#include "lang/type.h"

/* One interval's place in the ring. */
struct slot {
	uint64_t interval; /* whose it is */
	uint64_t total;    /* LAST, MAX, MIN: the value; AVG, SUM: the sum */
	uint64_t count;    /* how many values came; 0: the place is empty */
};

enum { NUMBERS_PER_SLOT = sizeof(struct slot) / sizeof(uint64_t) };

size_t series_size(const struct type *type)
{
	return (size_t)type->series.count * NUMBERS_PER_SLOT;
}

static bool is_less(const struct type *type, uint64_t a, uint64_t b)
{
	return type->is_signed ? (int64_t)a < (int64_t)b : a < b;
}

static void combine(const struct type *type, struct slot *slot, uint64_t number)
{
	switch (type->series.function) {
	case TYPE_SERIES_LAST:
		slot->total = number;
		return;
	case TYPE_SERIES_AVG:
	case TYPE_SERIES_SUM:
		slot->total += number;
		return;
	case TYPE_SERIES_MAX:
		if (is_less(type, slot->total, number))
			slot->total = number;
		return;
	case TYPE_SERIES_MIN:
		if (is_less(type, number, slot->total))
			slot->total = number;
		return;
	}
}

void series_feed(const struct type *type, uint64_t *ring, uint64_t number, uint64_t wall_ns)
{
	uint64_t interval = wall_ns / type->series.interval_ns;
	struct slot *slot = (struct slot *)ring + interval % type->series.count;

	if (slot->count && slot->interval == interval) {
		combine(type, slot, number);
		slot->count++;
	} else if (!slot->count || slot->interval < interval) {
		*slot = (struct slot){.interval = interval, .total = number, .count = 1};
	}
}

bool series_extent(const struct type *type, const uint64_t *ring, uint64_t *ret_first, uint64_t *ret_end)
{
	const struct slot *slots = (const struct slot *)ring;
	uint64_t first = UINT64_MAX, end = 0;

	for (uint32_t i = 0; i < type->series.count; i++) {
		if (slots[i].count && slots[i].interval >= end)
			end = slots[i].interval + 1;
	}
	/* Older ones whose place was not taken again are forgotten. */
	for (uint32_t i = 0; i < type->series.count; i++) {
		if (slots[i].count && slots[i].interval < first && slots[i].interval + type->series.count >= end)
			first = slots[i].interval;
	}
	*ret_first = first;
	*ret_end = end;
	return end > 0;
}

bool series_value(const struct type *type, const uint64_t *ring, uint64_t interval, struct value *ret)
{
	const struct slot *slot = (const struct slot *)ring + interval % type->series.count;
	uint64_t number = slot->total;

	if (!slot->count || slot->interval != interval)
		return false;
	if (type->series.function == TYPE_SERIES_AVG)
		number = type->is_signed ? (uint64_t)((int64_t)number / (int64_t)slot->count) : number / slot->count;
	*ret = type->is_signed ? value_signed((int64_t)number) : value_unsigned(number);
	return true;
}
