/* SPDX-License-Identifier: MIT */
#include "lang/c_macro.h"

#include <string.h>

#include "base/strbuf.h"
#include "lang/builtin.h"

/* What one script may have replaced: macros that use macros grow fast. */
#define EXPANSION_MAX ((size_t)256 * 1024)

/* How deep macros may use one another. */
#define EXPANSION_DEPTH_MAX 200

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\n' || character == '\r' || character == '\f' ||
	       character == '\v';
}

static bool is_word_start(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || character == '_';
}

static bool is_word(char character)
{
	return is_word_start(character) || (character >= '0' && character <= '9');
}

static size_t word_length(const char *text)
{
	size_t length = 0;

	while (is_word(text[length]))
		length++;
	return length;
}

static const char *skip_blanks(const char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

/* The length of the string or character that TEXT begins with, quotes included; 0 if it begins with neither. */
static size_t quoted_length(const char *text)
{
	size_t length = 1;

	if (*text != '"' && *text != '\'')
		return 0;
	while (text[length] && text[length] != *text)
		length += text[length] == '\\' && text[length + 1] ? 2 : 1;
	return text[length] ? length + 1 : length;
}

/* ---- Definitions ------------------------------------------------------------------------------------------------- */

struct c_macro *c_macro_find(const struct parser *parser, const char *name)
{
	const struct c_name *entry = c_names_find(parser->names, C_NAME_MACRO, name);

	return entry ? entry->macro : NULL;
}

void c_macro_undefine(struct parser *parser, const char *name)
{
	struct c_name *entry = c_names_find(parser->names, C_NAME_MACRO, name);

	if (entry)
		entry->macro = NULL;
}

static bool add_parameter(struct parser *parser, struct c_macro *macro, const char *name, size_t length)
{
	const char **grown = arena_allocate_array(parser->arena, macro->parameter_count + 1, sizeof(grown[0]));

	if (!grown)
		return false;
	for (size_t i = 0; i < macro->parameter_count; i++)
		grown[i] = macro->parameters[i];
	grown[macro->parameter_count] = arena_copy(parser->arena, name, length);
	macro->parameters = grown;
	return grown[macro->parameter_count++] != NULL;
}

/* name, name, ...) behind the parenthesis. Returns where it ends, NULL if it is wrong. */
static const char *read_parameters(struct parser *parser, struct c_macro *macro, const char *text)
{
	enum { PARAMETERS_MAX = 127 };

	macro->is_function = true;
	text = skip_blanks(text);
	if (*text == ')')
		return text + 1;
	for (;;) {
		size_t length = word_length(text);

		if (macro->parameter_count == PARAMETERS_MAX)
			return NULL;
		if (length && !add_parameter(parser, macro, text, length))
			return NULL;
		text = skip_blanks(text + length);
		if (strncmp(text, "...", 3) == 0) {
			macro->is_variadic = true;
			if (!length && !add_parameter(parser, macro, "__VA_ARGS__", strlen("__VA_ARGS__")))
				return NULL;
			text = skip_blanks(text + 3);
			return *text == ')' ? text + 1 : NULL;
		}
		if (!length)
			return NULL;
		if (*text == ')')
			return text + 1;
		if (*text != ',')
			return NULL;
		text = skip_blanks(text + 1);
	}
}

bool c_macro_define(struct parser *parser, const char *text, bool is_given)
{
	struct c_macro *macro = arena_allocate(parser->arena, sizeof(*macro));
	size_t length = word_length(text);
	struct c_name *entry;

	if (!macro)
		return false;
	if (!length || !is_word_start(*text)) {
		diag_error(parser->diagnostics, parser->token.span, "#define needs the name of a macro");
		return false;
	}
	macro->name = arena_copy(parser->arena, text, length);
	macro->is_own = !parser->is_header;
	macro->is_given = is_given;
	text += length;
	if (*text == '(')
		text = read_parameters(parser, macro, text + 1);
	if (!text) {
		diag_error(parser->diagnostics, parser->token.span,
			   "#define: the parameters of %s cannot be understood", macro->name ? macro->name : "");
		return false;
	}
	macro->body = skip_blanks(text);
	macro->body_length = strlen(macro->body);
	while (macro->body_length && is_blank(macro->body[macro->body_length - 1]))
		macro->body_length--;
	macro->body = arena_copy(parser->arena, macro->body, macro->body_length);
	if (!macro->name || !macro->body)
		return false;
	entry = c_names_obtain(parser->names, parser->arena, C_NAME_MACRO, macro->name);
	if (entry)
		entry->macro = macro;
	return entry;
}

/* ---- Arguments --------------------------------------------------------------------------------------------------- */

struct arguments {
	struct ast_text *items;    /* as they were written */
	struct ast_text *expanded; /* with uses of macros replaced */
	size_t count;
};

static bool add_argument(struct arena *arena, struct arguments *arguments, const char *start, const char *end)
{
	struct ast_text *grown = arena_allocate_array(arena, arguments->count + 1, sizeof(grown[0]));

	if (!grown)
		return false;
	for (size_t i = 0; i < arguments->count; i++)
		grown[i] = arguments->items[i];
	while (start < end && is_blank(*start))
		start++;
	while (end > start && is_blank(end[-1]))
		end--;
	grown[arguments->count++] = (struct ast_text){start, (size_t)(end - start)};
	arguments->items = grown;
	return true;
}

/*
 * ( argument, argument ), behind the macro's name that LEXER stands behind. The
 * lexer goes behind it. False, and the lexer does not move, if that does not
 * stand there, with as many arguments as MACRO has parameters.
 */
static bool take_arguments(struct lexer *lexer, const struct c_macro *macro, struct arguments *ret)
{
	struct lexer ahead = *lexer;
	struct token token;
	const char *start;
	unsigned depth = 1;

	ahead.diagnostics = NULL;
	lexer_next(&ahead, &token);
	if (token.kind != TOKEN_LEFT_PAREN)
		return false;
	start = ahead.source->text + ahead.position;
	while (depth > 0) {
		const char *here;
		bool is_last = macro->is_variadic && ret->count + 1 >= macro->parameter_count;

		lexer_next(&ahead, &token);
		here = lexer_text_at(&ahead, token.span);
		if (token.kind == TOKEN_END || ret->count > macro->parameter_count)
			return false;
		if (token.kind == TOKEN_LEFT_PAREN)
			depth++;
		if (token.kind == TOKEN_RIGHT_PAREN)
			depth--;
		if (depth == 0 || (depth == 1 && token.kind == TOKEN_COMMA && !is_last)) {
			if (!add_argument(lexer->arena, ret, start, here))
				return false;
			start = here + 1;
		}
	}
	/* F() has no argument, or an empty one. */
	if (macro->parameter_count == 0 && ret->count == 1 && ret->items[0].length == 0)
		ret->count = 0;
	if (ret->count + macro->is_variadic == macro->parameter_count && macro->is_variadic &&
	    !add_argument(lexer->arena, ret, start, start))
		return false;
	if (ret->count != macro->parameter_count)
		return false;
	ahead.diagnostics = lexer->diagnostics;
	*lexer = ahead;
	return true;
}

/* Which parameter of MACRO the LENGTH bytes at NAME are; -1: none. */
static int find_parameter(const struct c_macro *macro, const char *name, size_t length)
{
	for (size_t i = 0; i < macro->parameter_count; i++) {
		if (strlen(macro->parameters[i]) == length && memcmp(macro->parameters[i], name, length) == 0)
			return (int)i;
	}
	return -1;
}

/* ---- Replacement ------------------------------------------------------------------------------------------------- */

static void add_string(struct strbuf *out, const struct ast_text *text)
{
	strbuf_add_char(out, '"');
	for (size_t i = 0; i < text->length; i++) {
		if (text->bytes[i] == '"' || text->bytes[i] == '\\')
			strbuf_add_char(out, '\\');
		strbuf_add_char(out, text->bytes[i] == '\n' ? ' ' : text->bytes[i]);
	}
	strbuf_add_char(out, '"');
}

static void trim(struct strbuf *out)
{
	while (out->length && is_blank(out->text[out->length - 1]))
		out->text[--out->length] = '\0';
}

/* The body of MACRO with ARGUMENTS put in: as they were written beside # and ##, else expanded. */
static void substitute(const struct c_macro *macro, const struct arguments *arguments, struct strbuf *out)
{
	const char *text = macro->body;
	bool is_pasted = false;

	while (*text && !out->failed && out->length <= EXPANSION_MAX) {
		size_t length = quoted_length(text);
		const struct ast_text *argument;
		int parameter = -1;

		if (text[0] == '#' && text[1] == '#') {
			trim(out);
			text = skip_blanks(text + 2);
			is_pasted = true;
			continue;
		}
		if (*text == '#' && macro->is_function) {
			const char *name = skip_blanks(text + 1);

			parameter = find_parameter(macro, name, word_length(name));
			if (parameter >= 0) {
				add_string(out, &arguments->items[parameter]);
				text = name + word_length(name);
				continue;
			}
		}
		if (!length && is_word(*text)) {
			length = word_length(text);
			parameter = find_parameter(macro, text, length);
		}
		if (!length)
			length = 1;
		if (parameter < 0) {
			strbuf_add(out, text, length);
		} else if (is_pasted || strncmp(skip_blanks(text + length), "##", 2) == 0) {
			argument = &arguments->items[parameter];
			strbuf_add(out, argument->bytes, argument->length);
		} else {
			argument = &arguments->expanded[parameter];
			strbuf_addf(out, " %.*s ", (int)argument->length, argument->bytes);
		}
		text += length;
		is_pasted = false;
	}
}

/* A use that is being replaced. */
struct replacement {
	struct parser *parser;
	struct span span; /* of the use */
	unsigned depth;
};

static bool is_language(const char *word)
{
	unsigned index;

	return builtin_find(word, &index) || function_find(word) || aggregation_find(word);
}

/* The macro that TOKEN names and that is to be replaced here. */
static struct c_macro *used_macro(const struct parser *parser, const struct token *token)
{
	struct c_macro *macro;

	if (token->kind == TOKEN_STRING || token->kind == TOKEN_VARIABLE || token->kind == TOKEN_MAP ||
	    token->kind == TOKEN_PREPROCESSOR || !token->text)
		return NULL;
	macro = c_macro_find(parser, token->text);
	if (!macro || macro->is_active || (macro->is_given && !parser->is_condition))
		return NULL;
	return macro->is_own || !is_language(token->text) ? macro : NULL;
}

static bool replace(struct replacement *replacement, struct c_macro *macro, struct arguments *arguments,
		    struct strbuf *out);

/* TEXT with uses of macros replaced, appended to OUT. */
static bool expand(struct replacement *replacement, const char *text, size_t length, struct strbuf *out)
{
	struct parser *parser = replacement->parser;
	const struct source source = {.name = "", .text = text, .size = length};
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, &source, parser->arena, NULL);
	lexer.is_c = true;
	for (;;) {
		struct arguments arguments = {};
		struct c_macro *macro;
		struct span span;

		lexer_next(&lexer, &token);
		if (token.kind == TOKEN_END)
			return !out->failed;
		span = token.span;
		macro = used_macro(parser, &token);
		if (macro && (!macro->is_function || take_arguments(&lexer, macro, &arguments))) {
			if (!replace(replacement, macro, &arguments, out))
				return false;
			continue;
		}
		strbuf_add(out, text + span.start, span.end - span.start);
		strbuf_add_char(out, ' ');
	}
}

/* What ARGUMENTS are put in as, where they stand alone. */
static bool expand_arguments(struct replacement *replacement, struct arguments *arguments)
{
	struct arena *arena = replacement->parser->arena;

	arguments->expanded = arena_allocate_array(arena, arguments->count + 1, sizeof(arguments->expanded[0]));
	if (!arguments->expanded)
		return false;
	for (size_t i = 0; i < arguments->count; i++) {
		_cleanup_strbuf_ struct strbuf text = {};

		if (!expand(replacement, arguments->items[i].bytes, arguments->items[i].length, &text))
			return false;
		arguments->expanded[i].bytes = arena_copy(arena, strbuf_text(&text), text.length);
		arguments->expanded[i].length = text.length;
		if (!arguments->expanded[i].bytes)
			return false;
	}
	return true;
}

static bool replace(struct replacement *replacement, struct c_macro *macro, struct arguments *arguments,
		    struct strbuf *out)
{
	struct parser *parser = replacement->parser;
	_cleanup_strbuf_ struct strbuf text = {};
	bool is_good;

	replacement->depth++;
	if (replacement->depth <= EXPANSION_DEPTH_MAX && !expand_arguments(replacement, arguments))
		return false;
	if (replacement->depth <= EXPANSION_DEPTH_MAX)
		substitute(macro, arguments, &text);
	parser->headers->expanded += text.length + 1;
	if (parser->headers->expanded > EXPANSION_MAX || replacement->depth > EXPANSION_DEPTH_MAX) {
		if (!parser->is_ahead)
			diag_error(parser->diagnostics, replacement->span, "macros use macros too often: at %s",
				   macro->name);
		return false;
	}
	macro->is_active = true;
	is_good = !text.failed && expand(replacement, strbuf_text(&text), text.length, out);
	macro->is_active = false;
	replacement->depth--;
	return is_good;
}

/* The tokens of TEXT, which all stand at SPAN, become those that come next. */
static void make_pending(struct parser *parser, const struct strbuf *text, struct span span)
{
	const struct source source = {.name = "", .text = strbuf_text(text), .size = text->length};
	/* A token takes a byte at least, and a blank follows each. */
	struct token *tokens = arena_allocate_array(parser->arena, text->length / 2 + 1, sizeof(*tokens));
	struct lexer lexer;
	size_t count = 0;

	lexer_init(&lexer, &source, parser->arena, NULL);
	lexer.is_c = parser->lexer.is_c;
	while (tokens && count < text->length / 2) {
		lexer_next(&lexer, &tokens[count]);
		if (tokens[count].kind == TOKEN_END)
			break;
		tokens[count++].span = span;
	}
	parser->pending = tokens;
	parser->pending_count = tokens ? count : 0;
}

bool c_macro_expand(struct parser *parser)
{
	struct replacement replacement = {.parser = parser, .span = parser->token.span};
	struct c_macro *macro = used_macro(parser, &parser->token);
	_cleanup_strbuf_ struct strbuf text = {};
	struct arguments arguments = {};

	if (!macro || (macro->is_function && !take_arguments(&parser->lexer, macro, &arguments)))
		return false;
	replacement.span.end = parser->lexer.last_end;
	/* When it fails the use is left out: what is wrong was said. */
	if (replace(&replacement, macro, &arguments, &text))
		make_pending(parser, &text, replacement.span);
	parser->arena->failed |= text.failed;
	return true;
}
