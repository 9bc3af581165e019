/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/flow.h"
#include "base/error.h"

enum { BASE = 0x401000 };

static struct flow_code code_of(const char *bytes, size_t size)
{
	return (struct flow_code){
		.arch = &arch_x86_64,
		.bytes = (const uint8_t *)bytes,
		.size = size,
		.address = BASE,
	};
}

static void test_flow_before_finds_beginnings(void **state)
{
	/* mov %rsp,%rbp; mov %eax,-4(%rsp); nop (5); nop */
	static const char bytes[] = "\x48\x89\xe5\x89\x44\x24\xfc\x0f\x1f\x44\x00\x00\x90";
	const struct flow_code code = code_of(bytes, sizeof(bytes) - 1);

	(void)state;
	assert_int_equal(flow_before(&code, BASE + 12, 1), BASE + 7);
	assert_int_equal(flow_before(&code, BASE + 12, 2), BASE + 3);
	assert_int_equal(flow_before(&code, BASE + 12, 3), BASE);
	assert_int_equal(flow_before(&code, BASE + 12, 40), BASE);
	assert_int_equal(flow_before(&code, BASE + 12, 0), BASE + 12);
	assert_int_equal(flow_before(&code, BASE, 5), BASE);
}

static void test_flow_before_falls_into_step(void **state)
{
	/* Read from its beginning, a call swallows what is a mov: only a later beginning comes upon the nop. */
	static const char bytes[] = "\xe8\x00\x00\x48\x89\xe5\x90\x90";
	const struct flow_code code = code_of(bytes, sizeof(bytes) - 1);

	(void)state;
	assert_int_equal(flow_before(&code, BASE + 6, 1), BASE + 3);
	assert_int_equal(flow_before(&code, BASE + 6, 2), BASE + 1);
}

static const struct {
	const char *name;
	const char *bytes;
	size_t size;
	size_t site;
	const char *operand;
	enum flow_source source;
	size_t writer;
	const char *text;
} sources[] = {
	/* mov %rax,%rdi; nop */
	{"plain", "\x48\x89\xc7\x90", 4, 3, "%rdi", FLOW_WROTE, 0, "movq %rax, %rdi"},
	{"narrow part", "\x48\x89\xc7\x90", 4, 3, "%dil", FLOW_WROTE, 0, "movq %rax, %rdi"},
	{"nobody", "\x48\x89\xc7\x90", 4, 3, "%rsi", FLOW_UNKNOWN, 0, NULL},
	/* mov %eax,112(%rsp); nop */
	{"memory", "\x89\x44\x24\x70\x90", 5, 4, "112(%rsp)", FLOW_WROTE, 0, "movl %eax, 0x70(%rsp)"},
	{"other memory", "\x89\x44\x24\x70\x90", 5, 4, "108(%rsp)", FLOW_UNKNOWN, 0, NULL},
	/* mov %eax,112(%rsp); push %rbx; nop: it is elsewhere now */
	{"address changed", "\x89\x44\x24\x70\x53\x90", 6, 5, "112(%rsp)", FLOW_UNKNOWN, 0, NULL},
	/* mov %eax,(%rdi,%rcx,8); nop */
	{"index", "\x89\x04\xcf\x90", 4, 3, "(%rdi,%rcx,8)", FLOW_WROTE, 0, "movl %eax, (%rdi, %rcx, 8)"},
	{"other scale", "\x89\x04\xcf\x90", 4, 3, "(%rdi,%rcx,4)", FLOW_UNKNOWN, 0, NULL},
	/* mov %rax,%rbx; call +0; nop */
	{"kept by a call", "\x48\x89\xc3\xe8\x00\x00\x00\x00\x90", 9, 8, "%rbx", FLOW_WROTE, 0, "movq %rax, %rbx"},
	{"returned", "\x48\x89\xc3\xe8\x00\x00\x00\x00\x90", 9, 8, "%eax", FLOW_RETURNED, 3, "callq 0x401008"},
	{"lost in a call", "\x48\x89\xc7\xe8\x00\x00\x00\x00\x90", 9, 8, "%rdi", FLOW_UNKNOWN, 0, NULL},
	/* mov %rax,%rdi; je +1; nop; nop(site), which the je jumps to as well */
	{"two ways", "\x48\x89\xc7\x74\x01\x90\x90", 7, 6, "%rdi", FLOW_UNKNOWN, 0, NULL},
	/* mov %rax,%rdi; jne +1; ret; nop(site): only the jne leads there */
	{"out of line", "\x48\x89\xc7\x75\x01\xc3\x90", 7, 6, "%rdi", FLOW_WROTE, 0, "movq %rax, %rdi"},
	/* mov %rax,%rdi; ret; nop: nothing that is seen leads there */
	{"behind a return", "\x48\x89\xc7\xc3\x90", 5, 4, "%rdi", FLOW_UNKNOWN, 0, NULL},
	/* 0: dec %edi; nop(site); jmp 0: a loop without a beginning */
	{"a loop", "\xff\xcf\x90\xeb\xfb", 5, 2, "%edi", FLOW_WROTE, 0, "decl %edi"},
	{"an endless search", "\xff\xcf\x90\xeb\xfb", 5, 2, "%esi", FLOW_UNKNOWN, 0, NULL},
	{"constant", "\x48\x89\xc7\x90", 4, 3, "$3", FLOW_UNKNOWN, 0, NULL},
};

static void test_flow_source_tells_who_wrote(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const struct flow_code code = code_of(sources[i].bytes, sources[i].size);
		struct arch_operand operand = {0};
		struct usdtrap_error *error =
			arch_x86_64.operand_parse(sources[i].operand, strlen(sources[i].operand), &operand);
		struct insn insn = {0};
		uint64_t writer = 0;

		assert_null(error);
		print_message("%s\n", sources[i].name);
		assert_int_equal(flow_source(&code, BASE + sources[i].site, &operand, &writer, &insn),
				 sources[i].source);
		if (sources[i].source == FLOW_UNKNOWN)
			continue;
		assert_int_equal(writer, BASE + sources[i].writer);
		assert_string_equal(insn.text, sources[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow_before_finds_beginnings),
		cmocka_unit_test(test_flow_before_falls_into_step),
		cmocka_unit_test(test_flow_source_tells_who_wrote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
