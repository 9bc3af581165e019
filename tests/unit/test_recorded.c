/* SPDX-License-Identifier: MIT */
/* Pieces of memory that were kept: this process's own, changed afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "os/memory.h"
#include "trace/recorded.h"

static int open_own(void)
{
	int fd;

	assert_null(memory_open(getpid(), &fd));
	return fd;
}

static uint64_t address_of(const void *place)
{
	return (uint64_t)(uintptr_t)place;
}

static void keeps_argv(void **state)
{
	char first[] = "ls", second[] = "-l", third[] = "", text[16];
	char *argv[] = {first, second, third, first, NULL}, *word;
	struct recorded recorded = {0};
	int fd = open_own();
	size_t got;

	(void)state;
	assert_true(recorded_keep_strings(&recorded, fd, address_of(argv)));
	memset(first, 'x', sizeof(first));
	argv[1] = first;
	assert_null(recorded_read(&recorded, address_of(argv), &word, sizeof(word)));
	assert_ptr_equal(word, first);
	assert_null(recorded_read_some(&recorded, address_of(word), text, sizeof(text), &got));
	assert_true(got >= 3); /* what lies behind may have been kept as well */
	assert_string_equal(text, "ls");
	assert_null(recorded_read(&recorded, address_of(&argv[1]), &word, sizeof(word)));
	assert_ptr_equal(word, second);
	assert_null(recorded_read(&recorded, address_of(&argv[4]), &word, sizeof(word)));
	assert_null(word);
	/* What was not kept is not there. */
	assert_true(error_catch(recorded_read(&recorded, address_of(&argv[4]), text, 9), USDTRAP_FAULT));
	assert_true(error_catch(recorded_read(&recorded, 16, text, 1), USDTRAP_FAULT));
	recorded_deinit(&recorded);
	close(fd);
}

/* Strings that are longer than one piece, and that end where memory does. */
static void keeps_long_strings(void **state)
{
	enum { PAGE = 4096 };
	char *pages = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), copy[3 * PAGE];
	struct recorded recorded = {0};
	int fd = open_own();

	(void)state;
	assert_true(pages != MAP_FAILED);
	memset(pages, 'a', 3 * PAGE - 1);
	assert_int_equal(munmap(pages + 3 * PAGE, PAGE), 0);
	assert_true(recorded_keep_string(&recorded, fd, address_of(pages)));
	assert_int_equal(recorded.piece_count, 1);
	assert_null(recorded_read(&recorded, address_of(pages), copy, sizeof(copy)));
	assert_memory_equal(copy, pages, sizeof(copy));
	/* One without an end is none. */
	memset(pages, 'a', 3 * PAGE);
	assert_false(recorded_keep_string(&recorded, fd, address_of(pages)));
	munmap(pages, 3 * PAGE);
	recorded_deinit(&recorded);
	close(fd);
}

/* An argv that lies, and one that is larger than what is ever kept. */
static void has_bounds(void **state)
{
	enum { MANY = 200000 };
	char word[] = "word";
	char **argv = calloc(MANY, sizeof(*argv)), *wild[] = {word, (char *)8, NULL};
	struct recorded recorded = {0};
	int fd = open_own();

	(void)state;
	for (size_t i = 0; i + 1 < MANY; i++)
		argv[i] = word;
	assert_false(recorded_keep_strings(&recorded, fd, address_of(argv)));
	assert_true(recorded_size(&recorded) < 4 * RECORDED_BYTES_MAX);
	recorded_deinit(&recorded);
	assert_false(recorded_keep_strings(&recorded, fd, address_of(wild)));
	assert_false(recorded_keep_strings(&recorded, fd, 8));
	assert_true(recorded_keep_strings(&recorded, fd, 0));
	recorded_deinit(&recorded);
	free(argv);
	close(fd);
}

static void knows_who(void **state)
{
	struct recorded recorded = {0};

	(void)state;
	assert_true(recorded_identify(&recorded, getpid(), gettid()));
	assert_int_equal(recorded.uid, getuid());
	assert_int_equal(recorded.gid, getgid());
	assert_memory_equal(recorded.comm, "test_recorded", 8);
	assert_true(recorded.cpu >= 0);
	assert_true(recorded.time_ns > 0);
	assert_false(recorded_identify(&recorded, 0x3ffffff, 0x3ffffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_argv),
		cmocka_unit_test(keeps_long_strings),
		cmocka_unit_test(has_bounds),
		cmocka_unit_test(knows_who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
