/* SPDX-License-Identifier: MIT */
/*
 * Lines that begin with #. The lexer gives each as one token, and the parser
 * obeys it when it comes to it, wherever it stands: so a #define counts from
 * there on, and what an #if leaves out is skipped as text that need not be
 * anything.
 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "lang/c_macro.h"
#include "lang/c_parser.h"

/* What upstream's own compiler is told, so that scripts leave the kernel's headers out. */
#define HAS_TYPES_MACRO "BPFTRACE_HAVE_BTF"

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\f' || character == '\v';
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

/* The line of TOKEN as the preprocessor sees it: continued lines are one, a comment is a blank. */
static char *clean_line(struct parser *parser, const struct token *token)
{
	_cleanup_strbuf_ struct strbuf out = {};
	const char *text = token->text;
	char quote = '\0';

	for (size_t i = 0; text[i]; i++) {
		if (text[i] == '\\' && text[i + 1] == '\n') {
			i++;
		} else if (quote) {
			if (text[i] == '\\' && text[i + 1])
				strbuf_add_char(&out, text[i++]);
			else if (text[i] == quote)
				quote = '\0';
			strbuf_add_char(&out, text[i]);
		} else if (text[i] == '/' && text[i + 1] == '/') {
			break;
		} else if (text[i] == '/' && text[i + 1] == '*') {
			const char *end = strstr(text + i + 2, "*/");

			strbuf_add_char(&out, ' ');
			if (!end)
				break;
			i = (size_t)(end - text) + 1;
		} else {
			quote = text[i] == '"' ? '"' : '\0';
			strbuf_add_char(&out, text[i]);
		}
	}
	parser->arena->failed |= out.failed;
	return arena_copy(parser->arena, strbuf_text(&out), out.length);
}

static const char *skip_blanks(const char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

static size_t word_length(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
}

/* True if TEXT begins with WORD alone; *REST is what follows. */
static bool starts_with(const char *text, const char *word, const char **rest)
{
	if (word_length(text) != strlen(word) || strncmp(text, word, strlen(word)) != 0)
		return false;
	*rest = skip_blanks(text + strlen(word));
	return true;
}

static const char *first_word(struct parser *parser, const char *text)
{
	const char *word = arena_copy(parser->arena, text, word_length(text));

	return word ? word : "";
}

/* ---- Conditions -------------------------------------------------------------------------------------------------- */

static bool is_defined(const struct parser *parser, const char *name)
{
	return strcmp(name, HAS_TYPES_MACRO) == 0 || c_macro_find(parser, name);
}

/* EXPRESSION with each `defined X' worked out: what follows it must not be replaced by what X stands for. */
static void work_out_defined(struct parser *parser, const char *expression, struct strbuf *out)
{
	while (*expression) {
		size_t length = word_length(expression);
		bool is_nested;
		const char *rest;

		if (!starts_with(expression, "defined", &rest)) {
			strbuf_add(out, expression, length ? length : 1);
			expression += length ? length : 1;
			continue;
		}
		is_nested = *rest == '(';
		if (is_nested)
			rest = skip_blanks(rest + 1);
		strbuf_add_string(out, is_defined(parser, first_word(parser, rest)) ? " 1 " : " 0 ");
		expression = skip_blanks(rest + word_length(rest));
		if (is_nested && *expression == ')')
			expression++;
	}
}

/* Whether EXPRESSION, of an #if at the current token, is not 0. */
static bool is_true(struct parser *parser, const char *expression)
{
	_cleanup_strbuf_ struct strbuf text = {};
	struct diag_list errors = {};
	struct source source = {.name = ""};
	struct parser condition = *parser;
	struct c_number number = {};
	bool is_good;

	work_out_defined(parser, expression, &text);
	source.text = strbuf_text(&text);
	source.size = text.length;
	errors.source = &source;
	lexer_init(&condition.lexer, &source, parser->arena, NULL);
	condition.lexer.is_c = true;
	condition.is_condition = true;
	condition.is_header = false;
	condition.diagnostics = &errors;
	condition.pending_count = 0;
	condition.token = (struct token){};
	parser_advance(&condition);
	is_good = c_parse_constant(&condition, &number) && parser_at(&condition, TOKEN_END) && !text.failed;
	diag_list_deinit(&errors);
	if (!is_good)
		diag_error(parser->diagnostics, parser->token.span, "the condition of #if cannot be understood");
	return is_good && number.value;
}

/* The next line that begins with # at or behind the lexer's position, which goes behind it; NULL: there is none. */
static const char *next_directive(struct parser *parser)
{
	struct lexer *lexer = &parser->lexer;

	while (lexer->position < lexer->source->size) {
		const char *line = lexer->source->text + lexer->position;
		size_t left = lexer->source->size - lexer->position;
		const char *end = memchr(line, '\n', left);
		size_t length = end ? (size_t)(end - line) : left;
		size_t blanks = 0;

		lexer->position += (uint32_t)(end ? length + 1 : length);
		while (blanks < length && is_blank(line[blanks]))
			blanks++;
		if (blanks < length && line[blanks] == '#')
			return skip_blanks(arena_copy(parser->arena, line + blanks + 1, length - blanks - 1) ?: "");
	}
	return NULL;
}

/* Skips to the #else, #elif that holds, or #endif that belongs to the innermost #if. */
static void skip_group(struct parser *parser, bool may_enter)
{
	unsigned depth = 0;
	const char *line;
	const char *rest;

	while ((line = next_directive(parser))) {
		if (starts_with(line, "if", &rest) || starts_with(line, "ifdef", &rest) ||
		    starts_with(line, "ifndef", &rest)) {
			depth++;
		} else if (starts_with(line, "endif", &rest)) {
			if (depth-- == 0) {
				parser->condition_count--;
				return;
			}
		} else if (depth == 0 && may_enter &&
			   (starts_with(line, "else", &rest) ||
			    (starts_with(line, "elif", &rest) && is_true(parser, rest)))) {
			return;
		}
	}
}

static void begin_group(struct parser *parser, bool is_taken)
{
	if (parser->condition_count == PARSER_CONDITIONS_MAX) {
		diag_error(parser->diagnostics, parser->token.span, "nested too deeply: more than %d #if",
			   PARSER_CONDITIONS_MAX);
		return;
	}
	parser->conditions[parser->condition_count++] = parser->token.span;
	if (!is_taken)
		skip_group(parser, true);
}

/* #elif, #else and #endif of a group that was taken. */
static void end_group(struct parser *parser, const char *word, bool is_endif)
{
	if (!parser->condition_count)
		diag_error(parser->diagnostics, parser->token.span, "#%s without #if", word);
	else if (is_endif)
		parser->condition_count--;
	else
		skip_group(parser, false);
}

static bool obey_condition(struct parser *parser, const char *line)
{
	const char *rest;

	if (starts_with(line, "ifdef", &rest))
		begin_group(parser, is_defined(parser, first_word(parser, rest)));
	else if (starts_with(line, "ifndef", &rest))
		begin_group(parser, !is_defined(parser, first_word(parser, rest)));
	else if (starts_with(line, "if", &rest))
		begin_group(parser, is_true(parser, rest));
	else if (starts_with(line, "else", &rest) || starts_with(line, "elif", &rest))
		end_group(parser, first_word(parser, line), false);
	else if (starts_with(line, "endif", &rest))
		end_group(parser, "endif", true);
	else
		return false;
	return true;
}

void c_directive_end(struct parser *parser)
{
	if (parser->condition_count)
		diag_error(parser->diagnostics, parser->conditions[parser->condition_count - 1], "#if without #endif");
	parser->condition_count = 0;
}

/* ---- Others ------------------------------------------------------------------------------------------------------ */

/* pack(2), pack(push, 2), pack(pop), pack() */
static void obey_pragma(struct parser *parser, const char *rest)
{
	enum { PACK_DEPTH = sizeof(parser->pack_stack) / sizeof(parser->pack_stack[0]) };
	unsigned long limit;

	if (strncmp(rest, "pack", 4) != 0 || *(rest = skip_blanks(rest + 4)) != '(')
		return;
	rest = skip_blanks(rest + 1);
	if (strncmp(rest, "push", 4) == 0 && parser->pack_depth < PACK_DEPTH)
		parser->pack_stack[parser->pack_depth++] = parser->pack_limit;
	if (strncmp(rest, "pop", 3) == 0)
		parser->pack_limit = parser->pack_depth ? parser->pack_stack[--parser->pack_depth] : 0;
	else if (*rest == ')')
		parser->pack_limit = 0;
	rest += strcspn(rest, "0123456789)");
	limit = strtoul(rest, NULL, 10);
	if (limit && limit <= 16 && (limit & (limit - 1)) == 0)
		parser->pack_limit = (uint32_t)limit;
}

/* # 1 "file": where the lines that follow come from. Of the compiler's own macros it says <built-in>. */
static void obey_line(struct parser *parser, const char *line)
{
	const char *name = strchr(line, '"');

	parser->is_given = name && name[1] == '<';
}

static bool obey_macro(struct parser *parser, const char *line, const char *whole)
{
	bool is_own = !parser->is_header;
	const char *rest;

	if (starts_with(line, "define", &rest)) {
		if (c_macro_define(parser, rest, parser->is_header && parser->is_given) && is_own)
			c_header_note(parser, whole, parser->token.span);
		return true;
	}
	if (starts_with(line, "undef", &rest)) {
		c_macro_undefine(parser, first_word(parser, rest));
		if (is_own)
			c_header_note(parser, whole, parser->token.span);
		return true;
	}
	return false;
}

/* What only a script has; a header's were obeyed by the compiler. */
static void obey_script(struct parser *parser, const char *line, const char *whole)
{
	const char *rest;

	if (obey_condition(parser, line))
		return;
	if (starts_with(line, "include", &rest) || starts_with(line, "include_next", &rest))
		c_header_include(parser, whole, parser->token.span);
	else if (starts_with(line, "error", &rest))
		diag_error(parser->diagnostics, parser->token.span, "#error %s", rest);
	else if (starts_with(line, "warning", &rest))
		diag_warning(parser->diagnostics, parser->token.span, "#warning %s", rest);
	else if (*line && !starts_with(line, "line", &rest))
		diag_error(parser->diagnostics, parser->token.span, "unknown preprocessor directive: #%s",
			   first_word(parser, line));
}

void c_directive(struct parser *parser)
{
	const char *whole = clean_line(parser, &parser->token);
	const char *line;
	const char *rest;

	if (!whole)
		return;
	line = skip_blanks(whole + 1);
	if (*line >= '0' && *line <= '9')
		obey_line(parser, line);
	else if (starts_with(line, "pragma", &rest))
		obey_pragma(parser, rest);
	else if (!obey_macro(parser, line, whole) && !parser->is_header)
		obey_script(parser, line, whole);
}
