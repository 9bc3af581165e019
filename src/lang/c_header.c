/* SPDX-License-Identifier: MIT */
/*
 * #include. The system's own preprocessor, `cc -E', knows where headers lie
 * and what they mean together; what it makes of them is declarations, and with
 * -dD the macros as well. It is given all #define and #include lines of the
 * script so far, as one file, so that guards against reading a header twice
 * work; of its output, what comes behind a mark is new.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "lang/c_macro.h"
#include "lang/c_parser.h"

/* A line that the preprocessor passes on. */
#define MARK "#pragma usdtrap begins here"

/* What upstream calls the text of a script's definitions; its compiler's messages, and so ours, name it. */
#define DEFINITIONS "definitions.h"

/* The most #include lines of one script: each reads all before it once more. */
#define INCLUDES_MAX 64

static void add_line(struct parser *parser, struct strbuf *out, const char *directive, struct span span)
{
	unsigned line = 1, column;

	if (span.end > span.start)
		diag_locate(parser->program->source, span.start, &line, &column);
	strbuf_addf(out, "#line %u \"" DEFINITIONS "\"\n%s\n", line, directive);
}

void c_header_note(struct parser *parser, const char *directive, struct span span)
{
	if (!parser->is_ahead && parser->headers)
		add_line(parser, &parser->headers->lines, directive, span);
}

/* ---- The compiler ------------------------------------------------------------------------------------------------ */

/* cc -E and the directories to look in; freed by the caller, NULL without memory. */
static const char **make_arguments(const struct parser_options *options, const char *compiler)
{
	static const char *const fixed[] = {"-E", "-dD", "-w", "-x", "c"};
	enum { FIXED_COUNT = sizeof(fixed) / sizeof(fixed[0]) };
	const char **arguments = calloc(options->include_directory_count * 2 + FIXED_COUNT + 3, sizeof(arguments[0]));
	size_t count = 0;

	if (!arguments)
		return NULL;
	arguments[count++] = compiler;
	for (size_t i = 0; i < FIXED_COUNT; i++)
		arguments[count++] = fixed[i];
	for (size_t i = 0; i < options->include_directory_count; i++) {
		arguments[count++] = "-I";
		arguments[count++] = options->include_directories[i];
	}
	arguments[count] = "-";
	return arguments;
}

/* Runs the first compiler there is. */
static struct usdtrap_error *preprocess(const struct parser_options *options, const struct strbuf *text,
					struct strbuf *output, struct strbuf *messages, int *ret_status)
{
	static const char *const compilers[] = {"cc", "gcc", "clang"};

	for (size_t i = 0; i < sizeof(compilers) / sizeof(compilers[0]); i++) {
		const char **arguments = make_arguments(options, compilers[i]);
		struct usdtrap_error *error;

		if (!arguments)
			return &error_no_memory;
		error = options->preprocess(arguments, strbuf_text(text), text->length, output, messages, ret_status);
		free(arguments);
		if (!error_catch(error, USDTRAP_NOT_FOUND))
			return error;
	}
	return error_hint(
		error_create(USDTRAP_NOT_FOUND, "#include needs a C preprocessor, and PATH has no cc, gcc or clang"),
		"install gcc or clang, or write the definitions that are needed into the script");
}

/* ---- Messages ---------------------------------------------------------------------------------------------------- */

/* The first line of MESSAGES that tells an error, as clang would put it: gcc's words for a missing file are others. */
static void report_failure(struct parser *parser, const struct strbuf *messages, struct span span)
{
	static const char missing[] = ": No such file or directory";
	static const char error[] = "error: ";
	const char *text = strbuf_text(messages);
	const char *start = strstr(text, error);
	const char *line = start;
	const char *end, *name;

	if (!start) {
		diag_error(parser->diagnostics, span, "the C preprocessor failed");
		return;
	}
	while (line > text && line[-1] != '\n')
		line--;
	end = line + strcspn(line, "\n");
	name = start + strlen(error);
	if ((size_t)(end - name) > strlen(missing) && strncmp(end - strlen(missing), missing, strlen(missing)) == 0)
		diag_error(parser->diagnostics, span, "%.*s'%.*s' file not found", (int)(name - line), line,
			   (int)(end - strlen(missing) - name), name);
	else
		diag_error(parser->diagnostics, span, "%.*s", (int)(end - line), line);
}

static void report_error(struct parser *parser, struct usdtrap_error *error, struct span span)
{
	diag_error(parser->diagnostics, span, "%s", usdtrap_error_message(error));
	if (usdtrap_error_hint(error))
		diag_hint(parser->diagnostics, "%s", usdtrap_error_hint(error));
	usdtrap_error_destroy(error);
}

/* ---- Headers ----------------------------------------------------------------------------------------------------- */

/* Behind the last mark in TEXT. */
static const char *behind_mark(const char *text)
{
	const char *mark = text;

	for (const char *next = strstr(text, MARK "\n"); next; next = strstr(mark, MARK "\n"))
		mark = next + strlen(MARK "\n");
	return mark;
}

/* Reads the declarations and macros of TEXT, what the preprocessor has made of headers. */
static void read_declarations(struct parser *parser, const char *text)
{
	struct diag_list unheard = {};
	const struct source source = {.name = "", .text = text, .size = strlen(text)};
	struct parser header = {
		.options = parser->options,
		.program = parser->program,
		.arena = parser->arena,
		.diagnostics = &unheard,
		.names = parser->names,
		.is_header = true,
	};

	unheard.source = &source;
	lexer_init(&header.lexer, &source, parser->arena, NULL);
	header.lexer.is_c = true;
	parser_advance(&header);
	c_parse_declarations(&header);
	diag_list_deinit(&unheard);
}

static void read_headers(struct parser *parser, const char *directive, struct span span)
{
	_cleanup_strbuf_ struct strbuf text = {}, output = {}, messages = {};
	struct usdtrap_error *error;
	char *copy;
	int status;

	strbuf_add_string(&text, strbuf_text(&parser->headers->lines));
	strbuf_add_string(&text, MARK "\n");
	add_line(parser, &text, directive, span);
	error = text.failed ? &error_no_memory : preprocess(parser->options, &text, &output, &messages, &status);
	if (error) {
		report_error(parser, error, span);
	} else if (status != 0) {
		report_failure(parser, &messages, span);
	} else {
		/* Names point into it. */
		copy = arena_copy(parser->arena, strbuf_text(&output), output.length);
		if (copy)
			read_declarations(parser, behind_mark(copy));
		c_header_note(parser, directive, span);
	}
}

void c_header_include(struct parser *parser, const char *directive, struct span span)
{
	if (parser->is_ahead || !parser->headers)
		return;
	if (!parser->options->preprocess)
		diag_error(parser->diagnostics, span, "headers cannot be read here");
	else if (parser->headers->count++ == INCLUDES_MAX)
		diag_error(parser->diagnostics, span, "too many #include lines: more than %d", INCLUDES_MAX);
	else
		read_headers(parser, directive, span);
}
