/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "base/utf8.h"

static void test_what_is_a_character(void **state)
{
	static const struct {
		const char *text;
		size_t available, expected;
	} rows[] = {
		{"a", 1, 1},
		{"", 1, 1},                 /* NUL is a character */
		{"\xc3\xa9", 2, 2},         /* U+E9 */
		{"\xc3", 1, 0},             /* cut off */
		{"\xe2\x82\xac", 3, 3},     /* U+20AC */
		{"\xf0\x9f\x98\x80", 4, 4}, /* U+1F600 */
		{"\xf0\x9f\x98\x80", 3, 0}, /* cut off */
		{"\x80", 1, 0},             /* a continuation */
		{"\xc0\xaf", 2, 0},         /* overlong */
		{"\xe0\x80\xaf", 3, 0},     /* overlong */
		{"\xed\xa0\x80", 3, 0},     /* a surrogate */
		{"\xf4\x90\x80\x80", 4, 0}, /* beyond U+10FFFF */
		{"\xc3\x28", 2, 0},         /* no continuation */
		{"\xe2\x82\x28", 3, 0},     /* none as third byte */
		{"\xff", 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(utf8_length((const unsigned char *)rows[i].text, rows[i].available), rows[i].expected);
}

static void assert_shown(const char *text, char quote, const char *expected)
{
	struct strbuf out = {0};

	utf8_add_shown(&out, text, strlen(text), quote);
	assert_string_equal(strbuf_text(&out), expected);
	strbuf_deinit(&out);
}

static void test_what_is_shown(void **state)
{
	(void)state;
	assert_shown("", 0, "");
	assert_shown("caf\xc3\xa9 \xe2\x82\xac", 0, "caf\xc3\xa9 \xe2\x82\xac");
	/* Latin 1 is no UTF-8. */
	assert_shown("caf\xe9!", 0, "caf\\xe9!");
	/* What would do something to a terminal: the last is CSI in one byte, as UTF-8. */
	assert_shown("\033[2J\r\n\t\x7f", 0, "\\x1b[2J\\x0d\\n\\t\\x7f");
	assert_shown("\xc2\x9b"
		     "2J",
		     0,
		     "\\xc2\\x9b"
		     "2J");
	assert_shown("\xc2\xa0", 0, "\xc2\xa0");
	/* In quotes nothing can be taken for something else. */
	assert_shown("a \"b\" \\n", '"', "a \\\"b\\\" \\\\n");
	assert_shown("a \"b\" \\n", 0, "a \"b\" \\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_a_character),
		cmocka_unit_test(test_what_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
