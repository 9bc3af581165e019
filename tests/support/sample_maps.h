/* SPDX-License-Identifier: MIT */
/* Maps of every shape, for the tests of their printing: the same content in text and in JSON. */
#ifndef USDTRAP_TESTS_SAMPLE_MAPS_H
#define USDTRAP_TESTS_SAMPLE_MAPS_H

#include <stdint.h>

#include "lang/map.h"
#include "lang/scratch.h"

/* Which map; what is in it stands beside its builder in sample_maps.c. */
enum sample_map {
	SAMPLE_SCALAR,
	SAMPLE_STRING,
	SAMPLE_TUPLE,
	SAMPLE_KEYED,
	SAMPLE_TUPLE_KEYS,
	SAMPLE_UNKNOWN_KEY,
	SAMPLE_BOOLS,
	SAMPLE_AVERAGES,
	SAMPLE_AVERAGE,
	SAMPLE_STATS,
	SAMPLE_STATS_KEYED,
	SAMPLE_HIST,
	SAMPLE_HIST_FINE,
	SAMPLE_HIST_KEYED,
	SAMPLE_HIST_ZERO,
	SAMPLE_LHIST,
	SAMPLE_LHIST_KILO,
	SAMPLE_EMPTY_SCALAR,
	SAMPLE_EMPTY_KEYED,
	SAMPLE_COUNT,
};

/* Fills *MAP; the caller ends it with map_deinit(). */
void sample_map_init(struct map *map, enum sample_map which);

#endif
