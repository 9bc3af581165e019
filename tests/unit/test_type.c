/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "lang/type.h"

static const struct type *tuple_of(struct arena *arena, const struct type *first, const struct type *second)
{
	const struct type **elements = arena_allocate_array(arena, 2, sizeof(elements[0]));

	elements[0] = first;
	elements[1] = second;
	return type_tuple(arena, elements, 2);
}

static void assert_name(const struct type *type, const char *expected)
{
	_cleanup_strbuf_ struct strbuf name = {};

	type_add_name(&name, type);
	assert_string_equal(strbuf_text(&name), expected);
}

static void test_type_names_are_those_of_messages(void **state)
{
	_cleanup_arena_ struct arena arena = {};
	const struct type *string = type_string(&arena, 3);

	(void)state;
	assert_name(&type_none, "void");
	assert_name(&type_bool, "bool");
	assert_name(&type_int8, "int8");
	assert_name(&type_uint64, "uint64");
	assert_name(string, "string[3]");
	assert_name(type_buffer(&arena, 16), "buffer[16]");
	assert_name(type_pointer(&arena, &type_int8), "int8 *");
	assert_name(&type_void_pointer, "void *");
	assert_name(tuple_of(&arena, &type_int8, tuple_of(&arena, string, &type_uint32)), "(int8,(string[3],uint32))");
	assert_name(&type_count, "count_t");
	assert_name(type_aggregate(&arena, TYPE_SUM, &type_int32), "sum_t");
	assert_name(type_aggregate(&arena, TYPE_AVG, &type_uint32), "uavg_t");
	assert_name(type_histogram(&arena, TYPE_LHIST, &(struct type_buckets){}), "lhist_t");
}

static void test_type_of_constant_is_the_smallest_that_holds_it(void **state)
{
	static const struct {
		uint64_t magnitude;
		bool is_negative;
		const struct type *type;
	} rows[] = {
		{0, false, &type_int8},
		{127, false, &type_int8},
		{128, false, &type_int16},
		{32767, false, &type_int16},
		{32768, false, &type_int32},
		{2147483647, false, &type_int32},
		{2147483648, false, &type_int64},
		{INT64_MAX, false, &type_int64},
		{(uint64_t)INT64_MAX + 1, false, &type_uint64},
		{UINT64_MAX, false, &type_uint64},
		{1, true, &type_int8},
		{128, true, &type_int8},
		{129, true, &type_int16},
		{(uint64_t)INT64_MAX + 1, true, &type_int64},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct type *type = type_of_constant(rows[i].magnitude, rows[i].is_negative);

		assert_true(type_is_same(type, rows[i].type));
		assert_int_equal(type->unsigned_size > 0, !rows[i].is_negative && type->is_signed);
	}
}

static void test_type_promote_finds_what_holds_both(void **state)
{
	_cleanup_arena_ struct arena arena = {};
	const struct type *constant = type_of_constant(1, false);
	const struct type *large_constant = type_of_constant(1000, false);
	const struct type *short_string = type_string(&arena, 3), *long_string = type_string(&arena, 9);
	const struct type *sum = type_aggregate(&arena, TYPE_SUM, &type_int8);
	const struct type *unsigned_sum = type_aggregate(&arena, TYPE_SUM, &type_uint64);
	const struct type *constant_sum = type_aggregate(&arena, TYPE_SUM, constant);
	const struct type *fine = type_histogram(&arena, TYPE_HIST, &(struct type_buckets){.bits = 3});
	const struct type *coarse = type_histogram(&arena, TYPE_HIST, &(struct type_buckets){.bits = 0});
	const struct {
		const char *name;
		const struct type *a, *b;
		const struct type *both; /* NULL: none */
	} rows[] = {
		{"the wider of one sign", &type_int8, &type_int32, &type_int32},
		{"the wider without sign", &type_uint16, &type_uint8, &type_uint16},
		{"a sign needs a bit more", &type_int8, &type_uint8, &type_int16},
		{"already wide enough", &type_int64, &type_uint32, &type_int64},
		{"nothing holds both", &type_int64, &type_uint64, NULL},
		{"not even a small negative one", &type_int8, &type_uint64, NULL},
		{"constants suit unsigned types", constant, &type_uint64, &type_uint64},
		{"a constant wider than the other", large_constant, &type_uint8, &type_uint16},
		{"a constant as wide as it is without a sign", type_of_constant(200, false), &type_uint8, &type_uint8},
		{"constants stay constants", constant, large_constant, large_constant},
		{"a constant among signed ones", large_constant, &type_int8, &type_int16},
		{"truth beside a number", &type_bool, &type_uint32, &type_uint32},
		{"nothing gives way", &type_none, short_string, short_string},
		{"the longer string", short_string, long_string, long_string},
		{"text and number", short_string, &type_int8, NULL},
		{"tuples by element", tuple_of(&arena, &type_int8, long_string),
		 tuple_of(&arena, &type_int64, short_string), tuple_of(&arena, &type_int64, long_string)},
		{"tuples with one misfit", tuple_of(&arena, &type_int8, long_string),
		 tuple_of(&arena, &type_int64, &type_int8), NULL},
		{"a tuple and a number", tuple_of(&arena, &type_int8, &type_int8), &type_int8, NULL},
		{"count and number", &type_count, &type_int64, NULL},
		{"sums of unlike signs", sum, unsigned_sum, NULL},
		{"sums of constants suit both", constant_sum, unsigned_sum, unsigned_sum},
		{"unlike aggregates", sum, type_aggregate(&arena, TYPE_AVG, &type_int8), NULL},
		{"histograms of one kind", fine, fine, fine},
		{"histograms that differ", fine, coarse, NULL},
		{"pointers of one kind", &type_void_pointer, &type_void_pointer, &type_void_pointer},
		{"pointers that differ", type_pointer(&arena, &type_int8), &type_void_pointer, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int swapped = 0; swapped < 2; swapped++) {
			const struct type *a = swapped ? rows[i].b : rows[i].a;
			const struct type *b = swapped ? rows[i].a : rows[i].b;
			const struct type *both = type_promote(&arena, a, b);

			if (!both || !rows[i].both ? both != rows[i].both : !type_is_same(both, rows[i].both))
				fail_msg("%s", rows[i].name);
		}
	}
}

static void test_type_promote_twice_keeps_identity(void **state)
{
	_cleanup_arena_ struct arena arena = {};
	const struct type *narrow = tuple_of(&arena, type_of_constant(1, false), &type_int8);
	const struct type *wide = tuple_of(&arena, &type_uint32, &type_int8);
	const struct type *both = type_promote(&arena, narrow, wide);

	(void)state;
	assert_ptr_equal(type_promote(&arena, both, narrow), both);
	assert_ptr_equal(type_promote(&arena, both, wide), both);
}

static void test_type_fits_what_needs_no_widening(void **state)
{
	_cleanup_arena_ struct arena arena = {};

	(void)state;
	assert_true(type_fits(&type_int8, &type_int64));
	assert_false(type_fits(&type_int64, &type_int8));
	assert_true(type_fits(type_of_constant(200, false), &type_uint16));
	assert_true(type_fits(type_of_constant(255, false), &type_uint8));
	assert_false(type_fits(type_of_constant(256, false), &type_uint8));
	assert_false(type_fits(type_of_constant(200, false), &type_int8));
	assert_false(type_fits(type_of_constant(1, true), &type_uint64));
	assert_false(type_fits(type_string(&arena, 9), type_string(&arena, 3)));
}

static void test_type_tuple_is_laid_out_as_a_struct(void **state)
{
	_cleanup_arena_ struct arena arena = {};

	(void)state;
	assert_int_equal(tuple_of(&arena, &type_int8, &type_int8)->size, 2);
	assert_int_equal(tuple_of(&arena, &type_int8, &type_int64)->size, 16);
	assert_int_equal(tuple_of(&arena, &type_int64, &type_int8)->size, 16);
	assert_int_equal(tuple_of(&arena, type_string(&arena, 3), &type_int16)->size, 6);
	assert_int_equal(tuple_of(&arena, &type_int8, tuple_of(&arena, &type_int8, &type_int32))->size, 12);
	assert_int_equal(type_tuple(&arena, NULL, 0)->size, 0);
	assert_int_equal(tuple_of(&arena, &type_int8, tuple_of(&arena, &type_int8, &type_int32))->node_count, 5);
}

static void test_type_of_read_makes_numbers_of_aggregates(void **state)
{
	_cleanup_arena_ struct arena arena = {};
	const struct type *stats = type_aggregate(&arena, TYPE_STATS, &type_int8);

	(void)state;
	assert_ptr_equal(type_of_read(&type_count), &type_uint64);
	assert_ptr_equal(type_of_read(type_aggregate(&arena, TYPE_MIN, &type_int8)), &type_int64);
	assert_ptr_equal(type_of_read(type_aggregate(&arena, TYPE_AVG, &type_uint8)), &type_uint64);
	assert_ptr_equal(type_of_read(stats), stats);
	assert_ptr_equal(type_of_read(&type_int16), &type_int16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_type_names_are_those_of_messages),
		cmocka_unit_test(test_type_of_constant_is_the_smallest_that_holds_it),
		cmocka_unit_test(test_type_promote_finds_what_holds_both),
		cmocka_unit_test(test_type_promote_twice_keeps_identity),
		cmocka_unit_test(test_type_fits_what_needs_no_widening),
		cmocka_unit_test(test_type_tuple_is_laid_out_as_a_struct),
		cmocka_unit_test(test_type_of_read_makes_numbers_of_aggregates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
