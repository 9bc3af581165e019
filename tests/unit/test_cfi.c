/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "elf/cfi.h"
#include "elf/function.h"
#include "elf/object.h"

enum { RBX = 3, RBP = 6, RSP = 7, PC = 16 };

/* ---- Programs ---------------------------------------------------------------------------------------------------- */

/* What x86-64's CIEs say: CFA = rsp + 8, the return address at CFA - 8. */
static const uint8_t cie[] = {0x0c, RSP, 8, 0x80 | PC, 1};

static bool run_bytes(const uint8_t *instructions, size_t size, uint64_t vaddr, struct cfi_row *ret)
{
	const struct cfi_description description = {
		.begin = 0x1000,
		.end = 0x2000,
		.code_alignment = 1,
		.data_alignment = -8,
		.return_register = PC,
		.initial = cie,
		.initial_size = sizeof(cie),
		.instructions = instructions,
		.instructions_size = size,
	};

	return cfi_program_run(&description, vaddr, ret);
}

#define RUN(vaddr, ret, ...) \
	run_bytes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), vaddr, ret)

static void assert_rule(const struct cfi_rule *rule, enum cfi_rule_kind kind, int64_t offset)
{
	assert_int_equal(rule->kind, kind);
	assert_int_equal(rule->offset, offset);
}

static void assert_cfa(const struct cfi_row *row, unsigned number, int64_t offset)
{
	assert_rule(&row->cfa, CFI_IN_REGISTER, offset);
	assert_int_equal(row->cfa.register_number, number);
}

/* push %rbp (1 byte), mov %rsp,%rbp (3 bytes), and after 0x100 bytes the epilogue. */
#define PROLOGUE 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, RBP
static void test_rows_follow_the_code(void **state)
{
	struct cfi_row row;

	(void)state;
	assert_true(RUN(0x1000, &row, PROLOGUE));
	assert_cfa(&row, RSP, 8);
	assert_rule(&row.registers[PC], CFI_AT_OFFSET, -8);
	assert_rule(&row.registers[RBP], CFI_SAME, 0);
	assert_int_equal(row.return_register, PC);
	assert_true(RUN(0x1001, &row, PROLOGUE));
	assert_cfa(&row, RSP, 16);
	assert_rule(&row.registers[RBP], CFI_AT_OFFSET, -16);
	assert_true(RUN(0x1003, &row, PROLOGUE));
	assert_cfa(&row, RSP, 16);
	assert_true(RUN(0x1004, &row, PROLOGUE));
	assert_cfa(&row, RBP, 16);
	assert_true(RUN(0x1fff, &row, PROLOGUE));
	assert_cfa(&row, RBP, 16);
}

static void test_locations_advance_in_all_sizes(void **state)
{
	struct cfi_row row;

	(void)state;
	/* advance_loc1 5, 2: advance_loc2 0x100, 4: advance_loc4 0x200; each sets the CFA's offset. */
#define STEPS 0x02, 5, 0x0e, 16, 0x03, 0, 1, 0x0e, 24, 0x04, 0, 2, 0, 0, 0x0e, 32
	assert_true(RUN(0x1004, &row, STEPS));
	assert_cfa(&row, RSP, 8);
	assert_true(RUN(0x1005, &row, STEPS));
	assert_cfa(&row, RSP, 16);
	assert_true(RUN(0x1104, &row, STEPS));
	assert_cfa(&row, RSP, 16);
	assert_true(RUN(0x1105, &row, STEPS));
	assert_cfa(&row, RSP, 24);
	assert_true(RUN(0x1304, &row, STEPS));
	assert_cfa(&row, RSP, 24);
	assert_true(RUN(0x1305, &row, STEPS));
	assert_cfa(&row, RSP, 32);
}

static void test_states_are_remembered_and_registers_restored(void **state)
{
	struct cfi_row row;

	(void)state;
	/* remember; rbx at CFA - 24, CFA at rsp + 32; restore_state */
	assert_true(RUN(0x1000, &row, 0x0a, 0x83, 3, 0x0e, 32));
	assert_rule(&row.registers[RBX], CFI_AT_OFFSET, -24);
	assert_true(RUN(0x1000, &row, 0x0a, 0x83, 3, 0x0e, 32, 0x0b));
	assert_rule(&row.registers[RBX], CFI_SAME, 0);
	assert_cfa(&row, RSP, 8);
	/* restore, of the return address as well, goes back to what the CIE says */
	assert_true(RUN(0x1000, &row, 0x83, 3, 0xc3, 0x90, 7, 0xd0));
	assert_rule(&row.registers[RBX], CFI_SAME, 0);
	assert_rule(&row.registers[PC], CFI_AT_OFFSET, -8);
}

static void test_every_rule_is_understood(void **state)
{
	struct cfi_row row;

	(void)state;
	assert_true(RUN(0x1000, &row, 0x07, PC));
	assert_rule(&row.registers[PC], CFI_UNDEFINED, 0);
	assert_true(RUN(0x1000, &row, 0x05, RBX, 3));
	assert_rule(&row.registers[RBX], CFI_AT_OFFSET, -24);
	assert_true(RUN(0x1000, &row, 0x11, RBX, 0x7d)); /* offset_extended_sf -3 */
	assert_rule(&row.registers[RBX], CFI_AT_OFFSET, 24);
	assert_true(RUN(0x1000, &row, 0x14, RBX, 2));
	assert_rule(&row.registers[RBX], CFI_IS_OFFSET, -16);
	assert_true(RUN(0x1000, &row, 0x15, RBX, 0x7e));
	assert_rule(&row.registers[RBX], CFI_IS_OFFSET, 16);
	assert_true(RUN(0x1000, &row, 0x09, RBX, RBP));
	assert_int_equal(row.registers[RBX].kind, CFI_IN_REGISTER);
	assert_int_equal(row.registers[RBX].register_number, RBP);
	assert_true(RUN(0x1000, &row, 0x09, RBX, RBP, 0x08, RBX));
	assert_rule(&row.registers[RBX], CFI_SAME, 0);
	assert_true(RUN(0x1000, &row, 0x12, RBP, 0x7e)); /* def_cfa_sf */
	assert_cfa(&row, RBP, 16);
	assert_true(RUN(0x1000, &row, 0x13, 0x7d)); /* def_cfa_offset_sf */
	assert_cfa(&row, RSP, 24);
	assert_true(RUN(0x1000, &row, 0x2e, 0x10, 0x2f, RBX, 2)); /* GNU_args_size, GNU_negative_offset_extended */
	assert_rule(&row.registers[RBX], CFI_AT_OFFSET, 16);
	assert_true(RUN(0x1000, &row, 0x0f, 2, 0x77, 8)); /* CFA is breg7 + 8 */
	assert_int_equal(row.cfa.kind, CFI_IS_EXPRESSION);
	assert_int_equal(row.cfa.size, 2);
	assert_true(RUN(0x1000, &row, 0x10, RBX, 1, 0x30, 0x16, RBP, 1, 0x31));
	assert_int_equal(row.registers[RBX].kind, CFI_AT_EXPRESSION);
	assert_int_equal(row.registers[RBP].kind, CFI_IS_EXPRESSION);
	/* Vector registers are passed over. */
	assert_true(RUN(0x1000, &row, 0x05, 33, 3, 0x07, 40));
}

static void test_broken_programs_are_refused(void **state)
{
	struct cfi_row row;

	(void)state;
	assert_false(RUN(0x1000, &row, 0x3f, 0));          /* no such instruction */
	assert_false(RUN(0x1000, &row, 0x0c, 99, 8));      /* a register there is not */
	assert_false(RUN(0x1000, &row, 0x0b));             /* nothing was remembered */
	assert_false(RUN(0x1000, &row, 0x10, RBX, 9, 0));  /* an expression longer than the program */
	assert_false(RUN(0x1000, &row, 0x0e));             /* no operand */
	assert_false(RUN(0x1000, &row, 0x0e, 0x80));       /* half an operand */
	assert_false(RUN(0x1000, &row, 0x0f, 0, 0x0e, 8)); /* an offset for a CFA that has no register */
	assert_false(RUN(0x1000, &row, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a));
}

/* ---- Expressions ------------------------------------------------------------------------------------------------- */

static bool read_word(uint64_t address, uint64_t *ret, void *user)
{
	(void)user;
	if (address >= 0x9000)
		return false;
	*ret = 0x1122334455667700 + address;
	return true;
}

static const struct {
	const char *name;
	uint8_t bytes[12];
	size_t size;
	bool fails;
	uint64_t result;
} expressions[] = {
	{"literal", {0x3f}, 1, false, 15},
	{"const1s", {0x09, 0xff}, 2, false, UINT64_MAX},
	{"const2u", {0x0a, 0xff, 0xff}, 3, false, 0xffff},
	{"const4s", {0x0d, 0xfe, 0xff, 0xff, 0xff}, 5, false, (uint64_t)-2},
	{"const8u", {0x0e, 1, 0, 0, 0, 0, 0, 0, 0x80}, 9, false, 0x8000000000000001},
	{"constu", {0x10, 0x80, 1}, 3, false, 128},
	{"consts", {0x11, 0x7f}, 2, false, UINT64_MAX},
	{"breg7 - 8", {0x77, 0x78}, 2, false, 0x7000 - 8},
	{"bregx 6", {0x92, 6, 0}, 3, false, 0x6000},
	{"register there is not", {0x92, 40, 0}, 3, true, 0},
	{"deref", {0x31, 0x06}, 2, false, 0x1122334455667701},
	{"deref_size 2", {0x31, 0x94, 2}, 3, false, 0x7701},
	{"deref_size 9", {0x31, 0x94, 9}, 3, true, 0},
	{"deref of nothing", {0x0a, 0x00, 0x90, 0x06}, 4, true, 0},
	{"plus_uconst", {0x31, 0x23, 4}, 3, false, 5},
	{"minus", {0x35, 0x33, 0x1c}, 3, false, 2},
	{"div", {0x09, 0xf8, 0x32, 0x1b}, 4, false, (uint64_t)-4},
	{"div by 0", {0x31, 0x30, 0x1b}, 3, true, 0},
	{"mod by 0", {0x31, 0x30, 0x1d}, 3, true, 0},
	{"mod", {0x37, 0x34, 0x1d}, 3, false, 3},
	{"shl 64", {0x31, 0x10, 64, 0x24}, 4, false, 0},
	{"shra", {0x09, 0xf0, 0x32, 0x26}, 4, false, (uint64_t)-4},
	{"shr", {0x09, 0xf0, 0x10, 60, 0x25}, 5, false, 15},
	{"ge of less", {0x31, 0x32, 0x2a}, 3, false, 0},
	{"lt signed", {0x09, 0xff, 0x31, 0x2d}, 4, false, 1},
	{"abs", {0x09, 0xfd, 0x19}, 3, false, 3},
	{"neg", {0x33, 0x1f}, 2, false, (uint64_t)-3},
	{"not", {0x30, 0x20}, 2, false, UINT64_MAX},
	{"swap, minus", {0x31, 0x35, 0x16, 0x1c}, 4, false, 4},
	{"over", {0x31, 0x32, 0x14}, 3, false, 1},
	{"pick 2", {0x31, 0x32, 0x33, 0x15, 2}, 5, false, 1},
	{"rot", {0x31, 0x32, 0x33, 0x17}, 4, false, 2},
	{"rot, drop", {0x31, 0x32, 0x33, 0x17, 0x13}, 5, false, 1},
	{"skip", {0x31, 0x2f, 1, 0, 0x32}, 5, false, 1},
	{"bra taken", {0x35, 0x31, 0x28, 1, 0, 0x36}, 6, false, 5},
	{"bra not taken", {0x35, 0x30, 0x28, 1, 0, 0x36}, 6, false, 6},
	{"for ever", {0x2f, 0xfd, 0xff}, 3, true, 0},
	{"out of it", {0x2f, 0xf0, 0xff}, 3, true, 0},
	{"nothing left", {0x31, 0x13}, 2, true, 0},
	{"nothing to add", {0x31, 0x22}, 2, true, 0},
	{"no such operation", {0x31, 0x32, 0xff}, 3, true, 0},
	/* What linkers write for the stubs of a program: rsp + 8, and 8 more once the stub has pushed. */
	{"plt before", {0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22}, 11, false, 0x7008},
};

static void test_expressions(void **state)
{
	uint64_t registers[CFI_REGISTERS];
	const struct cfi_machine machine = {.registers = registers, .read_word = read_word};

	(void)state;
	for (unsigned i = 0; i < CFI_REGISTERS; i++)
		registers[i] = 0x1000 * i;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		uint64_t result = 0;
		bool is_right = cfi_expression_run(expressions[i].bytes, expressions[i].size, &machine, NULL, &result);

		if (is_right == expressions[i].fails)
			fail_msg("%s: %s", expressions[i].name, is_right ? "accepted" : "refused");
		if (is_right && result != expressions[i].result)
			fail_msg("%s: 0x%llx", expressions[i].name, (unsigned long long)result);
	}
}

static void test_an_expression_begins_with_what_it_is_given(void **state)
{
	const struct cfi_machine machine = {.read_word = read_word};
	const uint8_t add_8[] = {0x23, 8};
	const uint64_t initial = 0x100;
	uint64_t result;

	(void)state;
	assert_true(cfi_expression_run(add_8, sizeof(add_8), &machine, &initial, &result));
	assert_int_equal(result, 0x108);
	assert_false(cfi_expression_run(add_8, sizeof(add_8), &machine, NULL, &result));
}

/* ---- Tables ------------------------------------------------------------------------------------------------------ */

/* Where a function of this very program begins, nothing has been pushed but the return address. */
static void test_functions_begin_with_their_return_address_on_top(void **state)
{
	struct elf_functions *functions;
	struct elf_object *object;
	struct cfi_table *table;
	struct cfi_row row;
	unsigned checked = 0;

	(void)state;
	assert_null(elf_object_open("/proc/self/exe", &object));
	assert_null(cfi_table_open(object, &table));
	assert_null(elf_functions_load(object, NULL, &functions));
	for (size_t i = 0; i < functions->count; i++) {
		const struct elf_function *function = functions->by_address[i];

		if (strncmp(function->name, "cfi_", 4) != 0 || strchr(function->name, '.'))
			continue;
		assert_true(cfi_table_find(table, function->vaddr, &row));
		assert_cfa(&row, RSP, 8);
		assert_rule(&row.registers[row.return_register], CFI_AT_OFFSET, -8);
		assert_true(cfi_table_find(table, function->vaddr + function->size - 1, &row));
		checked++;
	}
	assert_true(checked >= 4);
	assert_false(cfi_table_find(table, 0, &row));
	assert_false(cfi_table_find(table, UINT64_MAX, &row));
	elf_functions_destroy(functions);
	cfi_table_destroy(table);
	elf_object_destroy(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_follow_the_code),
		cmocka_unit_test(test_locations_advance_in_all_sizes),
		cmocka_unit_test(test_states_are_remembered_and_registers_restored),
		cmocka_unit_test(test_every_rule_is_understood),
		cmocka_unit_test(test_broken_programs_are_refused),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_an_expression_begins_with_what_it_is_given),
		cmocka_unit_test(test_functions_begin_with_their_return_address_on_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
