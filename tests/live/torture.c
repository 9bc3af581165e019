/* SPDX-License-Identifier: MIT */
/*
 * torture [KILLS [CALLS [SEED [TARGET [FIRST [LAST]]]]]]: kills usdtrap by SIGKILL while it attaches, traces and
 * leaves, and looks what that does to its targets.
 *
 * KILLS times at a random moment: the front process, the engine, both, or the front's whole process group. And at CALLS
 * system calls of the engine, spread over all that it makes from its start to its end (0: at every one), of the FIRST
 * to the LAST: for that the engine is traced itself. Whatever is left then puts things right: the front, the target's
 * own handler, `usdtrap repair', or the next attach.
 *
 * Then whole families of processes are traced, and what they hit is counted, for KILLS says how many.
 *
 * Several targets (with TARGET: that one alone) live through all of it; each must be alive after each kill, be as its
 * files say after each repair, and end as it would have. Prints what was tried; the exit status is 0 if nothing was
 * harmed and nothing was left behind. Environment: top_builddir.
 */
#include "live/torture.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long it takes until the trap at ADDR is gone, by whoever is left. */
static void time_repair(const struct target *target, uint64_t addr)
{
	const double start = now_ms();
	double taken;

	while (has_trap(target, addr)) {
		if (now_ms() - start > 5000)
			break;
		sleep_ms(0.2);
	}
	taken = now_ms() - start;
	if (tally.front_repairs < REPAIRS_MAX)
		tally.repair_ms[tally.front_repairs] = taken;
	tally.front_repairs++;
}

/* ---- kills at random moments ---- */

enum victim { FRONT, ENGINE, BOTH, GROUP }; /* VICTIMS */
static const char *const victim_names[] = {"front", "engine", "both", "group"};
enum moment { ATTACHING, TRACING, LEAVING };
static const char *const moment_names[] = {"attaching", "tracing", "leaving"};

static double random_ms(double most)
{
	return most * (double)rand() / RAND_MAX;
}

static void reach(enum moment moment, pid_t front)
{
	const double start = now_ms();

	if (moment == ATTACHING) {
		sleep_ms(random_ms(60));
		return;
	}
	while (!file_has("trace", "err", "Attached") && now_ms() - start < 5000 && !is_gone(front))
		sleep_ms(1);
	if (moment == LEAVING)
		kill(front, SIGINT);
	sleep_ms(random_ms(moment == LEAVING ? 15 : 30));
}

static void kill_once(struct target *target)
{
	const enum victim victim = (enum victim)(rand() % 4);
	const enum moment moment = (enum moment)(rand() % 3);
	char when[128];
	pid_t front, engine;
	uint64_t addr;

	bool follows = rand() % 3 == 0;

	front = fork();
	if (front == 0)
		become_usdtrap(target, "@ = count();", "", follows);
	tally.attaches++;
	reach(moment, front);
	engine = engine_of(front);
	if (!engine) { /* not yet, or just now */
		kill(front, SIGSTOP);
		sleep_ms(1);
		engine = engine_of(front);
	}
	addr = journal_says(target, "site", 0);
	if (victim == BOTH || victim == GROUP) /* so that it repairs nothing meanwhile */
		kill(front, SIGSTOP);
	if (victim != FRONT && engine)
		kill(engine, SIGKILL);
	if (victim == GROUP)
		kill(-front, SIGKILL);
	if (victim != ENGINE || !engine)
		kill(front, SIGKILL);
	else
		kill(front, SIGCONT);
	tally.kills++;
	tally.kills_of[victim]++;
	if (victim == ENGINE && engine && addr && has_trap(target, addr))
		time_repair(target, addr);
	await_end(front, engine);
	snprintf(when, sizeof(when), "%s killed while %s (kill %u)", victim_names[victim], moment_names[moment],
		 tally.kills);
	/* What is left of both meets the target for a while, or the next attach. */
	if (is_alive(target, when) && (victim == BOTH || victim == GROUP) && rand() % 2)
		return;
	sleep_ms(random_ms(10));
	if (is_alive(target, when))
		repair(target, when);
}

void kill_while_tracing(struct target *target, const char *when)
{
	pid_t front = fork(), engine;

	if (front == 0)
		become_usdtrap(target, "@ = count();", "", false);
	reach(TRACING, front);
	engine = engine_of(front);
	kill(front, SIGKILL);
	if (engine)
		kill(engine, SIGKILL);
	await_end(front, engine);
	is_alive(target, when);
}

static unsigned long argument(int argc, char **argv, int index, unsigned long fallback)
{
	return argc > index ? strtoul(argv[index], NULL, 10) : fallback;
}

static int compare(const void *first, const void *second)
{
	const double a = *(const double *)first, b = *(const double *)second;

	return (a > b) - (a < b);
}

/* What PART percent of the repairs took at most. */
static double percentile(unsigned part)
{
	const unsigned count = tally.front_repairs < REPAIRS_MAX ? tally.front_repairs : REPAIRS_MAX;
	const unsigned rank = (count * part + 99) / 100;

	qsort(tally.repair_ms, count, sizeof(tally.repair_ms[0]), compare);
	return tally.repair_ms[rank ? rank - 1 : 0];
}

static void say_tally(unsigned seed)
{
	printf("seed %u\n"
	       "kills                        %8u\n"
	       "  at random moments          %8u (front %u, engine %u, both %u, group %u)\n"
	       "  at a system call           %8u\n"
	       "repairs by the command       %8u\n",
	       seed, tally.kills + tally.at_calls, tally.kills, tally.kills_of[FRONT], tally.kills_of[ENGINE],
	       tally.kills_of[BOTH], tally.kills_of[GROUP], tally.at_calls, tally.repairs);
	if (tally.front_repairs)
		printf("repairs by the front         %8u (trap gone after %.1f ms; 90%%: %.1f, 99%%: %.1f, all: %.1f)\n",
		       tally.front_repairs, percentile(50), percentile(90), percentile(99), percentile(100));
	printf("forks                        %8lu\n"
	       "execs                        %8lu\n"
	       "dlopens                      %8lu\n"
	       "threads                      %8lu\n"
	       "hits                         %8lu\n"
	       "lost                         %8lu\n"
	       "attaches without a net       %8u\n"
	       "deaths                       %8u\n"
	       "wrong ends                   %8u\n"
	       "hangs                        %8u\n"
	       "bytes left behind            %8u\n",
	       tally.forks, tally.execs, tally.dlopens, tally.threads, tally.hits, tally.lost, tally.netless,
	       tally.deaths, tally.wrong_ends, tally.hangs, tally.bytes_left);
}

int main(int argc, char **argv)
{
	const unsigned long kills = argument(argc, argv, 1, 1000);
	const unsigned calls = (unsigned)argument(argc, argv, 2, 0);
	const unsigned seed = (unsigned)argument(argc, argv, 3, (unsigned long)time(NULL));
	const char *only =
		argc > 4 ? argv[4] : NULL; /* alone on the machine, so that each of its calls is soon reached */
	const unsigned long first = argument(argc, argv, 5, 1), last = argument(argc, argv, 6, ULONG_MAX);
	const bool is_long = kills >= 200 || only;
	const char *top = getenv("top_builddir");
	struct target *used[TARGETS_MAX];
	unsigned used_count = 0;
	char command[PATH_SIZE];

	if (!realpath(top ? top : ".", build) || !mkdtemp(work))
		fail("mkdtemp");
	setenv("XDG_RUNTIME_DIR", work, 1);
	srand(seed);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < target_count; i++) {
		struct target *target = &targets[i];

		snprintf(target->path, sizeof(target->path), "%.4000s/tests/targets/%s", build,
			 target->file ? target->file : target->name);
		if (target->program)
			snprintf(target->path, sizeof(target->path), "%s", target->program);
		if ((only && strcmp(target->name, only) != 0) || (target->is_extra && !is_long))
			continue;
		if (access(target->path, X_OK) != 0)
			continue; /* Python is not everywhere */
		start_target(target);
		used[used_count++] = target;
	}
	if (!used_count)
		fail("no such target");
	for (unsigned long i = 0; i < kills; i++)
		kill_once(used[(unsigned)rand() % used_count]);
	for (unsigned i = 0; i < used_count && (argc <= 2 || calls > 0 || only); i++)
		kill_at_calls(used[i], calls, first, last);
	for (unsigned i = 0; i < used_count && (is_long || i < 2); i++)
		kill_after_net(used[i], 24, is_long ? 1 : 3);
	for (unsigned i = 0; i < used_count && (is_long || i < 1); i++)
		kill_in_a_row(used[i], is_long ? 50 : 8);
	trace_lives((unsigned)kills * 20);
	for (unsigned i = 0; i < used_count; i++) {
		repair(used[i], "at the end");
		if (used[i]->is_endless)
			kill(used[i]->pid, SIGTERM);
		finish_target(used[i]);
	}
	say_tally(seed);
	snprintf(command, sizeof(command), "rm -rf %s", work);
	if (!tally.deaths) /* else what is in it may tell why */
		(void)!system(command);
	return tally.lost || tally.netless || tally.deaths || tally.wrong_ends || tally.bytes_left || tally.hangs;
}
