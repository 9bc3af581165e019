/* SPDX-License-Identifier: MIT */
/*
 * Undoing what a dead tracer left, by its journal.
 *
 * A space is made of what the journal tells, as if we had changed all that
 * ourselves, and then left as any other: bytes back first, semaphores down,
 * and only then every thread seized, so that a trap that was executed before
 * is still caught, and let go.
 */
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <usdtrap/repair.h>
#include <utlist.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/engine.h"
#include "trace/journal.h"
#include "trace/leftover.h"
#include "trace/lender.h"
#include "trace/room.h"
#include "trace/site.h"

enum {
	DYING_TRIES = 400, /* at 5 ms */
	SURE_TRIES = 4,    /* that a tracer lives: there is a moment when a killed one does not show it */
	WAKING_TRIES = 40, /* that a thread which runs is about to stop */
	TRY_INTERVAL_NS = 5000000,
};

static void forget_semaphores(struct space *space)
{
	struct semaphore *semaphore, *next;

	HASH_ITER (hh, space->semaphores, semaphore, next)
		space_forget_semaphore(space, semaphore);
}

static struct usdtrap_error *forget_foreign_rooms(const struct engine *engine, struct space *space)
{
	struct procfs_maps maps;
	struct usdtrap_error *error;

	if (!space->rooms)
		return NULL;
	error = mapped_read(engine, space, &maps);
	if (error)
		return error;
	room_forget_foreign(space, &maps);
	procfs_maps_deinit(&maps);
	return NULL;
}

/* Makes SPACE what TEXT tells of, and undoes it. */
static struct usdtrap_error *undo(struct engine *engine, struct space *space, const char *text)
{
	struct usdtrap_error *error = NULL;

	engine_choose_anchor(engine, space);
	if (!space->arch)
		error = mapped_architecture(space);
	if (!error && space->memory_fd < 0)
		error = memory_open(space->anchor, &space->memory_fd);
	if (error)
		return error;
	memory_lock(space->memory_fd); /* the target's own handler may be about to do the same */
	error = journal_load(text, space);
	if (!error)
		error = forget_foreign_rooms(engine, space);
	/* Not every kernel lets anybody write but a tracer. By now it is known which traps are ours. */
	if (!error && lender_must_trace(engine))
		error = attach_seize(engine, space);
	if (!error) {
		net_forget_lowered(space);
		leave_space(engine, space);
		net_mark_healed(space);
		forget_semaphores(space);
	}
	memory_unlock(space->memory_fd);
	return error;
}

struct stale {
	struct engine *engine;
	struct space *space; /* whose; NULL: one is made */
	pid_t live_tracer;
	unsigned found;
	pid_t *told; /* processes of which a journal tells */
	size_t told_count;
};

static pid_t tracer_of(pid_t pid)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, pid, &status);

	usdtrap_error_destroy(error);
	return error ? 0 : status.tracer;
}

static void pause_between_tries(void)
{
	const struct timespec interval = {.tv_nsec = TRY_INTERVAL_NS};

	nanosleep(&interval, NULL);
}

enum stopping { STOPPING_NOT, STOPPING_PERHAPS, STOPPING };

/*
 * Whether some thread of PID is stopped for good, or has a SIGSTOP coming of which it will be. One that runs may just
 * be on its way out of its tracer's last stop, with that signal.
 */
static enum stopping is_stopping(pid_t pid)
{
	_cleanup_free_ pid_t *threads = NULL;
	enum stopping result = STOPPING_NOT;
	struct procfs_status status;
	struct usdtrap_error *error;
	size_t count = 0;

	usdtrap_error_destroy(procfs_threads(PROCFS_ROOT, pid, &threads, &count));
	for (size_t i = 0; i < count; i++) {
		error = procfs_status_read(PROCFS_ROOT, threads[i], &status);
		usdtrap_error_destroy(error);
		if (error)
			continue;
		if (status.state == 'T' || (status.signals_pending & (UINT64_C(1) << (SIGSTOP - 1))))
			return STOPPING;
		if (status.state == 'R' || status.state == 't')
			result = STOPPING_PERHAPS;
	}
	return result;
}

/* Where threads were stopped by SIGSTOP, one may have come when nobody was there any more to take it. */
static void wake(const struct engine *engine, const struct space *space)
{
	enum stopping stopping = STOPPING_PERHAPS;

	if (!space->is_attached || space->is_stopped)
		return;
	for (unsigned tries = 0; stopping == STOPPING_PERHAPS && tries < WAKING_TRIES; tries++) {
		stopping = is_stopping(space->pid);
		if (stopping == STOPPING_PERHAPS)
			pause_between_tries();
	}
	if (stopping == STOPPING && kill(space->pid, SIGCONT) == 0)
		engine_notice(engine, USDTRAP_NOTICE_INFO,
			      "process %d had been left stopped by it, and goes on (SIGCONT)", (int)space->pid);
}

/* What one journal says is undone in SPACE, which takes the journal over. True: it was. */
static bool undo_journal(struct engine *engine, struct space *space, struct journal_visit *visit)
{
	const struct usdtrap_report before = engine->report;
	struct usdtrap_error *error;
	unsigned bytes, semaphores;

	space->journal = visit->journal;
	visit->journal = NULL;
	error = undo(engine, space, visit->text);
	if (space->is_watched) /* by no list of ours */
		engine->watchpoints.generation++;
	if (error) {
		journal_leave(space->journal);
		space->journal = NULL;
		if (!error_catch(error, USDTRAP_GONE))
			engine_notice_error(engine, USDTRAP_NOTICE_WARNING,
					    error_prefix(error, "cannot repair process %d", (int)space->pid));
		return false;
	}
	if (!space->journal) /* something could not be undone; that was told */
		return false;
	engine->report.sites_lost = before.sites_lost; /* the target's own handler was there before us, if anybody */
	bytes = engine->report.sites_restored - before.sites_restored;
	semaphores = engine->report.semaphores_lowered - before.semaphores_lowered;
	engine->report.repaired++;
	engine_notice(
		engine, USDTRAP_NOTICE_INFO,
		"process %d had traps of usdtrap %d, which was killed: %u byte%s put back, %u semaphore%s lowered",
		(int)space->pid, (int)visit->head.tracer, bytes, bytes == 1 ? "" : "s", semaphores,
		semaphores == 1 ? "" : "s");
	wake(engine, space);
	return true;
}

static bool is_ending(pid_t tid)
{
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_stat_read(PROCFS_ROOT, tid, tid, &stat);

	usdtrap_error_destroy(error);
	return error || stat.is_ending;
}

/* Whether TRACER was killed and is on its way out, which takes long on a busy machine. Its other threads are quicker.
 */
static bool is_dying(pid_t tracer)
{
	struct procfs_status status;
	struct usdtrap_error *error = procfs_status_read(PROCFS_ROOT, tracer, &status);

	usdtrap_error_destroy(error);
	return error || (status.signals_pending & (UINT64_C(1) << (SIGKILL - 1))) || is_ending(tracer) ||
	       is_ending(status.tgid);
}

pid_t repair_await_tracer(pid_t pid)
{
	pid_t tracer = tracer_of(pid);

	for (unsigned tries = 0; tracer && tries < DYING_TRIES && (tries < SURE_TRIES || is_dying(tracer)); tries++) {
		pause_between_tries();
		tracer = tracer_of(pid);
	}
	return tracer;
}

/*
 * Looks at the journals of PID (0: all). A tracer that is being killed lets go
 * of its target a little before it lets go of its journal: one that seems to
 * live, and does not trace, is waited for.
 */
static void search(struct stale *stale, pid_t pid, void (*visit)(struct journal_visit *visit, void *user))
{
	for (unsigned tries = 0; tries < DYING_TRIES; tries++) {
		stale->live_tracer = 0;
		journal_each(pid, visit, stale);
		if (!pid || !stale->live_tracer || repair_await_tracer(pid))
			return;
		pause_between_tries();
	}
}

static void visit_to_see(struct journal_visit *visit, void *user)
{
	bool *has_any = user;

	*has_any |= visit->state != JOURNAL_VOID;
}

static void pass_on(enum usdtrap_notice notice, const char *text, void *user)
{
	engine_notice(user, notice, "%s", text);
}

void repair_wholly(struct engine *engine, pid_t pid)
{
	const struct usdtrap_options options = {
		.on_notice = pass_on, .user = engine, .wake_signal = engine->options.wake_signal};
	struct usdtrap_report report = {0};
	struct usdtrap_error *error;
	bool has_any = false;

	journal_each(pid, visit_to_see, &has_any);
	if (!has_any && !leftover_exists(engine, pid))
		return;
	error = usdtrap_repair(&options, pid, &report);
	usdtrap_error_destroy(error); /* that somebody else traces it, the seize tells better */
	engine->report.repaired += report.repaired;
	engine->report.sites_restored += report.sites_restored;
	engine->report.semaphores_lowered += report.semaphores_lowered;
}

static void visit_before_attach(struct journal_visit *visit, void *user)
{
	struct stale *stale = user;

	struct usdtrap_error *error;

	if (visit->state == JOURNAL_LIVE)
		stale->live_tracer = visit->head.tracer;
	if (visit->state != JOURNAL_STALE || stale->space->journal || !undo_journal(stale->engine, stale->space, visit))
		return;
	/* What is done next is written behind it: what there is of a net is never without a journal. */
	error = journal_adopt(stale->space->journal);
	if (error)
		engine_notice_error(stale->engine, USDTRAP_NOTICE_WARNING, error);
}

void repair_before_attach(struct engine *engine, struct space *space)
{
	struct stale stale = {.engine = engine, .space = space};

	search(&stale, space->pid, visit_before_attach);
}

static void remember_told(struct stale *stale, pid_t pid)
{
	pid_t *told = reallocarray(stale->told, stale->told_count + 1, sizeof(*told));

	if (!told)
		return;
	stale->told = told;
	told[stale->told_count++] = pid;
}

static void visit_to_repair(struct journal_visit *visit, void *user)
{
	struct stale *stale = user;
	struct engine *engine = stale->engine;
	struct usdtrap_error *error;
	struct space *space;
	pid_t tracer;

	if (visit->state != JOURNAL_VOID)
		remember_told(stale, visit->head.pid);
	if (visit->state == JOURNAL_LIVE) {
		stale->live_tracer = visit->head.tracer;
		return;
	}
	if (visit->state != JOURNAL_STALE)
		return;
	tracer = repair_await_tracer(visit->head.pid);
	if (tracer != 0) {
		engine_notice(engine, USDTRAP_NOTICE_WARNING,
			      "process %d is traced by process %d: nothing is changed in it as long as that lives",
			      (int)visit->head.pid, (int)tracer);
		return;
	}
	space = space_create(&engine->spaces, visit->head.pid, visit->head.pid);
	if (!space)
		return;
	space->references = 1;
	if (undo_journal(engine, space, visit)) {
		stale->found++;
		error = attach_seize(engine, space);
		if (error && !error_catch(error, USDTRAP_GONE))
			engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
	}
	space_release(&engine->spaces, &engine->former_spaces, space);
}

static int compare_pids(const void *first, const void *second)
{
	const pid_t a = *(const pid_t *)first, b = *(const pid_t *)second;

	return (a > b) - (a < b);
}

/* Looks into PID or, if 0, into all processes that have a handler for SIGTRAP. */
static void repair_leftovers(struct stale *stale, pid_t pid)
{
	_cleanup_free_ pid_t *pids = NULL;
	struct usdtrap_error *error;
	size_t count;

	if (stale->told_count) /* qsort(3) takes no NULL, however few there are */
		qsort(stale->told, stale->told_count, sizeof(pid), compare_pids);
	if (pid) {
		if (!stale->told_count && leftover_is_possible(pid, false))
			stale->found += leftover_repair(stale->engine, pid);
		return;
	}
	error = procfs_processes(PROCFS_ROOT, &pids, &count);
	usdtrap_error_destroy(error);
	for (size_t i = 0; !error && i < count; i++)
		if (pids[i] != getpid() &&
		    (!stale->told_count ||
		     !bsearch(&pids[i], stale->told, stale->told_count, sizeof(pid), compare_pids)) &&
		    leftover_is_possible(pids[i], true))
			stale->found += leftover_repair(stale->engine, pids[i]);
}

struct usdtrap_error *repair_all(struct engine *engine, pid_t pid)
{
	struct stale stale = {.engine = engine};

	search(&stale, pid, visit_to_repair);
	repair_leftovers(&stale, pid);
	free(stale.told);
	if (pid && stale.live_tracer && !stale.found)
		return error_hint(error_create(USDTRAP_UNSUPPORTED,
					       "process %d is being traced by usdtrap %d: its traps are in use",
					       (int)pid, (int)stale.live_tracer),
				  "end that first: kill -INT %d", (int)stale.live_tracer);
	return NULL;
}
