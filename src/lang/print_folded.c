/* SPDX-License-Identifier: MIT */
/*
 * Maps of stacks, folded: a line for each different stack, from the first
 * caller to the function that was hit, as flamegraph.pl and speedscope read
 * them:
 *
 *	@[comm, ustack]: 3		bash;main;reader_loop;read_command 3
 *
 * What a key has beside the stack stands before it, whatever its place, and so
 * does the name of a map that has one. Return addresses are left out, so stacks
 * that differ by them alone are one line.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/stack.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "lang/map.h"
#include "lang/print.h"
#include "lang/type.h"

struct line {
	char *path;
	int64_t count;
};

bool print_is_folded(const struct map *map)
{
	const enum map_shape shape = map_shape(map);
	const struct type *key = map->key_type;

	if (!key || (shape != MAP_NUMBERS && shape != MAP_STATS && shape != MAP_HISTOGRAMS))
		return false;
	if (key->kind == TYPE_STACK)
		return true;
	for (uint32_t i = 0; key->kind == TYPE_TUPLE && i < key->element_count; i++)
		if (key->elements[i]->kind == TYPE_STACK)
			return true;
	return false;
}

/* Appends NAME as one frame: what parts frames and lines is not in it. */
static void add_part(const char *name, struct strbuf *out)
{
	if (out->length)
		strbuf_add_char(out, ';');
	for (; *name; name++)
		strbuf_add_char(out, *name == ';' || *name == '\n' ? ':' : *name);
}

/* A function's name, else its file's in brackets. */
static void add_frame(const struct usdtrap_frame *frame, bool demangles, struct strbuf *out)
{
	_cleanup_free_ char *name = frame->symbol && demangles ? usdtrap_demangle(frame->symbol) : NULL;
	_cleanup_strbuf_ struct strbuf file = {0};
	const char *slash = frame->path ? strrchr(frame->path, '/') : NULL;

	if (frame->symbol) {
		add_part(name ? name : frame->symbol, out);
		return;
	}
	if (frame->path && frame->path[0] != '[')
		strbuf_addf(&file, "[%s]", slash ? slash + 1 : frame->path);
	else
		strbuf_add_string(&file, frame->path ? frame->path : "[unknown]");
	add_part(strbuf_text(&file), out);
}

static void add_stack(struct value value, const struct type *type, struct strbuf *out)
{
	for (size_t i = value.stack ? value.stack->frame_count : 0; i > 0; i--)
		add_frame(value.stack->frames[i - 1], type->demangles, out);
}

static void add_element(struct value value, const struct type *type, const char *trailer, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	print_value(value, type, trailer, &text);
	add_part(strbuf_text(&text), out);
}

static void add_key(struct value key, const struct type *type, const char *trailer, struct strbuf *out)
{
	if (type->kind == TYPE_STACK) {
		add_stack(key, type, out);
		return;
	}
	for (uint32_t i = 0; i < key.length; i++)
		if (type->elements[i]->kind != TYPE_STACK)
			add_element(key.elements[i], type->elements[i], trailer, out);
	for (uint32_t i = 0; i < key.length; i++)
		if (type->elements[i]->kind == TYPE_STACK)
			add_stack(key.elements[i], type->elements[i], out);
}

static int64_t count_of(const struct map *map, const struct map_row *row)
{
	switch (map_shape(map)) {
	case MAP_HISTOGRAMS:
		return (int64_t)row->weight;
	case MAP_STATS:
		return (int64_t)row->stats.total.integer;
	case MAP_NUMBERS:
	case MAP_VALUES:
	case MAP_SERIES:
		break;
	}
	return (int64_t)row->value.integer;
}

static int compare(const void *first, const void *second)
{
	return strcmp(((const struct line *)first)->path, ((const struct line *)second)->path);
}

/* Fills LINES, one for each row. False when memory runs out. */
static bool make_lines(const struct map *map, const struct map_selection *selection, const char *trailer,
		       struct line *lines)
{
	for (size_t i = 0; i < selection->count; i++) {
		_cleanup_strbuf_ struct strbuf path = {0};

		if (map->name[1])
			add_part(map->name, &path);
		add_key(selection->rows[i].key, map->key_type, trailer, &path);
		lines[i].path = path.failed ? NULL : strdup(path.length ? strbuf_text(&path) : "[unknown]");
		lines[i].count = count_of(map, &selection->rows[i]);
		if (!lines[i].path)
			return false;
	}
	return true;
}

void print_folded(const struct map *map, const struct map_selection *selection, const char *trailer, struct strbuf *out)
{
	struct line *lines = calloc(selection->count + 1, sizeof(*lines));

	if (!lines || !make_lines(map, selection, trailer, lines)) {
		out->failed = true;
	} else {
		qsort(lines, selection->count, sizeof(*lines), compare);
		for (size_t i = 0, next; i < selection->count; i = next) {
			int64_t count = lines[i].count;

			for (next = i + 1; next < selection->count && strcmp(lines[next].path, lines[i].path) == 0;
			     next++)
				count += lines[next].count;
			strbuf_addf(out, "%s %" PRId64 "\n", lines[i].path, count);
		}
	}
	for (size_t i = 0; lines && i < selection->count; i++)
		free(lines[i].path);
	free(lines);
}
