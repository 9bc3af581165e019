/* SPDX-License-Identifier: MIT */
/* -l: what lies in no file, timers and tracepoints. Shown as bpftrace shows them. */
#include <string.h>

#include <usdtrap/tracepoint.h>

#include "base/glob.h"
#include "cli/list_internal.h"

size_t list_timers(struct listing *listing, enum pattern_type type, const char *unit)
{
	static const char *const units[] = {"hz", "ms", "s", "us"};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!glob_match(unit, units[i]))
			continue;
		listing_begin(listing, "%s:%s:", pattern_type_name(type), units[i]);
		listing_end(listing);
		count++;
	}
	return count;
}

static void record_fields(const struct usdtrap_tracepoint_info *tracepoint, struct record *record)
{
	record_open(record, "fields", '[');
	for (size_t i = 0; i < tracepoint->field_count; i++) {
		record_open(record, NULL, '{');
		record_text(record, "name", tracepoint->fields[i].name);
		record_text(record, "type", tracepoint->fields[i].type);
		record_close(record, '}');
	}
	record_close(record, ']');
}

/* "int dfd", and as C has it for arrays: "char comm[16]". A length that is not known stays with the type. */
static void print_field(const struct usdtrap_field *field, FILE *out)
{
	const char *bracket = strchr(field->type, '[');

	if (bracket && bracket[1] != ']')
		fprintf(out, "    %.*s %s%s\n", (int)(bracket - field->type), field->type, field->name, bracket);
	else
		fprintf(out, "    %s %s\n", field->type, field->name);
}

static void print_fields(const struct usdtrap_tracepoint_info *tracepoint, FILE *out)
{
	for (size_t i = 0; i < tracepoint->field_count; i++)
		print_field(&tracepoint->fields[i], out);
}

static bool matches(const struct usdtrap_tracepoint_info *tracepoint, const char *category, const char *event)
{
	char both[2 * USDTRAP_TRACEPOINT_NAME_MAX];

	if (category)
		return glob_match(category, tracepoint->category) && glob_match(event, tracepoint->name);
	snprintf(both, sizeof(both), "%s:%s", tracepoint->category, tracepoint->name);
	return glob_match(event, both) || glob_match(event, tracepoint->category) ||
	       glob_match(event, tracepoint->name);
}

size_t list_tracepoints(struct listing *listing, const char *category, const char *event)
{
	struct usdtrap_tracepoint_info tracepoint;
	size_t count = 0;

	for (size_t i = 0; i < usdtrap_tracepoint_count(); i++) {
		usdtrap_tracepoint_at(i, &tracepoint);
		if (!matches(&tracepoint, category, event))
			continue;
		count++;
		listing_begin(listing, "tracepoint:%s:%s", tracepoint.category, tracepoint.name);
		if (listing->options->is_verbose && listing_is_json(listing))
			record_fields(&tracepoint, &listing->record);
		else if (listing->options->is_verbose)
			print_fields(&tracepoint, listing->out);
		listing_end(listing);
	}
	return count;
}
