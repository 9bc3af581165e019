/* SPDX-License-Identifier: MIT */
/*
 * Letting the tracee come to the tracer's processor, instead of chasing it.
 *
 * Moving to where the tracee runs (affinity.h) is of no use while another
 * processor is idle: the scheduler wakes a thread where it finds a processor
 * with nothing to do, and the tracer, which has just told the thread to go on,
 * is something to do. So the tracee goes to the idle processor, the tracer
 * follows, and the next hit finds the first one idle: in a virtual machine
 * 48 us a hit instead of 8.
 *
 * The scheduler counts a processor as free, too, where nothing runs but threads
 * of SCHED_IDLE (sched_idle_cpu() in the kernel's fair.c, since 5.4). So the
 * tracing thread takes that policy *for itself*: then the tracee stays, and is
 * not even disturbed by the tracer, which now runs only while the tracee waits
 * for it. The tracee's own policy and affinity are never touched.
 *
 * The price: another program that wants the processor gets nearly all of it, and
 * the tracee would wait for a starved tracer (546 us a hit beside two busy
 * loops). So it is a trial that measures itself: what a stop costs is compared
 * with before, and the old policy comes back, for longer each time, when it was
 * no gain. Where threads wait for processors it is not begun: were the tracer
 * killed then, it would take seconds to let go of the tracee (up to 5 s instead
 * of 20 ms, beside ten busy programs on two processors). For who may not come
 * back from SCHED_IDLE (sched(7): that takes CAP_SYS_NICE or an RLIMIT_NICE of
 * 20) it is never begun.
 */
#ifndef USDTRAP_OS_BACKGROUND_H
#define USDTRAP_OS_BACKGROUND_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	BACKGROUND_RESTLESS_LOOKS = 6, /* so many looks in a row must have found the tracee elsewhere */
};

enum background_step {
	BACKGROUND_STAY, /* as it is */
	BACKGROUND_ENTER,
	BACKGROUND_LEAVE,
};

/* What was measured; filled with zeroes at the start. Times in nanoseconds. */
struct background {
	bool is_refused; /* this thread could not come back */
	bool is_on;
	int policy; /* the thread's own */
	struct sched_param parameters;
	unsigned restless;       /* looks in a row that found the tracee elsewhere */
	uint64_t looked_ns;      /* when the last look was, by the monotonic clock; 0: never */
	uint64_t cost_ns;        /* from one stop to the next, a running mean of before a trial */
	uint64_t cost_before_ns; /* what that was on entering */
	uint64_t window_ns;      /* of a trial: time and stops since it was last judged */
	unsigned window_stops;
	uint64_t not_before_ns; /* when the next trial may begin */
	uint64_t pause_ns;      /* how long the last one was put off */
};

/*
 * To be called by the tracing thread at each look, STOPS stops after the last
 * one; IS_RESTLESS: the tracee was found elsewhere than the last time. May change
 * the calling thread's policy.
 */
void background_look(struct background *background, unsigned stops, bool is_restless);
/* Whether a look is due before its time: the tracee has not come by for so long that it may be starved of us. Cheap. */
bool background_is_overdue(const struct background *background);
/* Gives the calling thread its own policy back, if it has not got it. */
void background_leave(struct background *background);

/* Pure: takes the measurements of a look at NOW_NS into BACKGROUND, and says what is to be done. */
enum background_step background_measure(struct background *background, uint64_t now_ns, unsigned stops,
					bool is_restless);

#endif
