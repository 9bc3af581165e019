/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lang/builtin.h"

static void test_builtin_rows_are_sorted_and_found_by_name(void **state)
{
	const struct builtin_info *builtin;
	const struct function_info *function;
	const struct aggregation_info *aggregation;
	unsigned index;

	(void)state;
	for (size_t i = 0; (builtin = builtin_row(i)); i++) {
		assert_true(i == 0 || strcmp(builtin_row(i - 1)->name, builtin->name) < 0);
		assert_true((builtin->type->size > 0 || builtin->builtin == BUILTIN_ARGS) && builtin->help);
		if (builtin->builtin != BUILTIN_ARG)
			assert_ptr_equal(builtin_find(builtin->name, &index), builtin);
	}
	for (size_t i = 0; (function = function_row(i)); i++) {
		assert_true(i == 0 || strcmp(function_row(i - 1)->name, function->name) < 0);
		assert_ptr_equal(function_find(function->name), function);
		assert_true(function_arguments_min(function) <= function_arguments_max(function));
		assert_int_equal(strncmp(function->usage, function->name, strlen(function->name)), 0);
	}
	for (size_t i = 0; (aggregation = aggregation_row(i)); i++) {
		assert_true(i == 0 || strcmp(aggregation_row(i - 1)->name, aggregation->name) < 0);
		assert_ptr_equal(aggregation_find(aggregation->name), aggregation);
		assert_int_equal(strncmp(aggregation->usage, aggregation->name, strlen(aggregation->name)), 0);
	}
}

static void test_builtin_signature_tells_the_arguments(void **state)
{
	static const struct {
		const char *name;
		size_t min, max;
		const char *kinds;
	} rows[] = {
		{"time", 0, 1, "S"},
		{"join", 1, 2, "aS"},
		{"find", 3, 3, "mk."},
		{"printf", 1, FORMAT_ARGUMENTS, "f"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct function_info *info = function_find(rows[i].name);

		assert_int_equal(function_arguments_min(info), rows[i].min);
		assert_int_equal(function_arguments_max(info), rows[i].max);
		for (size_t j = 0; rows[i].kinds[j]; j++)
			assert_int_equal(function_argument_kind(info, j), rows[i].kinds[j]);
	}
	assert_true(function_is_unsafe(FUNCTION_SYSTEM));
	assert_false(function_is_unsafe(FUNCTION_CAT));
	assert_ptr_equal(function_info(FUNCTION_STRSTR), function_find("strstr"));
}

static void test_builtin_find_takes_argument_numbers(void **state)
{
	static const struct {
		const char *name;
		int index; /* -1: not found */
	} rows[] = {
		{"arg0", 0}, {"arg9", 9},   {"arg254", 254}, {"arg255", -1}, {"arg99999999999", -1},
		{"arg", -1}, {"arg01", -1}, {"arg1x", -1},   {"args", 0},    {"ARG0", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned index = 77;
		const struct builtin_info *info = builtin_find(rows[i].name, &index);

		if ((info != NULL) != (rows[i].index >= 0) || (info && (int)index != rows[i].index))
			fail_msg("%s: %u", rows[i].name, index);
	}
}

static void test_builtin_refusal_is_for_no_word_that_is_there(void **state)
{
	const struct builtin_info *builtin;
	const struct function_info *function;
	const struct aggregation_info *aggregation;

	(void)state;
	for (size_t i = 0; (builtin = builtin_row(i)); i++)
		assert_null(builtin_refusal(builtin->name));
	for (size_t i = 0; (function = function_row(i)); i++)
		assert_null(builtin_refusal(function->name));
	for (size_t i = 0; (aggregation = aggregation_row(i)); i++)
		assert_null(builtin_refusal(aggregation->name));
	assert_string_equal(builtin_refusal("curtask"),
			    "looks into the kernel, which only BPF can; usdtrap works without it");
	assert_null(builtin_refusal("no_such_word"));
}

static void test_builtin_nearest_looks_among_all_words(void **state)
{
	(void)state;
	assert_string_equal(builtin_nearest("elapesd"), "elapsed");
	assert_string_equal(builtin_nearest("pirntf"), "printf");
	assert_string_equal(builtin_nearest("lhits"), "lhist");
	assert_null(builtin_nearest("no_such_word"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin_rows_are_sorted_and_found_by_name),
		cmocka_unit_test(test_builtin_signature_tells_the_arguments),
		cmocka_unit_test(test_builtin_find_takes_argument_numbers),
		cmocka_unit_test(test_builtin_refusal_is_for_no_word_that_is_there),
		cmocka_unit_test(test_builtin_nearest_looks_among_all_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
