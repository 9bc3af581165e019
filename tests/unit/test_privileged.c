/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/privileged.h"

struct fixture {
	char folder[32];
	char former[4096];
	int descriptor;
};

static const struct {
	const char *name;
	mode_t mode;
	bool is_expected;
} files[] = {
	{"plain", 0755, false},
	{"user", 04755, true},
	{"group", 02755, true},
	{"data", 04644, false}, /* nobody can run it */
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_non_null(getcwd(fixture->former, sizeof(fixture->former)));
	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/test_privileged.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	assert_int_equal(chdir(fixture->folder), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int fd = open(files[i].name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

		assert_true(fd >= 0);
		assert_int_equal(fchmod(fd, files[i].mode), 0);
		close(fd);
	}
	fixture->descriptor = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fixture->descriptor >= 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i].name);
	assert_int_equal(chdir(fixture->former), 0);
	assert_int_equal(rmdir(fixture->folder), 0);
	close(fixture->descriptor);
	free(fixture);
	return 0;
}

static void test_privileged_program_is_told_by_its_mode_however_it_is_named(void **state)
{
	struct fixture *fixture = *state;
	char path[64];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		print_message("%s\n", files[i].name);
		snprintf(path, sizeof(path), "%s/%s", fixture->folder, files[i].name);
		assert_int_equal(privileged_program(gettid(), AT_FDCWD, path), files[i].is_expected);
		assert_int_equal(privileged_program(gettid(), AT_FDCWD, files[i].name), files[i].is_expected);
		assert_int_equal(privileged_program(gettid(), fixture->descriptor, files[i].name),
				 files[i].is_expected);
	}
}

static void test_privileged_program_named_by_its_own_descriptor_is_told(void **state)
{
	int fd = open("user", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_true(privileged_program(gettid(), fd, ""));
	close(fd);
}

static void test_privileged_program_that_is_none_gives_no_rights(void **state)
{
	(void)state;
	assert_false(privileged_program(gettid(), AT_FDCWD, "missing"));
	assert_false(privileged_program(gettid(), AT_FDCWD, "."));
	assert_false(privileged_program(gettid(), 1000, "user"));
	assert_false(privileged_program(0x3fffffff, AT_FDCWD, "user")); /* a thread that is gone */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_privileged_program_is_told_by_its_mode_however_it_is_named),
		cmocka_unit_test(test_privileged_program_named_by_its_own_descriptor_is_told),
		cmocka_unit_test(test_privileged_program_that_is_none_gives_no_rights),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
