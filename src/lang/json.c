/* SPDX-License-Identifier: MIT */
#include "lang/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_string.h"
#include "base/strbuf.h"
#include "lang/clock.h"
#include "lang/histogram.h"
#include "lang/map.h"
#include "lang/print.h"
#include "lang/series.h"
#include "lang/type.h"

/* ---- Values ------------------------------------------------------------------------------------------------------ */

/* A double holds an integer exactly if no more than 53 bits lie between its highest and its lowest 1. */
static bool fits_double(uint64_t magnitude)
{
	return !magnitude || magnitude >> __builtin_ctzll(magnitude) < (uint64_t)1 << 53;
}

static void json_integer(struct value value, struct strbuf *out)
{
	bool is_negative = value.kind == VALUE_SIGNED && (int64_t)value.integer < 0;
	const char *quote = fits_double(is_negative ? -value.integer : value.integer) ? "" : "\"";

	strbuf_add_string(out, quote);
	if (is_negative)
		print_signed((int64_t)value.integer, out);
	else
		print_unsigned(value.integer, out);
	strbuf_add_string(out, quote);
}

/* The default text of VALUE as a JSON string. */
static void json_text_of(struct value value, const struct type *type, const char *trailer, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	print_value(value, type, trailer, &text);
	json_string(strbuf_text(&text), text.length, out);
	out->failed |= text.failed;
}

static void json_value(struct value value, const struct type *type, const char *trailer, struct strbuf *out);

static void json_name(const char *name, bool is_first, struct strbuf *out)
{
	if (!is_first)
		strbuf_add_string(out, ", ");
	json_string(name, strlen(name), out);
	strbuf_add_string(out, ": ");
}

static bool json_members(struct value object, const struct type *type, bool is_first, const char *trailer,
			 struct strbuf *out)
{
	for (uint32_t i = 0; i < type->record->field_count; i++) {
		const struct type_field *field = &type->record->fields[i];
		struct value member = value_of_field(object, field);

		if (!field->name) {
			is_first = json_members(member, field->type, is_first, trailer, out);
			continue;
		}
		json_name(field->name, is_first, out);
		json_value(member, field->type, trailer, out);
		is_first = false;
	}
	return is_first;
}

static void json_bytes(struct value value, const struct type *type, const char *trailer, struct strbuf *out)
{
	if (type && type->kind == TYPE_STRUCT) {
		strbuf_add_char(out, '{');
		json_members(value, type, true, trailer, out);
		strbuf_add_char(out, '}');
	} else if (type && type->kind == TYPE_ARRAY) {
		strbuf_add_char(out, '[');
		for (uint32_t i = 0; i < type->length; i++) {
			if (i)
				strbuf_add_char(out, ',');
			json_value(value_of_element(value, type, i), type->inner, trailer, out);
		}
		strbuf_add_char(out, ']');
	} else {
		json_text_of(value, NULL, trailer, out);
	}
}

static void json_tuple(struct value tuple, const struct type *type, const char *trailer, struct strbuf *out)
{
	bool is_record = type && type->names;

	strbuf_add_char(out, is_record ? '{' : '[');
	for (uint32_t i = 0; i < tuple.length; i++) {
		if (is_record)
			json_name(type->names[i], i == 0, out);
		else if (i)
			strbuf_add_char(out, ',');
		json_value(tuple.elements[i], type ? type->elements[i] : NULL, trailer, out);
	}
	strbuf_add_char(out, is_record ? '}' : ']');
}

static void json_value(struct value value, const struct type *type, const char *trailer, struct strbuf *out)
{
	switch (value.kind) {
	case VALUE_SIGNED:
	case VALUE_UNSIGNED:
	case VALUE_POINTER:
		json_integer(value, out);
		return;
	case VALUE_REAL:
		/* JSON knows neither infinity nor NaN. */
		if (isfinite(value.real))
			print_value(value, NULL, trailer, out);
		else
			json_text_of(value, NULL, trailer, out);
		return;
	case VALUE_BOOL:
		print_value(value, NULL, trailer, out);
		return;
	case VALUE_STRING:
		strbuf_add_char(out, '"');
		json_characters(value.text, value.length, out);
		if (value.is_cut)
			json_characters(trailer, strlen(trailer), out);
		strbuf_add_char(out, '"');
		return;
	case VALUE_BUFFER:
		json_bytes(value, type, trailer, out);
		return;
	case VALUE_STACK:
		json_text_of(value, type, trailer, out);
		return;
	case VALUE_TUPLE:
		json_tuple(value, type, trailer, out);
		return;
	case VALUE_UNKNOWN:
		strbuf_add_string(out, "null");
		return;
	}
	abort();
}

/* ---- Maps -------------------------------------------------------------------------------------------------------- */

static void json_range(const struct histogram_range *range, uint64_t count, struct strbuf *out)
{
	strbuf_add_char(out, '{');
	if (range->has_low) {
		strbuf_add_string(out, "\"min\": ");
		json_integer(value_signed(range->low), out);
		strbuf_add_string(out, ", ");
	}
	if (range->has_high) {
		/* The last number within, unlike in text; unsigned, since hist's last bucket ends at 2^63. */
		strbuf_add_string(out, "\"max\": ");
		json_integer(value_signed((int64_t)((uint64_t)range->high - 1)), out);
		strbuf_add_string(out, ", ");
	}
	strbuf_add_string(out, "\"count\": ");
	json_integer(value_unsigned(count), out);
	strbuf_add_char(out, '}');
}

static void json_histogram(const struct type *type, const uint64_t *buckets, uint64_t divisor, struct strbuf *out)
{
	size_t first, end;

	histogram_extent(type, buckets, &first, &end);
	strbuf_add_char(out, '[');
	for (size_t i = first; i < end; i++) {
		struct histogram_range range = histogram_range(type, i);

		if (i > first)
			strbuf_add_char(out, ',');
		json_range(&range, buckets[i] / divisor, out);
	}
	strbuf_add_char(out, ']');
}

static void json_stats(const struct map_stats *stats, struct strbuf *out)
{
	strbuf_add_string(out, "{\"count\": ");
	json_integer(stats->count, out);
	strbuf_add_string(out, ", \"average\": ");
	json_integer(stats->average, out);
	strbuf_add_string(out, ", \"total\": ");
	json_integer(stats->total, out);
	strbuf_add_char(out, '}');
}

/* Only intervals that have a value; when they began as ISO 8601 has it, in UTC. */
static void json_series(const struct type *type, const uint64_t *ring, struct strbuf *out)
{
	uint64_t first, end;
	bool is_first = true;

	strbuf_add_char(out, '[');
	if (series_extent(type, ring, &first, &end)) {
		for (uint64_t interval = first; interval < end; interval++) {
			struct value value;

			if (!series_value(type, ring, interval, &value))
				continue;
			strbuf_add_string(out, is_first ? "{\"interval_start\": \"" : ",{\"interval_start\": \"");
			clock_add_iso(interval * type->series.interval_ns, out);
			strbuf_add_string(out, "\", \"value\": ");
			json_integer(value, out);
			strbuf_add_char(out, '}');
			is_first = false;
		}
	}
	strbuf_add_char(out, ']');
}

static void json_row(const struct map *map, const struct map_row *row, uint64_t divisor, const char *trailer,
		     struct strbuf *out)
{
	switch (map_shape(map)) {
	case MAP_NUMBERS:
	case MAP_VALUES:
		json_value(row->value, map->value_type, trailer, out);
		return;
	case MAP_STATS:
		json_stats(&row->stats, out);
		return;
	case MAP_HISTOGRAMS:
		json_histogram(map->value_type, row->buckets, divisor, out);
		return;
	case MAP_SERIES:
		json_series(map->value_type, row->buckets, out);
		return;
	}
	abort();
}

/* {"k": 5, "l": 6}; a key of several parts is one string, "1,abc". */
static void json_rows(const struct map *map, const struct map_selection *selection, const char *trailer,
		      struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf key = {0};

	strbuf_add_char(out, '{');
	for (size_t i = 0; i < selection->count; i++) {
		strbuf_clear(&key);
		print_key(selection->rows[i].key, map->key_type, ",", trailer, &key);
		if (i)
			strbuf_add_string(out, ", ");
		json_string(strbuf_text(&key), key.length, out);
		strbuf_add_string(out, ": ");
		json_row(map, &selection->rows[i], selection->divisor, trailer, out);
	}
	strbuf_add_char(out, '}');
	out->failed |= key.failed;
}

/* What a line calls a map. */
static const char *map_type(const struct map *map)
{
	if (map->value_type->kind == TYPE_AVG || map->value_type->kind == TYPE_STATS)
		return "stats";
	if (map_shape(map) == MAP_SERIES)
		return "tseries";
	return map_shape(map) == MAP_HISTOGRAMS ? "hist" : "map";
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

static void begin_line(const char *type, struct strbuf *out)
{
	strbuf_add_string(out, "{\"type\": \"");
	strbuf_add_string(out, type);
	strbuf_add_string(out, "\", \"data\": ");
}

void json_text_line(const char *type, const char *text, size_t length, struct strbuf *out)
{
	begin_line(type, out);
	json_string(text, length, out);
	strbuf_add_string(out, "}\n");
}

static void add_place(const struct source *source, struct span span, struct strbuf *out)
{
	unsigned line, column;

	diag_locate(source, span.start, &line, &column);
	source = diag_source_at(source, span.start);
	strbuf_add_string(out, ", \"filename\": ");
	json_string(source->name, strlen(source->name), out);
	strbuf_addf(out, ", \"line\": %u, \"col\": %u}\n", line, column);
}

void json_message_line(const char *type, const struct source *source, struct span span, const char *text, size_t length,
		       struct strbuf *out)
{
	strbuf_addf(out, "{\"type\": \"%s\", \"msg\": ", type);
	json_string(text, length, out);
	add_place(source, span, out);
}

void json_helper_error_line(const struct source *source, struct span span, const char *message, const char *helper,
			    int code, struct strbuf *out)
{
	strbuf_add_string(out, "{\"type\": \"helper_error\", \"msg\": ");
	json_string(message, strlen(message), out);
	strbuf_addf(out, ", \"helper\": \"%s\", \"retcode\": %d", helper, code);
	add_place(source, span, out);
}

void json_value_line(struct value value, const struct type *type, const char *trailer, struct strbuf *out)
{
	begin_line("value", out);
	json_value(value, type, trailer, out);
	strbuf_add_string(out, "}\n");
}

void json_map_line(const struct map *map, const struct map_selection *selection, const char *trailer,
		   struct strbuf *out)
{
	if (!selection->count)
		return;
	begin_line(map_type(map), out);
	strbuf_add_char(out, '{');
	json_string(map->name, strlen(map->name), out);
	strbuf_add_string(out, ": ");
	if (map->key_type)
		json_rows(map, selection, trailer, out);
	else
		json_row(map, &selection->rows[0], selection->divisor, trailer, out);
	strbuf_add_string(out, "}}\n");
}
