/* SPDX-License-Identifier: MIT */
#include "lang/runtime.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "lang/ast.h"
#include "lang/clock.h"
#include "lang/json.h"
#include "lang/map.h"
#include "lang/print.h"

static unsigned largest_frame(const struct ast_program *tree)
{
	unsigned largest = 0;

	for (const struct ast_clause *clause = tree->clauses; clause; clause = clause->next) {
		if (clause->variable_count > largest)
			largest = clause->variable_count;
	}
	return largest;
}

struct usdtrap_error *runtime_init(struct runtime *runtime, const struct ast_program *tree)
{
	/* One element more than needed, so that an empty array is no special case. */
	struct map *maps = calloc(tree->map_count + 1, sizeof(*maps));
	struct value *frame = calloc(largest_frame(tree) + 1, sizeof(*frame));

	if (!maps || !frame) {
		free(maps);
		free(frame);
		return &error_no_memory;
	}
	*runtime = (struct runtime){.tree = tree, .maps = maps, .frame = frame};
	for (const struct ast_map *map = tree->maps; map; map = map->next) {
		map_init(&maps[map->slot], map->name, map->key_type, map->value_type,
			 map->limit ? map->limit : tree->config.max_map_keys);
		maps[map->slot].evicts = map->kind == AST_MAP_LRU_HASH || map->kind == AST_MAP_PERCPU_LRU_HASH;
	}
	runtime_start_clock(runtime);
	return NULL;
}

void runtime_deinit(struct runtime *runtime)
{
	runtime_forget_remarks(runtime);
	for (unsigned i = 0; runtime->tree && i < runtime->tree->map_count; i++)
		map_deinit(&runtime->maps[i]);
	free(runtime->maps);
	free(runtime->frame);
	free(runtime->user_name);
	scratch_deinit(&runtime->scratch);
	strbuf_deinit(&runtime->text);
	strbuf_deinit(&runtime->line);
	*runtime = (struct runtime){0};
}

void runtime_start_clock(struct runtime *runtime)
{
	runtime->start_ns = clock_boottime_ns();
	runtime->wall_offset_ns = clock_wall_ns() - runtime->start_ns;
}

/* ---- Output ------------------------------------------------------------------------------------------------------ */

/* Writes TEXT out and empties it. What memory did not suffice for is missing; that is said once. */
static void write_out(struct runtime *runtime, struct strbuf *text)
{
	struct span nowhere = {0};

	if (text->failed && !runtime_remarked(runtime, runtime, 0))
		runtime_remark(runtime, runtime, 0, nowhere, "Memory ran out: some output is missing");
	if (runtime->output.write && text->length)
		runtime->output.write(strbuf_text(text), text->length, runtime->output.user);
	strbuf_clear(text);
}

void runtime_flush(struct runtime *runtime)
{
	write_out(runtime, &runtime->text);
}

void runtime_flush_line(struct runtime *runtime)
{
	write_out(runtime, &runtime->line);
}

void runtime_flush_as(struct runtime *runtime, const char *type)
{
	if (runtime->format == LANG_JSON) {
		json_text_line(type, strbuf_text(&runtime->text), runtime->text.length, &runtime->line);
		runtime->line.failed |= runtime->text.failed;
		strbuf_clear(&runtime->text);
		write_out(runtime, &runtime->line);
	} else {
		write_out(runtime, &runtime->text);
	}
}

void runtime_print_value(struct runtime *runtime, struct value value, const struct type *type)
{
	const char *trailer = runtime->tree->config.str_trunc_trailer;

	strbuf_clear(&runtime->text);
	if (runtime->format == LANG_JSON) {
		json_value_line(value, type, trailer, &runtime->text);
	} else {
		print_value(value, type, trailer, &runtime->text);
		strbuf_add_char(&runtime->text, '\n');
	}
	runtime_flush(runtime);
}

void runtime_print_map(struct runtime *runtime, const struct map *map, uint64_t top, uint64_t divisor, bool wants_zero)
{
	const char *trailer = runtime->tree->config.str_trunc_trailer;
	struct map_selection selection;
	struct usdtrap_error *error = map_select(map, top, divisor, wants_zero, &runtime->scratch, &selection);

	if (error) {
		struct span nowhere = {0};

		runtime_remark(runtime, map, 0, nowhere, "%s could not be printed: %s", map->name,
			       usdtrap_error_message(error));
		usdtrap_error_destroy(error);
		return;
	}
	strbuf_clear(&runtime->text);
	if (runtime->format == LANG_JSON)
		json_map_line(map, &selection, trailer, &runtime->text);
	else if (runtime->format == LANG_FOLDED && print_is_folded(map))
		print_folded(map, &selection, trailer, &runtime->text);
	else
		print_map(map, &selection, trailer, &runtime->text);
	runtime_flush(runtime);
	map_selection_deinit(&selection);
}
