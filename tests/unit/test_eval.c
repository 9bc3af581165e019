/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/fake_session.h"
#include "support/script_run.h"

/* ---- Scripts without a process ----------------------------------------------------------------------------------- */

/* Everything that BODY, run by a begin clause, writes up to the maps at the end. */
static const struct {
	const char *name;
	const char *body;
	const char *output;
} bodies[] = {
	/* Arithmetic */
	{"precedence", "printf(\"%d\", 2 + 3 * 4 - 10 / 3 % 2);", "13"},
	{"shift and bits", "printf(\"%d %d %d\", 1 << 4 | 3, 0xff & ~0xf, 6 ^ 3);", "19 240 5"},
	{"unary minus", "$x = 5; printf(\"%d\", -$x);", "-5"},
	{"complement", "printf(\"%d\", ~0);", "-1"},
	{"not", "printf(\"%d%d\", !0, !7);", "10"},
	{"64 bits", "printf(\"%lx\", 0x7fffffffffffffff);", "7fffffffffffffff"},
	{"signed division", "$x = -7; printf(\"%d %d\", $x / 2, $x % 2);", "-3 -1"},
	{"unsigned division", "$x = (uint64)-1; printf(\"%lu\", $x / 2);", "9223372036854775807"},
	{"arithmetic right shift", "$x = (int64)-16; printf(\"%ld\", $x >> 2);", "-4"},
	{"logical right shift", "$x = (uint64)-16; printf(\"%lx\", $x >> 4);", "fffffffffffffff"},
	{"overflow wraps", "$x = (int64)0x7fffffffffffffff; $x++; printf(\"%ld\", $x);", "-9223372036854775808"},
	{"casts cut", "printf(\"%d %d %u\", (int8)200, (uint8)300, (uint16)-1);", "-56 44 65535"},
	/* Comparison and logic */
	{"comparisons yield bools", "print(1 < 2); print(2 <= 1);", "true\nfalse\n"},
	{"signed comparison", "$x = (int64)-1; print($x < 0);", "true\n"},
	{"strings", "print(\"abc\" == \"abc\"); print(\"abc\" != \"abd\");", "true\ntrue\n"},
	{"tuples", "$t = (1, \"a\"); print($t == (1, \"a\")); print($t == (2, \"a\"));", "true\nfalse\n"},
	{"and stops early", "$x = 0; 0 && $x++; print($x);", "0\n"},
	{"or stops early", "$x = 0; 1 || $x++; print($x);", "0\n"},
	{"and goes on", "$x = 0; 1 && $x++; print($x);", "1\n"},
	{"ternary", "$x = 3; print($x > 2 ? \"big\" : \"small\");", "big\n"},
	/* Variables */
	{"compound", "$x = 10; $x += 5; $x -= 1; $x *= 2; $x /= 4; $x %= 4; print($x);", "3\n"},
	{"compound bits", "$x = 12; $x &= 10; $x |= 1; $x ^= 3; $x <<= 4; $x >>= 2; print($x);", "40\n"},
	{"postfix", "$x = 1; print($x++); print($x);", "1\n2\n"},
	{"prefix", "$x = 1; print(++$x); print(--$x);", "2\n1\n"},
	{"let", "let $x; print($x); let $y = \"s\"; print($y);", "0\ns\n"},
	{"tuple elements", "$t = (1, (\"a\", 3)); print($t.1.0); print($t.0);", "a\n1\n"},
	{"string index", "$s = \"abc\"; print($s[1]);", "98\n"},
	/* Flow */
	{"if else", "$x = 2; if ($x == 1) { print(1) } else if ($x == 2) { print(2) } else { print(3) }", "2\n"},
	{"while", "$i = 0; while ($i < 3) { printf(\"%d\", $i); $i++; }", "012"},
	{"break", "$i = 0; while (1) { if ($i == 3) { break; } $i++; } print($i);", "3\n"},
	{"continue", "$i = 0; while ($i < 5) { $i++; if ($i % 2) { continue; } printf(\"%d\", $i); }", "24"},
	{"break leaves the inner loop", "$i = 0; while ($i < 2) { $i++; while (1) { break; } printf(\"%d\", $i); }",
	 "12"},
	{"unroll", "unroll(3) { printf(\"x\"); }", "xxx"},
	{"return", "print(1); if (1) { return; } print(2);", "1\n"},
	/* Maps */
	{"count", "@x = count(); @x = count();", "\n\n@x: 2\n"},
	{"increment of nothing", "@x++; @x++; @y--;", "\n\n@x: 2\n@y: -1\n"},
	{"missing element", "print(@x); print(@s[1]); @x = 1; @s[2] = \"a\"; clear(@x); clear(@s);", "@x: 0\n\n"},
	{"missing creates nothing", "if (@x[1] == 0) { print(len(@x)); } @x[2] = 3;", "0\n\n\n@x[2]: 3\n"},
	{"compound on map", "@x[1] = 5; @x[1] += 2; @x[2] -= 2;", "\n\n@x[2]: -2\n@x[1]: 7\n"},
	{"keys of other widths", "@x[1] = 1; $k = (uint16)1; @x[$k] = 2; print(len(@x));", "1\n\n\n@x[1]: 2\n"},
	{"tuple keys", "@x[1, \"a\"] = 1; $k = (1, \"a\"); @x[$k]++;", "\n\n@x[1, a]: 2\n"},
	{"average is a number", "@x = avg(10); @x = avg(20); if (@x == 15) { print(\"ok\"); } clear(@x);", "ok\n"},
	{"aggregates", "@s = sum(3); @s = sum(-5); @i = min(4); @i = min(-4); @a = max(4); @a = max(9);",
	 "\n\n@a: 9\n@i: -4\n@s: -2\n"},
	{"stats", "@x = stats(4); @x = stats(8);", "\n\n@x: { .count = 2, .average = 6, .total = 12 }\n"},
	{"delete", "@x[1] = 1; @x[2] = 2; print(delete(@x, 1)); print(delete(@x, 1));", "true\nfalse\n\n\n@x[2]: 2\n"},
	{"delete in the old way", "@x[1] = 1; @x[2] = 2; delete(@x[1]);", "\n\n@x[2]: 2\n"},
	{"delete without keys", "@x = 1; delete(@x);", ""},
	{"has_key", "@x[1] = 1; print(has_key(@x, 1)); print(has_key(@x, 2)); clear(@x);", "true\nfalse\n"},
	{"clear", "@x[1] = 1; clear(@x); print(len(@x));", "0\n"},
	{"zero", "@x[1] = 5; @c = count(); zero(@x); zero(@c);", "\n\n@c: 0\n@x[1]: 0\n"},
	{"print of a map", "@x[1] = 5; @x[2] = 6; print(@x); clear(@x);", "@x[1]: 5\n@x[2]: 6\n"},
	{"print of the top", "@x[1] = 50; @x[2] = 60; print(@x, 1); print(@x, 2, 10); clear(@x);",
	 "@x[2]: 60\n@x[1]: 5\n@x[2]: 6\n"},
	{"print of an element", "@x[1] = 5; print(@x[1]); clear(@x);", "5\n"},
	{"a map's value into itself", "@x = \"abc\"; @x = @x; print(@x); clear(@x);", "@x: abc\n"},
	{"a read value stays", "@x = \"abc\"; $s = @x; @x = \"xyz\"; print($s); clear(@x);", "abc\n"},
	{"maps end in name order", "@b = 1; @a = 2; @c[1] = 3; @ = 4;", "\n\n@: 4\n@a: 2\n@b: 1\n@c[1]: 3\n"},
	{"tuple value", "@x = (1, \"abc\");", "\n\n@x: (1, abc)\n"},
	{"bool value", "@x = 1 == 1;", "\n\n@x: true\n"},
	/* Functions */
	{"strlen", "print(strlen(\"hello\"));", "5\n"},
	{"strncmp", "print(strncmp(\"hello\", \"help\", 3)); print(strncmp(\"hello\", \"help\", 4));", "0\n1\n"},
	{"str of a text", "print(str(\"zztest\", 5));", "zzte\n"},
	{"buf of a text", "printf(\"%rh\", buf(\"Hi\", 2));", "48 69"},
	{"buf pads what is asked for", "printf(\"%r\", buf(\"ok_key\", 8));", "ok_key\\x00\\x00"},
	{"a string ends at NUL", "print(\"ab\\0cd\" == \"ab\"); print(\"ab\\0cd\");", "true\nab\n"},
	{"histogram of a huge unsigned number", "@ = lhist((uint64)-1, 0, 10, 5); $x = 1;",
	 "\n\n@:\n[10, ...)              1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|\n\n"},
	{"strftime", "print(strftime(\"%%\", nsecs));", "%\n"},
	{"time", "time(\"%%x\\n\");", "%x\n"},
	{"probe", "print(probe);", "begin\n"},
	{"no command", "print(has_cpid);", "false\n"},
	{"printf of nothing", "printf(\"\");", ""},
	{"nested output keeps its order", "printf(\"%d%s\", 1, \"2\"); printf(\"3\\n\");", "123\n"},
	{"exit ends the clause", "print(1); exit(); print(2);", "1\n"},
	{"exit in a branch ends the clause", "if (1) { while (1) { exit(); } } print(2);", ""},
};

static void check_output(const char *name, const struct script_run *run, const char *expected)
{
	if (strcmp(strbuf_text(&run->output), expected) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"\n%s", name, strbuf_text(&run->output), expected,
			 strbuf_text(&run->warnings));
}

static void test_eval_body_writes_what_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct script_run run;
		char script[512], expected[512];
		bool has_maps = strstr(bodies[i].output, "\n\n@") != NULL;

		snprintf(script, sizeof(script), "begin { %s }", bodies[i].body);
		snprintf(expected, sizeof(expected), "%s%s", bodies[i].output, has_maps ? "" : "\n\n");
		script_run_init(&run, script, NULL);
		lang_run_begin(run.program);
		lang_run_end(run.program);
		check_output(bodies[i].name, &run, expected);
		assert_string_equal(strbuf_text(&run.warnings), "");
		script_run_deinit(&run);
	}
}

static void check_warning(const char *script, const char *output, const char *warnings)
{
	struct script_run run;

	script_run_init(&run, script, NULL);
	lang_run_begin(run.program);
	assert_string_equal(strbuf_text(&run.output), output);
	assert_string_equal(strbuf_text(&run.warnings), warnings);
	script_run_deinit(&run);
}

static void test_eval_division_by_zero_is_one_and_warned_about_once(void **state)
{
	(void)state;
	check_warning("begin { $z = 0; unroll(2) { print(7 / $z); } }", "1\n1\n",
		      "stdin:1:35-41: WARNING: Divide or modulo by 0 detected. This can lead to unexpected results. "
		      "1 is being used as the result.\n"
		      "begin { $z = 0; unroll(2) { print(7 / $z); } }\n"
		      "                                  ~~~~~~\n");
	check_warning("begin { $z = 0; print(7 % $z); }", "1\n",
		      "stdin:1:23-29: WARNING: Divide or modulo by 0 detected. This can lead to unexpected results. "
		      "1 is being used as the result.\n"
		      "begin { $z = 0; print(7 % $z); }\n"
		      "                      ~~~~~~\n");
}

static void test_eval_full_map_is_warned_about_once(void **state)
{
	(void)state;
	check_warning("config = { max_map_keys = 2 } begin { $i = 0; while ($i < 4) { @x[$i] = 1; $i++; } "
		      "print(len(@x)); }",
		      "2\n",
		      "stdin:1:64-70: WARNING: Map full; can't update element. Try increasing max_map_keys config or "
		      "manually setting the max entries in a map declaration e.g. `let @x = hash(5000)`\n"
		      "Additional Info - helper: map_update_elem, retcode: -7\n"
		      "config = { max_map_keys = 2 } begin { $i = 0; while ($i < 4) { @x[$i] = 1; $i++; } "
		      "print(len(@x)); }\n"
		      "                                                               ~~~~~~\n");
}

static void test_eval_loop_without_end_is_ended(void **state)
{
	(void)state;
	check_warning("begin { while (1) { @x++; } print(2); }", "",
		      "stdin:1:9-28: WARNING: The loop was ended after 8388608 turns, and its clause with it\n"
		      "begin { while (1) { @x++; } print(2); }\n"
		      "        ~~~~~~~~~~~~~~~~~~~\n");
}

static void test_eval_signed_division_that_overflows_wraps(void **state)
{
	(void)state;
	check_warning(
		"begin { $x = (int64)0x8000000000000000; $y = (int64)-1; printf(\"%ld %ld\", $x / $y, $x % $y); }",
		"-9223372036854775808 0", "");
}

/* ---- Hits -------------------------------------------------------------------------------------------------------- */

static const struct usdtrap_site_info site = {.vaddr = 0x1000, .arguments = "8@%rdi 8@%rsi 8@%rdx 8@%rcx 8@%r8"};
static const struct usdtrap_probe_info probe = {
	.path = "/bin/app",
	.provider = "app",
	.name = "start",
	.full_name = "usdt:/bin/app:app:start",
	.sites = &site,
	.site_count = 1,
};

/* A hit with a string at 0x1000, pointers to strings at 0x2000, and arguments of every kind. */
static struct usdtrap_hit make_hit(void)
{
	static const uint64_t pointers[] = {0x1000, 0x1006, 0};
	static const char text[] = "hello\0world";

	return (struct usdtrap_hit){
		.probe = &probe,
		.argument_count = 5,
		.arguments =
			{
				{.kind = USDTRAP_VALUE_UNSIGNED, .size = 8, .integer = 0x1000},
				{.kind = USDTRAP_VALUE_SIGNED, .size = 4, .integer = (uint64_t)-7},
				{.kind = USDTRAP_VALUE_FLOAT, .size = 8, .real = 2.5},
				{.kind = USDTRAP_VALUE_BYTES, .size = 16, .bytes = "0123456789abcde\x01"},
				{.kind = USDTRAP_VALUE_MEMORY, .size = 16, .address = 0x2000},
			},
		.memory = {{0x1000, text, sizeof(text)}, {0x2000, pointers, sizeof(pointers)}},
		.pid = 100,
		.tid = 101,
		.uid = 4294967294,
		.gid = 1001,
		.comm = "worker",
		.time_ns = 5000,
		.cpu = 3,
	};
}

/* Runs SCRIPT on HIT, COUNT times. */
static void run_on_hits(struct script_run *run, const char *script, const struct usdtrap_hit *hit, int count)
{
	struct usdtrap_session session = {.offered = &probe, .offered_count = 1};

	script_run_init(run, script, NULL);
	if (lang_add_probes(run->program, &session, &run->diagnostics))
		fail_msg("%s", strbuf_text(&run->diagnostics));
	assert_int_equal(lang_run_begin(run->program), USDTRAP_CONTINUE);
	for (int i = 0; i < count; i++)
		fake_session_deliver(&session, hit);
	fake_session_deinit(&session);
}

static void test_eval_hit_shows_what_it_is(void **state)
{
	static const struct {
		const char *name;
		const char *body;
		const char *output;
	} rows[] = {
		{"integers", "printf(\"%lx %d\", arg0, arg1);", "1000 -7"},
		{"float as text", "printf(\"%s\", arg2);", "2.5"},
		{"float as number", "printf(\"%d\", arg2 + 1);", "3"},
		{"float in a variable", "$x = arg2; print($x);", "2.5\n"},
		{"object in registers as text", "print(arg3);", "0123456789abcde\\x01\n"},
		{"object in registers as number", "printf(\"%d %d\", arg3, arg3 + 1);", "? ?"},
		{"object in registers as buffer", "printf(\"%rh\", buf(arg3, 2));", "30 31"},
		{"object in memory", "printf(\"%lx\", arg4);", "2000"},
		{"string", "print(str(arg0));", "hello\n"},
		{"string cut", "print(str(arg0, 4));", "hel..\n"},
		{"string that just fits", "print(str(arg0, 6));", "hello\n"},
		{"string of length from the target", "print(str(arg0, arg1 + 10));", "he..\n"},
		{"string of no length", "print(str(arg0, 0));", "\n"},
		{"string at a bad address", "printf(\"[%s]\", str(arg1));", "[]"},
		{"string at null", "printf(\"[%s]\", str(0));", "[]"},
		{"buffer", "printf(\"%r\", buf(arg0, 7));", "hello\\x00w"},
		{"buffer at a bad address", "printf(\"%r %d\", buf(arg1, 4), 1);", "? 1"},
		{"join", "join(arg4);", "hello world\n"},
		{"join with a delimiter", "join(arg4, \", \");", "hello, world\n"},
		{"join at a bad address", "join(arg1);", "\n"},
		{"ids", "printf(\"%d %d %lu %lu\", pid, tid, uid, gid);", "100 101 4294967294 1001"},
		{"name of a user without one", "print(username);", "4294967294\n"},
		{"comm", "print(comm);", "worker\n"},
		{"comm compares", "print(comm == \"worker\");", "true\n"},
		{"probe", "print(probe);", "usdt:/bin/app:app:start\n"},
		{"nsecs", "print(nsecs);", "5000\n"},
		{"elapsed of a hit from before", "print(elapsed);", "0\n"},
		{"cpu", "print(cpu);", "3\n"},
	};
	const struct usdtrap_hit hit = make_hit();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script_run run;
		char script[256];

		snprintf(script, sizeof(script), "usdt:/bin/app:app:start { %s }", rows[i].body);
		run_on_hits(&run, script, &hit, 1);
		check_output(rows[i].name, &run, rows[i].output);
		assert_string_equal(strbuf_text(&run.warnings), "");
		script_run_deinit(&run);
	}
}

static void test_eval_predicate_chooses_hits(void **state)
{
	const struct usdtrap_hit hit = make_hit();
	struct script_run run;

	(void)state;
	run_on_hits(&run,
		    "usdt:/bin/app:app:start /arg1 < 0/ { @yes = count(); } "
		    "usdt:/bin/app:app:start /pid == 5/ { @no = count(); }",
		    &hit, 3);
	lang_run_end(run.program);
	assert_string_equal(strbuf_text(&run.output), "\n\n@yes: 3\n");
	script_run_deinit(&run);
}

static void test_eval_unknown_argument_spoils_nothing_else(void **state)
{
	struct usdtrap_hit hit = make_hit();
	struct script_run run;

	(void)state;
	hit.problems[1] = "%xyz is no register";
	run_on_hits(&run,
		    "usdt:/bin/app:app:start {\n"
		    "\tprintf(\"%d %s %s\\n\", arg1 + 1, str(arg1), str(arg0));\n"
		    "\t@[arg1, 5] = count(); @s = sum(arg1); @x = arg1;\n"
		    "\tif (arg1 == 3) { print(1); } else { print(2); }\n"
		    "\tprint(arg1 == 3 || pid == 100); print(arg1 == 3 && pid == 7);\n"
		    "}",
		    &hit, 2);
	lang_run_end(run.program);
	assert_string_equal(strbuf_text(&run.output), "? ? hello\n2\ntrue\nfalse\n"
						      "? ? hello\n2\ntrue\nfalse\n"
						      "\n\n@[?, 5]: 2\n@x: ?\n");
	/* Once, though it was used eight times in two hits. */
	assert_string_equal(strbuf_text(&run.warnings),
			    "stdin:2:23-27: WARNING: arg1 of usdt:/bin/app:app:start: %xyz is no register\n"
			    "    printf(\"%d %s %s\\n\", arg1 + 1, str(arg1), str(arg0));\n"
			    "                         ~~~~\n");
	script_run_deinit(&run);
}

static void test_eval_site_with_fewer_arguments_prints_unknown(void **state)
{
	struct usdtrap_hit hit = make_hit();
	struct script_run run;

	(void)state;
	hit.argument_count = 1;
	run_on_hits(&run, "usdt:/bin/app:app:start { printf(\"%lx %d\\n\", arg0, arg1); }", &hit, 2);
	assert_string_equal(strbuf_text(&run.output), "1000 ?\n1000 ?\n");
	assert_string_equal(strbuf_text(&run.warnings),
			    "stdin:1:52-56: WARNING: arg1 of usdt:/bin/app:app:start: the site has no argument 1\n"
			    "usdt:/bin/app:app:start { printf(\"%lx %d\\n\", arg0, arg1); }\n"
			    "                                                   ~~~~\n");
	script_run_deinit(&run);
}

static void test_eval_process_that_is_gone_has_no_ids(void **state)
{
	struct usdtrap_hit hit = make_hit();
	struct script_run run;

	(void)state;
	hit.uid = (uid_t)-1;
	hit.gid = (gid_t)-1;
	hit.cpu = -1;
	hit.comm = "";
	run_on_hits(&run, "usdt:/bin/app:app:start { printf(\"%d %d %d %s [%s]\\n\", uid, gid, cpu, username, comm); }",
		    &hit, 1);
	assert_string_equal(strbuf_text(&run.output), "? ? ? ? []\n");
	assert_string_equal(strbuf_text(&run.warnings), "");
	script_run_deinit(&run);
}

static void test_eval_string_as_long_as_asked(void **state)
{
	struct usdtrap_hit hit = make_hit();
	struct script_run run;
	char text[100001], expected[100002];

	(void)state;
	memset(text, 'z', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	snprintf(expected, sizeof(expected), "%s\n", text);
	hit.memory[0] = (struct fake_memory){0x1000, text, sizeof(text)};
	run_on_hits(&run, "usdt:/bin/app:app:start { print(str(arg0, 200000)); }", &hit, 1);
	assert_string_equal(strbuf_text(&run.output), expected);
	script_run_deinit(&run);
}

static void test_eval_default_string_is_cut_at_its_limit(void **state)
{
	struct usdtrap_hit hit = make_hit();
	struct script_run run;
	char text[2000];

	(void)state;
	memset(text, 'z', sizeof(text));
	hit.memory[0] = (struct fake_memory){0x1000, text, sizeof(text)};
	run_on_hits(&run, "usdt:/bin/app:app:start { $s = str(arg0); print(strlen($s)); print($s); }", &hit, 1);
	assert_int_equal(run.output.length, strlen("1023\n") + 1023 + strlen("..\n"));
	assert_memory_equal(strbuf_text(&run.output), "1023\nzzz", 8);
	assert_string_equal(strbuf_text(&run.output) + run.output.length - 4, "z..\n");
	script_run_deinit(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eval_body_writes_what_it_should),
		cmocka_unit_test(test_eval_division_by_zero_is_one_and_warned_about_once),
		cmocka_unit_test(test_eval_full_map_is_warned_about_once),
		cmocka_unit_test(test_eval_loop_without_end_is_ended),
		cmocka_unit_test(test_eval_signed_division_that_overflows_wraps),
		cmocka_unit_test(test_eval_hit_shows_what_it_is),
		cmocka_unit_test(test_eval_predicate_chooses_hits),
		cmocka_unit_test(test_eval_unknown_argument_spoils_nothing_else),
		cmocka_unit_test(test_eval_site_with_fewer_arguments_prints_unknown),
		cmocka_unit_test(test_eval_process_that_is_gone_has_no_ids),
		cmocka_unit_test(test_eval_string_as_long_as_asked),
		cmocka_unit_test(test_eval_default_string_is_cut_at_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
