/* SPDX-License-Identifier: MIT */
#include "trace/scout.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <elf.h>

#include "base/cleanup.h"
#include "base/clock_time.h"
#include "base/error.h"
#include "base/thread.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/scout_internal.h"

enum {
	STOP,
	GATE,
	CONNECTOR,
	FIRST_NAMESPACE, /* of the descriptors that are polled */
	POLL_MS = 20,    /* between two looks through all processes, where nobody tells */
	POLL_BESIDE_GATE_MS = 200,
	POLL_SHARE = 20, /* one part in so many of a processor's time is spent with that, */
	REFRESH_MS = 1000,
	REFRESH_SHARE =
		200, /* and with looking what is mounted for whom: with thousands of processes they rest longer */
	READY_MS = 5000,
	URGE_MS = 1, /* between two words to the engine, for which a process waits */
};

#define NS_A_MS UINT64_C(1000000)

/* ---- The queue --------------------------------------------------------------------------------------------------- */

void arrival_destroy(struct arrival *arrival)
{
	start_deinit(&arrival->start);
	free(arrival->text);
	free(arrival);
}

void scout_push(struct scout *scout, const struct arrival *arrival)
{
	const size_t size = sizeof(*arrival) + recorded_size(&arrival->start.recorded);
	struct arrival *own = malloc(sizeof(*own));
	const uint64_t one = 1;
	bool has_room;

	pthread_mutex_lock(&scout->lock);
	has_room = own && (arrival->kind == ARRIVAL_NOTICE || scout->queued + size <= SCOUT_QUEUE_MAX);
	if (has_room) {
		*own = *arrival;
		own->next = NULL;
		if (scout->last)
			scout->last->next = own;
		else
			scout->first = own;
		scout->last = own;
		scout->queued += size;
		atomic_store(&scout->has_arrivals, true);
	} else if (arrival->kind == ARRIVAL_START) {
		scout->report.starts--;
		scout->report.missed++;
	}
	pthread_mutex_unlock(&scout->lock);
	if (has_room) {
		(void)!write(scout->wake, &one, sizeof(one));
		return;
	}
	if (own)
		*own = *arrival;
	if (own)
		arrival_destroy(own);
}

bool scout_has_next(const struct scout *scout)
{
	return atomic_load(&scout->has_arrivals);
}

struct arrival *scout_next(struct scout *scout)
{
	struct arrival *arrival;

	pthread_mutex_lock(&scout->lock);
	arrival = scout->first;
	if (arrival) {
		scout->first = arrival->next;
		if (!scout->first)
			scout->last = NULL;
		atomic_store(&scout->has_arrivals, scout->first != NULL);
		scout->queued -= sizeof(*arrival) + recorded_size(&arrival->start.recorded);
	}
	pthread_mutex_unlock(&scout->lock);
	return arrival;
}

void scout_tell(struct scout *scout, enum usdtrap_notice notice, const char *format, ...)
{
	struct arrival arrival = {.kind = ARRIVAL_NOTICE, .notice = notice};
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&arrival.text, format, arguments) < 0)
		arrival.text = NULL;
	va_end(arguments);
	if (arrival.text)
		scout_push(scout, &arrival);
}

/* ---- What has begun already -------------------------------------------------------------------------------------- */

/* When a process that may load a library yet is looked at, after it began. */
static const unsigned recheck_ms[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

/* Where those are asked that open a file, only what they were not asked about is found so: on a container's overlay. */
enum { FIRST_RECHECK = 0, FIRST_RECHECK_BESIDE_GATE = 5 };

static void push_change(struct scout *scout, pid_t pid)
{
	scout_push(scout, &(struct arrival){.kind = ARRIVAL_CHANGED, .pid = pid, .tid = pid});
}

void scout_changed(struct scout *scout, pid_t pid)
{
	const unsigned step = scout->way == USDTRAP_MACHINE_FANOTIFY ? FIRST_RECHECK_BESIDE_GATE : FIRST_RECHECK;

	if (scout->options.wants_starts && (scout->connector >= 0 || scout->way == USDTRAP_MACHINE_POLL))
		starts_succeeded(scout, pid);
	if (marks_meet(scout, pid))
		marks_refresh(scout);
	if (!scout->options.file_count)
		return;
	push_change(scout, pid);
	if (scout->options.has_libraries && scout->recheck_count < SCOUT_RECHECKS_MAX)
		scout->rechecks[scout->recheck_count++] =
			(struct recheck){pid, step, clock_time_ns(CLOCK_MONOTONIC) + recheck_ms[step] * NS_A_MS};
}

/* Returns for how many milliseconds there is nothing to do, REFRESH_MS at most. */
static int do_rechecks(struct scout *scout)
{
	const uint64_t now = clock_time_ns(CLOCK_MONOTONIC);
	uint64_t next_ns = now + REFRESH_MS * NS_A_MS;
	unsigned kept = 0;

	for (unsigned i = 0; i < scout->recheck_count; i++) {
		struct recheck recheck = scout->rechecks[i];

		if (recheck.at_ns <= now) {
			push_change(scout, recheck.pid);
			if (++recheck.step == sizeof(recheck_ms) / sizeof(recheck_ms[0]))
				continue;
			recheck.at_ns = now + recheck_ms[recheck.step] * NS_A_MS;
		}
		scout->rechecks[kept++] = recheck;
		if (recheck.at_ns < next_ns)
			next_ns = recheck.at_ns;
	}
	scout->recheck_count = kept;
	return (int)((next_ns - now + NS_A_MS - 1) / NS_A_MS);
}

static void on_connector(struct scout *scout)
{
	char buffer[CONNECTOR_BUFFER_SIZE];
	struct connector_event event;
	size_t size, offset;
	bool is_lost, was_lost = false;

	for (;;) {
		size = connector_read(scout->connector, buffer, &is_lost);
		was_lost |= is_lost;
		if (!size)
			break;
		/* What was asked before it happened comes first. */
		if (atomic_load(&scout->has_gate))
			scout_hear(scout);
		offset = 0;
		while (connector_take(buffer, size, &offset, &event)) {
			if (event.kind == CONNECTOR_EXEC)
				scout_changed(scout, event.pid);
			else if (event.kind == CONNECTOR_EXIT && event.tid == event.pid)
				starts_ended(scout, event.pid);
		}
	}
	if (was_lost && !scout->has_told_of_loss)
		scout_tell(scout, USDTRAP_NOTICE_WARNING,
			   "the kernel's process events came faster than they could be read: some were lost");
	scout->has_told_of_loss |= was_lost;
}

/* ---- The thread -------------------------------------------------------------------------------------------------- */

/* What is to be polled; returns how many. */
static nfds_t sources_of(const struct scout *scout, struct pollfd *sources)
{
	sources[STOP] = (struct pollfd){.fd = scout->stop_fd, .events = POLLIN};
	sources[GATE] =
		(struct pollfd){.fd = atomic_load(&scout->has_gate) ? scout->gate.socket : -1, .events = POLLIN};
	sources[CONNECTOR] = (struct pollfd){.fd = scout->connector, .events = POLLIN};
	return FIRST_NAMESPACE + marks_sources(scout, sources + FIRST_NAMESPACE);
}

static void set_ready(struct scout *scout)
{
	pthread_mutex_lock(&scout->lock);
	scout->is_ready = true;
	pthread_cond_broadcast(&scout->changed);
	pthread_mutex_unlock(&scout->lock);
}

/*
 * How many milliseconds may pass between two looks through all processes; 0:
 * none is needed. Beside the gate they find what nobody was asked about, and no
 * process events told: the same program in another layer of an overlay.
 */
static int poll_interval(const struct scout *scout)
{
	if (scout->way == USDTRAP_MACHINE_POLL)
		return POLL_MS;
	return scout->connector < 0 && scout->options.file_count ? POLL_BESIDE_GATE_MS : 0;
}

/* Something that is done again and again. */
struct chore {
	uint64_t due_ns;   /* by CLOCK_MONOTONIC */
	uint64_t began_ns; /* by this thread's own clock */
};

static bool is_due(const struct chore *chore)
{
	return clock_time_ns(CLOCK_MONOTONIC) >= chore->due_ns;
}

static void begin_chore(struct chore *chore)
{
	chore->began_ns = clock_time_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* It is due again after PERIOD_MS, or when it has cost one part in SHARE of the time, if that is later. */
static void end_chore(struct chore *chore, unsigned period_ms, unsigned share)
{
	const uint64_t needed_ns = (clock_time_ns(CLOCK_THREAD_CPUTIME_ID) - chore->began_ns) * share;
	const uint64_t period_ns = period_ms * NS_A_MS;

	chore->due_ns = clock_time_ns(CLOCK_MONOTONIC) + (needed_ns > period_ns ? needed_ns : period_ns);
}

static void *scout_main(void *user)
{
	struct scout *scout = user;
	struct chore polling = {0}, refreshing = {.due_ns = clock_time_ns(CLOCK_MONOTONIC) + REFRESH_MS * NS_A_MS};
	struct pollfd sources[FIRST_NAMESPACE + SCOUT_NAMESPACES_MAX];
	nfds_t count;
	int rest_ms, poll_ms;
	bool has_changed;

	if (atomic_load(&scout->has_gate))
		scout_hurry(0);
	for (;;) {
		if (!scout->is_ready && !scout->marks_unanswered)
			set_ready(scout);
		count = sources_of(scout, sources);
		rest_ms = do_rechecks(scout);
		poll_ms = poll_interval(scout);
		if (poll_ms && rest_ms > poll_ms)
			rest_ms = poll_ms;
		if (scout_urge(scout) && rest_ms > URGE_MS)
			rest_ms = URGE_MS;
		poll(sources, count, rest_ms);
		if (sources[STOP].revents)
			return NULL;
		has_changed = marks_have_changed(scout, sources + FIRST_NAMESPACE);
		if (sources[GATE].revents && atomic_load(&scout->has_gate))
			scout_hear(scout);
		if (sources[CONNECTOR].revents)
			on_connector(scout);
		if (poll_ms && is_due(&polling)) {
			begin_chore(&polling);
			poll_processes(scout, false);
			end_chore(&polling, (unsigned)poll_ms, POLL_SHARE);
		}
		/* A new namespace is told by nobody until something starts in it. */
		if (has_changed || is_due(&refreshing)) {
			begin_chore(&refreshing);
			marks_refresh(scout);
			marks_tell(scout);
			end_chore(&refreshing, REFRESH_MS, REFRESH_SHARE);
		}
	}
}

static struct usdtrap_error *start_thread(struct scout *scout)
{
	int error_number = thread_start_deaf(&scout->thread, scout_main, scout);

	if (error_number)
		return error_os(error_number, "cannot start the thread that hears of new processes");
	scout->has_thread = true;
	return NULL;
}

/* Waits until all marks are set. False: it takes too long, or the kernel refused them. */
static bool await_marks(struct scout *scout)
{
	struct timespec until;
	bool is_ready;
	int result = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += READY_MS / 1000;
	pthread_mutex_lock(&scout->lock);
	while (!scout->is_ready && result == 0)
		result = pthread_cond_timedwait(&scout->changed, &scout->lock, &until);
	is_ready = scout->is_ready;
	pthread_mutex_unlock(&scout->lock);
	return is_ready && (scout->marks_set || !scout->marks_refused);
}

/* ---- Beginning and ending ---------------------------------------------------------------------------------------- */

static bool wants(const struct scout *scout, enum usdtrap_machine_way way)
{
	return scout->options.way == USDTRAP_MACHINE_BEST || scout->options.way == way;
}

/* Marks all there is to mark; the gate answers to the thread. */
static struct usdtrap_error *set_marks(struct scout *scout)
{
	for (size_t i = 0; i < scout->options.file_count; i++)
		if (gate_mark(&scout->gate, scout->options.files[i], FANOTIFY_FILE, 0))
			scout->marks_unanswered++;
	marks_refresh(scout);
	return marks_folders(scout);
}

static void end_thread(struct scout *scout)
{
	uint64_t one = 1;

	if (!scout->has_thread)
		return;
	atomic_store(&scout->is_stopping, true);
	(void)!write(scout->stop_fd, &one, sizeof(one));
	pthread_join(scout->thread, NULL);
	(void)!read(scout->stop_fd, &one, sizeof(one));
	atomic_store(&scout->is_stopping, false);
	scout->has_thread = false;
}

/* By the gate. UNSUPPORTED, PERMISSION: it cannot be had. */
static struct usdtrap_error *begin_gate(struct scout *scout)
{
	struct usdtrap_error *error = gate_start(&scout->gate);

	if (error)
		return error;
	atomic_store(&scout->has_gate, true);
	scout->way = USDTRAP_MACHINE_FANOTIFY;
	error = set_marks(scout);
	if (poll_interval(scout))
		poll_processes(scout, true);
	if (!error)
		error = start_thread(scout);
	if (!error && await_marks(scout))
		return NULL;
	end_thread(scout);
	atomic_store(&scout->has_gate, false);
	gate_stop(&scout->gate);
	marks_deinit(scout);
	return error ? error
		     : error_create(USDTRAP_UNSUPPORTED,
				    "this kernel does not ask before programs start (Linux 5.0, with "
				    "CONFIG_FANOTIFY_ACCESS_PERMISSIONS)");
}

static void close_connector(struct scout *scout)
{
	if (scout->connector >= 0)
		close(scout->connector);
	scout->connector = -1;
}

static struct usdtrap_error *begin(struct scout *scout)
{
	struct usdtrap_error *error = NULL, *connector_error = NULL;

	/* Beside the gate it tells what became of commands, and of those who were not asked. */
	if (scout->options.way != USDTRAP_MACHINE_POLL)
		connector_error = connector_open(&scout->connector);
	if (wants(scout, USDTRAP_MACHINE_FANOTIFY)) {
		error = begin_gate(scout);
		if (!error || scout->options.way == USDTRAP_MACHINE_FANOTIFY ||
		    usdtrap_error_code(error) == USDTRAP_NOT_FOUND)
			goto end;
		scout_tell(scout, USDTRAP_NOTICE_DETAIL, "%s", usdtrap_error_message(error));
		usdtrap_error_destroy(error);
		error = NULL;
		scout->is_ready = false;
	}
	if (connector_error && scout->options.way == USDTRAP_MACHINE_CONNECTOR) {
		error = connector_error;
		connector_error = NULL;
		goto end;
	}
	scout->way = scout->connector >= 0 ? USDTRAP_MACHINE_CONNECTOR : USDTRAP_MACHINE_POLL;
	if (connector_error)
		scout_tell(scout, USDTRAP_NOTICE_DETAIL, "%s", usdtrap_error_message(connector_error));
	error = marks_folders(scout);
	if (!error && scout->way == USDTRAP_MACHINE_POLL)
		poll_processes(scout, true);
	if (!error)
		error = start_thread(scout);
	if (!error)
		await_marks(scout);
end:
	usdtrap_error_destroy(connector_error);
	return error;
}

/* What the user is to know of how much is seen. */
static void tell_coverage(struct scout *scout)
{
	const bool has_connector = scout->connector >= 0;

	switch (scout->way) {
	case USDTRAP_MACHINE_FANOTIFY:
		marks_tell(scout);
		if (scout->marks_refused)
			scout_tell(scout, USDTRAP_NOTICE_INFO, "the kernel asks nobody about %u of %u file systems",
				   scout->marks_refused, scout->marks_refused + scout->marks_set);
		if (scout->options.wants_successes && !has_connector)
			scout_tell(scout, USDTRAP_NOTICE_WARNING,
				   "that a command has started successfully is not told here: the kernel's process "
				   "events connector is not to be had");
		break;
	case USDTRAP_MACHINE_CONNECTOR:
		scout_tell(
			scout, USDTRAP_NOTICE_WARNING,
			"processes are seen a moment after they have started: what they do before that is missed, and "
			"short ones may be");
		break;
	case USDTRAP_MACHINE_POLL:
	case USDTRAP_MACHINE_BEST:
		scout_tell(
			scout, USDTRAP_NOTICE_WARNING,
			"processes are looked for every %d ms: shorter ones are missed, and of others their beginning "
			"(root is asked before they start)",
			POLL_MS);
		break;
	}
}

struct usdtrap_error *scout_create(const struct scout_options *options, struct scout **ret)
{
	struct scout *scout = calloc(1, sizeof(*scout));
	struct usdtrap_error *error;

	if (!scout)
		return &error_no_memory;
	scout->options = *options;
	scout->gate.socket = -1;
	scout->connector = -1;
	scout->may_hurry = sched_getscheduler(0) == SCHED_OTHER;
	pthread_mutex_init(&scout->lock, NULL);
	pthread_cond_init(&scout->changed, NULL);
	scout->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	scout->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = scout->stop_fd < 0 || scout->wake < 0 ? error_os(errno, "eventfd") : begin(scout);
	if (error) {
		scout_destroy(scout);
		return error;
	}
	scout->options.files = NULL;
	tell_coverage(scout);
	*ret = scout;
	return NULL;
}

enum usdtrap_machine_way scout_way(const struct scout *scout)
{
	return scout->way;
}

int scout_event(const struct scout *scout)
{
	return scout->wake;
}

void scout_answer(const struct scout *scout, const struct arrival *arrival)
{
	if (atomic_load(&scout->has_gate))
		gate_allow(&scout->gate, arrival->question);
}

void scout_stop(struct scout *scout)
{
	if (!scout)
		return;
	end_thread(scout);
	atomic_store(&scout->has_gate, false);
	gate_stop(&scout->gate);
	close_connector(scout);
}

void scout_report(struct scout *scout, struct scout_report *ret)
{
	pthread_mutex_lock(&scout->lock);
	*ret = scout->report;
	pthread_mutex_unlock(&scout->lock);
}

void scout_destroy(struct scout *scout)
{
	struct arrival *arrival;

	if (!scout)
		return;
	scout_stop(scout);
	while ((arrival = scout_next(scout)))
		arrival_destroy(arrival);
	starts_deinit(scout);
	marks_deinit(scout);
	poll_deinit(scout);
	if (scout->stop_fd >= 0)
		close(scout->stop_fd);
	if (scout->wake >= 0)
		close(scout->wake);
	pthread_cond_destroy(&scout->changed);
	pthread_mutex_destroy(&scout->lock);
	free(scout);
}
