/* SPDX-License-Identifier: MIT */
#include "base/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define NEAREST_LENGTH_MAX 128

static bool is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned nearest_distance(const char *a, const char *b)
{
	/* Three rows of the usual table: row i - 2 is needed for the swap of two neighbours. */
	unsigned rows[3][NEAREST_LENGTH_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > NEAREST_LENGTH_MAX || b_length > NEAREST_LENGTH_MAX)
		return strcasecmp(a, b) == 0 ? 0 : UINT_MAX;
	for (size_t j = 0; j <= b_length; j++)
		above[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *oldest = before;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			row[j] = above[j - 1] + !is_same(a[i - 1], b[j - 1]);
			row[j] = smaller(row[j], smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[b_length];
}

/* How much longer or shorter CANDIDATE is than what is wanted. */
static size_t length_difference(const struct nearest *search, const char *candidate)
{
	size_t wanted = strlen(search->wanted);
	size_t length = strlen(candidate);

	return wanted > length ? wanted - length : length - wanted;
}

void nearest_offer(struct nearest *search, const char *candidate)
{
	size_t length = strlen(search->wanted);
	unsigned limit = length < 3 ? 1 : (unsigned)(length / 3);
	unsigned distance = nearest_distance(search->wanted, candidate);

	/* At `length' edits nothing is left of the name (`x' for `y'): that was not meant. */
	if (distance > limit || distance >= length || distance > search->distance)
		return;
	/* Of equally near ones the one of the same length: letters are swapped more often than lost. */
	if (distance == search->distance &&
	    length_difference(search, candidate) >= length_difference(search, search->best))
		return;
	search->best = candidate;
	search->distance = distance;
}
