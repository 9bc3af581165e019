/* SPDX-License-Identifier: MIT */
#include "cli/pattern.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/error.h"
#include "base/glob.h"
#include "base/nearest.h"
#include "base/strbuf.h"

enum {
	PART_COUNT_MAX = sizeof(((struct pattern *)NULL)->parts) / sizeof(char *),
};

struct probe_type {
	const char *name;
	const char *alias;
	bool is_listed; /* usdtrap has probes of this type to list */
};

/* All that bpftrace knows. */
static const struct probe_type types[] = {
	{"usdt", "U", true},        {"interval", "i", true},        {"begin", "BEGIN", false},
	{"end", "END", false},      {"fentry", "f", false},         {"fexit", "fr", false},
	{"hardware", "h", false},   {"iter", "it", false},          {"kfunc", "f", false},
	{"kprobe", "k", false},     {"kretfunc", "fr", false},      {"kretprobe", "kr", false},
	{"profile", "p", false},    {"rawtracepoint", "rt", false}, {"self", "self", false},
	{"software", "s", false},   {"tracepoint", "t", false},     {"uprobe", "u", false},
	{"uretprobe", "ur", false}, {"watchpoint", "w", false},
};

static const struct probe_type *type_find(const char *word)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcasecmp(types[i].name, word) == 0 || strcmp(types[i].alias, word) == 0)
			return &types[i];
	}
	return NULL;
}

static void pattern_deinit(struct pattern *pattern)
{
	for (size_t i = 0; i < PART_COUNT_MAX; i++)
		free(pattern->parts[i]);
	free(pattern->text);
}

void pattern_list_deinit(struct pattern_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		pattern_deinit(&list->patterns[i]);
	free(list->patterns);
	*list = (struct pattern_list){0};
}

/*
 * Splits off the pattern that *TEXT begins with, up to a comma or the end,
 * where *TEXT is left. Fills TEXT and PARTS of *PATTERN, which the caller
 * deinits in any case.
 */
static struct usdtrap_error *split(const char **text, struct pattern *pattern, size_t *ret_count)
{
	const char *start = *text, *cursor = start;
	_cleanup_strbuf_ struct strbuf part = {0};
	bool is_quoted = false;
	size_t count = 0;

	for (;; cursor++) {
		bool ends = *cursor == '\0' || (!is_quoted && (*cursor == ':' || *cursor == ','));

		if (ends && count == PART_COUNT_MAX)
			return error_hint(error_create(USDTRAP_INVALID_USE, "'%s' has too many parts", start),
					  "a probe is usdt:FILE:PROVIDER:NAME");
		if (ends) {
			pattern->parts[count] = strbuf_take(&part);
			if (!pattern->parts[count++])
				return &error_no_memory;
		}
		if (*cursor == '\0' || (!is_quoted && *cursor == ','))
			break;
		if (*cursor == '"') {
			is_quoted = !is_quoted;
		} else if (!ends) {
			cursor += is_quoted && cursor[0] == '\\' && cursor[1] == '"';
			strbuf_add_char(&part, *cursor);
		}
	}
	if (is_quoted)
		return error_create(USDTRAP_INVALID_USE, "'%s' opens a quote and does not close it", start);
	pattern->text = strndup(start, (size_t)(cursor - start));
	if (!pattern->text)
		return &error_no_memory;
	*text = cursor;
	*ret_count = count;
	return NULL;
}

/* PARTS behind the type, COUNT of them: which file, provider and name. */
static void read_usdt(struct pattern *pattern, char *const *parts, size_t count, bool with_process)
{
	pattern->is_usdt = true;
	if (count == 1 && with_process && !strchr(parts[0], '/')) {
		pattern->usdt.name = parts[0];
		return;
	}
	pattern->usdt.target = count >= 1 ? parts[0] : NULL;
	pattern->usdt.provider = count == 3 ? parts[1] : NULL;
	pattern->usdt.name = count >= 2 ? parts[count - 1] : NULL;
}

/* The error for a first part that names no type. */
static struct usdtrap_error *no_such_type(const char *word)
{
	struct nearest nearest = {.wanted = word, .distance = NEAREST_START};
	struct usdtrap_error *error = error_create(USDTRAP_INVALID_USE, "Invalid probe type: %s", word);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		nearest_offer(&nearest, types[i].name);
	if (nearest.best)
		return error_hint(error, "did you mean %s?", nearest.best);
	return error_hint(error, "the probes of a program are usdt:PROGRAM:*");
}

/* The first part names no type: it is a file's path, a name to look for, or has wildcards that may stand for a type. */
static struct usdtrap_error *read_untyped(struct pattern *pattern, size_t count, bool with_process)
{
	const char *first = pattern->parts[0];
	bool has_file = count > 1 && access(pattern->parts[1], F_OK) == 0;

	if (strchr(first, '/') && count <= 3) {
		read_usdt(pattern, pattern->parts, count, false);
	} else if (count == 1) {
		pattern->is_usdt = with_process;
		pattern->usdt.name = first;
		pattern->interval_unit = first;
	} else if (glob_has_wildcard(first)) {
		/* Whose usdt probes are meant must still be said: not all of the machine's are. */
		if (glob_match(first, "usdt") && (with_process || has_file))
			read_usdt(pattern, pattern->parts + 1, count - 1, with_process);
		if (glob_match(first, "interval"))
			pattern->interval_unit = pattern->parts[1];
	} else {
		return no_such_type(first);
	}
	return NULL;
}

static struct usdtrap_error *read_parts(struct pattern *pattern, size_t count, bool with_process)
{
	const struct probe_type *type = type_find(pattern->parts[0]);

	if (!type)
		return read_untyped(pattern, count, with_process);
	if (!type->is_listed)
		return error_hint(error_create(USDTRAP_UNSUPPORTED, "usdtrap lists no %s probes", type->name),
				  "usdt and interval probes can be listed");
	if (strcmp(type->name, "interval") == 0)
		pattern->interval_unit = count > 1 ? pattern->parts[1] : "*";
	else
		read_usdt(pattern, pattern->parts + 1, count - 1, with_process);
	return NULL;
}

struct usdtrap_error *pattern_list_parse(const char *text, bool with_process, struct pattern_list *ret)
{
	struct pattern_list list = {0};
	struct usdtrap_error *error = NULL;

	for (;; text++) {
		struct pattern *grown = reallocarray(list.patterns, list.count + 1, sizeof(*grown));
		struct pattern *pattern;
		size_t part_count = 0;

		if (!grown) {
			error = &error_no_memory;
			break;
		}
		list.patterns = grown;
		pattern = &list.patterns[list.count++];
		*pattern = (struct pattern){0};
		error = split(&text, pattern, &part_count);
		if (!error)
			error = read_parts(pattern, part_count, with_process);
		if (error || !*text)
			break;
	}
	if (error)
		pattern_list_deinit(&list);
	else
		*ret = list;
	return error;
}
