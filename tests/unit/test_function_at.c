/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elf/function.h"
#include "elf/object.h"

/*
 * A piece of assembly with all that makes looking up hard: a function within a
 * function, aliases, a label without a size, a gap that belongs to nobody.
 */
__asm__(".pushsection .text.lookup, \"ax\", @progbits\n"
	".globl lookup_outer, __lookup_alias\n"
	".weak lookup_weak\n"
	".type lookup_outer, @function\n"
	".type __lookup_alias, @function\n"
	".type lookup_weak, @function\n"
	".type lookup_inner, @function\n"
	".type lookup_after, @function\n"
	".type lookup_label, @function\n"
	"lookup_outer: __lookup_alias: lookup_weak:\n"
	".skip 16, 0x90\n"
	"lookup_inner:\n"
	".skip 8, 0x90\n"
	".size lookup_inner, 8\n"
	".skip 8, 0x90\n"
	".size lookup_outer, 32\n"
	".size __lookup_alias, 32\n"
	".size lookup_weak, 32\n"
	".skip 32, 0x90\n"
	"lookup_after:\n"
	".skip 16, 0x90\n"
	".size lookup_after, 16\n"
	"lookup_label:\n"
	".skip 16, 0x90\n"
	".popsection\n");

static struct elf_object *object;
static struct elf_functions *functions;
static uint64_t outer;

static int open_own(void **state)
{
	const struct elf_function *function;

	(void)state;
	assert_null(elf_object_open("/proc/self/exe", &object));
	assert_null(elf_functions_load(object, NULL, &functions));
	function = elf_functions_find(functions, "lookup_outer");
	assert_non_null(function);
	outer = function->vaddr;
	return 0;
}

static int close_own(void **state)
{
	(void)state;
	elf_functions_destroy(functions);
	elf_object_destroy(object);
	return 0;
}

static void assert_covering(uint64_t offset, const char *name)
{
	const struct elf_function *function = elf_functions_at(functions, outer + offset);

	if (!name && function)
		fail_msg("offset %u: %s", (unsigned)offset, function->name);
	if (name && (!function || strcmp(function->name, name) != 0))
		fail_msg("offset %u: %s", (unsigned)offset, function ? function->name : "nothing");
}

static void test_the_innermost_function_covers(void **state)
{
	(void)state;
	assert_covering(0, "lookup_outer"); /* of three names the exported one without underscores */
	assert_covering(15, "lookup_outer");
	assert_covering(16, "lookup_inner");
	assert_covering(23, "lookup_inner");
	assert_covering(24, "lookup_outer"); /* behind the inner one, still in the outer */
	assert_covering(31, "lookup_outer");
	assert_covering(32, NULL); /* nobody's */
	assert_covering(63, NULL);
	assert_covering(64, "lookup_after");
	assert_covering(79, "lookup_after");
	assert_covering(80, "lookup_label"); /* has no size: up to the next symbol */
	assert_covering(95, "lookup_label");
}

static void test_all_names_are_found(void **state)
{
	(void)state;
	assert_int_equal(elf_functions_find(functions, "__lookup_alias")->vaddr, outer);
	assert_int_equal(elf_functions_find(functions, "lookup_weak")->size, 32);
	assert_int_equal(elf_functions_find(functions, "lookup_inner")->vaddr, outer + 16);
	assert_int_equal(elf_functions_find(functions, "lookup_label")->size, 0);
	assert_null(elf_functions_find(functions, "lookup"));
}

static void test_they_are_in_order(void **state)
{
	(void)state;
	for (size_t i = 1; i < functions->count; i++) {
		assert_true(functions->by_address[i - 1]->vaddr <= functions->by_address[i]->vaddr);
		assert_true(functions->reach[i - 1] <= functions->reach[i]);
	}
	assert_null(elf_functions_at(functions, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_innermost_function_covers),
		cmocka_unit_test(test_all_names_are_found),
		cmocka_unit_test(test_they_are_in_order),
	};

	return cmocka_run_group_tests(tests, open_own, close_own);
}
