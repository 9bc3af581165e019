/* SPDX-License-Identifier: MIT */
/* Maps as text: "@name[key]: value" lines, and charts of histograms. */
#include "base/strbuf.h"
#include "lang/histogram.h"
#include "lang/map.h"
#include "lang/print.h"
#include "lang/series.h"

#define BAR_WIDTH 52

/* Appends TEXT in a column of WIDTH: from its left edge, or up to its right edge. */
static void print_left(struct strbuf *out, const char *text, size_t length, size_t width)
{
	strbuf_add(out, text, length);
	if (length < width)
		strbuf_add_repeated(out, ' ', width - length);
}

static void print_right(struct strbuf *out, const char *text, size_t length, size_t width)
{
	if (length < width)
		strbuf_add_repeated(out, ' ', width - length);
	strbuf_add(out, text, length);
}

/* "[2, 4)", and the labels with an open or a single end. */
static void print_range(const struct histogram_range *range, struct strbuf *out)
{
	if (!range->has_low) {
		strbuf_addf(out, "(..., %s)", range->high_label);
	} else if (!range->has_high) {
		strbuf_addf(out, "[%s, ...)", range->low_label);
	} else if (range->is_single) {
		strbuf_addf(out, "[%s]", range->low_label);
	} else {
		strbuf_addf(out, "[%s, %s)", range->low_label, range->high_label);
	}
}

/* The chart of a histogram: a row for each bucket from the first to the last that is not empty. */
static void print_histogram(const struct type *type, const uint64_t *buckets, uint64_t divisor, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf cell = {0};
	uint64_t largest = 0;
	size_t first, end;

	histogram_extent(type, buckets, &first, &end);
	for (size_t i = first; i < end; i++) {
		if (buckets[i] / divisor > largest)
			largest = buckets[i] / divisor;
	}
	for (size_t i = first; i < end; i++) {
		uint64_t count = buckets[i] / divisor;
		size_t bar = largest ? (size_t)((float)count / (float)largest * BAR_WIDTH) : 0;
		struct histogram_range range = histogram_range(type, i);

		strbuf_clear(&cell);
		print_range(&range, &cell);
		print_left(out, strbuf_text(&cell), cell.length, 16);
		strbuf_clear(&cell);
		print_unsigned(count, &cell);
		print_right(out, strbuf_text(&cell), cell.length, 8);
		strbuf_add_string(out, " |");
		strbuf_add_repeated(out, '@', bar);
		strbuf_add_repeated(out, ' ', BAR_WIDTH - bar);
		strbuf_add_string(out, "|\n");
	}
	strbuf_add_char(out, '\n');
	out->failed |= cell.failed;
}

/* { .count = 3, .average = 2, .total = 6 } */
static void print_stats(const struct map_stats *stats, struct strbuf *out)
{
	strbuf_add_string(out, "{ .count = ");
	print_value(stats->count, NULL, "", out);
	strbuf_add_string(out, ", .average = ");
	print_value(stats->average, NULL, "", out);
	strbuf_add_string(out, ", .total = ");
	print_value(stats->total, NULL, "", out);
	strbuf_add_string(out, " }");
}

/* END: behind the last interval that any row of time series has. */
static void print_row(const struct map *map, const struct map_row *row, uint64_t divisor, uint64_t end,
		      const char *trailer, struct strbuf *out)
{
	strbuf_add_string(out, map->name);
	if (map->key_type) {
		strbuf_add_char(out, '[');
		print_key(row->key, map->key_type, ", ", trailer, out);
		strbuf_add_char(out, ']');
	}
	strbuf_add_char(out, ':');
	switch (map_shape(map)) {
	case MAP_HISTOGRAMS:
		strbuf_add_char(out, '\n');
		print_histogram(map->value_type, row->buckets, divisor, out);
		return;
	case MAP_SERIES:
		strbuf_add_char(out, '\n');
		print_series(map->value_type, row->buckets, end, out);
		return;
	case MAP_STATS:
		strbuf_add_char(out, ' ');
		print_stats(&row->stats, out);
		break;
	case MAP_NUMBERS:
	case MAP_VALUES:
		strbuf_add_char(out, ' ');
		print_value(row->value, map->value_type, trailer, out);
		break;
	}
	strbuf_add_char(out, '\n');
}

/* All time series of a map are drawn up to the same moment. */
static uint64_t last_end(const struct map *map, const struct map_selection *selection)
{
	uint64_t last = 0, first, end;

	for (size_t i = 0; i < selection->count; i++) {
		if (series_extent(map->value_type, selection->rows[i].buckets, &first, &end) && end > last)
			last = end;
	}
	return last;
}

void print_map(const struct map *map, const struct map_selection *selection, const char *trailer, struct strbuf *out)
{
	uint64_t end = map_shape(map) == MAP_SERIES ? last_end(map, selection) : 0;

	for (size_t i = 0; i < selection->count; i++)
		print_row(map, &selection->rows[i], selection->divisor, end, trailer, out);
}
