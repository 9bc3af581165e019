/* SPDX-License-Identifier: MIT */
/*
 * Looking at maps again and again.
 *
 * glibc's loader and musl's tell when they have loaded something (loader.c).
 * What nobody tells of is found by reading /proc/PID/maps from time to time:
 * libraries that a program maps by itself, those of a static program, text that
 * is unmapped or replaced.
 *
 *	every 40 ms   as long as some process has not mapped a file that is wanted,
 *	              or has mapped one that must still prove that it is complete;
 *	              with what mapped.c waits then, it is armed within 100 ms
 *	every second  otherwise; but if a trap of one of its files is gone, within
 *	              40 ms: each file's first is glanced at (verify.c), which takes
 *	              a microsecond
 *	at once       at the stops behind mmap(2) and the like, with --watch-maps
 *
 * A look costs some ten microseconds a process, more where much is mapped. No
 * more than a tenth of one processor is spent on them: with very many processes
 * the looks are further apart.
 */
#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock_time.h"
#include "base/error.h"
#include "trace/engine.h"

enum {
	SHORT_PERIOD_NS = 40000000,
	LONG_PERIOD_NS = 1000000000,
	GREATEST_SHARE = 10, /* looking takes at most the tenth part of the time */
};

static bool wants_any_file(const struct catalog *catalog)
{
	const struct usdtrap_probe *probe = catalog->probes;

	while (probe && (!probe->wants_any_file || probe->is_internal))
		probe = probe->next;
	return probe;
}

static bool is_mapped(const struct space *space, const struct catalog_file *file)
{
	const struct mapped_file *mapped = space->mapped;

	while (mapped && mapped->file != file)
		mapped = mapped->next;
	return mapped;
}

/* Whether a file that is wanted may still come to SPACE. */
static bool waits(const struct engine *engine, const struct space *space)
{
	const struct catalog_file *file;

	if (space->glimpsed || wants_any_file(&engine->catalog))
		return true;
	for (file = engine->catalog.files; file; file = file->next)
		if (file->has_matches && !is_mapped(space, file))
			return true;
	return false;
}

/* Whether the maps of SPACE are of any interest: it is traced, and files are wanted. */
static bool is_of_interest(const struct engine *engine, const struct space *space)
{
	return space->arch && space->memory_fd >= 0 && !space->is_starting && engine->catalog.probes;
}

static void set_period(struct engine *engine, uint64_t period_ns)
{
	const struct timespec period = {
		.tv_sec = (time_t)(period_ns / 1000000000u),
		.tv_nsec = (long)(period_ns % 1000000000u),
	};

	engine->rereading.period_ns = period_ns;
	timerfd_settime(engine->rereading.fd, 0, &(struct itimerspec){.it_interval = period, .it_value = period}, NULL);
}

struct usdtrap_error *rereading_init(struct engine *engine)
{
	engine->rereading.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (engine->rereading.fd < 0)
		return error_os(errno, "timerfd_create");
	set_period(engine, LONG_PERIOD_NS);
	return NULL;
}

void rereading_deinit(struct engine *engine)
{
	if (engine->rereading.fd >= 0)
		close(engine->rereading.fd);
	engine->rereading.fd = -1;
}

void rereading_hurry(struct engine *engine, const struct space *space)
{
	if (engine->rereading.period_ns == LONG_PERIOD_NS && is_of_interest(engine, space))
		set_period(engine, SHORT_PERIOD_NS);
}

void rereading_tick(struct engine *engine)
{
	const uint64_t start_ns = clock_time_ns(CLOCK_THREAD_CPUTIME_ID), now_ns = clock_time_ns(CLOCK_MONOTONIC);
	const bool is_due = now_ns - engine->rereading.looked_ns >= LONG_PERIOD_NS;
	uint64_t needed_ns, period_ns = LONG_PERIOD_NS;
	struct usdtrap_error *error;

	for (struct space *space = engine->spaces; space; space = space->next) {
		if (!is_of_interest(engine, space))
			continue;
		period_ns = SHORT_PERIOD_NS;
		if (!is_due && !waits(engine, space)) {
			verify_glance(engine, space);
			continue;
		}
		error = mapped_refresh(engine, space, MAPPED_GLIMPSE, NULL);
		usdtrap_error_destroy(error); /* it is gone, and will be seen to be */
	}
	if (is_due)
		engine->rereading.looked_ns = now_ns;
	needed_ns = (clock_time_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns) * GREATEST_SHARE;
	if (period_ns < needed_ns)
		period_ns = needed_ns < LONG_PERIOD_NS ? needed_ns : LONG_PERIOD_NS;
	if (period_ns != engine->rereading.period_ns)
		set_period(engine, period_ns);
}
