/* SPDX-License-Identifier: MIT */
/*
 * hist() and lhist(): which bucket a number falls into, and what a bucket's
 * label says. The counts themselves are a plain array of
 * histogram_bucket_count() numbers, owned by whoever counts.
 *
 * hist(n, bits): bucket 0 for negative numbers; then, with k = bits, each
 * power of two is cut into 2^k buckets. Numbers below 2^(k+1) have a bucket of
 * their own. With k = 0: (..., 0) [0] [1] [2, 4) [4, 8) ...
 * lhist(n, min, max, step): bucket 0 for n < min, then steps, and one for
 * n >= max. If the steps do not fill the range, what is left of it belongs to
 * that last bucket, as in bpftrace.
 */
#ifndef USDTRAP_LANG_HISTOGRAM_H
#define USDTRAP_LANG_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct type;

/* How many buckets TYPE (HIST or LHIST) has. */
size_t histogram_bucket_count(const struct type *type);
/* The bucket that NUMBER falls into. */
size_t histogram_bucket(const struct type *type, int64_t number);

/* Sets [*RET_FIRST, *RET_END) to the buckets from the first to the last that is not 0; empty if all are. */
void histogram_extent(const struct type *type, const uint64_t *buckets, size_t *ret_first, size_t *ret_end);

/* The sum over all buckets. */
uint64_t histogram_total(const struct type *type, const uint64_t *buckets);

/* What one bucket holds: numbers from `low' to `high', that one excluded. */
struct histogram_range {
	bool has_low;
	bool has_high;
	bool is_single; /* exactly one number, shown as such */
	int64_t low;
	int64_t high;       /* of hist's last bucket 2^63, which INT64_MIN stands for */
	char low_label[24]; /* "2", "1K"; meaningless without has_low, as is the other */
	char high_label[24];
};

struct histogram_range histogram_range(const struct type *type, size_t bucket);

#endif
