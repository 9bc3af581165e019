/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "support/elf_writer.h"
#include "trace/probes.h"

static struct usdtrap_error *load(struct elf_writer *writer, probes_problem_fn on_problem, void *user,
				  struct probes **ret)
{
	struct elf_object *object;
	struct usdtrap_error *error;
	size_t size;
	char *file = elf_writer_finish(writer, &size);

	assert_null(elf_object_open_memory(file, size, "file", &object));
	error = probes_load(object, "/bin/app", on_problem, user, ret);
	/* Gone at once: what was loaded must not need them. */
	elf_object_destroy(object);
	free(file);
	return error;
}

static struct probes *load_sound(struct elf_writer *writer)
{
	struct probes *probes;

	assert_null(load(writer, NULL, NULL, &probes));
	return probes;
}

static void expect_probes(const struct probes *probes, const char *expected)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	for (size_t i = 0; i < probes->count; i++) {
		const struct usdtrap_probe_info *probe = &probes->items[i];

		strbuf_addf(&out, "%s | %s %s %s", probe->full_name, probe->path, probe->provider, probe->name);
		for (size_t j = 0; j < probe->site_count; j++)
			strbuf_addf(&out, " | 0x%llx 0x%llx %s", (unsigned long long)probe->sites[j].vaddr,
				    (unsigned long long)probe->sites[j].semaphore_vaddr, probe->sites[j].arguments);
		strbuf_add_char(&out, '\n');
	}
	assert_string_equal(strbuf_text(&out), expected);
}

static void test_probes_are_grouped_and_sorted(void **state)
{
	struct elf_writer writer = {.is_32_bit = true, .machine = EM_ARM};
	struct probes *probes;

	(void)state;
	elf_writer_probe(&writer, "b", "x", 0x1003, 0, "");
	elf_writer_probe(&writer, "b", "two", 0x1002, 0x3000, "4@r1");
	elf_writer_probe(&writer, "a", "z", 0x1004, 0, "");
	elf_writer_probe(&writer, "b", "two", 0x1001, 0x3000, "4@r2 4@r3");
	elf_writer_probe(&writer, "a-b", "y", 0x1005, 0, "");
	probes = load_sound(&writer);
	/* As text '-' comes before ':', so "a-b:y" comes before "a:z". */
	expect_probes(probes, "usdt:/bin/app:a-b:y | /bin/app a-b y | 0x1005 0x0 \n"
			      "usdt:/bin/app:a:z | /bin/app a z | 0x1004 0x0 \n"
			      "usdt:/bin/app:b:two | /bin/app b two | 0x1001 0x3000 4@r2 4@r3 | 0x1002 0x3000 4@r1\n"
			      "usdt:/bin/app:b:x | /bin/app b x | 0x1003 0x0 \n");
	assert_int_equal(probes->items[0].machine, EM_ARM);
	assert_int_equal(probes->items[0].address_bits, 32);
	probes_destroy(probes);
}

static void test_probes_two_notes_of_one_address_are_one_site(void **state)
{
	struct elf_writer writer = {0};
	struct probes *probes;

	(void)state;
	elf_writer_probe(&writer, "p", "n", 0x1001, 0, "first");
	elf_writer_probe(&writer, "p", "m", 0x1001, 0, "another probe");
	elf_writer_probe(&writer, "p", "n", 0x1001, 0, "second");
	probes = load_sound(&writer);
	expect_probes(probes, "usdt:/bin/app:p:m | /bin/app p m | 0x1001 0x0 another probe\n"
			      "usdt:/bin/app:p:n | /bin/app p n | 0x1001 0x0 first\n");
	probes_destroy(probes);
}

static void test_probes_colons_in_a_provider_do_not_mix_it_with_another(void **state)
{
	struct elf_writer writer = {0};
	struct probes *probes;

	(void)state;
	elf_writer_probe(&writer, "a:b", "c", 0x1001, 0, "");
	elf_writer_probe(&writer, "a", "b:c", 0x1002, 0, "");
	elf_writer_probe(&writer, "a:b", "c", 0x1003, 0, "");
	probes = load_sound(&writer);
	expect_probes(probes, "usdt:/bin/app:a:b:c | /bin/app a b:c | 0x1002 0x0 \n"
			      "usdt:/bin/app:a:b:c | /bin/app a:b c | 0x1001 0x0  | 0x1003 0x0 \n");
	probes_destroy(probes);
}

static void test_probes_many_are_all_there(void **state)
{
	struct elf_writer writer = {0};
	struct probes *probes;
	char name[16];

	(void)state;
	for (int i = 999; i >= 0; i--) {
		snprintf(name, sizeof(name), "n%03d", i % 500);
		elf_writer_probe(&writer, "p", name, 0x1000 + (uint64_t)i % 256, 0, "");
	}
	probes = load_sound(&writer);
	assert_int_equal(probes->count, 500);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "n%03d", i);
		assert_string_equal(probes->items[i].name, name);
		assert_int_equal(probes->items[i].site_count, 2);
	}
	probes_destroy(probes);
}

static void count_problem(const struct usdtrap_error *problem, void *user)
{
	assert_int_equal(usdtrap_error_code(problem), USDTRAP_BAD_ELF);
	++*(int *)user;
}

static void test_probes_broken_notes_are_passed_on(void **state)
{
	struct elf_writer writer = {0};
	struct probes *probes = NULL;
	struct usdtrap_error *error;
	int count = 0;

	(void)state;
	elf_writer_note(&writer, "stapsdt", 3, "short", 5);
	elf_writer_probe(&writer, "p", "n", 0x1001, 0, "");
	assert_null(load(&writer, count_problem, &count, &probes));
	assert_int_equal(count, 1);
	assert_int_equal(probes->count, 1);
	probes_destroy(probes);

	probes = NULL;
	elf_writer_note(&writer, "stapsdt", 3, "short", 5);
	error = load(&writer, NULL, NULL, &probes);
	assert_string_equal(usdtrap_error_message(error), "file: none of its probe notes can be used");
	assert_null(probes);
	usdtrap_error_destroy(error);
}

static const struct {
	const char *provider, *name;
	bool is_match; /* with python:gc__start */
} patterns[] = {
	{NULL, NULL, true},         {"", "", true},          {"python", "gc__start", true}, {"*", "*", true},
	{NULL, "gc__*", true},      {"py*", NULL, true},     {"", "gc__[sd]*", true},       {"Python", NULL, false},
	{NULL, "gc__?tart", false}, {"python", "gc", false}, {"pyth", "gc__start", false},
};

static void test_probes_match_by_provider_and_name(void **state)
{
	const struct usdtrap_probe_info probe = {.provider = "python", .name = "gc__start"};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct usdtrap_pattern pattern = {.provider = patterns[i].provider, .name = patterns[i].name};

		if (probes_match(&pattern, &probe) != patterns[i].is_match)
			fail_msg("%s:%s", patterns[i].provider, patterns[i].name);
	}
}

static const struct {
	const char *provider, *name;
	const char *message;
	const char *hint;
} missing[] = {
	{NULL, "gc_start", "/bin/app: no USDT probe is called gc_start", "did you mean python:gc__start?"},
	{"python", "gc__strat", "/bin/app: no USDT probe is called python:gc__strat", "did you mean python:gc__start?"},
	{"pyhton", "gc__start", "/bin/app: no USDT probe is called pyhton:gc__start", "did you mean python:gc__start?"},
	{"java", "gc__start", "/bin/app: no USDT probe is called java:gc__start", "did you mean python:gc__start?"},
	{NULL, "method*", "/bin/app: no USDT probe is called method*",
	 "it has python:audit, python:function__entry, python:gc__done and 2 more"},
	{"ruby", NULL, "/bin/app: no USDT probe is called ruby:*",
	 "it has python:audit, python:function__entry, python:gc__done and 2 more"},
};

static void expect_no_match(const struct probes *probes, const struct usdtrap_pattern *pattern, const char *message,
			    const char *hint)
{
	struct usdtrap_error *error = probes_explain_no_match(probes, pattern);

	assert_string_equal(usdtrap_error_message(error), message);
	assert_string_equal(usdtrap_error_hint(error), hint);
	assert_int_equal(usdtrap_error_code(error), USDTRAP_NOT_FOUND);
	usdtrap_error_destroy(error);
}

static void test_probes_no_match_names_the_nearest(void **state)
{
	struct elf_writer writer = {0};
	struct probes *probes;

	(void)state;
	elf_writer_probe(&writer, "python", "audit", 0x1000, 0, "");
	elf_writer_probe(&writer, "python", "function__entry", 0x1001, 0, "");
	elf_writer_probe(&writer, "python", "gc__start", 0x1002, 0, "");
	elf_writer_probe(&writer, "python", "gc__done", 0x1003, 0, "");
	elf_writer_probe(&writer, "python", "line", 0x1004, 0, "");
	probes = load_sound(&writer);
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		struct usdtrap_pattern pattern = {.provider = missing[i].provider, .name = missing[i].name};

		expect_no_match(probes, &pattern, missing[i].message, missing[i].hint);
	}
	probes_destroy(probes);
}

static void test_probes_no_match_lists_the_few_there_are(void **state)
{
	static const char *const hints[] = {"it has p:a", "it has p:a and p:b", "it has p:a, p:b and p:c",
					    "it has p:a, p:b, p:c and p:d", "it has p:a, p:b, p:c and 2 more"};
	struct usdtrap_pattern pattern = {.name = "something"};

	(void)state;
	for (int count = 1; count <= 5; count++) {
		struct elf_writer writer = {0};
		struct probes *probes;

		for (int i = 0; i < count; i++)
			elf_writer_probe(&writer, "p", (char[]){(char)('a' + i), '\0'}, 0x1000, 0, "");
		probes = load_sound(&writer);
		expect_no_match(probes, &pattern, "/bin/app: no USDT probe is called something", hints[count - 1]);
		probes_destroy(probes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probes_are_grouped_and_sorted),
		cmocka_unit_test(test_probes_two_notes_of_one_address_are_one_site),
		cmocka_unit_test(test_probes_colons_in_a_provider_do_not_mix_it_with_another),
		cmocka_unit_test(test_probes_many_are_all_there),
		cmocka_unit_test(test_probes_broken_notes_are_passed_on),
		cmocka_unit_test(test_probes_match_by_provider_and_name),
		cmocka_unit_test(test_probes_no_match_names_the_nearest),
		cmocka_unit_test(test_probes_no_match_lists_the_few_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
