/* SPDX-License-Identifier: MIT */
/*
 * The handler that a target gets, run in this very process: it is copied into
 * a page with a table behind it and installed as a tracer would, and then
 * traps are executed that nobody waits for.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "arch/arch.h"
#include "arch/net.h"

enum { PAGE = 4096, ENTRIES = 8 };

/* The page of the handler: only the tracer, which this test plays, can write to it. */
static struct net {
	uint8_t *page;
	struct arch_net_head *head;
	struct arch_net_chunk *chunk;
	struct arch_net_entry *entries;
	void (*handler)(int, siginfo_t *, void *);
} net;

/* Two sites as a compiler makes them: `nop; mov $1, %eax; ret'. The trap is written over the nop, or over the ret. */
static uint8_t *text;
static uint16_t semaphore;

static int (*function(void))(void)
{
	int (*ret)(void);

	memcpy(&ret, &text, sizeof(ret));
	return ret;
}

static void install(void (*before)(int))
{
	struct arch_net_code code;
	struct arch_sigaction action = {0};

	arch_x86_64.net_code(&code);
	action.handler = (uint64_t)(uintptr_t)net.page;
	action.flags = SA_SIGINFO | arch_x86_64.sigaction_flags;
	action.restorer = (uint64_t)(uintptr_t)(net.page + code.restorer_offset);
	action.mask = UINT64_MAX;
	memcpy(&net.head->before.handler, &before, sizeof(before));
	assert_int_equal(syscall(SYS_rt_sigaction, SIGTRAP, &action, NULL, 8), 0);
}

static int setup(void **state)
{
	static const uint8_t bytes[] = {0x90, 0xb8, 1, 0, 0, 0, 0xc3};
	struct arch_net_code code;

	(void)state;
	arch_x86_64.net_code(&code);
	assert_true(code.size < PAGE / 2);
	assert_int_equal(code.size % 16, 0);
	net.page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(net.page, MAP_FAILED);
	memcpy(net.page, code.bytes, code.size);
	net.head = (void *)(net.page + code.size);
	memcpy(net.head->magic, ARCH_NET_MAGIC, sizeof(net.head->magic));
	net.head->flags = ARCH_NET_HEALS;
	net.chunk = (void *)(net.head + 1);
	net.chunk->capacity = ENTRIES;
	net.entries = (void *)(net.chunk + 1);
	net.head->first_chunk_addr = (uint64_t)(uintptr_t)net.chunk;
	text = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(text, MAP_FAILED);
	memcpy(text, bytes, sizeof(bytes));
	semaphore = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	signal(SIGTRAP, SIG_DFL);
	munmap(net.page, PAGE);
	munmap(text, PAGE);
	return 0;
}

/* Puts a trap at OFFSET of the text and into the table; a thread goes on at text + THEN, or where its stack says (0).
 */
static void arm(size_t offset, size_t then)
{
	net.entries[net.chunk->count++] = (struct arch_net_entry){(uint64_t)(uintptr_t)(text + offset) |
									  (uint64_t)text[offset] << ARCH_NET_ADDR_BITS,
								  then ? (uint64_t)(uintptr_t)(text + then) : 0};
	text[offset] = 0xcc;
}

static void raise_semaphore(size_t witness)
{
	net.entries[net.chunk->count++] = (struct arch_net_entry){
		(uint64_t)(uintptr_t)&semaphore, (uint64_t)(uintptr_t)(text + witness) | ARCH_NET_SEMAPHORE};
	semaphore++;
}

static void protect(void)
{
	assert_int_equal(mprotect(net.page, PAGE, PROT_READ | PROT_EXEC), 0);
	assert_int_equal(mprotect(text, PAGE, PROT_READ | PROT_EXEC), 0);
}

static void test_everything_is_healed(void **state)
{
	(void)state;
	semaphore = 3; /* of others */
	arm(0, 1);
	arm(6, 0);
	raise_semaphore(0);
	install(SIG_DFL);
	protect();
	assert_int_equal(function()(), 1);
	assert_int_equal(text[0], 0x90);
	assert_int_equal(text[6], 0xc3);
	assert_int_equal(semaphore, 3);
	assert_int_equal(net.head->is_healed, 1);
	assert_true(net.entries[2].then & ARCH_NET_DONE);
	assert_false(net.entries[0].then & ARCH_NET_DONE);
	assert_int_equal(function()(), 1);
	assert_int_equal(semaphore, 3);
}

/* As under a seccomp filter: every trap is survived, also one that covers a return, and nothing is written. */
static void test_survived_without_healing(void **state)
{
	(void)state;
	net.head->flags = 0;
	arm(0, 1);
	arm(6, 0);
	raise_semaphore(0);
	install(SIG_DFL);
	protect();
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(function()(), 1);
	assert_int_equal(text[0], 0xcc);
	assert_int_equal(text[6], 0xcc);
	assert_int_equal(semaphore, 1);
	assert_int_equal(net.head->is_healed, 0);
}

/* What is not ours any more is not written to: another byte at a site, a semaphore whose library is gone, no memory. */
static void test_only_what_is_ours(void **state)
{
	uint8_t *gone = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(gone, MAP_FAILED);
	arm(0, 1);
	arm(1, 2);
	text[1] = 0xb8;                           /* somebody else has put it back */
	raise_semaphore(1);                       /* whose witness that was */
	net.entries[net.chunk->count++].what = 0; /* forgotten */
	net.entries[net.chunk->count++].what = (uint64_t)(uintptr_t)gone | UINT64_C(0x90) << ARCH_NET_ADDR_BITS;
	munmap(gone, PAGE);
	install(SIG_DFL);
	protect();
	assert_int_equal(function()(), 1);
	assert_int_equal(text[0], 0x90);
	assert_int_equal(text[1], 0xb8);
	assert_int_equal(semaphore, 1);
	assert_false(net.entries[2].then & ARCH_NET_DONE);
	assert_int_equal(net.head->is_healed, 1);
}

static void test_second_chunk(void **state)
{
	struct arch_net_chunk *second = (void *)(net.entries + ENTRIES);

	(void)state;
	net.chunk->next_addr = (uint64_t)(uintptr_t)second;
	net.chunk = second;
	net.entries = (void *)(second + 1);
	arm(0, 1);
	install(SIG_DFL);
	protect();
	assert_int_equal(function()(), 1);
	assert_int_equal(text[0], 0x90);
}

static volatile sig_atomic_t handled;
static siginfo_t handled_info;
static uint64_t handled_pc;

static void own_handler(int signal_number, siginfo_t *info, void *context)
{
	const ucontext_t *where = context;

	assert_int_equal(signal_number, SIGTRAP);
	handled++;
	handled_info = *info;
	handled_pc = (uint64_t)where->uc_mcontext.gregs[REG_RIP];
}

static void test_own_handler_is_chained(void **state)
{
	void (*handler)(int);
	void *pointer = own_handler;

	(void)state;
	memcpy(&handler, &pointer, sizeof(handler));
	handled = 0;
	arm(0, 1);
	install(handler);
	protect();
	sigqueue(getpid(), SIGTRAP, (union sigval){.sival_int = 4711});
	assert_int_equal(handled, 1);
	assert_int_equal(handled_info.si_code, SI_QUEUE);
	assert_int_equal(handled_info.si_value.sival_int, 4711);
	__asm__ volatile("int3"); /* a trap of its own */
	assert_int_equal(handled, 2);
	assert_int_equal(handled_info.si_code, SI_KERNEL);
	assert_int_equal(*(const uint8_t *)(uintptr_t)(handled_pc - 1), 0xcc);
	assert_int_equal(function()(), 1); /* one of ours is none of its business */
	assert_int_equal(handled, 2);
}

/* What becomes of a child that does ACTION. */
static int status_of(void (*action)(void), void (*before)(int))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		install(before);
		protect();
		action();
		_exit(42);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void send_trap(void)
{
	raise(SIGTRAP);
}

static void execute_trap(void)
{
	__asm__ volatile("int3");
}

static void test_default_and_ignored(void **state)
{
	int status;

	(void)state;
	arm(0, 1);
	status = status_of(send_trap, SIG_DFL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP);
	status = status_of(execute_trap, SIG_DFL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP);
	status = status_of(send_trap, SIG_IGN);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	status = status_of(execute_trap, SIG_IGN);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP);
}

static void *run_function(void *unused)
{
	(void)unused;
	return (void *)(intptr_t)function()();
}

/* Many threads meet the trap at once: the semaphore is lowered once. */
static void test_healed_once(void **state)
{
	enum { THREADS = 16, ROUNDS = 50 };
	pthread_t threads[THREADS];
	void *result;

	(void)state;
	arm(0, 1);
	arm(6, 0);
	raise_semaphore(0);
	install(SIG_DFL);
	for (unsigned round = 0; round < ROUNDS; round++) {
		assert_int_equal(mprotect(net.page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
		assert_int_equal(mprotect(text, PAGE, PROT_READ | PROT_WRITE), 0);
		text[0] = 0xcc;
		text[6] = 0xcc;
		semaphore = 7;
		net.head->is_healed = 0;
		net.entries[2].then &= ~ARCH_NET_DONE;
		protect();
		for (size_t i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, run_function, NULL), 0);
		for (size_t i = 0; i < THREADS; i++) {
			assert_int_equal(pthread_join(threads[i], &result), 0);
			assert_int_equal((intptr_t)result, 1);
		}
		assert_int_equal(semaphore, 6);
		assert_int_equal(text[0], 0x90);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_everything_is_healed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_survived_without_healing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_what_is_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_chunk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_handler_is_chained, setup, teardown),
		cmocka_unit_test_setup_teardown(test_default_and_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_healed_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
