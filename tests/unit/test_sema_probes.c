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

#define SUPPORTED \
	"HINT: supported are begin, end, interval, profile, self, tracepoint, uprobe, uretprobe, usdt and watchpoint\n"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const parameters[] = {"42", "/bin/a b", "usdt", NULL};

/* covers: probe-quoted probe-usdt */
static void test_sema_probes_usdt_is_taken_apart(void **state)
{
	static const struct {
		const char *text;
		const char *target, *provider, *name; /* NULL: any */
	} rows[] = {
		{"usdt:/bin/x:p:n", "/bin/x", "p", "n"},
		{"U:/bin/x:p:n", "/bin/x", "p", "n"},
		{"USDT:/bin/x:p:n", "/bin/x", "p", "n"},
		{"usdt:/bin/x:n", "/bin/x", NULL, "n"},
		{"usdt:/bin/x::n", "/bin/x", NULL, "n"},
		{"usdt:/bin/x:*:n*", "/bin/x", NULL, "n*"},
		{"usdt:/bin/x:p:*", "/bin/x", "p", NULL},
		{"usdt:*:p:n", "*", "p", "n"},
		{"usdt::p:n", NULL, "p", "n"},
		{"usdt:/lib/lib[ab]*.so:p[0-9]:n", "/lib/lib[ab]*.so", "p[0-9]", "n"},
		{"usdt:\"/a b:c\":p:n", "/a b:c", "p", "n"},
		{"usdt:\"/a\\\"b\":p:n", "/a\"b", "p", "n"},
		{"usdt:/x/\"a:b\"/c:p:n", "/x/a:b/c", "p", "n"},
		{"usdt:\"$2\":p$1:n", "/bin/a b", "p42", "n"},
		{"$3:/bin/x:n", "/bin/x", NULL, "n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ast_attach_point *point;
		struct script script;
		char text[200];

		snprintf(text, sizeof(text), "%s { }", rows[i].text);
		script_resolve(&script, text, parameters);
		if (!script.is_good)
			fail_msg("%s", script.text);
		point = script.program.clauses->attach_points;
		assert_int_equal(point->type, AST_PROBE_USDT);
		assert_null(point->full_name);
		if (strcmp(point->target ? point->target : "any", rows[i].target ? rows[i].target : "any") != 0 ||
		    strcmp(point->provider ? point->provider : "any", rows[i].provider ? rows[i].provider : "any") !=
			    0 ||
		    strcmp(point->name ? point->name : "any", rows[i].name ? rows[i].name : "any") != 0)
			fail_msg("%s: %s %s %s", rows[i].text, point->target, point->provider, point->name);
		script_deinit(&script);
	}
}

static void test_sema_probes_name_alone_needs_a_process(void **state)
{
	struct script script;

	(void)state;
	script_resolve_for_process(&script, "usdt:n { }");
	assert_true(script.is_good);
	assert_null(script.program.clauses->attach_points->target);
	assert_string_equal(script.program.clauses->attach_points->name, "n");
	script_deinit(&script);

	script_resolve(&script, "usdt:n { }", NULL);
	assert_string_equal(script.text, "stdin:1:1-7: ERROR: usdt:NAME needs a process, named with -p or -c\n"
					 "usdt:n { }\n~~~~~~\n"
					 "HINT: name what to trace: usdt:TARGET:NAME, where * stands for any text\n");
	script_deinit(&script);
}

static void test_sema_probes_intervals_have_periods_and_names(void **state)
{
	static const struct {
		const char *text;
		uint64_t period_ns;
		const char *full_name;
	} rows[] = {
		{"interval:s:1", 1000000000, "interval:s:1"},
		{"i:s:1", 1000000000, "interval:s:1"},
		{"Interval:ms:250", 250000000, "interval:ms:250"},
		{"interval:us:1", 1000, "interval:us:1"},
		{"interval:hz:99", 10101010, "interval:hz:99"},
		{"interval:hz:1000000", 1000, "interval:hz:1000000"},
		{"interval:1s", 1000000000, "interval:1s"},
		{"interval:250ms", 250000000, "interval:250ms"},
		{"interval:2000", 2000, "interval:2000"},
		{"interval:s:1e1", UINT64_C(10000000000), "interval:s:1e1"},
		{"interval:s:$1", UINT64_C(42000000000), "interval:s:42"},
		{"tick=interval:s:1", 1000000000, "tick"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ast_attach_point *point;
		struct script script;
		char text[200];

		snprintf(text, sizeof(text), "%s { }", rows[i].text);
		script_resolve(&script, text, parameters);
		if (!script.is_good)
			fail_msg("%s", script.text);
		point = script.program.clauses->attach_points;
		assert_int_equal(point->type, AST_PROBE_INTERVAL);
		assert_int_equal(point->period_ns, rows[i].period_ns);
		assert_string_equal(point->full_name, rows[i].full_name);
		script_deinit(&script);
	}
}

static void test_sema_probes_begin_and_end_in_any_case(void **state)
{
	struct script script;
	const struct ast_attach_point *point;

	(void)state;
	script_resolve(&script, "BEGIN, begin, End { }", NULL);
	assert_true(script.is_good);
	point = script.program.clauses->attach_points;
	assert_int_equal(point->type, AST_PROBE_BEGIN);
	assert_string_equal(point->full_name, "begin");
	assert_int_equal(point->next->type, AST_PROBE_BEGIN);
	assert_int_equal(point->next->next->type, AST_PROBE_END);
	assert_string_equal(point->next->next->full_name, "end");
	script_deinit(&script);
}

static void test_sema_probes_errors_say_what_would_be_right(void **state)
{
	static const char *const rows[][2] = {
		{"foo:x", "Invalid probe type: foo\n" SUPPORTED},
		{"usdy:x", "Invalid probe type: usdy\nHINT: did you mean usdt?\n"},
		{"intreval:s:1", "Invalid probe type: intreval\nHINT: did you mean interval?\n"},
		{"usdt", "usdt probes have two to four parts\n"
			 "HINT: usdt:TARGET:PROVIDER:NAME, usdt:TARGET:NAME or, with -p, usdt:NAME\n"},
		{"usdt:a:b:c:d", "usdt probes have two to four parts\n"
				 "HINT: usdt:TARGET:PROVIDER:NAME, usdt:TARGET:NAME or, with -p, usdt:NAME\n"},
		{"a:b:c:d:e:f:g:h:i", "too many parts in the probe's name\n"},
		{"usdt:/bin/x", "usdt probe has a target and no name\n"
				"HINT: name what to trace: usdt:TARGET:NAME, where * stands for any text\n"},
		{"usdt:/bin/x:", "usdt probe has an empty name\nHINT: * stands for any name\n"},
		{"usdt:\"/bin/x:n", "a quote is missing in the probe's name\n"},
		{"BEGIN:x", "begin probes have one part\n"},
		{"interval", "interval probes have two or three parts\n"
			     "HINT: for example interval:s:1, interval:hz:10 or interval:250ms\n"},
		{"interval:s:1:2", "interval probes have two or three parts\n"
				   "HINT: for example interval:s:1, interval:hz:10 or interval:250ms\n"},
		{"interval:min:1", "min is not an accepted unit of time\nHINT: accepted are hz, s, ms and us\n"},
		{"interval:ns:1000", "ns is not an accepted unit of time\nHINT: accepted are hz, s, ms and us\n"},
		{"interval:s:0", "interval frequency should be a positive integer\n"},
		{"interval:s:-1", "interval frequency should be a positive integer\n"},
		{"interval:s:x", "interval frequency should be a positive integer\n"},
		{"interval:100", "interval is too short: at least 1000 nanoseconds\n"},
		{"interval:hz:2000000", "interval is too short: at least 1000 nanoseconds\n"},
		{"interval:s:99999999999", "interval is too long: more than 292 years\n"},
		{"kprobe:f", "kprobe probes need BPF, which usdtrap works without\n" SUPPORTED},
		{"k:f", "kprobe probes need BPF, which usdtrap works without\n" SUPPORTED},
		{"hardware:cycles:10",
		 "hardware probes need the kernel's performance events, which usdtrap does not use\n" SUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf expected = {};
		const char *hint = strstr(rows[i][1], "HINT");
		size_t message_length = hint ? (size_t)(hint - rows[i][1]) : strlen(rows[i][1]);
		struct script script;
		char text[200];

		snprintf(text, sizeof(text), "%s { }", rows[i][0]);
		/* A missing quote takes the rest of the line along. */
		if (strchr(rows[i][0], '"'))
			snprintf(text, sizeof(text), "%s\n{ }", rows[i][0]);
		strbuf_addf(&expected, "stdin:1:1-%zu: ERROR: %.*s%s%s\n", strlen(rows[i][0]) + 1, (int)message_length,
			    rows[i][1], rows[i][0], strchr(rows[i][0], '"') ? "" : " { }");
		strbuf_add_repeated(&expected, '~', strlen(rows[i][0]));
		strbuf_addf(&expected, "\n%s", hint ? hint : "");
		script_resolve(&script, text, parameters);
		assert_string_equal(script.text, strbuf_text(&expected));
		strbuf_deinit(&expected);
		script_deinit(&script);
	}
}

static void test_sema_probes_all_wrong_ones_are_told(void **state)
{
	struct script script;

	(void)state;
	script_resolve(&script, "foo:x,interval:s:0 { } BEGIN:1 { }", NULL);
	assert_int_equal(script.diagnostics.error_count, 3);
	script_deinit(&script);
}

static void test_sema_config_has_defaults(void **state)
{
	struct script script;
	const struct ast_config *config = &script.program.config;

	(void)state;
	script_resolve(&script, "BEGIN { }", NULL);
	assert_int_equal(config->max_strlen, 1024);
	assert_int_equal(config->max_map_keys, 4096);
	assert_true(config->print_maps_on_exit);
	assert_string_equal(config->str_trunc_trailer, "..");
	assert_int_equal(config->missing_probes, AST_MISSING_ERROR);
	script_deinit(&script);
}

static void test_sema_config_takes_names_in_all_their_forms(void **state)
{
	struct script script;
	const struct ast_config *config = &script.program.config;

	(void)state;
	script_resolve(&script,
		       "config = { max_strlen=64; BPFTRACE_MAX_MAP_KEYS=1e6; PRINT_MAPS_ON_EXIT=0; "
		       "str_trunc_trailer=\"...\"; missing_probes=\"warn\"; log_size=3; license=GPL }\nBEGIN { }",
		       NULL);
	assert_string_equal(script.text, "");
	assert_int_equal(config->max_strlen, 64);
	assert_int_equal(config->max_map_keys, 1000000);
	assert_false(config->print_maps_on_exit);
	assert_string_equal(config->str_trunc_trailer, "...");
	assert_int_equal(config->missing_probes, AST_MISSING_WARN);
	script_deinit(&script);
}

static void test_sema_config_errors_name_the_setting(void **state)
{
	struct script script;

	(void)state;
	script_resolve(&script,
		       "config = { bad_config=1; max_strlne=2;\nmax_strlen=0; max_map_keys=x;\n"
		       "print_maps_on_exit=2; missing_probes=no }\nBEGIN { }",
		       NULL);
	assert_string_equal(script.text,
			    "stdin:1:12-24: ERROR: bad_config: not a known configuration option\n"
			    "config = { bad_config=1; max_strlne=2;\n           ~~~~~~~~~~~~\n"
			    "stdin:1:26-38: ERROR: max_strlne: not a known configuration option\n"
			    "config = { bad_config=1; max_strlne=2;\n                         ~~~~~~~~~~~~\n"
			    "HINT: did you mean max_strlen?\n"
			    "stdin:2:1-13: ERROR: max_strlen: expecting a number from 1 to 1048576\n"
			    "max_strlen=0; max_map_keys=x;\n~~~~~~~~~~~~\n"
			    "stdin:2:15-29: ERROR: max_map_keys: expecting a number from 1 to 4294967295\n"
			    "max_strlen=0; max_map_keys=x;\n              ~~~~~~~~~~~~~~\n"
			    "stdin:3:1-21: ERROR: print_maps_on_exit: expecting true or false\n"
			    "print_maps_on_exit=2; missing_probes=no }\n~~~~~~~~~~~~~~~~~~~~\n"
			    "stdin:3:23-40: ERROR: missing_probes: expecting error, warn or ignore\n"
			    "print_maps_on_exit=2; missing_probes=no }\n                      ~~~~~~~~~~~~~~~~~\n");
	script_deinit(&script);
}

static void test_sema_config_values_have_their_kinds(void **state)
{
	struct script script;
	const struct ast_config *config = &script.program.config;

	(void)state;
	script_resolve(&script,
		       "config = { stack_mode=build_id; max_cat_bytes=10; max_probes=0; cpp_demangle=FALSE; "
		       "license=\"Dual MIT/GPL\"; unstable_tseries=enable; cache_user_symbols=PER_PID }\nBEGIN { }",
		       NULL);
	assert_string_equal(script.text, "");
	assert_int_equal(config->stack_mode, TYPE_STACK_BUILD_ID);
	assert_int_equal(config->max_cat_bytes, 10);
	assert_int_equal(config->max_probes, 0);
	assert_false(config->cpp_demangle);
	script_deinit(&script);

	script_resolve(&script,
		       "config = { stack_mode=pref;\nmax_probes=many; license=\"BSD\";\nuse_blazesym=so;\n"
		       "strlen=64; color=never }\nBEGIN { }",
		       NULL);
	assert_string_equal(script.text,
			    "stdin:1:12-27: ERROR: stack_mode: expecting bpftrace, perf, raw or build_id\n"
			    "config = { stack_mode=pref;\n           ~~~~~~~~~~~~~~~\n"
			    "stdin:2:1-16: ERROR: max_probes: expecting a number\n"
			    "max_probes=many; license=\"BSD\";\n~~~~~~~~~~~~~~~\n"
			    "stdin:2:18-31: ERROR: license: expecting GPL, GPL v2, GPL and additional rights, "
			    "Dual BSD/GPL, Dual MIT/GPL or Dual MPL/GPL\n"
			    "max_probes=many; license=\"BSD\";\n                 ~~~~~~~~~~~~~\n"
			    "stdin:3:1-16: ERROR: use_blazesym: expecting true or false\n"
			    "use_blazesym=so;\n~~~~~~~~~~~~~~~\n"
			    "stdin:4:1-10: ERROR: strlen: renamed by bpftrace\n"
			    "strlen=64; color=never }\n~~~~~~~~~\n"
			    "HINT: the new name is max_strlen\n"
			    "stdin:4:12-23: ERROR: color: can only be set as an environment variable\n"
			    "strlen=64; color=never }\n           ~~~~~~~~~~~\n");
	script_deinit(&script);
}

/* covers: config-environment */
static void test_sema_config_environment_wins(void **state)
{
	static const char *const environment[] = {"HOME=/",
						  "BPFTRACE_STRLEN=32",
						  "BPFTRACE_MAP_KEYS_MAX=7",
						  "BPFTRACE_NO_CPP_DEMANGLE=1",
						  "BPFTRACE_STACK_MODE=raw",
						  "BPFTRACE_STR_TRUNC_TRAILER=",
						  "BPFTRACE_COLOR=always",
						  "BPFTRACE_OF_THE_FUTURE=1",
						  "BPFTRACE_",
						  "BPFTRACE",
						  NULL};
	static const char *const wrong[] = {"BPFTRACE_MAX_MAP_KEYS=0", "BPFTRACE_CAT_BYTES_MAX=10k", NULL};
	struct script script;
	const struct ast_config *config = &script.program.config;

	(void)state;
	script_resolve_in(&script, "config = { max_strlen=100; stack_mode=perf; max_probes=5 } BEGIN { }", environment);
	assert_string_equal(script.text, "");
	assert_int_equal(config->max_strlen, 32);
	assert_int_equal(config->max_map_keys, 7);
	assert_int_equal(config->max_probes, 5);
	assert_false(config->cpp_demangle);
	assert_int_equal(config->stack_mode, TYPE_STACK_RAW);
	assert_string_equal(config->str_trunc_trailer, "");
	script_deinit(&script);

	script_resolve_in(&script, "BEGIN { }", wrong);
	assert_false(script.is_good);
	assert_string_equal(script.text,
			    "ERROR: BPFTRACE_MAX_MAP_KEYS: expecting a number from 1 to 4294967295 "
			    "(it is set in the environment)\n"
			    "ERROR: BPFTRACE_CAT_BYTES_MAX: expecting a number from 0 to 9223372036854775807 "
			    "(it is set in the environment)\n");
	script_deinit(&script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sema_probes_usdt_is_taken_apart),
		cmocka_unit_test(test_sema_probes_name_alone_needs_a_process),
		cmocka_unit_test(test_sema_probes_intervals_have_periods_and_names),
		cmocka_unit_test(test_sema_probes_begin_and_end_in_any_case),
		cmocka_unit_test(test_sema_probes_errors_say_what_would_be_right),
		cmocka_unit_test(test_sema_probes_all_wrong_ones_are_told),
		cmocka_unit_test(test_sema_config_has_defaults),
		cmocka_unit_test(test_sema_config_takes_names_in_all_their_forms),
		cmocka_unit_test(test_sema_config_errors_name_the_setting),
		cmocka_unit_test(test_sema_config_values_have_their_kinds),
		cmocka_unit_test(test_sema_config_environment_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
