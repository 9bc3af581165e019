/* SPDX-License-Identifier: MIT */
/* Writing to a child whose /proc/PID/mem is open for reading alone; it shares the parent's layout. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/poke.h"
#include "os/ptrace.h"

/* Two pages of "abcdefgh..." that can only be read, one that can be written to, and a hole. */
struct child {
	pid_t pid;
	int fd;
	uint64_t page_size;
	uint64_t text, data, hole;
};

enum { PAGES = 4, STOP_TIMEOUT_MS = 10000 };

static int start_child(void **state)
{
	struct child *child = malloc(sizeof(*child));
	const size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	char path[32];
	char *pages;

	assert_non_null(child);
	pages = mmap(NULL, PAGES * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	for (size_t i = 0; i < PAGES * page_size; i++)
		pages[i] = (char)('a' + i % 8);
	assert_int_equal(mprotect(pages, 2 * page_size, PROT_READ), 0);
	assert_int_equal(munmap(pages + 3 * page_size, page_size), 0);

	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0)
		for (;;)
			pause();
	child->page_size = page_size;
	child->text = (uintptr_t)pages;
	child->data = child->text + 2 * page_size;
	child->hole = child->text + 3 * page_size;
	assert_int_equal(munmap(pages, 3 * page_size), 0);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)child->pid);
	child->fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(child->fd >= 0);
	*state = child;
	return 0;
}

static int start_standing_child(void **state)
{
	struct child *child;
	bool is_attached;
	int status;

	start_child(state);
	child = *state;
	assert_null(ptrace_seize(child->pid, 0, &is_attached));
	if (!is_attached)
		assert_null(ptrace_interrupt(child->pid));
	assert_true(ptrace_await_standing(child->pid, STOP_TIMEOUT_MS));
	assert_true(ptrace_wait_for(child->pid, STOP_TIMEOUT_MS, &status)); /* it is still to be reported */
	assert_true(ptrace_is_standing(child->pid));
	return 0;
}

static int end_child(void **state)
{
	struct child *child = *state;

	kill(child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, __WALL) != child->pid)
		;
	close(child->fd);
	free(child);
	return 0;
}

static void assert_memory_is(const struct child *child, uint64_t address, const char *expected)
{
	char bytes[64] = "";

	assert_null(memory_read(child->fd, address, bytes, strlen(expected)));
	assert_string_equal(bytes, expected);
}

static void test_poke_changes_no_byte_around(void **state)
{
	const struct child *child = *state;
	static const struct {
		const char *bytes;
		unsigned offset;
		const char *around; /* from `text' on */
	} cases[] = {
		{"X", 0, "XbcdefghabcdefghabcdefghA"},  {"X", 7, "XbcdefgXabcdefghabcdefghA"},
		{"YZ", 7, "XbcdefgYZbcdefghabcdefghA"}, {"0123456789", 7, "Xbcdefg0123456789bcdefghA"},
		{"", 12, "Xbcdefg0123456789bcdefghA"},
	};

	assert_null(memory_write(child->fd, child->text + 24, "A", 1)); /* the same, from above */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(
			memory_write(child->fd, child->text + cases[i].offset, cases[i].bytes, strlen(cases[i].bytes)));
		assert_memory_is(child, child->text, cases[i].around);
	}
}

static void test_poke_reaches_over_two_pages(void **state)
{
	const struct child *child = *state;

	assert_null(memory_write(child->fd, child->text + child->page_size - 3, "UVWXYZ", 6));
	assert_memory_is(child, child->text + child->page_size - 8, "abcdeUVWXYZdefgh");
	/* One half may be written to by the process itself, the other not. */
	assert_null(memory_write(child->fd, child->data - 2, "1234", 4));
	assert_memory_is(child, child->data - 8, "abcdef1234cdefgh");
}

static void test_poke_into_a_hole_changes_nothing(void **state)
{
	const struct child *child = *state;

	assert_ptr_equal(poke_write(child->fd, child->hole, "x", 1), &error_fault);
	assert_ptr_equal(memory_write(child->fd, child->hole - 2, "wxyz", 4), &error_fault);
	assert_memory_is(child, child->hole - 4, "efgh");
}

static void test_poke_needs_somebody_who_stands(void **state)
{
	const struct child *child = *state;
	char expected[128];
	struct usdtrap_error *error;

	assert_false(ptrace_is_standing(child->pid));
	assert_false(ptrace_await_standing(child->pid, 1));
	error = memory_write(child->fd, child->text, "x", 1);
	assert_non_null(error);
	assert_int_equal(usdtrap_error_code(error), USDTRAP_UNSUPPORTED);
	snprintf(expected, sizeof(expected),
		 "/proc/%d/mem may not be written to, and no thread of the process stands, as PTRACE_POKETEXT needs it",
		 (int)child->pid);
	assert_string_equal(usdtrap_error_message(error), expected);
	usdtrap_error_destroy(error);
	assert_memory_is(child, child->text, "abcdefgh");
	assert_ptr_equal(memory_write(child->fd, child->hole, "x", 1), &error_fault);
}

static void test_memory_tells_whether_it_may_be_written_to(void **state)
{
	const struct child *child = *state;
	int fd;

	assert_false(memory_is_writable_at(child->fd, child->text));
	assert_null(memory_open(child->pid, &fd));
	if (memory_is_forced()) {
		assert_true(memory_is_writable_at(fd, child->text));
		assert_false(memory_is_writable_at(fd, child->hole));
	}
	assert_memory_is(child, child->text, "abcdefgh");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_poke_changes_no_byte_around, start_standing_child, end_child),
		cmocka_unit_test_setup_teardown(test_poke_reaches_over_two_pages, start_standing_child, end_child),
		cmocka_unit_test_setup_teardown(test_poke_into_a_hole_changes_nothing, start_standing_child, end_child),
		cmocka_unit_test_setup_teardown(test_poke_needs_somebody_who_stands, start_child, end_child),
		cmocka_unit_test_setup_teardown(test_memory_tells_whether_it_may_be_written_to, start_child, end_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
