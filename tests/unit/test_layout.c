/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "lang/layout.h"

static char *lay_out(const char *text, bool *ret_is_right)
{
	const struct source source = {.name = "stdin", .text = text, .size = strlen(text)};
	const struct diag_style style = {0};
	struct diag_list diagnostics = {.source = &source};
	struct strbuf out = {0};

	*ret_is_right = layout_source(&source, NULL, &diagnostics, &out);
	if (!*ret_is_right) {
		assert_int_equal(out.length, 0);
		diag_render(&diagnostics, &style, &out);
	}
	assert_false(diagnostics.arena.failed);
	diag_list_deinit(&diagnostics);
	return strbuf_take(&out);
}

/* Lays TEXT out, which becomes EXPECTED, and EXPECTED, which stays so. */
static void expect_layout(const char *text, const char *expected)
{
	bool is_right;
	char *once = lay_out(text, &is_right);
	char *twice;

	assert_true(is_right);
	assert_string_equal(once, expected);
	twice = lay_out(once, &is_right);
	assert_true(is_right);
	assert_string_equal(twice, once);
	free(once);
	free(twice);
}

/* A statement of a clause, without what stands around it. */
static void expect_statement(const char *text, const char *expected)
{
	_cleanup_strbuf_ struct strbuf script = {0}, laid_out = {0};

	strbuf_addf(&script, "BEGIN{%s}", text);
	strbuf_addf(&laid_out, "BEGIN\n{\n\t%s\n}\n", expected);
	expect_layout(strbuf_text(&script), strbuf_text(&laid_out));
}

static void test_layout_clauses_stand_apart(void **state)
{
	(void)state;
	expect_layout("BEGIN{exit()}END{}", "BEGIN\n{\n\texit()\n}\n\nEND\n{ }\n");
	expect_layout("#! /usr/bin/usdtrap  \n\nBEGIN{}", "#! /usr/bin/usdtrap  \n\nBEGIN\n{ }\n");
	expect_layout("usdt:/a/b:c , i:s:1/ 1 / { }", "usdt:/a/b:c,\ni:s:1\n/1/\n{ }\n");
	expect_layout("name=usdt:\"/a b\":c/pid/2>1/{1}", "name=usdt:\"/a b\":c\n/pid / 2 > 1/\n{\n\t1\n}\n");
	expect_layout("config={max_strlen=5;license=\"GPL\"}let @a=hash( 5 ) ;BEGIN{}",
		      "config = {\n\tmax_strlen = 5;\n\tlicense = \"GPL\"\n}\n\nlet @a = hash(5);\n\nBEGIN\n{ }\n");
}

static void test_layout_statements_have_a_line_each(void **state)
{
	(void)state;
	expect_statement("$a=1;;$b=2", "$a = 1;\n\t;\n\t$b = 2");
	expect_statement("if($a){1}else if $b{2}else{3}4",
			 "if ($a) {\n\t\t1\n\t} else if $b {\n\t\t2\n\t} else {\n\t\t3\n\t}\n\t4");
	expect_statement("while($a<5){$a++}unroll(3){}for($i:0..5){break;}for($kv:@m){continue}",
			 "while ($a < 5) {\n\t\t$a++\n\t}\n\tunroll (3) { }\n\tfor ($i : 0..5) {\n\t\tbreak;\n\t}\n\t"
			 "for ($kv : @m) {\n\t\tcontinue\n\t}");
	expect_statement("$x={let $y:int8=1;$y};$z=1", "$x = {\n\t\tlet $y: int8 = 1;\n\t\t$y\n\t};\n\t$z = 1");
}

static void test_layout_blanks_follow_operators(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"$x=-1", "$x = -1"},
		{"$x=1-1", "$x = 1 - 1"},
		{"$x=1 - - 1", "$x = 1 - -1"},
		{"$x=- -1", "$x = - -1"},
		{"$x=! !$y", "$x = !!$y"},
		{"$x=~ $y", "$x = ~$y"},
		{"$x+=( -1 )", "$x += (-1)"},
		{"$x++ ; -- $x", "$x++;\n\t--$x"},
		{"$x=$y++ + 1", "$x = $y++ + 1"},
		{"$x=(uint32)- 1", "$x = (uint32)-1"},
		{"$x=( uint32 ) $y", "$x = (uint32)$y"},
		{"$x=($y)-1", "$x = ($y) - 1"},
		{"$x=($y) *(uint8)$z", "$x = ($y) * (uint8)$z"},
		{"@[ pid ,comm ]=count( )", "@[pid, comm] = count()"},
		{"@ = 1", "@ = 1"},
		{"@a [1]++", "@a[1]++"},
		{"$a=$b?1 :2", "$a = $b ? 1 : 2"},
		{"$a=$b ? : 2", "$a = $b ?: 2"},
		{"$a=(1 ,\"x\",( )).1", "$a = (1, \"x\", ()).1"},
		{"return ; ", "return;"},
		{"return-1", "return -1"},
		{"print( $1,$#)", "print($1, $#)"},
		{"printf ( \"%d\" ,-1)", "printf(\"%d\", -1)"},
		{"$x=sizeof ( uint8 )", "$x = sizeof(uint8)"},
		{"$x=$y&&$z||!$w", "$x = $y && $z || !$w"},
		{"$x=$y<<1>>2", "$x = $y << 1 >> 2"},
		{"$x=5s", "$x = 5s"},
		{"if(!($a)){}", "if (!($a)) { }"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_statement(rows[i].text, rows[i].expected);
}

static void test_layout_comments_and_breaks_stay(void **state)
{
	(void)state;
	expect_layout("// first  \n\n\n/* second\n   of two */\nBEGIN{ } // behind\n// last",
		      "// first\n\n/* second\n   of two */\nBEGIN\n{ } // behind\n\n// last\n");
	expect_layout("BEGIN{// inside\n\n\n1;\n\n\n2; /* a */ 3; /* b */\n4 // c\n}",
		      "BEGIN\n{ // inside\n\t1;\n\n\t2;\n\t/* a */ 3; /* b */\n\t4 // c\n}\n");
	expect_statement("printf(\"%d%d\",\n1,2)", "printf(\"%d%d\",\n\t\t1, 2)");
	expect_statement("$x=1\n+2", "$x = 1\n\t\t+ 2");
	expect_statement("$x=\n1", "$x =\n\t\t1");
	expect_statement("f\n(1\n)", "f(1)");
}

static void test_layout_errors_leave_nothing(void **state)
{
	bool is_right;
	char *text = lay_out("BEGIN { $x = }", &is_right);

	(void)state;
	assert_false(is_right);
	assert_non_null(strstr(text, "stdin:1:14-15: ERROR: "));
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout_clauses_stand_apart),
		cmocka_unit_test(test_layout_statements_have_a_line_each),
		cmocka_unit_test(test_layout_blanks_follow_operators),
		cmocka_unit_test(test_layout_comments_and_breaks_stay),
		cmocka_unit_test(test_layout_errors_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
