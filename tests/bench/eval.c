/* SPDX-License-Identifier: MIT */
/*
 * What evaluating a clause costs beside the stop itself: typical clauses are
 * run on a hit in this process's own memory. Prints nanoseconds a run, the
 * best of five rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/strbuf.h"
#include "lang/program.h"
#include "support/fake_session.h"

enum { ROUNDS = 5, RUNS = 1000000 };

static const struct {
	const char *name;
	const char *body;
} clauses[] = {
	{"count", "{ @ = count(); }"},
	{"predicate, count by two keys, a string", "/arg1 == 7/ { @[pid, str(arg0)] = count(); }"},
	{"count by a string and a number", "{ @[comm, arg1] = count(); }"},
	{"histogram", "{ @ = hist(arg1); }"},
	{"printf of a number and a string", "{ printf(\"%d %s\\n\", arg1, str(arg0)); }"},
	{"time and printf of two strings", "{ time(\"%H:%M:%S\"); printf(\" %s %s %d\\n\", str(arg0), comm, arg1); }"},
};

static const char text[] = "a string of thirty-two bytes ...";

static void drop(const char *bytes, size_t length, void *user)
{
	size_t *total = user;

	(void)bytes;
	*total += length;
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double measure(struct usdtrap_session *session, const struct usdtrap_hit *hit)
{
	double best = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns(), each;

		for (int i = 0; i < RUNS; i++)
			session->probes[0].on_hit(hit, session->probes[0].user);
		each = (now_ns() - start) / RUNS;
		if (each < best)
			best = each;
	}
	return best;
}

static int run_clause(const char *name, const char *body)
{
	static const struct usdtrap_site_info site = {.arguments = "8@%rdi 8@%rsi"};
	static const struct usdtrap_probe_info probe = {.path = "/bin/app",
							.provider = "app",
							.name = "start",
							.full_name = "usdt:/bin/app:app:start",
							.sites = &site,
							.site_count = 1};
	struct usdtrap_hit hit = {.probe = &probe, .argument_count = 2, .pid = 100, .tid = 101, .comm = "worker"};
	struct usdtrap_session session = {.offered = &probe, .offered_count = 1};
	const struct lang_options options = {.name = "bench"};
	_cleanup_strbuf_ struct strbuf diagnostics = {0};
	struct lang_program *program = NULL;
	struct usdtrap_error *error;
	size_t written = 0;
	const struct lang_output output = {.write = drop, .user = &written};
	char script[256];

	hit.arguments[0] = (struct usdtrap_value){.size = 8, .integer = (uintptr_t)text};
	hit.arguments[1] = (struct usdtrap_value){.size = 8, .integer = 7};
	hit.memory[0] = (struct fake_memory){(uintptr_t)text, text, sizeof(text)};
	snprintf(script, sizeof(script), "usdt:/bin/app:app:start %s", body);
	error = lang_compile(script, strlen(script), &options, &diagnostics, &program);
	if (!error)
		error = lang_add_probes(program, &session, &diagnostics);
	if (error) {
		fprintf(stderr, "%s%s\n", strbuf_text(&diagnostics), usdtrap_error_message(error));
		usdtrap_error_destroy(error);
		lang_program_destroy(program);
		return 1;
	}
	lang_set_output(program, &output);
	printf("%-40s %6.0f ns\n", name, measure(&session, &hit));
	lang_program_destroy(program);
	fake_session_deinit(&session);
	return 0;
}

int main(void)
{
	int status = 0;

	for (size_t i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++)
		status |= run_clause(clauses[i].name, clauses[i].body);
	return status;
}
