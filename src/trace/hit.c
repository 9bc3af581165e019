/* SPDX-License-Identifier: MIT */
#include "trace/hit.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include <usdtrap/function.h>
#include <usdtrap/stack.h>

#include "base/clock_time.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "os/ptrace.h"
#include "trace/engine.h"
#include "trace/events.h"
#include "trace/recorded.h"
#include "trace/site.h"

/* The callbacks' view is const; what is fetched on demand is kept all the same. */
static struct usdtrap_hit *mutable_hit(const struct usdtrap_hit *hit)
{
	return (struct usdtrap_hit *)hit;
}

const struct arch_registers *hit_registers(const struct usdtrap_hit *hit)
{
	struct usdtrap_hit *own = mutable_hit(hit);

	if (!hit->registers) {
		memset(&own->engine->registers, 0, sizeof(own->engine->registers));
		if (!hit->recorded)
			usdtrap_error_destroy(ptrace_get_registers(hit->tracee->tid, &own->engine->registers));
		own->registers = &own->engine->registers;
	}
	return hit->registers;
}

uint64_t hit_pc(const struct usdtrap_hit *hit)
{
	const struct space *space = hit->tracee->space;
	const struct site *place;

	if (!hit->has_returned)
		return usdtrap_hit_address(hit);
	/* The registers are at a displaced instruction, but past a nop. */
	place = space_site(space, space->arch->trap_address(hit->registers));
	return place && !place->is_displacing ? place->addr : space->arch->pc(hit->registers);
}

const struct usdtrap_probe_info *usdtrap_hit_probe(const struct usdtrap_hit *hit)
{
	return hit->location ? hit->location->info : hit->info;
}

/* How many arguments a function has is not known: as many as registers may hold. */
enum { FUNCTION_ARGUMENTS = 6 };

unsigned usdtrap_hit_argument_count(const struct usdtrap_hit *hit)
{
	const struct argspec_list *arguments;
	struct usdtrap_error *error;

	if (!hit->location)
		return 0;
	if (hit->location->info->kind != USDTRAP_PROBE_USDT)
		return hit->has_returned ? 0 : FUNCTION_ARGUMENTS;
	error = location_arguments(hit->site->mapped->file, hit->location, &arguments);
	if (error) {
		usdtrap_error_destroy(error);
		return 0;
	}
	return (unsigned)arguments->count;
}

static struct usdtrap_error *read_memory(uint64_t address, void *buffer, size_t size, void *user)
{
	return usdtrap_hit_read(user, address, buffer, size);
}

static struct usdtrap_error *read_vectors(const struct arch_vector_registers **ret, void *user)
{
	struct usdtrap_hit *hit = user;
	struct usdtrap_error *error;

	if (!hit->lazy.has_vectors) {
		error = ptrace_get_vector_registers(hit->tracee->tid, &hit->engine->vectors);
		if (error)
			return error;
		hit->lazy.has_vectors = true;
	}
	*ret = &hit->engine->vectors;
	return NULL;
}

static bool read_word(uint64_t address, uint64_t *ret, void *user)
{
	const struct usdtrap_hit *hit = user;
	struct usdtrap_error *error;
	uint64_t word = 0;

	error = usdtrap_hit_read(hit, address, &word, hit->tracee->space->arch->address_size);
	usdtrap_error_destroy(error);
	if (!error)
		*ret = word;
	return !error;
}

static struct usdtrap_value word_value(const struct usdtrap_hit *hit, uint64_t word)
{
	return (struct usdtrap_value){
		.kind = USDTRAP_VALUE_UNSIGNED,
		.size = hit->tracee->space->arch->address_size,
		.integer = word,
	};
}

static struct usdtrap_error *function_argument(const struct usdtrap_hit *hit, unsigned index, struct usdtrap_value *ret)
{
	const struct arch_memory memory = {.read_word = read_word, .user = mutable_hit(hit)};
	uint64_t word;

	if (hit->has_returned)
		return error_create(USDTRAP_NOT_FOUND, "%s: the arguments are gone once a function has returned",
				    hit->location->info->full_name);
	if (!hit->tracee->space->arch->argument(hit->registers, &memory, index, &word))
		return &error_fault;
	*ret = word_value(hit, word);
	return NULL;
}

struct usdtrap_error *usdtrap_hit_return_value(const struct usdtrap_hit *hit, struct usdtrap_value *ret)
{
	if (!hit->has_returned)
		return error_create(USDTRAP_INVALID_USE, "%s is not a function's return",
				    usdtrap_hit_probe(hit)->full_name);
	*ret = word_value(hit, hit->tracee->space->arch->return_value(hit->registers));
	return NULL;
}

struct usdtrap_error *usdtrap_hit_argument(const struct usdtrap_hit *hit, unsigned index, struct usdtrap_value *ret)
{
	struct argspec_context context = {
		.arch = hit->tracee->space->arch,
		.read_memory = read_memory,
		.read_vectors = read_vectors,
		.user = mutable_hit(hit),
	};
	const struct argspec_list *arguments;
	struct usdtrap_error *error;

	if (!hit->location)
		return error_create(USDTRAP_NOT_FOUND, "%s has no arguments but fields",
				    usdtrap_hit_probe(hit)->full_name);
	if (hit->location->info->kind != USDTRAP_PROBE_USDT)
		return function_argument(hit, index, ret);
	error = location_arguments(hit->site->mapped->file, hit->location, &arguments);
	if (error)
		return error;
	if (index >= arguments->count)
		return error_create(USDTRAP_NOT_FOUND, "%s has %zu arguments at 0x%" PRIx64 ", there is no arg%u",
				    hit->location->info->full_name, arguments->count, hit->site->addr, index);
	context.registers = hit->registers;
	context.load_bias = hit->site->mapped->load_bias;
	return argspec_eval(&arguments->items[index], &context, ret);
}

struct usdtrap_error *usdtrap_hit_read(const struct usdtrap_hit *hit, uint64_t address, void *buffer, size_t size)
{
	const struct space *space = hit->tracee->space;
	struct usdtrap_error *error;

	if (hit->recorded)
		return recorded_read(hit->recorded, address, buffer, size);
	error = memory_read(space->memory_fd, address, buffer, size);
	if (!error)
		site_mask(space, address, buffer, size);
	return error;
}

struct usdtrap_error *usdtrap_hit_write(const struct usdtrap_hit *hit, uint64_t address, const void *bytes, size_t size)
{
	if (hit->recorded)
		return error_create(USDTRAP_UNSUPPORTED,
				    "process %d has gone on since: nothing is written to its memory",
				    (int)hit->tracee->pid);
	if (site_is_within(hit->tracee->space, address, size))
		return error_create(USDTRAP_FAULT, "a probe is armed in the %zu bytes at 0x%" PRIx64, size, address);
	return memory_write_permitted(hit->tracee->tid, address, bytes, size);
}

/* The target takes it when it goes on: the engine then passes it on as any other signal. */
struct usdtrap_error *usdtrap_hit_signal(const struct usdtrap_hit *hit, enum usdtrap_signal_target target, int signal)
{
	pid_t pid = usdtrap_hit_pid(hit), tid = usdtrap_hit_tid(hit);
	int result = target == USDTRAP_SIGNAL_PROCESS ? kill(pid, signal) : tgkill(pid, tid, signal);

	if (result == 0)
		return NULL;
	if (errno == ESRCH)
		return error_create(USDTRAP_GONE, "process %d has ended", pid);
	if (errno == EINVAL)
		return error_create(USDTRAP_INVALID_USE, "there is no signal %d", signal);
	return error_os(errno, "cannot send signal %d to process %d", signal, pid);
}

/* As much as there is at ADDRESS, with our bytes masked. */
static struct usdtrap_error *read_some(const struct usdtrap_hit *hit, uint64_t address, char *buffer, size_t size,
				       size_t *ret_size)
{
	const struct space *space = hit->tracee->space;
	struct usdtrap_error *error;

	if (hit->recorded)
		return recorded_read_some(hit->recorded, address, buffer, size, ret_size);
	error = memory_read_some(space->memory_fd, address, buffer, size, ret_size);
	if (!error)
		site_mask(space, address, buffer, *ret_size);
	return error;
}

struct usdtrap_error *usdtrap_hit_read_string(const struct usdtrap_hit *hit, uint64_t address, char *buffer,
					      size_t capacity, size_t *ret_length, int *ret_cut)
{
	/* Most strings are short: a small first piece, then larger ones, each ending where memory does. */
	enum { FIRST_PIECE = 64, NEXT_PIECE = 4096 };
	struct usdtrap_error *error = NULL;
	size_t length = 0, got;
	int is_cut = 0;

	assert(capacity > 0);
	for (;;) {
		size_t wanted = length == 0 ? FIRST_PIECE : NEXT_PIECE;
		const char *end;

		if (wanted > capacity - length)
			wanted = capacity - length;
		error = read_some(hit, address + length, buffer + length, wanted, &got);
		if (error) {
			/* It began well: what could be read is the string, as far as it goes. */
			if (length > 0 && error_catch(error, USDTRAP_FAULT))
				error = NULL;
			break;
		}
		end = memchr(buffer + length, '\0', got);
		if (end) {
			length = (size_t)(end - buffer);
			break;
		}
		length += got;
		if (length == capacity) { /* the last byte read gives way to the NUL */
			length--;
			is_cut = 1;
			break;
		}
	}
	buffer[length] = '\0';
	if (error)
		return error;
	if (ret_length)
		*ret_length = length;
	if (ret_cut)
		*ret_cut = is_cut;
	return NULL;
}

pid_t usdtrap_hit_pid(const struct usdtrap_hit *hit)
{
	return hit->tracee->pid;
}

pid_t usdtrap_hit_tid(const struct usdtrap_hit *hit)
{
	return hit->tracee->tid;
}

const char *usdtrap_hit_comm(const struct usdtrap_hit *hit)
{
	char *comm = mutable_hit(hit)->lazy.comm;

	if (hit->recorded)
		return hit->recorded->comm;
	if (!hit->lazy.has_comm) {
		mutable_hit(hit)->lazy.has_comm = true;
		usdtrap_error_destroy(procfs_line(PROCFS_ROOT, hit->tracee->tid, "comm", comm, sizeof(hit->lazy.comm)));
	}
	return comm;
}

uid_t usdtrap_hit_uid(const struct usdtrap_hit *hit)
{
	struct procfs_status status;
	struct usdtrap_error *error;

	if (hit->recorded)
		return hit->recorded->uid;
	error = procfs_status_read(PROCFS_ROOT, hit->tracee->tid, &status);
	usdtrap_error_destroy(error);
	return error ? (uid_t)-1 : status.uid;
}

gid_t usdtrap_hit_gid(const struct usdtrap_hit *hit)
{
	struct procfs_status status;
	struct usdtrap_error *error;

	if (hit->recorded)
		return hit->recorded->gid;
	error = procfs_status_read(PROCFS_ROOT, hit->tracee->tid, &status);
	usdtrap_error_destroy(error);
	return error ? (gid_t)-1 : status.gid;
}

uint64_t usdtrap_hit_time_ns(const struct usdtrap_hit *hit)
{
	if (hit->recorded)
		return hit->recorded->time_ns;
	if (!hit->lazy.time_ns)
		mutable_hit(hit)->lazy.time_ns = clock_time_ns(CLOCK_BOOTTIME);
	return hit->lazy.time_ns;
}

int usdtrap_hit_cpu(const struct usdtrap_hit *hit)
{
	struct procfs_stat stat;
	struct usdtrap_error *error;

	if (hit->recorded)
		return hit->recorded->cpu;
	error = procfs_stat_read(PROCFS_ROOT, hit->tracee->tid, hit->tracee->tid, &stat);
	usdtrap_error_destroy(error);
	return error ? -1 : stat.processor;
}
