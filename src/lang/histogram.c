/* SPDX-License-Identifier: MIT */
#include "lang/histogram.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "lang/type.h"

/* ---- hist -------------------------------------------------------------------------------------------------------- */

/*
 * Bucket 1 + m holds numbers from hist_edge(m) to hist_edge(m + 1), excluded.
 * m is split: its low k bits say which part of a power of two, the others
 * which power. Below 2^(k+1) the parts would be fractions, and m is the number.
 */
static uint64_t hist_edge(uint64_t m, unsigned bits)
{
	uint64_t parts = (uint64_t)1 << bits;

	if (m < 2 * parts)
		return m;
	return (parts + (m & (parts - 1))) << ((m >> bits) - 1);
}

static size_t hist_bucket(int64_t number, unsigned bits)
{
	unsigned power, shift;

	if (number < 0)
		return 0;
	if (number < (int64_t)2 << bits)
		return (size_t)number + 1;
	power = 63 - (unsigned)__builtin_clzll((uint64_t)number);
	shift = power - bits;
	return ((size_t)shift << bits) + (size_t)((uint64_t)number >> shift) + 1;
}

/* 4, 1K, 96M: a number as the part of its power of 1024. */
static void hist_label(uint64_t m, unsigned bits, char *label, size_t size)
{
	static const char *const suffixes[] = {"", "K", "M", "G", "T", "P", "E"};
	uint64_t parts = (uint64_t)1 << bits;
	unsigned power = m < 2 * parts ? 0 : (unsigned)(m >> bits) - 1;

	snprintf(label, size, "%" PRIu64 "%s", hist_edge(m, bits) >> (power / 10 * 10), suffixes[power / 10]);
}

static struct histogram_range hist_range(unsigned bits, size_t bucket)
{
	struct histogram_range range = {.has_low = bucket > 0, .has_high = true};

	if (bucket) {
		range.low = (int64_t)hist_edge(bucket - 1, bits);
		hist_label(bucket - 1, bits, range.low_label, sizeof(range.low_label));
	}
	range.high = (int64_t)hist_edge(bucket, bits);
	hist_label(bucket, bits, range.high_label, sizeof(range.high_label));
	range.is_single = bucket > 0 && bucket <= (size_t)2 << bits;
	return range;
}

/* ---- lhist ------------------------------------------------------------------------------------------------------- */

/* How many steps fit between min and max. Their distance may need all 64 bits. */
static uint64_t lhist_steps(const struct type_buckets *buckets)
{
	return ((uint64_t)buckets->max - (uint64_t)buckets->min) / (uint64_t)buckets->step;
}

static size_t lhist_bucket(const struct type_buckets *buckets, int64_t number)
{
	if (number < buckets->min)
		return 0;
	if (number >= buckets->max)
		return (size_t)lhist_steps(buckets) + 1;
	return (size_t)(((uint64_t)number - (uint64_t)buckets->min) / (uint64_t)buckets->step) + 1;
}

/* 2048 is 2K if the steps are whole kibibytes. */
static void lhist_label(int64_t number, int64_t step, char *label, size_t size)
{
	const int64_t kilo = 1024, mega = kilo * 1024;

	if (step % kilo || number == 0 || number % kilo)
		snprintf(label, size, "%" PRId64, number);
	else if (number % mega)
		snprintf(label, size, "%" PRId64 "K", number / kilo);
	else
		snprintf(label, size, "%" PRId64 "M", number / mega);
}

static struct histogram_range lhist_range(const struct type_buckets *buckets, size_t bucket)
{
	struct histogram_range range = {.has_low = bucket > 0, .has_high = bucket <= lhist_steps(buckets)};
	uint64_t low = (uint64_t)buckets->min + (bucket - 1) * (uint64_t)buckets->step;

	if (range.has_low) {
		range.low = (int64_t)low;
		lhist_label(range.low, buckets->step, range.low_label, sizeof(range.low_label));
	}
	if (range.has_high) {
		range.high = (int64_t)(low + (uint64_t)buckets->step);
		lhist_label(range.high, buckets->step, range.high_label, sizeof(range.high_label));
	}
	range.is_single = range.has_low && range.has_high && buckets->step == 1;
	return range;
}

/* ---- both -------------------------------------------------------------------------------------------------------- */

size_t histogram_bucket_count(const struct type *type)
{
	assert(type->kind == TYPE_HIST || type->kind == TYPE_LHIST);
	if (type->kind == TYPE_HIST)
		return hist_bucket(INT64_MAX, type->buckets.bits) + 1;
	return (size_t)lhist_steps(&type->buckets) + 2;
}

size_t histogram_bucket(const struct type *type, int64_t number)
{
	return type->kind == TYPE_HIST ? hist_bucket(number, type->buckets.bits) : lhist_bucket(&type->buckets, number);
}

void histogram_extent(const struct type *type, const uint64_t *buckets, size_t *ret_first, size_t *ret_end)
{
	size_t first = 0, end = histogram_bucket_count(type);

	while (end && !buckets[end - 1])
		end--;
	while (first < end && !buckets[first])
		first++;
	*ret_first = first;
	*ret_end = end;
}

uint64_t histogram_total(const struct type *type, const uint64_t *buckets)
{
	size_t count = histogram_bucket_count(type);
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += buckets[i];
	return total;
}

struct histogram_range histogram_range(const struct type *type, size_t bucket)
{
	return type->kind == TYPE_HIST ? hist_range(type->buckets.bits, bucket) : lhist_range(&type->buckets, bucket);
}
