/* SPDX-License-Identifier: MIT */
#include "support/fake_session.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static int matches(const char *pattern, const char *text)
{
	return !pattern || !pattern[0] || fnmatch(pattern, text, 0) == 0;
}

static int probe_matches(const struct usdtrap_probe *probe, const struct usdtrap_probe_info *info)
{
	return matches(probe->target, info->path) && matches(probe->provider, info->provider) &&
	       matches(probe->name, info->name);
}

void fake_session_deinit(struct usdtrap_session *session)
{
	for (size_t i = 0; i < session->probe_count; i++) {
		free(session->probes[i].target);
		free(session->probes[i].provider);
		free(session->probes[i].name);
	}
}

enum usdtrap_action fake_session_deliver(struct usdtrap_session *session, const struct usdtrap_hit *hit)
{
	for (size_t i = 0; i < session->probe_count; i++) {
		const struct usdtrap_probe *probe = &session->probes[i];

		if (probe_matches(probe, hit->probe) && probe->on_hit(hit, probe->user) == USDTRAP_STOP)
			return USDTRAP_STOP;
	}
	return USDTRAP_CONTINUE;
}

/* ---- The session's functions ------------------------------------------------------------------------------------- */

struct usdtrap_error *usdtrap_add_probe(struct usdtrap_session *session, const struct usdtrap_pattern *pattern,
					pid_t pid, usdtrap_hit_fn on_hit, void *user, struct usdtrap_probe **ret)
{
	struct usdtrap_probe *probe;

	if (session->probe_count == FAKE_MAX)
		return error_create(USDTRAP_UNSUPPORTED, "a fake session has no more than %d probes", FAKE_MAX);
	probe = &session->probes[session->probe_count];
	*probe = (struct usdtrap_probe){
		.session = session,
		.target = copy(pattern->target),
		.provider = copy(pattern->provider),
		.name = copy(pattern->name),
		.any_file = pattern->any_file,
		.pid = pid,
		.on_hit = on_hit,
		.user = user,
	};
	session->probe_count++;
	if (!pattern->any_file && !usdtrap_probe_count(probe))
		return error_hint(error_create(USDTRAP_NOT_FOUND, "%s: no USDT probe is called %s", pattern->target,
					       pattern->name),
				  "did you mean app:start?");
	*ret = probe;
	return NULL;
}

/* A function is a probe without a provider; its kind is the offered probe's. */
struct usdtrap_error *usdtrap_add_function(struct usdtrap_session *session,
					   const struct usdtrap_function_pattern *pattern, pid_t pid,
					   usdtrap_hit_fn on_hit, void *user, struct usdtrap_probe **ret)
{
	const struct usdtrap_pattern plain = {
		.target = pattern->target,
		.name = pattern->name,
		.any_file = pattern->any_file,
	};

	return usdtrap_add_probe(session, &plain, pid, on_hit, user, ret);
}

struct usdtrap_error *usdtrap_hit_return_value(const struct usdtrap_hit *hit, struct usdtrap_value *ret)
{
	if (hit->probe->kind != USDTRAP_PROBE_RETURN)
		return error_create(USDTRAP_INVALID_USE, "%s is not a function's return", hit->probe->full_name);
	*ret = hit->return_value;
	return NULL;
}

size_t usdtrap_probe_count(const struct usdtrap_probe *probe)
{
	size_t count = 0;

	for (size_t i = 0; i < probe->session->offered_count; i++)
		count += (size_t)probe_matches(probe, &probe->session->offered[i]);
	return count;
}

const struct usdtrap_probe_info *usdtrap_probe_info(const struct usdtrap_probe *probe, size_t index)
{
	for (size_t i = 0; i < probe->session->offered_count; i++) {
		if (probe_matches(probe, &probe->session->offered[i]) && index-- == 0)
			return &probe->session->offered[i];
	}
	abort();
}

struct usdtrap_error *usdtrap_add_timer(struct usdtrap_session *session, uint64_t period_ns, usdtrap_timer_fn on_tick,
					void *user)
{
	if (session->timer_count == FAKE_MAX)
		return error_create(USDTRAP_UNSUPPORTED, "a fake session has no more than %d timers", FAKE_MAX);
	session->timers[session->timer_count++] =
		(struct fake_timer){.period_ns = period_ns, .on_tick = on_tick, .user = user};
	return NULL;
}

/* An event is a timer without a period. */
struct usdtrap_error *usdtrap_add_event(struct usdtrap_session *session, int event, usdtrap_timer_fn on_event,
					void *user)
{
	struct usdtrap_error *error = usdtrap_add_timer(session, 0, on_event, user);

	if (!error)
		session->timers[session->timer_count - 1].event = event;
	return error;
}

static struct usdtrap_error *add_event(struct usdtrap_session *session, usdtrap_hit_fn on_hit, void *user,
				       struct usdtrap_tracepoint **ret)
{
	if (session->event_count == FAKE_MAX)
		return error_create(USDTRAP_UNSUPPORTED, "a fake session has no more than %d events", FAKE_MAX);
	*ret = &session->events[session->event_count++];
	**ret = (struct usdtrap_tracepoint){.on_hit = on_hit, .user = user};
	return NULL;
}

/* Patterns are taken by their letter. */
struct usdtrap_error *usdtrap_add_tracepoint(struct usdtrap_session *session, const struct usdtrap_pattern *pattern,
					     usdtrap_hit_fn on_hit, void *user, struct usdtrap_tracepoint **ret)
{
	struct usdtrap_tracepoint_info info;
	struct usdtrap_error *error;

	if (!pattern->provider || !pattern->name || !usdtrap_tracepoint_find(pattern->provider, pattern->name, &info))
		return error_create(USDTRAP_NOT_FOUND, "there is no such tracepoint");
	error = add_event(session, on_hit, user, ret);
	if (!error)
		(*ret)->tracepoint = info;
	return error;
}

size_t usdtrap_tracepoint_match_count(const struct usdtrap_tracepoint *event)
{
	(void)event;
	return 1;
}

const struct usdtrap_tracepoint_info *usdtrap_tracepoint_match(const struct usdtrap_tracepoint *event, size_t index)
{
	(void)index;
	return &event->tracepoint;
}

struct usdtrap_error *usdtrap_add_profile(struct usdtrap_session *session, uint64_t period_ns, usdtrap_hit_fn on_hit,
					  void *user)
{
	struct usdtrap_tracepoint *event;

	(void)period_ns;
	return add_event(session, on_hit, user, &event);
}

struct usdtrap_error *usdtrap_add_symbol_watchpoint(struct usdtrap_session *session, const char *name, uint64_t offset,
						    unsigned length, unsigned watch, usdtrap_hit_fn on_hit, void *user)
{
	(void)session;
	(void)name;
	(void)offset;
	(void)length;
	(void)watch;
	(void)on_hit;
	(void)user;
	return NULL;
}

struct usdtrap_error *usdtrap_hit_watch(const struct usdtrap_hit *hit, uint64_t address, unsigned length,
					unsigned watch, usdtrap_hit_fn on_hit, void *user)
{
	(void)hit;
	(void)address;
	(void)length;
	(void)watch;
	(void)on_hit;
	(void)user;
	return NULL;
}

int usdtrap_hit_unwatch(const struct usdtrap_hit *hit, uint64_t address)
{
	(void)hit;
	(void)address;
	return 0;
}

struct usdtrap_error *usdtrap_add_watchpoint(struct usdtrap_session *session, uint64_t address, unsigned length,
					     unsigned watch, usdtrap_hit_fn on_hit, void *user)
{
	struct usdtrap_tracepoint *event;

	(void)address;
	(void)length;
	(void)watch;
	return add_event(session, on_hit, user, &event);
}

/* As many arguments as the text has words. */
struct usdtrap_error *usdtrap_arguments_describe(const struct usdtrap_probe_info *probe, size_t site,
						 struct usdtrap_argument_info **ret, size_t *ret_count)
{
	const char *text = probe->sites[site].arguments;
	size_t count = 0;

	for (size_t i = 0; text[i]; i++)
		count += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
	*ret = calloc(count + 1, sizeof(**ret));
	if (!*ret)
		return &error_no_memory;
	*ret_count = count;
	return NULL;
}

/* ---- The hit's functions ----------------------------------------------------------------------------------------- */

const struct usdtrap_probe_info *usdtrap_hit_probe(const struct usdtrap_hit *hit)
{
	return hit->probe;
}

const struct usdtrap_tracepoint_info *usdtrap_hit_tracepoint(const struct usdtrap_hit *hit)
{
	return hit->tracepoint;
}

struct usdtrap_error *usdtrap_hit_field(const struct usdtrap_hit *hit, unsigned index, unsigned element,
					struct usdtrap_value *ret)
{
	if (!hit->tracepoint || index >= hit->tracepoint->field_count)
		return error_create(USDTRAP_NOT_FOUND, "there is no field %u", index);
	*ret = (struct usdtrap_value){
		.kind = hit->tracepoint->fields[index].is_signed ? USDTRAP_VALUE_SIGNED : USDTRAP_VALUE_UNSIGNED,
		.size = hit->tracepoint->fields[index].size,
		.integer = hit->fields[index] + element,
	};
	return NULL;
}

const char *usdtrap_hit_field_text(const struct usdtrap_hit *hit, unsigned index)
{
	return hit->texts[index] ? hit->texts[index] : "";
}

unsigned usdtrap_hit_argument_count(const struct usdtrap_hit *hit)
{
	return hit->argument_count;
}

struct usdtrap_error *usdtrap_hit_argument(const struct usdtrap_hit *hit, unsigned index, struct usdtrap_value *ret)
{
	if (index >= hit->argument_count)
		return error_create(USDTRAP_NOT_FOUND, "the site has no argument %u", index);
	if (hit->problems[index])
		return error_create(USDTRAP_BAD_ARGSPEC, "%s", hit->problems[index]);
	*ret = hit->arguments[index];
	return NULL;
}

/* How many bytes can be read at ADDRESS, and where they are (NULL: nowhere). */
static size_t find_memory(const struct usdtrap_hit *hit, uint64_t address, const char **ret)
{
	for (int i = 0; i < FAKE_MAX; i++) {
		const struct fake_memory *memory = &hit->memory[i];

		if (address >= memory->address && address - memory->address < memory->size) {
			*ret = (const char *)memory->bytes + (address - memory->address);
			return memory->size - (size_t)(address - memory->address);
		}
	}
	*ret = NULL;
	return 0;
}

struct usdtrap_error *usdtrap_hit_read(const struct usdtrap_hit *hit, uint64_t address, void *buffer, size_t size)
{
	const char *bytes;

	if (find_memory(hit, address, &bytes) < size)
		return &error_fault;
	memcpy(buffer, bytes, size);
	return NULL;
}

struct usdtrap_error *usdtrap_hit_read_string(const struct usdtrap_hit *hit, uint64_t address, char *buffer,
					      size_t capacity, size_t *ret_length, int *ret_cut)
{
	const char *bytes;
	size_t available = find_memory(hit, address, &bytes);
	size_t length = available ? strnlen(bytes, available) : 0;
	int is_cut = length > capacity - 1;

	buffer[0] = '\0';
	if (!available)
		return &error_fault;
	if (is_cut)
		length = capacity - 1;
	memcpy(buffer, bytes, length);
	buffer[length] = '\0';
	if (ret_length)
		*ret_length = length;
	if (ret_cut)
		*ret_cut = is_cut;
	return NULL;
}

struct usdtrap_error *usdtrap_hit_write(const struct usdtrap_hit *hit, uint64_t address, const void *bytes, size_t size)
{
	struct fake_changes *changes = hit->changes;

	if (!changes || size > sizeof(changes->written))
		return error_create(USDTRAP_FAULT, "not writable");
	changes->written_at = address;
	changes->written_size = size;
	memcpy(changes->written, bytes, size);
	return NULL;
}

struct usdtrap_error *usdtrap_hit_signal(const struct usdtrap_hit *hit, enum usdtrap_signal_target target, int signal)
{
	if (!hit->changes)
		return error_create(USDTRAP_GONE, "gone");
	if (target == USDTRAP_SIGNAL_PROCESS)
		hit->changes->process_signal = signal;
	else
		hit->changes->thread_signal = signal;
	return NULL;
}

char *usdtrap_demangle(const char *symbol)
{
	(void)symbol;
	return NULL;
}

const struct usdtrap_stack *usdtrap_hit_stack(const struct usdtrap_hit *hit, size_t frames_max)
{
	(void)frames_max;
	return hit->stack;
}

const struct usdtrap_frame *usdtrap_hit_symbolize(const struct usdtrap_hit *hit, uint64_t address)
{
	const struct usdtrap_frame *frame = hit->stack ? hit->stack->frames[0] : NULL;

	return frame && frame->address == address ? frame : NULL;
}

struct usdtrap_error *usdtrap_hit_find_symbol(const struct usdtrap_hit *hit, const char *name, uint64_t *ret_address,
					      uint64_t *ret_size)
{
	const struct usdtrap_frame *frame = hit->stack ? hit->stack->frames[0] : NULL;

	if (!frame || strcmp(frame->symbol, name) != 0)
		return error_create(USDTRAP_NOT_FOUND, "no file has a symbol %s", name);
	*ret_address = frame->address;
	if (ret_size)
		*ret_size = 0;
	return NULL;
}

int usdtrap_register_is_known(const char *name)
{
	return strcmp(name, "ax") == 0;
}

struct usdtrap_error *usdtrap_hit_register(const struct usdtrap_hit *hit, const char *name, uint64_t *ret)
{
	(void)name;
	*ret = (uint64_t)hit->tid;
	return NULL;
}

pid_t usdtrap_hit_pid(const struct usdtrap_hit *hit)
{
	return hit->pid;
}

pid_t usdtrap_hit_tid(const struct usdtrap_hit *hit)
{
	return hit->tid;
}

const char *usdtrap_hit_comm(const struct usdtrap_hit *hit)
{
	return hit->comm ? hit->comm : "";
}

uid_t usdtrap_hit_uid(const struct usdtrap_hit *hit)
{
	return hit->uid;
}

gid_t usdtrap_hit_gid(const struct usdtrap_hit *hit)
{
	return hit->gid;
}

uint64_t usdtrap_hit_time_ns(const struct usdtrap_hit *hit)
{
	return hit->time_ns;
}

int usdtrap_hit_cpu(const struct usdtrap_hit *hit)
{
	return hit->cpu;
}
