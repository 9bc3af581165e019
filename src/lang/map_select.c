/* SPDX-License-Identifier: MIT */
/* Which rows of a map are printed, and in which order. */
#include <stdlib.h>

#include "base/error.h"
#include "lang/flat.h"
#include "lang/histogram.h"
#include "lang/map_element.h"
#include "lang/type.h"

static int by_key(const struct map_row *a, const struct map_row *b)
{
	return value_compare(a->key, b->key);
}

static int compare_values(const void *a_row, const void *b_row)
{
	const struct map_row *a = a_row, *b = b_row;
	int order = value_compare(a->value, b->value);

	return order ? order : by_key(a, b);
}

static int compare_averages(const void *a_row, const void *b_row)
{
	const struct map_row *a = a_row, *b = b_row;
	int order = value_compare(a->stats.average, b->stats.average);

	return order ? order : by_key(a, b);
}

static int compare_weights(const void *a_row, const void *b_row)
{
	const struct map_row *a = a_row, *b = b_row;

	return a->weight == b->weight ? by_key(a, b) : a->weight < b->weight ? -1 : 1;
}

static int compare_keys(const void *a_row, const void *b_row)
{
	return by_key(a_row, b_row);
}

static void sort_rows(const struct map *map, struct map_row *rows, size_t count)
{
	static int (*const orders[])(const void *, const void *) = {
		[MAP_NUMBERS] = compare_values,     [MAP_VALUES] = compare_keys, [MAP_STATS] = compare_averages,
		[MAP_HISTOGRAMS] = compare_weights, [MAP_SERIES] = compare_keys,
	};

	qsort(rows, count, sizeof(*rows), orders[map_shape(map)]);
}

static struct value divide(struct value value, uint64_t divisor)
{
	if (value.kind == VALUE_UNSIGNED)
		value.integer /= divisor;
	else if (value.kind == VALUE_SIGNED)
		value.integer = divisor > INT64_MAX ? 0 : (uint64_t)((int64_t)value.integer / (int64_t)divisor);
	return value;
}

/* What ROW shows of ELEMENT beside its key. */
static void fill_row(const struct map *map, const struct map_element *element, uint64_t divisor,
		     struct scratch *scratch, struct map_row *row)
{
	switch (map_shape(map)) {
	case MAP_NUMBERS:
		row->value = divide(map_element_value(map, element, scratch), divisor);
		return;
	case MAP_VALUES:
		row->value = map_element_value(map, element, scratch);
		return;
	case MAP_STATS:
		row->stats.count = aggregate_count(&element->aggregate);
		row->stats.average = divide(aggregate_value(&element->aggregate, map->value_type), divisor);
		row->stats.total = aggregate_total(&element->aggregate, map->value_type);
		return;
	case MAP_HISTOGRAMS:
		row->buckets = element->buckets;
		row->weight = histogram_total(map->value_type, element->buckets);
		return;
	case MAP_SERIES:
		row->buckets = element->buckets;
		return;
	}
	abort();
}

static size_t fill_rows(const struct map *map, uint64_t divisor, struct scratch *scratch, struct map_row *rows)
{
	struct map_element *element, *next;
	size_t count = 0;

	HASH_ITER (hh, map->elements, element, next) {
		if (map->key_type)
			rows[count].key = flat_read(element->key, scratch);
		fill_row(map, element, divisor, scratch, &rows[count++]);
	}
	return count;
}

/* The row of a map without keys that holds nothing. The zero element lies behind the row. */
static struct usdtrap_error *select_zero(const struct map *map, struct scratch *scratch, struct map_selection *ret)
{
	struct map_element *zero;
	struct map_row *row = calloc(1, sizeof(*row) + sizeof(*zero) + map->bucket_count * sizeof(uint64_t));

	if (!row)
		return &error_no_memory;
	zero = (struct map_element *)(row + 1);
	fill_row(map, zero, 1, scratch, row);
	*ret = (struct map_selection){.rows = row, .count = 1, .divisor = 1};
	return NULL;
}

struct usdtrap_error *map_select(const struct map *map, uint64_t top, uint64_t divisor, bool wants_zero,
				 struct scratch *scratch, struct map_selection *ret)
{
	size_t count = map_count(map);
	struct map_row *rows;

	if (!count && wants_zero && !map->key_type)
		return select_zero(map, scratch, ret);
	rows = calloc(count ? count : 1, sizeof(*rows));
	if (!rows)
		return &error_no_memory;
	fill_rows(map, divisor, scratch, rows);
	sort_rows(map, rows, count);
	if (top && top < count) {
		/* The last ones are moved to the front so that `rows' is what is freed. */
		memmove(rows, rows + (count - top), top * sizeof(*rows));
		count = top;
	}
	*ret = (struct map_selection){
		.rows = rows,
		.count = count,
		.divisor = map->value_type->kind == TYPE_LHIST ? 1 : divisor,
	};
	return NULL;
}

void map_selection_deinit(struct map_selection *selection)
{
	free(selection->rows);
	*selection = (struct map_selection){0};
}
