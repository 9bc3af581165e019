/* SPDX-License-Identifier: MIT */
#include "os/affinity.h"

#include "base/error.h"
#include "os/procfs.h"

/* Fewer looks than this decide nothing: a short run is not worth a move. */
enum { MINIMUM_SAMPLES = 3 };

void affinity_init(struct affinity *affinity, bool wanted)
{
	*affinity = (struct affinity){.current = AFFINITY_ALL};
	affinity->is_following = wanted && sched_getaffinity(0, sizeof(affinity->original), &affinity->original) == 0;
}

void affinity_deinit(struct affinity *affinity)
{
	if (affinity->is_following && affinity->current != AFFINITY_ALL)
		sched_setaffinity(0, sizeof(affinity->original), &affinity->original);
	affinity->is_following = false;
}

/* How many of SAMPLES say PROCESSOR. */
static size_t count_of(const int *samples, size_t count, int processor)
{
	size_t found = 0;
	size_t i;

	for (i = 0; i < count; i++)
		found += samples[i] == processor;
	return found;
}

int affinity_decide(const int *samples, size_t count)
{
	size_t i;

	if (count < MINIMUM_SAMPLES)
		return AFFINITY_ALL;
	for (i = 0; i < count; i++)
		if (samples[i] >= 0 && count_of(samples, count, samples[i]) > count / 2)
			return samples[i];
	return AFFINITY_ALL;
}

/* Binds the calling thread to PROCESSOR. Where that is refused (a processor went offline) it stays where it may be. */
static void move_to(struct affinity *affinity, int processor)
{
	cpu_set_t set;

	if (processor == AFFINITY_ALL) {
		set = affinity->original;
	} else {
		CPU_ZERO(&set);
		CPU_SET(processor, &set);
	}
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		affinity->current = processor;
}

void affinity_follow(struct affinity *affinity, pid_t pid, pid_t tid)
{
	struct procfs_stat stat;
	struct usdtrap_error *error;
	size_t count;
	int processor;

	if (!affinity->is_following || ++affinity->stops < AFFINITY_INTERVAL)
		return;
	affinity->stops = 0;

	error = procfs_stat_read(PROCFS_ROOT, pid, tid, &stat);
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	affinity->samples[affinity->sample_count++ % AFFINITY_WINDOW] = stat.processor;
	count = affinity->sample_count < AFFINITY_WINDOW ? affinity->sample_count : AFFINITY_WINDOW;

	processor = affinity_decide(affinity->samples, count);
	/* Where the caller was confined (taskset) it remains so, even if its tracee runs elsewhere. */
	if (processor != AFFINITY_ALL &&
	    (processor >= CPU_SETSIZE || !CPU_ISSET((size_t)processor, &affinity->original)))
		processor = AFFINITY_ALL;
	if (processor != affinity->current)
		move_to(affinity, processor);
}
