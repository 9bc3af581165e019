/* SPDX-License-Identifier: MIT */
#include "os/waiting.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/clock_time.h"

enum {
	WALK_NS = 20,    /* a tracee; measured */
	WALK_SHARE = 20, /* one part in so many of the time is spent with walking */
	PATIENCE = 5, /* walks' time without a notice, then one is made: on a busy machine threads do not run at once */
	SHORTEST_NS = 1000000, /* between two walks */
};

void waiting_note(struct waiting *waiting, pid_t tid)
{
	unsigned place = 0;

	while (place < WAITING_RECENT - 1 && waiting->recent[place] != tid)
		place++;
	memmove(&waiting->recent[1], &waiting->recent[0], place * sizeof(waiting->recent[0]));
	waiting->recent[0] = tid;
}

static void block_child(struct waiting *waiting, bool is_wanted)
{
	sigset_t child;

	if (waiting->blocks_child == is_wanted)
		return;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	pthread_sigmask(is_wanted ? SIG_BLOCK : SIG_UNBLOCK, &child, NULL);
	waiting->blocks_child = is_wanted;
}

/* Asks for each of the recent. Those that are no tracees any more make no difference. */
static bool ask_recent(const struct waiting *waiting, pid_t *ret_tid, int *ret_status)
{
	for (unsigned i = 0; i < WAITING_RECENT && waiting->recent[i]; i++)
		if (ptrace_wait_of(waiting->recent[i], ret_tid, ret_status) == PTRACE_WAIT_STATUS)
			return true;
	return false;
}

/* Waits until somebody is said to have stopped, and asks for him. NOTHING: nobody was, or he has not. */
static enum ptrace_wait_result await_notice(uint64_t patience_ns, bool *ret_is_quiet, pid_t *ret_tid, int *ret_status)
{
	const struct timespec quiet = {.tv_nsec = (long)patience_ns};
	siginfo_t info;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	*ret_is_quiet = false;
	if (sigtimedwait(&child, &info, &quiet) == SIGCHLD) {
		if (ptrace_wait_of(info.si_pid, ret_tid, ret_status) == PTRACE_WAIT_STATUS)
			return PTRACE_WAIT_STATUS;
		return PTRACE_WAIT_NOTHING;
	}
	*ret_is_quiet = errno == EAGAIN;
	return *ret_is_quiet ? PTRACE_WAIT_NOTHING : PTRACE_WAIT_INTERRUPTED;
}

static enum ptrace_wait_result ask_all(struct waiting *waiting, bool block, pid_t *ret_tid, int *ret_status)
{
	enum ptrace_wait_result result = ptrace_wait(block, ret_tid, ret_status);

	waiting->walked_ns = clock_time_ns(CLOCK_MONOTONIC);
	return result;
}

static enum ptrace_wait_result next_of_many(struct waiting *waiting, size_t tracee_count, bool block, pid_t *ret_tid,
					    int *ret_status)
{
	const uint64_t walk_ns = tracee_count * WALK_NS;
	const uint64_t interval_ns = walk_ns * WALK_SHARE > SHORTEST_NS ? walk_ns * WALK_SHARE : SHORTEST_NS;
	enum ptrace_wait_result result = PTRACE_WAIT_NOTHING;
	bool is_quiet = !block;

	while (result == PTRACE_WAIT_NOTHING) {
		if (clock_time_ns(CLOCK_MONOTONIC) - waiting->walked_ns >= interval_ns)
			result = ask_all(waiting, false, ret_tid, ret_status);
		else if (ask_recent(waiting, ret_tid, ret_status))
			return PTRACE_WAIT_STATUS;
		else if (is_quiet)
			return ask_all(waiting, block, ret_tid, ret_status);
		else
			result = await_notice(PATIENCE * walk_ns, &is_quiet, ret_tid, ret_status);
	}
	return result;
}

enum ptrace_wait_result waiting_next(struct waiting *waiting, size_t tracee_count, bool block, pid_t *ret_tid,
				     int *ret_status)
{
	const bool are_many = tracee_count >= WAITING_MANY;
	enum ptrace_wait_result result;

	block_child(waiting, are_many);
	if (!are_many)
		return ptrace_wait(block, ret_tid, ret_status);
	result = next_of_many(waiting, tracee_count, block, ret_tid, ret_status);
	if (result == PTRACE_WAIT_STATUS)
		waiting_note(waiting, *ret_tid);
	return result;
}
