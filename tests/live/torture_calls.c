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

/*
 * Runs usdtrap on TARGET, itself traced, and kills the engine at its call number WANTED (0: never), counted from its
 * start or from where its journal has FROM in it. Returns how many it made.
 */
static unsigned long kill_at_call(struct target *target, unsigned long wanted, const char *from)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	unsigned long calls = 0;
	pid_t front, engine = 0, tid, threads[ENGINE_THREADS] = {0};
	bool enters[ENGINE_THREADS];
	unsigned thread_count = 0;
	char when[64];
	const struct sigaction alarmed = {.sa_handler = on_alarm};
	int status;

	sigaction(SIGALRM, &alarmed, NULL);
	memset(enters, true, sizeof(enters));
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
		unsigned index = 0;
		int signal_number = 0;
		unsigned long child;
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
		while (index < thread_count && threads[index] != tid)
			index++;
		is_engine = index < thread_count;
		if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_FORK << 8)) ||
		    status >> 8 == (SIGTRAP | (PTRACE_EVENT_CLONE << 8))) {
			ptrace(PTRACE_GETEVENTMSG, tid, NULL, &child);
			if (status >> 16 == PTRACE_EVENT_FORK && tid == front && !engine)
				engine = (pid_t)child;
			if ((tid == front && (pid_t)child == engine) || is_engine)
				if (thread_count < ENGINE_THREADS)
					threads[thread_count++] = (pid_t)child;
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (is_engine)
				evidence_call(tid);
			if (is_engine && enters[index] && (!from || calls || journal_says(target, from, engine)) &&
			    ++calls == wanted) {
				if (from) /* nobody is to repair it */
					kill(front, SIGKILL);
				kill(engine, SIGKILL);
				evidence_killed(target);
				tally.at_calls++;
			}
			if (is_engine)
				enters[index] = !enters[index];
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
