/* SPDX-License-Identifier: MIT */
#include "base/diag.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

/* Lines longer than this are shown in part: so many bytes before the place, so many in all. */
#define SHOWN_LENGTH_MAX 1000
#define SHOWN_BEFORE     400
/* Places over more lines than this are shown by their first lines. */
#define SHOWN_LINES_MAX 20

#define TAB_BLANKS 4

void diag_list_deinit(struct diag_list *list)
{
	arena_deinit(&list->arena);
	memset(list, 0, sizeof(*list));
}

struct span span_join(struct span a, struct span b)
{
	return (struct span){a.start, b.end > a.start ? b.end : a.start};
}

static __attribute__((format(printf, 3, 0))) char *format_text(struct arena *arena, struct strbuf *scratch,
							       const char *format, va_list arguments)
{
	char *text;

	strbuf_vaddf(scratch, format, arguments);
	text = scratch->failed ? NULL : arena_copy(arena, scratch->text, scratch->length);
	arena->failed |= !text;
	return text;
}

static __attribute__((format(printf, 4, 0))) void append(struct diag_list *list, enum diag_severity severity,
							 const struct span *span, const char *format, va_list arguments)
{
	_cleanup_strbuf_ struct strbuf scratch = {};
	size_t *count = severity == DIAG_ERROR ? &list->error_count : &list->warning_count;
	struct diagnostic *diagnostic;

	if ((*count)++ >= DIAG_LIST_MAX)
		return;
	diagnostic = arena_allocate(&list->arena, sizeof(*diagnostic));
	if (!diagnostic)
		return;
	diagnostic->message = format_text(&list->arena, &scratch, format, arguments);
	if (!diagnostic->message)
		return;
	diagnostic->severity = severity;
	if (span) {
		diagnostic->has_place = true;
		diagnostic->span = *span;
	}
	if (list->last)
		list->last->next = diagnostic;
	else
		list->first = diagnostic;
	list->last = diagnostic;
	for (const struct diag_frame *frame = list->frame; frame; frame = frame->outer)
		diag_context(list, frame->span, "expanded from");
}

void diag_error(struct diag_list *list, struct span span, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	append(list, DIAG_ERROR, &span, format, arguments);
	va_end(arguments);
}

void diag_warning(struct diag_list *list, struct span span, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	append(list, DIAG_WARNING, &span, format, arguments);
	va_end(arguments);
}

void diag_error_anywhere(struct diag_list *list, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	append(list, DIAG_ERROR, NULL, format, arguments);
	va_end(arguments);
}

void diag_hint(struct diag_list *list, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf scratch = {};
	va_list arguments;

	/* What was appended last may not have been kept. */
	if (!list->last || list->error_count > DIAG_LIST_MAX || list->warning_count > DIAG_LIST_MAX)
		return;
	va_start(arguments, format);
	list->last->hint = format_text(&list->arena, &scratch, format, arguments);
	va_end(arguments);
}

void diag_context(struct diag_list *list, struct span span, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf scratch = {};
	struct diag_context *context, **link;
	va_list arguments;

	if (!list->last || list->error_count > DIAG_LIST_MAX || list->warning_count > DIAG_LIST_MAX)
		return;
	context = arena_allocate(&list->arena, sizeof(*context));
	if (!context)
		return;
	va_start(arguments, format);
	context->message = format_text(&list->arena, &scratch, format, arguments);
	va_end(arguments);
	context->span = span;
	for (link = &list->last->contexts; *link; link = &(*link)->next)
		;
	if (context->message)
		*link = context;
}

/* ---- Places ----------------------------------------------------------------------------------------------------- */

const struct source *diag_source_at(const struct source *source, uint32_t offset)
{
	while (source->next && source->next->start <= offset)
		source = source->next;
	return source;
}

/* OFFSET counts from the start of SOURCE's own text in what follows. */
static uint32_t line_start(const struct source *source, uint32_t offset)
{
	while (offset > 0 && source->text[offset - 1] != '\n')
		offset--;
	return offset;
}

static uint32_t line_end(const struct source *source, uint32_t offset)
{
	const char *newline = offset < source->size ? memchr(source->text + offset, '\n', source->size - offset) : NULL;

	return newline ? (uint32_t)(newline - source->text) : (uint32_t)source->size;
}

static void locate(const struct source *source, uint32_t offset, unsigned *ret_line, unsigned *ret_column)
{
	unsigned line = 1;

	for (uint32_t i = 0; i < offset; i++)
		line += source->text[i] == '\n';
	*ret_line = line;
	*ret_column = offset - line_start(source, offset) + 1;
}

void diag_locate(const struct source *source, uint32_t offset, unsigned *ret_line, unsigned *ret_column)
{
	source = diag_source_at(source, offset);
	locate(source, offset - source->start, ret_line, ret_column);
}

/* SPAN within SOURCE's text, made to lie in it, to cover at least one column, and not to end with a newline. */
static struct span visible_span(const struct source *source, struct span span)
{
	span.start -= source->start;
	span.end = span.end > source->start ? span.end - source->start : 0;
	if (span.end > source->size)
		span.end = (uint32_t)source->size;
	if (span.start > span.end)
		span.start = span.end;
	while (span.end > span.start + 1 && source->text[span.end - 1] == '\n')
		span.end--;
	if (span.end == span.start)
		span.end++;
	return span;
}

/* ---- Rendering -------------------------------------------------------------------------------------------------- */

static bool is_continuation_byte(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* How wide BYTE is on a screen: characters of several bytes count at their first. */
static size_t shown_width(char byte)
{
	if (byte == '\t')
		return TAB_BLANKS;
	return is_continuation_byte(byte) ? 0 : 1;
}

static void add_shown(struct strbuf *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\t')
			strbuf_add_repeated(out, ' ', TAB_BLANKS);
		else if ((unsigned char)text[i] < ' ' || text[i] == '\x7f')
			strbuf_add_char(out, '?');
		else
			strbuf_add_char(out, text[i]);
	}
}

static void add_marks(struct strbuf *out, char mark, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		strbuf_add_repeated(out, mark, shown_width(text[i]));
}

/* The one line that SPAN lies in, and the marks below. */
static void render_underlined(const struct source *source, struct span span, struct strbuf *out)
{
	uint32_t start = line_start(source, span.start);
	uint32_t end = line_end(source, span.start);
	uint32_t marked_end;
	const char *before = "", *behind = "";

	if (end - start > SHOWN_LENGTH_MAX) {
		if (span.start - start > SHOWN_BEFORE) {
			start = span.start - SHOWN_BEFORE;
			before = "...";
		}
		if (end - start > SHOWN_LENGTH_MAX) {
			end = start + SHOWN_LENGTH_MAX;
			behind = "...";
		}
	}
	strbuf_add_string(out, before);
	add_shown(out, source->text + start, end - start);
	strbuf_add_string(out, behind);
	strbuf_add_char(out, '\n');

	marked_end = span.end < end ? span.end : end;
	strbuf_add_repeated(out, ' ', strlen(before));
	add_marks(out, ' ', source->text + start, span.start - start);
	if (marked_end > span.start)
		add_marks(out, '~', source->text + span.start, marked_end - span.start);
	else
		strbuf_add_char(out, '~');
	strbuf_add_char(out, '\n');
}

static void render_lines(const struct source *source, struct span span, unsigned line_count, struct strbuf *out)
{
	uint32_t start = line_start(source, span.start);
	unsigned shown = line_count < SHOWN_LINES_MAX ? line_count : SHOWN_LINES_MAX;

	for (unsigned i = 0; i < shown; i++) {
		uint32_t end = line_end(source, start);
		bool is_long = end - start > SHOWN_LENGTH_MAX;

		add_shown(out, source->text + start, is_long ? SHOWN_LENGTH_MAX : end - start);
		strbuf_add_string(out, is_long ? "...\n" : "\n");
		start = end + 1;
	}
	if (shown < line_count)
		strbuf_add_string(out, "...\n");
}

static void add_severity(enum diag_severity severity, const struct diag_style *style, struct strbuf *out)
{
	const char *word = severity == DIAG_ERROR ? "ERROR" : "WARNING";

	if (style->has_colour)
		strbuf_addf(out, "\033[%dm%s\033[0m: ", severity == DIAG_ERROR ? 31 : 33, word);
	else
		strbuf_addf(out, "%s: ", word);
}

void diag_render_head(const struct source *source, struct span span, enum diag_severity severity,
		      const struct diag_style *style, struct strbuf *out)
{
	unsigned line, column, last_line, last_column;

	source = diag_source_at(source, span.start);
	span = visible_span(source, span);
	locate(source, span.start, &line, &column);
	locate(source, span.end - 1, &last_line, &last_column);
	if (line == last_line)
		strbuf_addf(out, "%s:%u:%u-%u: ", source->name, line, column, last_column + 1);
	else
		strbuf_addf(out, "%s:%u-%u: ", source->name, line, last_line);
	add_severity(severity, style, out);
}

/* One message about one place (NULL: about none), NOTE, if not NULL, before the source line. */
static void render_place(const struct source *source, const struct span *place, enum diag_severity severity,
			 const char *message, const char *note, const struct diag_style *style, struct strbuf *out)
{
	unsigned line = 0, column = 0, last_line = 0, last_column = 0;
	struct span span = {0};

	if (place) {
		diag_render_head(source, *place, severity, style, out);
		source = diag_source_at(source, place->start);
		span = visible_span(source, *place);
		locate(source, span.start, &line, &column);
		locate(source, span.end - 1, &last_line, &last_column);
	} else {
		add_severity(severity, style, out);
	}
	strbuf_add_string(out, message);
	strbuf_add_char(out, '\n');
	if (note)
		strbuf_addf(out, "%s\n", note);
	if (place && line == last_line)
		render_underlined(source, span, out);
	else if (place)
		render_lines(source, span, last_line - line + 1, out);
}

void diag_render_one(const struct source *source, const struct diagnostic *diagnostic, const char *note,
		     const struct diag_style *style, struct strbuf *out)
{
	render_place(source, diagnostic->has_place ? &diagnostic->span : NULL, diagnostic->severity,
		     diagnostic->message, note, style, out);
	for (const struct diag_context *context = diagnostic->contexts; context; context = context->next)
		render_place(source, &context->span, diagnostic->severity, context->message, NULL, style, out);
	if (diagnostic->hint)
		strbuf_addf(out, "HINT: %s\n", diagnostic->hint);
}

struct render_entry {
	const struct diagnostic *diagnostic;
	size_t order; /* of appending: makes the sort stable */
};

static int compare_entries(const void *left, const void *right)
{
	const struct render_entry *a = left, *b = right;

	if (a->diagnostic->has_place != b->diagnostic->has_place)
		return a->diagnostic->has_place ? 1 : -1;
	if (a->diagnostic->has_place && a->diagnostic->span.start != b->diagnostic->span.start)
		return a->diagnostic->span.start < b->diagnostic->span.start ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void render_severity(const struct diag_list *list, enum diag_severity severity, const struct diag_style *style,
			    struct strbuf *out)
{
	struct render_entry entries[DIAG_LIST_MAX];
	size_t count = 0;
	size_t total = severity == DIAG_ERROR ? list->error_count : list->warning_count;

	for (const struct diagnostic *diagnostic = list->first; diagnostic; diagnostic = diagnostic->next) {
		if (diagnostic->severity == severity) {
			entries[count] = (struct render_entry){diagnostic, count};
			count++;
		}
	}
	qsort(entries, count, sizeof(entries[0]), compare_entries);
	for (size_t i = 0; i < count; i++)
		diag_render_one(list->source, entries[i].diagnostic, NULL, style, out);
	if (total > DIAG_LIST_MAX) {
		add_severity(severity, style, out);
		strbuf_addf(out, "%zu more are not shown\n", total - DIAG_LIST_MAX);
	}
}

void diag_render(const struct diag_list *list, const struct diag_style *style, struct strbuf *out)
{
	render_severity(list, DIAG_ERROR, style, out);
	if (!style->is_quiet)
		render_severity(list, DIAG_WARNING, style, out);
}
