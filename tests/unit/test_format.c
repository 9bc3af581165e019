/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "lang/format.h"
#include "lang/value.h"

static const struct value pair[] = {
	{.kind = VALUE_SIGNED, .integer = 1},
	{.kind = VALUE_STRING, .text = "a", .length = 1},
};

static const struct {
	const char *name;
	const char *format;
	struct value value;
	const char *text;
} renderings[] = {
	{"plain", "%d", {.kind = VALUE_SIGNED, .integer = 42}, "42"},
	{"negative", "%d", {.kind = VALUE_SIGNED, .integer = (uint64_t)-42}, "-42"},
	{"i is d", "%i", {.kind = VALUE_SIGNED, .integer = (uint64_t)-42}, "-42"},
	{"text around", "<%d>\n", {.kind = VALUE_SIGNED, .integer = 7}, "<7>\n"},
	{"d keeps 32 bits", "%d", {.kind = VALUE_SIGNED, .integer = 0x1ffffffff}, "-1"},
	{"x keeps 32 bits", "%x", {.kind = VALUE_SIGNED, .integer = 0x12345678abcdef}, "78abcdef"},
	{"u keeps 32 bits", "%u", {.kind = VALUE_SIGNED, .integer = (uint64_t)-1}, "4294967295"},
	{"ld keeps all", "%ld", {.kind = VALUE_SIGNED, .integer = 0x1ffffffff}, "8589934591"},
	{"lld keeps all", "%lld", {.kind = VALUE_SIGNED, .integer = (uint64_t)INT64_MIN}, "-9223372036854775808"},
	{"llu keeps all", "%llu", {.kind = VALUE_UNSIGNED, .integer = UINT64_MAX}, "18446744073709551615"},
	{"jx keeps all", "%jx", {.kind = VALUE_SIGNED, .integer = 0x12345678abcdef}, "12345678abcdef"},
	{"zd keeps all", "%zd", {.kind = VALUE_SIGNED, .integer = 0x100000000}, "4294967296"},
	{"td keeps all", "%td", {.kind = VALUE_SIGNED, .integer = 0x100000000}, "4294967296"},
	{"hx keeps 16 bits", "%hx", {.kind = VALUE_SIGNED, .integer = 0x78abcdef}, "cdef"},
	{"hhx keeps 8 bits", "%hhx", {.kind = VALUE_SIGNED, .integer = 0x78abcdef}, "ef"},
	{"hhd is signed", "%hhd", {.kind = VALUE_SIGNED, .integer = 200}, "-56"},
	{"octal", "%o", {.kind = VALUE_SIGNED, .integer = 8}, "10"},
	{"upper hex", "%X", {.kind = VALUE_SIGNED, .integer = 0xbeef}, "BEEF"},
	{"longest octal", "%lo", {.kind = VALUE_UNSIGNED, .integer = UINT64_MAX}, "1777777777777777777777"},
	{"width", "[%5d]", {.kind = VALUE_SIGNED, .integer = 42}, "[   42]"},
	{"left", "[%-5d]", {.kind = VALUE_SIGNED, .integer = 42}, "[42   ]"},
	{"zeros", "[%05d]", {.kind = VALUE_SIGNED, .integer = (uint64_t)-42}, "[-0042]"},
	{"left beats zeros", "[%-05d]", {.kind = VALUE_SIGNED, .integer = 42}, "[42   ]"},
	{"precision", "[%.4d]", {.kind = VALUE_SIGNED, .integer = (uint64_t)-42}, "[-0042]"},
	{"precision beats zeros", "[%06.4d]", {.kind = VALUE_SIGNED, .integer = 42}, "[  0042]"},
	{"precision zero of zero", "[%.0d]", {.kind = VALUE_SIGNED}, "[]"},
	{"plus", "%+d", {.kind = VALUE_SIGNED, .integer = 5}, "+5"},
	{"space", "% d", {.kind = VALUE_SIGNED, .integer = 5}, " 5"},
	{"alternate hex", "%#x", {.kind = VALUE_SIGNED, .integer = 255}, "0xff"},
	{"alternate upper hex", "%#X", {.kind = VALUE_SIGNED, .integer = 255}, "0XFF"},
	{"alternate hex with zeros", "%#06x", {.kind = VALUE_SIGNED, .integer = 255}, "0x00ff"},
	{"alternate zero", "%#x", {.kind = VALUE_SIGNED}, "0"},
	{"alternate octal", "%#o", {.kind = VALUE_SIGNED, .integer = 8}, "010"},
	{"pointer", "%p", {.kind = VALUE_POINTER, .integer = 0x7fffdeadbeef}, "0x7fffdeadbeef"},
	{"null pointer", "%p", {.kind = VALUE_POINTER}, "0x0"},
	{"character", "%c", {.kind = VALUE_SIGNED, .integer = 65}, "A"},
	{"bool as number", "%d", {.kind = VALUE_BOOL, .integer = 1}, "1"},
	{"real as number", "%d", {.kind = VALUE_REAL, .real = -2.75}, "-2"},
	{"real as text", "%s", {.kind = VALUE_REAL, .real = -2.75}, "-2.75"},
	{"string", "%s", {.kind = VALUE_STRING, .text = "abc", .length = 3}, "abc"},
	{"string of given length", "%s", {.kind = VALUE_STRING, .text = "abcdef", .length = 2}, "ab"},
	{"string wide", "[%6s]", {.kind = VALUE_STRING, .text = "abc", .length = 3}, "[   abc]"},
	{"string left", "[%-6s]", {.kind = VALUE_STRING, .text = "abc", .length = 3}, "[abc   ]"},
	{"string cut short", "[%.2s]", {.kind = VALUE_STRING, .text = "abc", .length = 3}, "[ab]"},
	{"string cut and wide", "[%5.1s]", {.kind = VALUE_STRING, .text = "abc", .length = 3}, "[    a]"},
	{"string that was cut", "%s", {.kind = VALUE_STRING, .is_cut = true, .text = "abc", .length = 3}, "abc.."},
	{"integer as text", "%s", {.kind = VALUE_SIGNED, .integer = 0x1ffffffff}, "8589934591"},
	{"bool as text", "%s", {.kind = VALUE_BOOL, .integer = 1}, "true"},
	{"pointer as text", "%s", {.kind = VALUE_POINTER, .integer = 16}, "0x10"},
	{"tuple as text", "%s", {.kind = VALUE_TUPLE, .elements = pair, .length = 2}, "(1, a)"},
	{"buffer as text", "%s", {.kind = VALUE_BUFFER, .text = "a\1", .length = 2}, "a\\x01"},
	{"buffer", "%r", {.kind = VALUE_BUFFER, .text = "a\1\xff~", .length = 4}, "a\\x01\\xff~"},
	{"buffer escaped", "%rx", {.kind = VALUE_BUFFER, .text = "Hello", .length = 5}, "\\x48\\x65\\x6c\\x6c\\x6f"},
	{"buffer hex", "%rh", {.kind = VALUE_BUFFER, .text = "Hi\0", .length = 3}, "48 69 00"},
	{"buffer hex wide", "[%8rh]", {.kind = VALUE_BUFFER, .text = "Hi", .length = 2}, "[   48 69]"},
	{"empty buffer", "[%r%%]", {.kind = VALUE_BUFFER, .text = "", .length = 0}, "[%]"},
	{"unknown number", "[%d]", {.kind = VALUE_UNKNOWN, .reason = "why"}, "[?]"},
	{"unknown number wide", "[%3ld]", {.kind = VALUE_UNKNOWN, .reason = "why"}, "[  ?]"},
	{"unknown text", "[%-3s]", {.kind = VALUE_UNKNOWN, .reason = "why"}, "[?  ]"},
	{"unknown buffer", "[%rh]", {.kind = VALUE_UNKNOWN, .reason = "why"}, "[?]"},
	{"unknown character", "[%c]", {.kind = VALUE_UNKNOWN, .reason = "why"}, "[?]"},
	{"object where a number was due", "%d", {.kind = VALUE_BUFFER, .text = "ab", .length = 2}, "?"},
};

static void test_format_renders_each_conversion(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(renderings) / sizeof(renderings[0]); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		struct format *format;

		assert_null(format_parse(renderings[i].format, strlen(renderings[i].format), &format));
		assert_int_equal(format->spec_count, 1);
		format_render(format, &renderings[i].value, "..", &out);
		if (strcmp(strbuf_text(&out), renderings[i].text) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", renderings[i].name, strbuf_text(&out),
				 renderings[i].text);
		format_destroy(format);
	}
}

static void test_format_without_conversions_is_its_text(void **state)
{
	static const struct {
		const char *format;
		const char *text;
	} rows[] = {
		{"", ""},          {"hi!\n", "hi!\n"}, {"100%\n", "100%\n"},       {"100%", "100%"},
		{"100%%", "100%"}, {"%%d", "%d"},      {"%y %k% %5", "%y %k% %5"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};
		struct format *format;

		assert_null(format_parse(rows[i].format, strlen(rows[i].format), &format));
		assert_int_equal(format->spec_count, 0);
		format_render(format, NULL, "..", &out);
		assert_string_equal(strbuf_text(&out), rows[i].text);
		format_destroy(format);
	}
}

static void test_format_keeps_nul_bytes(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct value value = value_signed(1);
	struct format *format;

	(void)state;
	assert_null(format_parse("a\0%d\0b", 6, &format));
	format_render(format, &value, "..", &out);
	assert_int_equal(out.length, 5);
	assert_memory_equal(strbuf_text(&out), "a\0001\0b", 6);
	format_destroy(format);
}

static void test_format_takes_values_in_order(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct value values[] = {value_text("x"), value_signed(-2), value_unsigned(3)};
	struct format *format;
	const char *text = "%s=%d, %u;";

	(void)state;
	assert_null(format_parse(text, strlen(text), &format));
	assert_int_equal(format->spec_count, 3);
	assert_int_equal(format_operand(&format->specs[0]), FORMAT_TAKES_ANY);
	assert_int_equal(format_operand(&format->specs[1]), FORMAT_TAKES_INTEGER);
	format_render(format, values, "..", &out);
	assert_string_equal(strbuf_text(&out), "x=-2, 3;");
	format_destroy(format);
}

static void test_format_that_is_bad_is_refused_with_its_text(void **state)
{
	static const struct {
		const char *format;
		const char *message;
	} rows[] = {
		{"%f", "unsupported format specifier: f"},
		{"%5.2lg", "unsupported format specifier: g"},
		{"%n", "unsupported format specifier: n"},
		{"a %*d",
		 "format specifier takes its width or precision from an argument, which is not supported: %*d"},
		{"%.*s",
		 "format specifier takes its width or precision from an argument, which is not supported: %.*s"},
		{"%4096d", "format specifier is wider than 4095 characters: %4096d"},
		{"%99999999999999999999d", "format specifier is wider than 4095 characters: %99999999999999999999d"},
		{"%.5000s", "format specifier is wider than 4095 characters: %.5000s"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct format *format = NULL;
		struct usdtrap_error *error = format_parse(rows[i].format, strlen(rows[i].format), &format);

		assert_non_null(error);
		assert_null(format);
		assert_int_equal(usdtrap_error_code(error), USDTRAP_SCRIPT);
		assert_string_equal(usdtrap_error_message(error), rows[i].message);
		usdtrap_error_destroy(error);
	}
}

static void check_message(struct usdtrap_error *error, const char *message)
{
	assert_non_null(error);
	assert_int_equal(usdtrap_error_code(error), USDTRAP_SCRIPT);
	assert_string_equal(usdtrap_error_message(error), message);
	usdtrap_error_destroy(error);
}

static void test_format_wrong_count_is_refused_with_its_text(void **state)
{
	struct format *format;

	(void)state;
	assert_null(format_parse("%d %d", 5, &format));
	assert_null(format_check_count(format, 2));
	check_message(format_check_count(format, 1), "not enough arguments for format string (1 supplied, 2 expected)");
	check_message(format_check_count(format, 3), "too many arguments for format string (3 supplied, 2 expected)");
	format_destroy(format);
}

static void test_format_mismatch_names_type_and_conversion(void **state)
{
	struct format *format;
	const char *text = "%d%r%rx%rh%p%i";

	(void)state;
	assert_null(format_parse(text, strlen(text), &format));
	check_message(format_mismatch(&format->specs[0], "string[3]"),
		      "unsupported format specifier for type 'string[3]': d");
	check_message(format_mismatch(&format->specs[1], "int64"), "unsupported format specifier for type 'int64': r");
	check_message(format_mismatch(&format->specs[2], "int64"), "unsupported format specifier for type 'int64': rx");
	check_message(format_mismatch(&format->specs[3], "int64"), "unsupported format specifier for type 'int64': rh");
	check_message(format_mismatch(&format->specs[4], "(int8,int8)"),
		      "unsupported format specifier for type '(int8,int8)': p");
	format_destroy(format);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format_renders_each_conversion),
		cmocka_unit_test(test_format_without_conversions_is_its_text),
		cmocka_unit_test(test_format_keeps_nul_bytes),
		cmocka_unit_test(test_format_takes_values_in_order),
		cmocka_unit_test(test_format_that_is_bad_is_refused_with_its_text),
		cmocka_unit_test(test_format_wrong_count_is_refused_with_its_text),
		cmocka_unit_test(test_format_mismatch_names_type_and_conversion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
