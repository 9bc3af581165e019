/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/insn.h"

static const struct {
	const char *bytes;
	size_t available;
	size_t length; /* 0: no instruction */
	const char *text;
} instructions[] = {
	{"\x90", 1, 1, "nop"},
	{"\xcc", 1, 1, "int3"},
	{"\xcc\x90\x90", 3, 1, "int3"},
	{"\xc3", 1, 1, "retq"},
	{"\xf3\x0f\x1e\xfa", 4, 4, "endbr64"},
	{"\x48\x89\xe5", 3, 3, "movq %rsp, %rbp"},
	{"\x89\x44\x24\xfc", 4, 4, "movl %eax, -4(%rsp)"},
	{"\xe8\x0b\x00\x00\x00", 5, 5, "callq 0x401010"},
	{"\x0f\x1f\x44\x00\x00", 5, 5, "nopl (%rax, %rax)"},
	{"\xe8\x0b\x00", 3, 0, ""}, /* cut off */
	{"\x06", 1, 0, ""},         /* not in 64-bit mode */
	{"", 0, 0, ""},
};

static void test_insn_decode_reads_one_instruction(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
		struct insn insn = {0};
		bool is_decoded = insn_decode(&arch_x86_64, (const uint8_t *)instructions[i].bytes,
					      instructions[i].available, 0x401000, &insn);

		assert_int_equal(is_decoded, instructions[i].length != 0);
		assert_int_equal(insn.length, instructions[i].length);
		assert_string_equal(insn.text, instructions[i].text);
	}
}

static void test_insn_decode_unknown_architecture_is_refused(void **state)
{
	struct arch other = arch_x86_64;
	struct insn insn;

	(void)state;
	other.elf_machine = 0;
	assert_false(insn_decode(&other, (const uint8_t *)"\x90", 1, 0, &insn));
}

static void test_what_an_instruction_names_is_told(void **state)
{
	static const struct {
		const char *bytes;
		size_t available;
		uint64_t target; /* 0: none */
		bool is_jump;
	} rows[] = {
		{"\xe8\x0b\x00\x00\x00", 5, 0x401010, true},          /* callq */
		{"\x74\xfe", 2, 0x401000, true},                      /* je, to itself */
		{"\x48\x8d\x3d\xf9\xff\xff\xff", 7, 0x401000, false}, /* leaq -7(%rip), %rdi */
		{"\xff\x25\x0a\x00\x00\x00", 6, 0x401010, false},     /* jmpq *10(%rip): the slot */
		{"\xff\xe0", 2, 0, false},                            /* jmpq *%rax */
		{"\x90", 1, 0, false},
		{"\xe8\x0b\x00", 3, 0, false}, /* cut off */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t target = 0;
		bool is_jump = false;
		bool is_told = arch_x86_64.target((const uint8_t *)rows[i].bytes, rows[i].available, 0x401000, &target,
						  &is_jump);

		assert_int_equal(is_told, rows[i].target != 0);
		assert_int_equal(target, rows[i].target);
		assert_int_equal(is_jump, rows[i].is_jump);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_insn_decode_reads_one_instruction),
		cmocka_unit_test(test_insn_decode_unknown_architecture_is_refused),
		cmocka_unit_test(test_what_an_instruction_names_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
