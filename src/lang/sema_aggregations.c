/* SPDX-License-Identifier: MIT */
/* @map = count() and its like: the form of the call, then the type that it gives the map. */
#include <string.h>

#include "lang/sema_internal.h"

/* The limits of lhist() and hist(), as bpftrace has them. */
#define LHIST_BUCKETS_MAX 1000
#define HIST_BITS_MAX     5

/* A million intervals of tseries() take 24 MB for each key. */
#define SERIES_INTERVALS_MAX 1000000

static bool read_hist(struct sema *sema, const struct ast_expression *call, struct type_buckets *ret)
{
	uint64_t bits = 0;

	if (call->call.argument_count < 2)
		return true;
	if (!sema_read_constant(sema, call, 1, &bits))
		return false;
	if (bits > HIST_BITS_MAX) {
		diag_error(sema->diagnostics, call->span, "hist: bits %llu must be 0..%d", (unsigned long long)bits,
			   HIST_BITS_MAX);
		return false;
	}
	ret->bits = (unsigned)bits;
	return true;
}

static bool read_lhist(struct sema *sema, const struct ast_expression *call, struct type_buckets *ret)
{
	uint64_t values[3];

	for (size_t i = 0; i < 3; i++) {
		if (!sema_read_constant(sema, call, i + 1, &values[i]))
			return false;
		if (values[i] > INT64_MAX) {
			diag_error(sema->diagnostics, call->call.arguments[i + 1]->span,
				   "lhist() takes no numbers above %lld", (long long)INT64_MAX);
			return false;
		}
	}
	*ret = (struct type_buckets){.min = (int64_t)values[0], .max = (int64_t)values[1], .step = (int64_t)values[2]};
	if (ret->step < 1) {
		diag_error(sema->diagnostics, call->span, "lhist() step must be >= 1 (%lld provided)",
			   (long long)ret->step);
	} else if (ret->min > ret->max) {
		diag_error(sema->diagnostics, call->span,
			   "lhist() min must be less than max (provided min %lld and max %lld)", (long long)ret->min,
			   (long long)ret->max);
	} else if (ret->max - ret->min < ret->step) {
		diag_error(sema->diagnostics, call->span,
			   "lhist() step is too large for the given range (provided step %lld for range %lld)",
			   (long long)ret->step, (long long)(ret->max - ret->min));
	} else if ((ret->max - ret->min) / ret->step > LHIST_BUCKETS_MAX) {
		diag_error(sema->diagnostics, call->span, "lhist() too many buckets, must be <= %d (would need %lld)",
			   LHIST_BUCKETS_MAX, (long long)((ret->max - ret->min) / ret->step));
	} else {
		return true;
	}
	return false;
}

/* The function that tseries() names; false if it is none. */
static bool find_series_function(const struct ast_expression *word, enum type_series_function *ret)
{
	static const char *const names[] = {
		[TYPE_SERIES_AVG] = "avg",
		[TYPE_SERIES_MAX] = "max",
		[TYPE_SERIES_MIN] = "min",
		[TYPE_SERIES_SUM] = "sum",
	};

	for (size_t i = TYPE_SERIES_AVG; word->kind == AST_STRING && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(word->text.bytes, names[i]) == 0) {
			*ret = (enum type_series_function)i;
			return true;
		}
	}
	return false;
}

static bool read_tseries(struct sema *sema, const struct ast_expression *call, struct type_series *ret)
{
	uint64_t interval, count;

	if (!sema_read_constant(sema, call, 1, &interval) || !sema_read_constant(sema, call, 2, &count))
		return false;
	if (interval == 0) {
		diag_error(sema->diagnostics, call->span, "tseries() interval_ns must be >= 1 (0 provided)");
	} else if (count == 0) {
		diag_error(sema->diagnostics, call->span, "tseries() num_intervals must be >= 1 (0 provided)");
	} else if (count > SERIES_INTERVALS_MAX) {
		diag_error(sema->diagnostics, call->span, "tseries() num_intervals must be <= %d (%llu provided)",
			   SERIES_INTERVALS_MAX, (unsigned long long)count);
	} else {
		*ret = (struct type_series){.interval_ns = interval, .count = (uint32_t)count};
		if (call->call.argument_count < 4 || find_series_function(call->call.arguments[3], &ret->function))
			return true;
		diag_error(sema->diagnostics, call->call.arguments[3]->span,
			   "tseries() expects one of the following aggregation functions: avg, max, min, sum");
	}
	return false;
}

void sema_name_aggregation(struct sema *sema, struct ast_expression *node, const struct aggregation_info *info)
{
	struct ast_expression *call = node->assign.value;
	struct ast_map_use target = node->assign.target->map;
	struct span target_span = node->assign.target->span;
	struct type_buckets buckets = {};
	struct type_series series = {};

	if (call->kind == AST_IDENTIFIER) {
		call->kind = AST_CALL;
		call->call = (struct ast_call){.name = info->name, .name_span = call->span};
	}
	if (!sema_check_count(sema, call, info->arguments_min, info->arguments_max, info->usage))
		return;
	sema_name_arguments(sema, call);
	sema_name_map(sema, &target, target_span, SEMA_MAP_VALUE);
	if (target.map)
		target.map->is_assigned = true;
	if (info->aggregation == AGGREGATION_HIST && !read_hist(sema, call, &buckets))
		return;
	if (info->aggregation == AGGREGATION_LHIST && !read_lhist(sema, call, &buckets))
		return;
	if (info->aggregation == AGGREGATION_TSERIES && !read_tseries(sema, call, &series))
		return;
	node->kind = AST_AGGREGATE;
	node->aggregate.series = series;
	node->aggregate.target = target;
	node->aggregate.aggregation = info->aggregation;
	node->aggregate.value = call->call.argument_count ? call->call.arguments[0] : NULL;
	node->aggregate.buckets = buckets;
	node->aggregate.call_span = call->span;
}

static const struct type *type_of_aggregation(struct sema *sema, const struct ast_expression *node,
					      const struct type *value)
{
	switch (node->aggregate.aggregation) {
	case AGGREGATION_COUNT:
		return &type_count;
	case AGGREGATION_AVG:
		return type_aggregate(sema->arena, TYPE_AVG, value);
	case AGGREGATION_MAX:
		return type_aggregate(sema->arena, TYPE_MAX, value);
	case AGGREGATION_MIN:
		return type_aggregate(sema->arena, TYPE_MIN, value);
	case AGGREGATION_STATS:
		return type_aggregate(sema->arena, TYPE_STATS, value);
	case AGGREGATION_SUM:
		return type_aggregate(sema->arena, TYPE_SUM, value);
	case AGGREGATION_TSERIES:
		return type_time_series(sema->arena, &node->aggregate.series, value);
	case AGGREGATION_HIST:
		return type_histogram(sema->arena, TYPE_HIST, &node->aggregate.buckets);
	case AGGREGATION_LHIST:
		return type_histogram(sema->arena, TYPE_LHIST, &node->aggregate.buckets);
	}
	return &sema_unknown;
}

static const char *aggregation_name(enum aggregation aggregation)
{
	const struct aggregation_info *row;

	for (size_t i = 0; (row = aggregation_row(i)); i++) {
		if (row->aggregation == aggregation)
			return row->name;
	}
	return "";
}

const struct type *sema_aggregation_type(struct sema *sema, struct ast_expression *node)
{
	const struct type *value = node->aggregate.value ? sema_type(sema, node->aggregate.value) : &type_none;
	const struct type *type;

	sema_type_use(sema, &node->aggregate.target);
	if (value == &sema_unknown)
		return &type_none;
	if (node->aggregate.value && value->kind != TYPE_INTEGER) {
		sema_complain(sema, node->aggregate.call_span, "%s() only supports integer arguments (%s provided)",
			      aggregation_name(node->aggregate.aggregation), sema_type_name(sema, value));
		return &type_none;
	}
	type = type_of_aggregation(sema, node, value);
	if (type)
		sema_learn_map(sema, node->aggregate.target.map, type, node->aggregate.call_span);
	return &type_none;
}
