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
#include "lang/lexer.h"

struct reading {
	struct source source;
	struct arena arena;
	struct diag_list diagnostics;
	struct lexer lexer;
};

static void reading_init(struct reading *reading, const char *text, size_t length)
{
	*reading = (struct reading){.source = {.name = "stdin", .text = text, .size = length}};
	reading->diagnostics.source = &reading->source;
	lexer_init(&reading->lexer, &reading->source, &reading->arena, &reading->diagnostics);
}

static void reading_deinit(struct reading *reading)
{
	arena_deinit(&reading->arena);
	diag_list_deinit(&reading->diagnostics);
}

/* The names of all tokens of TEXT with their values, e.g. "identifier:x + integer:1". */
static char *tokens_of(const char *text)
{
	struct strbuf out = {};
	struct reading reading;
	struct token token;

	reading_init(&reading, text, strlen(text));
	for (lexer_next(&reading.lexer, &token); token.kind != TOKEN_END; lexer_next(&reading.lexer, &token)) {
		if (out.length)
			strbuf_add_char(&out, ' ');
		strbuf_add_string(&out, lexer_token_name(token.kind));
		if (token.text)
			strbuf_addf(&out, ":%s", token.text);
		else if (token.kind == TOKEN_INTEGER || token.kind == TOKEN_PARAMETER)
			strbuf_addf(&out, ":%llu", (unsigned long long)token.integer);
	}
	diag_render(&reading.diagnostics, &(struct diag_style){}, &out);
	reading_deinit(&reading);
	return strbuf_take(&out);
}

static void test_lexer_next_yields_tokens(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *tokens;
	} rows[] = {
		{"nothing", "", ""},
		{"blanks", " \t\r\n\v\f", ""},
		{"a line comment", "a // b\nc", "identifier:a identifier:c"},
		{"a block comment", "a/* b\n* / **/c", "identifier:a identifier:c"},
		{"a line comment at the end", "a // b", "identifier:a"},
		{"the interpreter's name", "#!/usr/bin/usdtrap -q\na", "identifier:a"},
		{"words", "_a1 B true", "identifier:_a1 identifier:B identifier:true"},
		{"keywords", "if else while for unroll let return break continue macro import sizeof",
		 "if:if else:else while:while for:for unroll:unroll let:let return:return break:break "
		 "continue:continue macro:macro import:import sizeof:sizeof"},
		{"words that only begin like keywords", "iff lets", "identifier:iff identifier:lets"},
		{"variables and parameters", "$x $_1 $1 $23 $#",
		 "variable:$x variable:$_1 positional parameter:1 positional parameter:23 $#"},
		{"maps", "@ @x @a1[", "map:@ map:@x map:@a1 ["},
		{"a map without a name and a number", "@1", "map:@ integer:1"},
		{"numbers", "0x1F 1e3 2ms", "integer:31 integer:1000 integer:2000000"},
		{"a range is no fraction", "0..5", "integer:0 .. integer:5"},
		{"fields of tuples", "$x.0.1", "variable:$x . integer:0 . integer:1"},
		{"strings", "\"a\\n\\t\\\\\\\"\\101\\x42\" \"\"", "string:a\n\t\\\"AB string:"},
		{"the longest operator", "a<<=b<<c<=d<e",
		 "identifier:a <<= identifier:b << identifier:c <= identifier:d "
		 "< identifier:e"},
		{"all other operators", "+ - * / % & | ^ ~ ! && || == != > >= >> ++ --",
		 "+ - * / % & | ^ ~ ! && || == != > >= >> ++ --"},
		{"all other assignments", "= += -= *= /= %= &= |= ^= >>=", "= += -= *= /= %= &= |= ^= >>="},
		{"all other signs", "{}()[];,:?.->", "{ } ( ) [ ] ; , : ? . ->"},
		{"a preprocessor line", "  #include <x.h>\n#define A \\\n 1\nb",
		 "preprocessor line:#include <x.h> preprocessor line:#define A \\\n 1 identifier:b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *tokens = tokens_of(rows[i].text);

		if (strcmp(tokens, rows[i].tokens) != 0)
			fail_msg("%s: %s", rows[i].name, tokens);
		free(tokens);
	}
}

static void test_lexer_next_reports_what_is_no_token_and_goes_on(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *tokens;
	} rows[] = {
		{"a stray character", "a ` b",
		 "identifier:a identifier:bstdin:1:3-4: ERROR: invalid character '`'\na ` b\n  ~\n"},
		{"several bytes are one complaint", "a \xff\xfe\x01 b",
		 "identifier:a identifier:bstdin:1:3-6: ERROR: invalid character '\\xff'\na \xff\xfe? b\n  ~~~\n"},
		{"a lone dollar", "$ x", "identifier:xstdin:1:1-2: ERROR: invalid character '$'\n$ x\n~\n"},
		{"a hash within a line", "a #b",
		 "identifier:a identifier:bstdin:1:3-4: ERROR: invalid character '#'\n"
		 "a #b\n  ~\n"},
		{"parameters count from one", "$0",
		 "positional parameter:1stdin:1:1-3: ERROR: positional parameters are numbered from $1 to $65535\n$0\n~~\n"},
		{"there are not so many parameters", "$99999999999999999999",
		 "positional parameter:1stdin:1:1-22: ERROR: positional parameters are numbered from $1 to $65535\n"
		 "$99999999999999999999\n~~~~~~~~~~~~~~~~~~~~~\n"},
		{"a bad number", "12ab", "integer:0stdin:1:1-5: ERROR: invalid integer literal: 12ab\n12ab\n~~~~\n"},
		{"a large number", "99999999999999999999",
		 "integer:0stdin:1:1-21: ERROR: integer literal is too large: 99999999999999999999 (the maximum is "
		 "18446744073709551615)\n99999999999999999999\n~~~~~~~~~~~~~~~~~~~~\n"},
		{"a string without an end", "\"ab\nc",
		 "string:ab identifier:cstdin:1:1-4: ERROR: unterminated string\n"
		 "\"ab\n~~~\n"},
		{"a string that ends with a backslash", "\"a\\",
		 "string:astdin:1:1-4: ERROR: unterminated string\n\"a\\\n~~~\n"
		 "stdin:1:3-4: ERROR: invalid escape sequence in a string\n\"a\\\n  ~\n"
		 "HINT: known are \\n \\t \\r \\\\ \\\" \\0 to \\377 and \\x00 to \\xff\n"},
		{"an escape that nobody knows", "\"a\\qb\"",
		 "string:abstdin:1:3-5: ERROR: invalid escape sequence in a string\n\"a\\qb\"\n  ~~\n"
		 "HINT: known are \\n \\t \\r \\\\ \\\" \\0 to \\377 and \\x00 to \\xff\n"},
		{"an octal escape above a byte", "\"\\777\"",
		 "string:stdin:1:2-6: ERROR: invalid escape sequence in a string\n\"\\777\"\n ~~~~\n"
		 "HINT: known are \\n \\t \\r \\\\ \\\" \\0 to \\377 and \\x00 to \\xff\n"},
		{"a comment without an end", "a /* b",
		 "identifier:astdin:1:3-5: ERROR: unterminated comment\n"
		 "a /* b\n  ~~\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *tokens = tokens_of(rows[i].text);

		if (strcmp(tokens, rows[i].tokens) != 0)
			fail_msg("%s:\n%s", rows[i].name, tokens);
		free(tokens);
	}
}

static void test_lexer_next_keeps_nul_bytes_of_strings(void **state)
{
	static const char text[] = "\"a\\0b\\x00c\" \0 x";
	struct reading reading;
	struct token token;

	(void)state;
	reading_init(&reading, text, sizeof(text) - 1);
	lexer_next(&reading.lexer, &token);
	assert_int_equal(token.kind, TOKEN_STRING);
	assert_int_equal(token.length, 5);
	assert_memory_equal(token.text, "a\0b\0c", 6);
	assert_int_equal(reading.diagnostics.error_count, 0);
	lexer_next(&reading.lexer, &token);
	assert_int_equal(reading.diagnostics.error_count, 1);
	assert_int_equal(token.kind, TOKEN_IDENTIFIER);
	assert_string_equal(token.text, "x");
	reading_deinit(&reading);
}

static void test_lexer_next_end_is_behind_the_last_token(void **state)
{
	struct reading reading;
	struct token token;

	(void)state;
	reading_init(&reading, "ab  \n\n", 6);
	lexer_next(&reading.lexer, &token);
	for (int i = 0; i < 2; i++) {
		lexer_next(&reading.lexer, &token);
		assert_int_equal(token.kind, TOKEN_END);
		assert_int_equal(token.span.start, 2);
		assert_int_equal(token.span.end, 2);
	}
	reading_deinit(&reading);
}

static void test_lexer_attach_point_ends_where_the_predicate_begins(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *point;
	} rows[] = {
		{"before a blank", "BEGIN {", "BEGIN"},
		{"before a brace", "BEGIN{", "BEGIN"},
		{"before a comma", "end,begin {", "end"},
		{"behind blanks and comments", " // x\n /* y */ end {", "end"},
		{"at the end of the text", "interval:s:1", "interval:s:1"},
		{"with a path", "usdt:/usr/bin/x-1.2+b:p:n {", "usdt:/usr/bin/x-1.2+b:p:n"},
		{"with a relative path", "usdt:./x/y:n{", "usdt:./x/y:n"},
		{"with a path from here", "usdt:bin/x:n{", "usdt:bin/x:n"},
		{"with wildcards", "usdt:/lib/lib*.so[0-9]:*:n* {", "usdt:/lib/lib*.so[0-9]:*:n*"},
		{"with a path and nothing else", "usdt:/bin/x /1/ {", "usdt:/bin/x"},
		{"a predicate right behind", "usdt:/bin/x:p:n/pid == 1/ {", "usdt:/bin/x:p:n"},
		{"a predicate with a path's letters", "usdt:/bin/x:p:n/pid/{", "usdt:/bin/x:p:n"},
		{"a predicate with a colon", "usdt:/bin/x:p:n/1 ? 2:3/{", "usdt:/bin/x:p:n"},
		{"a predicate of one word and a comment", "begin/x/ // a:b\n{", "begin"},
		{"quotes keep anything", "usdt:\"/a b,{/c\":n {", "usdt:\"/a b,{/c\":n"},
		{"quotes within quotes", "usdt:\"a\\\"b c\":n {", "usdt:\"a\\\"b c\":n"},
		{"a quote that is not closed ends with the line", "usdt:\"a b\nc {", "usdt:\"a b"},
		{"parameters", "usdt:$1:$2{", "usdt:$1:$2"},
		{"a name in front", "calls=usdt:/x:n{", "calls=usdt:/x:n"},
		{"nothing", " { }", ""},
		{"no text", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reading reading;
		struct span span;

		reading_init(&reading, rows[i].text, strlen(rows[i].text));
		span = lexer_attach_point(&reading.lexer);
		if (span.end - span.start != strlen(rows[i].point) ||
		    memcmp(rows[i].text + span.start, rows[i].point, span.end - span.start) != 0)
			fail_msg("%s: %.*s", rows[i].name, (int)(span.end - span.start), rows[i].text + span.start);
		reading_deinit(&reading);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lexer_next_yields_tokens),
		cmocka_unit_test(test_lexer_next_reports_what_is_no_token_and_goes_on),
		cmocka_unit_test(test_lexer_next_keeps_nul_bytes_of_strings),
		cmocka_unit_test(test_lexer_next_end_is_behind_the_last_token),
		cmocka_unit_test(test_lexer_attach_point_ends_where_the_predicate_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
