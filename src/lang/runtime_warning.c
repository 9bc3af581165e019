/* SPDX-License-Identifier: MIT */
/* What a running script is warned about, and how that is told. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/ast.h"
#include "lang/json.h"
#include "lang/runtime.h"

/* ---- Once ------------------------------------------------------------------------------------------------------- */

struct remark {
	struct remark *next;
	const void *subject;
	unsigned index;
	char text[];
};

void runtime_forget_remarks(struct runtime *runtime)
{
	struct remark *remark = runtime->remarks;

	while (remark) {
		struct remark *next = remark->next;

		free(remark);
		remark = next;
	}
	runtime->remarks = NULL;
}

const char *runtime_remarked(const struct runtime *runtime, const void *subject, unsigned index)
{
	for (const struct remark *remark = runtime->remarks; remark; remark = remark->next) {
		if (remark->subject == subject && remark->index == index)
			return remark->text;
	}
	return NULL;
}

/* How many uses of macros in one another are told of. */
#define CONTEXTS_MAX 16

static void warn(struct runtime *runtime, struct span span, const char *note, const char *message)
{
	struct diag_context contexts[CONTEXTS_MAX];
	struct diagnostic diagnostic = {
		.severity = DIAG_WARNING, .has_place = span.end > span.start, .span = span, .message = message};
	struct diag_context **link = &diagnostic.contexts;
	const struct diag_frame *use = runtime->use;
	_cleanup_strbuf_ struct strbuf text = {0};

	if (!runtime->output.warn || runtime->style.is_quiet)
		return;
	for (size_t i = 0; use && i < CONTEXTS_MAX; use = use->outer, i++) {
		contexts[i] = (struct diag_context){.span = use->span, .message = "expanded from"};
		*link = &contexts[i];
		link = &contexts[i].next;
	}
	diag_render_one(runtime->tree->source, &diagnostic, note, &runtime->style, &text);
	runtime->output.warn(strbuf_text(&text), text.length, runtime->output.user);
}

const char *runtime_remark(struct runtime *runtime, const void *subject, unsigned index, struct span span,
			   const char *format, ...)
{
	struct remark *remark;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	remark = length < 0 ? NULL : malloc(sizeof(*remark) + (size_t)length + 1);
	if (!remark)
		return "out of memory";
	va_start(arguments, format);
	vsnprintf(remark->text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	remark->subject = subject;
	remark->index = index;
	remark->next = runtime->remarks;
	runtime->remarks = remark;
	warn(runtime, span, NULL, remark->text);
	return remark->text;
}

/* ---- Each time --------------------------------------------------------------------------------------------------- */

static const char *helper_name(enum runtime_helper helper)
{
	switch (helper) {
	case HELPER_MAP_DELETE_ELEM:
		return "map_delete_elem";
	case HELPER_MAP_LOOKUP_ELEM:
		return "map_lookup_elem";
	case HELPER_MAP_UPDATE_ELEM:
		return "map_update_elem";
	case HELPER_PROBE_READ_USER:
		return "probe_read_user";
	case HELPER_PROBE_READ_USER_STR:
		return "probe_read_user_str";
	case HELPER_PROBE_WRITE_USER:
		return "probe_write_user";
	case HELPER_SEND_SIGNAL:
		return "send_signal";
	}
	abort();
}

static void add_message(struct strbuf *out, enum runtime_helper helper, int code, const char *map)
{
	if (helper == HELPER_MAP_DELETE_ELEM && code == -ENOENT)
		strbuf_add_string(out, "Can't delete map element because it does not exist.");
	else if (helper == HELPER_MAP_LOOKUP_ELEM)
		strbuf_add_string(out, "Can't lookup map element because it does not exist.");
	else if (helper == HELPER_MAP_UPDATE_ELEM && code == -E2BIG)
		strbuf_addf(out,
			    "Map full; can't update element. Try increasing max_map_keys config or manually setting "
			    "the max entries in a map declaration e.g. `let %s = hash(5000)`",
			    map);
	else
		strbuf_add_string(out, strerror(-code));
}

void runtime_helper_warning(struct runtime *runtime, struct span span, enum runtime_helper helper, int code,
			    const char *map)
{
	_cleanup_strbuf_ struct strbuf message = {0};
	char note[96];

	if (runtime->style.is_quiet)
		return;
	add_message(&message, helper, code, map);
	if (runtime->format == LANG_JSON) {
		json_helper_error_line(runtime->tree->source, span, strbuf_text(&message), helper_name(helper), code,
				       &runtime->line);
		runtime_flush_line(runtime);
		return;
	}
	snprintf(note, sizeof(note), "Additional Info - helper: %s, retcode: %d", helper_name(helper), code);
	warn(runtime, span, note, strbuf_text(&message));
}

void runtime_helper_error(struct runtime *runtime, struct span span, enum runtime_helper helper, int code)
{
	if (runtime->warns_of_failures)
		runtime_helper_warning(runtime, span, helper, code, NULL);
}

void runtime_say(struct runtime *runtime, enum diag_severity severity, struct span span, const char *text,
		 size_t length)
{
	_cleanup_strbuf_ struct strbuf line = {0};

	if (severity == DIAG_WARNING && runtime->style.is_quiet)
		return;
	if (runtime->format == LANG_JSON) {
		json_message_line(severity == DIAG_ERROR ? "errorf" : "warnf", runtime->tree->source, span, text,
				  length, &runtime->line);
		runtime_flush_line(runtime);
		return;
	}
	if (!runtime->output.warn)
		return;
	diag_render_head(runtime->tree->source, span, severity, &runtime->style, &line);
	strbuf_add(&line, text, length);
	strbuf_add_char(&line, '\n');
	runtime->output.warn(strbuf_text(&line), line.length, runtime->output.user);
}
