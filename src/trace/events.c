/* SPDX-License-Identifier: MIT */
#include "trace/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "arch/arch.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/nearest.h"
#include "trace/engine.h"
#include "trace/hit.h"
#include "trace/recorded.h"

/* ---- Subscriptions ----------------------------------------------------------------------------------------------- */

static const struct {
	const char *category, *name;
	enum event_kind kind;
} kinds[] = {
	{"raw_syscalls", "sys_enter", EVENT_ANY_ENTER}, {"raw_syscalls", "sys_exit", EVENT_ANY_EXIT},
	{"sched", "sched_process_fork", EVENT_FORK},    {"sched", "sched_process_exec", EVENT_EXEC},
	{"sched", "sched_process_exit", EVENT_END},     {"signal", "signal_deliver", EVENT_SIGNAL},
};

/* The list that those belong to who want TRACEPOINT. */
static struct event_match **list_of(struct events *events, const struct usdtrap_tracepoint_info *tracepoint)
{
	static const char enter_prefix[] = "sys_enter_", exit_prefix[] = "sys_exit_";
	const struct usdtrap_syscall *call;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].category, tracepoint->category) == 0 &&
		    strcmp(kinds[i].name, tracepoint->name) == 0)
			return &events->of_kind[kinds[i].kind];
	if (strncmp(tracepoint->name, enter_prefix, strlen(enter_prefix)) == 0) {
		call = usdtrap_syscall_by_kernel_name(tracepoint->name + strlen(enter_prefix));
		return call && call->number < EVENT_CALLS ? &events->enter[call->number] : NULL;
	}
	call = usdtrap_syscall_by_kernel_name(tracepoint->name + strlen(exit_prefix));
	return call && call->number < EVENT_CALLS ? &events->exit[call->number] : NULL;
}

static void event_destroy(struct usdtrap_tracepoint *event)
{
	for (size_t i = 0; i < event->match_count; i++)
		free((char *)event->matches[i].info.full_name);
	free(event->matches);
	free(event);
}

/* Adds TRACEPOINT, unless PATTERN's own filter leaves it out. */
static struct usdtrap_error *add_match(struct usdtrap_tracepoint *event, const struct usdtrap_pattern *pattern,
				       const struct usdtrap_tracepoint_info *tracepoint)
{
	struct event_match *match = &event->matches[event->match_count];
	char *full_name;

	if (asprintf(&full_name, "tracepoint:%s:%s", tracepoint->category, tracepoint->name) < 0)
		return &error_no_memory;
	if (pattern->accepts && !pattern->accepts(full_name, pattern->user)) {
		free(full_name);
		return NULL;
	}
	match->tracepoint = *tracepoint;
	match->event = event;
	match->info = (struct usdtrap_probe_info){
		.path = "",
		.provider = match->tracepoint.category,
		.name = match->tracepoint.name,
		.full_name = full_name,
	};
	event->match_count++;
	return NULL;
}

static bool is_meant(const char *pattern, const char *text)
{
	return !pattern || !pattern[0] || glob_match(pattern, text);
}

static const char *or_star(const char *pattern)
{
	return pattern && pattern[0] ? pattern : "*";
}

/* The system call that the C library calls as NAME, "sys_enter_stat", says, where the kernel has another name for it.
 */
static const struct usdtrap_syscall *renamed_call(const char *name, size_t prefix_length)
{
	for (size_t i = 0; i < usdtrap_syscall_count(); i++) {
		const struct usdtrap_syscall *call = usdtrap_syscall_at(i);

		if (call->kernel_name && strcmp(call->name, name + prefix_length) == 0)
			return call;
	}
	return NULL;
}

/* Sets RET to the name nearest to what PATTERN's is, or to "". */
static void find_nearest(const struct usdtrap_pattern *pattern, char ret[static USDTRAP_TRACEPOINT_NAME_MAX])
{
	struct nearest search = {.wanted = or_star(pattern->name), .distance = NEAREST_START};
	struct usdtrap_tracepoint_info tracepoint;

	*ret = '\0';
	for (size_t i = 0; i < usdtrap_tracepoint_count(); i++) {
		usdtrap_tracepoint_at(i, &tracepoint);
		if (!is_meant(pattern->provider, tracepoint.category))
			continue;
		nearest_offer(&search, tracepoint.name);
		if (search.best == tracepoint.name) {
			snprintf(ret, USDTRAP_TRACEPOINT_NAME_MAX, "%s", tracepoint.name);
			search.best = ret;
		}
	}
}

static struct usdtrap_error *explain_no_match(const struct usdtrap_pattern *pattern)
{
	static const char *const prefixes[] = {"sys_enter_", "sys_exit_"};
	const char *category = or_star(pattern->provider), *name = or_star(pattern->name);
	char nearest[USDTRAP_TRACEPOINT_NAME_MAX];
	struct usdtrap_error *error =
		error_create(USDTRAP_NOT_FOUND, "there is no tracepoint %s:%s that ptrace(2) can show", category, name);

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const size_t length = strlen(prefixes[i]);
		const struct usdtrap_syscall *call =
			strncmp(name, prefixes[i], length) == 0 ? renamed_call(name, length) : NULL;

		if (call)
			return error_hint(error, "the kernel calls %s %s: %s:%s%s", call->name, call->kernel_name,
					  category, prefixes[i], call->kernel_name);
	}
	find_nearest(pattern, nearest);
	return *nearest ? error_hint(error, "did you mean %s:%s?", category, nearest)
			: error_hint(error, "usdtrap -l 'tracepoint:*' lists those that there are");
}

/* Fills EVENT with what PATTERN matches. */
static struct usdtrap_error *match_all(struct usdtrap_tracepoint *event, const struct usdtrap_pattern *pattern)
{
	const size_t count = usdtrap_tracepoint_count();
	struct usdtrap_tracepoint_info tracepoint;
	struct usdtrap_error *error = NULL;

	event->matches = calloc(count, sizeof(*event->matches));
	if (!event->matches)
		return &error_no_memory;
	for (size_t i = 0; !error && i < count; i++) {
		usdtrap_tracepoint_at(i, &tracepoint);
		if (is_meant(pattern->provider, tracepoint.category) && is_meant(pattern->name, tracepoint.name))
			error = add_match(event, pattern, &tracepoint);
	}
	if (!error && event->match_count == 0)
		error = explain_no_match(pattern);
	return error;
}

struct usdtrap_error *events_add(struct events *events, const struct usdtrap_pattern *pattern, usdtrap_hit_fn on_hit,
				 void *user, struct usdtrap_tracepoint **ret)
{
	struct usdtrap_tracepoint *event = calloc(1, sizeof(*event));
	struct usdtrap_error *error;

	if (!event)
		return &error_no_memory;
	event->on_hit = on_hit;
	event->user = user;
	error = match_all(event, pattern);
	if (error) {
		event_destroy(event);
		return error;
	}
	for (size_t i = 0; i < event->match_count; i++) {
		struct event_match **list = list_of(events, &event->matches[i].tracepoint);

		if (!list)
			continue;
		LL_APPEND(*list, &event->matches[i]);
		events->wants_calls |= strstr(event->matches[i].tracepoint.category, "syscalls") != NULL;
	}
	LL_APPEND(events->list, event);
	if (ret)
		*ret = event;
	return NULL;
}

size_t events_filter(const struct events *events, bool wants_maps, uint16_t numbers[EVENT_CALLS])
{
	const struct arch *arch = arch_native();
	size_t count = 0;

	if ((!events->wants_calls && !wants_maps) || events->of_kind[EVENT_ANY_ENTER] ||
	    events->of_kind[EVENT_ANY_EXIT])
		return 0;
	for (uint16_t number = 0; number < EVENT_CALLS; number++) {
		const bool is_wanted =
			events->enter[number] || events->exit[number] || (wants_maps && arch->is_mapping(number));

		/* One that was interrupted may go on under another number. */
		if (!is_wanted && number != arch->restart_call)
			continue;
		if (numbers)
			numbers[count] = number;
		count++;
	}
	return count;
}

void events_deinit(struct events *events)
{
	struct usdtrap_tracepoint *event, *next;

	LL_FOREACH_SAFE(events->list, event, next)
	event_destroy(event);
	memset(events, 0, sizeof(*events));
}

size_t usdtrap_tracepoint_match_count(const struct usdtrap_tracepoint *event)
{
	return event->match_count;
}

const struct usdtrap_tracepoint_info *usdtrap_tracepoint_match(const struct usdtrap_tracepoint *event, size_t index)
{
	return &event->matches[index].tracepoint;
}

/* ---- Delivery ---------------------------------------------------------------------------------------------------- */

static void deliver(struct usdtrap_hit *hit, const struct event_match *matches)
{
	struct engine *engine = hit->engine;

	if (!matches || engine->is_stopping || hit->tracee->role != TRACEE_MEMBER)
		return;
	engine->report.hits++;
	for (; matches; matches = matches->next) {
		hit->match = matches;
		hit->info = &matches->info;
		if (matches->event->on_hit(hit, matches->event->user) == USDTRAP_STOP) {
			engine->is_stopping = true;
			break;
		}
	}
}

void events_deliver(struct engine *engine, struct tracee *tracee, const struct event_match *matches,
		    const struct event_data *data)
{
	deliver(&(struct usdtrap_hit){.engine = engine, .tracee = tracee, .data = data}, matches);
}

void events_deliver_recorded(struct engine *engine, const struct recorded *recorded, const struct event_match *matches,
			     const struct event_data *data)
{
	/* As much of a tracee as a hit's callbacks may ask for without its memory or registers. */
	struct space space = {.pid = recorded->pid, .anchor = recorded->tid, .arch = arch_native(), .memory_fd = -1};
	struct tracee tracee = {.tid = recorded->tid, .pid = recorded->pid, .role = TRACEE_MEMBER, .space = &space};

	deliver(&(struct usdtrap_hit){.engine = engine, .tracee = &tracee, .recorded = recorded, .data = data},
		matches);
}

/* ---- What a callback sees ---------------------------------------------------------------------------------------- */

const struct usdtrap_tracepoint_info *usdtrap_hit_tracepoint(const struct usdtrap_hit *hit)
{
	return hit->match ? &hit->match->tracepoint : NULL;
}

/* WORD as a field of this size and sign has it. */
static uint64_t extend(uint64_t word, const struct usdtrap_field *field)
{
	const unsigned unused = 64 - 8 * field->size;

	word <<= unused;
	return field->is_signed ? (uint64_t)((int64_t)word >> unused) : word >> unused;
}

struct usdtrap_error *usdtrap_hit_field(const struct usdtrap_hit *hit, unsigned index, unsigned element,
					struct usdtrap_value *ret)
{
	const struct usdtrap_field *field;
	uint64_t word;

	if (!hit->match || index >= hit->match->tracepoint.field_count)
		return error_create(USDTRAP_NOT_FOUND, "%s has no field %u", usdtrap_hit_probe(hit)->full_name, index);
	field = &hit->match->tracepoint.fields[index];
	if (field->kind == USDTRAP_FIELD_TEXT || element >= field->count)
		return error_create(USDTRAP_NOT_FOUND, "field %s of %s has no element %u", field->name,
				    hit->match->info.full_name, element);
	word = field->kind == USDTRAP_FIELD_ARRAY ? hit->data->array[element] : hit->data->values[index];
	*ret = (struct usdtrap_value){
		.kind = field->is_signed ? USDTRAP_VALUE_SIGNED : USDTRAP_VALUE_UNSIGNED,
		.size = field->size,
		.integer = extend(word, field),
	};
	return NULL;
}

const char *usdtrap_hit_field_text(const struct usdtrap_hit *hit, unsigned index)
{
	if (!hit->match || index >= hit->match->tracepoint.field_count ||
	    hit->match->tracepoint.fields[index].kind != USDTRAP_FIELD_TEXT)
		return NULL;
	return hit->data->texts[index];
}
