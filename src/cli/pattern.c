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
#include "lang/program.h"

enum {
	PART_COUNT_MAX = sizeof(((struct pattern *)NULL)->parts) / sizeof(char *),
};

static const struct {
	const char *name;
	const char *alias;
	bool is_of_user; /* whose probes lie in files */
} types[PATTERN_TYPE_COUNT] = {
	[PATTERN_INTERVAL] = {"interval", "i", false},     [PATTERN_PROFILE] = {"profile", "p", false},
	[PATTERN_TRACEPOINT] = {"tracepoint", "t", false}, [PATTERN_UPROBE] = {"uprobe", "u", true},
	[PATTERN_URETPROBE] = {"uretprobe", "ur", true},   [PATTERN_USDT] = {"usdt", "U", true},
};

const char *pattern_type_name(enum pattern_type type)
{
	return types[type].name;
}

bool pattern_type_find(const char *word, enum pattern_type *ret)
{
	for (unsigned i = 0; i < PATTERN_TYPE_COUNT; i++) {
		/* u and U are not the same. */
		if (strcasecmp(types[i].name, word) == 0 || strcmp(types[i].alias, word) == 0) {
			*ret = (enum pattern_type)i;
			return true;
		}
	}
	return false;
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
static void read_user(struct pattern *pattern, char *const *parts, size_t count, bool with_process)
{
	if (count == 1 && with_process && !strchr(parts[0], '/')) {
		pattern->user.name = parts[0];
		return;
	}
	pattern->user.target = count >= 1 ? parts[0] : NULL;
	pattern->user.provider = count == 3 ? parts[1] : NULL;
	pattern->user.name = count >= 2 ? parts[count - 1] : NULL;
}

/* The same for what lies in no file. */
static void read_kernel(struct pattern *pattern, char *const *parts, size_t count)
{
	pattern->unit = count >= 1 ? parts[0] : "*";
	pattern->category = count >= 2 ? parts[0] : NULL;
	pattern->event = count >= 2 ? parts[1] : count == 1 ? parts[0] : "*";
}

struct type_search {
	const char *word;
	struct nearest nearest;
	const char *found; /* in full */
};

static void on_type(const char *name, const char *alias, bool is_supported, void *user)
{
	struct type_search *search = user;

	(void)is_supported;
	nearest_offer(&search->nearest, name);
	if (strcasecmp(name, search->word) == 0 || (alias && strcmp(alias, search->word) == 0))
		search->found = name;
}

/* WORD is no type that can be listed: the error for one that bpftrace has, else NULL. */
static struct usdtrap_error *refuse_type(const char *word, struct nearest *nearest)
{
	struct type_search search = {.word = word, .nearest = {.wanted = word, .distance = NEAREST_START}};

	lang_each_probe_type(on_type, &search);
	*nearest = search.nearest;
	if (!search.found)
		return NULL;
	return error_hint(error_create(USDTRAP_UNSUPPORTED, "usdtrap lists no %s probes", search.found),
			  "those of interval, profile, tracepoint, uprobe, uretprobe and usdt can be listed");
}

/* The error for a first part that names no type. */
static struct usdtrap_error *no_such_type(const char *word, const struct nearest *nearest)
{
	struct usdtrap_error *error = error_create(USDTRAP_INVALID_USE, "Invalid probe type: %s", word);

	if (nearest->best)
		return error_hint(error, "did you mean %s?", nearest->best);
	return error_hint(error, "the probes of a program are usdt:PROGRAM:*");
}

/*
 * The first part stands for several types. Whose probes are meant must be said
 * for those that lie in files: not all of the machine's are.
 */
static void want_all_like(struct pattern *pattern, const char *wildcard, bool names_file)
{
	for (unsigned i = 0; i < PATTERN_TYPE_COUNT; i++) {
		if (i != PATTERN_URETPROBE && (!types[i].is_of_user || names_file))
			pattern->wants[i] = glob_match(wildcard, types[i].name);
	}
}

/* The first part names no type: it is a file's path, a name to look for, or has wildcards that may stand for a type. */
static struct usdtrap_error *read_untyped(struct pattern *pattern, size_t count, bool with_process)
{
	const char *first = pattern->parts[0];
	bool has_file = count > 1 && access(pattern->parts[1], F_OK) == 0;
	struct nearest nearest;
	struct usdtrap_error *error = refuse_type(first, &nearest);

	if (error)
		return error;
	if (strchr(first, '/') && count <= 3) {
		pattern->wants[PATTERN_USDT] = true;
		read_user(pattern, pattern->parts, count, false);
	} else if (count == 1) {
		want_all_like(pattern, "*", with_process);
		read_user(pattern, pattern->parts, count, with_process);
		read_kernel(pattern, pattern->parts, count);
	} else if (glob_has_wildcard(first)) {
		want_all_like(pattern, first, with_process || has_file);
		read_user(pattern, pattern->parts + 1, count - 1, with_process);
		read_kernel(pattern, pattern->parts + 1, count - 1);
	} else {
		return no_such_type(first, &nearest);
	}
	return NULL;
}

static struct usdtrap_error *read_parts(struct pattern *pattern, size_t count, bool with_process)
{
	enum pattern_type type;

	if (!pattern_type_find(pattern->parts[0], &type)) {
		return read_untyped(pattern, count, with_process);
	}
	pattern->wants[type] = true;
	if (types[type].is_of_user)
		read_user(pattern, pattern->parts + 1, count - 1, with_process);
	else
		read_kernel(pattern, pattern->parts + 1, count - 1);
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
