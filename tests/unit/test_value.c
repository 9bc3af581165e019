/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lang/scratch.h"
#include "lang/type.h"
#include "lang/value.h"

static void test_value_convert_cuts_to_width_and_sign(void **state)
{
	static const struct {
		const char *name;
		const struct type *type;
		uint64_t from;
		enum value_kind kind;
		uint64_t to;
	} rows[] = {
		{"int8 keeps", &type_int8, 5, VALUE_SIGNED, 5},
		{"int8 wraps", &type_int8, 200, VALUE_SIGNED, (uint64_t)-56},
		{"uint8 cuts", &type_uint8, 0x1ff, VALUE_UNSIGNED, 0xff},
		{"int16 wraps", &type_int16, 0x18000, VALUE_SIGNED, (uint64_t)-32768},
		{"uint16 cuts", &type_uint16, 0x1ffff, VALUE_UNSIGNED, 0xffff},
		{"int32 wraps", &type_int32, 0xffffffff, VALUE_SIGNED, UINT64_MAX},
		{"uint32 of -1", &type_uint32, UINT64_MAX, VALUE_UNSIGNED, 0xffffffff},
		{"int64 keeps", &type_int64, UINT64_MAX, VALUE_SIGNED, UINT64_MAX},
		{"uint64 keeps", &type_uint64, UINT64_MAX, VALUE_UNSIGNED, UINT64_MAX},
		{"bool of 256", &type_bool, 256, VALUE_BOOL, 1},
		{"pointer", &type_void_pointer, 0x10, VALUE_POINTER, 0x10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct value value = value_convert(value_unsigned(rows[i].from), rows[i].type);

		if (value.kind != rows[i].kind || value.integer != rows[i].to)
			fail_msg("%s: kind %d, %#jx", rows[i].name, value.kind, (uintmax_t)value.integer);
	}
}

static void test_value_convert_leaves_text_and_unknown_alone(void **state)
{
	struct value text = value_convert(value_text("ab"), &(struct type){.kind = TYPE_STRING, .size = 8});
	struct value unknown = value_convert(value_unknown("why"), &type_int64);

	(void)state;
	assert_int_equal(text.kind, VALUE_STRING);
	assert_int_equal(text.length, 2);
	assert_int_equal(unknown.kind, VALUE_UNKNOWN);
	assert_string_equal(unknown.reason, "why");
}

static void test_value_convert_object_to_number_is_unknown(void **state)
{
	struct value value = value_convert(value_buffer("0123456789abcdef", 16), &type_int64);

	(void)state;
	assert_int_equal(value.kind, VALUE_UNKNOWN);
	assert_string_equal(value.reason, "not a number");
}

static void test_value_integer_of_real_saturates(void **state)
{
	static const struct {
		double real;
		uint64_t integer;
	} rows[] = {
		{0.0, 0},
		{2.9, 2},
		{-2.9, (uint64_t)-2},
		{1e300, UINT64_MAX},
		{-1e300, (uint64_t)INT64_MIN},
		{0x1p63, (uint64_t)1 << 63},
		{NAN, 0},
		{INFINITY, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(value_integer(value_real(rows[i].real)), rows[i].integer);
}

static void test_value_truth_follows_number_and_text(void **state)
{
	(void)state;
	assert_true(value_is_true(value_signed(-1)));
	assert_false(value_is_true(value_unsigned(0)));
	assert_true(value_is_true(value_pointer(1)));
	assert_true(value_is_true(value_real(0.5)));
	assert_true(value_is_true(value_text("x")));
	assert_false(value_is_true(value_text("")));
	assert_false(value_is_true(value_unknown("why")));
}

static void test_value_compare_orders_all_kinds(void **state)
{
	const struct value low[] = {value_signed(1), value_text("a")};
	const struct value high[] = {value_signed(1), value_text("b")};
	const struct {
		const char *name;
		struct value a;
		struct value b;
		int order;
	} rows[] = {
		{"signed", value_signed(-1), value_signed(1), -1},
		{"unsigned", value_unsigned(UINT64_MAX), value_unsigned(1), 1},
		{"negative against unsigned", value_signed(-1), value_unsigned(0), -1},
		{"equal across signs", value_signed(5), value_unsigned(5), 0},
		{"bools", value_bool(false), value_bool(true), -1},
		{"strings", value_text("abc"), value_text("abd"), -1},
		{"prefix first", value_text("ab"), value_text("abc"), -1},
		{"bytes are unsigned", value_text("\x80"), value_text("a"), 1},
		{"equal strings", value_text("abc"), value_text("abc"), 0},
		{"tuples", value_tuple(low, 2), value_tuple(high, 2), -1},
		{"shorter tuple", value_tuple(low, 1), value_tuple(low, 2), -1},
		{"equal tuples", value_tuple(low, 2), value_tuple(low, 2), 0},
		{"reals", value_real(-0.5), value_real(0.25), -1},
		{"unlike kinds", value_signed(9), value_text(""), -1},
		{"unknown last", value_unknown("a"), value_text("z"), 1},
		{"unknown equal", value_unknown("a"), value_unknown("b"), 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (value_compare(rows[i].a, rows[i].b) != rows[i].order ||
		    value_compare(rows[i].b, rows[i].a) != -rows[i].order)
			fail_msg("%s", rows[i].name);
	}
}

static void test_value_zero_of_each_type(void **state)
{
	const struct type string = {.kind = TYPE_STRING, .size = 16};
	const struct type *elements[] = {&type_uint32, &string};
	const struct type tuple = {.kind = TYPE_TUPLE, .elements = elements, .element_count = 2};
	struct scratch scratch = {0};
	struct value value = value_zero(&tuple, &scratch);

	(void)state;
	assert_int_equal(value.kind, VALUE_TUPLE);
	assert_int_equal(value.length, 2);
	assert_int_equal(value.elements[0].kind, VALUE_UNSIGNED);
	assert_int_equal(value.elements[0].integer, 0);
	assert_int_equal(value.elements[1].kind, VALUE_STRING);
	assert_int_equal(value.elements[1].length, 0);
	assert_int_equal(value_zero(&type_bool, &scratch).kind, VALUE_BOOL);
	assert_int_equal(value_zero(&type_int8, &scratch).kind, VALUE_SIGNED);
	assert_int_equal(value_zero(&type_void_pointer, &scratch).kind, VALUE_POINTER);
	scratch_deinit(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value_convert_cuts_to_width_and_sign),
		cmocka_unit_test(test_value_convert_leaves_text_and_unknown_alone),
		cmocka_unit_test(test_value_convert_object_to_number_is_unknown),
		cmocka_unit_test(test_value_integer_of_real_saturates),
		cmocka_unit_test(test_value_truth_follows_number_and_text),
		cmocka_unit_test(test_value_compare_orders_all_kinds),
		cmocka_unit_test(test_value_zero_of_each_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
