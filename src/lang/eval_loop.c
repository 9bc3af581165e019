/* SPDX-License-Identifier: MIT */
/*
 * Loops. What each turn takes of the run's scratch memory would add up, so that
 * a long loop ran out of it; so from time to time what the turns have left
 * behind is given back, but for what variables hold.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "lang/eval_internal.h"
#include "lang/flat.h"

/* As many turns as bpf_loop() allows (BPF_MAX_LOOPS): a loop that never ends must not hold the target for ever. */
#define TURNS_MAX (1u << 23)

/* How much memory turns may have left behind before it is given back. */
#define TAKEN_MAX ((size_t)1024 * 1024)

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

static bool lies_elsewhere(const struct value *value)
{
	return value->kind == VALUE_STRING || value->kind == VALUE_BUFFER || value->kind == VALUE_TUPLE;
}

/* How many bytes the variables' values take that are not in the variables themselves. */
static size_t size_of_variables(const struct run *run)
{
	size_t size = 0;

	for (unsigned i = 0; i < run->clause->variable_count; i++) {
		if (lies_elsewhere(&run->runtime->frame[i]))
			size += flat_size(run->runtime->frame[i]);
	}
	return size;
}

/*
 * Gives back what was taken since MARK. Nothing but variables refers to it: a
 * turn is over, and what the expressions around the loop have so far is older.
 */
static void tidy(struct run *run, const struct scratch_mark *mark)
{
	struct scratch *scratch = &run->runtime->scratch;
	struct value *frame = run->runtime->frame;
	size_t size = size_of_variables(run);
	_cleanup_free_ char *saved = NULL;
	char *end, *kept;

	/* Where it is the variables that take so much, there is little to be had. */
	if (size > scratch_taken(scratch, mark) / 2)
		return;
	saved = malloc(size + 1);
	if (!saved)
		return;
	end = saved;
	for (unsigned i = 0; i < run->clause->variable_count; i++) {
		if (lies_elsewhere(&frame[i]))
			end = flat_write(frame[i], end);
	}
	scratch_release(scratch, mark);
	kept = scratch_allocate(scratch, size);
	if (kept)
		memcpy(kept, saved, size);
	for (unsigned i = 0; i < run->clause->variable_count; i++) {
		if (!lies_elsewhere(&frame[i]))
			continue;
		frame[i] = kept ? flat_read(kept, scratch) : value_unknown("out of memory");
		if (kept)
			kept += flat_size(frame[i]);
	}
}

/* ---- Turns ------------------------------------------------------------------------------------------------------- */

/*
 * Runs a loop's body once, MARK being where the scratch stood when the loop
 * began. False if the loop is left.
 */
static bool run_turn(struct run *run, const struct ast_statement *body, const struct scratch_mark *mark)
{
	eval_statements(run, body);
	if (run->flow == FLOW_CONTINUE)
		run->flow = FLOW_NEXT;
	if (run->flow == FLOW_NEXT) {
		if (scratch_taken(&run->runtime->scratch, mark) > TAKEN_MAX)
			tidy(run, mark);
		return true;
	}
	if (run->flow == FLOW_BREAK)
		run->flow = FLOW_NEXT;
	return false;
}

/* True if the clause has had all the turns it may have, which ends it. */
static bool is_out_of_turns(struct run *run, const struct ast_statement *statement)
{
	if (run->turns++ < TURNS_MAX)
		return false;
	if (!runtime_remarked(run->runtime, statement, 0))
		runtime_remark(run->runtime, statement, 0, statement->span,
			       "The loop was ended after %u turns, and its clause with it", TURNS_MAX);
	run->flow = FLOW_RETURN;
	return true;
}

void eval_while(struct run *run, const struct ast_statement *statement)
{
	const struct scratch_mark mark = scratch_mark(&run->runtime->scratch);

	while (value_is_true(eval_expression(run, statement->loop.condition))) {
		if (is_out_of_turns(run, statement) || !run_turn(run, statement->loop.body, &mark))
			return;
	}
}

static void run_range(struct run *run, const struct ast_statement *statement)
{
	struct value start = eval_expression(run, statement->for_loop.start);
	struct value end = eval_expression(run, statement->for_loop.end);
	const struct scratch_mark mark = scratch_mark(&run->runtime->scratch);

	/* What could not be had is no place to begin or end at. */
	if (start.kind == VALUE_UNKNOWN || end.kind == VALUE_UNKNOWN)
		return;
	for (int64_t i = (int64_t)value_integer(start); i < (int64_t)value_integer(end); i++) {
		run->runtime->frame[statement->for_loop.variable->slot] = value_signed(i);
		if (is_out_of_turns(run, statement) || !run_turn(run, statement->for_loop.body, &mark))
			return;
	}
}

/*
 * The keys that are there when the loop begins are gone through, but for those
 * that its body deletes before their turn; each value is what it then is.
 */
static void run_walk(struct run *run, const struct ast_statement *statement)
{
	struct scratch *scratch = &run->runtime->scratch;
	struct map *map = eval_map_of(run, statement->for_loop.map.map);
	size_t count = map_count(map);
	const struct map_key *keys = map_keys(map, scratch);
	const struct scratch_mark mark = scratch_mark(scratch);

	if (!keys && !runtime_remarked(run->runtime, statement, 1))
		runtime_remark(run->runtime, statement, 1, statement->for_loop.map_span,
			       "%s has too many keys to loop over: memory ran out", map->name);
	for (size_t i = 0; keys && i < count; i++) {
		const struct map_element *element = map_find(map, keys[i].bytes, keys[i].length);
		struct value *row = scratch_allocate(scratch, 2 * sizeof(*row));

		if (!element)
			continue;
		if (!row)
			return;
		row[0] = flat_read(keys[i].bytes, scratch);
		row[1] = map_read(map, element, scratch);
		run->runtime->frame[statement->for_loop.variable->slot] = value_tuple(row, 2);
		if (is_out_of_turns(run, statement) || !run_turn(run, statement->for_loop.body, &mark))
			return;
	}
}

void eval_for(struct run *run, const struct ast_statement *statement)
{
	if (statement->for_loop.map.name)
		run_walk(run, statement);
	else
		run_range(run, statement);
}

void eval_unroll(struct run *run, const struct ast_statement *statement)
{
	const struct scratch_mark mark = scratch_mark(&run->runtime->scratch);

	for (uint64_t i = 0; i < statement->unroll.count; i++) {
		if (!run_turn(run, statement->unroll.body, &mark))
			return;
	}
}
