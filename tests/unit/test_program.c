/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
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

static const struct usdtrap_site_info two_arguments = {.vaddr = 0x1000, .arguments = "8@%rdi -4@%esi"};
static const struct usdtrap_site_info sites[] = {
	{.vaddr = 0x1000, .arguments = ""},
	{.vaddr = 0x2000, .arguments = "8@%rdi 8@%rsi 8@%rdx"},
};
static const struct usdtrap_probe_info offered[] = {
	{.path = "/bin/app",
	 .provider = "app",
	 .name = "start",
	 .full_name = "usdt:/bin/app:app:start",
	 .sites = &two_arguments,
	 .site_count = 1},
	{.path = "/bin/app",
	 .provider = "app",
	 .name = "stop",
	 .full_name = "usdt:/bin/app:app:stop",
	 .sites = sites,
	 .site_count = 2},
};

static struct usdtrap_session make_session(void)
{
	return (struct usdtrap_session){.offered = offered, .offered_count = 2};
}

static void check_compile_error(const char *text, size_t size, const char *diagnostics)
{
	_cleanup_strbuf_ struct strbuf found = {0};
	const struct lang_options options = {.name = "x.bt"};
	struct lang_program *program = NULL;
	struct usdtrap_error *error = lang_compile(text, size, &options, &found, &program);

	assert_non_null(error);
	assert_null(program);
	assert_int_equal(usdtrap_error_code(error), USDTRAP_SCRIPT);
	assert_string_equal(usdtrap_error_message(error), "x.bt has errors");
	assert_string_equal(strbuf_text(&found), diagnostics);
	usdtrap_error_destroy(error);
}

static void test_program_with_errors_is_not_compiled(void **state)
{
	const char *text = "begin { $x = $y; printf(\"%d\"); }";

	(void)state;
	check_compile_error(text, strlen(text),
			    "x.bt:1:14-16: ERROR: Undefined or undeclared variable: $y\n"
			    "begin { $x = $y; printf(\"%d\"); }\n"
			    "             ~~\n"
			    "x.bt:1:18-30: ERROR: not enough arguments for format string (0 supplied, 1 expected)\n"
			    "begin { $x = $y; printf(\"%d\"); }\n"
			    "                 ~~~~~~~~~~~~\n");
}

static void test_program_that_is_too_large_is_refused_unread(void **state)
{
	(void)state;
	/* The text is not looked at, so it need not be there. */
	check_compile_error("", ((size_t)64 << 20) + 1, "ERROR: x.bt is larger than 64 MiB\n");
}

static void test_program_says_what_it_needs(void **state)
{
	static const struct {
		const char *text;
		bool needs_process;
		bool needs_run;
	} rows[] = {
		{"begin { print(1); }", false, false},
		{"begin { print(1); } end { print(2); }", false, false},
		{"interval:s:1 { print(1); }", false, true},
		{"usdt:/bin/app:app:start { print(1); }", true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script_run run;

		script_run_init(&run, rows[i].text, NULL);
		assert_int_equal(lang_needs_process(run.program), rows[i].needs_process);
		assert_int_equal(lang_needs_run(run.program), rows[i].needs_run);
		script_run_deinit(&run);
	}
}

static void on_point(const struct lang_point *point, void *user)
{
	const struct usdtrap_pattern *pattern = &point->pattern;

	if (point->full_name) {
		strbuf_addf(user, "%s\n", point->full_name);
		return;
	}
	strbuf_addf(user, "%s|%s|%s\n", pattern->target ? pattern->target : "-",
		    pattern->provider ? pattern->provider : "-", pattern->name ? pattern->name : "-");
}

static void test_program_points_come_in_script_order(void **state)
{
	const char *text = "usdt:/bin/b:p:n, usdt:/bin/a:m { } begin { } usdt:*:q:* { }";
	const struct lang_options with_pid = {.name = "stdin", .pid = 5};
	const struct lang_options with_command = {.name = "stdin", .command_path = "/bin/cmd"};
	_cleanup_strbuf_ struct strbuf out = {0};
	struct script_run run;

	(void)state;
	script_run_init(&run, text, &with_pid);
	lang_each_point(run.program, on_point, &out);
	assert_string_equal(strbuf_text(&out), "/bin/b|p|n\n/bin/a|-|m\nbegin\n-|q|-\n");
	script_run_deinit(&run);

	strbuf_clear(&out);
	script_run_init(&run, text, &with_command);
	lang_each_point(run.program, on_point, &out);
	assert_string_equal(strbuf_text(&out), "/bin/b|p|n\n/bin/a|-|m\nbegin\n/bin/cmd|q|-\n");
	script_run_deinit(&run);
}

static void test_program_probes_are_added_and_counted(void **state)
{
	struct usdtrap_session session = make_session();
	struct script_run run;

	(void)state;
	script_run_init(&run, "begin { } end { } interval:ms:250 { } usdt:/bin/app:app:* { } usdt:/bin/app:start { }",
			NULL);
	assert_null(lang_add_probes(run.program, &session, &run.diagnostics));
	assert_string_equal(strbuf_text(&run.diagnostics), "");
	assert_int_equal(lang_probe_count(run.program), 3 + 2 + 1);
	assert_int_equal(session.probe_count, 2);
	assert_int_equal(session.timer_count, 1);
	assert_int_equal(session.timers[0].period_ns, 250000000);
	script_run_deinit(&run);
	fake_session_deinit(&session);
}

static void test_program_pid_goes_with_all_patterns(void **state)
{
	const struct lang_options options = {.name = "stdin", .pid = 77};
	struct usdtrap_session session = make_session();
	struct script_run run;

	(void)state;
	script_run_init(&run, "usdt:*:app:start { } usdt:/bin/app:app:start { } usdt::app:start { }", &options);
	assert_null(lang_add_probes(run.program, &session, &run.diagnostics));
	assert_null(session.probes[0].target);
	assert_int_equal(session.probes[0].pid, 77);
	/* A file that it will have is meant only by a star. */
	assert_int_equal(session.probes[0].any_file, 1);
	assert_string_equal(session.probes[1].target, "/bin/app");
	assert_int_equal(session.probes[1].pid, 77);
	assert_null(session.probes[2].target);
	assert_int_equal(session.probes[2].any_file, 0);
	script_run_deinit(&run);
	fake_session_deinit(&session);
}

static void test_program_with_a_command_any_file_may_be_loaded_later(void **state)
{
	const struct lang_options options = {.name = "stdin", .command_path = "/bin/app"};
	struct usdtrap_session session = make_session();
	struct script_run run;

	(void)state;
	script_run_init(&run, "usdt:*:app:start { } usdt:*:lib:late { } usdt:/bin/app:app:start { }", &options);
	assert_null(lang_add_probes(run.program, &session, &run.diagnostics));
	assert_string_equal(
		strbuf_text(&run.diagnostics),
		"stdin:1:22-37: WARNING: No matches for usdt:*:lib:late in /bin/app: waiting for what it loads\n"
		"usdt:*:app:start { } usdt:*:lib:late { } usdt:/bin/app:app:start { }\n"
		"                     ~~~~~~~~~~~~~~~\n");
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(session.probes[i].target, "/bin/app");
	assert_int_equal(session.probes[0].any_file, 1);
	assert_int_equal(session.probes[1].any_file, 1);
	assert_int_equal(session.probes[2].any_file, 0);
	assert_int_equal(lang_probe_count(run.program), 2);
	script_run_deinit(&run);
	fake_session_deinit(&session);
}

static void check_refusal(const char *text, const char *diagnostics)
{
	struct usdtrap_session session = make_session();
	struct usdtrap_error *error;
	struct script_run run;

	script_run_init(&run, text, NULL);
	error = lang_add_probes(run.program, &session, &run.diagnostics);
	assert_string_equal(strbuf_text(&run.diagnostics), diagnostics);
	assert_non_null(error);
	assert_int_equal(usdtrap_error_code(error), USDTRAP_SCRIPT);
	assert_string_equal(usdtrap_error_message(error), "stdin has errors");
	usdtrap_error_destroy(error);
	script_run_deinit(&run);
	fake_session_deinit(&session);
}

static uint64_t count_events(int event)
{
	uint64_t count;

	return read(event, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

/* A signal finds its clauses, also one that comes before there is a session. */
static void test_program_signals_are_told_by_events(void **state)
{
	struct usdtrap_session session = make_session();
	struct script_run run;

	(void)state;
	script_run_init(&run,
			"self:signal:SIGUSR1 { print(probe); } self:signal:SIGUSR2 { } self:signal:SIGUSR1 { exit(); }",
			NULL);
	assert_true(lang_takes_signal(run.program, SIGUSR1));
	assert_true(lang_takes_signal(run.program, SIGUSR2));
	assert_false(lang_takes_signal(run.program, SIGHUP));
	assert_true(lang_needs_run(run.program));
	assert_false(lang_needs_process(run.program));
	lang_raise_signal(run.program, SIGUSR1);
	assert_null(lang_add_probes(run.program, &session, &run.diagnostics));
	assert_int_equal(session.timer_count, 3);
	assert_int_equal(count_events(session.timers[0].event), 1);
	assert_int_equal(count_events(session.timers[1].event), 0);
	assert_int_equal(count_events(session.timers[2].event), 1);
	lang_raise_signal(run.program, SIGUSR2);
	assert_int_equal(count_events(session.timers[0].event), 0);
	assert_int_equal(count_events(session.timers[1].event), 1);
	assert_int_equal(session.timers[0].on_tick(session.timers[0].user), USDTRAP_CONTINUE);
	assert_string_equal(strbuf_text(&run.output), "self:signal:SIGUSR1\n");
	assert_int_equal(session.timers[2].on_tick(session.timers[2].user), USDTRAP_STOP);
	script_run_deinit(&run);
	fake_session_deinit(&session);
}

static void test_program_modes_run_their_own_clauses(void **state)
{
	static const char text[] = "begin { @n = 5; } test:good { @n++; print(@n); } test:bad { return @n; } "
				   "test:failing { assert(@n == 0, \"no\"); } bench:b { @n++; print(@n); } "
				   "interval:s:1 { } end { print(\"end\"); }";
	struct script_run run;

	(void)state;
	script_run_init(&run, text, &(struct lang_options){.name = "stdin", .mode = LANG_TEST});
	assert_int_equal(lang_probe_count(run.program), 5);
	assert_false(lang_needs_run(run.program));
	lang_run_begin(run.program);
	lang_run_trials(run.program);
	assert_string_equal(strbuf_text(&run.output), "@n: 6\ntest:good: passed\ntest:bad: failed, it returned 6\n"
						      "test:failing: failed\n");
	assert_int_equal(lang_exit_status(run.program), 1);
	script_run_deinit(&run);

	script_run_init(&run, "begin { print(1) } bench:b { print(2); }",
			&(struct lang_options){.name = "stdin", .mode = LANG_BENCH, .format = LANG_JSON});
	lang_run_begin(run.program);
	strbuf_clear(&run.output);
	lang_run_trials(run.program);
	assert_memory_equal(strbuf_text(&run.output), "{\"type\": \"benchmark_result\", \"data\": {\"b\": ", 43);
	assert_int_equal(lang_exit_status(run.program), 0);
	script_run_deinit(&run);

	/* Without a mode they are not there at all. */
	script_run_init(&run, text, NULL);
	assert_int_equal(lang_probe_count(run.program), 3);
	assert_true(lang_has_probes(run.program));
	lang_run_trials(run.program);
	assert_string_equal(strbuf_text(&run.output), "");
	script_run_deinit(&run);
	script_run_init(&run, "test:a { } bench:b { }", NULL);
	assert_false(lang_has_probes(run.program));
	script_run_deinit(&run);
}

/* covers: probe-missing-error */
static void test_program_missing_probes_are_all_reported(void **state)
{
	(void)state;
	check_refusal(
		"usdt:/bin/app:app:strat { } usdt:/bin/app:app:start { } usdt:/bin/app:app:x { }",
		"stdin:1:1-24: ERROR: No matches for usdt /bin/app:app:strat.\n"
		"usdt:/bin/app:app:strat { } usdt:/bin/app:app:start { } usdt:/bin/app:app:x { }\n"
		"~~~~~~~~~~~~~~~~~~~~~~~\n"
		"HINT: /bin/app: no USDT probe is called strat; did you mean app:start?\n"
		"stdin:1:1-24: ERROR: Probe has no valid attach points. If this is expected, set the 'missing_probes' "
		"config variable to 'warn'.\n"
		"usdt:/bin/app:app:strat { } usdt:/bin/app:app:start { } usdt:/bin/app:app:x { }\n"
		"~~~~~~~~~~~~~~~~~~~~~~~\n"
		"stdin:1:57-76: ERROR: No matches for usdt /bin/app:app:x.\n"
		"usdt:/bin/app:app:strat { } usdt:/bin/app:app:start { } usdt:/bin/app:app:x { }\n"
		"                                                        ~~~~~~~~~~~~~~~~~~~\n"
		"HINT: /bin/app: no USDT probe is called x; did you mean app:start?\n"
		"stdin:1:57-76: ERROR: Probe has no valid attach points. If this is expected, set the 'missing_probes' "
		"config variable to 'warn'.\n"
		"usdt:/bin/app:app:strat { } usdt:/bin/app:app:start { } usdt:/bin/app:app:x { }\n"
		"                                                        ~~~~~~~~~~~~~~~~~~~\n");
	/* A clause that has another attach point runs all the same. */
	check_refusal("n=U:\"/bin/app\":app:x, usdt:/bin/app:app:start { }",
		      "stdin:1:1-21: ERROR: No matches for usdt \"/bin/app\":app:x.\n"
		      "n=U:\"/bin/app\":app:x, usdt:/bin/app:app:start { }\n"
		      "~~~~~~~~~~~~~~~~~~~~\n"
		      "HINT: /bin/app: no USDT probe is called x; did you mean app:start?\n");
}

/* covers: probe-missing-warn probe-missing-ignore */
static void test_program_missing_probes_may_be_skipped(void **state)
{
	static const struct {
		const char *text;
		const char *diagnostics;
	} rows[] = {
		{"config = { missing_probes = warn } usdt:/bin/app:app:x { } begin { }",
		 "stdin:1:36-55: WARNING: No matches for usdt /bin/app:app:x. Skipping.\n"
		 "config = { missing_probes = warn } usdt:/bin/app:app:x { } begin { }\n"
		 "                                   ~~~~~~~~~~~~~~~~~~~\n"
		 "HINT: /bin/app: no USDT probe is called x; did you mean app:start?\n"
		 "stdin:1:36-55: WARNING: Probe has no valid attach points. It is being removed which may cause issues "
		 "with program behavior.\n"
		 "config = { missing_probes = warn } usdt:/bin/app:app:x { } begin { }\n"
		 "                                   ~~~~~~~~~~~~~~~~~~~\n"},
		{"config = { missing_probes = ignore } usdt:/bin/app:app:x, usdt:/bin/app:app:start { }", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct usdtrap_session session = make_session();
		struct script_run run;

		script_run_init(&run, rows[i].text, NULL);
		assert_null(lang_add_probes(run.program, &session, &run.diagnostics));
		assert_string_equal(strbuf_text(&run.diagnostics), rows[i].diagnostics);
		assert_int_equal(lang_probe_count(run.program), 1);
		script_run_deinit(&run);
		fake_session_deinit(&session);
	}
}

static void test_program_that_lost_all_its_probes_is_refused(void **state)
{
	(void)state;
	check_refusal("config = { missing_probes = ignore } usdt:/bin/app:app:x { }", "ERROR: No probes to attach\n");
}

static void test_program_argument_that_no_site_has_is_an_error(void **state)
{
	(void)state;
	check_refusal("usdt:/bin/app:app:start { @[arg1] = sum(arg2); }",
		      "stdin:1:41-45: ERROR: arg2 does not exist: no site of these probes has more than 2 arguments\n"
		      "usdt:/bin/app:app:start { @[arg1] = sum(arg2); }\n"
		      "                                        ~~~~\n");
	check_refusal("usdt:/bin/app:app:stop /arg3/ { if (arg2) { print((1, arg9)); } }",
		      "stdin:1:25-29: ERROR: arg3 does not exist: no site of these probes has more than 3 arguments\n"
		      "usdt:/bin/app:app:stop /arg3/ { if (arg2) { print((1, arg9)); } }\n"
		      "                        ~~~~\n"
		      "stdin:1:55-59: ERROR: arg9 does not exist: no site of these probes has more than 3 arguments\n"
		      "usdt:/bin/app:app:stop /arg3/ { if (arg2) { print((1, arg9)); } }\n"
		      "                                                      ~~~~\n");
}

/* Wherever in a clause an argument stands, it is looked at. */
static void test_program_arguments_are_checked_everywhere(void **state)
{
	static const char *const bodies[] = {
		"{ print(arg9); }",
		"/arg9/ { }",
		"{ @[arg9] = 1; }",
		"{ @[1, arg9]++; }",
		"{ @ = sum(arg9); }",
		"{ @[arg9] = count(); }",
		"{ $x = arg9; }",
		"{ let $x = arg9; }",
		"{ $x = 1; $x += arg9; }",
		"{ print(-arg9); }",
		"{ print(1 + arg9); }",
		"{ print(arg9 && 1); }",
		"{ print(1 ? arg9 : 2); }",
		"{ print(arg9 ? 1 : 2); }",
		"{ print((int8)arg9); }",
		"{ print((1, arg9)); }",
		"{ print((1, arg9).0); }",
		"{ print(str(arg0)[(uint64)arg9]); }",
		"{ print(@m[arg9]); @m[1] = 2; }",
		"{ @m[1] = 2; delete(@m, arg9); }",
		"{ if (arg9) { } }",
		"{ if (1) { print(arg9); } }",
		"{ if (1) { } else { print(arg9); } }",
		"{ while (arg9) { } }",
		"{ while (0) { print(arg9); } }",
		"{ unroll(2) { print(arg9); } }",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct usdtrap_session session = make_session();
		struct usdtrap_error *error;
		struct script_run run;
		char script[128];

		snprintf(script, sizeof(script), "usdt:/bin/app:app:start %s", bodies[i]);
		script_run_init(&run, script, NULL);
		strbuf_clear(&run.diagnostics);
		error = lang_add_probes(run.program, &session, &run.diagnostics);
		if (!error || !strstr(strbuf_text(&run.diagnostics), "ERROR: arg9 does not exist: "))
			fail_msg("%s: %s", script, strbuf_text(&run.diagnostics));
		usdtrap_error_destroy(error);
		script_run_deinit(&run);
		fake_session_deinit(&session);
	}
}

static void test_program_argument_that_one_site_has_is_fine(void **state)
{
	struct usdtrap_session session = make_session();
	struct script_run run;

	(void)state;
	script_run_init(&run, "usdt:/bin/app:app:* { print(arg2); }", NULL);
	assert_null(lang_add_probes(run.program, &session, &run.diagnostics));
	script_run_deinit(&run);
	fake_session_deinit(&session);
}

static void test_program_clauses_of_a_probe_run_in_source_order(void **state)
{
	const struct usdtrap_hit hit = {.probe = &offered[0]};
	struct usdtrap_session session = make_session();
	struct script_run run;

	(void)state;
	script_run_init(&run,
			"usdt:/bin/app:app:* { printf(\"1\"); } usdt:/bin/app:app:start { printf(\"2\"); } "
			"usdt:/bin/app:app:stop { printf(\"-\"); } usdt:/bin/app:start { printf(\"3\"); }",
			NULL);
	assert_null(lang_add_probes(run.program, &session, &run.diagnostics));
	assert_int_equal(fake_session_deliver(&session, &hit), USDTRAP_CONTINUE);
	assert_string_equal(strbuf_text(&run.output), "123");
	script_run_deinit(&run);
	fake_session_deinit(&session);
}

static void test_program_exit_stops_at_once_and_keeps_its_status(void **state)
{
	const struct usdtrap_hit hit = {.probe = &offered[0]};
	struct usdtrap_session session = make_session();
	struct script_run run;

	(void)state;
	script_run_init(&run,
			"usdt:/bin/app:app:start { print(1); exit(5); print(2); } "
			"usdt:/bin/app:app:start { print(3); } end { print(4); exit(); print(5); } end { print(6); }",
			NULL);
	assert_null(lang_add_probes(run.program, &session, &run.diagnostics));
	assert_int_equal(lang_exit_status(run.program), 0);
	assert_int_equal(fake_session_deliver(&session, &hit), USDTRAP_STOP);
	/* A session may have one more hit at hand. */
	assert_int_equal(fake_session_deliver(&session, &hit), USDTRAP_STOP);
	lang_run_end(run.program);
	assert_string_equal(strbuf_text(&run.output), "1\n4\n6\n\n\n");
	assert_int_equal(lang_exit_status(run.program), 5);
	script_run_deinit(&run);
	fake_session_deinit(&session);
}

static void test_program_exit_in_begin_skips_the_other_begin_clauses(void **state)
{
	struct script_run run;

	(void)state;
	script_run_init(&run, "begin { print(1); } BEGIN { exit(); } begin { print(2); } end { print(3); }", NULL);
	assert_int_equal(lang_run_begin(run.program), USDTRAP_STOP);
	lang_run_end(run.program);
	assert_string_equal(strbuf_text(&run.output), "1\n3\n\n\n");
	script_run_deinit(&run);
}

static void test_program_interval_ticks_run_its_clause(void **state)
{
	struct usdtrap_session session = make_session();
	struct script_run run;

	(void)state;
	script_run_init(&run, "interval:s:1 { @++; print(probe); } interval:ms:5 { exit(); }", NULL);
	assert_null(lang_add_probes(run.program, &session, &run.diagnostics));
	assert_int_equal(session.timers[0].on_tick(session.timers[0].user), USDTRAP_CONTINUE);
	assert_int_equal(session.timers[0].on_tick(session.timers[0].user), USDTRAP_CONTINUE);
	assert_int_equal(session.timers[1].on_tick(session.timers[1].user), USDTRAP_STOP);
	lang_run_end(run.program);
	assert_string_equal(strbuf_text(&run.output), "interval:s:1\ninterval:s:1\n\n\n@: 2\n");
	script_run_deinit(&run);
	fake_session_deinit(&session);
}

static void test_program_maps_are_not_printed_if_so_configured(void **state)
{
	struct script_run run;

	(void)state;
	script_run_init(&run, "config = { print_maps_on_exit = 0 } begin { @x = 1; print(@x); }", NULL);
	lang_run_begin(run.program);
	lang_run_end(run.program);
	assert_string_equal(strbuf_text(&run.output), "@x: 1\n\n\n");
	script_run_deinit(&run);
}

static void test_program_in_json_writes_one_object_a_line(void **state)
{
	const struct lang_options options = {.name = "stdin", .format = LANG_JSON};
	struct script_run run;

	(void)state;
	script_run_init(&run,
			"begin { printf(\"a\\n%d\", 5); time(\"%%t\"); print((1, \"x\")); @c[\"k\", 1] = count(); "
			"print(@c); @h = hist(2); @s = \"\\xff\"; }",
			&options);
	lang_run_begin(run.program);
	lang_run_end(run.program);
	assert_string_equal(strbuf_text(&run.output),
			    "{\"type\": \"printf\", \"data\": \"a\\n5\"}\n"
			    "{\"type\": \"time\", \"data\": \"%t\"}\n"
			    "{\"type\": \"value\", \"data\": [1,\"x\"]}\n"
			    "{\"type\": \"map\", \"data\": {\"@c\": {\"k,1\": 1}}}\n"
			    "{\"type\": \"map\", \"data\": {\"@c\": {\"k,1\": 1}}}\n"
			    "{\"type\": \"hist\", \"data\": {\"@h\": [{\"min\": 2, \"max\": 3, \"count\": 1}]}}\n"
			    "{\"type\": \"map\", \"data\": {\"@s\": \"\\u00ff\"}}\n");
	script_run_deinit(&run);
}

static void test_program_warnings_can_be_silenced(void **state)
{
	const struct lang_options options = {.name = "stdin", .no_warnings = true};
	struct script_run run;

	(void)state;
	script_run_init(&run, "begin { $x = 0; print(1 / $x); }", &options);
	lang_run_begin(run.program);
	assert_string_equal(strbuf_text(&run.output), "1\n");
	assert_string_equal(strbuf_text(&run.warnings), "");
	script_run_deinit(&run);
}

static void test_program_knows_its_command_and_parameters(void **state)
{
	static const char *const parameters[] = {"12", "text"};
	const struct lang_options options = {
		.name = "stdin", .command_path = "/bin/app", .parameters = parameters, .parameter_count = 2};
	struct script_run run;

	(void)state;
	script_run_init(&run, "begin { printf(\"%d %d %s %d\", cpid, $1, str($2), $#); }", &options);
	lang_set_command_pid(run.program, 4321);
	lang_run_begin(run.program);
	assert_string_equal(strbuf_text(&run.output), "4321 12 text 2");
	script_run_deinit(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_with_errors_is_not_compiled),
		cmocka_unit_test(test_program_that_is_too_large_is_refused_unread),
		cmocka_unit_test(test_program_says_what_it_needs),
		cmocka_unit_test(test_program_points_come_in_script_order),
		cmocka_unit_test(test_program_probes_are_added_and_counted),
		cmocka_unit_test(test_program_pid_goes_with_all_patterns),
		cmocka_unit_test(test_program_with_a_command_any_file_may_be_loaded_later),
		cmocka_unit_test(test_program_signals_are_told_by_events),
		cmocka_unit_test(test_program_modes_run_their_own_clauses),
		cmocka_unit_test(test_program_missing_probes_are_all_reported),
		cmocka_unit_test(test_program_missing_probes_may_be_skipped),
		cmocka_unit_test(test_program_that_lost_all_its_probes_is_refused),
		cmocka_unit_test(test_program_argument_that_no_site_has_is_an_error),
		cmocka_unit_test(test_program_arguments_are_checked_everywhere),
		cmocka_unit_test(test_program_argument_that_one_site_has_is_fine),
		cmocka_unit_test(test_program_clauses_of_a_probe_run_in_source_order),
		cmocka_unit_test(test_program_exit_stops_at_once_and_keeps_its_status),
		cmocka_unit_test(test_program_exit_in_begin_skips_the_other_begin_clauses),
		cmocka_unit_test(test_program_interval_ticks_run_its_clause),
		cmocka_unit_test(test_program_maps_are_not_printed_if_so_configured),
		cmocka_unit_test(test_program_in_json_writes_one_object_a_line),
		cmocka_unit_test(test_program_warnings_can_be_silenced),
		cmocka_unit_test(test_program_knows_its_command_and_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
