/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/flame_html.h"
#include "cli/flame_tree.h"

static const struct usdtrap_frame main_frame = {.symbol = "main"}, left = {.symbol = "left"},
				  odd = {.symbol = "a<b>;\"c\""}, stripped = {.path = "/usr/lib/libx.so.1"},
				  vdso = {.path = "[vdso]"}, nowhere = {.address = 0x1000};

/* Frames are given the innermost first, as stacks have them. */
static const struct usdtrap_frame *const frames[][3] = {
	{&left, &main_frame},
	{&main_frame},
	{&odd, &stripped, &main_frame},
	{&vdso, &nowhere},
};
static const struct usdtrap_stack stacks[] = {
	{.frame_count = 2, .frames = frames[0]},
	{.frame_count = 1, .frames = frames[1]},
	{.frame_count = 3, .frames = frames[2]},
	{.frame_count = 2, .frames = frames[3]},
};

static void fill(struct flame_tree *tree)
{
	for (unsigned i = 0; i < 5; i++)
		flame_tree_add(tree, "one", &stacks[0]);
	flame_tree_add(tree, "one", &stacks[1]);
	flame_tree_add(tree, "two", &stacks[0]);
	flame_tree_add(tree, "one", &stacks[2]);
	flame_tree_add(tree, "", &stacks[3]);
}

/* C++ names are as they were written, where there is a C++ runtime library to read them. */
static void test_names_of_cplusplus_are_readable(void **state)
{
	static const struct usdtrap_frame mangled = {.symbol = "_ZN4shop4sellEi"};
	static const struct usdtrap_frame *const frame[] = {&mangled};
	static const struct usdtrap_stack stack = {.frame_count = 1, .frames = frame};
	struct flame_tree tree = {0};
	struct strbuf text = {0};
	char *demangled = usdtrap_demangle(mangled.symbol);

	(void)state;
	flame_tree_add(&tree, "one", &stack);
	flame_tree_fold(&tree, &text);
	if (demangled)
		assert_string_equal(strbuf_text(&text), "one;shop::sell(int) 1\n");
	else
		assert_string_equal(strbuf_text(&text), "one;_ZN4shop4sellEi 1\n");
	free(demangled);
	strbuf_deinit(&text);
	flame_tree_deinit(&tree);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void test_stacks_are_folded(void **state)
{
	static const char *const expected[] = {
		"?;[unknown];[vdso] 1", "one;main 1",      "one;main;[libx.so.1];a<b>:\"c\" 1",
		"one;main;left 5",      "two;main;left 1",
	};
	struct flame_tree tree = {0};
	struct strbuf text = {0};
	char *lines[8], *rest;
	size_t count = 0;

	(void)state;
	fill(&tree);
	flame_tree_fold(&tree, &text);
	for (rest = text.text; (lines[count] = strsep(&rest, "\n")) && *lines[count]; count++)
		;
	assert_int_equal(count, sizeof(expected) / sizeof(expected[0]));
	qsort(lines, count, sizeof(lines[0]), compare_lines);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(lines[i], expected[i]);
	assert_int_equal(tree.total, 9);
	assert_int_equal(flame_node_total(&tree.root), 9);
	strbuf_deinit(&text);
	flame_tree_deinit(&tree);
}

static void test_a_page_is_one_script_that_nothing_ends_early(void **state)
{
	struct flame_tree tree = {0};
	struct strbuf page = {0};
	const char *data;

	(void)state;
	fill(&tree);
	flame_html_add(&page, &tree, "of </title> & more");
	data = strstr(page.text, "const data=");
	assert_non_null(data);
	assert_non_null(strstr(data, "[\"left\",5,[]]"));
	assert_non_null(strstr(data, "\"a\\u003cb\\u003e:\\\"c\\\"\""));
	assert_non_null(strstr(page.text, "<title>of &lt;/title> &amp; more</title>"));
	assert_ptr_equal(strstr(page.text, "</script>"), strstr(data, "</script>"));
	assert_string_equal(page.text + page.length - strlen("</html>\n"), "</html>\n");
	strbuf_deinit(&page);
	flame_tree_deinit(&tree);
}

static void test_nothing_is_an_empty_graph(void **state)
{
	struct flame_tree tree = {0};
	struct strbuf text = {0};

	(void)state;
	flame_tree_fold(&tree, &text);
	assert_int_equal(text.length, 0);
	flame_html_add(&text, &tree, "nothing");
	assert_non_null(strstr(text.text, "const data=[\"all\",0,[]];"));
	strbuf_deinit(&text);
	flame_tree_deinit(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks_are_folded),
		cmocka_unit_test(test_names_of_cplusplus_are_readable),
		cmocka_unit_test(test_a_page_is_one_script_that_nothing_ends_early),
		cmocka_unit_test(test_nothing_is_an_empty_graph),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
