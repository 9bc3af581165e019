/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/glob.h"

static const struct {
	const char *name;
	const char *pattern;
	const char *text;
	bool is_match;
} rows[] = {
	{"itself", "gc__start", "gc__start", true},
	{"a beginning is not the whole", "gc", "gc__start", false},
	{"an end is not the whole", "start", "gc__start", false},
	{"empty pattern, empty text", "", "", true},
	{"empty pattern", "", "a", false},
	{"star", "*", "anything", true},
	{"star for nothing", "*", "", true},
	{"star at the end", "gc__*", "gc__start", true},
	{"star at the end for nothing", "gc__start*", "gc__start", true},
	{"star at the start", "*__start", "gc__start", true},
	{"stars around", "*c__*", "gc__start", true},
	{"star in between", "g*t", "gc__start", true},
	{"star gives back what it took", "*ab*abc", "xababxabc", true},
	{"star first end is not the last", "a*bc", "abcbc", true},
	{"many stars", "**a**", "bab", true},
	{"no such end", "*x", "gc__start", false},
	{"set", "gc__[sd]*", "gc__done", true},
	{"set without it", "gc__[sd]*", "gc__entry", false},
	{"range", "[a-f]c", "dc", true},
	{"outside the range", "[a-f]c", "gc", false},
	{"inverted set", "[!a-f]c", "gc", true},
	{"inverted set, the other mark", "[^g]c", "gc", false},
	{"] first is a member", "[]]", "]", true},
	{"] first in an inverted set", "[!]]", "]", false},
	{"- last is a member", "[a-]", "-", true},
	{"set needs a character", "a[b]", "a", false},
	{"set after a star", "*[0-9]", "a1b2", true},
	{"[ without ] stands for itself", "a[b", "a[b", true},
	{"[ at the end stands for itself", "a[", "a[", true},
	{"[! at the end stands for itself", "a[!", "a[!", true},
	{"? stands for itself", "gc?", "gc?", true},
	{"? is no wildcard", "g?", "gc", false},
	{"backslash stands for itself", "a\\*", "a\\b", true},
	{"bytes above 127", "[\303-\304]*", "\303\244", true},
};

static void test_glob_matches_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (glob_match(rows[i].pattern, rows[i].text) != rows[i].is_match)
			fail_msg("%s: %s %s", rows[i].name, rows[i].pattern, rows[i].text);
}

static void test_glob_tells_whether_there_is_a_wildcard(void **state)
{
	(void)state;
	assert_true(glob_has_wildcard("a*"));
	assert_true(glob_has_wildcard("[ab]c"));
	assert_false(glob_has_wildcard("a[b"));
	assert_false(glob_has_wildcard("a]b"));
	assert_false(glob_has_wildcard("a?\\"));
	assert_false(glob_has_wildcard(""));
}

/* Many stars over a long text that fails at its end: exponential time would show as a test that never ends. */
static void test_glob_many_stars_take_no_exponential_time(void **state)
{
	char text[2001];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glob_matches_as_told),
		cmocka_unit_test(test_glob_tells_whether_there_is_a_wildcard),
		cmocka_unit_test(test_glob_many_stars_take_no_exponential_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
