/* SPDX-License-Identifier: MIT */
/* Families of processes, libraries that come and go, threads: traced from birth, and what they hit is compared. */
#include "live/torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is run, with a number of rounds at the end, and what it does in each hundred of them. */
static const struct life {
	const char *target;
	const char *arguments; /* before the rounds, or "" */
	const char *more;      /* behind them */
	const char *script;    /* %1$s: the folder of the targets */
	unsigned share;        /* of a hundred rounds, how many are made */
	unsigned forks, execs, dlopens, threads;
} lives[] = {
	{.target = "breeder",
	 .more = " 3",
	 .script = "usdt:%1$s/breeder:breeder:child { @hits = count(); }",
	 .share = 100,
	 .forks = 100,
	 .execs = 5,
	 .threads = 5},
	{.target = "storm",
	 .more = " 3",
	 .script = "usdt:%1$s/storm:storm:tick { @hits = count(); @sum = sum(arg0); }",
	 .share = 300,
	 .threads = 100},
	{.target = "opener",
	 .arguments = "%1$s/libprobe.so ",
	 .script = "usdt:%1$s/libprobe.so:libprobe:constructor { @constructor = count(); } "
		   "usdt:%1$s/libprobe.so:libprobe:work { @work = count(); } "
		   "usdt:%1$s/libprobe.so:libprobe:destructor { @destructor = count(); } "
		   "usdt:%1$s/opener:opener:round { @round = count(); }",
	 .share = 5,
	 .dlopens = 100},
	{.target = "crowd",
	 .more = " 2",
	 .script = "usdt:%1$s/crowd:crowd:tick { @hits = count(); @sum = sum(arg0); }",
	 .share = 20,
	 .threads = 100},
};

struct row {
	char name[64];
	unsigned long value;
};
enum { ROWS = 16 };

/* The lines "@NAME: NUMBER" of NAME.out. Returns how many. */
static unsigned read_rows(const char *name, struct row *rows)
{
	char path[PATH_SIZE], line[256];
	unsigned count = 0;
	FILE *file;

	path_of(path, name, "out");
	file = fopen(path, "re");
	while (file && count < ROWS && fgets(line, sizeof(line), file))
		if (sscanf(line, "@%63[^:]: %lu", rows[count].name, &rows[count].value) == 2)
			count++;
	if (file)
		fclose(file);
	return count;
}

/* What the target has told and the tracer has not. */
static void compare_rows(const struct life *life)
{
	struct row told[ROWS], traced[ROWS];
	const unsigned told_count = read_rows("life", told), traced_count = read_rows("traced", traced);

	if (told_count == 0) {
		printf("LOST: %s told nothing\n", life->target);
		tally.lost++;
	}
	for (unsigned i = 0; i < told_count; i++) {
		unsigned j = 0;

		while (j < traced_count && strcmp(told[i].name, traced[j].name) != 0)
			j++;
		if (strcmp(told[i].name, "sum") != 0)
			tally.hits += told[i].value;
		if (j < traced_count && told[i].value == traced[j].value)
			continue;
		printf("LOST: %s has @%s: %lu, and usdtrap %lu\n", life->target, told[i].name, told[i].value,
		       j < traced_count ? traced[j].value : 0);
		tally.lost += j < traced_count ? labs((long)(told[i].value - traced[j].value)) : told[i].value;
	}
}

static void trace_life(const struct life *life, unsigned rounds)
{
	char folder[PATH_SIZE + 32], usdtrap[PATH_SIZE + 16], script[5 * PATH_SIZE], format[128];
	char command[3 * PATH_SIZE], arguments[2 * PATH_SIZE] = "", output[PATH_SIZE];
	int status;

	snprintf(folder, sizeof(folder), "%s/tests/targets", build);
	snprintf(usdtrap, sizeof(usdtrap), "%s/usdtrap", build);
	snprintf(script, sizeof(script), life->script, folder);
	if (life->arguments) {
		snprintf(format, sizeof(format), "%s", life->arguments);
		snprintf(arguments, sizeof(arguments), format, folder);
	}
	snprintf(command, sizeof(command), "%s/%s %s%u%s", folder, life->target, arguments, rounds,
		 life->more ? life->more : "");
	path_of(output, "traced", "out");
	status = run((char *[]){usdtrap, (char *)"--follow", (char *)"-o", output, (char *)"-e", script, (char *)"-c",
				command, NULL},
		     "life");
	if (status != 0 || file_has("life", "out", "ended with")) {
		printf("WRONG END: usdtrap on %s ended with status %#x\n", life->target, status);
		tally.wrong_ends++;
	}
	compare_rows(life);
	tally.forks += rounds * life->forks / 100;
	tally.execs += rounds * life->execs / 100;
	tally.dlopens += rounds * life->dlopens / 100;
	tally.threads += rounds * life->threads / 100;
}

void trace_lives(unsigned size)
{
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		const unsigned rounds = size * lives[i].share / 100;

		if (rounds > 0)
			trace_life(&lives[i], rounds);
	}
}
