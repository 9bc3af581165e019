/* SPDX-License-Identifier: MIT */
/*
 * A record: one line of -f json, which is one object.
 *
 *	struct record record = {0};
 *	record_begin(&record);
 *	record_number(&record, "tid", 42);
 *	record_open(&record, "frames", '[');
 *	record_text(&record, NULL, "main");
 *	record_close(&record, ']');
 *	record_end(&record);		{"tid": 42, "frames": ["main"]}
 *	write it: strbuf_text(&record.text)
 *	record_deinit(&record);
 *
 * In a list a member's name is NULL.
 */
#ifndef USDTRAP_CLI_RECORD_H
#define USDTRAP_CLI_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct record {
	struct strbuf text;
	bool has_member; /* of the object or list that is open */
};

/* Begins one, in the memory of the former. */
void record_begin(struct record *record);
void record_text(struct record *record, const char *name, const char *value); /* NULL: null */
void record_number(struct record *record, const char *name, long long value);
void record_address(struct record *record, const char *name, uint64_t value); /* "0x1f": doubles do not hold them all */
void record_fraction(struct record *record, const char *name, double value);  /* null if it is no number */
void record_truth(struct record *record, const char *name, bool value);
/* A member that is an object ('{') or a list ('['); and its end ('}', ']'). */
void record_open(struct record *record, const char *name, char bracket);
void record_close(struct record *record, char bracket);
/* Ends the line. */
void record_end(struct record *record);
void record_deinit(struct record *record);

#endif
