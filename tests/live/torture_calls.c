/* SPDX-License-Identifier: MIT */
/* The engine is traced itself, and killed at a system call of its own. */
#include "live/torture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENGINE_THREADS = 16, HUNDRED = 100, PATIENCE_S = 10 };

/* Only waitpid(2) is to end of it. */
static void on_alarm(int number)
{
	(void)number;
}

struct engine_threads {
	pid_t tids[ENGINE_THREADS];
	bool enters[ENGINE_THREADS]; /* its next stop at a system call is the entry */
	unsigned count;
};

/* The place of TID among THREADS; their count, if it is none of them. */
static unsigned place_of(const struct engine_threads *threads, pid_t tid)
{
	unsigned index = 0;

	while (index < threads->count && threads->tids[index] != tid)
		index++;
	return index;
}

static void remember(struct engine_threads *threads, pid_t tid)
{
	const unsigned index = place_of(threads, tid);

	if (index < threads->count || index == ENGINE_THREADS)
		return;
	threads->tids[index] = tid;
	threads->enters[index] = true;
	threads->count++;
}

/* The number behind NAME in /proc/TID/status. */
static pid_t status_number(pid_t tid, const char *name)
{
	char path[64], line[256];
	pid_t number = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			number = (pid_t)strtol(line + strlen(name), NULL, 10);
	if (file)
		fclose(file);
	return number;
}

/* TID stops for the first time; whoever has made it may tell so later. *ENGINE is the first process that FRONT makes.
 */
static void meet(struct engine_threads *threads, pid_t tid, pid_t front, pid_t *engine)
{
	const pid_t pid = status_number(tid, "Tgid:");

	if (!*engine && pid == tid && status_number(tid, "PPid:") == front)
		*engine = tid;
	if (*engine && pid == *engine)
		remember(threads, tid);
}

/*
 * Runs usdtrap on TARGET, itself traced, and kills the engine at its call number WANTED (0: never), counted from its
 * start or from where its journal has FROM in it. Returns how many it made.
 */
static unsigned long kill_at_call(struct target *target, unsigned long wanted, const char *from)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	unsigned long calls = 0;
	struct engine_threads threads = {.count = 0};
	pid_t front, engine = 0, tid;
	char when[64];
	const struct sigaction alarmed = {.sa_handler = on_alarm};
	int status;

	sigaction(SIGALRM, &alarmed, NULL);
	evidence_begin();
	front = fork();
	if (front == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		become_usdtrap(target, "@ = count(); @n++; if (@n > 20) { exit(); }", "interval:ms:100 { exit(); }",
			       false);
	}
	waitpid(front, &status, 0);
	ptrace(PTRACE_SETOPTIONS, front, NULL, (void *)options);
	ptrace(PTRACE_CONT, front, NULL, NULL);
	for (;;) {
		int signal_number = 0;
		unsigned long child;
		unsigned index;
		bool is_engine;

		/* The targets are children, too: only who is traced is waited for, one after the other. */
		alarm(PATIENCE_S);
		tid = waitpid(-1, &status, __WALL);
		alarm(0);
		if (tid < 0 && errno == EINTR) {
			printf("HANG: usdtrap %d (engine %d), to be killed at call %lu, after %lu\n", (int)front,
			       (int)engine, wanted, calls);
			tally.hangs++;
			if (getenv("TORTURE_STAYS"))
				pause();
			kill(engine, SIGKILL);
			kill(front, SIGKILL);
			continue;
		}
		if (tid < 0)
			break;
		for (struct target *other = targets; other < targets + target_count; other++)
			if (tid && tid == other->pid) {
				snprintf(when, sizeof(when), "engine killed at call %lu%s%s", wanted,
					 from ? " after " : "", from ? from : "");
				bury(other, status, when);
				tid = 0;
			}
		if (tid == 0)
			continue;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (tid == front)
				break;
			continue;
		}
		if (WSTOPSIG(status) == SIGSTOP && tid != front)
			meet(&threads, tid, front, &engine);
		index = place_of(&threads, tid);
		is_engine = index < threads.count;
		if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_FORK << 8)) ||
		    status >> 8 == (SIGTRAP | (PTRACE_EVENT_CLONE << 8))) {
			ptrace(PTRACE_GETEVENTMSG, tid, NULL, &child);
			if (status >> 16 == PTRACE_EVENT_FORK && tid == front && !engine)
				engine = (pid_t)child;
			if ((tid == front && (pid_t)child == engine) || is_engine)
				remember(&threads, (pid_t)child);
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (is_engine)
				evidence_call(tid);
			if (is_engine && threads.enters[index] &&
			    (!from || calls || journal_says(target, from, engine)) && ++calls == wanted) {
				if (from) /* nobody is to repair it */
					kill(front, SIGKILL);
				kill(engine, SIGKILL);
				evidence_killed(target);
				tally.at_calls++;
			}
			if (is_engine)
				threads.enters[index] = !threads.enters[index];
		} else if (WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP) {
			signal_number = WSTOPSIG(status);
		}
		ptrace(is_engine || tid == engine ? PTRACE_SYSCALL : PTRACE_CONT, tid, NULL,
		       (void *)(long)signal_number);
	}
	while (engine && !is_gone(engine))
		sleep_ms(1);
	return calls;
}

void kill_at_calls(struct target *target, unsigned wanted, unsigned long first, unsigned long last)
{
	const unsigned long total = kill_at_call(target, 0, NULL);
	const unsigned long end = last < total ? last : total;
	const unsigned long count = end >= first ? end - first + 1 : 0;
	const unsigned long step = wanted && wanted < count ? count / wanted : 1;
	const double start = now_ms();
	char when[64];

	printf("%s: the engine makes %lu system calls; killed at every %lu%s from %lu to %lu\n", target->name, total,
	       step, step == 1 ? "st" : "th", first, end);
	for (unsigned long call = first + (unsigned long)rand() % step; call <= end; call += step) {
		if (call / HUNDRED != (call - step) / HUNDRED)
			printf("call %lu, after %.0f s\n", call, (now_ms() - start) / 1e3);
		fflush(stdout);
		kill_at_call(target, call, NULL);
		snprintf(when, sizeof(when), "engine killed at call %lu of %lu", call, total);
		if (is_alive(target, when))
			repair(target, when);
	}
}

/*
 * What such a tracer has begun is taken over by the next one, without a repair
 * in between. That must be whole then: it is killed as well.
 */
void kill_after_net(struct target *target, unsigned count, unsigned step)
{
	char when[64];

	for (unsigned call = 1; call <= count; call += step) {
		kill_at_call(target, call, "net");
		snprintf(when, sizeof(when), "again, after a kill %u calls into the net", call);
		if (!is_alive(target, when))
			continue;
		kill_while_tracing(target, when);
		if (is_alive(target, when))
			repair(target, when);
	}
}

void kill_in_a_row(struct target *target, unsigned count)
{
	enum { CLOSE = 6 }; /* what is written of a net, and the first calls of its installing */
	char when[64];

	for (unsigned i = 0; i < count; i++) {
		kill_at_call(target, 1 + i % CLOSE, "net");
		snprintf(when, sizeof(when), "killed %u times in a row", i + 1);
		if (!is_alive(target, when))
			return;
		if (file_has("trace", "err", "safety net")) {
			printf("NO NET for %s, %s\n", target->name, when);
			tally.netless++;
		}
	}
	kill_while_tracing(target, "after many kills in a row");
	if (is_alive(target, "after many kills in a row"))
		repair(target, "after many kills in a row");
}
