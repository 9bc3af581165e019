/* SPDX-License-Identifier: MIT */
#include "cli/tally.h"

#include <stdlib.h>
#include <string.h>

struct tally_row *tally_row(struct tally *tally, const struct usdtrap_probe_info *probe)
{
	struct tally_row *row;

	HASH_FIND_PTR(tally->rows, &probe, row);
	if (row)
		return row;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->probe = probe;
	HASH_ADD_PTR(tally->rows, probe, row);
	return row;
}

void tally_add_all(struct tally *tally, const struct usdtrap_probe *probe)
{
	for (size_t i = 0; i < usdtrap_probe_count(probe); i++)
		tally_row(tally, usdtrap_probe_info(probe, i));
}

static int compare_names(const struct tally_row *left, const struct tally_row *right)
{
	return strcmp(left->probe->full_name, right->probe->full_name);
}

static int compare_numbers(uint64_t left, uint64_t right)
{
	return (left < right) - (left > right);
}

static int compare_rates(const struct tally_row *left, const struct tally_row *right)
{
	int order = compare_numbers(left->hits - left->hits_before, right->hits - right->hits_before);

	if (!order)
		order = compare_numbers(left->hits, right->hits);
	return order ? order : compare_names(left, right);
}

void tally_sort_by_name(struct tally *tally)
{
	HASH_SORT(tally->rows, compare_names);
}

void tally_sort_by_rate(struct tally *tally)
{
	HASH_SORT(tally->rows, compare_rates);
}

void tally_deinit(struct tally *tally)
{
	struct tally_row *row, *next;

	HASH_ITER (hh, tally->rows, row, next) {
		HASH_DEL(tally->rows, row);
		free(row);
	}
}
