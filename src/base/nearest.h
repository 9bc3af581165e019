/* SPDX-License-Identifier: MIT */
/* Finding the name that was probably meant. */
#ifndef USDTRAP_BASE_NEAREST_H
#define USDTRAP_BASE_NEAREST_H

#include <limits.h>
#include <stddef.h>

/* A search for the name closest to `wanted'. Fill in `wanted', set `distance' to NEAREST_START, offer names. */
struct nearest {
	const char *wanted; /* borrowed */
	const char *best;   /* the nearest name offered so far, borrowed; NULL while none is near */
	unsigned distance;  /* of `best' */
};

#define NEAREST_START UINT_MAX

/*
 * How many single-character insertions, deletions, replacements and swaps of
 * neighbours turn A into B, upper and lower case being the same (optimal
 * string alignment). Texts longer than 128 bytes are only ever equal (0) or
 * far apart (UINT_MAX).
 */
unsigned nearest_distance(const char *a, const char *b);

/*
 * Offers CANDIDATE. It becomes the best if it is nearer than what was offered
 * before and near at all: at most a third of the wanted name's length away, or
 * one edit from a name of two letters. Of two that are as near the one of the
 * wanted length is taken, else the first.
 */
void nearest_offer(struct nearest *search, const char *candidate);

#endif
