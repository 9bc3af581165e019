/* SPDX-License-Identifier: MIT */
/*
 * stacks PID TARGET PROVIDER NAME [stop | time]: prints the stack of each hit
 * of one probe, as "ADDRESS SYMBOL+OFFSET FILE" lines below a line "stack",
 * until the process ends; or those at a tracepoint, with the word `tracepoint'
 * for the target; or, with `function' or `return' for the provider, those at a
 * function or where it has returned. With `stop' it leaves at the first hit and lets the
 * process stop (SIGSTOP) at the same instruction, so that a debugger may look
 * at it, and says on standard error which thread it was. With `time' it prints nothing but how long a stack took, in
 * nanoseconds: the median of 10000 hits, and how many frames the last had.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <usdtrap/function.h>
#include <usdtrap/usdtrap.h>

enum { TIMED_HITS = 10000 };

struct state {
	int stops;
	int is_timed;
	size_t taken;
	size_t frames;
	long nanoseconds[TIMED_HITS];
};

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000 + time.tv_nsec;
}

static void print_frame(const struct usdtrap_frame *frame)
{
	printf("0x%" PRIx64, frame->address);
	if (frame->symbol)
		printf(" %s+%" PRIu64, frame->symbol, frame->offset);
	else
		printf(" ?");
	printf(" %s\n", frame->path ? frame->path : "-");
}

static enum usdtrap_action on_hit(const struct usdtrap_hit *hit, void *user)
{
	struct state *state = user;
	const long start = now();
	const struct usdtrap_stack *stack = usdtrap_hit_stack(hit, 127);

	if (!stack)
		return USDTRAP_STOP;
	if (state->is_timed) {
		state->nanoseconds[state->taken++] = now() - start;
		state->frames = stack->frame_count;
		return state->taken == TIMED_HITS ? USDTRAP_STOP : USDTRAP_CONTINUE;
	}
	printf("stack\n");
	for (size_t i = 0; i < stack->frame_count; i++)
		print_frame(stack->frames[i]);
	fflush(stdout);
	if (!state->stops)
		return USDTRAP_CONTINUE;
	fprintf(stderr, "thread %d\n", (int)usdtrap_hit_tid(hit));
	kill(usdtrap_hit_pid(hit), SIGSTOP);
	return USDTRAP_STOP;
}

static int compare(const void *a, const void *b)
{
	const long *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

static void check(struct usdtrap_error *error)
{
	if (!error)
		return;
	fprintf(stderr, "error: %s\n", usdtrap_error_message(error));
	usdtrap_error_destroy(error);
	exit(1);
}

int main(int argc, char **argv)
{
	static struct state state;
	struct usdtrap_session *session;
	struct usdtrap_function_pattern function;
	struct usdtrap_pattern pattern;
	pid_t pid;

	if (argc < 5)
		return 2;
	pid = (pid_t)strtol(argv[1], NULL, 10);
	pattern = (struct usdtrap_pattern){.target = argv[2], .provider = argv[3], .name = argv[4]};
	function = (struct usdtrap_function_pattern){
		.target = argv[2], .name = argv[4], .at_return = strcmp(argv[3], "return") == 0};
	state.stops = argc > 5 && strcmp(argv[5], "stop") == 0;
	state.is_timed = argc > 5 && strcmp(argv[5], "time") == 0;
	check(usdtrap_session_create(NULL, &session));
	if (strcmp(argv[2], "tracepoint") == 0)
		check(usdtrap_add_tracepoint(session, &pattern, on_hit, &state, NULL));
	else if (function.at_return || strcmp(argv[3], "function") == 0)
		check(usdtrap_add_function(session, &function, pid, on_hit, &state, NULL));
	else
		check(usdtrap_add_probe(session, &pattern, pid, on_hit, &state, NULL));
	check(usdtrap_attach(session, pid, USDTRAP_ATTACH_NOW));
	fprintf(stderr, "Attached\n");
	check(usdtrap_run(session));
	check(usdtrap_detach(session, NULL));
	usdtrap_session_destroy(session);
	if (state.is_timed && state.taken) {
		qsort(state.nanoseconds, state.taken, sizeof(state.nanoseconds[0]), compare);
		printf("median %ld ns, worst %ld ns, %zu frames\n", state.nanoseconds[state.taken / 2],
		       state.nanoseconds[state.taken - 1], state.frames);
	}
	return 0;
}
