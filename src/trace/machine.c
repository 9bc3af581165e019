/* SPDX-License-Identifier: MIT */
#include "trace/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uthash.h>
#include <utlist.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/privileged.h"
#include "os/procfs.h"
#include "trace/engine.h"
#include "trace/observe.h"
#include "trace/scout.h"

enum {
	PASSES_MAX = 8,   /* over all processes, until one finds nothing new */
	REFUSALS_MAX = 3, /* told one by one; further ones are counted */
	REFUSED_MAX = 4096,
};

/* A process that could not be traced: it is looked at again, but told and counted once. */
struct refused {
	pid_t pid;
	UT_hash_handle hh;
};

struct machine {
	struct scout *scout;
	pid_t *held; /* threads that stand */
	size_t held_count, held_capacity;
	struct refused *refused;
	unsigned refused_count; /* processes that could not be traced */
	bool has_libraries;
};

/* ---- Which processes --------------------------------------------------------------------------------------------- */

/* Whether PID runs the program that this process runs: the front's process, say, or another tracer like it. */
static bool is_own_program(pid_t pid)
{
	char own[64], its[64];
	struct stat own_status, its_status;

	snprintf(own, sizeof(own), PROCFS_ROOT "/self/exe");
	snprintf(its, sizeof(its), PROCFS_ROOT "/%d/exe", (int)pid);
	return stat(own, &own_status) == 0 && stat(its, &its_status) == 0 && own_status.st_ino == its_status.st_ino &&
	       own_status.st_dev == its_status.st_dev;
}

/*
 * Process 1 is never traced: the machine does not outlive it. Nor are those
 * that run this program, since one would wait for the other.
 */
static bool is_spared(pid_t pid)
{
	return pid == 1 || pid == getpid() || is_own_program(pid);
}

static bool is_known(const struct engine *engine, pid_t pid)
{
	const struct tracee *tracee = tracee_find(engine->tracees, pid);

	if (tracee)
		return true;
	for (tracee = engine->tracees; tracee && tracee->pid != pid; tracee = tracee->hh.next)
		;
	return tracee;
}

static void forget_refused(struct machine *machine)
{
	struct refused *refused, *next;

	HASH_ITER (hh, machine->refused, refused, next) {
		HASH_DEL(machine->refused, refused);
		free(refused);
	}
}

/* Adds PID to those that were refused. False: it is one of them. */
static bool is_first_refusal(struct machine *machine, pid_t pid)
{
	struct refused *refused;

	HASH_FIND(hh, machine->refused, &pid, sizeof(pid), refused);
	if (refused)
		return false;
	if (HASH_COUNT(machine->refused) == REFUSED_MAX)
		forget_refused(machine);
	refused = calloc(1, sizeof(*refused));
	if (refused) {
		refused->pid = pid;
		HASH_ADD(hh, machine->refused, pid, sizeof(refused->pid), refused);
	}
	return true;
}

/* PID could not be traced. That it has ended is no refusal. */
static void note_refusal(struct engine *engine, pid_t pid, struct usdtrap_error *error)
{
	const enum usdtrap_error_code code = usdtrap_error_code(error);

	if (code == USDTRAP_GONE || code == USDTRAP_NOT_FOUND || !is_first_refusal(engine->machine, pid) ||
	    ++engine->machine->refused_count > REFUSALS_MAX)
		usdtrap_error_destroy(error);
	else
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING, error);
}

/* Attaches PID if it has a wanted file mapped. Returns whether it was attached. */
static bool attach_if_wanted(struct engine *engine, pid_t pid)
{
	struct usdtrap_error *error;

	if (is_known(engine, pid) || !mapped_wants(engine, pid) || is_spared(pid))
		return false;
	error = attach_process(engine, pid, USDTRAP_ATTACH_NOW);
	if (error)
		note_refusal(engine, pid, error);
	return !error;
}

/* Attaches those that are there. Until a pass finds nothing new: what began before its file was marked is found so. */
static struct usdtrap_error *attach_present(struct engine *engine)
{
	bool is_any = true;

	for (unsigned pass = 0; is_any && pass < PASSES_MAX && !atomic_load(&engine->is_called_off); pass++) {
		_cleanup_free_ pid_t *pids = NULL;
		size_t count;
		struct usdtrap_error *error = procfs_processes(PROCFS_ROOT, &pids, &count);

		if (error)
			return error;
		is_any = false;
		engine->progress.processes_total = count;
		for (size_t i = 0; i < count && !atomic_load(&engine->is_called_off); i++) {
			engine->progress.processes = i;
			engine_tell_progress(engine);
			is_any |= attach_if_wanted(engine, pids[i]);
			machine_work(engine);
		}
	}
	return NULL;
}

/* ---- Candidates -------------------------------------------------------------------------------------------------- */

/* PID is about to execute or to load a wanted file, and waits. */
static void on_opening(struct engine *engine, const struct arrival *arrival)
{
	struct usdtrap_error *error;

	if (!is_known(engine, arrival->pid) && !is_spared(arrival->pid)) {
		error = attach_candidate(engine, arrival->pid, arrival->tid,
					 arrival->is_exec ? CANDIDATE_EXECUTES : CANDIDATE_LOADS);
		if (error &&
		    (usdtrap_error_code(error) == USDTRAP_GONE || usdtrap_error_code(error) == USDTRAP_NOT_FOUND))
			engine->report.processes_missed++;
		if (error)
			note_refusal(engine, arrival->pid, error);
	}
	scout_answer(engine->machine->scout, arrival);
}

void machine_hold(struct engine *engine, struct tracee *tracee)
{
	struct machine *machine = engine->machine;
	const size_t capacity = machine->held_capacity ? machine->held_capacity * 2 : 16;
	pid_t *held;

	if (machine->held_count == machine->held_capacity) {
		held = reallocarray(machine->held, capacity, sizeof(*held));
		if (!held) { /* it is not traced, then */
			usdtrap_error_destroy(ptrace_detach(tracee->tid, 0));
			engine_remove_tracee(engine, tracee);
			return;
		}
		machine->held = held;
		machine->held_capacity = capacity;
	}
	machine->held[machine->held_count++] = tracee->tid;
}

/* Lets TRACEE go, which stands, and has the other threads of its process, which run, come here for that as well. */
static void let_go(struct engine *engine, struct tracee *tracee)
{
	const pid_t pid = tracee->pid;

	usdtrap_error_destroy(ptrace_detach(tracee->tid, 0));
	observe_let_go(engine, pid, tracee->tid);
	engine_remove_tracee(engine, tracee);
	for (tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		if (tracee->pid == pid) {
			tracee->candidate = CANDIDATE_LEAVES;
			engine_interrupt(tracee);
		}
}

/* Whether TID has not executed one instruction of its program: its stack is as the kernel left it. */
static bool is_at_start(pid_t tid)
{
	struct procfs_stat stat;
	uint64_t stack_pointer;
	struct usdtrap_error *error = procfs_stat_read(PROCFS_ROOT, tid, tid, &stat);

	usdtrap_error_destroy(error);
	return !error && stat.start_stack && procfs_stack_pointer(PROCFS_ROOT, tid, &stack_pointer) &&
	       stack_pointer == stat.start_stack;
}

static void note_late(struct engine *engine, pid_t pid, const char *what)
{
	engine->report.processes_late++;
	engine_notice(engine, USDTRAP_NOTICE_DETAIL, "process %d %s what is traced before it could be reached",
		      (int)pid, what);
}

/* Arms the process of TRACEE, which stands. */
static void arm(struct engine *engine, struct tracee *tracee, bool is_late)
{
	const pid_t tid = tracee->tid, pid = tracee->pid;
	bool is_standing = true;
	struct usdtrap_error *error;

	if (is_late)
		note_late(engine, tracee->pid,
			  tracee->candidate == CANDIDATE_LOADS ? "had loaded" : "had begun to run");
	error = attach_held(engine, tracee, &is_standing);
	tracee = tracee_find(engine->tracees, tid);
	if (error)
		note_refusal(engine, pid, error);
	if (!tracee || !is_standing)
		return;
	if (error)
		let_go(engine, tracee);
	else
		engine_resume(engine, tracee, 0);
}

static void answer(struct engine *engine, struct tracee *tracee)
{
	const bool is_mapped = tracee->candidate != CANDIDATE_LEAVES && mapped_wants(engine, tracee->pid);

	switch (tracee->candidate) {
	case CANDIDATE_LOADS:
		arm(engine, tracee, is_mapped);
		break;
	case CANDIDATE_EXECUTES:
		/* The call has failed, or its end was reached before the seize. */
		if (is_mapped)
			arm(engine, tracee, !is_at_start(tracee->tid));
		else
			let_go(engine, tracee);
		break;
	case CANDIDATE_NOT:
	case CANDIDATE_LEAVES:
		let_go(engine, tracee);
		break;
	}
}

static void answer_held(struct engine *engine)
{
	struct machine *machine = engine->machine;

	while (machine->held_count > 0) {
		struct tracee *tracee = tracee_find(engine->tracees, machine->held[--machine->held_count]);

		if (tracee && tracee->candidate != CANDIDATE_NOT)
			answer(engine, tracee);
		else if (tracee) /* it was attached meanwhile, with another thread of its process */
			engine_resume(engine, tracee, 0);
	}
}

bool machine_keeps(const struct engine *engine, const struct tracee *tracee)
{
	const struct machine *machine = engine->machine;

	if (!machine || mapped_wants(engine, tracee->tid))
		return true;
	/* Where nobody is asked before a library is loaded, the loader's hook has to show it. */
	return machine->has_libraries && scout_way(machine->scout) != USDTRAP_MACHINE_FANOTIFY;
}

/* ---- Commands that start ----------------------------------------------------------------------------------------- */

static void on_start(struct engine *engine, const struct start *start)
{
	struct event_data data = {.values = {(uint64_t)start->number}};

	if (start->number < 0 || start->number >= EVENT_CALLS)
		return;
	for (size_t i = 0; i < sizeof(start->arguments) / sizeof(start->arguments[0]); i++)
		data.values[1 + i] = start->arguments[i];
	events_deliver_recorded(engine, &start->recorded, engine->events.enter[start->number], &data);
}

static void on_success(struct engine *engine, const struct arrival *arrival)
{
	const struct start *start = &arrival->start;
	const struct event_data call = {.values = {(uint64_t)start->number}};
	const struct event_data program = {
		.values = {0, (uint64_t)arrival->pid, (uint64_t)arrival->pid},
		.texts = {arrival->text ? arrival->text : ""},
	};

	if (start->number >= 0 && start->number < EVENT_CALLS)
		events_deliver_recorded(engine, &start->recorded, engine->events.exit[start->number], &call);
	events_deliver_recorded(engine, &start->recorded, engine->events.of_kind[EVENT_EXEC], &program);
}

void machine_work(struct engine *engine)
{
	struct machine *machine = engine->machine;
	struct arrival *arrival;

	while ((arrival = scout_next(machine->scout))) {
		switch (arrival->kind) {
		case ARRIVAL_OPENING:
			if (!engine->is_leaving)
				on_opening(engine, arrival);
			break;
		case ARRIVAL_CHANGED:
			if (!engine->is_leaving && attach_if_wanted(engine, arrival->pid))
				note_late(engine, arrival->pid, "had begun with");
			break;
		case ARRIVAL_START:
			on_start(engine, &arrival->start);
			break;
		case ARRIVAL_SUCCESS:
			on_success(engine, arrival);
			break;
		case ARRIVAL_NOTICE:
			engine_notice(engine, arrival->notice, "%s", arrival->text);
			break;
		}
		arrival_destroy(arrival);
		answer_held(engine);
	}
	scout_rest(machine->scout);
}

void machine_turn(struct engine *engine)
{
	if (!engine->machine)
		return;
	answer_held(engine);
	if (scout_has_next(engine->machine->scout))
		machine_work(engine);
}

/* ---- Beginning and ending ---------------------------------------------------------------------------------------- */

static struct usdtrap_error *refuse(const char *what, const char *why)
{
	return error_hint(error_create(USDTRAP_UNSUPPORTED, "%s cannot be had for the whole machine: %s", what, why),
			  "name processes with -p or -c; --follow traces their children as well");
}

/* A match that is not the start of a command; NULL: there is none. */
static const struct event_match *foreign_event(const struct events *events)
{
	for (size_t kind = 0; kind < EVENT_KINDS; kind++)
		if (events->of_kind[kind] && kind != EVENT_EXEC)
			return events->of_kind[kind];
	for (long number = 0; number < EVENT_CALLS; number++)
		if ((events->enter[number] || events->exit[number]) && number != start_execve_number() &&
		    number != start_execveat_number())
			return events->enter[number] ? events->enter[number] : events->exit[number];
	return NULL;
}

static struct usdtrap_error *check_wishes(const struct engine *engine)
{
	static const char stops[] = "every process would have to stop for it again and again, this terminal's and the "
				    "reader of the output among them, which might then wait for each other";
	static const char lives[] =
		"without a stop the kernel tells only that somebody has begun or ended, when its name "
		"may be forgotten already";
	const struct events *events = &engine->events;
	const struct event_match *match = foreign_event(events);

	if (match && (match == events->of_kind[EVENT_FORK] || match == events->of_kind[EVENT_END]))
		return refuse(match->info.full_name, lives);
	if (match)
		return refuse(match->info.full_name, stops);
	if (engine->samplers)
		return refuse("profile", stops);
	if (engine->watchpoints.list || engine->watchpoints.symbols)
		return refuse("a watchpoint", "an address means something else in each process");
	return NULL;
}

/* Whether processes are wanted, and not only commands that start. */
static bool wants_files(const struct engine *engine)
{
	const struct catalog_file *file = engine->catalog.files;

	while (file && !file->is_wanted)
		file = file->next;
	return file;
}

/* The file that a pattern led to, opened to be marked; -1: another one is there by now. */
static int open_file(const struct catalog_file *file)
{
	const char *path = file->real_path ? file->real_path : file->path;
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (fstat(fd, &status) == 0 && status.st_ino == file->inode && status.st_dev == file->device))
		return fd;
	close(fd);
	return -1;
}

/* A program that nobody runs yet is not looked into when it starts. */
static void tell_of_unnamed(const struct engine *engine)
{
	const struct catalog_file *file;
	unsigned count = 0;

	LL_FOREACH (engine->catalog.files, file)
		count += file->is_wanted;
	if (catalog_wants_any_file(&engine->catalog))
		engine_notice(
			engine, USDTRAP_NOTICE_INFO,
			"files that were not named are those that a process runs now: %u. Other programs, if they "
			"are started later, are not traced",
			count);
}

static struct usdtrap_error *create_scout(struct engine *engine, const struct usdtrap_machine *how)
{
	const struct events *events = &engine->events;
	const long execve = start_execve_number(), execveat = start_execveat_number();
	struct scout_options options = {.way = how ? how->way : USDTRAP_MACHINE_BEST,
					.folders = how ? how->folders : NULL};
	const struct catalog_file *file;
	struct usdtrap_error *error;
	size_t count = 0;
	int *files;

	LL_COUNT(engine->catalog.files, file, count);
	files = calloc(count + 1, sizeof(*files));
	if (!files)
		return &error_no_memory;
	LL_FOREACH (engine->catalog.files, file) {
		if (!file->is_wanted)
			continue;
		options.has_libraries |= !elf_object_interpreter(file->object);
		files[options.file_count] = open_file(file);
		options.file_count += files[options.file_count] >= 0;
	}
	options.files = files;
	options.engine = gettid();
	options.wake_signal = engine->options.wake_signal;
	options.wants_successes = events->exit[execve] || events->exit[execveat] || events->of_kind[EVENT_EXEC];
	options.wants_starts = options.wants_successes || events->enter[execve] || events->enter[execveat];
	engine->machine->has_libraries = options.has_libraries;
	error = scout_create(&options, &engine->machine->scout);
	while (options.file_count > 0)
		close(files[--options.file_count]);
	free(files);
	return error;
}

struct usdtrap_error *machine_attach(struct engine *engine, const struct usdtrap_machine *how)
{
	struct usdtrap_error *error = check_wishes(engine);

	if (error)
		return error;
	engine->machine = calloc(1, sizeof(*engine->machine));
	if (!engine->machine)
		return &error_no_memory;
	engine->options.follow = 1;
	engine->events.wants_calls = false; /* those that are wanted need nobody to stop */
	engine->is_privileged = privileged_tracer(PROCFS_ROOT);
	tell_of_unnamed(engine);
	error = create_scout(engine, how);
	if (!error && wants_files(engine))
		error = attach_present(engine);
	if (!error)
		machine_work(engine);
	return error;
}

int machine_event(const struct engine *engine)
{
	return scout_event(engine->machine->scout);
}

void machine_stop(struct engine *engine)
{
	struct machine *machine = engine->machine;
	struct scout_report report;

	if (!machine || !machine->scout)
		return;
	scout_stop(machine->scout);
	for (struct tracee *tracee = engine->tracees; tracee; tracee = tracee->hh.next)
		if (tracee->candidate != CANDIDATE_NOT)
			tracee->candidate = CANDIDATE_LEAVES;
	answer_held(engine);
	scout_report(machine->scout, &report);
	engine->report.starts = report.starts;
	engine->report.starts_late = report.late;
	engine->report.starts_missed = report.missed;
	if (report.unasked)
		engine_notice(engine, USDTRAP_NOTICE_WARNING,
			      "%" PRIu64
			      " times a process was about to open a file and usdtrap, which got no processor, "
			      "could not look at it",
			      report.unasked);
	if (machine->refused_count > REFUSALS_MAX)
		engine_notice(engine, USDTRAP_NOTICE_WARNING, "%u processes in all could not be traced",
			      machine->refused_count);
}

void machine_destroy(struct engine *engine)
{
	if (!engine->machine)
		return;
	scout_destroy(engine->machine->scout);
	forget_refused(engine->machine);
	free(engine->machine->held);
	free(engine->machine);
	engine->machine = NULL;
}
