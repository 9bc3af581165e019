/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "argspec/argspec.h"
#include "base/error.h"
#include "base/strbuf.h"

static const char *describe_register(const struct arch_register *register_)
{
	return arch_x86_64.register_name(register_);
}

static const char *describe_use(enum arch_symbol_use use)
{
	switch (use) {
	case ARCH_SYMBOL_NONE:
		return "none";
	case ARCH_SYMBOL_ADDRESS:
		return "address";
	case ARCH_SYMBOL_THREAD_OFFSET:
		return "thread offset";
	case ARCH_SYMBOL_SLOT:
		return "slot";
	}
	return "?";
}

/* One line that says all that was understood, so that a row of a table can say what it should be. */
static void describe(const struct argspec *spec, struct strbuf *out)
{
	static const char *const kinds[] = {"constant", "register", "memory"};
	const struct arch_operand *operand = &spec->operand;

	strbuf_addf(out, "%s%u%s %s", spec->is_signed ? "s" : "u", spec->size, spec->is_float ? "f" : "",
		    kinds[operand->kind]);
	if (!spec->has_size)
		strbuf_add_string(out, " bare");
	if (operand->has_segment)
		strbuf_addf(out, " segment=%s", describe_register(&operand->segment));
	if (operand->symbol)
		strbuf_addf(out, " %s=%.*s", describe_use(operand->symbol_use), (int)operand->symbol_length,
			    operand->symbol);
	if (operand->is_pc_relative)
		strbuf_add_string(out, " pc-relative");
	if (operand->displacement)
		strbuf_addf(out, " %lld", (long long)operand->displacement);
	if (operand->constant_high)
		strbuf_addf(out, " high=%llx", (unsigned long long)operand->constant_high);
	if (operand->has_base)
		strbuf_addf(out, " base=%s", describe_register(&operand->base));
	if (operand->has_index)
		strbuf_addf(out, " index=%s*%u", describe_register(&operand->index), operand->scale);
	if (operand->kind == ARCH_OPERAND_MEMORY && operand->address_size != 8)
		strbuf_addf(out, " address=%u", operand->address_size);
}

/* What real tools failed on, what compilers write, and what gas allows. */
static const struct {
	const char *name;
	const char *text;
	const char *meaning;
} understood[] = {
	{"register", "8@%rdi", "u8 register base=rdi"},
	{"signed", "-4@%eax", "s4 register base=eax"},
	{"stack", "-4@112(%rsp)", "s4 memory 112 base=rsp"},
	{"negative constant (bcc PR 469)", "-4@$-1", "s4 constant -1 high=ffffffffffffffff"},
	{"constant zero", "-4@$0", "s4 constant"},
	{"sym+D (bcc PR 753)", "4@symbol+8(%rip)", "u4 memory address=symbol pc-relative 8"},
	{"D+sym (postgres)", "-4@40+CheckpointStats(%rip)", "s4 memory address=CheckpointStats pc-relative 40"},
	{"sym-D", "-4@tab-8(%rip)", "s4 memory address=tab pc-relative -8"},
	{"symbol (postgres)", "-4@NBuffers(%rip)", "s4 memory address=NBuffers pc-relative"},
	{"local constant", "8f@.LC2(%rip)", "u8f memory address=.LC2 pc-relative"},
	{"float global", "8f@gd(%rip)", "u8f memory address=gd pc-relative"},
	{"scaled index (bcc PR 988)", "4@(%rbx,%rcx,8)", "u4 memory base=rbx index=rcx*8"},
	{"displacement and index", "1@-96(%rbp,%rax,8)", "u1 memory -96 base=rbp index=rax*8"},
	{"index without scale", "1@(%rbp,%rax)", "u1 memory base=rbp index=rax*1"},
	{"index without scale (stap)", "8@(%rax,%rcx)", "u8 memory base=rax index=rcx*1"},
	{"explicit zero", "-1@0(%rbp,%rax)", "s1 memory base=rbp index=rax*1"},
	{"index alone", "4@(,%rax,8)", "u4 memory index=rax*8"},
	{"displacement and index alone", "4@-16(,%rax,8)", "u4 memory -16 index=rax*8"},
	{"no displacement (libbpf 559)", "8@(%rsp)", "u8 memory base=rsp"},
	{"float bits in a register (bpftrace 4389)", "8f@%rax", "u8f register base=rax"},
	{"single in a register", "4f@%edx", "u4f register base=edx"},
	{"signed float", "-8f@%rax", "s8f register base=rax"},
	{"integer in a vector register (bcc PR 3880)", "8@%xmm0", "u8 register base=xmm0"},
	{"float in a vector register", "8f@%xmm15", "u8f register base=xmm15"},
	{"16 bytes in a vector register", "16@%xmm7", "u16 register base=xmm7"},
	{"32 bytes in a vector register", "32@%ymm3", "u32 register base=ymm3"},
	{"structure (bpftrace 3798)", "24@8(%rsp)", "u24 memory 8 base=rsp"},
	{"structure without displacement", "24@(%rax)", "u24 memory base=rax"},
	{"structure by symbol", "16@gs+8(%rip)", "u16 memory address=gs pc-relative 8"},
	{"__int128", "-16@-120(%rbp)", "s16 memory -120 base=rbp"},
	{"long double", "16f@40(%rsp)", "u16f memory 40 base=rsp"},
	{"__int128 in two registers", "-16@%rax", "s16 register base=rax"},
	{"three bytes", "3@-20(%rbp)", "u3 memory -20 base=rbp"},
	{"byte register (bcc PR 992)", "1@%dil", "u1 register base=dil"},
	{"high byte register", "1@%ah", "u1 register base=ah"},
	{"numbered word register", "-2@%r13w", "s2 register base=r13w"},
	{"numbered byte register", "1@%r15b", "u1 register base=r15b"},
	{"byte in memory", "1@-57(%rbp)", "u1 memory -57 base=rbp"},
	{"64-bit constant (bcc PR 3258)", "-8@$12345678901234", "s8 constant 12345678901234"},
	{"largest constant", "8@$18446744073709551615", "u8 constant -1"},
	{"hexadecimal constant", "8f@$0x3ff8000000000000", "u8f constant 4609434218613702656"},
	{"octal constant", "4@$010", "u4 constant 8"},
	{"binary constant", "4@$0b101", "u4 constant 5"},
	{"address constant", "8@$tab+12", "u8 constant address=tab 12"},
	{"wide constant as gcc prints it", "16@0x1400000000000000000", "u16 constant high=140"},
	{"wide constant with a dollar", "16@$0x140000000000000000f", "u16 constant 15 high=140"},
	{"wide negative constant", "16@0xffffffffffffffff0000000000000000", "u16 constant high=ffffffffffffffff"},
	{"symbol with a dot", "4@foo.part.0(%rip)", "u4 memory address=foo.part.0 pc-relative"},
	{"symbol with a dollar inside", "4@a$b(%rip)", "u4 memory address=a$b pc-relative"},
	{"symbol with a dollar in front", "4@($a)(%rip)", "u4 memory address=$a pc-relative"},
	{"symbol in quotes", "4@\"a b\"+4(%rip)", "u4 memory address=a b pc-relative 4"},
	{"symbol beyond ASCII", "4@z\xc3\xa4hler(%rip)", "u4 memory address=z\xc3\xa4hler pc-relative"},
	{"symbol without (%rip)", "4@counter", "u4 memory address=counter"},
	{"symbol and index", "8f@lut(,%rdx,8)", "u8f memory address=lut index=rdx*8"},
	{"symbol, base and index", "1@tab-3(%rax,%rdx,2)", "u1 memory address=tab -3 base=rax index=rdx*2"},
	{"sum in parentheses", "4@(4+tab)+8-(2-1)(%rip)", "u4 memory address=tab pc-relative 11"},
	{"row of signs", "4@tab+-8(%rip)", "u4 memory address=tab pc-relative -8"},
	{"thread pointer", "8@%fs:0x28", "u8 memory segment=fs 40"},
	{"thread pointer and base", "8@%gs:-8(%rax)", "u8 memory segment=gs -8 base=rax"},
	{"flat segment", "8@%ds:8(%rax)", "u8 memory 8 base=rax"},
	{"thread-local symbol", "-8@%fs:tg@tpoff", "s8 memory segment=fs thread offset=tg"},
	{"thread-local symbol and sum", "-8@%fs:tg@tpoff+4", "s8 memory segment=fs thread offset=tg 4"},
	{"thread-local symbol and base", "4@tg@TPOFF(%rax)", "u4 memory thread offset=tg base=rax"},
	{"offset table", "8@f@GOTPCREL(%rip)", "u8 memory slot=f pc-relative"},
	{"absolute address", "4@71", "u4 memory 71"},
	{"32-bit address", "4@8(%eax,%r9d,2)", "u4 memory 8 base=eax index=r9d*2 address=4"},
	{"blanks between parentheses", "4@8( %rax , %rbx, 4 )", "u4 memory 8 base=rax index=rbx*4"},
	{"bare register", "%rdi", "u8 register bare base=rdi"},
	{"bare narrow register", "%eax", "u8 register bare base=eax"},
	{"bare memory", "-8(%rbp)", "u8 memory bare -8 base=rbp"},
	{"bare constant", "$-1", "u8 constant bare -1 high=ffffffffffffffff"},
	{"bare slot", "f@GOTPCREL(%rip)", "u8 memory bare slot=f pc-relative"},
};

static void test_argspec_parse_understands(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(understood) / sizeof(understood[0]); i++) {
		_cleanup_strbuf_ struct strbuf meaning = {0};
		struct argspec_list list;

		assert_null(argspec_parse(&arch_x86_64, understood[i].text, NULL, &list));
		if (list.count == 1 && !list.items[0].reason)
			describe(&list.items[0], &meaning);
		else
			strbuf_addf(&meaning, "%zu arguments, %s", list.count, list.items[0].reason);
		if (strcmp(strbuf_text(&meaning), understood[i].meaning))
			fail_msg("%s: `%s' is\n%s, not\n%s", understood[i].name, understood[i].text,
				 strbuf_text(&meaning), understood[i].meaning);
		argspec_list_deinit(&list);
	}
}

static void test_argspec_format_and_parse_give_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(understood) / sizeof(understood[0]); i++) {
		_cleanup_strbuf_ struct strbuf text = {0}, meaning = {0};
		struct argspec_list list, again;

		assert_null(argspec_parse(&arch_x86_64, understood[i].text, NULL, &list));
		argspec_format(&arch_x86_64, &list.items[0], &text);
		assert_null(argspec_parse(&arch_x86_64, strbuf_text(&text), NULL, &again));
		assert_int_equal(again.count, 1);
		if (again.items[0].reason)
			fail_msg("%s: `%s' became `%s': %s", understood[i].name, understood[i].text, strbuf_text(&text),
				 again.items[0].reason);
		describe(&again.items[0], &meaning);
		if (strcmp(strbuf_text(&meaning), understood[i].meaning))
			fail_msg("%s: `%s' became `%s'", understood[i].name, understood[i].text, strbuf_text(&text));
		argspec_list_deinit(&again);
		argspec_list_deinit(&list);
	}
}

static const struct {
	const char *text;
	const char *reason;
} refused[] = {
	{"4@", "4@: there is no operand behind the @"},
	{"0@%eax", "0@%eax: the size is 0"},
	{"99999999999@%eax", "99999999999@%eax: the size is beyond belief"},
	{"4u@%eax", "4u@%eax: the mark `u' behind the size is unknown"},
	{"4@%exx", "4@%exx: x86-64 has no register %exx"},
	{"4@%", "4@%: x86-64 has no register %"},
	{"4@%xs:8", "4@%xs:8: x86-64 has no segment %xs"},
	{"4@%fs:", "4@%fs:: the operand ends too early"},
	{"4@$", "4@$: the operand ends too early"},
	{"4@(%al)", "4@(%al): %al cannot be part of an address"},
	{"4@(%xmm0)", "4@(%xmm0): %xmm0 cannot be part of an address"},
	{"4@(%rax,%ecx)", "4@(%rax,%ecx): %rax and %ecx differ in width"},
	{"4@(%rax,%rcx,3)", "4@(%rax,%rcx,3): a scale is 1, 2, 4 or 8"},
	{"4@()", "4@(): there is no register between the parentheses"},
	{"4@8(%rax", "4@8(%rax: the operand ends too early"},
	{"4@8(%rax))", "4@8(%rax)): `)' is not expected here"},
	{"4@8(%rip)", "4@8(%rip): no symbol is named, and there is no instruction to count from"},
	{"4@x(%rip,%rax)", "4@x(%rip,%rax): the program counter cannot have an index"},
	{"4@x(%rax,%rip)", "4@x(%rax,%rip): the program counter cannot be an index"},
	{"4@*%rax", "4@*%rax: `*' is not expected here"},
	{"4@[x22,20]", "4@[x22,20]: `[' is not expected here"},
	{"4@12ab", "4@12ab: a number is misspelt"},
	{"4@0x", "4@0x: a number is misspelt"},
	{"4@089", "4@089: a number is misspelt"},
	{"16f@2.5e+0", "16f@2.5e+0: numbers with a fraction are not understood"},
	{"4@x-y(%rip)",
	 "4@x-y(%rip): a sum of several symbols, or one that is subtracted, is known to the linker alone"},
	{"4@-x", "4@-x: a sum of several symbols, or one that is subtracted, is known to the linker alone"},
	{"4@\"x(%rip)", "4@\"x(%rip): a quote is not closed"},
	{"4@\"\"", "4@\"\": a symbol has no name"},
	{"4@x@gottpoff(%rip)", "4@x@gottpoff(%rip): what `x@gottpoff' means is known to the linker alone"},
	{"8@$x@GOTPCREL", "8@$x@GOTPCREL: a distance from the program counter is no constant"},
	{"4@((((((((((1))))))))))", "4@((((((((((1)))))))))): parentheses are nested too deeply"},
	{"8@99999999999999999999(%rax)", "8@99999999999999999999(%rax): an address has more than 64 bits"},
	{"8@$x+99999999999999999999", "8@$x+99999999999999999999: an address has more than 64 bits"},
	{"8@$99999999999999999999", "8@$99999999999999999999: the constant does not fit into 8 bytes"},
	{"16@$0xfffffffffffffffffffffffffffffffff",
	 "16@$0xfffffffffffffffffffffffffffffffff: a number has more than 128 bits"},
	{"16@$0x7fffffffffffffffffffffffffffffff+1",
	 "16@$0x7fffffffffffffffffffffffffffffff+1: a sum has more than 128 bits"},
	{"24@$1", "24@$1: a constant of 24 bytes is not known"},
	{"24@%rax", "24@%rax: 24 bytes do not fit into register rax"},
	{"16@%eax", "16@%eax: 16 bytes do not fit into register eax"},
	{"16@%rsp", "16@%rsp: 16 bytes do not fit into register rsp"},
	{"16@%r15", "16@%r15: 16 bytes do not fit into register r15"},
	{"32@%xmm0", "32@%xmm0: 32 bytes do not fit into register xmm0"},
	{"8f@%eax", "8f@%eax: 8 bytes do not fit into register eax"},
	{"3f@%eax", "3f@%eax: a float of 3 bytes is not known"},
	{"3f@$1", "3f@$1: a float of 3 bytes is not known"},
	{"4@\x1b[31m", "4@?[31m: `?' is not expected here"},
};

static void test_argspec_parse_refuses_with_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		struct argspec_list list;

		assert_null(argspec_parse(&arch_x86_64, refused[i].text, NULL, &list));
		assert_int_equal(list.count, 1);
		if (!list.items[0].reason)
			fail_msg("`%s' was understood", refused[i].text);
		assert_string_equal(list.items[0].reason, refused[i].reason);
		argspec_format(&arch_x86_64, &list.items[0], &text);
		assert_string_equal(strbuf_text(&text), refused[i].text);
		argspec_list_deinit(&list);
	}
}

/* Where arguments end: the number of arguments and the texts between bars. */
static const struct {
	const char *text;
	const char *arguments;
} split[] = {
	{"", ""},
	{" \t ", ""},
	{"8@%rdi -4@%eax", "8@%rdi|-4@%eax|"},
	{"\t8@%rdi \t 4@%eax ", "8@%rdi|4@%eax|"},
	{"%rdi %rsi -8(%rbp)", "%rdi|%rsi|-8(%rbp)|"},
	{"4@(%rax 4@%ebx", "4@(%rax|4@%ebx|"},
	{"4@(%rax 4@(%rbx)", "4@(%rax|4@(%rbx)|"},
	{"4@(%rax, %rbx, 4) 4@%ebx", "4@(%rax, %rbx, 4)|4@%ebx|"},
	{"4@\"a b\"(%rip) 4@%ebx", "4@\"a b\"(%rip)|4@%ebx|"},
	{"4@\"a 4@%ebx", "4@\"a|4@%ebx|"},
	{"4@ 4@%ebx", "4@|4@%ebx|"},
	{"4@%ebx,4@%eax", "4@%ebx,4@%eax|"},
};

static void test_argspec_parse_splits_where_operands_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(split) / sizeof(split[0]); i++) {
		_cleanup_strbuf_ struct strbuf arguments = {0};
		struct argspec_list list;

		assert_null(argspec_parse(&arch_x86_64, split[i].text, NULL, &list));
		for (size_t j = 0; j < list.count; j++)
			strbuf_addf(&arguments, "%.*s|", (int)list.items[j].text_length, list.items[j].text);
		assert_string_equal(strbuf_text(&arguments), split[i].arguments);
		argspec_list_deinit(&list);
	}
}

static void test_argspec_parse_one_bad_argument_spoils_no_other(void **state)
{
	struct argspec_list list;

	(void)state;
	assert_null(argspec_parse(&arch_x86_64, "8@%rdi 9q@%rax 4@%nope 4@8(%rax -4@%esi", NULL, &list));
	assert_int_equal(list.count, 5);
	assert_null(list.items[0].reason);
	assert_string_equal(list.items[1].reason, "9q@%rax: the mark `q' behind the size is unknown");
	assert_string_equal(list.items[2].reason, "4@%nope: x86-64 has no register %nope");
	assert_string_equal(list.items[3].reason, "4@8(%rax: the operand ends too early");
	assert_null(list.items[4].reason);
	assert_string_equal(describe_register(&list.items[4].operand.base), "esi");
	argspec_list_deinit(&list);
	assert_null(list.items);
	assert_int_equal(list.count, 0);
}

static struct usdtrap_error *find_address(const char *name, size_t length, uint64_t *ret_vaddr, void *user)
{
	assert_string_equal(user, "user");
	if (length == 5 && !memcmp(name, "known", length)) {
		*ret_vaddr = 0x4010;
		return NULL;
	}
	return error_create(USDTRAP_NOT_FOUND, "no symbol %.*s", (int)length, name);
}

static struct usdtrap_error *find_thread_offset(const char *name, size_t length, int64_t *ret_offset, void *user)
{
	(void)name, (void)length, (void)user;
	*ret_offset = -16;
	return NULL;
}

/* Only f has a slot. */
static struct usdtrap_error *find_slot(const char *name, size_t length, uint64_t *ret_vaddr, bool *ret_has_slot,
				       void *user)
{
	(void)user;
	*ret_has_slot = length == 1 && *name == 'f';
	*ret_vaddr = *ret_has_slot ? 0x3ff8 : 0x4020;
	return NULL;
}

static struct usdtrap_error *run_out_of_memory(const char *name, size_t length, uint64_t *ret_vaddr, void *user)
{
	(void)name, (void)length, (void)ret_vaddr, (void)user;
	return &error_no_memory;
}

static void test_argspec_parse_looks_symbols_up(void **state)
{
	const struct argspec_symbols symbols = {.address = find_address,
						.thread_offset = find_thread_offset,
						.slot = find_slot,
						.user = (void *)"user"};
	struct argspec_list list;

	(void)state;
	assert_null(argspec_parse(&arch_x86_64,
				  "4@known(%rip) 4@other(%rip) 8@$known+4 4@%fs:t@tpoff 8@f@GOTPCREL(%rip) 4@%eax",
				  &symbols, &list));
	assert_int_equal(list.count, 6);
	assert_null(list.items[0].reason);
	assert_true(list.items[0].is_resolved);
	assert_int_equal(list.items[0].symbol_value, 0x4010);
	assert_string_equal(list.items[1].reason, "4@other(%rip): no symbol other");
	assert_true(list.items[2].is_resolved);
	assert_int_equal(list.items[2].operand.displacement, 4);
	assert_int_equal((int64_t)list.items[3].symbol_value, -16);
	assert_int_equal(list.items[4].symbol_value, 0x3ff8);
	assert_null(list.items[5].reason);
	assert_false(list.items[5].is_resolved);
	argspec_list_deinit(&list);
}

static void test_argspec_parse_does_without_a_slot_where_there_is_none(void **state)
{
	const struct argspec_symbols symbols = {.slot = find_slot};
	_cleanup_strbuf_ struct strbuf meaning = {0};
	struct argspec_list list;

	(void)state;
	assert_null(argspec_parse(&arch_x86_64,
				  "8@g@GOTPCREL(%rip) 8@g@GOTPCREL+8(%rip) 8@g@GOTPCREL(%rax) 16@g@GOTPCREL(%rip)",
				  &symbols, &list));
	assert_int_equal(list.count, 4);
	describe(&list.items[0], &meaning);
	assert_string_equal(strbuf_text(&meaning), "u8 constant address=g");
	assert_true(list.items[0].is_resolved);
	assert_int_equal(list.items[0].symbol_value, 0x4020);
	assert_string_equal(list.items[1].reason, "8@g@GOTPCREL+8(%rip): g has no slot in the global offset table");
	assert_string_equal(list.items[2].reason, "8@g@GOTPCREL(%rax): g has no slot in the global offset table");
	assert_string_equal(list.items[3].reason, "16@g@GOTPCREL(%rip): g has no slot in the global offset table");
	argspec_list_deinit(&list);
}

static void test_argspec_parse_says_which_symbols_cannot_be_known(void **state)
{
	const struct argspec_symbols none = {0};
	struct argspec_list list;

	(void)state;
	assert_null(argspec_parse(&arch_x86_64, "4@x(%rip) 4@%fs:t@tpoff 8@f@GOTPCREL(%rip)", &none, &list));
	assert_string_equal(list.items[0].reason, "4@x(%rip): symbols are not known");
	assert_string_equal(list.items[1].reason, "4@%fs:t@tpoff: the places of thread-local symbols are not known");
	assert_string_equal(list.items[2].reason, "8@f@GOTPCREL(%rip): the global offset table is not known");
	argspec_list_deinit(&list);
}

static void test_argspec_parse_out_of_memory_is_an_error(void **state)
{
	const struct argspec_symbols symbols = {.address = run_out_of_memory};
	struct argspec_list list;

	(void)state;
	assert_ptr_equal(argspec_parse(&arch_x86_64, "4@%eax 4@%nope 4@x(%rip)", &symbols, &list), &error_no_memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_argspec_parse_understands),
		cmocka_unit_test(test_argspec_format_and_parse_give_the_same),
		cmocka_unit_test(test_argspec_parse_refuses_with_a_reason),
		cmocka_unit_test(test_argspec_parse_splits_where_operands_end),
		cmocka_unit_test(test_argspec_parse_one_bad_argument_spoils_no_other),
		cmocka_unit_test(test_argspec_parse_looks_symbols_up),
		cmocka_unit_test(test_argspec_parse_does_without_a_slot_where_there_is_none),
		cmocka_unit_test(test_argspec_parse_says_which_symbols_cannot_be_known),
		cmocka_unit_test(test_argspec_parse_out_of_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
