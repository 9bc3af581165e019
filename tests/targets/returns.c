/* SPDX-License-Identifier: MIT */
/*
 * Functions that return in every way, and some that do not: recursion, mutual
 * recursion, tail calls, longjmp, a signal handler that jumps out, threads, a
 * fork and a thread's end in the middle. Prints what each has returned, as a
 * script does that has
 *
 *	uretprobe:returns:NAME { @[func, retval] = count() }
 *
 * Arguments: N for fibonacci(N) (12); 0 as the second: some of it over and over,
 * until the input ends, and how often something came out wrong.
 */
#ifdef __clang__
#define noclone noinline
#define noipa   optnone
#endif

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "target.h"

#define PROBED __attribute__((noinline, noclone, noipa))

enum { FUNCTIONS = 16, VALUES = 512 };

static struct {
	const char *name;
	atomic_ulong count[VALUES];
} returned[FUNCTIONS];

static unsigned long note(const char *name, unsigned long value)
{
	unsigned i = 0;

	while (returned[i].name && strcmp(returned[i].name, name) != 0)
		i++;
	returned[i].name = name;
	atomic_fetch_add(&returned[i].count[value], 1);
	return value;
}

static void print_all(void)
{
	for (unsigned i = 0; i < FUNCTIONS && returned[i].name; i++)
		for (unsigned value = 0; value < VALUES; value++)
			if (returned[i].count[value])
				printf("@[%s, %u]: %lu\n", returned[i].name, value,
				       (unsigned long)returned[i].count[value]);
}

/* ---- Recursion --------------------------------------------------------------------------------------------------- */

static PROBED unsigned long fibonacci(unsigned long n)
{
	return note("fibonacci", n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));
}

static PROBED unsigned long is_odd(unsigned long n);

static PROBED unsigned long is_even(unsigned long n)
{
	return note("is_even", n == 0 ? 1 : is_odd(n - 1));
}

static PROBED unsigned long is_odd(unsigned long n)
{
	return note("is_odd", n == 0 ? 0 : is_even(n - 1));
}

/* ---- Tail calls: one return is that of all ----------------------------------------------------------------------- */

/*
 * tail_first(n) jumps to tail_second(n + 1), which returns n + 1. down(n)
 * jumps to up(n - 1) and that to down again, until 0 is returned.
 */
unsigned long tail_first(unsigned long n);
unsigned long tail_second(unsigned long n);
unsigned long down(unsigned long n);
unsigned long up(unsigned long n);
__asm__(".text\n"
	".globl tail_first\n.type tail_first, @function\n"
	"tail_first:\n\tadd $1, %rdi\n\tjmp tail_second\n.size tail_first, .-tail_first\n"
	".globl tail_second\n.type tail_second, @function\n"
	"tail_second:\n\tmov %rdi, %rax\n\tret\n.size tail_second, .-tail_second\n"
	".globl down\n.type down, @function\n"
	"down:\n\txor %eax, %eax\n\ttest %rdi, %rdi\n\tje 1f\n\tdec %rdi\n\tjmp up\n1:\tret\n.size down, .-down\n"
	".globl up\n.type up, @function\n"
	"up:\n\txor %eax, %eax\n\ttest %rdi, %rdi\n\tje 1f\n\tdec %rdi\n\tjmp down\n1:\tret\n.size up, .-up\n");

static void call_tails(void)
{
	for (unsigned long n = 0; n < 10; n++) {
		note("tail_second", note("tail_first", tail_first(n)));
		down(n);
		for (unsigned long i = 0; i <= n; i++)
			note(i % 2 ? "up" : "down", 0);
	}
}

/* ---- Jumps ------------------------------------------------------------------------------------------------------- */

static jmp_buf back;

static PROBED unsigned long jumps_or_returns(unsigned long n)
{
	if (n % 3 == 0)
		longjmp(back, 1);
	return note("jumps_or_returns", n);
}

static PROBED unsigned long only_returns(unsigned long n)
{
	return n;
}

static PROBED unsigned long goes_through(unsigned long n)
{
	return note("goes_through", jumps_or_returns(n) + 1);
}

/* The same call calls now one and now the other, at the same depth: a return of the second is none of the first. */
static PROBED void jump_about(void)
{
	static unsigned long (*volatile functions[2])(unsigned long) = {goes_through, only_returns};
	volatile unsigned long n;

	for (n = 0; n < 60; n++)
		if (setjmp(back) == 0)
			functions[n / 3 % 2](n);
}

static sigjmp_buf out_of_handler;

static PROBED unsigned long handles(unsigned long signal)
{
	siglongjmp(out_of_handler, (int)signal);
}

static PROBED unsigned long waits(unsigned long n)
{
	for (volatile unsigned long i = 0; n < 50 || i < n; i++)
		;
	return note("waits", n);
}

static void on_alarm(int signal)
{
	handles((unsigned long)signal);
}

static void jump_out_of_handlers(void)
{
	const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_NODEFER};
	const struct itimerval soon = {.it_value = {.tv_usec = 2000}};
	volatile unsigned long n;

	sigaction(SIGALRM, &action, NULL);
	for (n = 0; n < 20; n++)
		if (sigsetjmp(out_of_handler, 1) == 0) {
			setitimer(ITIMER_REAL, &soon, NULL);
			waits(n); /* for ever */
		} else {
			waits(n + 100);
		}
}

/* ---- Threads and processes --------------------------------------------------------------------------------------- */

static void *work(void *argument)
{
	fibonacci((unsigned long)(uintptr_t)argument);
	return NULL;
}

static PROBED unsigned long ends_thread(unsigned long n)
{
	if (n)
		pthread_exit(NULL);
	return n;
}

static void *end_inside(void *argument)
{
	ends_thread((unsigned long)(uintptr_t)argument);
	return NULL;
}

/* The child returns as well, but is not traced. */
static PROBED unsigned long forks(unsigned long n)
{
	pid_t child = fork();

	if (child == 0)
		return n;
	waitpid(child, NULL, 0);
	return note("forks", n);
}

static void fork_inside(void)
{
	pid_t self = getpid();

	for (unsigned long n = 0; n < 5; n++) {
		forks(n);
		if (getpid() != self)
			_exit(0);
	}
}

static atomic_bool is_told;

static void *await_end(void *argument)
{
	char line[8];

	target_read_line(line, sizeof(line));
	atomic_store(&is_told, true);
	return argument;
}

/* Until it is told to end: what has to come out right whoever looks, or dies while looking. */
static void go_round(unsigned long n)
{
	const unsigned long first = fibonacci(n);
	unsigned long wrong = 0;

	target_start(await_end, NULL);
	while (!atomic_load(&is_told)) {
		wrong += fibonacci(n) != first;
		wrong += is_even(9);
		call_tails();
		jump_about();
		target_join(target_start(work, (void *)(uintptr_t)n));
	}
	printf("wrong: %lu\n", wrong);
}

int main(int argc, char **argv)
{
	unsigned long n = target_number(argc, argv, 1, 12);
	pthread_t threads[4];

	target_ready();
	if (target_number(argc, argv, 2, 1) == 0) {
		go_round(n);
		return 0;
	}
	fibonacci(n);
	is_even(9);
	call_tails();
	jump_about();
	jump_out_of_handlers();
	for (unsigned i = 0; i < 4; i++)
		threads[i] = target_start(work, (void *)(uintptr_t)(8 + i));
	for (unsigned i = 0; i < 4; i++)
		target_join(threads[i]);
	target_join(target_start(end_inside, (void *)(uintptr_t)1));
	fork_inside();
	print_all();
	return 0;
}
