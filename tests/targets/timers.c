/* SPDX-License-Identifier: MIT */
/*
 * timers [N]: hits timers:tick(number) in a loop while a timer signals every
 * millisecond, until N of its expirations (2000) have been told by handler
 * runs and overruns together. An expiration that vanished, because its signal
 * did, is missing for good: so the least that handler runs and overruns ever
 * lagged behind the clock, over the second half of the run, is what was lost.
 */
#include <signal.h>
#include <stdint.h>
#include <sys/sdt.h>
#include <time.h>

#include "target.h"

#define PERIOD_NS 1000000

static timer_t timer;
static uint64_t start_ns;
static volatile uint64_t wanted, runs, told, least_lag = UINT64_MAX;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void on_timer(int signal, siginfo_t *info, void *context)
{
	uint64_t expired, lag;

	(void)signal;
	(void)context;
	runs++;
	told += 1 + (uint64_t)info->si_overrun;
	expired = (now_ns() - start_ns) / PERIOD_NS + 1;
	lag = expired - told;
	if (told > wanted / 2 && lag < least_lag)
		least_lag = lag;
}

int main(int argc, char **argv)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_RESTART};
	struct itimerspec period = {.it_interval = {.tv_nsec = PERIOD_NS}};
	unsigned long hits = 0;

	wanted = target_number(argc, argv, 1, 2000);
	if (sigaction(SIGRTMIN, &action, NULL) != 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
		target_fail("timer_create");
	target_ready();
	start_ns = now_ns() + PERIOD_NS;
	period.it_value.tv_sec = (time_t)(start_ns / 1000000000);
	period.it_value.tv_nsec = (long)(start_ns % 1000000000);
	if (timer_settime(timer, TIMER_ABSTIME, &period, NULL) != 0)
		target_fail("timer_settime");
	while (told < wanted) {
		DTRACE_PROBE1(timers, tick, hits);
		hits++;
	}
	timer_delete(timer);
	printf("@hits: %lu\n", hits);
	printf("expirations lost: %lu\n", (unsigned long)least_lag);
	fprintf(stderr, "handler runs %lu, overruns %lu\n", (unsigned long)runs, (unsigned long)(told - runs));
	return 0;
}
