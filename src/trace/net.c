/* SPDX-License-Identifier: MIT */
#include "trace/net.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/clock_time.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "os/ptrace.h"
#include "trace/borrow.h"
#include "trace/engine.h"
#include "trace/journal.h"
#include "trace/late.h"
#include "trace/lender.h"
#include "trace/mask.h"
#include "trace/observe.h"
#include "trace/room.h"
#include "trace/site.h"

enum {
	FIRST_CAPACITY = 16, /* entries: few processes have more sites in use */
	CHUNKS_MAX = 64,     /* more would be a table that was written over */
	ALIGNMENT = 16,
	CHECK_INTERVAL_NS = 1000000000,
	KERNEL_SET_SIZE = 8, /* of a signal set: the fourth argument of rt_sigaction(2) */
};

#define DEFAULT_HANDLER 0u
#define IGNORE_HANDLER  1u

static uint64_t signal_bit(int number)
{
	return UINT64_C(1) << (number - 1);
}

static uint64_t head_field(const struct space *space, size_t offset)
{
	return space->net.head_addr + offset;
}

static struct usdtrap_error *write_head_field(const struct space *space, size_t offset, const void *value, size_t size)
{
	return memory_write(space->memory_fd, head_field(space, offset), value, size);
}

/* ---- installing ---- */

/* What is to be installed where the target wanted `before'. */
static void compose(const struct space *space, struct net *net)
{
	struct arch_net_code code;

	space->arch->net_code(&code);
	net->ours = (struct arch_sigaction){
		.handler = net->code_addr,
		.flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | space->arch->sigaction_flags,
		.restorer = net->code_addr + code.restorer_offset,
		.mask = ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP)), /* which the kernel takes out of any mask */
	};
	if (net->before.handler <= IGNORE_HANDLER)
		return;
	/* Ours stands in for the target's: it is called as that would be, and returns to where that would return. */
	net->ours.flags = (net->before.flags & ~(uint64_t)SA_RESETHAND) | SA_SIGINFO | space->arch->sigaction_flags;
	net->ours.mask = net->before.mask;
	if (net->before.flags & space->arch->sigaction_flags)
		net->ours.restorer = net->before.restorer;
}

/* rt_sigaction(SIGTRAP, NEW_ADDR, RET): *RET is what was installed. */
static enum borrow_result exchange(struct borrow *borrow, uint64_t new_addr, struct arch_sigaction *ret)
{
	const uint64_t scratch = borrow_scratch(borrow, sizeof(*ret));
	const struct arch_call call = {borrow->arch->sigaction_call, {SIGTRAP, new_addr, scratch, KERNEL_SET_SIZE}};
	enum borrow_result result;
	struct usdtrap_error *error;
	int64_t value;

	result = borrow_call(borrow, &call, &value);
	if (result != BORROW_DONE)
		return result;
	error = value == 0 ? memory_read(borrow->memory_fd, scratch, ret, sizeof(*ret)) : &error_gone;
	usdtrap_error_destroy(error);
	return error ? BORROW_LOST : BORROW_DONE;
}

static bool is_same(const struct arch_sigaction *first, const struct arch_sigaction *second)
{
	return memcmp(first, second, sizeof(*first)) == 0;
}

/* Whether FOUND is ours, or what the kernel makes of it where a thread that blocks SIGTRAP executes a trap. */
static bool is_ours(const struct net *net, const struct arch_sigaction *found)
{
	struct arch_sigaction reset = net->ours;

	reset.handler = DEFAULT_HANDLER;
	return is_same(found, &net->ours) || is_same(found, &reset);
}

static struct usdtrap_error *write_actions(struct space *space, const struct arch_sigaction *before)
{
	struct net *net = &space->net;
	struct usdtrap_error *error;

	net->before = *before;
	net->is_used_up = false;
	compose(space, net);
	error = write_head_field(space, offsetof(struct arch_net_head, before), &net->before, sizeof(net->before));
	if (!error)
		error = write_head_field(space, offsetof(struct arch_net_head, ours), &net->ours, sizeof(net->ours));
	return error;
}

/*
 * Installs our handler, or installs it again. The head must know what was there
 * before the kernel calls the handler for the first time, so it is asked first.
 */
static enum borrow_result install(struct space *space, struct borrow *borrow)
{
	struct net *net = &space->net;
	const uint64_t ours_addr = head_field(space, offsetof(struct arch_net_head, ours));
	struct arch_sigaction found = net->ours;
	enum borrow_result result = BORROW_DONE;
	struct usdtrap_error *error;

	if (net->state == NET_PENDING) {
		result = exchange(borrow, 0, &found);
		if (result == BORROW_DONE && !(net->ours.handler && is_ours(net, &found))) {
			error = write_actions(space, &found);
			usdtrap_error_destroy(error);
			if (error)
				return BORROW_LOST;
		}
	}
	if (result == BORROW_DONE)
		result = exchange(borrow, ours_addr, &found);
	if (result != BORROW_DONE)
		return result;
	if (!is_same(&found, &net->before) && !is_ours(net, &found)) {
		/* The target has installed another since; it may have kept what it found there, which is ours. */
		net->is_pinned = true;
		error = write_actions(space, &found);
		usdtrap_error_destroy(error);
		if (error)
			return BORROW_LOST;
		result = exchange(borrow, ours_addr, &found);
	}
	if (result == BORROW_DONE) {
		net->state = NET_IN;
		net->checked_ns = clock_time_ns(CLOCK_MONOTONIC_COARSE);
	}
	return result;
}

/* The target's action is the default one from now on. */
static struct usdtrap_error *write_default(struct space *space)
{
	struct arch_sigaction action = space->net.before;

	action.handler = DEFAULT_HANDLER;
	return write_actions(space, &action);
}

static enum borrow_result give_back(struct space *space, struct borrow *borrow)
{
	struct net *net = &space->net;
	struct arch_sigaction found;
	enum borrow_result result = exchange(borrow, 0, &found);

	if (result != BORROW_DONE)
		return result;
	if (is_ours(net, &found) && net->is_used_up)
		usdtrap_error_destroy(write_default(space));
	if (is_ours(net, &found))
		result = exchange(borrow, head_field(space, offsetof(struct arch_net_head, before)), &found);
	else if (!is_same(&found, &net->before)) /* it is, where an installing tracer was killed */
		net->is_pinned = true;           /* its own already; and it may know ours */
	if (result == BORROW_DONE)
		net->state = NET_OFF;
	return result;
}

/* ---- being put up ---- */

static void warn(struct engine *engine, struct space *space, const char *why)
{
	if (!engine_choose_anchor(engine, space)) /* it ends, and needs none */
		return;
	engine_notice(
		engine, USDTRAP_NOTICE_WARNING,
		"process %d gets no safety net (%s): should usdtrap be killed by kill -9, the process may die of a "
		"trap before it is repaired",
		(int)space->pid, why);
}

/* Whether a filter watches the system calls of SPACE's threads: the greatest of their modes. */
static int seccomp_mode(const struct engine *engine, const struct space *space)
{
	int mode = 0;

	for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		if (tracee->space == space && engine_seccomp(tracee) > mode)
			mode = tracee->seccomp;
	return mode;
}

/* Finds room and writes all that the handler needs. Nothing of it is run yet. */
static struct usdtrap_error *lay_out(struct engine *engine, struct space *space, uint32_t flags)
{
	struct net *net = &space->net;
	struct arch_net_head head = {.magic = ARCH_NET_MAGIC, .flags = flags};
	struct arch_net_code code;
	struct room_request request = {.is_lasting = true};
	struct usdtrap_error *error;

	space->arch->net_code(&code);
	net->chunk = (struct arch_net_chunk){.capacity = FIRST_CAPACITY};
	request.size = code.size + sizeof(head) + sizeof(net->chunk) + FIRST_CAPACITY * sizeof(struct arch_net_entry) +
		       ARCH_CAVE_SIZE;
	error = room_reserve(engine, space, &request, &net->code_addr);
	if (error)
		return error;
	net->head_addr = net->code_addr + code.size;
	net->chunk_addr = net->head_addr + sizeof(head);
	net->cave_addr = net->code_addr + request.size - ARCH_CAVE_SIZE;
	head.first_chunk_addr = net->chunk_addr;
	lender_make_writable(engine, space);
	error = journal_room(space->journal, net->code_addr, request.size);
	if (!error)
		error = journal_net(space->journal, net->head_addr);
	if (!error)
		error = memory_write(space->memory_fd, net->code_addr, code.bytes, code.size);
	if (!error)
		error = memory_write(space->memory_fd, net->chunk_addr, &net->chunk, sizeof(net->chunk));
	if (!error)
		error = memory_write(space->memory_fd, net->head_addr, &head, sizeof(head));
	return error;
}

/* Makes SPACE's net ready to be put in. */
static void prepare(struct engine *engine, struct space *space)
{
	struct usdtrap_error *error;
	int mode;

	space->net.state = NET_OFF;
	if (engine->options.no_net)
		return;
	mode = seccomp_mode(engine, space);
	if (mode == SECCOMP_STRICT) {
		warn(engine, space, "seccomp's strict mode allows it no system call");
		return;
	}
	space->is_filtered = mode == SECCOMP_FILTER;
	error = lay_out(engine, space, space->is_filtered ? 0 : ARCH_NET_HEALS);
	if (error) {
		if (!error_catch(error, USDTRAP_GONE)) {
			warn(engine, space, usdtrap_error_message(error));
			usdtrap_error_destroy(error);
		}
		return;
	}
	space->net.state = NET_PENDING;
}

void net_require(struct engine *engine, struct space *space)
{
	const bool was_in = space->net.state == NET_IN;

	if (space->net.state == NET_NONE)
		prepare(engine, space);
	if (space->net.state == NET_PENDING && !lender_work_by_any(engine, space, install))
		engine_notice(engine, USDTRAP_NOTICE_DETAIL,
			      "no thread of process %d can be borrowed now: its safety net is put in at its first hit",
			      (int)space->pid);
	if (!was_in && space->net.state == NET_IN)
		observe_net(engine, space, USDTRAP_STEP_NET_PUT_IN);
}

bool net_require_at_stop(struct engine *engine, struct space *space, pid_t tid)
{
	struct tracee *tracee = tracee_find(engine->tracees, tid);
	bool is_done;
	int status;

	if (space->net.state == NET_NONE)
		prepare(engine, space);
	if (space->net.state != NET_PENDING)
		return true;
	if (!tracee || !lender_bring_to_stop(engine, tracee, true))
		return false;
	tracee->is_interrupted = false; /* it was in no call that could have noticed */
	is_done = lender_work_by(engine, space, tid, install, &status) == BORROW_DONE;
	if (space->net.state == NET_IN)
		observe_net(engine, space, USDTRAP_STEP_NET_PUT_IN);
	return is_done;
}

bool net_hides_ignored(const struct space *space)
{
	return space->net.state == NET_IN && space->net.before.handler == IGNORE_HANDLER;
}

void net_keep_ignored(struct space *space)
{
	struct arch_sigaction action = space->net.before;

	if (space->net.state != NET_IN || action.handler != DEFAULT_HANDLER)
		return;
	action.handler = IGNORE_HANDLER;
	usdtrap_error_destroy(write_actions(space, &action));
}

/* ---- while it is there ---- */

/* Whether the kernel says that TRACEE's process handles SIGTRAP. */
static bool is_caught(const struct tracee *tracee)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, tracee->tid, &status);

	usdtrap_error_destroy(error);
	return error || (status.signals_caught & signal_bit(SIGTRAP));
}

bool net_at_hit(struct engine *engine, struct tracee *tracee)
{
	struct space *space = tracee->space;
	struct net *net = &space->net;
	bool has_to_be_installed = net->state == NET_PENDING;

	if (net->state == NET_IN && clock_time_ns(CLOCK_MONOTONIC_COARSE) - net->checked_ns > CHECK_INTERVAL_NS) {
		has_to_be_installed = true;
	} else if (net->state == NET_IN && (!tracee->has_hit || tracee->blocks_trap)) {
		/* A thread that blocks SIGTRAP takes the handler away at each hit: force_sig_info_to_task(). */
		has_to_be_installed = !is_caught(tracee);
		tracee->blocks_trap = has_to_be_installed;
		if (has_to_be_installed)
			mask_remember(engine, tracee);
	}
	tracee->has_hit = true;
	if (has_to_be_installed && late_is_anybody(engine, space, 0)) /* another time, or by another */
		return true;
	return !has_to_be_installed || lender_work_by(engine, space, tracee->tid, install, NULL) == BORROW_DONE;
}

/* Looks what is installed; where that is ours and the target wanted the default, makes it that. */
static enum borrow_result make_default(struct space *space, struct borrow *borrow)
{
	struct net *net = &space->net;
	struct arch_sigaction found;
	enum borrow_result result = exchange(borrow, 0, &found);

	if (result != BORROW_DONE)
		return result;
	if (!is_ours(net, &found)) { /* its own by now */
		net->is_pinned = true;
		usdtrap_error_destroy(write_actions(space, &found));
		return BORROW_DONE;
	}
	result = exchange(borrow, head_field(space, offsetof(struct arch_net_head, zero)), &found);
	if (result == BORROW_DONE)
		net->state = NET_OFF;
	return result;
}

/* The target's handler was for one signal, and has had that; unless it has installed another since. */
static enum borrow_result use_up(struct space *space, struct borrow *borrow)
{
	struct arch_sigaction found;
	enum borrow_result result = exchange(borrow, 0, &found);

	if (result != BORROW_DONE)
		return result;
	if (!is_ours(&space->net, &found)) {
		space->net.is_used_up = false;
		return BORROW_DONE;
	}
	usdtrap_error_destroy(write_default(space));
	return exchange(borrow, head_field(space, offsetof(struct arch_net_head, ours)), &found);
}

/*
 * TRACEE stands at a SIGTRAP for which the target has a handler. If that is for
 * one signal (SA_RESETHAND), the kernel would make the action the default one
 * now; ours, which calls it, stays, so it is done when the next one comes. The
 * thread then stands behind a system call of ours, where a signal that it is
 * continued with is sent anew, and comes once more. False: TRACEE does not stand
 * any more.
 */
static bool count_for_handler(struct engine *engine, struct tracee *tracee)
{
	struct net *net = &tracee->space->net;
	const bool has_come_again = net->resent_to == tracee->tid;

	if (!(net->before.flags & SA_RESETHAND))
		return true;
	if (has_come_again) {
		net->resent_to = 0;
		usdtrap_error_destroy(ptrace_set_siginfo(tracee->tid, &net->resent));
	} else if (net->is_used_up) {
		usdtrap_error_destroy(ptrace_get_siginfo(tracee->tid, &net->resent));
		if (lender_work_by(engine, tracee->space, tracee->tid, use_up, NULL) != BORROW_DONE)
			return false;
		if (net->before.handler > IGNORE_HANDLER)
			net->resent_to = tracee->tid;
		return true;
	}
	net->is_used_up = true;
	return true;
}

bool net_has_resent(const struct tracee *tracee)
{
	return tracee->space && tracee->space->net.resent_to == tracee->tid;
}

int net_foreign_trap(struct engine *engine, struct tracee *tracee)
{
	struct space *space = tracee->space;
	struct usdtrap_error *error;
	siginfo_t info;

	if (!space || space->net.state != NET_IN)
		return SIGTRAP;
	if (space->net.before.handler > IGNORE_HANDLER && !count_for_handler(engine, tracee))
		return NET_ANSWERED;
	if (space->net.before.handler > IGNORE_HANDLER)
		return SIGTRAP;
	error = ptrace_get_siginfo(tracee->tid, &info);
	usdtrap_error_destroy(error);
	if (error)
		return SIGTRAP;
	if (space->net.before.handler == IGNORE_HANDLER && info.si_code != SI_KERNEL)
		return 0;
	return lender_work_by(engine, space, tracee->tid, make_default, NULL) == BORROW_DONE ? SIGTRAP : NET_ANSWERED;
}

/* ---- being taken out ---- */

/* A net is installed, or was begun to be, or was adopted from one who may have installed it. */
static bool is_perhaps_in(const struct net *net)
{
	return net->state == NET_IN || (net->state == NET_PENDING && net->ours.handler);
}

bool net_is_there(const struct space *space)
{
	return is_perhaps_in(&space->net) && space->memory_fd >= 0 && net_is_copied(space, space->memory_fd);
}

void net_take_out(struct engine *engine, struct space *space)
{
	struct net *net = &space->net;
	uint32_t flags[2] = {0, 1 /* is_healed */};
	bool is_stuck;

	if (net->state == NET_PENDING)
		net->state = is_perhaps_in(net) ? NET_IN : NET_OFF;
	if (net->state != NET_IN)
		return;
	is_stuck = !lender_work_by_any(engine, space, give_back) && net->state == NET_IN;
	if (net->is_pinned) /* for ever; else another may take it out */
		flags[0] = ARCH_NET_PINNED;
	net->is_pinned |= is_stuck;
	for (const struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		net->is_pinned |= tracee->space == space && tracee->role != TRACEE_COPY &&
				  tracee->pid != space->pid; /* vfork: an action of its own */
	observe_net(engine, space, USDTRAP_STEP_NET_TAKEN_OUT);
	if (!net->is_pinned)
		return;
	/* It knows no site any more, so that what its handler does is to call the target's. */
	lender_make_writable(engine, space);
	usdtrap_error_destroy(write_head_field(space, offsetof(struct arch_net_head, flags), flags, sizeof(flags)));
	engine_notice(engine, USDTRAP_NOTICE_DETAIL,
		      "usdtrap's handler for SIGTRAP stays in the unused memory of process %d: no thread could be "
		      "borrowed to take it out, or the process has changed its own while it was traced",
		      (int)space->pid);
}

bool net_is_copied(const struct space *space, int copy_fd)
{
	char magic[sizeof(ARCH_NET_MAGIC)];
	struct usdtrap_error *error;

	if (!space->net.head_addr)
		return false;
	error = memory_read(copy_fd, space->net.head_addr, magic, sizeof(magic));
	usdtrap_error_destroy(error);
	return !error && memcmp(magic, ARCH_NET_MAGIC, sizeof(magic)) == 0;
}

bool net_clean_copy(const struct space *space, pid_t tid, int copy_fd, bool is_traced)
{
	const uint64_t head_addr = space->net.head_addr;
	const struct arch_call call = {
		space->arch->sigaction_call,
		{SIGTRAP, head_addr + offsetof(struct arch_net_head, before), 0, KERNEL_SET_SIZE}};
	struct borrow borrow = {
		.tid = tid, .memory_fd = copy_fd, .arch = space->arch, .cave_addr = space->net.cave_addr};
	const uint64_t is_healed_addr = head_addr + offsetof(struct arch_net_head, is_healed);
	const uint32_t healed = 1;
	uint32_t was_healed = 0;
	int64_t value;

	if (!net_is_copied(space, copy_fd))
		return false;
	usdtrap_error_destroy(memory_read(copy_fd, is_healed_addr, &was_healed, sizeof(was_healed)));
	usdtrap_error_destroy(memory_write(copy_fd, is_healed_addr, &healed, sizeof(healed)));
	/* One that is not ours keeps the handler, which has nothing to do any more. */
	if (is_traced && borrow_begin(&borrow, false) == BORROW_DONE &&
	    borrow_call(&borrow, &call, &value) == BORROW_DONE && borrow_end(&borrow) == BORROW_DONE)
		room_clear_copy(space, copy_fd);
	return is_traced || !was_healed;
}

/* ---- what a dead tracer left ---- */

bool net_adopt(struct space *space, uint64_t head_addr)
{
	struct net *net = &space->net;
	struct arch_net_head head;
	struct usdtrap_error *error = memory_read(space->memory_fd, head_addr, &head, sizeof(head));

	if (!error && memcmp(head.magic, ARCH_NET_MAGIC, sizeof(head.magic)) != 0)
		error = &error_fault;
	if (!error)
		error = memory_read(space->memory_fd, head.first_chunk_addr, &net->chunk, sizeof(net->chunk));
	usdtrap_error_destroy(error);
	if (error)
		return false;
	net->head_addr = head_addr;
	net->code_addr = head.ours.handler;
	net->chunk_addr = head.first_chunk_addr;
	net->cave_addr = net->chunk_addr + sizeof(net->chunk) + net->chunk.capacity * sizeof(struct arch_net_entry);
	net->before = head.before;
	net->ours = head.ours;
	net->is_pinned = head.flags & ARCH_NET_PINNED;
	net->state = head.ours.handler ? NET_IN : NET_OFF;
	net->is_adopted = true;
	return true;
}

void net_reuse(struct engine *engine, struct space *space)
{
	struct net *net = &space->net;
	const uint32_t heals = seccomp_mode(engine, space) == SECCOMP_FILTER ? 0 : ARCH_NET_HEALS;
	const uint32_t flags[2] = {heals | (net->is_pinned ? ARCH_NET_PINNED : 0), 0};
	struct usdtrap_error *error;

	if (engine->options.no_net)
		return;
	if (net->is_adopted)
		late_await(engine, space);
	lender_make_writable(engine, space);
	/*
	 * None is known, or its tracer was killed before it was put in, perhaps before all of it was written: it is
	 * laid out anew. What room that one took is free again, unless it had traps, whose copies may still be in use.
	 */
	if (!net->ours.handler) {
		if (!space->sites && !late_is_anybody(engine, space, 0)) {
			room_clear(space);
			room_forget(space);
		}
		*net = (struct net){.state = NET_NONE};
		return;
	}
	if (net->state != NET_IN)
		return;
	net->chunk.count = 0;
	net->chunk.next_addr = 0;
	memset(net->others_addr, 0, sizeof(net->others_addr));
	error = memory_write(space->memory_fd, net->chunk_addr, &net->chunk, sizeof(net->chunk));
	if (!error)
		error = write_head_field(space, offsetof(struct arch_net_head, others_first_addr), net->others_addr,
					 sizeof(net->others_addr));
	if (!error)
		error = write_head_field(space, offsetof(struct arch_net_head, flags), flags, sizeof(flags));
	usdtrap_error_destroy(error);
	net->state = error ? NET_OFF : NET_PENDING; /* whether it is still installed must be asked */
}

void net_mark_healed(const struct space *space)
{
	const uint32_t healed = 1;

	if (space->net.head_addr)
		usdtrap_error_destroy(
			write_head_field(space, offsetof(struct arch_net_head, is_healed), &healed, sizeof(healed)));
}

void net_forget_lowered(struct space *space)
{
	struct arch_net_chunk chunk = {0};
	struct arch_net_entry entry;
	struct semaphore *semaphore;
	struct usdtrap_error *error = NULL;
	uint64_t addr = 0;
	unsigned chunks = 0;

	if (!space->net.head_addr)
		return;
	error = memory_read(space->memory_fd, head_field(space, offsetof(struct arch_net_head, first_chunk_addr)),
			    &addr, sizeof(addr));
	for (; addr && !error && chunks < CHUNKS_MAX; addr = chunk.next_addr, chunks++) {
		error = memory_read(space->memory_fd, addr, &chunk, sizeof(chunk));
		for (unsigned i = 0; !error && i < chunk.count && i < NET_CHUNK_CAPACITY; i++) {
			error = memory_read(space->memory_fd, addr + sizeof(chunk) + i * sizeof(entry), &entry,
					    sizeof(entry));
			if (error || !(entry.then & ARCH_NET_SEMAPHORE) || !(entry.then & ARCH_NET_DONE))
				continue;
			HASH_FIND(hh, space->semaphores, &entry.what, sizeof(entry.what), semaphore);
			if (semaphore)
				space_forget_semaphore(space, semaphore);
		}
	}
	usdtrap_error_destroy(error);
}
