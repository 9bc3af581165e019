/* SPDX-License-Identifier: MIT */
#include "os/background.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock_time.h"
#include "base/error.h"
#include "os/procfs.h"

/* Slower than this from look to look, no stop is worth the trial; and a tracee may be waiting for a starved tracer. */
static const uint64_t overdue_ns = 20000000;
/* Short after a trial that paid: something came between. Doubled for each that does not pay. */
static const uint64_t shortest_pause_ns = 20000000;
static const uint64_t longest_pause_ns = 64000000000;
/* Judged by the mean of so long at the least: a thread that wakes beside the tracee moves it away for some stops. */
static const uint64_t window_ns = 4000000;

/* No gain: the next trial is put off, twice as long as this one was. */
static enum background_step give_up(struct background *background, uint64_t now_ns)
{
	background->pause_ns = background->pause_ns ? background->pause_ns * 2 : shortest_pause_ns;
	if (background->pause_ns > longest_pause_ns)
		background->pause_ns = longest_pause_ns;
	background->not_before_ns = now_ns + background->pause_ns;
	return BACKGROUND_LEAVE;
}

static enum background_step judge(struct background *background, uint64_t now_ns, uint64_t elapsed_ns, unsigned stops)
{
	uint64_t cost_ns;

	if (elapsed_ns > overdue_ns)
		return give_up(background, now_ns);
	background->window_ns += elapsed_ns;
	background->window_stops += stops;
	if (background->window_ns < window_ns || background->window_stops == 0)
		return BACKGROUND_STAY;
	cost_ns = background->window_ns / background->window_stops;
	background->window_ns = 0;
	background->window_stops = 0;
	/* A quarter less, or it is chance. */
	if (cost_ns > background->cost_before_ns - background->cost_before_ns / 4)
		return give_up(background, now_ns);
	background->pause_ns = 0;
	return BACKGROUND_STAY;
}

enum background_step background_measure(struct background *background, uint64_t now_ns, unsigned stops,
					bool is_restless)
{
	uint64_t elapsed_ns = background->looked_ns ? now_ns - background->looked_ns : 0;
	uint64_t cost_ns = stops ? elapsed_ns / stops : 0;

	background->looked_ns = now_ns;
	if (background->is_on)
		return judge(background, now_ns, elapsed_ns, stops);
	background->cost_ns = background->cost_ns ? (3 * background->cost_ns + cost_ns) / 4 : cost_ns;
	background->restless = is_restless ? background->restless + 1 : 0;
	if (background->is_refused || background->restless < BACKGROUND_RESTLESS_LOOKS || elapsed_ns > overdue_ns ||
	    now_ns < background->not_before_ns)
		return BACKGROUND_STAY;
	background->cost_before_ns = background->cost_ns;
	/* Begun afresh: nothing of what was before is in the mean of what is now, nor the other way round. */
	background->cost_ns = 0;
	background->window_ns = 0;
	background->window_stops = 0;
	return BACKGROUND_ENTER;
}

/*
 * Whether every thread that wants a processor has one. Elsewhere a thread of
 * SCHED_IDLE starves, and were it killed it would take seconds to let go of
 * those whom it traces.
 */
static bool is_quiet(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct usdtrap_error *error;
	char line[128], *running;

	error = procfs_line(PROCFS_ROOT, 0, "loadavg", line, sizeof(line));
	usdtrap_error_destroy(error);
	if (error)
		return false;
	/* proc(5): three averages, then how many run now. */
	running = strchr(line, '/');
	while (running && running > line && running[-1] != ' ')
		running--;
	return running && strtol(running, NULL, 10) <= processors;
}

static int set_policy(int policy, const struct sched_param *parameters)
{
	return sched_setscheduler(0, policy, parameters);
}

/* Goes there and back, as a thread of its own that may be lost on the way. */
static void *there_and_back(void *argument)
{
	const struct background *background = argument;
	static const struct sched_param none;
	bool returned;

	returned = set_policy(SCHED_IDLE, &none) == 0 && set_policy(background->policy, &background->parameters) == 0;
	return returned ? argument : NULL;
}

static bool may_return(struct background *background)
{
	pthread_t thread;
	void *result = NULL;

	background->policy = sched_getscheduler(0);
	/* Who asked for another policy had a reason. */
	if (background->policy != SCHED_OTHER || sched_getparam(0, &background->parameters) != 0 ||
	    pthread_create(&thread, NULL, there_and_back, background) != 0)
		return false;
	pthread_join(thread, &result);
	return result != NULL;
}

void background_look(struct background *background, unsigned stops, bool is_restless)
{
	static const struct sched_param none;

	switch (background_measure(background, clock_time_ns(CLOCK_MONOTONIC), stops, is_restless)) {
	case BACKGROUND_ENTER:
		if (!is_quiet()) {
			background->restless = 0;
			break;
		}
		if (may_return(background) && set_policy(SCHED_IDLE, &none) == 0)
			background->is_on = true;
		else
			background->is_refused = true;
		break;
	case BACKGROUND_LEAVE:
		background_leave(background);
		break;
	case BACKGROUND_STAY:
		break;
	}
}

bool background_is_overdue(const struct background *background)
{
	return background->is_on && clock_time_ns(CLOCK_MONOTONIC_COARSE) > background->looked_ns + overdue_ns;
}

void background_leave(struct background *background)
{
	if (background->is_on && set_policy(background->policy, &background->parameters) == 0)
		background->is_on = false;
	background->restless = 0;
}
