/* SPDX-License-Identifier: MIT */
#include "lang/map.h"

#include <stdlib.h>
#include <string.h>

#include "lang/flat.h"
#include "lang/histogram.h"
#include "lang/map_element.h"
#include "lang/scratch.h"
#include "lang/series.h"
#include "lang/type.h"

void map_init(struct map *map, const char *name, const struct type *key_type, const struct type *value_type,
	      size_t limit)
{
	*map = (struct map){.name = name, .key_type = key_type, .value_type = value_type, .limit = limit};
	if (map_shape(map) == MAP_HISTOGRAMS)
		map->bucket_count = histogram_bucket_count(value_type);
	else if (map_shape(map) == MAP_SERIES)
		map->bucket_count = series_size(value_type);
}

void map_deinit(struct map *map)
{
	map_clear(map);
}

enum map_shape map_shape(const struct map *map)
{
	switch (map->value_type->kind) {
	case TYPE_INTEGER:
	case TYPE_COUNT:
	case TYPE_SUM:
	case TYPE_AVG:
	case TYPE_MIN:
	case TYPE_MAX:
		return MAP_NUMBERS;
	case TYPE_STATS:
		return MAP_STATS;
	case TYPE_HIST:
	case TYPE_LHIST:
		return MAP_HISTOGRAMS;
	case TYPE_TSERIES:
		return MAP_SERIES;
	case TYPE_NONE:
	case TYPE_BOOL:
	case TYPE_STRING:
	case TYPE_BUFFER:
	case TYPE_POINTER:
	case TYPE_TUPLE:
	case TYPE_STACK:
	case TYPE_ARRAY:
	case TYPE_STRUCT:
		return MAP_VALUES;
	}
	abort();
}

size_t map_count(const struct map *map)
{
	return HASH_COUNT(map->elements);
}

/* The table keeps its elements in the order in which they were added: what is added again is the last to be evicted. */
static void touch(struct map *map, struct map_element *element)
{
	unsigned hash = element->hh.hashv;
	unsigned length = element->hh.keylen;

	if (!element->hh.next)
		return;
	HASH_DELETE(hh, map->elements, element);
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, map->elements, element->key, length, hash, element);
}

struct map_element *map_find(struct map *map, const char *key, size_t length)
{
	struct map_element *element;

	HASH_FIND(hh, map->elements, key, length, element);
	if (element && map->evicts)
		touch(map, element);
	return element;
}

static void free_element(struct map_element *element)
{
	free(element->flat);
	free(element);
}

static struct map_element *create_element(const struct map *map, const char *key, size_t length)
{
	size_t bucket_bytes = map->bucket_count * sizeof(uint64_t);
	struct map_element *element = calloc(1, sizeof(*element) + bucket_bytes + length);

	if (!element)
		return NULL;
	element->key = (char *)element->buckets + bucket_bytes;
	if (length)
		memcpy(element->key, key, length);
	return element;
}

struct map_element *map_obtain(struct map *map, const char *key, size_t length)
{
	struct map_element *element;
	unsigned hash;

	HASH_VALUE(key, length, hash);
	HASH_FIND_BYHASHVALUE(hh, map->elements, key, length, hash, element);
	if (element && map->evicts)
		touch(map, element);
	if (element)
		return element;
	if (map_count(map) >= map->limit && map->evicts && map->elements)
		map_delete(map, map->elements);
	if (map_count(map) >= map->limit)
		return NULL;
	element = create_element(map, key, length);
	if (!element)
		return NULL;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, map->elements, element->key, length, hash, element);
	if (!element->is_lost)
		return element;
	free_element(element);
	return NULL;
}

const struct map_key *map_keys(const struct map *map, struct scratch *scratch)
{
	struct map_key *keys = scratch_allocate(scratch, map_count(map) * sizeof(*keys));
	struct map_element *element, *next;
	size_t count = 0;

	if (!keys)
		return NULL;
	HASH_ITER (hh, map->elements, element, next) {
		char *bytes = scratch_allocate(scratch, element->hh.keylen);

		if (!bytes)
			return NULL;
		memcpy(bytes, element->key, element->hh.keylen);
		keys[count++] = (struct map_key){bytes, element->hh.keylen};
	}
	return keys;
}

bool map_note_full(struct map *map)
{
	bool is_first = !map->was_full;

	map->was_full = true;
	return is_first;
}

void map_delete(struct map *map, struct map_element *element)
{
	HASH_DELETE(hh, map->elements, element);
	free_element(element);
}

void map_clear(struct map *map)
{
	struct map_element *element, *next;

	HASH_ITER (hh, map->elements, element, next) {
		map_delete(map, element);
	}
}

void map_zero(struct map *map)
{
	struct map_element *element, *next;

	HASH_ITER (hh, map->elements, element, next) {
		element->is_set = false;
		element->aggregate = (struct aggregate){0};
		memset(element->buckets, 0, map->bucket_count * sizeof(uint64_t));
	}
}

/* True if elements of MAP hold what was stored, and not what was fed. */
static bool holds_values(const struct map *map)
{
	return !type_is_aggregate(map->value_type);
}

struct value map_element_value(const struct map *map, const struct map_element *element, struct scratch *scratch)
{
	if (!holds_values(map))
		return aggregate_value(&element->aggregate, map->value_type);
	if (!element->is_set)
		return value_zero(map->value_type, scratch);
	return element->flat_size ? flat_read(element->flat, scratch) : element->value;
}

struct value map_read(const struct map *map, const struct map_element *element, struct scratch *scratch)
{
	char *copy;

	if (!holds_values(map) || !element->is_set || !element->flat_size)
		return map_element_value(map, element, scratch);
	copy = scratch_allocate(scratch, element->flat_size);
	if (!copy)
		return value_unknown("out of memory");
	memcpy(copy, element->flat, element->flat_size);
	return flat_read(copy, scratch);
}

static bool store_flat(struct map_element *element, struct value value)
{
	size_t size = flat_size(value);

	if (size > element->flat_capacity) {
		size_t capacity = size * 2;
		char *flat = malloc(capacity);

		if (!flat)
			return false;
		free(element->flat);
		element->flat = flat;
		element->flat_capacity = capacity;
	}
	flat_write(value, element->flat);
	element->flat_size = size;
	return true;
}

bool map_store(struct map_element *element, struct value value)
{
	if (value.kind == VALUE_STRING || value.kind == VALUE_BUFFER || value.kind == VALUE_TUPLE) {
		if (!store_flat(element, value))
			return false;
	} else {
		element->value = value;
		element->flat_size = 0;
	}
	element->is_set = true;
	return true;
}

void map_feed(const struct map *map, struct map_element *element, uint64_t number)
{
	if (map->bucket_count)
		element->buckets[histogram_bucket(map->value_type, (int64_t)number)]++;
	else
		aggregate_add(&element->aggregate, map->value_type, number);
}

void map_feed_series(const struct map *map, struct map_element *element, uint64_t number, uint64_t wall_ns)
{
	series_feed(map->value_type, element->buckets, number, wall_ns);
}
