/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the torture share: torture.c, which says what it is.
 *
 *	torture.c          kills at random moments; the summary
 *	torture_calls.c    kills at system calls
 *	torture_evidence.c what is known of a death
 *	torture_lives.c    families, libraries and threads, counted
 *	torture_targets.c  the targets, and what is seen of them and of usdtrap
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PATH_SIZE = 4096, REPAIRS_MAX = 4096, VICTIMS = 4, TARGETS_MAX = 16 };

struct target {
	const char *name;
	const char *arguments[4]; /* behind the program */
	const char *file;         /* in tests/targets; NULL: its name */
	const char *program;      /* elsewhere, or NULL */
	const char *provider;     /* of the script's probes, before the program; NULL: "usdt" */
	const char *pattern;      /* likewise, behind the program */
	const char *begin;        /* what it is told to begin, or NULL */
	const char *last_line;    /* of its output, if it was not harmed; NULL: any */
	bool is_endless;          /* the end of its input does not end it */
	bool is_starved;          /* it hardly ever gets a processor */
	bool is_extra;            /* only in the long form */
	char path[PATH_SIZE];
	pid_t pid;
	int input;
};

struct tally {
	unsigned kills, kills_of[VICTIMS], at_calls, attaches, repairs, front_repairs;
	unsigned long forks, execs, dlopens, threads, hits, lost;
	unsigned netless, deaths, wrong_ends, bytes_left, hangs;
	double repair_ms[REPAIRS_MAX]; /* of the first so many front_repairs */
};

extern struct target targets[];
extern const unsigned target_count;
extern struct tally tally;
extern char build[PATH_SIZE]; /* where usdtrap and the targets are */
extern char work[];           /* a folder for what they print */

/* --- torture_targets.c --- */

_Noreturn void fail(const char *what);
double now_ms(void);
void sleep_ms(double milliseconds);
/* Puts the path of NAME.SUFFIX in `work' into PATH. */
void path_of(char *path, const char *name, const char *suffix);
/* In a child: DESCRIPTOR goes there. */
void send_output_to(const char *name, const char *suffix, int descriptor);
bool file_has(const char *name, const char *suffix, const char *word);
/* Runs a program to its end, its output in NAME.out and NAME.err. Returns its status. */
int run(char *const arguments[], const char *name);

void start_target(struct target *target);
/* Ends its input; it must end as it would have. */
void finish_target(struct target *target);
/* Whether TARGET lives; one that died is counted and started anew. */
bool is_alive(struct target *target, const char *when);
/* Counts a death, and starts the target anew. */
void bury(struct target *target, int status, const char *when);
/* Has TARGET repaired by the command. What is left then is counted. */
void repair(struct target *target, const char *when);

/* Becomes a usdtrap that traces TARGET, in a process group of its own. */
_Noreturn void become_usdtrap(const struct target *target, const char *action, const char *other_clauses, bool follows);
/* The front's child, or 0 while there is none. */
pid_t engine_of(pid_t front);
bool is_gone(pid_t pid);
/* Waits for the end of both. */
void await_end(pid_t front, pid_t engine);
/* Reads TARGET's journal. False: it has none. */
bool read_journal(const struct target *target, char *text, size_t size);
/*
 * What follows WORD in a line of TARGET's journal that begins with it, as a hexadecimal number; 0: there is none.
 * TRACER, if not 0: a line that this one has written.
 */
uint64_t journal_says(const struct target *target, const char *word, pid_t tracer);
bool has_trap(const struct target *target, uint64_t addr);

/* --- torture.c --- */

/* Has usdtrap trace TARGET, and kills all of it while it does. */
void kill_while_tracing(struct target *target, const char *when);

/* --- torture_calls.c --- */

/* Kills the engine at WANTED (0: each) of the system calls that it makes with TARGET, from the FIRST to the LAST. */
void kill_at_calls(struct target *target, unsigned wanted, unsigned long first, unsigned long last);
/* Kills it at each of the first COUNT calls, STEP calls apart, after its journal has told of the safety net. */
void kill_after_net(struct target *target, unsigned count, unsigned step);

/* The same COUNT times with no repair in between, each time at a call close behind that: the room is not used up. */
void kill_in_a_row(struct target *target, unsigned count);

/* --- torture_evidence.c --- */

/* Another usdtrap is to be killed. */
void evidence_begin(void);
/* Its thread TID stands at a system call, which is remembered. */
void evidence_call(pid_t tid);
/* It has been killed. */
void evidence_killed(const struct target *target);
/* In a target, before it begins: should it die, there is to be a core file of it. */
void evidence_wanted(void);
/* TARGET lives, and is not as it should be: tells where its threads are, and what its journal says. */
void evidence_of_threads(const struct target *target);
/* TARGET has died: tells what is known. */
void evidence_print(const struct target *target);

/* --- torture_lives.c --- */

/* Traces SIZE forks and as many other births, and counts what they are said to have hit. */
void trace_lives(unsigned size);

#endif
