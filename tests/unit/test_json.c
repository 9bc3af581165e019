/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json_string.h"
#include "base/strbuf.h"
#include "lang/json.h"
#include "support/sample_maps.h"

static void test_json_string_escapes_what_json_forbids(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		const char *json;
	} rows[] = {
		{"", 0, "\"\""},
		{"a b", 3, "\"a b\""},
		{"\"\\\n\r\t", 5, "\"\\\"\\\\\\n\\r\\t\""},
		{"\0\1\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\""},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
		{"\xff\x80", 2, "\"\\u00ff\\u0080\""},
		{"\xc3", 1, "\"\\u00c3\""},
		{"\xc3(", 2, "\"\\u00c3(\""},
		{"\xe2\x82", 2, "\"\\u00e2\\u0082\""},
		{"\xc0\x80", 2, "\"\\u00c0\\u0080\""},                       /* overlong */
		{"\xed\xa0\x80", 3, "\"\\u00ed\\u00a0\\u0080\""},            /* surrogate */
		{"\xf4\x90\x80\x80", 4, "\"\\u00f4\\u0090\\u0080\\u0080\""}, /* beyond U+10FFFF */
		{"\xe2\x28\xa1", 3, "\"\\u00e2(\\u00a1\""},
		{"\xf0\x9f\x98(", 4, "\"\\u00f0\\u009f\\u0098(\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};

		json_string(rows[i].text, rows[i].length, &out);
		assert_string_equal(strbuf_text(&out), rows[i].json);
	}
}

static void test_json_text_line_has_its_type(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	json_text_line("printf", "test 5\n", 7, &out);
	assert_string_equal(strbuf_text(&out), "{\"type\": \"printf\", \"data\": \"test 5\\n\"}\n");
}

static void test_json_value_of_each_kind(void **state)
{
	const struct value inner[] = {value_signed(4), value_unknown("why")};
	const struct value outer[] = {value_signed(1), value_text("with \"quotes\""), value_tuple(inner, 2)};
	struct value cut = value_text("ab");
	const struct {
		struct value value;
		const char *json;
	} rows[] = {
		{value_signed(-5), "-5"},
		{value_unsigned(5), "5"},
		{value_unsigned(1ULL << 53), "9007199254740992"},
		{value_unsigned((1ULL << 53) + 1), "\"9007199254740993\""},
		{value_unsigned(UINT64_MAX), "\"18446744073709551615\""},
		{value_unsigned(1ULL << 63), "9223372036854775808"},
		{value_signed(INT64_MIN), "-9223372036854775808"},
		{value_signed(-INT64_MAX), "\"-9223372036854775807\""},
		{value_bool(true), "true"},
		{value_bool(false), "false"},
		{value_pointer(50), "50"},
		{value_real(0.5), "0.5"},
		{value_real(NAN), "\"nan\""},
		{value_text("x\ny"), "\"x\\ny\""},
		{cut, "\"ab..\""},
		{value_buffer("a\0", 2), "\"a\\\\x00\""},
		{value_tuple(outer, 3), "[1,\"with \\\"quotes\\\"\",[4,null]]"},
		{value_tuple(NULL, 0), "[]"},
		{value_unknown("why"), "null"},
	};

	(void)state;
	cut.is_cut = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		struct value value = rows[i].value;
		char line[128];

		if (value.kind == VALUE_STRING && value.text == cut.text)
			value = cut;
		json_value_line(value, NULL, "..", &out);
		snprintf(line, sizeof(line), "{\"type\": \"value\", \"data\": %s}\n", rows[i].json);
		assert_string_equal(strbuf_text(&out), line);
	}
}

static void check_map(enum sample_map which, uint64_t top, uint64_t divisor, bool wants_zero, const char *text)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct scratch scratch = {0};
	struct map_selection selection;
	struct map map;

	sample_map_init(&map, which);
	assert_null(map_select(&map, top, divisor, wants_zero, &scratch, &selection));
	json_map_line(&map, &selection, "..", &out);
	assert_string_equal(strbuf_text(&out), text);
	map_selection_deinit(&selection);
	map_deinit(&map);
	scratch_deinit(&scratch);
}

static void test_json_map_of_values(void **state)
{
	(void)state;
	check_map(SAMPLE_SCALAR, 0, 1, false, "{\"type\": \"map\", \"data\": {\"@x\": -5}}\n");
	check_map(SAMPLE_STRING, 0, 1, false, "{\"type\": \"map\", \"data\": {\"@x\": \"a b \\n d..\"}}\n");
	check_map(SAMPLE_TUPLE, 0, 1, false, "{\"type\": \"map\", \"data\": {\"@x\": [null,1]}}\n");
	check_map(SAMPLE_KEYED, 0, 1, false, "{\"type\": \"map\", \"data\": {\"@x\": {\"key 2\": 1, \"key1\": 2}}}\n");
	check_map(SAMPLE_TUPLE_KEYS, 0, 1, false,
		  "{\"type\": \"map\", \"data\": {\"@x\": {\"b,(1,d)\": -7, \"a,(2,c)\": 7}}}\n");
	check_map(SAMPLE_UNKNOWN_KEY, 0, 1, false, "{\"type\": \"map\", \"data\": {\"@x\": {\"?,1\": 1}}}\n");
	check_map(SAMPLE_BOOLS, 0, 1, false,
		  "{\"type\": \"map\", \"data\": {\"@x\": {\"false\": [3,\"\\\"\"], \"true\": [1,\"two\"]}}}\n");
}

static void test_json_map_of_averages_and_stats(void **state)
{
	(void)state;
	check_map(SAMPLE_AVERAGES, 2, 10, false, "{\"type\": \"stats\", \"data\": {\"@x\": {\"c\": 3, \"d\": 4}}}\n");
	check_map(SAMPLE_AVERAGE, 0, 1, false, "{\"type\": \"stats\", \"data\": {\"@x\": 7}}\n");
	check_map(SAMPLE_STATS, 0, 1, false,
		  "{\"type\": \"stats\", \"data\": {\"@x\": {\"count\": 2, \"average\": 6, \"total\": 12}}}\n");
	check_map(SAMPLE_STATS_KEYED, 0, 1, false,
		  "{\"type\": \"stats\", \"data\": {\"@x\": {\"2\": {\"count\": 1, \"average\": -2, \"total\": -2}, "
		  "\"1\": {\"count\": 1, \"average\": 10, \"total\": 10}}}}\n");
}

static void test_json_map_of_histograms_has_closed_ranges(void **state)
{
	(void)state;
	check_map(SAMPLE_HIST_KEYED, 0, 1, false,
		  "{\"type\": \"hist\", \"data\": {\"@x\": {\"one\": [{\"min\": 2, \"max\": 3, \"count\": 1}], "
		  "\"two\": [{\"max\": -1, \"count\": 1},{\"min\": 0, \"max\": 0, \"count\": 1},"
		  "{\"min\": 1, \"max\": 1, \"count\": 0},{\"min\": 2, \"max\": 3, \"count\": 0},"
		  "{\"min\": 4, \"max\": 7, \"count\": 0},{\"min\": 8, \"max\": 15, \"count\": 0},"
		  "{\"min\": 16, \"max\": 31, \"count\": 0},{\"min\": 32, \"max\": 63, \"count\": 0},"
		  "{\"min\": 64, \"max\": 127, \"count\": 0},{\"min\": 128, \"max\": 255, \"count\": 0},"
		  "{\"min\": 256, \"max\": 511, \"count\": 1},{\"min\": 512, \"max\": 1023, \"count\": 0},"
		  "{\"min\": 1024, \"max\": 2047, \"count\": 2}]}}}\n");
	check_map(SAMPLE_LHIST_KILO, 0, 1, false,
		  "{\"type\": \"hist\", \"data\": {\"@x\": [{\"max\": -1, \"count\": 1},"
		  "{\"min\": 0, \"max\": 1023, \"count\": 0},{\"min\": 1024, \"max\": 2047, \"count\": 0},"
		  "{\"min\": 2048, \"max\": 3071, \"count\": 0},{\"min\": 3072, \"max\": 4095, \"count\": 0},"
		  "{\"min\": 4096, \"count\": 1}]}}\n");
	check_map(SAMPLE_HIST_ZERO, 0, 1, false, "{\"type\": \"hist\", \"data\": {\"@x\": []}}\n");
}

static void test_json_map_that_is_empty(void **state)
{
	(void)state;
	check_map(SAMPLE_EMPTY_SCALAR, 0, 1, false, "");
	check_map(SAMPLE_EMPTY_SCALAR, 0, 1, true, "{\"type\": \"map\", \"data\": {\"@x\": 0}}\n");
	check_map(SAMPLE_EMPTY_KEYED, 0, 1, true, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_string_escapes_what_json_forbids),
		cmocka_unit_test(test_json_text_line_has_its_type),
		cmocka_unit_test(test_json_value_of_each_kind),
		cmocka_unit_test(test_json_map_of_values),
		cmocka_unit_test(test_json_map_of_averages_and_stats),
		cmocka_unit_test(test_json_map_of_histograms_has_closed_ranges),
		cmocka_unit_test(test_json_map_that_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
