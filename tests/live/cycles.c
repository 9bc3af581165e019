/* SPDX-License-Identifier: MIT */
/*
 * cycles PID TARGET PROVIDER COUNT: attaches PID and leaves it COUNT times, each time with a session of its own that
 * traces all probes of PROVIDER for between none and two milliseconds. Says how long a cycle took and what was hit. In
 * one process, which has read the target's file once before, a cycle costs little beside what it does to the target.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <usdtrap/usdtrap.h>

enum { STAYS = 3 };

static const uint64_t stays_ns[STAYS] = {0, 500000, 2000000};

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit, void *user)
{
	unsigned long *hits = user;

	(void)hit;
	++*hits;
	return USDTRAP_CONTINUE;
}

static enum usdtrap_action on_tick(void *user)
{
	(void)user;
	return USDTRAP_STOP;
}

static void on_notice(enum usdtrap_notice notice, const char *text, void *user)
{
	unsigned *warnings = user;

	if (notice != USDTRAP_NOTICE_WARNING)
		return;
	++*warnings;
	printf("warning: %s\n", text);
}

static void check(struct usdtrap_error *error, unsigned long cycle)
{
	if (!error)
		return;
	printf("cycle %lu: %s\n", cycle, usdtrap_error_message(error));
	exit(1);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	unsigned warnings = 0;
	const struct usdtrap_options options = {.on_notice = on_notice, .user = &warnings};
	unsigned long count, hits = 0, bytes = 0, semaphores = 0, lost = 0;
	const double start = now_ms();
	struct usdtrap_pattern pattern;
	pid_t pid;

	if (argc < 5)
		return 2;
	pid = (pid_t)strtol(argv[1], NULL, 10);
	pattern = (struct usdtrap_pattern){.target = argv[2], .provider = argv[3], .name = "*"};
	count = strtoul(argv[4], NULL, 10);
	for (unsigned long cycle = 0; cycle < count; cycle++) {
		const uint64_t stay_ns = stays_ns[cycle % STAYS];
		struct usdtrap_session *session;
		struct usdtrap_report report;

		check(usdtrap_session_create(&options, &session), cycle);
		check(usdtrap_add_probe(session, &pattern, pid, on_hit, &hits, NULL), cycle);
		if (stay_ns)
			check(usdtrap_add_timer(session, stay_ns, on_tick, NULL), cycle);
		check(usdtrap_attach(session, pid, USDTRAP_ATTACH_NOW), cycle);
		if (stay_ns)
			check(usdtrap_run(session), cycle);
		check(usdtrap_detach(session, &report), cycle);
		usdtrap_session_destroy(session);
		bytes += report.sites_restored;
		semaphores += report.semaphores_lowered;
		lost += report.sites_lost;
	}
	printf("%lu cycles of %.1f ms: %lu hits, %lu bytes put back and %lu lost, %lu semaphores lowered\n", count,
	       (now_ms() - start) / (double)count, hits, bytes, lost, semaphores);
	return warnings || lost;
}
