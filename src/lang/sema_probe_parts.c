/* SPDX-License-Identifier: MIT */
/*
 * What the parts of an attach point mean, by the kind of probe.
 *
 *	begin, end                     BEGIN, END, in any case
 *	self:signal:SIGUSR1            the tracer itself gets the signal
 *	test:NAME, bench:NAME          with --test, --bench
 *	interval:UNIT:N                i; UNIT is hz, s, ms or us
 *	interval:N[unit]               a duration, nanoseconds without a unit
 *	profile:UNIT:N, profile:N...   p; the same
 *	usdt:NAME                      U; with a process named by -p or -c
 *	usdt:TARGET:NAME
 *	usdt:TARGET:PROVIDER:NAME
 *	uprobe:FUNCTION                u; with a process named by -p or -c
 *	uprobe:TARGET:FUNCTION[+OFFSET]
 *	uprobe:TARGET:ADDRESS
 *	uprobe:TARGET:cpp:"FUNCTION"   a name as C++ has it
 *	uretprobe:...                  ur; the same without +OFFSET
 *	tracepoint:CATEGORY:NAME       t
 *	watchpoint:WHERE:LENGTH:MODE w; WHERE is an address, SYMBOL, SYMBOL+OFFSET or FUNCTION+argN; MODE is w, rw or x
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <usdtrap/tracepoint.h>

#include "base/glob.h"
#include "lang/literal.h"
#include "lang/sema_internal.h"

#define PERIOD_MIN 1000

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One attach point that is being understood. */
struct point {
	struct sema *sema;
	struct ast_attach_point *ast;
	const char *kind; /* the probe's kind, in full */
	const struct sema_probe_part *parts;
	size_t count;
};

#define complain(point, ...) diag_error((point)->sema->diagnostics, (point)->ast->span, __VA_ARGS__)
#define suggest(point, ...)  diag_hint((point)->sema->diagnostics, __VA_ARGS__)

static const char *or_any(const char *part)
{
	return *part && strcmp(part, "*") != 0 ? part : NULL;
}

static const char *or_none(const char *part)
{
	return *part ? part : NULL;
}

/* All of TEXT as a number in C's notation; false if it is none. */
static bool read_number(const char *text, uint64_t *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*ret = strtoull(text, &end, 0);
	return *end == '\0';
}

static bool has_process(const struct point *point)
{
	return point->sema->options->has_process;
}

/* ---- Those of the tool itself ----------------------------------------------------------------------------------- */

static void resolve_special(const struct point *point)
{
	if (point->count > 1)
		complain(point, "%s probes have one part", point->kind);
	point->ast->full_name = point->kind;
}

static void resolve_self(const struct point *point)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {{"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}};

	if (point->count != 3 || strcmp(point->parts[1].text, "signal") != 0) {
		complain(point, "self probes are self:signal:NAME");
		suggest(point, "for example self:signal:SIGUSR1, which runs when usdtrap itself gets that signal");
		return;
	}
	for (size_t i = 0; i < COUNT(signals); i++) {
		if (strcmp(point->parts[2].text, signals[i].name) == 0)
			point->ast->signal = signals[i].number;
	}
	if (!point->ast->signal) {
		complain(point, "self:signal probes take SIGUSR1 or SIGUSR2, not %s", point->parts[2].text);
		return;
	}
	point->ast->full_name = arena_printf(point->sema->arena, "self:signal:%s", point->parts[2].text);
}

/* test:NAME, bench:NAME */
static void resolve_named(const struct point *point)
{
	if (point->count != 2 || !point->parts[1].text[0]) {
		complain(point, "%s probes have two parts", point->kind);
		suggest(point, "%s:NAME, which runs with --%s", point->kind, point->kind);
		return;
	}
	point->ast->name = point->parts[1].text;
	point->ast->full_name = arena_printf(point->sema->arena, "%s:%s", point->kind, point->ast->name);
}

/* ---- Timers ----------------------------------------------------------------------------------------------------- */

/* Nanoseconds of the UNIT in the middle of interval:UNIT:N; 0 for hz. False, reported, if it is none. */
static bool read_unit(const struct point *point, uint64_t *ret)
{
	static const char *const units[] = {"hz", "s", "ms", "us"};
	const char *name = point->parts[1].text;

	for (size_t i = 0; i < COUNT(units); i++) {
		if (strcmp(name, units[i]) == 0) {
			*ret = i == 0 ? 0 : literal_unit(name, strlen(name));
			return true;
		}
	}
	complain(point, "%s is not an accepted unit of time", name);
	suggest(point, "accepted are hz, s, ms and us");
	return false;
}

static void resolve_timer(const struct point *point)
{
	struct ast_attach_point *ast = point->ast;
	const char *number = point->parts[point->count - 1].text;
	uint64_t unit = 1;
	uint64_t value;

	if (point->count != 2 && point->count != 3) {
		complain(point, "%s probes have two or three parts", point->kind);
		suggest(point, "for example %s:s:1, %s:hz:10 or %s:250ms", point->kind, point->kind, point->kind);
		return;
	}
	if (point->count == 3 && !read_unit(point, &unit))
		return;
	if (literal_integer(number, strlen(number), &value) != LITERAL_OK || value == 0) {
		complain(point, "%s frequency should be a positive integer", point->kind);
		return;
	}
	if (unit == 0)
		ast->period_ns = UINT64_C(1000000000) / value;
	else if (__builtin_mul_overflow(value, unit, &ast->period_ns) || ast->period_ns > INT64_MAX)
		complain(point, "%s is too long: more than 292 years", point->kind);
	if (ast->period_ns < PERIOD_MIN)
		complain(point, "%s is too short: at least %d nanoseconds", point->kind, PERIOD_MIN);
	ast->full_name = point->count == 3 ? arena_printf(point->sema->arena, "%s:%s:%s", point->kind,
							  point->parts[1].text, number)
					   : arena_printf(point->sema->arena, "%s:%s", point->kind, number);
}

/* ---- Those of user space ---------------------------------------------------------------------------------------- */

static void resolve_usdt(const struct point *point)
{
	const char *name = point->parts[point->count - 1].text;

	if (point->count < 2 || point->count > 4) {
		complain(point, "usdt probes have two to four parts");
		suggest(point, "usdt:TARGET:PROVIDER:NAME, usdt:TARGET:NAME or, with -p, usdt:NAME");
		return;
	}
	if (point->count == 2 && (!has_process(point) || strchr(name, '/'))) {
		complain(point, strchr(name, '/') ? "usdt probe has a target and no name"
						  : "usdt:NAME needs a process, named with -p or -c");
		suggest(point, "name what to trace: usdt:TARGET:NAME, where * stands for any text");
		return;
	}
	if (!*name) {
		complain(point, "usdt probe has an empty name");
		suggest(point, "* stands for any name");
		return;
	}
	point->ast->name = or_any(name);
	if (point->count == 4)
		point->ast->provider = or_any(point->parts[2].text);
	if (point->count > 2)
		point->ast->target = or_none(point->parts[1].text);
}

/* uprobe:BIN@FILE:LINE[:COLUMN]; an @ in quotes is a part of the path. */
static bool is_source_line(const struct point *point)
{
	const struct sema_probe_part *target = &point->parts[1];
	uint64_t line;

	return point->count >= 3 && strchr(target->text + target->quoted_end, '@') &&
	       read_number(point->parts[2].text, &line);
}

/* FUNCTION, FUNCTION+OFFSET or ADDRESS, as PART has it. */
static void resolve_function(const struct point *point, const struct sema_probe_part *part)
{
	struct ast_attach_point *ast = point->ast;
	const char *plus = strchr(part->text + part->quoted_end, '+');

	if (part->quoted_end == 0 && read_number(part->text, &ast->address))
		return;
	ast->address = 0;
	ast->name = part->text;
	if (!plus)
		return;
	if (ast->type == AST_PROBE_URETPROBE) {
		complain(point, "uretprobe probes take no offset: they stand where a function returns");
		return;
	}
	ast->name = arena_copy(point->sema->arena, part->text, (size_t)(plus - part->text));
	if (plus == part->text)
		complain(point, "uprobe probe has an offset and no function");
	else if (!read_number(plus + 1, &ast->offset))
		complain(point, "uprobe probe has an invalid offset: %s", plus + 1);
	else if (ast->offset && strpbrk(ast->name ? ast->name : "", "*["))
		complain(point, "uprobe probe has an offset into more than one function: %s", ast->name);
}

static void resolve_uprobe(const struct point *point)
{
	struct ast_attach_point *ast = point->ast;
	const struct sema_probe_part *function = &point->parts[point->count - 1];

	if (point->count < 2 || (point->count > 4 && !is_source_line(point))) {
		complain(point, "%s probes have two to four parts", point->kind);
		suggest(point, "%s:TARGET:FUNCTION, %s:TARGET:cpp:\"NAMESPACE::FUNCTION\" or, with -p, %s:FUNCTION",
			point->kind, point->kind, point->kind);
		return;
	}
	if (is_source_line(point)) {
		complain(point, "%s:TARGET@FILE:LINE needs debug information (DWARF), which usdtrap does not read",
			 point->kind);
		suggest(point, "name a function or an address: %s:TARGET:FUNCTION, %s:TARGET:0xADDRESS", point->kind,
			point->kind);
		return;
	}
	if (point->count == 2 && (!has_process(point) || strchr(function->text, '/'))) {
		complain(point,
			 strchr(function->text, '/') ? "%s probe has a target and no function"
						     : "%s:FUNCTION needs a process, named with -p or -c",
			 point->kind);
		suggest(point, "name what to trace: %s:TARGET:FUNCTION", point->kind);
		return;
	}
	if (!function->text[0]) {
		complain(point, "%s probe has no function", point->kind);
		suggest(point, "* stands for any text");
		return;
	}
	if (point->count > 2)
		ast->target = or_none(point->parts[1].text);
	if (point->count == 4) {
		if (strcmp(point->parts[2].text, "cpp") != 0)
			complain(point, "names of the language %s are not known, only those of cpp",
				 point->parts[2].text);
		ast->is_demangled = true;
		ast->name = function->text;
		return;
	}
	resolve_function(point, function);
}

/* SYMBOL, SYMBOL+OFFSET or FUNCTION+argN, as TEXT has it. */
static void resolve_watched_name(const struct point *point, const char *text)
{
	enum { WATCHED_ARGUMENTS_MAX = 128 };
	static const char argument[] = "arg";
	struct ast_attach_point *ast = point->ast;
	const char *plus = strchr(text, '+');
	bool has_offset = true;
	uint64_t number = 0;

	ast->address = 0;
	ast->name = text;
	if (plus) {
		ast->name = arena_copy(point->sema->arena, text, (size_t)(plus - text));
		if (strncmp(plus + 1, argument, strlen(argument)) == 0 &&
		    read_number(plus + 1 + strlen(argument), &number))
			ast->watched_argument = (unsigned)number + 1;
		else
			has_offset = read_number(plus + 1, &ast->offset);
	}
	if (!ast->name)
		return; /* no memory, which is told elsewhere */
	if (!ast->name[0] || strpbrk(ast->name, "*[") || (*ast->name >= '0' && *ast->name <= '9')) {
		complain(point, "%s probe has an invalid address: %s", point->kind, text);
		suggest(point, "an address, a symbol, SYMBOL+OFFSET, or FUNCTION+argN: what the argument points to");
	} else if (!has_offset) {
		complain(point, "%s probe has an invalid offset: %s", point->kind, plus + 1);
	} else if (ast->watched_argument > WATCHED_ARGUMENTS_MAX) {
		complain(point, "%s probe has an argument that no function has: %s", point->kind, plus + 1);
	} else if (!has_process(point)) {
		complain(point, "%s probe names %s, which has no address yet", point->kind, ast->name);
		suggest(point, "name the process: -p PID, or -c COMMAND");
	}
}

static void resolve_watchpoint(const struct point *point)
{
	static const struct {
		const char *text;
		unsigned watch;
	} modes[] = {
		{"w", AST_WATCH_WRITE},
		{"rw", AST_WATCH_READ | AST_WATCH_WRITE},
		{"wr", AST_WATCH_READ | AST_WATCH_WRITE},
		{"x", AST_WATCH_EXECUTE},
	};
	struct ast_attach_point *ast = point->ast;
	uint64_t length;

	if (point->count != 4) {
		complain(point, "%s probes have four parts", point->kind);
		suggest(point, "for example %s:0x601000:8:w", point->kind);
		return;
	}
	if (!read_number(point->parts[1].text, &ast->address))
		resolve_watched_name(point, point->parts[1].text);
	if (!read_number(point->parts[2].text, &length) || (length != 1 && length != 2 && length != 4 && length != 8)) {
		complain(point, "%s probes watch 1, 2, 4 or 8 bytes, not %s", point->kind, point->parts[2].text);
		return;
	}
	ast->length = (unsigned)length;
	for (size_t i = 0; i < COUNT(modes); i++) {
		if (strcmp(point->parts[3].text, modes[i].text) == 0)
			ast->watch = modes[i].watch;
	}
	if (!ast->watch) {
		complain(point, "%s probes watch for w (writes), rw (reads and writes) or x (execution), not %s",
			 point->kind, point->parts[3].text);
		return;
	}
	if (ast->address % length)
		complain(point, "%s probes watch addresses that are a multiple of the length", point->kind);
	if (ast->watch == AST_WATCH_EXECUTE && length != 1)
		complain(point, "%s probes watch the execution of 1 byte, not %s", point->kind, point->parts[2].text);
	ast->full_name = arena_printf(point->sema->arena, "%s:%s:%s:%s", point->kind, point->parts[1].text,
				      point->parts[2].text, point->parts[3].text);
}

/* ---- Those of the kernel ---------------------------------------------------------------------------------------- */

/* Whether there is any tracepoint that CATEGORY and NAME match. */
static bool is_any_tracepoint(const char *category, const char *name)
{
	struct usdtrap_tracepoint_info info;

	for (size_t i = 0; i < usdtrap_tracepoint_count(); i++) {
		usdtrap_tracepoint_at(i, &info);
		if (glob_match(category, info.category) && glob_match(name, info.name))
			return true;
	}
	return false;
}

static void resolve_tracepoint(const struct point *point)
{
	const char *category, *name;

	if (point->count != 3 || !point->parts[1].text[0] || !point->parts[2].text[0]) {
		complain(point, "tracepoint probes have three parts");
		suggest(point, "for example tracepoint:syscalls:sys_enter_openat");
		return;
	}
	category = point->parts[1].text;
	name = point->parts[2].text;
	point->ast->provider = or_any(category);
	point->ast->name = or_any(name);
	/* Of system calls one may be meant that this usdtrap does not know. */
	if (strcmp(category, "syscalls") != 0 && strcmp(category, "raw_syscalls") != 0 &&
	    !is_any_tracepoint(category, name)) {
		point->ast->is_refused = true;
		complain(point, "tracepoints of %s lie within the kernel, which only BPF can reach", category);
		suggest(point,
			"syscalls, raw_syscalls, sched:sched_process_* and signal:signal_deliver are those that a "
			"process shows");
	}
}

void sema_probe_parts(struct sema *sema, struct ast_attach_point *ast, const char *kind,
		      const struct sema_probe_parts *parts)
{
	const struct point point = {sema, ast, kind, parts->parts, parts->count};

	switch (ast->type) {
	case AST_PROBE_BEGIN:
	case AST_PROBE_END:
		resolve_special(&point);
		break;
	case AST_PROBE_SELF:
		resolve_self(&point);
		break;
	case AST_PROBE_TEST:
	case AST_PROBE_BENCH:
		resolve_named(&point);
		break;
	case AST_PROBE_INTERVAL:
	case AST_PROBE_PROFILE:
		resolve_timer(&point);
		break;
	case AST_PROBE_USDT:
		resolve_usdt(&point);
		break;
	case AST_PROBE_UPROBE:
	case AST_PROBE_URETPROBE:
		resolve_uprobe(&point);
		break;
	case AST_PROBE_TRACEPOINT:
		resolve_tracepoint(&point);
		break;
	case AST_PROBE_WATCHPOINT:
		resolve_watchpoint(&point);
		break;
	}
}
