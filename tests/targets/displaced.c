/* SPDX-License-Identifier: MIT */
/*
 * Functions whose first instruction is one of many kinds, called over and over
 * by threads that are showered with signals. A signal handler looks where its
 * thread was interrupted: never behind the program's text. Prints how often
 * each function was called. Argument: rounds of a thread; 0: until its input
 * ends, and no counts are printed.
 */
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

#include "target.h"

enum { THREADS = 3 };

extern char etext; /* end(3): where the text ends */

/* Each takes a number and the address of two words, and returns a number. */
#define FUNCTION(name, ...)                                                                                      \
	uint64_t name(uint64_t number, uint64_t *words);                                                         \
	__asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name ":\n" __VA_ARGS__ "\n.size " #name \
		", .-" #name "\n")

__asm__(".data\n.balign 16\nconstant: .quad 41, 0\nthrough: .quad first_xor\n.text\n");
FUNCTION(first_push, "push %rbx\n mov %rdi, %rbx\n lea 1(%rbx), %rax\n pop %rbx\n ret");
FUNCTION(first_test, "test %rdi, %rdi\n sete %al\n movzx %al, %eax\n ret");
FUNCTION(first_xor, "xor %eax, %eax\n add %rdi, %rax\n ret");
FUNCTION(first_load, "mov (%rsi), %rax\n add %rdi, %rax\n ret");
FUNCTION(first_store, "mov %rdi, 8(%rsi)\n mov 8(%rsi), %rax\n ret");
FUNCTION(first_relative, "mov constant(%rip), %rax\n add %rdi, %rax\n ret");
FUNCTION(first_compare, "cmpq $41, constant(%rip)\n sete %al\n movzx %al, %eax\n ret");
FUNCTION(first_vector, "movdqu constant(%rip), %xmm0\n movq %xmm0, %rax\n ret");
FUNCTION(first_locked, "lock incq 8(%rsi)\n mov 8(%rsi), %rax\n ret");
FUNCTION(first_jump, "jmp 1f\n ud2\n1: lea 2(%rdi), %rax\n ret");
FUNCTION(first_call, "call first_xor\n add $3, %rax\n ret");
FUNCTION(first_indirect, "call *through(%rip)\n add $4, %rax\n ret");
FUNCTION(first_return, "ret");
FUNCTION(first_condition, "je 1f\n lea 5(%rdi), %rax\n ret\n1: mov $5, %eax\n ret");
FUNCTION(first_count, "jrcxz 1f\n lea 6(%rdi), %rax\n ret\n1: mov $6, %eax\n ret");
FUNCTION(first_string, "rep movsb\n mov %rdi, %rax\n ret");
FUNCTION(first_nop, "nopw 0(%rax,%rax,1)\n lea 7(%rdi), %rax\n ret");
FUNCTION(first_fault, "mov (%rdi), %rax\n ret"); /* its address is made a good one by a handler */

static atomic_ulong signal_count, fault_count, strange_count;
static atomic_bool is_done, is_told;
static uint64_t good_word = 99;

static void look(const ucontext_t *context)
{
	uintptr_t pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP], end = (uintptr_t)&etext;

	if (pc >= end && pc - end < 4096)
		atomic_fetch_add(&strange_count, 1);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	look(context);
	atomic_fetch_add(&signal_count, 1);
}

/* A fault must stand exactly at the instruction that made it, with the registers that it had. */
static void on_fault(int signal, siginfo_t *info, void *user)
{
	ucontext_t *context = user;
	greg_t *registers = context->uc_mcontext.gregs;

	(void)signal;
	if (registers[REG_RIP] != (greg_t)(uintptr_t)first_fault || registers[REG_RDI] != 16 ||
	    info->si_addr != (void *)16)
		_exit(3);
	registers[REG_RDI] = (greg_t)(uintptr_t)&good_word;
	atomic_fetch_add(&fault_count, 1);
}

static void expect(const char *name, uint64_t got, uint64_t wanted)
{
	if (got == wanted)
		return;
	fprintf(stderr, "%s: %llu, not %llu\n", name, (unsigned long long)got, (unsigned long long)wanted);
	_exit(4);
}

/* The condition that a function finds is that of the flags it is called with. */
static uint64_t call_with_zero_flag(uint64_t number)
{
	uint64_t result, clobbered = number;

	__asm__ volatile("sub $128, %%rsp\n xor %%ecx, %%ecx\n call first_condition\n add $128, %%rsp"
			 : "=a"(result), "+D"(clobbered)
			 :
			 : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "cc", "memory");
	return result;
}

static uint64_t call_with_count(uint64_t number, uint64_t count)
{
	uint64_t result, clobbered = number;

	__asm__ volatile("sub $128, %%rsp\n call first_count\n add $128, %%rsp"
			 : "=a"(result), "+D"(clobbered), "+c"(count)
			 :
			 : "rdx", "rsi", "r8", "r9", "r10", "r11", "cc", "memory");
	return result;
}

static void copy_string(void)
{
	char from[300], to[300] = "";
	void *source = from, *destination = to;
	uint64_t result, count = sizeof(from);

	for (unsigned i = 0; i < sizeof(from); i++)
		from[i] = (char)(i * 7);
	__asm__ volatile("sub $128, %%rsp\n call first_string\n add $128, %%rsp"
			 : "=a"(result), "+D"(destination), "+S"(source), "+c"(count)
			 :
			 : "rdx", "r8", "r9", "r10", "r11", "cc", "memory");
	expect("first_string", result, (uint64_t)(uintptr_t)(to + sizeof(to)));
	expect("first_string's copy", (uint64_t)memcmp(from, to, sizeof(to)), 0);
}

static void call_all(uint64_t i)
{
	uint64_t words[2] = {10, i};

	expect("first_push", first_push(i, words), i + 1);
	expect("first_test", first_test(i % 2, words), i % 2 == 0);
	expect("first_xor", first_xor(i, words), i);
	expect("first_load", first_load(i, words), i + 10);
	expect("first_store", first_store(i + 1, words), i + 1);
	expect("first_relative", first_relative(i, words), i + 41);
	expect("first_compare", first_compare(i, words), 1);
	expect("first_vector", first_vector(i, words), 41);
	expect("first_locked", first_locked(i, words), i + 2);
	expect("first_jump", first_jump(i, words), i + 2);
	expect("first_call", first_call(i, words), i + 3);
	expect("first_indirect", first_indirect(i, words), i + 4);
	first_return(i, words);
	expect("first_condition", call_with_zero_flag(i), 5);
	expect("first_count", call_with_count(i, 0), 6);
	expect("first_count", call_with_count(i, 3), i + 6);
	copy_string();
	expect("first_nop", first_nop(i, words), i + 7);
	if (i % 16 == 0)
		expect("first_fault", first_fault(16, words), good_word);
}

static pid_t workers[THREADS];

struct task {
	unsigned long rounds, index;
};

static void *work(void *argument)
{
	const struct task *task = argument;

	workers[task->index] = (pid_t)syscall(SYS_gettid);
	for (uint64_t i = 0; task->rounds ? i < task->rounds : !atomic_load(&is_told); i++)
		call_all(i);
	return NULL;
}

static void *shower(void *argument)
{
	(void)argument;
	for (unsigned i = 0; !atomic_load(&is_done); i++) {
		if (workers[i % THREADS])
			syscall(SYS_tgkill, getpid(), workers[i % THREADS], SIGUSR1);
		if (i % 4 == 0)
			usleep(100);
	}
	return NULL;
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *))
{
	const struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};

	if (sigaction(signal, &action, NULL) < 0)
		target_fail("sigaction");
}

static void print_counts(unsigned long rounds)
{
	static const char *const once[] = {"push",     "test",   "load",      "store",  "relative",
					   "compare",  "vector", "locked",    "jump",   "call",
					   "indirect", "return", "condition", "string", "nop"};

	for (unsigned i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		printf("@[first_%s]: %lu\n", once[i], THREADS * rounds);
	printf("@[first_xor]: %lu\n", 3 * THREADS * rounds);
	printf("@[first_count]: %lu\n", 2 * THREADS * rounds);
	/* It is come to with a bad address, and from the handler with another one. */
	printf("@[first_fault]: %lu\n", 2 * (unsigned long)fault_count);
}

int main(int argc, char **argv)
{
	struct task tasks[THREADS];
	unsigned long rounds = target_number(argc, argv, 1, 100);
	pthread_t threads[THREADS], showering;

	handle(SIGUSR1, on_signal);
	handle(SIGPROF, on_signal);
	handle(SIGSEGV, on_fault);
	target_ready();
	setitimer(ITIMER_PROF, &(struct itimerval){{0, 1000}, {0, 1000}}, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		tasks[i].rounds = rounds;
		tasks[i].index = i;
		threads[i] = target_start(work, &tasks[i]);
	}
	showering = target_start(shower, NULL);
	if (rounds == 0) {
		char line[8];

		target_read_line(line, sizeof(line));
		atomic_store(&is_told, true);
	}
	for (unsigned i = 0; i < THREADS; i++)
		target_join(threads[i]);
	atomic_store(&is_done, true);
	target_join(showering);
	if (rounds)
		print_counts(rounds);
	printf("%s signals, %lu of them in strange places\n", signal_count > 10 ? "many" : "few",
	       (unsigned long)strange_count);
	return 0;
}
