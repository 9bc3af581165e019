/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"

static void test_strbuf_empty_has_text(void **state)
{
	struct strbuf buffer = {0};
	char *taken;

	(void)state;
	assert_string_equal(strbuf_text(&buffer), "");
	taken = strbuf_take(&buffer);
	assert_string_equal(taken, "");
	free(taken);
}

static void test_strbuf_appends_in_order(void **state)
{
	_cleanup_strbuf_ struct strbuf buffer = {0};

	(void)state;
	strbuf_add_string(&buffer, "ab");
	strbuf_add_char(&buffer, 'c');
	strbuf_add_repeated(&buffer, '-', 3);
	strbuf_addf(&buffer, "%d%s", 42, "!");
	strbuf_add(&buffer, "x\0y", 3);
	assert_int_equal(buffer.length, 12);
	assert_memory_equal(strbuf_text(&buffer), "abc---42!x\0y", 13);
	assert_false(buffer.failed);
}

static void test_strbuf_grows_past_its_first_size(void **state)
{
	_cleanup_strbuf_ struct strbuf buffer = {0};
	char expected[10001];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		strbuf_addf(&buffer, "%d", i % 10);
		expected[i] = (char)('0' + i % 10);
	}
	expected[10000] = '\0';
	assert_int_equal(buffer.length, 10000);
	assert_string_equal(strbuf_text(&buffer), expected);
}

static void test_strbuf_cleared_keeps_its_memory(void **state)
{
	_cleanup_strbuf_ struct strbuf buffer = {0};
	const char *text;

	(void)state;
	strbuf_add_string(&buffer, "long gone");
	text = buffer.text;
	strbuf_clear(&buffer);
	assert_string_equal(strbuf_text(&buffer), "");
	strbuf_add_string(&buffer, "new");
	assert_ptr_equal(buffer.text, text);
	assert_string_equal(strbuf_text(&buffer), "new");
}

static void test_strbuf_taken_leaves_an_empty_one(void **state)
{
	struct strbuf buffer = {0};
	char *taken;

	(void)state;
	strbuf_add_string(&buffer, "mine");
	taken = strbuf_take(&buffer);
	assert_string_equal(taken, "mine");
	assert_null(buffer.text);
	assert_int_equal(buffer.capacity, 0);
	free(taken);
}

static void test_strbuf_that_failed_keeps_its_text_and_hands_out_nothing(void **state)
{
	struct strbuf buffer = {0};

	(void)state;
	strbuf_add_string(&buffer, "kept");
	assert_null(strbuf_reserve(&buffer, SIZE_MAX / 2));
	assert_true(buffer.failed);
	assert_string_equal(strbuf_text(&buffer), "kept");
	assert_null(strbuf_take(&buffer));
	assert_null(buffer.text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strbuf_empty_has_text),
		cmocka_unit_test(test_strbuf_appends_in_order),
		cmocka_unit_test(test_strbuf_grows_past_its_first_size),
		cmocka_unit_test(test_strbuf_cleared_keeps_its_memory),
		cmocka_unit_test(test_strbuf_taken_leaves_an_empty_one),
		cmocka_unit_test(test_strbuf_that_failed_keeps_its_text_and_hands_out_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
