/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lang/flat.h"
#include "lang/map.h"
#include "lang/scratch.h"
#include "lang/type.h"

static const struct type type_string16 = {.kind = TYPE_STRING, .size = 16};
static const struct type type_sum_signed = {.kind = TYPE_SUM, .is_signed = true};

static struct map_element *obtain(struct map *map, struct value key)
{
	char bytes[64];

	return map_obtain(map, bytes, (size_t)(flat_write(key, bytes) - bytes));
}

static struct map_element *find(struct map *map, struct value key)
{
	char bytes[64];

	return map_find(map, bytes, (size_t)(flat_write(key, bytes) - bytes));
}

static void test_map_keeps_one_element_a_key(void **state)
{
	const struct value pair[] = {value_text("x"), value_signed(2)};
	struct map map;

	(void)state;
	map_init(&map, "@m", &type_int64, &type_count, 10);
	assert_null(find(&map, value_signed(1)));
	map_feed(&map, obtain(&map, value_signed(1)), 0);
	map_feed(&map, obtain(&map, value_signed(1)), 0);
	map_feed(&map, obtain(&map, value_tuple(pair, 2)), 0);
	assert_int_equal(map_count(&map), 2);
	assert_int_equal(map_read(&map, find(&map, value_signed(1)), NULL).integer, 2);
	assert_int_equal(map_read(&map, find(&map, value_tuple(pair, 2)), NULL).integer, 1);
	map_deinit(&map);
}

static void test_map_without_keys_has_one_element(void **state)
{
	struct map map;

	(void)state;
	map_init(&map, "@m", NULL, &type_sum_signed, 10);
	map_feed(&map, map_obtain(&map, "", 0), (uint64_t)-3);
	map_feed(&map, map_obtain(&map, "", 0), 1);
	assert_int_equal(map_count(&map), 1);
	assert_int_equal((int64_t)map_read(&map, map_find(&map, "", 0), NULL).integer, -2);
	map_deinit(&map);
}

static void test_map_that_is_full_refuses_new_keys_only(void **state)
{
	struct map map;

	(void)state;
	map_init(&map, "@m", &type_int64, &type_count, 2);
	assert_non_null(obtain(&map, value_signed(1)));
	assert_non_null(obtain(&map, value_signed(2)));
	assert_null(obtain(&map, value_signed(3)));
	assert_non_null(obtain(&map, value_signed(2)));
	map_delete(&map, find(&map, value_signed(1)));
	assert_non_null(obtain(&map, value_signed(3)));
	assert_int_equal(map_count(&map), 2);
	map_deinit(&map);
}

static void test_map_stores_text_of_any_length(void **state)
{
	struct scratch scratch = {0};
	struct map_element *element;
	struct value value;
	char text[3000];
	struct map map;

	(void)state;
	memset(text, 'y', sizeof(text));
	map_init(&map, "@m", NULL, &type_string16, 10);
	element = map_obtain(&map, "", 0);
	assert_int_equal(map_read(&map, element, &scratch).length, 0);
	assert_true(map_store(element, value_text("short")));
	assert_true(map_store(element, value_string(text, sizeof(text))));
	value = map_read(&map, element, &scratch);
	assert_int_equal(value.length, sizeof(text));
	assert_memory_equal(value.text, text, sizeof(text));
	/* What was read does not change with the map. */
	assert_true(map_store(element, value_text("z")));
	assert_memory_equal(value.text, text, sizeof(text));
	assert_memory_equal(map_read(&map, element, &scratch).text, "z", 1);
	map_deinit(&map);
	scratch_deinit(&scratch);
}

static void test_map_value_may_be_stored_into_its_own_element(void **state)
{
	struct scratch scratch = {0};
	struct map_element *element;
	struct value value;
	struct map map;

	(void)state;
	map_init(&map, "@m", NULL, &type_string16, 10);
	element = map_obtain(&map, "", 0);
	map_store(element, value_text("abcdef"));
	value = map_read(&map, element, &scratch);
	value.text += 2;
	value.length -= 2;
	map_store(element, value);
	assert_memory_equal(map_read(&map, element, &scratch).text, "cdef", 4);
	map_deinit(&map);
	scratch_deinit(&scratch);
}

static void test_map_keys_are_copies_in_the_order_of_insertion(void **state)
{
	struct scratch scratch = {};
	const struct map_key *keys;
	struct map map;

	(void)state;
	map_init(&map, "@m", &type_int64, &type_count, 10);
	obtain(&map, value_signed(7));
	obtain(&map, value_signed(3));
	obtain(&map, value_signed(5));
	keys = map_keys(&map, &scratch);
	map_clear(&map);
	assert_int_equal(flat_read(keys[0].bytes, &scratch).integer, 7);
	assert_int_equal(flat_read(keys[1].bytes, &scratch).integer, 3);
	assert_int_equal(flat_read(keys[2].bytes, &scratch).integer, 5);
	scratch_deinit(&scratch);
	map_deinit(&map);
}

static void test_map_zero_keeps_the_keys(void **state)
{
	const struct type lhist = {.kind = TYPE_LHIST, .buckets = {.max = 10, .step = 1}};
	const struct type *const types[] = {&type_count, &type_int64, &lhist};
	struct scratch scratch = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct map_selection selection;
		struct map_element *element;
		struct map map;

		map_init(&map, "@m", &type_int64, types[i], 10);
		element = obtain(&map, value_signed(1));
		if (type_is_aggregate(types[i]))
			map_feed(&map, element, 5);
		else
			map_store(element, value_signed(5));
		map_zero(&map);
		assert_int_equal(map_count(&map), 1);
		assert_null(map_select(&map, 0, 1, false, &scratch, &selection));
		if (types[i] == &lhist)
			assert_int_equal(selection.rows[0].weight, 0);
		else
			assert_int_equal(selection.rows[0].value.integer, 0);
		map_selection_deinit(&selection);
		map_deinit(&map);
	}
	scratch_deinit(&scratch);
}

static void test_map_holds_very_many_keys(void **state)
{
	struct map map;

	(void)state;
	map_init(&map, "@m", &type_int64, &type_count, 200000);
	for (int64_t i = 0; i < 100000; i++)
		map_feed(&map, obtain(&map, value_signed(i)), 0);
	for (int64_t i = 0; i < 100000; i += 2)
		map_delete(&map, find(&map, value_signed(i)));
	assert_int_equal(map_count(&map), 50000);
	for (int64_t i = 0; i < 100000; i++)
		assert_int_equal(find(&map, value_signed(i)) != NULL, i % 2);
	map_clear(&map);
	assert_int_equal(map_count(&map), 0);
	map_deinit(&map);
}

/* The keys of a selection, e.g. "3 1 2 ". */
static void list_keys(const struct map_selection *selection, char *text, size_t size)
{
	int length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < selection->count; i++)
		length += snprintf(text + length, size - (size_t)length, "%jd ",
				   (intmax_t)selection->rows[i].key.integer);
}

static void check_order(struct map *map, uint64_t top, const char *keys)
{
	struct scratch scratch = {0};
	struct map_selection selection;
	char text[128];

	assert_null(map_select(map, top, 1, false, &scratch, &selection));
	list_keys(&selection, text, sizeof(text));
	assert_string_equal(text, keys);
	map_selection_deinit(&selection);
	scratch_deinit(&scratch);
}

static void test_map_numbers_are_sorted_by_value_then_key(void **state)
{
	static const int64_t values[] = {30, -10, 20, 20, 5};
	struct map map;

	(void)state;
	map_init(&map, "@m", &type_int64, &type_sum_signed, 10);
	for (int64_t i = 0; i < 5; i++)
		map_feed(&map, obtain(&map, value_signed(i)), (uint64_t)values[i]);
	check_order(&map, 0, "1 4 2 3 0 ");
	check_order(&map, 2, "3 0 ");
	check_order(&map, 50, "1 4 2 3 0 ");
	map_deinit(&map);
}

static void test_map_values_are_sorted_by_key(void **state)
{
	static const int64_t keys[] = {100, -5, 7};
	struct map map;

	(void)state;
	map_init(&map, "@m", &type_int64, &type_string16, 10);
	for (int64_t i = 0; i < 3; i++)
		map_store(obtain(&map, value_signed(keys[i])), value_text(i == 1 ? "z" : "a"));
	check_order(&map, 0, "-5 7 100 ");
	map_deinit(&map);
}

static void test_map_histograms_are_sorted_by_total(void **state)
{
	const struct type hist = {.kind = TYPE_HIST};
	struct map map;

	(void)state;
	map_init(&map, "@m", &type_int64, &hist, 10);
	for (int64_t key = 0; key < 3; key++) {
		for (int64_t i = 0; i < 3 - key; i++)
			map_feed(&map, obtain(&map, value_signed(key)), (uint64_t)(1 << i));
	}
	check_order(&map, 0, "2 1 0 ");
	map_deinit(&map);
}

static void test_map_selection_divides_numbers(void **state)
{
	static const struct {
		struct type type;
		int64_t number;
		uint64_t divisor;
		int64_t result;
	} rows[] = {
		{{.kind = TYPE_SUM, .is_signed = true}, -25, 10, -2},
		{{.kind = TYPE_SUM, .is_signed = true}, -25, UINT64_MAX, 0},
		{{.kind = TYPE_MAX}, -1, 2, INT64_MAX},
		{{.kind = TYPE_AVG, .is_signed = true}, 30, 10, 3},
	};
	struct scratch scratch = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct map_selection selection;
		struct map map;

		map_init(&map, "@m", NULL, &rows[i].type, 10);
		map_feed(&map, map_obtain(&map, "", 0), (uint64_t)rows[i].number);
		assert_null(map_select(&map, 0, rows[i].divisor, false, &scratch, &selection));
		assert_int_equal((int64_t)selection.rows[0].value.integer, rows[i].result);
		map_selection_deinit(&selection);
		map_deinit(&map);
	}
	scratch_deinit(&scratch);
}

static void test_map_selection_of_nothing(void **state)
{
	struct scratch scratch = {0};
	struct map_selection selection;
	struct map scalar, keyed;

	(void)state;
	map_init(&scalar, "@s", NULL, &type_count, 10);
	map_init(&keyed, "@k", &type_int64, &type_count, 10);
	assert_null(map_select(&scalar, 0, 1, false, &scratch, &selection));
	assert_int_equal(selection.count, 0);
	map_selection_deinit(&selection);
	assert_null(map_select(&scalar, 0, 1, true, &scratch, &selection));
	assert_int_equal(selection.count, 1);
	assert_int_equal(selection.rows[0].value.integer, 0);
	map_selection_deinit(&selection);
	assert_null(map_select(&keyed, 0, 1, true, &scratch, &selection));
	assert_int_equal(selection.count, 0);
	map_selection_deinit(&selection);
	map_deinit(&scalar);
	map_deinit(&keyed);
	scratch_deinit(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_keeps_one_element_a_key),
		cmocka_unit_test(test_map_without_keys_has_one_element),
		cmocka_unit_test(test_map_that_is_full_refuses_new_keys_only),
		cmocka_unit_test(test_map_stores_text_of_any_length),
		cmocka_unit_test(test_map_value_may_be_stored_into_its_own_element),
		cmocka_unit_test(test_map_keys_are_copies_in_the_order_of_insertion),
		cmocka_unit_test(test_map_zero_keeps_the_keys),
		cmocka_unit_test(test_map_holds_very_many_keys),
		cmocka_unit_test(test_map_numbers_are_sorted_by_value_then_key),
		cmocka_unit_test(test_map_values_are_sorted_by_key),
		cmocka_unit_test(test_map_histograms_are_sorted_by_total),
		cmocka_unit_test(test_map_selection_divides_numbers),
		cmocka_unit_test(test_map_selection_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
