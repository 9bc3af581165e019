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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const parameters[] = {"42", "hello", "-7", "0x10", "99999999999999999999", NULL};

/* Scripts and the tree of their first clause's body once resolved. */
static void assert_trees(const char *const (*rows)[2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct strbuf tree = {};
		struct script script;
		char text[1000], expected[1000];

		snprintf(text, sizeof(text), "usdt:/x:n { %s }", rows[i][0]);
		snprintf(expected, sizeof(expected), "{%s}", rows[i][1]);
		script_resolve(&script, text, parameters);
		if (!script.is_good)
			fail_msg("%s", script.text);
		script_add_statements(&tree, script.program.clauses->body);
		if (strcmp(strbuf_text(&tree), expected) != 0)
			fail_msg("%s\nis:  %s\nnot: %s", text, strbuf_text(&tree), expected);
		strbuf_deinit(&tree);
		script_deinit(&script);
	}
}

static void test_sema_fold_computes_constants(void **state)
{
	static const char *const rows[][2] = {
		{"print(5 - 7)", "(call print -2)"},
		{"print(10 * 1000 + 1)", "(call print 10001)"},
		{"print(7 / 2)", "(call print 3)"},
		{"print(-7 / 2)", "(call print -3)"},
		{"print(-7 % 3)", "(call print -1)"},
		{"print(1 << 16)", "(call print 65536)"},
		{"print(-16 >> 2)", "(call print -4)"},
		{"print(0xff & 0x0f | 0x30 ^ 1)", "(call print 63)"},
		{"print(~0)", "(call print -1)"},
		{"print(~0xffffffffffffffff)", "(call print 0)"},
		{"print(-9223372036854775808)", "(call print -9223372036854775808)"},
		{"print(9223372036854775807 + 1)", "(call print 9223372036854775808)"},
		{"print(18446744073709551615 - 1)", "(call print 18446744073709551614)"},
		{"print(1 < 2)", "(call print true)"},
		{"print(-1 < 18446744073709551615)", "(call print true)"},
		{"print(2 <= 1)", "(call print false)"},
		{"print(2 > 1)", "(call print true)"},
		{"print(1 >= 2)", "(call print false)"},
		{"print(1 == 1)", "(call print true)"},
		{"print(1 != 1)", "(call print false)"},
		{"print(!5)", "(call print false)"},
		{"print(!(1 == 2))", "(call print true)"},
		{"print(sizeof(int32))", "(call print 4)"},
		{"print($1 * 2)", "(call print 84)"},
		{"print($# + 0)", "(call print 5)"},
		/* What has no result, or none of 64 bits, is left for later. */
		{"print(1 / 0)", "(call print (/ 1 0))"},
		{"print(1 % 0)", "(call print (% 1 0))"},
		{"print(1 << 64)", "(call print (<< 1 64))"},
		{"print(1 << -1)", "(call print (<< 1 -1))"},
		{"print(-1 << 3)", "(call print (<< -1 3))"},
		{"print(18446744073709551615 + 1)", "(call print (+ 18446744073709551615 1))"},
		{"print(18446744073709551615 * 18446744073709551615)",
		 "(call print (* 18446744073709551615 18446744073709551615))"},
		{"print(-9223372036854775808 - 1)", "(call print (- -9223372036854775808 1))"},
	};

	(void)state;
	assert_trees(rows, COUNT(rows));
}

static void test_sema_names_parameters_become_literals(void **state)
{
	static const char *const rows[][2] = {
		{"print($1)", "(call print 42)"},
		{"print($2)", "(call print \"hello\")"},
		{"print($3)", "(call print -7)"},
		{"print($4)", "(call print 16)"},
		{"print($5)", "(call print \"99999999999999999999\")"},
		{"print($6)", "(call print 0)"},
		{"print($#)", "(call print 5)"},
		{"print(str($1))", "(call print (call str \"42\"))"},
		{"print(str($2 + 2))", "(call print (call str \"llo\"))"},
		{"print(str($2 + 5, 3))", "(call print (call str \"\" 3))"},
		{"print(str($6))", "(call print (call str \"\"))"},
		{"printf($2)", "(call printf)"},
	};

	(void)state;
	assert_trees(rows, COUNT(rows));
}

static void test_sema_names_calls_are_brought_into_shape(void **state)
{
	static const char *const rows[][2] = {
		{"exit", "(call exit)"},
		{"exit()", "(call exit)"},
		{"exit(3)", "(call exit 3)"},
		{"print(pid())", "(call print (builtin pid 0))"},
		{"print(arg12)", "(call print (builtin arg 12))"},
		{"print(true)", "(call print true)"},
		{"time", "(call time)"},
		{"time(\"%S\")", "(call time \"%S\")"},
		{"print(strftime(\"%S\", nsecs))", "(call print (call strftime \"%S\" (builtin nsecs 0)))"},
		{"printf(\"%d %s\", 1, comm)", "(call printf 1 (builtin comm 0))"},
		{"@x = 1; print(@x)", "(= @x 1); (call print @x)"},
		{"@x[1] = 2; print(@x, 3, 4)", "(= (index @x 1) 2); (call print @x)"},
		{"@x[1] = 2; print(@x[1])", "(= (index @x 1) 2); (call print (index @x 1))"},
		{"@x = 1; clear(@x); zero(@x)", "(= @x 1); (call clear @x); (call zero @x)"},
		{"@x[1] = 2; delete(@x, 1)", "(= (index @x 1) 2); (call delete @x key 1)"},
		{"@x[1] = 2; delete(@x[1])", "(= (index @x 1) 2); (call delete @x key 1)"},
		{"@x[1, 2] = 2; delete(@x[1, 3])", "(= (index @x (tuple 1 2)) 2); (call delete @x key (tuple 1 3))"},
		{"@x = 1; delete(@x)", "(= @x 1); (call delete @x)"},
		{"@x[1] = 2; if (has_key(@x, 2)) { }", "(= (index @x 1) 2); (if (call has_key @x key 2) {} {})"},
		{"@x[1] = 2; print(len(@x))", "(= (index @x 1) 2); (call print (call len @x))"},
		{"@ = count()", "(aggregate 1 @)"},
		{"@ = count", "(aggregate 1 @)"},
		{"@[pid, comm] = sum(arg0)",
		 "(aggregate 7 (index @ (tuple (builtin pid 0) (builtin comm 0))) (builtin arg 0))"},
		{"@ = hist(arg1, 3)", "(aggregate 2 @ (builtin arg 1))"},
		{"@ = lhist(arg1, 0, 10 * 10, 5)", "(aggregate 3 @ (builtin arg 1))"},
	};

	(void)state;
	assert_trees(rows, COUNT(rows));
}

static void test_sema_names_calls_keep_their_constants(void **state)
{
	struct script script;
	const struct ast_call *call;
	const struct type_buckets *buckets;

	(void)state;
	script_resolve(&script,
		       "BEGIN { @x[1] = 2; print(@x, 3, 4); @l = lhist(5, 10, 20, 3); @h = hist(1, 5); "
		       "print(@x, 1, 0) }",
		       NULL);
	assert_string_equal(script.text, "");
	call = &script.program.clauses->body->next->expression.value->call;
	assert_int_equal(call->top, 3);
	assert_int_equal(call->divisor, 4);
	buckets = &script.program.maps->next->value_type->buckets;
	assert_int_equal(buckets->min, 10);
	assert_int_equal(buckets->max, 20);
	assert_int_equal(buckets->step, 3);
	assert_int_equal(script.program.maps->next->next->value_type->buckets.bits, 5);
	call = &script.program.clauses->body->next->next->next->next->expression.value->call;
	assert_int_equal(call->divisor, 1);
	script_deinit(&script);
}

static void test_sema_names_maps_get_slots_in_order(void **state)
{
	struct script script;
	static const char *const names[] = {"@b", "@", "@a"};
	unsigned slot = 0;

	(void)state;
	script_resolve(&script, "BEGIN { @b = 1; @ = 2; @b = 3; } END { @a[@b] = @ }", NULL);
	assert_true(script.is_good);
	assert_int_equal(script.program.map_count, 3);
	for (const struct ast_map *map = script.program.maps; map; map = map->next, slot++) {
		assert_int_equal(map->slot, slot);
		assert_string_equal(map->name, names[slot]);
	}
	script_deinit(&script);
}

static void test_sema_names_variables_belong_to_their_block(void **state)
{
	struct script script;
	const struct ast_clause *clause;
	const struct ast_statement *second;

	(void)state;
	script_resolve(&script, "BEGIN { if (1) { $x = 1 } else { $x = \"a\" } $y = 2; } END { $x = 3 }", NULL);
	assert_string_equal(script.text, "");
	clause = script.program.clauses;
	assert_int_equal(clause->variable_count, 3);
	second = clause->body->condition.no;
	assert_ptr_not_equal(clause->body->condition.yes->expression.value->assign.target->variable,
			     second->expression.value->assign.target->variable);
	assert_int_equal(second->expression.value->assign.target->variable->slot, 1);
	assert_int_equal(clause->next->variable_count, 1);
	assert_int_equal(clause->next->variables->slot, 0);
	script_deinit(&script);
}

static void test_sema_names_errors_are_told_together(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *errors;
	} rows[] = {
		{"names that nobody gave", "BEGIN { $y = $x; @y = @z; foo(1); bar; prinft(\"x\"); pdi; cuont }",
		 "stdin:1:14-16: ERROR: Undefined or undeclared variable: $x\n"
		 "BEGIN { $y = $x; @y = @z; foo(1); bar; prinft(\"x\"); pdi; cuont }\n             ~~\n"
		 "stdin:1:23-25: ERROR: Undefined map: @z\n"
		 "BEGIN { $y = $x; @y = @z; foo(1); bar; prinft(\"x\"); pdi; cuont }\n                      ~~\n"
		 "stdin:1:27-30: ERROR: Unknown function: 'foo'\n"
		 "BEGIN { $y = $x; @y = @z; foo(1); bar; prinft(\"x\"); pdi; cuont }\n                          ~~~\n"
		 "stdin:1:35-38: ERROR: Unknown identifier: 'bar'\n"
		 "BEGIN { $y = $x; @y = @z; foo(1); bar; prinft(\"x\"); pdi; cuont }\n"
		 "                                  ~~~\n"
		 "stdin:1:40-46: ERROR: Unknown function: 'prinft'\n"
		 "BEGIN { $y = $x; @y = @z; foo(1); bar; prinft(\"x\"); pdi; cuont }\n"
		 "                                       ~~~~~~\nHINT: did you mean printf()?\n"
		 "stdin:1:53-56: ERROR: Unknown identifier: 'pdi'\n"
		 "BEGIN { $y = $x; @y = @z; foo(1); bar; prinft(\"x\"); pdi; cuont }\n"
		 "                                                    ~~~\nHINT: did you mean pid?\n"
		 "stdin:1:58-63: ERROR: Unknown identifier: 'cuont'\n"
		 "BEGIN { $y = $x; @y = @z; foo(1); bar; prinft(\"x\"); pdi; cuont }\n"
		 "                                                         ~~~~~\nHINT: did you mean count?\n"},
		{"a variable of an inner block", "BEGIN { if (1) { $x = 1 } print($x) }",
		 "stdin:1:33-35: ERROR: Undefined or undeclared variable: $x\nBEGIN { if (1) { $x = 1 } print($x) }\n"
		 "                                ~~\n"},
		{"a variable of another clause", "BEGIN { $x = 1 } END { $x++ }",
		 "stdin:1:24-26: ERROR: Undefined or undeclared variable: $x\nBEGIN { $x = 1 } END { $x++ }\n"
		 "                       ~~\n"},
		{"a variable in its own first value", "BEGIN { $x = $x + 1; $z += 1 }",
		 "stdin:1:14-16: ERROR: Undefined or undeclared variable: $x\nBEGIN { $x = $x + 1; $z += 1 }\n"
		 "             ~~\n"
		 "stdin:1:22-24: ERROR: Undefined or undeclared variable: $z\nBEGIN { $x = $x + 1; $z += 1 }\n"
		 "                     ~~\n"},
		{"a variable declared twice", "BEGIN { let $x = 1; if (1) { let $x: int8; } }",
		 "stdin:1:30-36: ERROR: Variable $x was already declared. Variable shadowing is not allowed.\n"
		 "BEGIN { let $x = 1; if (1) { let $x: int8; } }\n                             ~~~~~~\n"
		 "stdin:1:9-15: ERROR: This is the initial declaration.\n"
		 "BEGIN { let $x = 1; if (1) { let $x: int8; } }\n        ~~~~~~\n"},
		{"with and without a key", "BEGIN { @x = 1; @x[2] = 3; @y[1] = 2; print(@y + 1); delete(@x, 1) }",
		 "stdin:1:17-22: ERROR: @x used as a map with an explicit key (non-scalar map), previously used without "
		 "an explicit key (scalar map)\n"
		 "BEGIN { @x = 1; @x[2] = 3; @y[1] = 2; print(@y + 1); delete(@x, 1) }\n                ~~~~~\n"
		 "stdin:1:45-47: ERROR: @y used as a map without an explicit key (scalar map), previously used with an "
		 "explicit key (non-scalar map)\n"
		 "BEGIN { @x = 1; @x[2] = 3; @y[1] = 2; print(@y + 1); delete(@x, 1) }\n"
		 "                                            ~~\n"
		 "stdin:1:54-67: ERROR: @x used as a map with an explicit key (non-scalar map), previously used without "
		 "an explicit key (scalar map)\n"
		 "BEGIN { @x = 1; @x[2] = 3; @y[1] = 2; print(@y + 1); delete(@x, 1) }\n"
		 "                                                     ~~~~~~~~~~~~~\n"},
		{"words that hits alone have", "BEGIN, usdt:/x:n { print(arg0) } interval:s:1 /arg1/ { }",
		 "stdin:1:26-30: ERROR: The arg0 builtin can only be used with 'kprobes', 'uprobes' and 'usdt' probes\n"
		 "BEGIN, usdt:/x:n { print(arg0) } interval:s:1 /arg1/ { }\n                         ~~~~\n"
		 "stdin:1:48-52: ERROR: The arg1 builtin can only be used with 'kprobes', 'uprobes' and 'usdt' probes\n"
		 "BEGIN, usdt:/x:n { print(arg0) } interval:s:1 /arg1/ { }\n"
		 "                                               ~~~~\n"},
		{"arguments beyond what notes can have", "usdt:/x:n { print((arg255, arg01, argx)) }",
		 "stdin:1:20-26: ERROR: Unknown identifier: 'arg255'\nusdt:/x:n { print((arg255, arg01, argx)) }\n"
		 "                   ~~~~~~\n"
		 "stdin:1:28-33: ERROR: Unknown identifier: 'arg01'\nusdt:/x:n { print((arg255, arg01, argx)) }\n"
		 "                           ~~~~~\n"
		 "stdin:1:35-39: ERROR: Unknown identifier: 'argx'\nusdt:/x:n { print((arg255, arg01, argx)) }\n"
		 "                                  ~~~~\nHINT: did you mean args?\n"},
		{"what is bpftrace's", "BEGIN { kaddr(\"x\"); print(curtask); system(\"ls\"); nsecs(mono) }",
		 "stdin:1:9-14: ERROR: kaddr() looks into the kernel, which only BPF can; usdtrap works without it\n"
		 "BEGIN { kaddr(\"x\"); print(curtask); system(\"ls\"); nsecs(mono) }\n        ~~~~~\n"
		 "stdin:1:27-34: ERROR: curtask looks into the kernel, which only BPF can; usdtrap works without it\n"
		 "BEGIN { kaddr(\"x\"); print(curtask); system(\"ls\"); nsecs(mono) }\n"
		 "                          ~~~~~~~\n"
		 "stdin:1:37-49: ERROR: system() is unsafe. To use you need the --unsafe flag\n"
		 "BEGIN { kaddr(\"x\"); print(curtask); system(\"ls\"); nsecs(mono) }\n"
		 "                                    ~~~~~~~~~~~~\n"
		 "stdin:1:51-62: ERROR: nsecs() does not take this argument: it is boot, monotonic, tai or sw_tai\n"
		 "BEGIN { kaddr(\"x\"); print(curtask); system(\"ls\"); nsecs(mono) }\n"
		 "                                                  ~~~~~~~~~~~\n"},
		{"jumps out of nothing", "BEGIN { if (1) { break } while (0) { continue } continue }",
		 "stdin:1:18-23: ERROR: break outside of a loop\n"
		 "BEGIN { if (1) { break } while (0) { continue } continue }\n                 ~~~~~\n"
		 "stdin:1:49-57: ERROR: continue outside of a loop\n"
		 "BEGIN { if (1) { break } while (0) { continue } continue }\n"
		 "                                                ~~~~~~~~\n"},
		{"how often to unroll", "BEGIN { unroll(0) { } unroll(101) { } unroll(pid) { } unroll(-1) { } }",
		 "stdin:1:15-18: ERROR: unroll minimum value is 1\n"
		 "BEGIN { unroll(0) { } unroll(101) { } unroll(pid) { } unroll(-1) { } }\n              ~~~\n"
		 "stdin:1:29-34: ERROR: unroll maximum value is 100\n"
		 "BEGIN { unroll(0) { } unroll(101) { } unroll(pid) { } unroll(-1) { } }\n"
		 "                            ~~~~~\n"
		 "stdin:1:45-50: ERROR: invalid unroll value\n"
		 "BEGIN { unroll(0) { } unroll(101) { } unroll(pid) { } unroll(-1) { } }\n"
		 "                                            ~~~~~\n"
		 "stdin:1:61-65: ERROR: unroll minimum value is 1\n"
		 "BEGIN { unroll(0) { } unroll(101) { } unroll(pid) { } unroll(-1) { } }\n"
		 "                                                            ~~~~\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script script;

		script_resolve(&script, rows[i].text, parameters);
		assert_false(script.is_good);
		if (strcmp(script.text, rows[i].errors) != 0)
			fail_msg("%s:\n%s", rows[i].name, script.text);
		script_deinit(&script);
	}
}

static void test_sema_names_calls_with_wrong_arguments_are_told_apart(void **state)
{
	/* The call, and the message with its hint; the call is underlined as a whole. */
	static const char *const rows[][2] = {
		{"str()", "str() requires at least one argument (0 provided)\nHINT: str(address[, length])\n"},
		{"str(1, 2, 3)", "str() takes up to 2 arguments (3 provided)\nHINT: str(address[, length])\n"},
		{"strlen()", "strlen() requires one argument (0 provided)\nHINT: strlen(string)\n"},
		{"strncmp(\"a\")",
		 "strncmp() requires 3 arguments (1 provided)\nHINT: strncmp(string, string, length)\n"},
		{"exit(1, 2)", "exit() takes up to one argument (2 provided)\nHINT: exit([status])\n"},
		{"print(1, 2)", "Non-map print() only takes 1 argument, 2 found\n"},
		{"count()", "count() must be assigned directly to a map\nHINT: for example @ = count()\n"},
		{"hist(3)", "hist() must be assigned directly to a map\nHINT: for example @ = hist(number[, bits])\n"},
		{"count", "count() must be assigned directly to a map\nHINT: for example @ = count()\n"},
		{"printf(\"%d %d\", 1)", "not enough arguments for format string (1 supplied, 2 expected)\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf expected = {};
		const char *hint = strstr(rows[i][1], "HINT");
		size_t message_length = hint ? (size_t)(hint - rows[i][1]) : strlen(rows[i][1]);
		struct script script;
		char text[200];

		snprintf(text, sizeof(text), "END { %s }", rows[i][0]);
		strbuf_addf(&expected, "stdin:1:7-%zu: ERROR: %.*s%s\n      ", strlen(rows[i][0]) + 7,
			    (int)message_length, rows[i][1], text);
		strbuf_add_repeated(&expected, '~', strlen(rows[i][0]));
		strbuf_addf(&expected, "\n%s", hint ? hint : "");
		script_resolve(&script, text, parameters);
		assert_string_equal(script.text, strbuf_text(&expected));
		strbuf_deinit(&expected);
		script_deinit(&script);
	}
}

static void test_sema_names_literal_arguments_must_be_literals(void **state)
{
	/* The script, the underlined piece of it, and the message. */
	static const char *const rows[][3] = {
		{"clear(1)", "1", "clear() expects a map argument"},
		{"@x[1] = 2; clear(@x[1])", "@x[1]", "clear() expects a map without a key as its first argument"},
		{"@x = 1; print(@x, pid)", "pid", "print() expects a non-negative integer literal here"},
		{"@x = 1; print(@x, 1, -1)", "-1", "print() expects a non-negative integer literal here"},
		{"@ = hist(1, 6)", "hist(1, 6)", "hist: bits 6 must be 0..5"},
		{"@ = hist(1, pid)", "pid", "hist() expects a non-negative integer literal here"},
		{"@ = lhist(1, 0, 10, 0)", "lhist(1, 0, 10, 0)", "lhist() step must be >= 1 (0 provided)"},
		{"@ = lhist(1, 20, 10, 1)", "lhist(1, 20, 10, 1)",
		 "lhist() min must be less than max (provided min 20 and max 10)"},
		{"@ = lhist(1, 0, 10, 20)", "lhist(1, 0, 10, 20)",
		 "lhist() step is too large for the given range (provided step 20 for range 10)"},
		{"@ = lhist(1, 0, 1001, 1)", "lhist(1, 0, 1001, 1)",
		 "lhist() too many buckets, must be <= 1000 (would need 1001)"},
		{"@ = lhist(1, -5, 10, 1)", "-5", "lhist() expects a non-negative integer literal here"},
		{"@ = lhist(1, 0, 9223372036854775808, 1)", "9223372036854775808",
		 "lhist() takes no numbers above 9223372036854775807"},
		{"join(1, comm)", "join(1, comm)", "join() expects a string literal (string provided)"},
		{"strncmp(comm, comm, pid)", "pid", "strncmp() expects a non-negative integer literal here"},
		{"printf(\"%f\", 1)", "\"%f\"", "unsupported format specifier: f"},
		{"print(str($2 + 6))", "$2 + 6", "cannot skip 6 bytes of $2, which has 5"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script script;
		char text[200];
		const struct diagnostic *first;

		snprintf(text, sizeof(text), "END { %s }", rows[i][0]);
		script_resolve(&script, text, parameters);
		first = script.diagnostics.first;
		if (script.diagnostics.error_count != 1 || strcmp(first->message, rows[i][2]) != 0 ||
		    first->span.end - first->span.start != strlen(rows[i][1]) ||
		    memcmp(text + first->span.start, rows[i][1], strlen(rows[i][1])) != 0)
			fail_msg("%s\n%s", text, script.text);
		script_deinit(&script);
	}
}

static void test_sema_names_warnings(void **state)
{
	struct script script;

	(void)state;
	script_resolve(&script, "BEGIN { let $x; exit(); print(1); print(2); }", NULL);
	assert_true(script.is_good);
	assert_string_equal(script.text,
			    "stdin:1:9-15: WARNING: Variable $x was never assigned to.\n"
			    "BEGIN { let $x; exit(); print(1); print(2); }\n        ~~~~~~\n"
			    "stdin:1:25-33: WARNING: Unreachable statement\n"
			    "BEGIN { let $x; exit(); print(1); print(2); }\n                        ~~~~~~~~\n");
	script_deinit(&script);
}

static void test_sema_names_are_bounded_in_number(void **state)
{
	static const struct {
		const char *prefix;
		const char *message;
	} rows[] = {
		{"@m", "too many maps in one script: more than 1000"},
		{"$v", "too many variables in one clause: more than 1000"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf text = {};
		struct script script;

		strbuf_add_string(&text, "BEGIN { ");
		for (int j = 0; j < 1001; j++)
			strbuf_addf(&text, "%s%d = 1; ", rows[i].prefix, j);
		strbuf_add_string(&text, "}");
		script_resolve(&script, strbuf_text(&text), NULL);
		assert_int_equal(script.diagnostics.error_count, 1);
		assert_string_equal(script.diagnostics.first->message, rows[i].message);
		strbuf_deinit(&text);
		script_deinit(&script);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sema_fold_computes_constants),
		cmocka_unit_test(test_sema_names_parameters_become_literals),
		cmocka_unit_test(test_sema_names_calls_are_brought_into_shape),
		cmocka_unit_test(test_sema_names_calls_keep_their_constants),
		cmocka_unit_test(test_sema_names_maps_get_slots_in_order),
		cmocka_unit_test(test_sema_names_variables_belong_to_their_block),
		cmocka_unit_test(test_sema_names_errors_are_told_together),
		cmocka_unit_test(test_sema_names_calls_with_wrong_arguments_are_told_apart),
		cmocka_unit_test(test_sema_names_literal_arguments_must_be_literals),
		cmocka_unit_test(test_sema_names_warnings),
		cmocka_unit_test(test_sema_names_are_bounded_in_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
