/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cpuid.h>
#include <stdio.h>
#include <string.h>
#include <sys/user.h>

#include "arch/arch.h"

static const struct arch *const arch = &arch_x86_64;

static struct arch_registers registers_of(const struct user_regs_struct *user)
{
	struct arch_registers registers = {0};

	memcpy(registers.bytes, user, sizeof(*user));
	return registers;
}

static struct arch_register vector(const char *name)
{
	struct arch_register found;

	assert_true(arch->register_by_name(name, strlen(name), &found));
	assert_true(found.is_vector);
	assert_string_equal(arch->register_name(&found), name);
	return found;
}

/* An XSAVE image: byte I of register N's lower half is N * 16 + I, of its upper half the complement of that. */
static void fill_vectors(struct arch_vector_registers *registers)
{
	memset(registers->bytes, 0xee, sizeof(registers->bytes));
	for (unsigned i = 0; i < 256; i++) {
		registers->bytes[offsetof(struct user_fpregs_struct, xmm_space) + i] = (unsigned char)i;
		registers->bytes[576 + i] = (unsigned char)~i;
	}
	registers->bytes[464] = 7; /* the kernel's word for which parts there are: no AVX-512 */
	registers->bytes[464] = 7; /* the kernel's word for which parts there are: no AVX-512 */
	registers->size = sizeof(registers->bytes);
}

static void test_vectors_are_read_from_an_xsave_image(void **state)
{
	struct arch_vector_registers registers;
	struct arch_register found;
	unsigned char bytes[32];

	(void)state;
	fill_vectors(&registers);
	for (unsigned number = 0; number < 16; number++) {
		char name[8];

		snprintf(name, sizeof(name), "ymm%u", number);
		found = vector(name);
		assert_int_equal(found.size, 32);
		assert_true(arch->vector_value(&registers, &found, bytes, 32));
		for (unsigned i = 0; i < 16; i++) {
			assert_int_equal(bytes[i], number * 16 + i);
			assert_int_equal(bytes[16 + i], 255 - (number * 16 + i));
		}
		name[0] = 'x';
		found = vector(name);
		assert_int_equal(found.size, 16);
		memset(bytes, 0, sizeof(bytes));
		assert_true(arch->vector_value(&registers, &found, bytes, 4));
		assert_int_equal(bytes[3], number * 16 + 3);
		assert_int_equal(bytes[4], 0);
	}
}

static void test_vectors_beyond_the_image_are_refused(void **state)
{
	struct arch_vector_registers registers;
	struct arch_register xmm = vector("xmm15"), ymm = vector("ymm15"), high = vector("xmm16");
	unsigned char bytes[32];

	(void)state;
	fill_vectors(&registers);
	assert_false(arch->vector_value(&registers, &high, bytes, 8));
	registers.size = sizeof(struct user_fpregs_struct); /* NT_PRFPREG: there are no upper halves */
	assert_true(arch->vector_value(&registers, &xmm, bytes, 16));
	assert_true(arch->vector_value(&registers, &ymm, bytes, 16));
	assert_false(arch->vector_value(&registers, &ymm, bytes, 32));
	registers.size = 0;
	assert_false(arch->vector_value(&registers, &xmm, bytes, 1));
}

static const struct arch_shown_register *find(const struct arch_shown_register *shown, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(shown[i].name, name) == 0)
			return &shown[i];
	return NULL;
}

static void test_all_registers_are_shown_and_bits_have_names(void **state)
{
	struct user_regs_struct user = {.rax = 42, .eflags = 0x200ed7, .fs_base = 0x1000, .cs = 0x33};
	struct arch_registers registers = registers_of(&user);
	struct arch_shown_register shown[ARCH_SHOWN_REGISTERS];
	const struct arch_shown_register *found;
	size_t count = arch->show_registers(&registers, shown);

	(void)state;
	assert_int_equal(count, 27);
	assert_string_equal(shown[0].name, "rax");
	assert_int_equal(shown[0].bytes[0], 42);
	assert_int_equal(shown[0].look, ARCH_LOOK_ADDRESS);
	found = find(shown, count, "eflags");
	assert_int_equal(found->look, ARCH_LOOK_FLAGS);
	assert_string_equal(found->flags, "CF PF AF ZF SF IF DF OF ID");
	assert_int_equal(find(shown, count, "fs_base")->bytes[1], 0x10);
	/* All bits: the names find room. */
	user.eflags = UINT64_MAX;
	registers = registers_of(&user);
	arch->show_registers(&registers, shown);
	assert_string_equal(find(shown, count, "eflags")->flags, "CF PF AF ZF SF TF IF DF OF NT RF VM AC VIF VIP ID");
}

static void test_vectors_are_shown_as_wide_as_the_image_has_them(void **state)
{
	struct arch_vector_registers registers;
	struct arch_shown_register shown[ARCH_SHOWN_REGISTERS];
	const struct arch_shown_register *found;
	size_t count;

	(void)state;
	fill_vectors(&registers);
	memcpy(registers.bytes + 24, "\xa1\xff\0", 4); /* MXCSR */
	count = arch->show_vectors(&registers, shown);
	assert_int_equal(count, 8 + 5 + 16);
	found = find(shown, count, "ymm2");
	assert_int_equal(found->size, 32);
	assert_int_equal(found->bytes[0], 2 * 16);
	assert_int_equal(found->bytes[31], 255 - (2 * 16 + 15));
	assert_string_equal(find(shown, count, "mxcsr")->flags, "IE PE IM DM ZM OM UM PM FZ");
	assert_int_equal(find(shown, count, "st7")->size, 10);
	registers.bytes[464] = 3; /* a processor without AVX, or a kernel that has switched it off */
	count = arch->show_vectors(&registers, shown);
	assert_int_equal(find(shown, count, "xmm2")->size, 16);
	assert_null(find(shown, count, "ymm2"));
	registers.bytes[464] = 7;
	registers.size = sizeof(struct user_fpregs_struct);
	count = arch->show_vectors(&registers, shown);
	assert_int_equal(find(shown, count, "xmm15")->bytes[15], 255);
	registers.size = 0;
	assert_int_equal(arch->show_vectors(&registers, shown), 0);
}

/* Where AVX-512's registers are is told by this machine's CPUID. */
static void test_wide_vectors_lie_where_the_processor_says(void **state)
{
	unsigned size = 0, offset = 0, ignored[2];
	struct arch_vector_registers registers;
	struct arch_shown_register shown[ARCH_SHOWN_REGISTERS];
	struct arch_register high = vector("ymm31");
	unsigned char bytes[32];
	size_t count;

	(void)state;
	if (!__get_cpuid_count(0xd, 7, &size, &offset, &ignored[0], &ignored[1]) || !size)
		skip();
	fill_vectors(&registers);
	registers.bytes[464] = 0xe7;
	for (unsigned i = 0; i < 64; i++)
		registers.bytes[offset + 15 * 64 + i] = (unsigned char)(i + 1);
	assert_true(arch->vector_value(&registers, &high, bytes, 32));
	assert_int_equal(bytes[31], 32);
	count = arch->show_vectors(&registers, shown);
	assert_int_equal(find(shown, count, "zmm31")->bytes[63], 64);
	assert_int_equal(find(shown, count, "zmm2")->bytes[0], 2 * 16);
	assert_int_equal(find(shown, count, "k7")->size, 8);
	registers.size = offset + 16 * 64 - 1;
	assert_false(arch->vector_value(&registers, &high, bytes, 32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_are_read_from_an_xsave_image),
		cmocka_unit_test(test_vectors_beyond_the_image_are_refused),
		cmocka_unit_test(test_all_registers_are_shown_and_bits_have_names),
		cmocka_unit_test(test_vectors_are_shown_as_wide_as_the_image_has_them),
		cmocka_unit_test(test_wide_vectors_lie_where_the_processor_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
