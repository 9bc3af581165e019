/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <usdtrap/stack.h>

#include "base/strbuf.h"
#include "elf/demangle.h"
#include "lang/print.h"
#include "lang/type.h"
#include "lang/value.h"

static const struct usdtrap_frame named = {
	.address = 0x5649feec4090,
	.symbol = "readline",
	.offset = 91,
	.path = "/bin/bash",
	.build_id = "0123abcd",
	.file_offset = 0xa4090,
};
static const struct usdtrap_frame nameless = {.address = 0x7f0000001000, .path = "/lib/libc.so.6"};
static const struct usdtrap_frame nowhere = {.address = 0x1};
static const struct usdtrap_frame *const frames[] = {&named, &nameless, &nowhere};
static const struct usdtrap_stack stack = {.pid = 7, .frame_count = 3, .frames = frames};

static void test_print_stack_in_each_mode(void **state)
{
	static const struct {
		enum type_stack_mode mode;
		const char *text;
	} rows[] = {
		{TYPE_STACK_BPFTRACE, "\n        readline+91\n        0x7f0000001000\n        0x1\n"},
		{TYPE_STACK_PERF, "\n\t5649feec4090 readline+91 (/bin/bash)\n\t7f0000001000 0x7f0000001000 "
				  "(/lib/libc.so.6)\n\t1 0x1 ([unknown])\n"},
		{TYPE_STACK_RAW, "\n5649feec4090\n7f0000001000\n1\n"},
		{TYPE_STACK_BUILD_ID, "\n        0123abcd 0xa4090\n        0x7f0000001000\n        0x1\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct type type = {.kind = TYPE_STACK, .size = 8, .stack_mode = rows[i].mode};
		_cleanup_strbuf_ struct strbuf out = {0};

		print_value(value_stack(&stack), &type, "", &out);
		assert_string_equal(strbuf_text(&out), rows[i].text);
	}
}

static void test_print_stack_shows_names_of_cpp(void **state)
{
	static const struct usdtrap_frame mangled = {.address = 0x10, .symbol = "_ZN2ns1fEi", .offset = 3};
	static const struct usdtrap_frame *const mangled_frames[] = {&mangled};
	static const struct usdtrap_stack one = {.pid = 7, .frame_count = 1, .frames = mangled_frames};

	(void)state;
	for (int demangles = 0; demangles < 2; demangles++) {
		const struct type type = {.kind = TYPE_STACK, .size = 8, .demangles = demangles};
		bool is_shown = demangles && demangle_is_possible();
		_cleanup_strbuf_ struct strbuf out = {0};

		print_value(value_stack(&one), &type, "", &out);
		assert_string_equal(strbuf_text(&out),
				    is_shown ? "\n        ns::f(int)+3\n" : "\n        _ZN2ns1fEi+3\n");
	}
}

static void test_print_stack_of_nothing_is_nothing(void **state)
{
	const struct type type = {.kind = TYPE_STACK, .size = 8};
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	print_value(value_stack(NULL), &type, "", &out);
	assert_string_equal(strbuf_text(&out), "");
}

static void test_stacks_are_ordered_by_frames_then_process(void **state)
{
	const struct usdtrap_stack shorter = {.pid = 7, .frame_count = 2, .frames = frames};
	const struct usdtrap_stack other = {.pid = 8, .frame_count = 3, .frames = frames};
	const struct usdtrap_stack lower = {.pid = 7, .frame_count = 1, .frames = frames + 2};

	(void)state;
	assert_int_equal(value_compare(value_stack(&stack), value_stack(&stack)), 0);
	assert_int_equal(value_compare(value_stack(&shorter), value_stack(&stack)), -1);
	assert_int_equal(value_compare(value_stack(&other), value_stack(&stack)), 1);
	assert_int_equal(value_compare(value_stack(&lower), value_stack(&stack)), -1);
	assert_int_equal(value_compare(value_stack(NULL), value_stack(&lower)), -1);
	assert_int_equal(value_compare(value_stack(&lower), value_stack(NULL)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_stack_in_each_mode),
		cmocka_unit_test(test_print_stack_shows_names_of_cpp),
		cmocka_unit_test(test_print_stack_of_nothing_is_nothing),
		cmocka_unit_test(test_stacks_are_ordered_by_frames_then_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
