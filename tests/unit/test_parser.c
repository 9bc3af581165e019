/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/script.h"

/* The first clause's body as a tree, or what was wrong with the script. */
static char *tree_of(const char *text)
{
	struct strbuf out = {};
	struct script script;

	script_parse(&script, text);
	if (script.is_good)
		script_add_statements(&out, script.program.clauses->body);
	else
		strbuf_add_string(&out, script.text);
	script_deinit(&script);
	return strbuf_take(&out);
}

static void assert_trees(const char *const (*rows)[2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char script[1000];
		char expected[1000];
		char *tree;

		snprintf(script, sizeof(script), "BEGIN { %s }", rows[i][0]);
		snprintf(expected, sizeof(expected), "{%s}", rows[i][1]);
		tree = tree_of(script);
		if (strcmp(tree, expected) != 0)
			fail_msg("%s\nis:  %s\nnot: %s", script, tree, expected);
		free(tree);
	}
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_parser_expressions_group_by_precedence(void **state)
{
	static const char *const rows[][2] = {
		{"1 + 2 * 3", "(+ 1 (* 2 3))"},
		{"1 * 2 + 3", "(+ (* 1 2) 3)"},
		{"(1 + 2) * 3", "(* (+ 1 2) 3)"},
		{"1 - 2 - 3", "(- (- 1 2) 3)"},
		{"8 / 4 % 3", "(% (/ 8 4) 3)"},
		{"1 << 2 + 3", "(<< 1 (+ 2 3))"},
		{"1 < 2 << 3", "(< 1 (<< 2 3))"},
		{"1 == 2 < 3", "(== 1 (< 2 3))"},
		{"1 & 2 == 3", "(& 1 (== 2 3))"},
		{"1 ^ 2 & 3", "(^ 1 (& 2 3))"},
		{"1 | 2 ^ 3", "(| 1 (^ 2 3))"},
		{"1 && 2 | 3", "(&& 1 (| 2 3))"},
		{"1 || 2 && 3", "(|| 1 (&& 2 3))"},
		{"1 ? 2 : 3 ? 4 : 5", "(?: 1 2 (?: 3 4 5))"},
		{"1 || 2 ? 3 : 4", "(?: (|| 1 2) 3 4)"},
		{"1 ?: 2", "(?: 1 2)"},
		{"-1 + 2", "(+ (- 1) 2)"},
		{"!$a && ~$b", "(&& (! $a) (~ $b))"},
		{"- -1", "(- (- 1))"},
		{"-$a.0", "(- (. $a 0))"},
		{"1 <= 2 != 3 >= 4", "(!= (<= 1 2) (>= 3 4))"},
	};

	(void)state;
	assert_trees(rows, COUNT(rows));
}

static void test_parser_expressions_of_every_kind(void **state)
{
	static const char *const rows[][2] = {
		{"pid", "pid"},
		{"\"a b\"", "\"a b\""},
		{"$1 + $#", "(+ $1 $#)"},
		{"@", "@"},
		{"@x[1]", "(index @x 1)"},
		{"@x[1, pid]", "(index @x (tuple 1 pid))"},
		{"@x[(1, pid)]", "(index @x (tuple 1 pid))"},
		{"@x[@y[1]]", "(index @x (index @y 1))"},
		{"f()", "(call f)"},
		{"f(1, \"a\", g(2))", "(call f 1 \"a\" (call g 2))"},
		{"()", "(tuple)"},
		{"(1,)", "(tuple 1)"},
		{"(1, (2, 3))", "(tuple 1 (tuple 2 3))"},
		{"$x.1.0", "(. (. $x 1) 0)"},
		{"$x->1", "(. $x 1)"},
		{"$x[2]", "([] $x 2)"},
		{"(int8)1 + 2", "(+ (cast int8 1) 2)"},
		{"(uint64_t)-1", "(cast uint64 (- 1))"},
		{"(bool)$x", "(cast bool $x)"},
		{"(pid)", "pid"},
		{"sizeof(int32)", "(sizeof int32)"},
		{"sizeof($x + 1)", "(sizeof (+ $x 1))"},
		{"$x++", "(post++ $x)"},
		{"--@x[1]", "(pre-- (index @x 1))"},
		{"$x = 1", "(= $x 1)"},
		{"$x = @y = 2", "(= $x (= @y 2))"},
		{"@x[1] += 2", "(+= (index @x 1) 2)"},
		{"$a -= 1; $a *= 2; $a /= 3; $a %= 4", "(-= $a 1); (*= $a 2); (/= $a 3); (%= $a 4)"},
		{"$a &= 1; $a |= 2; $a ^= 3; $a <<= 4; $a >>= 5",
		 "(&= $a 1); (|= $a 2); (^= $a 3); (<<= $a 4); (>>= $a 5)"},
		{"1 ? $x = 1 : $y = 2", "(?: 1 (= $x 1) (= $y 2))"},
	};

	(void)state;
	assert_trees(rows, COUNT(rows));
}

static void test_parser_statements_of_every_kind(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},
		{";;", ""},
		{"$a = 1; $b = 2", "(= $a 1); (= $b 2)"},
		{"$a = 1; $b = 2;", "(= $a 1); (= $b 2)"},
		{"if (1) { $a = 1 }", "(if 1 {(= $a 1)} {})"},
		{"if pid == 1 { $a = 1 } else { $a = 2 }", "(if (== pid 1) {(= $a 1)} {(= $a 2)})"},
		{"if (1) { } else if (2) { } else { $a = 3 }", "(if 1 {} {(if 2 {} {(= $a 3)})})"},
		{"if (1) { } $a = 1", "(if 1 {} {}); (= $a 1)"},
		{"if (1) { }; $a = 1", "(if 1 {} {}); (= $a 1)"},
		{"while ($a < 3) { $a++; continue; break }", "(while (< $a 3) {(post++ $a); continue; break})"},
		{"unroll (3) { f() }", "(unroll 3 {(call f)})"},
		{"unroll $1 { f() }", "(unroll $1 {(call f)})"},
		{"{ $a = 1; { $b = 2 } }", "{(= $a 1); {(= $b 2)}}"},
		{"let $a; let $b = 1; let $c: uint8 = 2", "(let $a); (let $b = 1); (let $c uint8 = 2)"},
		{"_ = f()", "_ = (call f)"},
		{"return", "return"},
		{"return;", "return"},
		{"return $a + 1", "(return (+ $a 1))"},
		{"for ($kv : @m) { f() } $a = 1", "(for $kv @m {(call f)}); (= $a 1)"},
		{"for $kv : @m { f() }", "(for $kv @m {(call f)})"},
		{"for ($i : 0..5) { f() }", "(for $i (.. 0 5) {(call f)})"},
		{"for $i : $a..@m[1] + 2 { }", "(for $i (.. $a (+ (index @m 1) 2)) {})"},
		{"$a = { 1 }", "(= $a (block {} 1))"},
		{"$a = { f(); $b = 2; $b }", "(= $a (block {(call f); (= $b 2)} $b))"},
		{"$a = { f(); { 2 } } + 1", "(= $a (+ (block {(call f)} (block {} 2)) 1))"},
		{"$a = if $b { 1 } else if $c { 2 } else { 3 }",
		 "(= $a (?: $b (block {} 1) (block {} (?: $c (block {} 2) (block {} 3)))))"},
		{"$a = { if $b { 1 } else { 2 } }", "(= $a (block {} (?: $b (block {} 1) (block {} 2))))"},
	};

	(void)state;
	assert_trees(rows, COUNT(rows));
}

static void test_parser_clauses_have_points_predicates_and_places(void **state)
{
	static const char text[] = "#!/usr/bin/usdtrap\n"
				   "config = { max_strlen = 200; stack_mode=perf; str_trunc_trailer = \"\" }\n"
				   "usdt:/bin/x:a:b,\n usdt:/bin/y:c/pid == 3/ { }\n"
				   "BEGIN{}end/ 6 / 2 / {}";
	struct strbuf out = {};
	struct script script;

	(void)state;
	script_parse(&script, text);
	assert_string_equal(script.text, "");
	for (const struct ast_setting *setting = script.program.settings; setting; setting = setting->next)
		strbuf_addf(&out, "%s=%s ", setting->name, setting->value);
	for (const struct ast_clause *clause = script.program.clauses; clause; clause = clause->next) {
		strbuf_addf(&out, "<%.*s>", (int)(clause->span.end - clause->span.start), text + clause->span.start);
		for (const struct ast_attach_point *point = clause->attach_points; point; point = point->next)
			strbuf_addf(&out, "[%s]", point->text);
		if (clause->predicate)
			script_add_expression(&out, clause->predicate);
	}
	assert_string_equal(strbuf_text(&out),
			    "max_strlen=200 stack_mode=perf str_trunc_trailer= "
			    "<usdt:/bin/x:a:b,\n usdt:/bin/y:c>[usdt:/bin/x:a:b][usdt:/bin/y:c](== pid 3)"
			    "<BEGIN>[BEGIN]<end>[end](/ 6 2)");
	strbuf_deinit(&out);
	script_deinit(&script);
}

static void test_parser_nodes_know_their_places(void **state)
{
	static const char text[] = "BEGIN { $x = (1 + f(2)) * @m[3, 4].0 }";
	static const struct {
		const char *name;
		uint32_t start, end;
	} places[] = {
		{"assignment", 8, 36}, {"product", 13, 36}, {"sum", 13, 23},
		{"call", 18, 22},      {"field", 26, 36},   {"map", 26, 34},
	};
	const struct ast_expression *nodes[COUNT(places)];
	struct script script;

	(void)state;
	script_parse(&script, text);
	assert_true(script.is_good);
	nodes[0] = script.program.clauses->body->expression.value;
	nodes[1] = nodes[0]->assign.value;
	nodes[2] = nodes[1]->binary.left;
	nodes[3] = nodes[2]->binary.right;
	nodes[4] = nodes[1]->binary.right;
	nodes[5] = nodes[4]->field.operand;
	for (size_t i = 0; i < COUNT(places); i++) {
		if (nodes[i]->span.start != places[i].start || nodes[i]->span.end != places[i].end)
			fail_msg("%s: %u to %u", places[i].name, nodes[i]->span.start, nodes[i]->span.end);
	}
	assert_int_equal(nodes[1]->binary.operation_span.start, 24);
	script_deinit(&script);
}

static void test_parser_errors_are_underlined_and_all_of_them_told(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *errors;
	} rows[] = {
		{"an empty script", "",
		 "stdin:1:1-2: ERROR: syntax error, unexpected end of file, expecting a probe\n\n~\n"},
		{"only a comment", "// x\n",
		 "stdin:1:1-2: ERROR: syntax error, unexpected end of file, expecting a probe\n// x\n~\n"},
		{"no block", "BEGIN",
		 "stdin:1:6-7: ERROR: syntax error, unexpected end of file, expecting { or a predicate\nBEGIN\n     ~\n"},
		{"no end of the block", "BEGIN { f(1)",
		 "stdin:1:13-14: ERROR: syntax error, unexpected end of file, expecting }\nBEGIN { f(1)\n            ~\n"},
		{"no probe", "{ }", "stdin:1:1-2: ERROR: syntax error, unexpected {, expecting a probe\n{ }\n~\n"},
		{"no probe behind a comma", "BEGIN, { }",
		 "stdin:1:8-9: ERROR: syntax error, unexpected {, expecting a probe\nBEGIN, { }\n       ~\n"},
		{"no end of the predicate", "BEGIN /1 { }",
		 "stdin:1:10-11: ERROR: syntax error, unexpected {, expecting /\nBEGIN /1 { }\n         ~\n"},
		{"no semicolon", "BEGIN { f(1) g(2) }",
		 "stdin:1:14-15: ERROR: syntax error, unexpected identifier, expecting ; or }\nBEGIN { f(1) g(2) }\n"
		 "             ~\n"},
		{"no operand", "BEGIN { $x = 1 + ; }",
		 "stdin:1:18-19: ERROR: syntax error, unexpected ;, expecting an expression\nBEGIN { $x = 1 + ; }\n"
		 "                 ~\n"},
		{"no closing parenthesis", "BEGIN { f(1; }",
		 "stdin:1:12-13: ERROR: syntax error, unexpected ;, expecting , or )\nBEGIN { f(1; }\n           ~\n"},
		{"no closing bracket", "BEGIN { @x[1; }",
		 "stdin:1:13-14: ERROR: syntax error, unexpected ;, expecting , or ]\nBEGIN { @x[1; }\n            ~\n"},
		{"no key", "BEGIN { @x[] = 2; }",
		 "stdin:1:12-13: ERROR: syntax error, unexpected ], expecting a key\nBEGIN { @x[] = 2; }\n           ~\n"},
		{"no block behind if", "BEGIN { if (1) f(); }",
		 "stdin:1:16-17: ERROR: syntax error, unexpected identifier, expecting {\nBEGIN { if (1) f(); }\n"
		 "               ~\n"},
		{"no target", "BEGIN { 3 = 4; pid++; }",
		 "stdin:1:9-10: ERROR: only variables and maps can be assigned to\nBEGIN { 3 = 4; pid++; }\n        ~\n"
		 "stdin:1:19-21: ERROR: The ++ operator must be applied to a map or variable\nBEGIN { 3 = 4; pid++; }\n"
		 "                  ~~\n"},
		{"a fraction", "BEGIN { $x = 1.5; }",
		 "stdin:1:14-17: ERROR: floating-point numbers are not part of the language\nBEGIN { $x = 1.5; }\n"
		 "             ~~~\n"},
		{"no setting's value", "config = { a = ; b } BEGIN { }",
		 "stdin:1:16-17: ERROR: syntax error, unexpected ;, expecting a word, an integer or a string\n"
		 "config = { a = ; b } BEGIN { }\n               ~\n"
		 "stdin:1:20-21: ERROR: syntax error, unexpected }, expecting =\nconfig = { a = ; b } BEGIN { }\n"
		 "                   ~\n"},
		{"errors in several statements, blocks and clauses",
		 "BEGIN {\n  $a = ;\n  if (1) {\n    $b = );\n  }\n  f(;\n}\nEND /) { g(,) }\ninterval:s:1 { let 3; }",
		 "stdin:2:8-9: ERROR: syntax error, unexpected ;, expecting an expression\n  $a = ;\n       ~\n"
		 "stdin:4:10-11: ERROR: syntax error, unexpected ), expecting an expression\n    $b = );\n         ~\n"
		 "stdin:6:5-6: ERROR: syntax error, unexpected ;, expecting an expression\n  f(;\n    ~\n"
		 "stdin:8:6-7: ERROR: syntax error, unexpected ), expecting an expression\nEND /) { g(,) }\n     ~\n"
		 "stdin:9:20-21: ERROR: syntax error, unexpected integer, expecting variable\ninterval:s:1 { let 3; }\n"
		 "                   ~\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script script;

		script_parse(&script, rows[i].text);
		assert_false(script.is_good);
		if (strcmp(script.text, rows[i].errors) != 0)
			fail_msg("%s:\n%s", rows[i].name, script.text);
		script_deinit(&script);
	}
}

static void test_parser_refuses_by_name_what_is_not_here_yet(void **state)
{
	static const struct {
		const char *text;
		const char *place; /* the underlined text */
		const char *message;
	} rows[] = {
		{"#include <linux/fs.h>\nBEGIN { }", "#include <linux/fs.h>", "headers cannot be read here"},
		{"import \"x.bt\";\nBEGIN { }", "import \"x.bt\"",
		 "cannot import 'x.bt': files cannot be imported here"},
		{"fn f(): uint8 { }\nBEGIN { }", "fn", "fn is not supported yet"},
		{"BEGIN { if comptime (1) { } }", "comptime", "comptime is not supported yet"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script script;
		const struct diagnostic *first;

		script_parse(&script, rows[i].text);
		if (script.diagnostics.error_count != 1)
			fail_msg("%s\n%s", rows[i].text, script.text);
		first = script.diagnostics.first;
		assert_string_equal(first->message, rows[i].message);
		if (first->span.end - first->span.start != strlen(rows[i].place) ||
		    memcmp(rows[i].text + first->span.start, rows[i].place, strlen(rows[i].place)) != 0)
			fail_msg("%s", script.text);
		script_deinit(&script);
	}
}

/* BEFORE, COUNT times PIECE, BEHIND. The caller frees it. */
static char *repeat(const char *before, const char *piece, size_t count, const char *behind)
{
	struct strbuf text = {};

	strbuf_add_string(&text, before);
	for (size_t i = 0; i < count; i++)
		strbuf_add_string(&text, piece);
	strbuf_add_string(&text, behind);
	return strbuf_take(&text);
}

static void test_parser_bounds_how_deep_scripts_are(void **state)
{
	static const struct {
		const char *name;
		const char *before, *piece, *behind;
		const char *message;
	} rows[] = {
		{"parentheses", "BEGIN { $x = ", "(", "1 }", "nested too deeply: more than 400 levels"},
		{"unary operators", "BEGIN { $x = ", "!", "1 }", "nested too deeply: more than 400 levels"},
		{"casts", "BEGIN { $x = ", "(int8)", "1 }", "nested too deeply: more than 400 levels"},
		{"keys", "BEGIN { $x = ", "@[", "1 }", "nested too deeply: more than 400 levels"},
		{"calls", "BEGIN { $x = ", "f(", "1 }", "nested too deeply: more than 400 levels"},
		{"conditionals", "BEGIN { $x = ", "1 ? 2 : ", "1 }", "nested too deeply: more than 400 levels"},
		{"assignments", "BEGIN { ", "$x = ", "1 }", "nested too deeply: more than 400 levels"},
		{"blocks", "BEGIN ", "{", "}", "nested too deeply: more than 400 levels"},
		{"if", "BEGIN { ", "if (1) {", "}", "nested too deeply: more than 400 levels"},
		{"else if", "BEGIN { if (1) { } ", "else if (1) { } ", "}", "nested too deeply: more than 400 levels"},
		{"sums", "BEGIN { $x = 1 ", "+ 1 ", "}", "expression is too deep: more than 400 operators in a row"},
		{"fields", "BEGIN { $x = $y", ".0", " }", "expression is too deep: more than 400 operators in a row"},
		{"indexes", "BEGIN { $x = $y", "[0]", " }", "expression is too deep: more than 400 operators in a row"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = repeat(rows[i].before, rows[i].piece, 100000, rows[i].behind);
		struct script script;

		script_parse(&script, text);
		assert_false(script.is_good);
		if (strcmp(script.diagnostics.first->message, rows[i].message) != 0)
			fail_msg("%s: %s", rows[i].name, script.diagnostics.first->message);
		script_deinit(&script);
		free(text);
	}
}

static void test_parser_takes_long_scripts(void **state)
{
	static const struct {
		const char *before, *piece, *behind;
	} rows[] = {
		{"BEGIN { ", "@x = @y[1]; ", "}"},       {"BEGIN { printf(\"", "long text ", "\") }"},
		{"", "interval:s:1 { print(1) }\n", ""}, {"begin", ",begin", " { }"},
		{"BEGIN { @x[1", ", 1", "] = 1 }"},      {"// ", "comment ", "\nBEGIN { }"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = repeat(rows[i].before, rows[i].piece, 100000, rows[i].behind);
		struct script script;

		script_parse(&script, text);
		if (!script.is_good)
			fail_msg("%.200s", script.text);
		script_deinit(&script);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parser_expressions_group_by_precedence),
		cmocka_unit_test(test_parser_expressions_of_every_kind),
		cmocka_unit_test(test_parser_statements_of_every_kind),
		cmocka_unit_test(test_parser_clauses_have_points_predicates_and_places),
		cmocka_unit_test(test_parser_nodes_know_their_places),
		cmocka_unit_test(test_parser_errors_are_underlined_and_all_of_them_told),
		cmocka_unit_test(test_parser_refuses_by_name_what_is_not_here_yet),
		cmocka_unit_test(test_parser_bounds_how_deep_scripts_are),
		cmocka_unit_test(test_parser_takes_long_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
