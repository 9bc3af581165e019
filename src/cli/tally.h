/* SPDX-License-Identifier: MIT */
/* Hits by probe: a row for each probe that a session knows or has seen. */
#ifndef USDTRAP_CLI_TALLY_H
#define USDTRAP_CLI_TALLY_H

#include <stdint.h>

#include <uthash.h>

#include <usdtrap/session.h>

struct tally_row {
	const struct usdtrap_probe_info *probe; /* lives as long as the session */
	uint64_t hits;
	uint64_t hits_before; /* for whoever compares: at the last look */
	UT_hash_handle hh;
};

/* All zero is an empty one. */
struct tally {
	struct tally_row *rows;
};

/* PROBE's row, made if there is none. NULL: no memory. */
struct tally_row *tally_row(struct tally *tally, const struct usdtrap_probe_info *probe);
/* Makes rows for all probes that PROBE means by now. */
void tally_add_all(struct tally *tally, const struct usdtrap_probe *probe);
/* The rows by name. Their order is the table's own and lasts until the next is made. */
void tally_sort_by_name(struct tally *tally);
/* By hits since the last look, the most first; then by all hits, then by name. */
void tally_sort_by_rate(struct tally *tally);
void tally_deinit(struct tally *tally);

#endif
