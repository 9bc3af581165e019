/* SPDX-License-Identifier: MIT */
/*
 * Maps: @name[key] while a script runs. A hash table from flat keys (flat.h)
 * to elements; a map without keys has one element under the empty key. What an
 * element holds follows from the map's value type: one number or a flat value,
 * an aggregate, or the buckets of a histogram.
 *
 * An element stays where it is until it is deleted. Memory is allocated for
 * new keys, and when a stored text grows; for nothing else.
 */
#ifndef USDTRAP_LANG_MAP_H
#define USDTRAP_LANG_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <usdtrap/error.h>

#include "lang/value.h"

struct map_element;
struct scratch;
struct type;

/* All that is constant about a map is borrowed. */
struct map {
	const char *name;              /* with its @ */
	const struct type *key_type;   /* NULL: no keys */
	const struct type *value_type; /* what is stored */
	size_t limit;                  /* how many keys it may have */
	struct map_element *elements;
	size_t bucket_count; /* of a histogram or time series, else 0 */
	bool evicts;         /* full, it gives the key up that was unused for the longest time, to take a new one */
	bool was_full;       /* map_note_full() was called */
};

/* Starts an empty map. The types decide its shape, see map_shape(). */
void map_init(struct map *map, const char *name, const struct type *key_type, const struct type *value_type,
	      size_t limit);
void map_deinit(struct map *map);

/* How a map is printed and sorted. */
enum map_shape {
	MAP_NUMBERS,    /* one number an element, aggregates among them; sorted by value */
	MAP_VALUES,     /* text, tuples, pointers...; sorted by key */
	MAP_STATS,      /* stats(); sorted by average */
	MAP_HISTOGRAMS, /* sorted by total count */
	MAP_SERIES,     /* tseries(); sorted by key */
};

enum map_shape map_shape(const struct map *map);

size_t map_count(const struct map *map);

/* The element under KEY (LENGTH bytes), or NULL. Where it counts, it was just used then. */
struct map_element *map_find(struct map *map, const char *key, size_t length);
/*
 * The element under KEY, made if it is not there: zero then. NULL if the map
 * is full (map_count() is its limit, and it does not evict) or there is no memory.
 */
struct map_element *map_obtain(struct map *map, const char *key, size_t length);

/* True the first time: so that one asks once whether to warn that MAP is full. */
bool map_note_full(struct map *map);

void map_delete(struct map *map, struct map_element *element);
void map_clear(struct map *map);
/* Sets all values to zero; the keys stay. */
void map_zero(struct map *map);

/* What an expression reads from ELEMENT: an aggregate as its number. Text and tuples are copied to SCRATCH. */
struct value map_read(const struct map *map, const struct map_element *element, struct scratch *scratch);
/* Stores VALUE (not for aggregates and histograms). False when memory runs out; the old value is then kept. */
bool map_store(struct map_element *element, struct value value);
/* Feeds NUMBER to an aggregate or a histogram. */
void map_feed(const struct map *map, struct map_element *element, uint64_t number);
/* Feeds NUMBER, which came at WALL_NS (of 1970), to a time series. */
void map_feed_series(const struct map *map, struct map_element *element, uint64_t number, uint64_t wall_ns);

/* A key as maps know it: see flat.h. */
struct map_key {
	const char *bytes;
	size_t length;
};

/* Copies of all keys, map_count() of them, in the order in which they were added. NULL when memory runs out. */
const struct map_key *map_keys(const struct map *map, struct scratch *scratch);

/* Some rows of a map, sorted for printing. */
struct map_stats {
	struct value count;
	struct value average;
	struct value total;
};

struct map_row {
	struct value key; /* meaningless without key_type */
	union {           /* by map_shape() */
		struct value value;
		struct map_stats stats;
		const uint64_t *buckets;
	};
	uint64_t weight; /* HISTOGRAMS: total count */
};

struct map_selection {
	struct map_row *rows;
	size_t count;
	uint64_t divisor; /* still to be applied to the counts of HISTOGRAMS; done for others. At least 1 */
};

/*
 * The last TOP (0: all) rows in ascending order, ties by key, numbers divided
 * by DIVISOR (at least 1; linear histograms are not divided). With
 * WANTS_ZERO a map without keys that holds nothing has one row all the same,
 * of zero. Texts and tuples lie in the map and in SCRATCH; valid until either
 * changes. End it with map_selection_deinit(). Errors: NO_MEMORY.
 */
struct usdtrap_error *map_select(const struct map *map, uint64_t top, uint64_t divisor, bool wants_zero,
				 struct scratch *scratch, struct map_selection *ret) USDTRAP_MUST_USE;
void map_selection_deinit(struct map_selection *selection);

#endif
