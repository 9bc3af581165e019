/* SPDX-License-Identifier: MIT */
/*
 * Settings: config = { name = value; ... }, and BPFTRACE_NAME=value in the
 * environment, which wins. Names are taken in any case, in a script with or
 * without the prefix.
 *
 * Many of bpftrace's only mean something to BPF: their values are checked and
 * otherwise left alone, so that a script is right or wrong under both.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/strbuf.h"
#include "lang/literal.h"
#include "lang/sema_internal.h"

#define PREFIX "BPFTRACE_"

enum kind {
	KIND_NUMBER, /* from `min' to `max' */
	KIND_BOOL,
	KIND_WORD,    /* one of `words' */
	KIND_TEXT,    /* any text */
	KIND_OUTSIDE, /* for the environment alone, where others read it */
};

static const char *const missing_words[] = {
	[AST_MISSING_ERROR] = "error", [AST_MISSING_WARN] = "warn", [AST_MISSING_IGNORE] = "ignore", NULL};
static const char *const stack_words[] = {[TYPE_STACK_BPFTRACE] = "bpftrace",
					  [TYPE_STACK_PERF] = "perf",
					  [TYPE_STACK_RAW] = "raw",
					  [TYPE_STACK_BUILD_ID] = "build_id",
					  NULL};
static const char *const symbol_words[] = {"PER_PID", "PER_PROGRAM", "NONE", "0", "1", NULL};
static const char *const unstable_words[] = {"warn", "error", "enable", "true", "false", "1", "0", NULL};
/* What the kernel takes for compatible with its own. */
static const char *const license_words[] = {
	"GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL", NULL};

/* Checked, and nothing else. */
#define NOWHERE SIZE_MAX

#define CONFIG(member) offsetof(struct ast_config, member)
#define NUMBER(name_, offset_, min_, max_)                                                      \
	{                                                                                       \
		.name = name_, .kind = KIND_NUMBER, .offset = offset_, .min = min_, .max = max_ \
	}
#define BOOL(name_, offset_)                                        \
	{                                                           \
		.name = name_, .kind = KIND_BOOL, .offset = offset_ \
	}
#define WORD(name_, offset_, words_)                                                 \
	{                                                                            \
		.name = name_, .kind = KIND_WORD, .offset = offset_, .words = words_ \
	}
#define TEXT(name_, offset_)                                        \
	{                                                           \
		.name = name_, .kind = KIND_TEXT, .offset = offset_ \
	}
#define OUTSIDE(name_)                              \
	{                                           \
		.name = name_, .kind = KIND_OUTSIDE \
	}

static const struct row {
	const char *name;
	enum kind kind;
	size_t offset; /* into the config: a uint64_t, a bool, an enumeration or a text */
	uint64_t min, max;
	const char *const *words;
} rows[] = {
	WORD("cache_user_symbols", NOWHERE, symbol_words),
	BOOL("cpp_demangle", CONFIG(cpp_demangle)),
	BOOL("lazy_symbolication", NOWHERE),
	WORD("license", NOWHERE, license_words),
	NUMBER("log_size", NOWHERE, 0, UINT64_MAX),
	NUMBER("max_bpf_progs", NOWHERE, 0, UINT64_MAX),
	NUMBER("max_cat_bytes", CONFIG(max_cat_bytes), 0, INT64_MAX),
	NUMBER("max_map_keys", CONFIG(max_map_keys), 1, UINT32_MAX),
	NUMBER("max_probes", CONFIG(max_probes), 0, UINT64_MAX),
	NUMBER("max_strlen", CONFIG(max_strlen), 1, TYPE_STRING_MAX),
	WORD("missing_probes", CONFIG(missing_probes), missing_words),
	NUMBER("on_stack_limit", NOWHERE, 0, UINT64_MAX),
	NUMBER("perf_rb_pages", NOWHERE, 0, UINT64_MAX),
	BOOL("print_maps_on_exit", CONFIG(print_maps_on_exit)),
	BOOL("show_debug_info", NOWHERE),
	WORD("stack_mode", CONFIG(stack_mode), stack_words),
	TEXT("str_trunc_trailer", CONFIG(str_trunc_trailer)),
	WORD("unstable_addr", NOWHERE, unstable_words),
	WORD("unstable_dw_ustack", NOWHERE, unstable_words),
	WORD("unstable_import", NOWHERE, unstable_words),
	WORD("unstable_import_statement", NOWHERE, unstable_words),
	WORD("unstable_map_decl", NOWHERE, unstable_words),
	WORD("unstable_tseries", NOWHERE, unstable_words),
	WORD("unstable_typeinfo", NOWHERE, unstable_words),
	BOOL("use_blazesym", NOWHERE),
	OUTSIDE("btf"),
	OUTSIDE("color"),
	OUTSIDE("debug_output"),
	OUTSIDE("kernel_build"),
	OUTSIDE("kernel_source"),
	OUTSIDE("verify_llvm_ir"),
	OUTSIDE("vmlinux"),
};

/* Names of older versions: still right in the environment, where scripts that start bpftrace have them. */
static const struct {
	const char *name, *new_name;
	bool is_negated; /* the new one says the opposite */
} old_rows[] = {
	{"cat_bytes_max", "max_cat_bytes", false},
	{"map_keys_max", "max_map_keys", false},
	{"no_cpp_demangle", "cpp_demangle", true},
	{"strlen", "max_strlen", false},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A setting, wherever it stands. */
struct given {
	const char *name;
	const char *value;
	bool is_negated;         /* what is true means false */
	const struct span *span; /* NULL: in the environment */
};

/* Reports that something is WRONG with a setting. */
static void complain(struct sema *sema, const struct given *given, const char *wrong)
{
	if (given->span)
		diag_error(sema->diagnostics, *given->span, "%s: %s", given->name, wrong);
	else
		diag_error_anywhere(sema->diagnostics, "%s: %s (it is set in the environment)", given->name, wrong);
}

static void set_number(struct sema *sema, const struct given *given, const struct row *row, void *ret)
{
	uint64_t value;
	char wrong[96];

	if (literal_integer(given->value, strlen(given->value), &value) == LITERAL_OK && value >= row->min &&
	    value <= row->max) {
		if (ret)
			*(uint64_t *)ret = value;
		return;
	}
	if (row->max == UINT64_MAX)
		snprintf(wrong, sizeof(wrong), "expecting a number");
	else
		snprintf(wrong, sizeof(wrong), "expecting a number from %llu to %llu", (unsigned long long)row->min,
			 (unsigned long long)row->max);
	complain(sema, given, wrong);
}

static void set_bool(struct sema *sema, const struct given *given, void *ret)
{
	bool is_true = strcasecmp(given->value, "true") == 0 || strcmp(given->value, "1") == 0;
	bool is_false = strcasecmp(given->value, "false") == 0 || strcmp(given->value, "0") == 0;

	if (!is_true && !is_false)
		complain(sema, given, "expecting true or false");
	else if (ret)
		*(bool *)ret = is_true != given->is_negated;
}

/* "expecting error, warn or ignore". */
static void add_words(struct strbuf *out, const char *const *words)
{
	strbuf_add_string(out, "expecting ");
	for (size_t i = 0; words[i]; i++)
		strbuf_addf(out, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
}

static void set_word(struct sema *sema, const struct given *given, const char *const *words, void *ret)
{
	_cleanup_strbuf_ struct strbuf wrong = {0};

	for (unsigned i = 0; words[i]; i++) {
		if (strcasecmp(given->value, words[i]) != 0)
			continue;
		if (ret)
			*(unsigned *)ret = i;
		return;
	}
	add_words(&wrong, words);
	sema->arena->failed |= wrong.failed;
	complain(sema, given, strbuf_text(&wrong));
}

static void apply(struct sema *sema, const struct given *given, const struct row *row)
{
	void *member = row->offset == NOWHERE ? NULL : (char *)&sema->program->config + row->offset;

	switch (row->kind) {
	case KIND_NUMBER:
		set_number(sema, given, row, member);
		break;
	case KIND_BOOL:
		set_bool(sema, given, member);
		break;
	case KIND_WORD:
		set_word(sema, given, row->words, member);
		break;
	case KIND_TEXT:
		*(const char **)member = arena_copy(sema->arena, given->value, strlen(given->value));
		break;
	case KIND_OUTSIDE:
		if (given->span)
			complain(sema, given, "can only be set as an environment variable");
		break;
	}
}

static const struct row *find_row(const char *name)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strcasecmp(name, rows[i].name) == 0)
			return &rows[i];
	}
	return NULL;
}

/* NAME is none of the names that there are now. Of an old one, and in the environment, that may be right. */
static void apply_other(struct sema *sema, struct given *given, const char *name)
{
	struct nearest search = {.wanted = name, .distance = NEAREST_START};

	for (size_t i = 0; i < COUNT(old_rows); i++) {
		if (strcasecmp(name, old_rows[i].name) != 0)
			continue;
		if (given->span) {
			complain(sema, given, "renamed by bpftrace");
			diag_hint(sema->diagnostics, "the new name is %s", old_rows[i].new_name);
		} else {
			given->is_negated = old_rows[i].is_negated;
			apply(sema, given, find_row(old_rows[i].new_name));
		}
		return;
	}
	/* The environment may hold what is meant for other programs, or other versions. */
	if (!given->span)
		return;
	complain(sema, given, "not a known configuration option");
	for (size_t i = 0; i < COUNT(rows); i++)
		nearest_offer(&search, rows[i].name);
	if (search.best)
		diag_hint(sema->diagnostics, "did you mean %s?", search.best);
}

static void resolve(struct sema *sema, struct given *given)
{
	const char *name = given->name;
	const struct row *row;

	if (strncasecmp(name, PREFIX, strlen(PREFIX)) == 0)
		name += strlen(PREFIX);
	row = find_row(name);
	if (row)
		apply(sema, given, row);
	else
		apply_other(sema, given, name);
}

/* WORD is NAME=value, as environ(7) has it. */
static void resolve_environment(struct sema *sema, const char *word)
{
	const char *equals = strchr(word, '=');

	if (equals && strncmp(word, PREFIX, strlen(PREFIX)) == 0) {
		struct given given = {
			.name = arena_copy(sema->arena, word, (size_t)(equals - word)),
			.value = equals + 1,
		};

		if (given.name)
			resolve(sema, &given);
	}
}

void sema_config(struct sema *sema)
{
	sema->program->config = (struct ast_config){
		.max_strlen = 1024,
		.max_map_keys = 4096,
		.max_cat_bytes = 10240,
		.max_probes = 1024,
		.print_maps_on_exit = true,
		.cpp_demangle = true,
		.str_trunc_trailer = "..",
	};
	for (const struct ast_setting *setting = sema->program->settings; setting; setting = setting->next)
		resolve(sema, &(struct given){.name = setting->name, .value = setting->value, .span = &setting->span});
	for (const char *const *word = sema->options->environment; word && *word; word++)
		resolve_environment(sema, *word);
}

/* ---- config.name ------------------------------------------------------------------------------------------------ */

static void become_text(struct sema *sema, struct ast_expression *node, const char *text)
{
	node->kind = AST_STRING;
	node->text = (struct ast_text){arena_copy(sema->arena, text, strlen(text)), strlen(text)};
}

void sema_name_setting(struct sema *sema, struct ast_expression *node)
{
	const char *name = node->field.name;
	const struct row *row = find_row(name);
	const void *member;
	struct nearest search = {.wanted = name, .distance = NEAREST_START};

	if (!row || row->offset == NOWHERE || row->kind == KIND_OUTSIDE) {
		diag_error(sema->diagnostics, node->field.name_span,
			   row ? "%s has no value here" : "%s: not a known configuration option", name);
		for (size_t i = 0; !row && i < COUNT(rows); i++)
			nearest_offer(&search, rows[i].name);
		if (search.best)
			diag_hint(sema->diagnostics, "did you mean %s?", search.best);
		return;
	}
	member = (const char *)&sema->program->config + row->offset;
	switch (row->kind) {
	case KIND_NUMBER:
		sema_set_constant(node, *(const uint64_t *)member, false);
		break;
	case KIND_BOOL:
		node->kind = AST_BOOL;
		node->integer = *(const bool *)member;
		break;
	case KIND_WORD:
		become_text(sema, node, row->words[*(const unsigned *)member]);
		break;
	case KIND_TEXT:
		become_text(sema, node, *(const char *const *)member);
		break;
	case KIND_OUTSIDE:
		break;
	}
}
