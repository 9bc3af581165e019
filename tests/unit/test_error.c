/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

static void test_error_created_tells_what_it_was_given(void **state)
{
	struct usdtrap_error *error = error_create(USDTRAP_BAD_ELF, "%s: note %d is broken", "a.out", 3);

	(void)state;
	assert_int_equal(usdtrap_error_code(error), USDTRAP_BAD_ELF);
	assert_string_equal(usdtrap_error_message(error), "a.out: note 3 is broken");
	assert_null(usdtrap_error_hint(error));
	assert_int_equal(usdtrap_error_errno(error), 0);
	usdtrap_error_destroy(error);
}

static void test_error_os_maps_errno_to_code(void **state)
{
	static const struct {
		const char *name;
		int error_number;
		enum usdtrap_error_code code;
		const char *message;
	} rows[] = {
		{"no memory", ENOMEM, USDTRAP_NO_MEMORY, "open x: Cannot allocate memory"},
		{"not permitted", EPERM, USDTRAP_PERMISSION, "open x: Operation not permitted"},
		{"denied", EACCES, USDTRAP_PERMISSION, "open x: Permission denied"},
		{"missing", ENOENT, USDTRAP_NOT_FOUND, "open x: No such file or directory"},
		{"gone", ESRCH, USDTRAP_GONE, "open x: No such process"},
		{"any other", EIO, USDTRAP_OS, "open x: Input/output error"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct usdtrap_error *error = error_os(rows[i].error_number, "open %c", 'x');

		print_message("%s\n", rows[i].name);
		assert_int_equal(usdtrap_error_code(error), rows[i].code);
		assert_string_equal(usdtrap_error_message(error), rows[i].message);
		assert_int_equal(usdtrap_error_errno(error), rows[i].error_number);
		usdtrap_error_destroy(error);
	}
}

static void test_error_prefixed_keeps_everything_else(void **state)
{
	struct usdtrap_error *error = error_os(EPERM, "cannot seize");

	(void)state;
	error = error_hint(error, "run as %s", "root");
	error = error_prefix(error, "process %d", 7);
	assert_int_equal(usdtrap_error_code(error), USDTRAP_PERMISSION);
	assert_string_equal(usdtrap_error_message(error), "process 7: cannot seize: Operation not permitted");
	assert_string_equal(usdtrap_error_hint(error), "run as root");
	assert_int_equal(usdtrap_error_errno(error), EPERM);
	usdtrap_error_destroy(error);
}

static void test_error_hint_given_twice_keeps_the_last(void **state)
{
	struct usdtrap_error *error = error_create(USDTRAP_OS, "x");

	(void)state;
	error = error_hint(error, "first");
	error = error_hint(error, "second");
	assert_string_equal(usdtrap_error_hint(error), "second");
	usdtrap_error_destroy(error);
}

static void test_error_static_survives_prefix_hint_and_destroy(void **state)
{
	struct usdtrap_error *error;

	(void)state;
	error = error_prefix(&error_no_memory, "reading %s", "x");
	assert_ptr_equal(error, &error_no_memory);
	assert_ptr_equal(error_hint(error, "buy some"), &error_no_memory);
	usdtrap_error_destroy(error);
	assert_string_equal(usdtrap_error_message(&error_no_memory), "out of memory");
	assert_null(usdtrap_error_hint(&error_no_memory));

	error = error_prefix(&error_gone, "thread %d", 5);
	assert_int_equal(usdtrap_error_code(error), USDTRAP_GONE);
	assert_string_equal(usdtrap_error_message(error), "thread 5: the thread or process has ended");
	usdtrap_error_destroy(error);
	assert_string_equal(usdtrap_error_message(&error_gone), "the thread or process has ended");
}

static void test_error_catch_takes_only_its_code(void **state)
{
	struct usdtrap_error *error = error_create(USDTRAP_FAULT, "x");

	(void)state;
	assert_false(error_catch(NULL, USDTRAP_FAULT));
	assert_false(error_catch(error, USDTRAP_GONE));
	assert_string_equal(usdtrap_error_message(error), "x");
	assert_true(error_catch(error, USDTRAP_FAULT));
	assert_true(error_catch(&error_gone, USDTRAP_GONE));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_created_tells_what_it_was_given),
		cmocka_unit_test(test_error_os_maps_errno_to_code),
		cmocka_unit_test(test_error_prefixed_keeps_everything_else),
		cmocka_unit_test(test_error_hint_given_twice_keeps_the_last),
		cmocka_unit_test(test_error_static_survives_prefix_hint_and_destroy),
		cmocka_unit_test(test_error_catch_takes_only_its_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
