/* SPDX-License-Identifier: MIT */
#include "support/sample_maps.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lang/flat.h"
#include "lang/type.h"

static const struct type *const pair_elements[] = {&type_int64, &type_int64};
static const struct type string = {.kind = TYPE_STRING, .size = 64};
static const struct type pair = {
	.kind = TYPE_TUPLE, .elements = (const struct type **)pair_elements, .element_count = 2};
static const struct type average = {.kind = TYPE_AVG, .is_signed = true};
static const struct type stats = {.kind = TYPE_STATS, .is_signed = true};
static const struct type hist = {.kind = TYPE_HIST};
static const struct type hist_fine = {.kind = TYPE_HIST, .buckets = {.bits = 3}};
static const struct type lhist = {.kind = TYPE_LHIST, .buckets = {.max = 100, .step = 10}};
static const struct type lhist_kilo = {.kind = TYPE_LHIST, .buckets = {.max = 4096, .step = 1024}};

static struct map_element *at(struct map *map, struct value key)
{
	char bytes[128];
	size_t length = (size_t)(flat_write(key, bytes) - bytes);
	struct map_element *element;

	assert(length <= sizeof(bytes));
	element = map_obtain(map, bytes, length);
	assert(element);
	return element;
}

static struct map_element *only(struct map *map)
{
	struct map_element *element = map_obtain(map, "", 0);

	assert(element);
	return element;
}

static const struct type *const nested_elements[] = {&string, &pair};
static const struct type nested = {
	.kind = TYPE_TUPLE, .elements = (const struct type **)nested_elements, .element_count = 2};

static void start(struct map *map, const struct type *key_type, const struct type *value_type)
{
	map_init(map, "@x", key_type, value_type, 100);
}

/* @x["a", (2, "c")] = 7; @x["b", (1, "d")] = -7 */
static void fill_tuple_keys(struct map *map)
{
	const struct value first_inner[] = {value_signed(2), value_text("c")};
	const struct value second_inner[] = {value_signed(1), value_text("d")};
	const struct value first[] = {value_text("a"), value_tuple(first_inner, 2)};
	const struct value second[] = {value_text("b"), value_tuple(second_inner, 2)};

	start(map, &nested, &type_int64);
	map_store(at(map, value_tuple(first, 2)), value_signed(7));
	map_store(at(map, value_tuple(second, 2)), value_signed(-7));
}

/* @x["a"] = avg(10), b 20, c 30, d 40 */
static void fill_averages(struct map *map)
{
	static const char *const names[] = {"a", "b", "c", "d"};

	start(map, &string, &average);
	for (uint64_t i = 0; i < 4; i++)
		map_feed(map, at(map, value_text(names[i])), 10 * (i + 1));
}

/* @x["one"] = hist(2); @x["two"] = hist(-1), hist(0), hist(511), hist(1024) twice */
static void fill_hist_keyed(struct map *map)
{
	static const int64_t numbers[] = {-1, 0, 511, 1024, 1025};

	start(map, &string, &hist);
	for (int i = 0; i < 5; i++)
		map_feed(map, at(map, value_text("two")), (uint64_t)numbers[i]);
	map_feed(map, at(map, value_text("one")), 2);
}

/* @x[true] = (1, "two"); @x[false] = (3, "\"") */
static void fill_bools(struct map *map)
{
	const struct value yes[] = {value_signed(1), value_text("two")};
	const struct value no[] = {value_signed(3), value_text("\"")};

	start(map, &type_bool, &pair);
	map_store(at(map, value_bool(true)), value_tuple(yes, 2));
	map_store(at(map, value_bool(false)), value_tuple(no, 2));
}

static void feed_all(struct map *map, const int64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		map_feed(map, only(map), (uint64_t)numbers[i]);
}

void sample_map_init(struct map *map, enum sample_map which)
{
	static const int64_t wide[] = {2, 50, 1000, 52};
	static const int64_t close[] = {5, 100, 101, 8192};
	const struct value both[] = {value_unknown("why"), value_signed(1)};
	struct value cut = value_text("a b \n d");

	switch (which) {
	case SAMPLE_SCALAR: /* @x = -5 */
		start(map, NULL, &type_int64);
		map_store(only(map), value_signed(-5));
		return;
	case SAMPLE_STRING: /* @x = a string that was cut */
		start(map, NULL, &string);
		cut.is_cut = true;
		map_store(only(map), cut);
		return;
	case SAMPLE_TUPLE: /* @x = (?, 1) */
		start(map, NULL, &pair);
		map_store(only(map), value_tuple(both, 2));
		return;
	case SAMPLE_KEYED: /* @x["key1"] = count() twice, @x["key 2"] = count() */
		start(map, &string, &type_count);
		map_feed(map, at(map, value_text("key1")), 0);
		map_feed(map, at(map, value_text("key1")), 0);
		map_feed(map, at(map, value_text("key 2")), 0);
		return;
	case SAMPLE_TUPLE_KEYS:
		fill_tuple_keys(map);
		return;
	case SAMPLE_UNKNOWN_KEY: /* @x[?, 1] = count() */
		start(map, &pair, &type_count);
		map_feed(map, at(map, value_tuple(both, 2)), 0);
		return;
	case SAMPLE_BOOLS:
		fill_bools(map);
		return;
	case SAMPLE_AVERAGES:
		fill_averages(map);
		return;
	case SAMPLE_AVERAGE: /* @x = avg(7) */
		start(map, NULL, &average);
		map_feed(map, only(map), 7);
		return;
	case SAMPLE_STATS: /* @x = stats(2), stats(10) */
		start(map, NULL, &stats);
		map_feed(map, only(map), 2);
		map_feed(map, only(map), 10);
		return;
	case SAMPLE_STATS_KEYED: /* @x[1] = stats(10); @x[2] = stats(-2) */
		start(map, &type_int64, &stats);
		map_feed(map, at(map, value_signed(1)), 10);
		map_feed(map, at(map, value_signed(2)), (uint64_t)-2);
		return;
	case SAMPLE_HIST:
		start(map, NULL, &hist);
		feed_all(map, close, 4);
		return;
	case SAMPLE_HIST_FINE:
		start(map, NULL, &hist_fine);
		feed_all(map, close, 3);
		return;
	case SAMPLE_HIST_KEYED:
		fill_hist_keyed(map);
		return;
	case SAMPLE_HIST_ZERO:
		start(map, NULL, &hist);
		feed_all(map, close, 4);
		map_zero(map);
		return;
	case SAMPLE_LHIST:
		start(map, NULL, &lhist);
		feed_all(map, wide, 4);
		return;
	case SAMPLE_LHIST_KILO: /* @x = lhist(-1), lhist(5000) */
		start(map, NULL, &lhist_kilo);
		map_feed(map, only(map), UINT64_MAX);
		map_feed(map, only(map), 5000);
		return;
	case SAMPLE_EMPTY_SCALAR:
		start(map, NULL, &type_count);
		return;
	case SAMPLE_EMPTY_KEYED:
		start(map, &string, &type_count);
		return;
	case SAMPLE_COUNT:
		break;
	}
	abort();
}
