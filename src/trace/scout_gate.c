/* SPDX-License-Identifier: MIT */
/*
 * What the gate (os/gate.h) asks: who is about to open one of the wanted files,
 * or to execute anything. Each question is answered by somebody: here, by the
 * engine, or by the gate itself when its patience is over.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elf.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/scout_internal.h"

/* Whether PC, an address in PID, lies in its dynamic loader: then that is who opens a file. */
static bool is_in_loader(pid_t pid, pid_t tid, uint64_t pc)
{
	const struct procfs_mapping *loader, *current;
	struct procfs_maps maps;
	struct usdtrap_error *error;
	uint64_t loader_addr;
	bool is_there;

	/* A loader that was started as a program itself tells of none, and is one. */
	if (!procfs_auxiliary_value(PROCFS_ROOT, tid, AT_BASE, &loader_addr) ||
	    (!loader_addr && !procfs_auxiliary_value(PROCFS_ROOT, tid, AT_ENTRY, &loader_addr)))
		return false;
	error = procfs_maps_read(PROCFS_ROOT, pid, tid, &maps);
	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	loader = procfs_mapping_at(&maps, loader_addr);
	current = procfs_mapping_at(&maps, pc);
	is_there = loader && current && loader->inode && loader->inode == current->inode;
	procfs_maps_deinit(&maps);
	return is_there;
}

/*
 * Whether FILE is the very file that CALL names. If it is not it is the
 * interpreter of a script, or a loader, and whoever seizes the process now
 * waits for a lock that it holds until it is let go on.
 */
static bool is_named(pid_t tid, const struct procfs_call *call, const struct stat *file)
{
	char path[PATH_MAX], whole[PATH_MAX + 64];
	struct usdtrap_error *error;
	struct stat status;
	int memory_fd;
	size_t got;

	error = memory_open(tid, &memory_fd);
	if (!error) {
		error = memory_read_some(memory_fd, start_path_addr(call), path, sizeof(path), &got);
		close(memory_fd);
	}
	usdtrap_error_destroy(error);
	if (error || !memchr(path, '\0', got))
		return false;
	snprintf(whole, sizeof(whole), PROCFS_ROOT "/%d/%s/%s", (int)tid, path[0] == '/' ? "root" : "cwd", path);
	return stat(whole, &status) == 0 && status.st_ino == file->st_ino && status.st_dev == file->st_dev;
}

/* Whoever is waited for for ten milliseconds at most runs ahead of others, if it may. */
bool scout_hurry(pid_t tid)
{
	const struct sched_param lowest = {.sched_priority = 1};

	return sched_getscheduler(tid) == SCHED_OTHER &&
	       sched_setscheduler(tid, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) == 0;
}

static void lower(pid_t tid)
{
	const struct sched_param none = {0};

	sched_setscheduler(tid, SCHED_OTHER, &none);
}

/* A process waits for the engine. */
static void hurry_engine(struct scout *scout)
{
	const pid_t engine = scout->options.engine;

	if (scout->may_hurry && !atomic_exchange(&scout->has_hurried, true)) {
		scout_hurry(engine);
		if (!atomic_load(&scout->has_hurried)) /* it came to rest just before */
			lower(engine);
	}
	tgkill(getpid(), engine, scout->options.wake_signal);
}

/*
 * The engine misses the signal if it is about to wait: it looks for arrivals,
 * is preempted, is sent the signal, and waits. On a busy machine that happens
 * often. So it is sent again until the arrival was taken.
 */
bool scout_urge(struct scout *scout)
{
	if (scout->is_engine_awaited && !scout_has_next(scout))
		scout->is_engine_awaited = false;
	if (scout->is_engine_awaited)
		hurry_engine(scout);
	return scout->is_engine_awaited;
}

void scout_rest(struct scout *scout)
{
	if (atomic_exchange(&scout->has_hurried, false))
		lower(0);
}

/* One of the files that are of interest is opened. */
static void on_opening(struct scout *scout, const struct gate_message *message, const struct stat *file)
{
	struct arrival arrival = {.kind = ARRIVAL_OPENING, .pid = message->pid, .question = message->id};
	/* It can be seized before it sleeps, too: what it does then shows what it was about to do. */
	enum { PATIENCE_US = 500 };
	struct procfs_call call;

	if (!message->pid) {
		gate_allow(&scout->gate, message->id);
		return;
	}
	if (!start_find_call(message->pid, PATIENCE_US, &arrival.tid, &call)) {
		arrival.tid = message->pid; /* it does not sleep yet, on a busy machine: it may be anything */
	} else if (start_is_exec(&call)) {
		arrival.is_exec = true;
		if (!is_named(arrival.tid, &call, file))
			gate_hurry(&scout->gate, message->id);
	} else if (!is_in_loader(message->pid, arrival.tid, call.pc)) {
		gate_allow(&scout->gate, message->id); /* it only reads it: cp(1), file(1) */
		return;
	}
	scout_push(scout, &arrival);
	scout->is_engine_awaited = true;
	hurry_engine(scout);
}

static void on_marked(struct scout *scout, const struct gate_message *message)
{
	if (scout->marks_unanswered > 0)
		scout->marks_unanswered--;
	if (message->error_number)
		scout->marks_refused++;
	else
		scout->marks_set++;
}

static void on_gate_end(struct scout *scout)
{
	atomic_store(&scout->has_gate, false);
	if (scout->connector < 0)
		usdtrap_error_destroy(connector_open(&scout->connector));
	scout_tell(scout, USDTRAP_NOTICE_WARNING,
		   "process %d, which is asked before programs start, was killed or stood still: nobody is asked any "
		   "more, and %s",
		   (int)scout->gate.pid,
		   scout->connector >= 0 ? "programs are seen a moment after they have started"
					 : "programs are looked for from time to time; short ones are missed");
	if (scout->connector < 0)
		poll_processes(scout, true);
	scout->way = scout->connector >= 0 ? USDTRAP_MACHINE_CONNECTOR : USDTRAP_MACHINE_POLL;
}

void scout_hear(struct scout *scout)
{
	struct gate_message message;
	enum gate_result result;
	struct stat file = {0};
	bool is_elsewhere;
	int fd;

	while ((result = gate_receive(&scout->gate, &message, &fd)) == GATE_MESSAGE) {
		if (fd >= 0) {
			if (fstat(fd, &file) < 0)
				memset(&file, 0, sizeof(file));
			close(fd); /* before all else: a file that is open cannot be written to and executed */
		}
		switch (message.word) {
		case GATE_READY:
			break;
		case GATE_MARKED:
			on_marked(scout, &message);
			break;
		case GATE_OPENED:
			on_opening(scout, &message, &file);
			break;
		case GATE_EXECUTED:
			is_elsewhere = message.pid && marks_meet(scout, message.pid);
			if (message.pid)
				starts_asked(scout, message.pid, message.time_ns, file.st_dev, file.st_ino);
			gate_allow(&scout->gate, message.id);
			if (is_elsewhere)
				marks_refresh(scout);
			break;
		}
		if (message.word == GATE_OPENED || message.word == GATE_EXECUTED) {
			pthread_mutex_lock(&scout->lock);
			scout->report.unasked = message.unasked;
			pthread_mutex_unlock(&scout->lock);
		}
	}
	if (result == GATE_ENDED && !atomic_load(&scout->is_stopping))
		on_gate_end(scout);
}
