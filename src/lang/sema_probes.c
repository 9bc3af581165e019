/* SPDX-License-Identifier: MIT */
/*
 * Attach points. Parts are separated by colons outside of double quotes; in
 * quotes \" stands for a quote; $N, anywhere, is replaced by the positional
 * parameter as it is. A name may stand in front: `calls=usdt:...'.
 *
 *	begin, end           BEGIN, END, in any case
 *	interval:UNIT:N      i; UNIT is hz, s, ms or us
 *	interval:N[unit]     a duration, nanoseconds without a unit
 *	usdt:NAME            U; with a process named by -p or -c
 *	usdt:TARGET:NAME
 *	usdt:TARGET:PROVIDER:NAME
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/strbuf.h"
#include "lang/literal.h"
#include "lang/sema_internal.h"

#define PART_MAX            8
#define INTERVAL_PERIOD_MIN 1000

struct attach_parts {
	const char *parts[PART_MAX];
	size_t count; /* may be greater than PART_MAX while the text is split */
};

/* Which probes there are, and which bpftrace has beside them. */
static const struct {
	const char *name;
	const char *alias; /* or NULL */
	enum ast_probe_type type;
	const char *refusal; /* NULL: supported */
} probe_types[] = {
	{"begin", NULL, AST_PROBE_BEGIN, NULL},
	{"end", NULL, AST_PROBE_END, NULL},
	{"interval", "i", AST_PROBE_INTERVAL, NULL},
	{"usdt", "U", AST_PROBE_USDT, NULL},
	{"bench", NULL, 0, "are not supported yet"},
	{"fentry", "f", 0, "need BPF, which usdtrap works without"},
	{"fexit", "fr", 0, "need BPF, which usdtrap works without"},
	{"hardware", "h", 0, "need the kernel's performance events, which usdtrap does not use"},
	{"iter", "it", 0, "need BPF, which usdtrap works without"},
	{"kfunc", NULL, 0, "need BPF, which usdtrap works without"},
	{"kprobe", "k", 0, "need BPF, which usdtrap works without"},
	{"kretfunc", NULL, 0, "need BPF, which usdtrap works without"},
	{"kretprobe", "kr", 0, "need BPF, which usdtrap works without"},
	{"profile", "p", 0, "are not supported yet"},
	{"rawtracepoint", "rt", 0, "need BPF, which usdtrap works without"},
	{"self", NULL, 0, "are not supported yet"},
	{"software", "s", 0, "need the kernel's performance events, which usdtrap does not use"},
	{"test", NULL, 0, "are not supported yet"},
	{"tracepoint", "t", 0, "are not supported yet"},
	{"uprobe", "u", 0, "are not supported yet"},
	{"uretprobe", "ur", 0, "are not supported yet"},
	{"watchpoint", "w", 0, "are not supported yet"},
	{"asyncwatchpoint", "aw", 0, "are not supported yet"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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
static bool take_part(struct sema *sema, const char **text, const char **ret)
{
	_cleanup_strbuf_ struct strbuf part = {};
	const char *at = *text;
	bool in_quotes = false;

	for (; *at && (in_quotes || *at != ':'); at++) {
		if (*at == '"') {
			in_quotes = !in_quotes;
		} else {
			if (in_quotes && *at == '\\' && (at[1] == '"' || at[1] == '\\'))
				at++;
			strbuf_add_char(&part, *at);
		}
	}
	*text = at;
	*ret = arena_copy(sema->arena, strbuf_text(&part), part.length);
	sema->arena->failed |= part.failed;
	return !in_quotes && *ret;
}

static bool split(struct sema *sema, const struct ast_attach_point *point, const char *text, struct attach_parts *ret)
{
	struct attach_parts split = {};

	for (;;) {
		const char *part;

		if (!take_part(sema, &text, &part)) {
			if (!sema->arena->failed)
				diag_error(sema->diagnostics, point->span, "a quote is missing in the probe's name");
			return false;
		}
		if (split.count < PART_MAX)
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

/* ---- Types of probes -------------------------------------------------------------------------------------------- */

static void resolve_interval(struct sema *sema, struct ast_attach_point *point, const struct attach_parts *split)
{
	const char *number = split->parts[split->count - 1];
	uint64_t unit = 1;
	uint64_t value;

	if (split->count != 2 && split->count != 3) {
		diag_error(sema->diagnostics, point->span, "interval probes have two or three parts");
		diag_hint(sema->diagnostics, "for example interval:s:1, interval:hz:10 or interval:250ms");
		return;
	}
	if (split->count == 3) {
		const char *name = split->parts[1];
		bool is_frequency = strcmp(name, "hz") == 0;

		unit = is_frequency ? 0 : literal_unit(name, strlen(name));
		if (!is_frequency && strcmp(name, "s") != 0 && strcmp(name, "ms") != 0 && strcmp(name, "us") != 0) {
			diag_error(sema->diagnostics, point->span, "%s is not an accepted unit of time", name);
			return;
		}
	}
	if (literal_integer(number, strlen(number), &value) != LITERAL_OK || value == 0) {
		diag_error(sema->diagnostics, point->span, "interval frequency should be a positive integer");
		return;
	}
	if (unit == 0)
		point->period_ns = UINT64_C(1000000000) / value;
	else if (__builtin_mul_overflow(value, unit, &point->period_ns) || point->period_ns > INT64_MAX)
		diag_error(sema->diagnostics, point->span, "interval is too long: more than 292 years");
	if (point->period_ns < INTERVAL_PERIOD_MIN)
		diag_error(sema->diagnostics, point->span, "interval is too short: at least %d nanoseconds",
			   INTERVAL_PERIOD_MIN);
	point->full_name = split->count == 3 ? arena_printf(sema->arena, "interval:%s:%s", split->parts[1], number)
					     : arena_printf(sema->arena, "interval:%s", number);
}

static const char *or_any(const char *part)
{
	return *part && strcmp(part, "*") != 0 ? part : NULL;
}

static void resolve_usdt(struct sema *sema, struct ast_attach_point *point, const struct attach_parts *split)
{
	const char *name = split->parts[split->count - 1];

	if (split->count < 2 || split->count > 4) {
		diag_error(sema->diagnostics, point->span, "usdt probes have two to four parts");
		diag_hint(sema->diagnostics, "usdt:TARGET:PROVIDER:NAME, usdt:TARGET:NAME or, with -p, usdt:NAME");
		return;
	}
	if (split->count == 2 && (!sema->options->has_process || strchr(name, '/'))) {
		diag_error(sema->diagnostics, point->span,
			   strchr(name, '/') ? "usdt probe has a target and no name"
					     : "usdt:NAME needs a process, named with -p or -c");
		diag_hint(sema->diagnostics, "name what to trace: usdt:TARGET:NAME, where * stands for any text");
		return;
	}
	if (!*name) {
		diag_error(sema->diagnostics, point->span, "usdt probe has an empty name");
		diag_hint(sema->diagnostics, "* stands for any name");
		return;
	}
	point->name = or_any(name);
	if (split->count == 4)
		point->provider = or_any(split->parts[2]);
	if (split->count > 2)
		point->target = or_any(split->parts[1]);
}

static void resolve_special(struct sema *sema, struct ast_attach_point *point, const struct attach_parts *split,
			    const char *name)
{
	if (split->count > 1)
		diag_error(sema->diagnostics, point->span, "%s probes have one part", name);
	point->full_name = name;
}

static void complain_about_type(struct sema *sema, const struct ast_attach_point *point, const char *name)
{
	struct nearest search = {.wanted = name, .distance = NEAREST_START};

	diag_error(sema->diagnostics, point->span, "Invalid probe type: %s", name);
	for (size_t i = 0; i < COUNT(probe_types); i++)
		nearest_offer(&search, probe_types[i].name);
	if (search.best)
		diag_hint(sema->diagnostics, "did you mean %s?", search.best);
	else
		diag_hint(sema->diagnostics, "supported are begin, end, interval and usdt");
}

static void resolve_type(struct sema *sema, struct ast_attach_point *point, const struct attach_parts *split)
{
	const char *name = split->parts[0];
	size_t row = 0;

	while (row < COUNT(probe_types) && strcasecmp(name, probe_types[row].name) != 0 &&
	       (!probe_types[row].alias || strcmp(name, probe_types[row].alias) != 0))
		row++;
	if (row == COUNT(probe_types)) {
		complain_about_type(sema, point, name);
		return;
	}
	if (probe_types[row].refusal) {
		diag_error(sema->diagnostics, point->span, "%s probes %s", probe_types[row].name,
			   probe_types[row].refusal);
		diag_hint(sema->diagnostics, "supported are begin, end, interval and usdt");
		return;
	}
	point->type = probe_types[row].type;
	switch (point->type) {
	case AST_PROBE_BEGIN:
	case AST_PROBE_END:
		resolve_special(sema, point, split, probe_types[row].name);
		break;
	case AST_PROBE_INTERVAL:
		resolve_interval(sema, point, split);
		break;
	case AST_PROBE_USDT:
		resolve_usdt(sema, point, split);
		break;
	}
}

static void resolve_point(struct sema *sema, struct ast_attach_point *point)
{
	struct attach_parts parts;
	const char *label, *text;

	point->text = put_parameters_in(sema, point->text);
	if (!point->text)
		return;
	text = point->text;
	label = take_label(sema, &text);
	if (!split(sema, point, text, &parts))
		return;
	if (parts.count > PART_MAX) {
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
