/* SPDX-License-Identifier: MIT */
#include "os/affinity.h"

#include <string.h>

#include "base/error.h"
#include "os/procfs.h"

void affinity_init(struct affinity *affinity, bool wanted)
{
	*affinity = (struct affinity){.current = AFFINITY_ALL, .interval = AFFINITY_SHORT_INTERVAL};
	affinity->is_following = wanted && sched_getaffinity(0, sizeof(affinity->original), &affinity->original) == 0;
}

void affinity_deinit(struct affinity *affinity)
{
	background_leave(&affinity->background);
	if (affinity->is_following && affinity->current != AFFINITY_ALL)
		sched_setaffinity(0, sizeof(affinity->original), &affinity->original);
	affinity->is_following = false;
}

int affinity_decide(const struct affinity_sample *samples, size_t count)
{
	size_t same_thread = 0;

	for (size_t i = 0; i < count; i++)
		same_thread += samples[i].tid == samples[0].tid;
	if (same_thread > count / 2)
		return samples[0].processor;
	for (size_t i = 0; i < count; i++) {
		size_t same_processor = 0;

		for (size_t j = 0; j < count; j++)
			same_processor += samples[j].processor == samples[i].processor;
		if (same_processor > count / 2)
			return samples[i].processor;
	}
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

static void remember(struct affinity *affinity, pid_t tid, int processor)
{
	memmove(affinity->samples + 1, affinity->samples, sizeof(affinity->samples) - sizeof(affinity->samples[0]));
	affinity->samples[0] = (struct affinity_sample){tid, processor};
	if (affinity->sample_count < AFFINITY_WINDOW)
		affinity->sample_count++;
}

void affinity_follow(struct affinity *affinity, pid_t pid, pid_t tid)
{
	struct procfs_stat stat;
	struct usdtrap_error *error;
	unsigned stops;
	int processor;

	if (!affinity->is_following)
		return;
	if (++affinity->stops < affinity->interval && !background_is_overdue(&affinity->background))
		return;
	stops = affinity->stops;
	affinity->stops = 0;

	error = procfs_stat_read(PROCFS_ROOT, pid, tid, &stat);
	if (error) {
		usdtrap_error_destroy(error);
		return;
	}
	remember(affinity, tid, stat.processor);
	processor = affinity_decide(affinity->samples, affinity->sample_count);
	/* Where the caller was confined (taskset) it remains so, even if its tracee runs elsewhere. */
	if (processor < 0 || processor >= CPU_SETSIZE || !CPU_ISSET((size_t)processor, &affinity->original))
		processor = AFFINITY_ALL;
	/* Without a processor that is the busiest tracee's there is nobody to wait for. */
	if (processor == AFFINITY_ALL)
		background_leave(&affinity->background);
	else
		background_look(&affinity->background, stops, processor != affinity->current);
	if (processor != affinity->current) {
		move_to(affinity, processor);
		affinity->interval = AFFINITY_SHORT_INTERVAL;
	} else if (affinity->interval < AFFINITY_LONG_INTERVAL) {
		affinity->interval *= 2;
	}
}
