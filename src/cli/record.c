/* SPDX-License-Identifier: MIT */
#include "cli/record.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/json_string.h"

void record_begin(struct record *record)
{
	strbuf_clear(&record->text);
	strbuf_add_char(&record->text, '{');
	record->has_member = false;
}

static void add_name(struct record *record, const char *name)
{
	if (record->has_member)
		strbuf_add_string(&record->text, ", ");
	record->has_member = true;
	if (!name)
		return;
	json_string(name, strlen(name), &record->text);
	strbuf_add_string(&record->text, ": ");
}

void record_text(struct record *record, const char *name, const char *value)
{
	add_name(record, name);
	if (value)
		json_string(value, strlen(value), &record->text);
	else
		strbuf_add_string(&record->text, "null");
}

void record_number(struct record *record, const char *name, long long value)
{
	add_name(record, name);
	strbuf_addf(&record->text, "%lld", value);
}

void record_address(struct record *record, const char *name, uint64_t value)
{
	add_name(record, name);
	strbuf_addf(&record->text, "\"0x%" PRIx64 "\"", value);
}

void record_fraction(struct record *record, const char *name, double value)
{
	add_name(record, name);
	if (isfinite(value))
		strbuf_addf(&record->text, "%.17g", value);
	else
		strbuf_add_string(&record->text, "null");
}

void record_truth(struct record *record, const char *name, bool value)
{
	add_name(record, name);
	strbuf_add_string(&record->text, value ? "true" : "false");
}

void record_open(struct record *record, const char *name, char bracket)
{
	add_name(record, name);
	strbuf_add_char(&record->text, bracket);
	record->has_member = false;
}

void record_close(struct record *record, char bracket)
{
	strbuf_add_char(&record->text, bracket);
	record->has_member = true;
}

void record_end(struct record *record)
{
	strbuf_add_string(&record->text, "}\n");
}

void record_deinit(struct record *record)
{
	strbuf_deinit(&record->text);
}
