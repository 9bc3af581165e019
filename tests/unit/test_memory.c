/* SPDX-License-Identifier: MIT */
/* Memory of a real child, which shares the parent's layout: an address here is an address there. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "os/memory.h"

/* Two pages of "abab...", a page that only can be read, and a hole. */
struct child {
	pid_t pid;
	int fd;
	uint64_t page_size;
	uint64_t pages; /* address of the first page */
	uint64_t text;  /* address of the page that is read-only */
	uint64_t hole;
};

static int start_child(void **state)
{
	struct child *child = malloc(sizeof(*child));
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	char *pages;

	assert_non_null(child);
	pages = mmap(NULL, 4 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	for (size_t i = 0; i < 3 * page_size; i++)
		pages[i] = i % 2 ? 'b' : 'a';
	assert_int_equal(mprotect(pages + 2 * page_size, page_size, PROT_READ), 0);
	assert_int_equal(munmap(pages + 3 * page_size, page_size), 0);

	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0)
		for (;;)
			pause();
	child->page_size = page_size;
	child->pages = (uintptr_t)pages;
	child->text = child->pages + 2 * page_size;
	child->hole = child->pages + 3 * page_size;
	assert_int_equal(munmap(pages, 3 * page_size), 0);
	assert_null(memory_open(child->pid, &child->fd));
	*state = child;
	return 0;
}

static int end_child(void **state)
{
	struct child *child = *state;

	if (child->pid) {
		kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
	}
	close(child->fd);
	free(child);
	return 0;
}

static void test_memory_read_whole(void **state)
{
	struct child *child = *state;
	char bytes[5] = "";

	assert_null(memory_read(child->fd, child->pages + child->page_size - 2, bytes, 4));
	assert_string_equal(bytes, "abab");
}

static void test_memory_read_into_a_hole_is_a_fault(void **state)
{
	struct child *child = *state;
	char bytes[8];

	assert_ptr_equal(memory_read(child->fd, child->hole - 4, bytes, 8), &error_fault);
	assert_ptr_equal(memory_read(child->fd, child->hole, bytes, 1), &error_fault);
}

static void test_memory_read_some_stops_at_a_hole(void **state)
{
	struct child *child = *state;
	char bytes[64];
	size_t size = 77;

	assert_null(memory_read_some(child->fd, child->hole - 5, bytes, sizeof(bytes), &size));
	assert_int_equal(size, 5);
	assert_memory_equal(bytes, "babab", 5);
	size = 77;
	assert_ptr_equal(memory_read_some(child->fd, child->hole, bytes, sizeof(bytes), &size), &error_fault);
	assert_int_equal(size, 77);
}

static void test_memory_any_address_is_a_fault_at_worst(void **state)
{
	static const uint64_t addresses[] = {
		0,
		1,
		4095,
		INT64_MAX - 4,
		INT64_MAX,
		(uint64_t)INT64_MAX + 1,
		0xffffffffff600000,
		UINT64_MAX - 3,
		UINT64_MAX,
	};
	struct child *child = *state;
	char bytes[16] = "";

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		assert_ptr_equal(memory_read(child->fd, addresses[i], bytes, sizeof(bytes)), &error_fault);
		assert_ptr_equal(memory_write(child->fd, addresses[i], bytes, sizeof(bytes)), &error_fault);
	}
}

static void test_memory_write_reaches_pages_that_are_read_only(void **state)
{
	struct child *child = *state;
	char bytes[5] = "";

	assert_null(memory_write(child->fd, child->text + 1, "xy", 2));
	assert_null(memory_read(child->fd, child->text, bytes, 4));
	assert_string_equal(bytes, "axyb");
}

static void test_memory_write_over_two_pages(void **state)
{
	struct child *child = *state;
	char bytes[5] = "";

	assert_null(memory_write(child->fd, child->text - 1, "xy", 2));
	assert_null(memory_read(child->fd, child->text - 2, bytes, 4));
	assert_string_equal(bytes, "axyb");
}

static void test_memory_write_into_a_hole_changes_nothing(void **state)
{
	struct child *child = *state;
	char bytes[5] = "";

	assert_ptr_equal(memory_write(child->fd, child->hole - 2, "wxyz", 4), &error_fault);
	assert_null(memory_read(child->fd, child->hole - 4, bytes, 4));
	assert_string_equal(bytes, "abab");
}

static void test_memory_of_an_ended_process_is_gone(void **state)
{
	struct child *child = *state;
	char byte;
	int fd = 77;

	kill(child->pid, SIGKILL);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
	assert_ptr_equal(memory_read(child->fd, child->pages, &byte, 1), &error_gone);
	assert_ptr_equal(memory_write(child->fd, child->pages, "x", 1), &error_gone);
	assert_ptr_equal(memory_write(child->fd, child->text - 1, "xy", 2), &error_gone);
	assert_ptr_equal(memory_open(child->pid, &fd), &error_gone);
	assert_int_equal(fd, 77);
	child->pid = 0;
}

/* Threads whose leader has called pthread_exit. */

static void *say_tid_and_wait(void *pipe_end)
{
	pid_t tid = gettid();

	if (write(*(int *)pipe_end, &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	for (;;)
		pause();
	return NULL;
}

static void test_memory_is_reached_through_a_thread_whose_leader_ended(void **state)
{
	static int value = 4711;
	pthread_t thread;
	int pipe_ends[2];
	int got = 0;
	pid_t pid;
	pid_t tid;
	int fd;

	(void)state;
	assert_int_equal(pipe(pipe_ends), 0);
	pid = fork();
	if (pid == 0) {
		if (pthread_create(&thread, NULL, say_tid_and_wait, &pipe_ends[1]))
			_exit(1);
		pthread_exit(NULL);
	}
	close(pipe_ends[1]);
	assert_int_equal(read(pipe_ends[0], &tid, sizeof(tid)), sizeof(tid));
	close(pipe_ends[0]);

	assert_null(memory_open(tid, &fd));
	assert_null(memory_read(fd, (uintptr_t)&value, &got, sizeof(got)));
	assert_int_equal(got, 4711);
	close(fd);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#define CHILD_TEST(function) cmocka_unit_test_setup_teardown(function, start_child, end_child)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHILD_TEST(test_memory_read_whole),
		CHILD_TEST(test_memory_read_into_a_hole_is_a_fault),
		CHILD_TEST(test_memory_read_some_stops_at_a_hole),
		CHILD_TEST(test_memory_any_address_is_a_fault_at_worst),
		CHILD_TEST(test_memory_write_reaches_pages_that_are_read_only),
		CHILD_TEST(test_memory_write_over_two_pages),
		CHILD_TEST(test_memory_write_into_a_hole_changes_nothing),
		CHILD_TEST(test_memory_of_an_ended_process_is_gone),
		cmocka_unit_test(test_memory_is_reached_through_a_thread_whose_leader_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
