/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/glob.h"
#include "trace/runtimes.h"

static void assert_sentence(const char *text)
{
	assert_non_null(text);
	assert_true(strlen(text) > 0);
	assert_null(strpbrk(text, "\n\t"));
	assert_null(strstr(text, "  "));
}

static void test_runtimes_rows_are_complete(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct runtime *row = runtimes; row->file; row++, count++) {
		const bool has_value = row->condition == RUNTIME_ENVIRONMENT || row->condition == RUNTIME_ARGUMENTS;

		print_message("%s, %s\n", row->file, row->name);
		assert_non_null(row->provider);
		assert_non_null(row->name);
		assert_int_equal(row->value != NULL, has_value);
		assert_sentence(row->fact.title);
		assert_sentence(row->fact.text);
		assert_int_equal(row->fact.text[strlen(row->fact.text) - 1], '.');
		assert_sentence(row->fact.next);
		assert_sentence(row->fact.source);
	}
	assert_true(count > 10);
}

/* What a file and a probe must, or must not, be found by: wildcards are easily wider than they were meant. */
static const struct {
	const char *file, *provider, *name;
	enum runtime_condition condition;
	size_t count;
} examples[] = {
	{"/usr/bin/python3.11", "python", "function__entry", RUNTIME_ALWAYS, 1},
	{"/usr/bin/python3.11", "python", "gc__start", RUNTIME_ALWAYS, 0},
	{"/usr/lib/libpython3.12.so.1.0", "python", "function__return", RUNTIME_NO_SUCH_PROBE, 1},
	{"/usr/bin/python3.10", "python", "function__return", RUNTIME_NO_SUCH_PROBE, 0},
	{"/usr/bin/python3.15", "python", "function__return", RUNTIME_NO_SUCH_PROBE, 0},
	{"/usr/bin/php8.2", "php", "function__entry", RUNTIME_ENVIRONMENT, 1},
	{"/usr/bin/php8.2", "php", "compile__file__entry", RUNTIME_ENVIRONMENT, 1},
	{"/usr/bin/php8.2", "php", "execute__return", RUNTIME_ENVIRONMENT, 1},
	{"/usr/bin/php8.2", "php", "exception__thrown", RUNTIME_ENVIRONMENT, 0},
	{"/usr/bin/php8.2", "php", "request__startup", RUNTIME_ENVIRONMENT, 0},
	{"/usr/lib/jvm/x/lib/server/libjvm.so", "hotspot", "method__entry", RUNTIME_ARGUMENTS, 1},
	{"/usr/lib/jvm/x/lib/server/libjvm.so", "hotspot", "gc__begin", RUNTIME_ARGUMENTS, 0},
	{"/lib/x86_64-linux-gnu/libruby-3.1.so.3.1", "ruby", "method__entry", RUNTIME_ALWAYS, 1},
	{"/lib/x86_64-linux-gnu/libruby-3.1.so.3.1", "ruby", "cmethod__entry", RUNTIME_ALWAYS, 0},
	{"/usr/bin/node", "node", "gc__start", RUNTIME_NO_PROBES, 1},
};

static void test_runtimes_wildcards_mean_what_they_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		size_t count = 0;

		for (const struct runtime *row = runtimes; row->file; row++)
			count += row->condition == examples[i].condition && glob_match(row->file, examples[i].file) &&
				 glob_match(row->provider, examples[i].provider) &&
				 glob_match(row->name, examples[i].name);
		print_message("%s %s\n", examples[i].file, examples[i].name);
		assert_int_equal(count, examples[i].count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runtimes_rows_are_complete),
		cmocka_unit_test(test_runtimes_wildcards_mean_what_they_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
