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
		for (unsigned type = 0; type < PATTERN_TYPE_COUNT; type++) {
			if (pattern->wants[type])
				strbuf_addf(out, "%s ", pattern_type_name((enum pattern_type)type));
		}
		if (pattern->wants[PATTERN_USDT] || pattern->wants[PATTERN_UPROBE] || pattern->wants[PATTERN_URETPROBE])
			strbuf_addf(out, "%s %s %s", shown(pattern->user.target), shown(pattern->user.provider),
				    shown(pattern->user.name));
		if (pattern->wants[PATTERN_INTERVAL] || pattern->wants[PATTERN_PROFILE])
			strbuf_addf(out, "%s", pattern->unit);
		if (pattern->wants[PATTERN_TRACEPOINT])
			strbuf_addf(out, " %s %s", shown(pattern->category), pattern->event);
	}
}

/* covers: probe-usdt-process probe-wildcard */
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
		{"uprobe:/bin/x:f*", false, "uprobe /bin/x - f*"},
		{"u:f", true, "uprobe - - f"},
		{"ur:/bin/x:f", false, "uretprobe /bin/x - f"},
		{"URetProbe:/bin/x:f", false, "uretprobe /bin/x - f"},
		{"*", true, "interval profile tracepoint uprobe usdt - - ** - *"},
		{"*", false, "interval profile tracepoint * - *"},
		{"*gc*", true, "interval profile tracepoint uprobe usdt - - *gc**gc* - *gc*"},
		{"gc", true, "interval profile tracepoint uprobe usdt - - gcgc - gc"},
		{"x.bt", false, "interval profile tracepoint x.bt - x.bt"},
		{"*:/dev/null:n", false, "interval profile tracepoint uprobe usdt /dev/null - n/dev/null /dev/null n"},
		{"*:/no/such/file:n", false, "interval profile tracepoint /no/such/file /no/such/file n"},
		{"u*:/dev/null:n", false, "uprobe usdt /dev/null - n"},
		{"ur*:/dev/null:n", false, ""},
		{"k*:x", false, ""},
		{"p:hz:99", false, "profile hz"},
		{"t", false, "tracepoint  - *"},
		{"t:syscalls", false, "tracepoint  - syscalls"},
		{"tracepoint:sys*:*open", false, "tracepoint  sys* *open"},
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
		{"kprobe:x", "usdtrap lists no kprobe probes",
		 "those of interval, profile, tracepoint, uprobe, uretprobe and usdt can be listed"},
		{"kr:x", "usdtrap lists no kretprobe probes",
		 "those of interval, profile, tracepoint, uprobe, uretprobe and usdt can be listed"},
		{"software", "usdtrap lists no software probes",
		 "those of interval, profile, tracepoint, uprobe, uretprobe and usdt can be listed"},
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
