/* SPDX-License-Identifier: MIT */
/*
 * Options of a script: getopt("name"[, default[, description]]) is what the
 * command line says behind `--', `--name=value' or `--name', else the default:
 * false where there is none. It is a constant, of the default's type.
 */
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "lang/literal.h"
#include "lang/sema_internal.h"

/* An option that the script asks for. */
struct sema_option {
	struct sema_option *next;
	const char *name;
	const char *fallback; /* the default, as text */
	enum ast_expression_kind kind;
	const char *description; /* or NULL */
	bool is_wrong;           /* what the command line says was complained about */
};

/* ---- The command line ------------------------------------------------------------------------------------------- */

/* True if WORD, "--name" or "--name=value", is about NAME. */
static bool is_about(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word + 2, name, length) == 0 && (word[2 + length] == '=' || !word[2 + length]);
}

/* What the command line says of NAME; NULL: nothing. "" for a name alone. The last word counts. */
static const char *find_value(const struct sema *sema, const char *name)
{
	const struct sema_words *words = &sema->options->named_parameters;
	const char *value = NULL;

	for (size_t i = 0; i < words->count; i++) {
		const char *rest = words->items[i] + 2 + strlen(name);

		if (is_about(words->items[i], name))
			value = *rest ? rest + 1 : rest;
	}
	return value;
}

static bool read_bool(const char *text, bool *ret)
{
	/* The name alone says yes. */
	*ret = !*text || strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0;
	return *ret || strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

/* Says once what is wrong, however often the option is asked for. */
static void complain(struct sema *sema, struct sema_option *option, const char *kind, const char *value)
{
	if (!option->is_wrong)
		diag_error_anywhere(sema->diagnostics, "program command line option --%s invalid %s (value: %s)",
				    option->name, kind, value);
	option->is_wrong = true;
}

/* ---- The call --------------------------------------------------------------------------------------------------- */

static void set_bool(struct ast_expression *node, bool value)
{
	node->kind = AST_BOOL;
	node->integer = value;
}

/* NODE becomes VALUE, an int64 whatever its size. */
static void set_integer(struct sema *sema, struct ast_expression *node, uint64_t value, bool is_negative)
{
	struct ast_expression *constant = arena_allocate(sema->arena, sizeof(*constant));

	if (!constant)
		return;
	constant->span = node->span;
	constant->depth = 1;
	sema_set_constant(constant, value, is_negative);
	node->kind = AST_CAST;
	node->type = &type_int64;
	node->cast.target = NULL;
	node->cast.operand = constant;
	node->depth = 2;
}

/* NODE becomes TEXT, with room for as much as str() gets. */
static void set_text(struct sema *sema, struct ast_expression *node, const char *text)
{
	size_t length = strlen(text);
	size_t capacity = sema->program->config.max_strlen;

	node->kind = AST_STRING;
	node->text = (struct ast_text){arena_copy(sema->arena, text, length), length};
	if (length + 1 > capacity)
		capacity = length + 1;
	node->type = capacity <= TYPE_STRING_MAX ? type_string(sema->arena, (uint32_t)capacity) : NULL;
}

static void become_integer(struct sema *sema, struct ast_expression *node, struct sema_option *option, const char *text)
{
	bool is_negative = text[0] == '-';
	uint64_t value;

	if (literal_integer(text + is_negative, strlen(text + is_negative), &value) != LITERAL_OK ||
	    value > (uint64_t)INT64_MAX + is_negative) {
		complain(sema, option, "integer", text);
		return;
	}
	set_integer(sema, node, is_negative ? -value : value, is_negative && value > 0);
}

/* What may be a default: a literal. Tells what the command line must say, and the default as text. */
static bool read_default(struct sema *sema, const struct ast_expression *node, struct sema_option *option)
{
	bool is_negative;

	option->kind = node->kind;
	if (node->kind == AST_BOOL) {
		option->fallback = node->integer ? "true" : "false";
	} else if (node->kind == AST_STRING) {
		option->fallback = node->text.bytes;
	} else if (sema_is_constant(node, &is_negative)) {
		option->fallback = is_negative ? arena_printf(sema->arena, "%lld", (long long)node->integer)
					       : arena_printf(sema->arena, "%llu", (unsigned long long)node->integer);
	} else {
		diag_error(sema->diagnostics, node->span,
			   "Second argument to 'getopt' must be a string literal, integer literal, or a boolean "
			   "literal.");
		return false;
	}
	return option->fallback != NULL;
}

/* Notes OPTION, which must not differ from what was asked by the same name before; else NULL. */
static struct sema_option *keep(struct sema *sema, const struct ast_expression *node, const struct sema_option *option)
{
	struct sema_option **link = &sema->used_options;
	struct sema_option *kept;

	for (; *link; link = &(*link)->next) {
		if (strcmp((*link)->name, option->name) != 0)
			continue;
		if ((*link)->kind == option->kind && strcmp((*link)->fallback, option->fallback) == 0)
			return *link;
		diag_error(sema->diagnostics, node->span,
			   "Command line option '%s' needs to have the same default value in all places it is used. "
			   "Previous default value: %s",
			   option->name, (*link)->fallback);
		return NULL;
	}
	kept = arena_allocate(sema->arena, sizeof(*kept));
	if (!kept)
		return NULL;
	*kept = *option;
	*link = kept;
	return kept;
}

void sema_name_getopt(struct sema *sema, struct ast_expression *node)
{
	const struct ast_call call = node->call;
	struct sema_option option = {.kind = AST_BOOL, .fallback = "false"};
	struct sema_option *kept;
	const char *value;
	bool is_true;

	sema_name_arguments(sema, node);
	if (call.arguments[0]->kind != AST_STRING) {
		diag_error(sema->diagnostics, call.arguments[0]->span,
			   "First argument to 'getopt' must be a string literal.");
		return;
	}
	option.name = call.arguments[0]->text.bytes;
	if (call.argument_count > 2 && call.arguments[2]->kind == AST_STRING) {
		option.description = call.arguments[2]->text.bytes;
	} else if (call.argument_count > 2) {
		diag_error(sema->diagnostics, call.arguments[2]->span,
			   "Third argument to 'getopt' must be a string literal.");
		return;
	}
	if (call.argument_count > 1 && !read_default(sema, call.arguments[1], &option))
		return;
	kept = keep(sema, node, &option);
	if (!kept)
		return;
	value = find_value(sema, option.name);
	if (!value)
		value = option.fallback;
	if (option.kind == AST_STRING) {
		set_text(sema, node, value);
	} else if (option.kind == AST_INTEGER) {
		become_integer(sema, node, kept, value);
	} else {
		if (!read_bool(value, &is_true))
			complain(sema, kept, "boolean", value);
		set_bool(node, is_true);
	}
}

/* ---- What is left over ------------------------------------------------------------------------------------------ */

static bool is_used(const struct sema *sema, const char *word)
{
	for (const struct sema_option *option = sema->used_options; option; option = option->next) {
		if (is_about(word, option->name))
			return true;
	}
	return false;
}

/* A line for each option: --name=default and what it is for. */
static char *describe_options(const struct sema *sema)
{
	_cleanup_strbuf_ struct strbuf out = {};

	strbuf_add_string(&out, sema->used_options ? "PROGRAM OPTIONS:\n" : "The program has no options.\n");
	for (const struct sema_option *option = sema->used_options; option; option = option->next) {
		size_t start = out.length;

		strbuf_addf(&out, "    --%s", option->name);
		if (option->kind != AST_BOOL || strcmp(option->fallback, "false") != 0)
			strbuf_addf(&out, "=%s", option->fallback);
		if (option->description) {
			size_t width = out.length - start;

			strbuf_add_repeated(&out, ' ', width < 27 ? 27 - width : 1);
			strbuf_add_string(&out, option->description);
		}
		strbuf_add_char(&out, '\n');
	}
	sema->arena->failed |= out.failed;
	return arena_copy(sema->arena, strbuf_text(&out), out.length);
}

void sema_check_options(struct sema *sema)
{
	const struct sema_words *words = &sema->options->named_parameters;
	_cleanup_strbuf_ struct strbuf left_over = {};
	_cleanup_strbuf_ struct strbuf known = {};

	for (size_t i = 0; i < words->count; i++) {
		if (is_used(sema, words->items[i]))
			continue;
		if (strcmp(words->items[i], "--help") == 0)
			sema->program->options_help = describe_options(sema);
		else
			strbuf_addf(&left_over, "%s%.*s", left_over.length ? ", " : "",
				    (int)strcspn(words->items[i], "="), words->items[i]);
	}
	if (!left_over.length)
		return;
	for (const struct sema_option *option = sema->used_options; option; option = option->next)
		strbuf_addf(&known, "%s--%s", known.length ? ", " : "", option->name);
	diag_error_anywhere(sema->diagnostics, "unexpected program command line options: %s", strbuf_text(&left_over));
	if (known.length)
		diag_hint(sema->diagnostics, "expected program options: %s", strbuf_text(&known));
}
