/* SPDX-License-Identifier: MIT */
/*
 * The processes that a process has made before it was attached: a server's
 * workers, what a shell has started. Who follows children wants these as well.
 *
 * They are attached one after the other, each like any process, once their
 * parent is: from then on the kernel hands over its new children. Those of
 * others may come while we look, so the tree is walked until a walk finds
 * nobody new. A child whose parent has ended has another parent. It is found
 * all the same if the process began a session and the child is still in it:
 * nobody gets into a session but by being born there. One that cannot be attached spoils nothing else: that is told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "os/procfs.h"
#include "trace/engine.h"

enum { WALKS_MAX = 10 };

/* A walk through the tree. */
struct walk {
	struct engine *engine;
	pid_t *refused; /* those that could not be attached: told once */
	size_t refused_count;
	bool is_new; /* somebody was found */
};

/* Whether PID is this process, or the one that started it and waits: they trace, and are not traced. */
static bool is_tracer(pid_t pid)
{
	struct stat own, its;
	char path[64];

	if (pid == getpid())
		return true;
	snprintf(path, sizeof(path), PROCFS_ROOT "/%d/exe", (int)pid);
	return pid == getppid() && stat(PROCFS_ROOT "/self/exe", &own) == 0 && stat(path, &its) == 0 &&
	       own.st_dev == its.st_dev && own.st_ino == its.st_ino;
}

static bool is_known(const struct walk *walk, pid_t pid)
{
	for (size_t i = 0; i < walk->refused_count; i++)
		if (walk->refused[i] == pid)
			return true;
	return tracee_find(walk->engine->tracees, pid);
}

static bool is_dead(pid_t pid)
{
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_stat_read(PROCFS_ROOT, pid, pid, &stat);

	usdtrap_error_destroy(error);
	return error || stat.state == 'Z' || stat.state == 'X';
}

static struct usdtrap_error *refuse(struct walk *walk, pid_t pid, struct usdtrap_error *reason)
{
	pid_t *refused = reallocarray(walk->refused, walk->refused_count + 1, sizeof(*refused));

	if (error_catch(reason, USDTRAP_GONE) || error_catch(reason, USDTRAP_NOT_FOUND))
		reason = NULL;
	if (reason)
		engine_notice_error(walk->engine, USDTRAP_NOTICE_WARNING,
				    error_prefix(reason, "process %d is not followed", (int)pid));
	if (!refused)
		return &error_no_memory;
	refused[walk->refused_count++] = pid;
	walk->refused = refused;
	return NULL;
}

static struct usdtrap_error *visit_children(struct walk *walk, pid_t pid);

/* Attaches PID, unless it is ours already, and its children. */
static struct usdtrap_error *visit(struct walk *walk, pid_t pid)
{
	struct usdtrap_error *error = NULL;

	if (is_tracer(pid) || is_dead(pid))
		return NULL;
	if (!is_known(walk, pid)) {
		walk->is_new = true;
		walk->engine->progress.processes++;
		engine_tell_progress(walk->engine);
		error = attach_process(walk->engine, pid, USDTRAP_ATTACH_NOW);
		if (error && usdtrap_error_code(error) != USDTRAP_NO_MEMORY)
			error = refuse(walk, pid, error);
	}
	return error ? error : visit_children(walk, pid);
}

static struct usdtrap_error *visit_children(struct walk *walk, pid_t pid)
{
	_cleanup_free_ pid_t *children = NULL;
	struct usdtrap_error *error;
	size_t count;

	error = procfs_children(PROCFS_ROOT, pid, &children, &count);
	if (error_catch(error, USDTRAP_GONE))
		return NULL;
	for (size_t i = 0; i < count; i++)
		walk->engine->progress.processes_total += !is_known(walk, children[i]);
	for (size_t i = 0; !error && i < count && !atomic_load(&walk->engine->is_called_off); i++)
		error = visit(walk, children[i]);
	return error;
}

/* The session that PID is in; 0: it is not known. */
static pid_t session_of(pid_t pid)
{
	struct procfs_stat stat;
	struct usdtrap_error *error = procfs_stat_read(PROCFS_ROOT, pid, pid, &stat);

	usdtrap_error_destroy(error);
	return error ? 0 : stat.session;
}

/* Visits those of the session that PID began, if it did, who are children of nobody that we know. */
static struct usdtrap_error *visit_session(struct walk *walk, pid_t pid)
{
	_cleanup_free_ pid_t *processes = NULL;
	struct usdtrap_error *error;
	size_t count;

	if (session_of(pid) != pid)
		return NULL;
	error = procfs_processes(PROCFS_ROOT, &processes, &count);
	for (size_t i = 0; !error && i < count && !atomic_load(&walk->engine->is_called_off); i++)
		if (!is_known(walk, processes[i]) && session_of(processes[i]) == pid) {
			walk->engine->progress.processes_total++;
			error = visit(walk, processes[i]);
		}
	return error;
}

struct usdtrap_error *attach_descendants(struct engine *engine, pid_t pid)
{
	struct walk walk = {.engine = engine};
	struct usdtrap_error *error = NULL;

	engine->is_attaching_descendants = true;
	for (unsigned i = 0; i < WALKS_MAX && !error; i++) {
		walk.is_new = false;
		error = visit_children(&walk, pid);
		if (!error)
			error = visit_session(&walk, pid);
		if (!walk.is_new)
			break;
	}
	engine->is_attaching_descendants = false;
	free(walk.refused);
	return error;
}
