/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"
#include "base/strbuf.h"

static struct source source_of(const char *text)
{
	return (struct source){.name = "stdin", .text = text, .size = strlen(text)};
}

/* What one error about bytes START to END of TEXT looks like. */
static char *render_one(const char *text, uint32_t start, uint32_t end)
{
	struct source source = source_of(text);
	struct diag_list list = {.source = &source};
	struct strbuf out = {};

	diag_error(&list, (struct span){start, end}, "no");
	diag_render(&list, &(struct diag_style){}, &out);
	diag_list_deinit(&list);
	return strbuf_take(&out);
}

static void test_diag_render_underlines_the_place(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		uint32_t start, end;
		const char *expected;
	} rows[] = {
		{"a word", "BEGIN { foo }", 8, 11, "stdin:1:9-12: ERROR: no\nBEGIN { foo }\n        ~~~\n"},
		{"the first line of several", "one\ntwo\n", 0, 3, "stdin:1:1-4: ERROR: no\none\n~~~\n"},
		{"a later line", "one\ntwo\n", 5, 6, "stdin:2:2-3: ERROR: no\ntwo\n ~\n"},
		{"a last line without newline", "one\ntwo", 4, 7, "stdin:2:1-4: ERROR: no\ntwo\n~~~\n"},
		{"tabs are four blanks", "\tx\ty", 3, 4, "stdin:1:4-5: ERROR: no\n    x    y\n         ~\n"},
		{"a marked tab", "a\tb", 0, 3, "stdin:1:1-4: ERROR: no\na    b\n~~~~~~\n"},
		{"an empty place is one column", "ab", 1, 1, "stdin:1:2-3: ERROR: no\nab\n ~\n"},
		{"the end of the text", "ab", 2, 2, "stdin:1:3-4: ERROR: no\nab\n  ~\n"},
		{"behind a last newline", "ab\n", 3, 3, "stdin:2:1-2: ERROR: no\n\n~\n"},
		{"an empty text", "", 0, 0, "stdin:1:1-2: ERROR: no\n\n~\n"},
		{"far behind the end", "ab", 70, 90, "stdin:1:3-4: ERROR: no\nab\n  ~\n"},
		{"a newline at the end is left out", "ab\ncd", 0, 3, "stdin:1:1-3: ERROR: no\nab\n~~\n"},
		{"two lines", "ab {\n\tc\n}\nd", 3, 7, "stdin:1-2: ERROR: no\nab {\n    c\n"},
		{"three lines", "ab {\n\tc\n}\nd", 3, 9, "stdin:1-3: ERROR: no\nab {\n    c\n}\n"},
		{"letters of two bytes", "\xc3\xa4\xc3\xb6 x", 5, 6,
		 "stdin:1:6-7: ERROR: no\n\xc3\xa4\xc3\xb6 x\n   ~\n"},
		{"control characters", "\x1b[31m\x7f x", 7, 8, "stdin:1:8-9: ERROR: no\n?[31m? x\n       ~\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = render_one(rows[i].text, rows[i].start, rows[i].end);

		if (strcmp(text, rows[i].expected) != 0)
			fail_msg("%s:\n%s", rows[i].name, text);
		free(text);
	}
}

static void test_diag_render_long_line_is_shown_around_the_place(void **state)
{
	char line[5001], expected[3000];
	char *text;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	line[3000] = '!';
	text = render_one(line, 3000, 3001);
	snprintf(expected, sizeof(expected), "stdin:1:3001-3002: ERROR: no\n...%.*s...\n   %*s~\n", 1000, line + 2600,
		 400, "");
	assert_string_equal(text, expected);
	free(text);

	/* A place longer than what is shown is marked as far as that goes. */
	text = render_one(line, 0, 5000);
	assert_int_equal(strspn(strrchr(text, '\n') - 1000, "~"), 1000);
	free(text);
}

static void test_diag_render_many_lines_are_shown_in_part(void **state)
{
	char text[101];
	char *rendered;

	(void)state;
	for (size_t i = 0; i < 100; i += 2) {
		text[i] = 'a';
		text[i + 1] = '\n';
	}
	text[100] = '\0';
	rendered = render_one(text, 0, 99);
	assert_string_equal(rendered, "stdin:1-50: ERROR: no\n"
				      "a\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\n...\n");
	free(rendered);
}

static void test_diag_render_errors_come_first_then_warnings_by_place(void **state)
{
	struct source source = source_of("a b c\n");
	struct diag_list list = {.source = &source};
	_cleanup_strbuf_ struct strbuf out = {};

	(void)state;
	diag_warning(&list, (struct span){0, 1}, "late");
	diag_error(&list, (struct span){4, 5}, "third %d", 3);
	diag_hint(&list, "try %s", "d");
	diag_error(&list, (struct span){2, 3}, "second");
	diag_error(&list, (struct span){2, 3}, "second, too");
	diag_error_anywhere(&list, "first");
	assert_int_equal(list.error_count, 4);
	assert_int_equal(list.warning_count, 1);

	diag_render(&list, &(struct diag_style){}, &out);
	assert_string_equal(strbuf_text(&out), "ERROR: first\n"
					       "stdin:1:3-4: ERROR: second\na b c\n  ~\n"
					       "stdin:1:3-4: ERROR: second, too\na b c\n  ~\n"
					       "stdin:1:5-6: ERROR: third 3\na b c\n    ~\nHINT: try d\n"
					       "stdin:1:1-2: WARNING: late\na b c\n~\n");
	strbuf_clear(&out);
	diag_render(&list, &(struct diag_style){.is_quiet = true}, &out);
	assert_null(strstr(strbuf_text(&out), "WARNING"));
	diag_list_deinit(&list);
}

static void test_diag_render_colour_marks_the_severity(void **state)
{
	struct source source = source_of("a");
	struct diag_list list = {.source = &source};
	_cleanup_strbuf_ struct strbuf out = {};

	(void)state;
	diag_error(&list, (struct span){0, 1}, "x");
	diag_warning(&list, (struct span){0, 1}, "y");
	diag_render(&list, &(struct diag_style){.has_colour = true}, &out);
	assert_string_equal(strbuf_text(&out), "stdin:1:1-2: \033[31mERROR\033[0m: x\na\n~\n"
					       "stdin:1:1-2: \033[33mWARNING\033[0m: y\na\n~\n");
	diag_list_deinit(&list);
}

static void test_diag_render_one_puts_the_note_before_the_line(void **state)
{
	struct source source = source_of("print(@a[1])");
	struct diagnostic diagnostic = {
		.severity = DIAG_WARNING,
		.has_place = true,
		.span = {6, 11},
		.message = "no such key",
	};
	_cleanup_strbuf_ struct strbuf out = {};

	(void)state;
	diag_render_one(&source, &diagnostic, "Additional Info", &(struct diag_style){}, &out);
	assert_string_equal(strbuf_text(&out), "stdin:1:7-12: WARNING: no such key\n"
					       "Additional Info\n"
					       "print(@a[1])\n"
					       "      ~~~~~\n");
}

static void test_diag_list_keeps_a_hundred_and_counts_all(void **state)
{
	struct source source = source_of("x");
	struct diag_list list = {.source = &source};
	_cleanup_strbuf_ struct strbuf out = {};
	static const char end[] = "stdin:1:1-2: ERROR: 99\nx\n~\nERROR: 150 more are not shown\n";

	(void)state;
	for (int i = 0; i < 250; i++) {
		diag_error(&list, (struct span){0, 1}, "%d", i);
		if (i >= DIAG_LIST_MAX)
			diag_hint(&list, "of one that was not kept");
	}
	assert_int_equal(list.error_count, 250);
	diag_render(&list, &(struct diag_style){}, &out);
	assert_string_equal(strbuf_text(&out) + out.length - strlen(end), end);
	assert_null(strstr(strbuf_text(&out), "HINT"));
	diag_list_deinit(&list);
}

static void test_diag_locate_counts_from_one(void **state)
{
	struct source source = source_of("ab\n\nc");
	static const unsigned places[][2] = {{1, 1}, {1, 2}, {1, 3}, {2, 1}, {3, 1}, {3, 2}};

	(void)state;
	for (uint32_t offset = 0; offset <= source.size; offset++) {
		unsigned line, column;

		diag_locate(&source, offset, &line, &column);
		assert_int_equal(line, places[offset][0]);
		assert_int_equal(column, places[offset][1]);
	}
}

static void test_diag_contexts_and_frames_follow_their_diagnostic(void **state)
{
	struct source source = source_of("let $x; let $x");
	struct diag_list list = {.source = &source};
	struct diag_frame outer = {.span = {0, 3}};
	struct diag_frame inner = {.outer = &outer, .span = {4, 6}};
	struct strbuf out = {};

	(void)state;
	diag_error(&list, (struct span){8, 14}, "again");
	diag_context(&list, (struct span){0, 6}, "%s", "first");
	diag_hint(&list, "once");
	list.frame = &inner;
	diag_warning(&list, (struct span){12, 14}, "within");
	list.frame = NULL;
	diag_warning(&list, (struct span){13, 14}, "without");
	diag_render(&list, &(struct diag_style){}, &out);
	assert_string_equal(strbuf_text(&out), "stdin:1:9-15: ERROR: again\nlet $x; let $x\n        ~~~~~~\n"
					       "stdin:1:1-7: ERROR: first\nlet $x; let $x\n~~~~~~\n"
					       "HINT: once\n"
					       "stdin:1:13-15: WARNING: within\nlet $x; let $x\n            ~~\n"
					       "stdin:1:5-7: WARNING: expanded from\nlet $x; let $x\n    ~~\n"
					       "stdin:1:1-4: WARNING: expanded from\nlet $x; let $x\n~~~\n"
					       "stdin:1:14-15: WARNING: without\nlet $x; let $x\n             ~\n");
	strbuf_deinit(&out);
	diag_list_deinit(&list);
}

static void test_diag_places_lie_in_one_of_several_sources(void **state)
{
	struct source second = {.name = "b.bt", .text = "x\nyy", .size = 4, .start = 10};
	struct source first = {.name = "a.bt", .text = "one\ntwo", .size = 7, .next = &second};
	struct diag_list list = {.source = &first};
	struct strbuf out = {};
	unsigned line, column;

	(void)state;
	diag_error(&list, (struct span){4, 7}, "in the first");
	diag_error(&list, (struct span){7, 7}, "at its end");
	diag_error(&list, (struct span){10, 11}, "in the second");
	diag_error(&list, (struct span){12, 14}, "in its second line");
	diag_error(&list, (struct span){10, 14}, "over both");
	diag_render(&list, &(struct diag_style){}, &out);
	assert_string_equal(strbuf_text(&out), "a.bt:2:1-4: ERROR: in the first\ntwo\n~~~\n"
					       "a.bt:2:4-5: ERROR: at its end\ntwo\n   ~\n"
					       "b.bt:1:1-2: ERROR: in the second\nx\n~\n"
					       "b.bt:1-2: ERROR: over both\nx\nyy\n"
					       "b.bt:2:1-3: ERROR: in its second line\nyy\n~~\n");
	diag_locate(&first, 12, &line, &column);
	assert_int_equal(line, 2);
	assert_int_equal(column, 1);
	assert_ptr_equal(diag_source_at(&first, 9), &first);
	assert_ptr_equal(diag_source_at(&first, 10), &second);
	strbuf_deinit(&out);
	diag_list_deinit(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diag_render_underlines_the_place),
		cmocka_unit_test(test_diag_render_long_line_is_shown_around_the_place),
		cmocka_unit_test(test_diag_render_many_lines_are_shown_in_part),
		cmocka_unit_test(test_diag_render_errors_come_first_then_warnings_by_place),
		cmocka_unit_test(test_diag_render_colour_marks_the_severity),
		cmocka_unit_test(test_diag_render_one_puts_the_note_before_the_line),
		cmocka_unit_test(test_diag_list_keeps_a_hundred_and_counts_all),
		cmocka_unit_test(test_diag_locate_counts_from_one),
		cmocka_unit_test(test_diag_contexts_and_frames_follow_their_diagnostic),
		cmocka_unit_test(test_diag_places_lie_in_one_of_several_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
