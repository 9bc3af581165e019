/* SPDX-License-Identifier: MIT */
/* What one element of a map is made of, for map.c and map_select.c alone. */
#ifndef USDTRAP_LANG_MAP_ELEMENT_H
#define USDTRAP_LANG_MAP_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Keys are short and made at each hit: eight bytes at a time are folded in by
 * a multiplication, whose high bits, which depend on all below, are folded
 * back. uthash's own function goes byte by byte.
 */
static inline unsigned map_hash(const void *key, size_t length)
{
	const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15); /* 2^64 divided by the golden ratio, and odd */
	uint64_t hash = length * factor;
	const char *bytes = key;
	uint64_t word;

	for (; length >= sizeof(word); length -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = (hash ^ word) * factor;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, bytes, length);
	hash = (hash ^ word) * factor;
	return (unsigned)(hash ^ hash >> 32);
}

#define HASH_FUNCTION(key, length, hash) ((hash) = map_hash(key, length))

/* uthash ends the program when memory runs out, unless it is told to say so instead. */
#define HASH_NONFATAL_OOM            1
#define uthash_nonfatal_oom(element) ((element)->is_lost = true)
#include <uthash.h>

#include "lang/aggregate.h"
#include "lang/map.h"

struct map_element {
	UT_hash_handle hh;
	char *key;
	bool is_lost; /* could not be added to the table */
	bool is_set;  /* a value was stored; else it is zero. Not for aggregates and histograms */
	union {
		struct value value; /* of what is not flat */
		struct aggregate aggregate;
	};
	char *flat; /* the stored string, buffer or tuple; NULL if the value is none of these */
	size_t flat_size;
	size_t flat_capacity;
	uint64_t buckets[]; /* the map's bucket_count; then the key */
};

/* The element's value or its aggregate's number; text lies in the element, elements of tuples in SCRATCH. */
struct value map_element_value(const struct map *map, const struct map_element *element, struct scratch *scratch);

#endif
