/* SPDX-License-Identifier: MIT */
/*
 * Tests and benchmarks: clauses at test: and bench: probes, run without any
 * target by --test and --bench.
 *
 * A benchmark is run again and again, each round four times as often as the
 * one before, until a round takes long enough to be measured well; what it
 * tells is that round's time by its runs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_string.h"
#include "base/strbuf.h"
#include "lang/clock.h"
#include "lang/eval.h"
#include "lang/json.h"
#include "lang/program_internal.h"

/* A round that took so long, or had so many runs, is the last. */
#define ROUND_NS_MIN   UINT64_C(100000000)
#define ROUND_RUNS_MAX (UINT64_C(1) << 26)

/* ---- Tests ------------------------------------------------------------------------------------------------------ */

static void say_test(struct runtime *runtime, const char *name, bool has_passed)
{
	strbuf_clear(&runtime->text);
	if (runtime->format == LANG_JSON) {
		strbuf_add_string(&runtime->text, "{\"type\": \"test_result\", \"data\": {");
		json_string(name, strlen(name), &runtime->text);
		strbuf_addf(&runtime->text, ": %s}}\n", has_passed ? "true" : "false");
	} else if (has_passed) {
		strbuf_addf(&runtime->text, "test:%s: passed\n", name);
	} else if (runtime->returned) {
		strbuf_addf(&runtime->text, "test:%s: failed, it returned %" PRId64 "\n", name, runtime->returned);
	} else {
		strbuf_addf(&runtime->text, "test:%s: failed\n", name);
	}
	runtime_flush(runtime);
}

/* True if it passed. What exit() asked for belongs to the test alone. */
static bool run_test(struct runtime *runtime, const struct binding *binding)
{
	int status = runtime->exit_status;
	bool has_passed;

	runtime->exit_status = 0;
	eval_clause(runtime, binding->clause, binding->point, NULL);
	has_passed = runtime->exit_status == 0 && runtime->returned == 0;
	runtime->exit_status = status;
	say_test(runtime, binding->point->name, has_passed);
	return has_passed;
}

/* ---- Benchmarks ------------------------------------------------------------------------------------------------- */

/* Nanoseconds that a run takes. */
static uint64_t measure(struct runtime *runtime, const struct binding *binding)
{
	for (uint64_t runs = 1;; runs *= 4) {
		uint64_t start = clock_ns(CLOCK_KIND_MONOTONIC);
		uint64_t elapsed;

		for (uint64_t i = 0; i < runs; i++)
			eval_clause(runtime, binding->clause, binding->point, NULL);
		elapsed = clock_ns(CLOCK_KIND_MONOTONIC) - start;
		if (elapsed >= ROUND_NS_MIN || runs >= ROUND_RUNS_MAX)
			return elapsed / runs;
	}
}

#define TIME_HEADING "AVERAGE TIME"

/* NANOSECONDS in the largest unit that leaves more than 0. */
static void add_duration(struct strbuf *out, uint64_t nanoseconds)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	size_t unit = 0;

	for (; nanoseconds >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		nanoseconds /= 1000;
	strbuf_addf(out, "%" PRIu64 "%s", nanoseconds, units[unit]);
}

static void add_rule(struct strbuf *out, size_t width)
{
	strbuf_add_char(out, '+');
	strbuf_add_repeated(out, '-', width + 2);
	strbuf_add_char(out, '+');
	strbuf_add_repeated(out, '-', strlen(TIME_HEADING) + 2);
	strbuf_add_string(out, "+\n");
}

static void add_row(struct strbuf *out, size_t width, const char *name, const char *time)
{
	strbuf_addf(out, "| %-*s | %-*s |\n", (int)width, name, (int)strlen(TIME_HEADING), time);
}

/* A benchmark's result. */
struct result {
	const char *name;
	uint64_t nanoseconds;
};

static void say_table(struct runtime *runtime, const struct result *results, size_t count)
{
	static const char heading[] = "BENCHMARK";
	size_t width = strlen(heading);

	for (size_t i = 0; i < count; i++) {
		if (strlen(results[i].name) > width)
			width = strlen(results[i].name);
	}
	strbuf_clear(&runtime->text);
	add_rule(&runtime->text, width);
	add_row(&runtime->text, width, heading, TIME_HEADING);
	add_rule(&runtime->text, width);
	for (size_t i = 0; i < count; i++) {
		_cleanup_strbuf_ struct strbuf time = {0};

		add_duration(&time, results[i].nanoseconds);
		add_row(&runtime->text, width, results[i].name, strbuf_text(&time));
	}
	add_rule(&runtime->text, width);
	strbuf_add_char(&runtime->text, '\n');
	runtime_flush(runtime);
}

static void say_json(struct runtime *runtime, const struct result *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		strbuf_clear(&runtime->text);
		strbuf_add_string(&runtime->text, "{\"type\": \"benchmark_result\", \"data\": {");
		json_string(results[i].name, strlen(results[i].name), &runtime->text);
		strbuf_addf(&runtime->text, ": %" PRIu64 "}}\n", results[i].nanoseconds);
		runtime_flush(runtime);
	}
}

/* What benchmarks print would be printed thousands of times: it goes nowhere. */
static uint64_t run_benchmark(struct runtime *runtime, const struct binding *binding)
{
	struct lang_output output = runtime->output;
	uint64_t nanoseconds;

	runtime->output.write = NULL;
	nanoseconds = measure(runtime, binding);
	runtime->output = output;
	return nanoseconds;
}

/* ---- All of them ------------------------------------------------------------------------------------------------ */

void lang_run_trials(struct lang_program *program)
{
	struct runtime *runtime = &program->runtime;
	_cleanup_free_ struct result *results = NULL;
	size_t count = 0;

	if (program->mode == LANG_TRACE)
		return;
	results = calloc(program->binding_count + 1, sizeof(*results));
	for (size_t i = 0; results && i < program->binding_count; i++) {
		const struct binding *binding = &program->bindings[i];

		if (binding->is_filtered)
			continue;
		if (binding->point->type == AST_PROBE_TEST && !run_test(runtime, binding))
			runtime->exit_status = 1;
		if (binding->point->type == AST_PROBE_BENCH)
			results[count++] = (struct result){binding->point->name, run_benchmark(runtime, binding)};
	}
	if (count && runtime->format == LANG_JSON)
		say_json(runtime, results, count);
	else if (count)
		say_table(runtime, results, count);
}
