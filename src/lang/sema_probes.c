/* SPDX-License-Identifier: MIT */
/*
 * Attach points, taken apart. Parts are separated by colons outside of double
 * quotes; in quotes \" stands for a quote; $N, anywhere, is replaced by the
 * positional parameter as it is. A name may stand in front: `calls=usdt:...'.
 * What the parts of each kind of probe mean: sema_probe_parts.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "lang/sema_internal.h"

#define SUPPORTED \
	"supported are begin, end, interval, profile, self, tracepoint, uprobe, uretprobe, usdt and watchpoint"

/* ---- Text ------------------------------------------------------------------------------------------------------- */

/* TEXT with its positional parameters put in. */
static const char *put_parameters_in(struct sema *sema, const char *text)
{
	_cleanup_strbuf_ struct strbuf out = {};

	while (*text) {
		char *end;
		unsigned long number;

		if (text[0] != '$' || text[1] < '0' || text[1] > '9') {
			strbuf_add_char(&out, *text++);
			continue;
		}
		number = strtoul(text + 1, &end, 10);
		if (number > 0 && number <= UINT16_MAX) {
			struct ast_text parameter = sema_parameter(sema, (unsigned)number);

			strbuf_add(&out, parameter.bytes, parameter.length);
		}
		text = end;
	}
	sema->arena->failed |= out.failed;
	return arena_copy(sema->arena, strbuf_text(&out), out.length);
}

/* The next part of *TEXT, which moves behind it. False if a quote is missing. */
static bool take_part(struct sema *sema, const char **text, struct sema_probe_part *ret)
{
	_cleanup_strbuf_ struct strbuf part = {};
	const char *at = *text;
	bool in_quotes = false;

	for (; *at && (in_quotes || *at != ':'); at++) {
		if (*at == '"') {
			in_quotes = !in_quotes;
			ret->quoted_end = part.length;
		} else {
			if (in_quotes && *at == '\\' && (at[1] == '"' || at[1] == '\\'))
				at++;
			strbuf_add_char(&part, *at);
		}
	}
	*text = at;
	ret->text = arena_copy(sema->arena, strbuf_text(&part), part.length);
	sema->arena->failed |= part.failed;
	return !in_quotes && ret->text;
}

static bool split(struct sema *sema, const struct ast_attach_point *point, const char *text,
		  struct sema_probe_parts *ret)
{
	struct sema_probe_parts split = {};

	for (;;) {
		struct sema_probe_part part = {};

		if (!take_part(sema, &text, &part)) {
			if (!sema->arena->failed)
				diag_error(sema->diagnostics, point->span, "a quote is missing in the probe's name");
			return false;
		}
		if (split.count < SEMA_PROBE_PARTS_MAX)
			split.parts[split.count] = part;
		split.count++;
		if (!*text)
			break;
		text++;
	}
	*ret = split;
	return true;
}

/* Steps over `name=' in front of a probe; NULL if there is none. */
static const char *take_label(struct sema *sema, const char **text)
{
	size_t length = strcspn(*text, "=:\"/. ");
	const char *label;

	if (length == 0 || (*text)[length] != '=')
		return NULL;
	label = arena_copy(sema->arena, *text, length);
	*text += length + 1;
	return label;
}

/* ---- Kinds of probes -------------------------------------------------------------------------------------------- */

static void complain_about_type(struct sema *sema, const struct ast_attach_point *point, const char *name)
{
	const char *nearest = probe_type_nearest(name);

	diag_error(sema->diagnostics, point->span, "Invalid probe type: %s", name);
	if (nearest)
		diag_hint(sema->diagnostics, "did you mean %s?", nearest);
	else
		diag_hint(sema->diagnostics, SUPPORTED);
}

static void resolve_type(struct sema *sema, struct ast_attach_point *point, const struct sema_probe_parts *parts)
{
	const struct probe_type_info *info = probe_type_find(parts->parts[0].text);

	point->is_refused = !info || info->refusal;
	if (!info) {
		complain_about_type(sema, point, parts->parts[0].text);
	} else if (info->refusal) {
		diag_error(sema->diagnostics, point->span, "%s probes %s", info->name, info->refusal);
		diag_hint(sema->diagnostics, SUPPORTED);
	} else {
		point->type = info->type;
		sema_probe_parts(sema, point, info->name, parts);
	}
}

static void resolve_point(struct sema *sema, struct ast_attach_point *point)
{
	struct sema_probe_parts parts;
	const char *label, *text;

	point->text = put_parameters_in(sema, point->text);
	if (!point->text)
		return;
	text = point->text;
	label = take_label(sema, &text);
	if (!split(sema, point, text, &parts))
		return;
	if (parts.count > SEMA_PROBE_PARTS_MAX) {
		diag_error(sema->diagnostics, point->span, "too many parts in the probe's name");
		return;
	}
	resolve_type(sema, point, &parts);
	if (label)
		point->full_name = label;
}

void sema_probes(struct sema *sema)
{
	for (struct ast_clause *clause = sema->program->clauses; clause; clause = clause->next) {
		for (struct ast_attach_point *point = clause->attach_points; point; point = point->next)
			resolve_point(sema, point);
	}
}
