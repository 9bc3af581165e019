/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "cli/pattern.h"

static const char *shown(const char *text)
{
	return text ? text : "-";
}

/* Each pattern in words, separated by "; ". */
static void describe(const struct pattern_list *list, struct strbuf *out)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct pattern *pattern = &list->patterns[i];

		strbuf_addf(out, "%s", i ? "; " : "");
		if (pattern->is_usdt)
			strbuf_addf(out, "usdt %s %s %s", shown(pattern->usdt.target), shown(pattern->usdt.provider),
				    shown(pattern->usdt.name));
		if (pattern->interval_unit)
			strbuf_addf(out, "%sinterval %s", pattern->is_usdt ? ", " : "", pattern->interval_unit);
		if (!pattern->is_usdt && !pattern->interval_unit)
			strbuf_addf(out, "nothing of %s", pattern->text);
	}
}

static void test_pattern_forms_are_taken_apart(void **state)
{
	/* "-" stands for a part that was not named; any will do. */
	static const struct {
		const char *text;
		bool with_process;
		const char *expected;
	} rows[] = {
		{"usdt:/bin/x:p:n", false, "usdt /bin/x p n"},
		{"usdt:/bin/x:n", false, "usdt /bin/x - n"},
		{"usdt:/bin/x", false, "usdt /bin/x - -"},
		{"usdt:x:*", false, "usdt x - *"},
		{"U:libx:n", false, "usdt libx - n"},
		{"USDT:/bin/x:n", false, "usdt /bin/x - n"},
		{"usdt", true, "usdt - - -"},
		{"usdt:n*", true, "usdt - - n*"},
		{"usdt:n*", false, "usdt n* - -"},
		{"usdt:/bin/x", true, "usdt /bin/x - -"},
		{"usdt:*:n", true, "usdt * - n"},
		{"usdt::p:n", true, "usdt  p n"},
		{"/bin/x", false, "usdt /bin/x - -"},
		{"./x:n", false, "usdt ./x - n"},
		{"/bin/*:p:n", false, "usdt /bin/* p n"},
		{"*", true, "usdt - - *, interval *"},
		{"*", false, "interval *"},
		{"*gc*", true, "usdt - - *gc*, interval *gc*"},
		{"gc", true, "usdt - - gc, interval gc"},
		{"x.bt", false, "interval x.bt"},
		{"*:/dev/null:n", false, "usdt /dev/null - n, interval /dev/null"},
		{"*:/no/such/file:n", false, "interval /no/such/file"},
		{"k*:x", false, "nothing of k*:x"},
		{"interval", false, "interval *"},
		{"i:m*", false, "interval m*"},
		{"interval:s:1", false, "interval s"},
		{"usdt:/bin/x:n,i:s", false, "usdt /bin/x - n; interval s"},
		{"usdt:\"/a:b,c\":n", false, "usdt /a:b,c - n"},
		{"usdt:\"/a\\\"b\":n", false, "usdt /a\"b - n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_strbuf_ struct strbuf said = {0};
		struct pattern_list list;
		struct usdtrap_error *error = pattern_list_parse(rows[i].text, rows[i].with_process, &list);

		if (error)
			fail_msg("%s: %s", rows[i].text, usdtrap_error_message(error));
		describe(&list, &said);
		pattern_list_deinit(&list);
		if (strcmp(strbuf_text(&said), rows[i].expected) != 0)
			fail_msg("%s: \"%s\"", rows[i].text, strbuf_text(&said));
	}
}

static void test_pattern_wrong_ones_are_explained(void **state)
{
	static const struct {
		const char *text, *message, *hint;
	} rows[] = {
		{"usdt:a:b:c:d", "'usdt:a:b:c:d' has too many parts", "a probe is usdt:FILE:PROVIDER:NAME"},
		{"i:s,usdt:\"a", "'usdt:\"a' opens a quote and does not close it", NULL},
		{"kprobe:x", "usdtrap lists no kprobe probes", "usdt and interval probes can be listed"},
		{"kr:x", "usdtrap lists no kretprobe probes", "usdt and interval probes can be listed"},
		{"usdr:/bin/x", "Invalid probe type: usdr", "did you mean usdt?"},
		{"python3:x", "Invalid probe type: python3", "the probes of a program are usdt:PROGRAM:*"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pattern_list list;
		struct usdtrap_error *error = pattern_list_parse(rows[i].text, false, &list);

		if (!error)
			fail_msg("%s: was accepted", rows[i].text);
		if (strcmp(usdtrap_error_message(error), rows[i].message) != 0)
			fail_msg("%s: %s", rows[i].text, usdtrap_error_message(error));
		if (rows[i].hint)
			assert_string_equal(usdtrap_error_hint(error), rows[i].hint);
		else
			assert_null(usdtrap_error_hint(error));
		usdtrap_error_destroy(error);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pattern_forms_are_taken_apart),
		cmocka_unit_test(test_pattern_wrong_ones_are_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
