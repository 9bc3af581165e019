/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <elf.h>

#include <usdtrap/probe.h>

#include "base/strbuf.h"

#define FOREIGN "operands of ELF machine 183 with 64-bit addresses are not understood"

static const struct {
	const char *name;
	unsigned machine;
	const char *arguments;
	const char *expected; /* a line for each: size, s or u or f, place, reason */
} rows[] = {
	{"none", EM_X86_64, "", ""},
	{"several", EM_X86_64, "8@%rdi -4@112(%rsp) 4f@%eax 1@$0", "8 u %rdi\n4 s 112(%rsp)\n4 f %eax\n1 u $0\n"},
	{"symbol, unresolved", EM_X86_64, "-4@NBuffers(%rip)", "4 s NBuffers(%rip)\n"},
	{"@ inside an operand", EM_X86_64, "8@x@tpoff(%rax)", "8 u x@tpoff(%rax)\n"},
	{"no size", EM_X86_64, "%rdi", "0 u %rdi\n"},
	{"foreign, none", EM_AARCH64, "", ""},
	{"foreign", EM_AARCH64, "-4@x1  8f@d0", "4 s x1: " FOREIGN "\n8 f d0: " FOREIGN "\n"},
	{"foreign, blank inside", EM_AARCH64, "8@[sp, 16] 4@[x0,  8] ",
	 "8 u [sp, 16]: " FOREIGN "\n4 u [x0,  8]: " FOREIGN "\n"},
	{"foreign, no size", EM_AARCH64, " x0", "0 u x0: " FOREIGN "\n"},
	{"foreign, size 0", EM_AARCH64, "0@x0", "0 u 0@x0: " FOREIGN "\n"},
	{"foreign, immense size", EM_AARCH64, "99999999999@x0", "0 u 99999999999@x0: " FOREIGN "\n"},
	{"foreign, sign alone", EM_AARCH64, "- -@ 1@", "0 u - -@: " FOREIGN "\n1 u : " FOREIGN "\n"},
};

static struct usdtrap_error *describe(unsigned machine, const char *arguments, size_t site,
				      struct usdtrap_argument_info **ret, size_t *ret_count)
{
	struct usdtrap_site_info info = {.vaddr = 0x1000, .arguments = arguments};
	struct usdtrap_probe_info probe = {
		.full_name = "usdt:/a:b:c", .sites = &info, .site_count = 1, .machine = machine, .address_bits = 64};

	return usdtrap_arguments_describe(&probe, site, ret, ret_count);
}

static void test_arguments_are_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		struct usdtrap_argument_info *arguments;
		size_t count;

		assert_null(describe(rows[i].machine, rows[i].arguments, 0, &arguments, &count));
		for (size_t j = 0; j < count; j++)
			strbuf_addf(&out, "%u %c %s%s%s\n", arguments[j].size,
				    arguments[j].is_float    ? 'f'
				    : arguments[j].is_signed ? 's'
							     : 'u',
				    arguments[j].place, arguments[j].reason ? ": " : "",
				    arguments[j].reason ? arguments[j].reason : "");
		free(arguments);
		if (strcmp(strbuf_text(&out), rows[i].expected) != 0)
			fail_msg("%s:\n%snot\n%s", rows[i].name, strbuf_text(&out), rows[i].expected);
	}
}

static void test_arguments_one_that_is_not_understood_has_a_reason(void **state)
{
	struct usdtrap_argument_info *arguments;
	size_t count;

	(void)state;
	assert_null(describe(EM_X86_64, "8@%rdi 4@%bogus 2@%ax", 0, &arguments, &count));
	assert_int_equal(count, 3);
	assert_null(arguments[0].reason);
	assert_string_equal(arguments[1].place, "%bogus");
	assert_int_equal(arguments[1].size, 4);
	assert_non_null(arguments[1].reason);
	assert_null(arguments[2].reason);
	free(arguments);
}

static void test_arguments_of_a_site_that_is_not_there_are_refused(void **state)
{
	struct usdtrap_argument_info *arguments = NULL;
	size_t count = 7;
	struct usdtrap_error *error = describe(EM_X86_64, "", 1, &arguments, &count);

	(void)state;
	assert_int_equal(usdtrap_error_code(error), USDTRAP_INVALID_USE);
	assert_string_equal(usdtrap_error_message(error), "usdt:/a:b:c has 1 sites, none with index 1");
	assert_null(arguments);
	assert_int_equal(count, 7);
	usdtrap_error_destroy(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments_are_told_apart),
		cmocka_unit_test(test_arguments_one_that_is_not_understood_has_a_reason),
		cmocka_unit_test(test_arguments_of_a_site_that_is_not_there_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
