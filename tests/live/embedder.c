/* SPDX-License-Identifier: MIT */
/*
 * embedder PID TARGET PROVIDER NAME [MILLISECONDS]: a program that uses
 * libusdtrap as any other may: it counts the hits of one probe pattern in one
 * process, and sums their first arguments, until the process ends, SIGINT, or
 * the time is over. Nothing of usdtrap but its public headers is used.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <usdtrap/usdtrap.h>

struct totals {
	unsigned long hits;
	unsigned long sum;
	unsigned long failures;
};

static struct usdtrap_session *session;

static void on_signal(int signal)
{
	(void)signal;
	usdtrap_interrupt(session);
}

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit, void *user)
{
	struct totals *totals = user;
	struct usdtrap_value value;
	struct usdtrap_error *error;

	totals->hits++;
	if (usdtrap_hit_argument_count(hit) == 0)
		return USDTRAP_CONTINUE;
	error = usdtrap_hit_argument(hit, 0, &value);
	if (error != NULL)
		totals->failures++;
	else
		totals->sum += value.integer;
	usdtrap_error_destroy(error);
	return USDTRAP_CONTINUE;
}

static enum usdtrap_action on_tick(void *user)
{
	(void)user;
	return USDTRAP_STOP;
}

static void on_notice(enum usdtrap_notice notice, const char *text, void *user)
{
	(void)user;
	fprintf(stderr, "%s: %s\n", notice == USDTRAP_NOTICE_WARNING ? "warning" : "note", text);
}

static void check(struct usdtrap_error *error)
{
	const char *hint;

	if (error == NULL)
		return;
	hint = usdtrap_error_hint(error);
	fprintf(stderr, "error: %s%s%s\n", usdtrap_error_message(error), hint ? "\nhint: " : "", hint ? hint : "");
	usdtrap_error_destroy(error);
	usdtrap_session_destroy(session);
	exit(1);
}

int main(int argc, char **argv)
{
	struct usdtrap_options options = {.on_notice = on_notice};
	struct usdtrap_pattern pattern;
	struct usdtrap_report report;
	struct totals totals = {0};
	pid_t pid;

	if (argc < 5)
		return 2;
	pid = (pid_t)strtol(argv[1], NULL, 10);
	pattern = (struct usdtrap_pattern){.target = argv[2], .provider = argv[3], .name = argv[4]};
	check(usdtrap_session_create(&options, &session));
	signal(SIGINT, on_signal);
	check(usdtrap_add_probe(session, &pattern, pid, on_hit, &totals, NULL));
	if (argc > 5)
		check(usdtrap_add_timer(session, strtoull(argv[5], NULL, 10) * 1000000, on_tick, NULL));
	check(usdtrap_attach(session, pid, USDTRAP_ATTACH_NOW));
	fprintf(stderr, "Attached\n");
	check(usdtrap_run(session));
	check(usdtrap_detach(session, &report));
	usdtrap_session_destroy(session);
	printf("@hits: %lu\n@sum: %lu\n", totals.hits, totals.sum);
	fprintf(stderr, "hits %lu, failures %lu, late traps %lu, sites restored %u, lost %u, semaphores lowered %u\n",
		(unsigned long)report.hits, totals.failures, (unsigned long)report.late_traps, report.sites_restored,
		report.sites_lost, report.semaphores_lowered);
	return totals.failures != 0;
}
