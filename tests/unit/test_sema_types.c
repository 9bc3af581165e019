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

/* The type of the value that the first clause's last statement prints. */
static void assert_printed_types(const char *const (*rows)[2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct strbuf name = {};
		struct script script;
		const struct ast_statement *last;
		char text[1000];

		snprintf(text, sizeof(text), "usdt:/x:n { %s }", rows[i][0]);
		script_resolve(&script, text, NULL);
		if (!script.is_good)
			fail_msg("%s", script.text);
		last = script.program.clauses->body;
		while (last->next)
			last = last->next;
		type_add_name(&name, last->expression.value->call.arguments[0]->type);
		if (strcmp(strbuf_text(&name), rows[i][1]) != 0)
			fail_msg("%s: %s, not %s", rows[i][0], strbuf_text(&name), rows[i][1]);
		strbuf_deinit(&name);
		script_deinit(&script);
	}
}

static void test_sema_types_of_simple_values(void **state)
{
	static const char *const rows[][2] = {
		{"print(1)", "int8"},
		{"print(127)", "int8"},
		{"print(128)", "int16"},
		{"print(-129)", "int16"},
		{"print(40000)", "int32"},
		{"print(1e10)", "int64"},
		{"print(0xffffffffffffffff)", "uint64"},
		{"print(true)", "bool"},
		{"print(\"\")", "string[1]"},
		{"print(\"abc\")", "string[4]"},
		{"print(arg0)", "int64"},
		{"print(pid)", "uint32"},
		{"print(tid)", "uint32"},
		{"print(uid)", "uint64"},
		{"print(nsecs)", "uint64"},
		{"print(elapsed)", "uint64"},
		{"print(comm)", "string[16]"},
		{"print((1, \"a\", (pid,)))", "(int8,string[2],(uint32))"},
		{"print(())", "()"},
		{"print((int32)1)", "int32"},
		{"print((uint8)arg0)", "uint8"},
		{"print((bool)arg0)", "bool"},
		{"print(\"abc\"[1])", "int8"},
		{"print((1, pid).1)", "uint32"},
		{"print((1, pid)[1])", "uint32"},
		{"print(str(arg0))", "string[1024]"},
		{"print(str(arg0, 32))", "string[32]"},
		{"print(str(arg0, 4000))", "string[4000]"},
		{"print(str(arg0, 0))", "string[1]"},
		{"print(str(arg0, arg1))", "string[1048576]"},
		{"print(str(\"abcdef\"))", "string[7]"},
		{"print(str(\"abcdef\", 3))", "string[3]"},
		{"print(buf(arg0, 8))", "buffer[8]"},
		{"print(buf(\"abc\"))", "buffer[4]"},
		{"print(strlen(comm))", "uint64"},
		{"print(strncmp(comm, \"a\", 1))", "uint64"},
		{"print(strftime(\"%S\", nsecs))", "string[1024]"},
	};

	(void)state;
	assert_printed_types(rows, COUNT(rows));
}

static void test_sema_types_of_operators(void **state)
{
	static const char *const rows[][2] = {
		{"print(arg0 + 1)", "int64"},
		{"print(pid + 1)", "uint64"},
		{"print(pid + tid)", "uint64"},
		{"print(nsecs / 1000)", "uint64"},
		{"print(nsecs - 1)", "int64"},
		{"print(arg0 + pid)", "int64"},
		{"print(pid & 0xff)", "uint64"},
		{"print(arg0 << pid)", "int64"},
		{"print(pid << arg0)", "uint64"},
		{"print(pid == 1)", "bool"},
		{"print(arg0 && pid)", "bool"},
		{"print(!pid)", "bool"},
		{"print(-pid)", "int64"},
		{"print(~pid)", "uint64"},
		{"print(~arg0)", "int64"},
		{"print((pid == 1) + 1)", "int64"},
		{"print((pid == 1) + tid)", "uint64"},
		{"print(comm == \"abc\")", "bool"},
		{"print((1, \"a\") != (pid, comm))", "bool"},
		{"print(pid ? 1 : 1000)", "int16"},
		{"print(pid ? \"a\" : \"abc\")", "string[4]"},
		{"print(pid ?: 3)", "uint32"},
		{"$x = 1; print($x++)", "int64"},
		{"$x = pid; print(--$x)", "uint64"},
		{"$x = 1; print($x = 1000)", "int16"},
		{"print(sizeof(pid == 1))", "int8"},
	};

	(void)state;
	assert_printed_types(rows, COUNT(rows));
}

static void test_sema_types_sizeof_is_what_bpftrace_says(void **state)
{
	static const struct {
		const char *expression;
		uint64_t size;
	} rows[] = {
		{"1 == 1", 1},       {"pid", 4},       {"nsecs", 8}, {"comm", 16},       {"1", 1},
		{"1000", 2},         {"(uint32)1", 4}, {"int16", 2}, {"\"abc\"", 4},     {"(1, pid)", 8},
		{"str(arg0)", 1024}, {"arg0 + 1", 8},  {"bool", 1},  {"(pid, 1, 2)", 8}, {"buf(arg0, 7)", 7},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script script;
		const struct ast_expression *value;
		char text[200];

		snprintf(text, sizeof(text), "usdt:/x:n { print(sizeof(%s)) }", rows[i].expression);
		script_resolve(&script, text, NULL);
		assert_true(script.is_good);
		value = script.program.clauses->body->expression.value->call.arguments[0];
		assert_int_equal(value->kind, AST_INTEGER);
		if (value->integer != rows[i].size)
			fail_msg("%s: %llu", rows[i].expression, (unsigned long long)value->integer);
		script_deinit(&script);
	}
}

static void test_sema_types_variables_hold_all_that_is_stored(void **state)
{
	static const char *const rows[][2] = {
		{"$x = 1; $x = 1000; print($x)", "int16"},
		{"$x = 1; print($x)", "int8"},
		{"$x = 0; $x = nsecs; print($x)", "uint64"},
		{"$x = \"a\"; $x = \"abc\"; print($x)", "string[4]"},
		{"$x = (1, \"a\"); $x = (1000, \"abc\"); print($x)", "(int16,string[4])"},
		{"$x = 1; $y = $x; $x = arg0; print($y)", "int64"},
		{"$x = 1; while ($x < 9) { $y = $x; $x = $y + 1 } print($x)", "int64"},
		{"let $x: uint8 = 3; $x++; $x += 5; print($x)", "uint8"},
		{"let $x: int64 = 3; print($x)", "int64"},
		{"let $x; if (pid) { $x = 1 } print($x)", "int8"},
		{"let $x; print($x)", "int64"},
		{"$x = pid == 1; $x = 2; print($x)", "int8"},
		{"@n++; $x = (@n, \"a\"); print($x)", "(int64,string[2])"},
		{"let $n; $x = ($n, 1); print($x)", "(int64,int8)"},
		{"let $n; $x = ($n, 1); $n++; print($x)", "(int64,int8)"},
	};

	(void)state;
	assert_printed_types(rows, COUNT(rows));
}

/* All maps of the script as "@name[key]:value". */
static void assert_maps(const char *const (*rows)[2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct strbuf maps = {};
		struct script script;
		char text[1000];

		snprintf(text, sizeof(text), "usdt:/x:n { %s }", rows[i][0]);
		script_resolve(&script, text, NULL);
		if (!script.is_good)
			fail_msg("%s", script.text);
		for (const struct ast_map *map = script.program.maps; map; map = map->next) {
			strbuf_addf(&maps, "%s%s", map == script.program.maps ? "" : " ", map->name);
			if (map->key_type) {
				strbuf_add_char(&maps, '[');
				type_add_name(&maps, map->key_type);
				strbuf_add_char(&maps, ']');
			}
			strbuf_add_char(&maps, ':');
			type_add_name(&maps, map->value_type);
		}
		if (strcmp(strbuf_text(&maps), rows[i][1]) != 0)
			fail_msg("%s: %s, not %s", rows[i][0], strbuf_text(&maps), rows[i][1]);
		strbuf_deinit(&maps);
		script_deinit(&script);
	}
}

static void test_sema_types_maps_learn_keys_and_values(void **state)
{
	static const char *const rows[][2] = {
		{"@ = 1", "@:int8"},
		{"@x = 1; @x = nsecs", "@x:uint64"},
		{"@x[comm] = 1", "@x[string[16]]:int8"},
		{"@x[1, \"a\"] = 1; @x[1000, \"abc\"] = 2", "@x[(int16,string[4])]:int8"},
		{"@x[1] = 1; print(@x[nsecs])", "@x[uint64]:int8"},
		{"@x[1] = 1; delete(@x, 1000)", "@x[int16]:int8"},
		{"@x[(1, 2)] = 1; @x[3, pid] = 2", "@x[(int8,uint32)]:int8"},
		{"@x = @y; @y = @z; @z = arg0", "@y:int64 @x:int64 @z:int64"},
		{"@x[@y] = 5; @y = 1000", "@y:int16 @x[int16]:int8"},
		{"@n++", "@n:int64"},
		{"@n[pid] += 2", "@n[uint32]:int64"},
		{"@a = @b; @b = @a", "@b:int64 @a:int64"},
		{"@n += @m; @m++", "@m:int64 @n:int64"},
		{"@x = count()", "@x:count_t"},
		{"@x = sum(1)", "@x:sum_t"},
		{"@x = sum(pid)", "@x:usum_t"},
		{"@x = sum(1); @x = sum(nsecs)", "@x:usum_t"},
		{"@x = avg(arg0)", "@x:avg_t"},
		{"@x = min(arg0); @y = max(pid)", "@x:min_t @y:umax_t"},
		{"@x = stats(arg0)", "@x:stats_t"},
		{"@x = hist(arg0)", "@x:hist_t"},
		{"@x = lhist(arg0, 0, 10, 1)", "@x:lhist_t"},
		{"@c = count(); @x = @c", "@c:count_t @x:uint64"},
		{"@c = sum(arg0); @x[@c] = (int64)@c", "@c:sum_t @x[int64]:int64"},
	};

	(void)state;
	assert_maps(rows, COUNT(rows));
}

static void test_sema_types_operators_know_what_they_work_on(void **state)
{
	static const struct {
		const char *expression;
		const char *operand_type;
	} rows[] = {
		{"arg0 < 5", "int64"},           {"pid < 5", "uint64"},
		{"pid < arg0", "int64"},         {"nsecs > pid", "uint64"},
		{"arg0 / 2", "int64"},           {"nsecs / 2", "uint64"},
		{"nsecs - 2", "uint64"},         {"pid >> 2", "uint64"},
		{"arg0 >> nsecs", "int64"},      {"(pid == 1) < true", "int64"},
		{"comm == \"a\"", "string[16]"}, {"(1, pid) == (arg0, 2)", "(int64,uint32)"},
		{"nsecs < arg0", "uint64"},      {"nsecs * arg0", "int64"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf name = {};
		struct script script;
		char text[200];

		snprintf(text, sizeof(text), "usdt:/x:n { print(%s) }", rows[i].expression);
		script_resolve(&script, text, NULL);
		assert_true(script.is_good);
		type_add_name(&name,
			      script.program.clauses->body->expression.value->call.arguments[0]->binary.operand_type);
		if (strcmp(strbuf_text(&name), rows[i].operand_type) != 0)
			fail_msg("%s: %s", rows[i].expression, strbuf_text(&name));
		strbuf_deinit(&name);
		script_deinit(&script);
	}
}

static void test_sema_types_mismatches_are_told_with_both_types(void **state)
{
	/* The script, the underlined piece of it, and the message. */
	static const char *const rows[][3] = {
		{"@x = 0; @x = \"a\"", "@x = \"a\"",
		 "Type mismatch for @x: trying to assign value of type 'string[2]' when map already has a type 'int8'"},
		{"$x = 0; $x = \"a\"", "$x = \"a\"",
		 "Type mismatch for $x: trying to assign value of type 'string[2]' when variable already has a type "
		 "'int8'"},
		{"$x = nsecs; $x = arg0", "$x = arg0",
		 "Type mismatch for $x: trying to assign value of type 'int64' when variable already has a type 'uint64'"},
		{"let $x: uint8 = 300", "let $x: uint8 = 300",
		 "Type mismatch for $x: trying to assign value of type 'int16' when variable already has a type 'uint8'"},
		{"@x = 1; @x = count()", "count()",
		 "Type mismatch for @x: trying to assign value of type 'count_t' when map already has a type 'int8'"},
		{"@x = count(); @x = sum(pid)", "sum(pid)",
		 "Type mismatch for @x: trying to assign value of type 'usum_t' when map already has a type 'count_t'"},
		{"@x = count(); @x++", "@x++",
		 "Type mismatch for @x: trying to assign value of type 'uint64' when map already has a type 'count_t'"},
		{"@x = sum((int8)1); @x = sum(nsecs)", "sum(nsecs)",
		 "Type mismatch for @x: trying to assign value of type 'usum_t' when map already has a type 'sum_t'"},
		{"@x = hist(1, 1); @x = hist(1, 2)", "hist(1, 2)",
		 "Type mismatch for @x: trying to assign value of type 'hist_t' when map already has a type 'hist_t'"},
		{"@x[1, 2] = 0; _ = @x[3]", "3",
		 "Argument mismatch for @x: trying to access with arguments: 'int8' when map expects arguments: "
		 "'(int8,int8)'"},
		{"@x[1] = 0; _ = @x[2, 3]", "@x[2, 3]",
		 "Argument mismatch for @x: trying to access with arguments: '(int8,int8)' when map expects arguments: "
		 "'int8'"},
		{"@x[1, \"ab\"] = 0; @x[2, 3] = 1", "@x[2, 3]",
		 "Argument mismatch for @x: trying to access with arguments: '(int8,int8)' when map expects arguments: "
		 "'(int8,string[3])'"},
		{"@x[1] = 0; delete(@x, \"a\")", "\"a\"",
		 "Argument mismatch for @x: trying to access with arguments: 'string[2]' when map expects arguments: "
		 "'int8'"},
		{"@x[printf(\"\")] = 0", "printf(\"\")", "void cannot be part of a map key"},
		{"@h = hist(1); @x[1, @h] = 0", "@h", "hist_t cannot exist inside a tuple."},
		{"@h = hist(1); @x[@h] = 0", "@h", "hist_t cannot be part of a map key"},
		{"@h = hist(1); @x = @h", "@x = @h",
		 "Map value 'hist_t' cannot be assigned from one map to another. The function that returns this type must "
		 "be called directly."},
		{"@h = stats(1); $x = @h", "$x = @h", "Value 'stats_t' cannot be assigned to a scratch variable."},
		{"$x = exit()", "$x = exit()", "Value 'void' cannot be assigned to a scratch variable."},
		{"@x = exit(); @x = 1", "@x = exit()", "Value 'void' cannot be assigned to a map."},
		{"@h[1] = hist(1); print(@h[1])", "print(@h[1])",
		 "Map type hist_t cannot print the value of individual keys. You must print the whole map."},
		{"print(exit())", "print(exit())", "void type passed to print() is not printable"},
		{"_ = \"a\" + 1", "\"a\" + 1",
		 "The + operator can not be used on expressions of types string[2], int8"},
		{"_ = \"a\" < \"b\"", "\"a\" < \"b\"",
		 "The < operator can not be used on expressions of types string[2], string[2]"},
		{"_ = \"a\" == 1", "\"a\" == 1", "Type mismatch for '==': comparing string[2] with int8"},
		{"_ = (1, 2) == (1, \"a\")", "(1, 2) == (1, \"a\")",
		 "Type mismatch for '==': comparing (int8,int8) with (int8,string[2])"},
		{"_ = \"a\" && 1", "\"a\" && 1",
		 "The && operator can not be used on expressions of types string[2], int8"},
		{"_ = -\"a\"", "-\"a\"", "The - operator can not be used on expressions of type 'string[2]'"},
		{"_ = !\"a\"", "!\"a\"", "The ! operator can not be used on expressions of type 'string[2]'"},
		{"_ = ~(pid == 1)", "~(pid == 1)", "The ~ operator can not be used on expressions of type 'bool'"},
		{"$x = \"a\"; $x++", "$x++", "The ++ operator can not be used on expressions of type 'string[2]'"},
		{"$x = \"a\"; $x += 1", "$x += 1",
		 "The + operator can not be used on expressions of types string[2], int8"},
		{"if (comm) { }", "(comm)", "Invalid condition: string"},
		{"while (comm) { }", "(comm)", "Invalid condition: string"},
		{"_ = comm ? 1 : 2", "comm", "Invalid condition: string"},
		{"_ = pid ? 1 : \"high\"", "pid ? 1 : \"high\"",
		 "Branches must return the same type or compatible types: have 'int8' and 'string[5]'"},
		{"$x = pid ? 3 : exit()", "pid ? 3 : exit()",
		 "Branches must return the same type or compatible types: have 'int8' and 'void'"},
		{"_ = (int32)\"a\"", "(int32)\"a\"", "Cannot cast from \"string[2]\" to \"int32\""},
		{"_ = (1, 2).2", "(1, 2).2", "Invalid tuple index: 2. Found 2 elements in tuple."},
		{"_ = pid.0", "pid.0", "Can not access index '0' on expression of type 'uint32'"},
		{"_ = (1, 2)[pid]", "pid", "The index of a tuple must be a non-negative integer literal"},
		{"_ = \"abc\"[4]", "\"abc\"[4]", "the index 4 is out of bounds for array of size 4"},
		{"_ = \"abc\"[arg0]", "arg0",
		 "The array index operator [] only accepts positive (unsigned) integer indices. Got: int64"},
		{"_ = pid[0]", "pid[0]",
		 "The array index operator [] can only be used on arrays, pointers, and tuples, found uint32."},
		{"@x = sum(\"a\")", "sum(\"a\")", "sum() only supports integer arguments (string[2] provided)"},
		{"printf(\"%d\", \"ab\")", "\"ab\"", "unsupported format specifier for type 'string[3]': d"},
		{"printf(\"%s\", exit())", "exit()", "unsupported format specifier for type 'void': s"},
		{"printf(\"%r\", 1)", "1", "unsupported format specifier for type 'int8': r"},
		{"printf(pid)", "printf(pid)", "printf() expects a string literal (int provided)"},
		{"printf(comm)", "printf(comm)", "printf() expects a string literal (string provided)"},
		{"time(pid)", "time(pid)", "time() expects a string literal (int provided)"},
		{"_ = strftime(comm, 1)", "strftime(comm, 1)", "strftime() expects a string literal (string provided)"},
		{"_ = strftime(\"\", comm)", "strftime(\"\", comm)",
		 "strftime() only supports int arguments (string provided)"},
		{"exit(\"a\")", "exit(\"a\")", "exit() only supports int arguments (string provided)"},
		{"join(comm)", "join(comm)", "join() only supports int and pointer arguments (string provided)"},
		{"_ = str((1, 2))", "str((1, 2))",
		 "str() only supports string, int and pointer arguments (tuple provided)"},
		{"_ = str(arg0, comm)", "str(arg0, comm)", "str() only supports int arguments (string provided)"},
		{"_ = str(arg0, -1)", "-1", "str() cannot use negative length (-1)"},
		{"_ = str(arg0, 1048577)", "1048577", "str() yields at most 1048576 bytes (1048577 wanted)"},
		{"_ = buf(arg0)", "buf(arg0)", "buf() expects a length argument for non-array type int"},
		{"_ = strlen(1)", "strlen(1)",
		 "strlen() only supports string, buffer and pointer arguments (int provided)"},
		{"_ = strncmp(1, comm, 2)", "strncmp(1, comm, 2)",
		 "strncmp() only supports string arguments (int provided)"},
		{"@x[1] = 1; delete(@x)", "delete(@x)",
		 "call to delete() with one argument expects a map without keys"},
		{"@x = 1; _ = len(@x)", "len(@x)", "call to len() expects a map with explicit keys (non-scalar map)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script script;
		char text[300];
		const struct diagnostic *first;

		snprintf(text, sizeof(text), "usdt:/x:n { %s }", rows[i][0]);
		script_resolve(&script, text, NULL);
		first = script.diagnostics.first;
		if (script.diagnostics.error_count != 1 || strcmp(first->message, rows[i][2]) != 0 ||
		    first->span.end - first->span.start != strlen(rows[i][1]) ||
		    memcmp(text + first->span.start, rows[i][1], strlen(rows[i][1])) != 0)
			fail_msg("%s\n%s", text, script.text);
		script_deinit(&script);
	}
}

static void test_sema_types_errors_of_the_stage_are_told_together(void **state)
{
	struct script script;

	(void)state;
	script_resolve(&script,
		       "BEGIN { $x = \"a\" + 1; print($x + 2); exit(comm) }\n"
		       "END /comm/ { @a[1] = \"x\"; @a[\"y\"] = 3 }",
		       NULL);
	/* That $x has no type is no error of its own. */
	assert_string_equal(
		script.text,
		"stdin:1:14-21: ERROR: The + operator can not be used on expressions of types string[2], int8\n"
		"BEGIN { $x = \"a\" + 1; print($x + 2); exit(comm) }\n             ~~~~~~~\n"
		"stdin:1:38-48: ERROR: exit() only supports int arguments (string provided)\n"
		"BEGIN { $x = \"a\" + 1; print($x + 2); exit(comm) }\n                                     ~~~~~~~~~~\n"
		"stdin:2:6-10: ERROR: Invalid condition: string\n"
		"END /comm/ { @a[1] = \"x\"; @a[\"y\"] = 3 }\n     ~~~~\n"
		"stdin:2:27-38: ERROR: Type mismatch for @a: trying to assign value of type 'int8' when map already has a "
		"type 'string[2]'\n"
		"END /comm/ { @a[1] = \"x\"; @a[\"y\"] = 3 }\n                          ~~~~~~~~~~~\n"
		"stdin:2:30-33: ERROR: Argument mismatch for @a: trying to access with arguments: 'string[2]' when map "
		"expects arguments: 'int8'\n"
		"END /comm/ { @a[1] = \"x\"; @a[\"y\"] = 3 }\n                             ~~~\n");
	script_deinit(&script);
}

static void test_sema_types_warnings(void **state)
{
	struct script script;

	(void)state;
	script_resolve(&script,
		       "usdt:/x:n { 1 + pid; comm; strlen(comm); _ = 5; @d[1] = 1; delete(@d, 1);\n"
		       "$x = nsecs < arg0; $x = 3; @y = nsecs * arg0; @s = stats(1); print(@s, 5); }",
		       NULL);
	assert_true(script.is_good);
	assert_string_equal(
		script.text,
		"stdin:1:13-20: WARNING: Return value discarded.\n"
		"usdt:/x:n { 1 + pid; comm; strlen(comm); _ = 5; @d[1] = 1; delete(@d, 1);\n"
		"            ~~~~~~~\n"
		"stdin:1:22-26: WARNING: Return value discarded.\n"
		"usdt:/x:n { 1 + pid; comm; strlen(comm); _ = 5; @d[1] = 1; delete(@d, 1);\n"
		"                     ~~~~\n"
		"stdin:1:28-40: WARNING: Return value discarded.\n"
		"usdt:/x:n { 1 + pid; comm; strlen(comm); _ = 5; @d[1] = 1; delete(@d, 1);\n"
		"                           ~~~~~~~~~~~~\n"
		"stdin:2:6-18: WARNING: comparison of integers of different signs: 'uint64' and 'int64' can lead to "
		"undefined behavior\n"
		"$x = nsecs < arg0; $x = 3; @y = nsecs * arg0; @s = stats(1); print(@s, 5); }\n"
		"     ~~~~~~~~~~~~\n"
		"stdin:2:33-45: WARNING: arithmetic on integers of different signs: 'uint64' and 'int64' can lead to "
		"undefined behavior\n"
		"$x = nsecs < arg0; $x = 3; @y = nsecs * arg0; @s = stats(1); print(@s, 5); }\n"
		"                                ~~~~~~~~~~~~\n"
		"stdin:2:62-74: WARNING: print()'s top and div arguments are ignored when used on stats() maps.\n"
		"$x = nsecs < arg0; $x = 3; @y = nsecs * arg0; @s = stats(1); print(@s, 5); }\n"
		"                                                             ~~~~~~~~~~~~\n");
	script_deinit(&script);
}

/* A script of COUNT statements that each WRITE about two consecutive numbers. */
static void write_chain(struct strbuf *out, int count, void (*write)(struct strbuf *out, int number))
{
	strbuf_add_string(out, "BEGIN { $a0 = (1, 2); @a0 = 1; ");
	for (int i = 1; i <= count; i++)
		write(out, i);
	strbuf_add_string(out, "}");
}

static void write_doubled(struct strbuf *out, int number)
{
	strbuf_addf(out, "$a%d = ($a%d, $a%d); ", number, number - 1, number - 1);
}

static void write_nested(struct strbuf *out, int number)
{
	strbuf_addf(out, "$a%d = ($a%d,); ", number, number - 1);
}

/* The first value is known last. */
static void write_reversed(struct strbuf *out, int number)
{
	strbuf_addf(out, "@b%d = @b%d; %s", number, number + 1, number == 100 ? "@b101 = 1; " : "");
}

static void write_own(struct strbuf *out, int number)
{
	strbuf_addf(out, "@a0 = (@a0, %d); ", number);
}

static void test_sema_types_hostile_scripts_end(void **state)
{
	static const struct {
		const char *name;
		void (*write)(struct strbuf *out, int number);
		const char *message; /* of the first error */
	} rows[] = {
		{"tuples that double", write_doubled,
		 "tuple is too large: more than 256 elements, those within included"},
		{"tuples that nest", write_nested, "tuple is too large: more than 256 elements, those within included"},
		{"types handed on in reverse", write_reversed,
		 "types of variables and maps depend on one another over more than 64 steps"},
		{"a tuple of itself", write_own,
		 "Type mismatch for @a0: trying to assign value of type '(int8,int8)' when map already has a type "
		 "'int8'"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf text = {};
		struct script script;

		write_chain(&text, rows[i].write == write_nested ? 300 : 100, rows[i].write);
		script_resolve(&script, strbuf_text(&text), NULL);
		assert_false(script.is_good);
		if (strcmp(script.diagnostics.first->message, rows[i].message) != 0)
			fail_msg("%s: %s", rows[i].name, script.diagnostics.first->message);
		strbuf_deinit(&text);
		script_deinit(&script);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sema_types_of_simple_values),
		cmocka_unit_test(test_sema_types_of_operators),
		cmocka_unit_test(test_sema_types_sizeof_is_what_bpftrace_says),
		cmocka_unit_test(test_sema_types_variables_hold_all_that_is_stored),
		cmocka_unit_test(test_sema_types_maps_learn_keys_and_values),
		cmocka_unit_test(test_sema_types_operators_know_what_they_work_on),
		cmocka_unit_test(test_sema_types_mismatches_are_told_with_both_types),
		cmocka_unit_test(test_sema_types_errors_of_the_stage_are_told_together),
		cmocka_unit_test(test_sema_types_warnings),
		cmocka_unit_test(test_sema_types_hostile_scripts_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
