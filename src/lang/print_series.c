/* SPDX-License-Identifier: MIT */
/*
 * A time series as bpftrace draws it: time goes down, values go right.
 *
 *	             0                                                   5
 *	hh:mm:ss.ms  |___________________________________________________|
 *	13:00:00.000 *                                                   | 0
 *	13:00:00.100 |                                                   * 5
 *	13:00:00.200 |                                                   | -
 *	             v___________________________________________________v
 *	             0                                                   5
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/strbuf.h"
#include "lang/print.h"
#include "lang/series.h"
#include "lang/type.h"

#define FIELD_WIDTH 53 /* with both its edges */
#define TIME_WIDTH  13 /* "hh:mm:ss.ms  " */

#define NS_PER_MS     UINT64_C(1000000)
#define NS_PER_SECOND UINT64_C(1000000000)

struct scale {
	int64_t min;
	int64_t max; /* > min */
};

static int64_t number_of(struct value value)
{
	return (int64_t)value.integer;
}

/* From the least to the greatest value. If they are the same, a little to both sides. */
static struct scale find_scale(const struct type *type, const uint64_t *ring, uint64_t first, uint64_t end)
{
	struct scale scale = {.min = INT64_MAX, .max = INT64_MIN};
	struct value value;

	for (uint64_t interval = first; interval < end; interval++) {
		if (!series_value(type, ring, interval, &value))
			continue;
		if (number_of(value) < scale.min)
			scale.min = number_of(value);
		if (number_of(value) > scale.max)
			scale.max = number_of(value);
	}
	if (scale.min == scale.max) {
		scale.min -= scale.min > INT64_MIN;
		scale.max += scale.max < INT64_MAX;
	}
	return scale;
}

/* The column of NUMBER, from 0 to FIELD_WIDTH - 1. */
static size_t column_of(const struct scale *scale, int64_t number)
{
	double share = ((double)number - (double)scale->min) / ((double)scale->max - (double)scale->min);

	return (size_t)(share * (FIELD_WIDTH - 1));
}

static void add_numbers(struct strbuf *out, const struct scale *scale)
{
	char min[24], max[24];
	int width;

	snprintf(min, sizeof(min), "%" PRId64, scale->min);
	snprintf(max, sizeof(max), "%" PRId64, scale->max);
	width = FIELD_WIDTH - (int)strlen(min);
	strbuf_addf(out, "%*s%s%*s\n", TIME_WIDTH, "", min, width, max);
}

static void add_rule(struct strbuf *out, const char *head, char edge)
{
	strbuf_addf(out, "%-*s%c", TIME_WIDTH, head, edge);
	strbuf_add_repeated(out, '_', FIELD_WIDTH - 2);
	strbuf_add_char(out, edge);
	strbuf_add_char(out, '\n');
}

static void add_time(struct strbuf *out, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
	struct tm local;
	char text[16];

	localtime_r(&seconds, &local);
	strftime(text, sizeof(text), "%H:%M:%S", &local);
	strbuf_addf(out, "%s.%03u ", text, (unsigned)(wall_ns % NS_PER_SECOND / NS_PER_MS));
}

static void add_interval(struct strbuf *out, const struct type *type, const uint64_t *ring, uint64_t interval,
			 const struct scale *scale)
{
	char field[FIELD_WIDTH + 1];
	struct value value;
	bool is_known = series_value(type, ring, interval, &value);

	memset(field, ' ', FIELD_WIDTH);
	field[FIELD_WIDTH] = '\0';
	if (scale->min < 0 && scale->max > 0)
		field[column_of(scale, 0)] = '.';
	field[0] = '|';
	field[FIELD_WIDTH - 1] = '|';
	if (is_known)
		field[column_of(scale, number_of(value))] = '*';
	add_time(out, interval * type->series.interval_ns);
	strbuf_addf(out, "%s ", field);
	if (is_known)
		print_value(value, NULL, "", out);
	else
		strbuf_add_char(out, '-');
	strbuf_add_char(out, '\n');
}

void print_series(const struct type *type, const uint64_t *ring, uint64_t end, struct strbuf *out)
{
	uint64_t first, own_end;
	struct scale scale;

	if (series_extent(type, ring, &first, &own_end)) {
		if (first + type->series.count < end)
			first = end - type->series.count;
		scale = find_scale(type, ring, first, end);
		if (scale.min > scale.max) /* all of it is older */
			scale = (struct scale){.min = 0, .max = 1};
		add_numbers(out, &scale);
		add_rule(out, "hh:mm:ss.ms", '|');
		for (uint64_t interval = first; interval < end; interval++)
			add_interval(out, type, ring, interval, &scale);
		add_rule(out, "", 'v');
		add_numbers(out, &scale);
	}
	strbuf_add_char(out, '\n');
}
