/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/script.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const parameters[] = {"42", "main", NULL};

/* Resolves a clause at PROBE, which must be right; its attach point. */
static const struct ast_attach_point *resolve(struct script *script, const char *probe)
{
	char text[200];

	snprintf(text, sizeof(text), "%s { }", probe);
	script_resolve(script, text, parameters);
	if (!script->is_good)
		fail_msg("%s", script->text);
	return script->program.clauses->attach_points;
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_sema_probe_parts_uprobes_name_functions_offsets_and_addresses(void **state)
{
	static const struct {
		const char *text;
		enum ast_probe_type type;
		const char *target, *name;
		uint64_t offset, address;
		bool is_demangled;
	} rows[] = {
		{"uprobe:/bin/x:main", AST_PROBE_UPROBE, "/bin/x", "main", 0, 0, false},
		{"u:/bin/x:$2", AST_PROBE_UPROBE, "/bin/x", "main", 0, 0, false},
		{"UPROBE:libc:mem*", AST_PROBE_UPROBE, "libc", "mem*", 0, 0, false},
		{"uprobe:/bin/x:main+0", AST_PROBE_UPROBE, "/bin/x", "main", 0, 0, false},
		{"uprobe:/bin/x:main+0x10", AST_PROBE_UPROBE, "/bin/x", "main", 16, 0, false},
		{"uprobe:/bin/x:mem*+0", AST_PROBE_UPROBE, "/bin/x", "mem*", 0, 0, false},
		{"uprobe:/bin/x:\"a+b\"", AST_PROBE_UPROBE, "/bin/x", "a+b", 0, 0, false},
		{"uprobe:/bin/x:\"a+b\"+4", AST_PROBE_UPROBE, "/bin/x", "a+b", 4, 0, false},
		{"uprobe:/bin/x:\"a:b(int, char)\"", AST_PROBE_UPROBE, "/bin/x", "a:b(int, char)", 0, 0, false},
		{"uprobe:/bin/x:0x1234", AST_PROBE_UPROBE, "/bin/x", NULL, 0, 0x1234, false},
		{"uprobe:/bin/x:4660", AST_PROBE_UPROBE, "/bin/x", NULL, 0, 4660, false},
		{"uprobe:/bin/x:\"4660\"", AST_PROBE_UPROBE, "/bin/x", "4660", 0, 0, false},
		{"uprobe:/bin/x:4m", AST_PROBE_UPROBE, "/bin/x", "4m", 0, 0, false},
		{"uprobe:/bin/x:cpp:\"ns::f(int)\"", AST_PROBE_UPROBE, "/bin/x", "ns::f(int)", 0, 0, true},
		{"uprobe:*:main", AST_PROBE_UPROBE, "*", "main", 0, 0, false},
		{"uprobe::main", AST_PROBE_UPROBE, NULL, "main", 0, 0, false},
		{"uprobe:\"/a@b\":7", AST_PROBE_UPROBE, "/a@b", NULL, 0, 7, false},
		{"uprobe:/a@b:main", AST_PROBE_UPROBE, "/a@b", "main", 0, 0, false},
		{"uretprobe:/bin/x:main", AST_PROBE_URETPROBE, "/bin/x", "main", 0, 0, false},
		{"ur:/bin/x:0x10", AST_PROBE_URETPROBE, "/bin/x", NULL, 0, 16, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script script;
		const struct ast_attach_point *point = resolve(&script, rows[i].text);

		if (point->type != rows[i].type || !is_same(point->target, rows[i].target) ||
		    !is_same(point->name, rows[i].name) || point->offset != rows[i].offset ||
		    point->address != rows[i].address || point->is_demangled != rows[i].is_demangled)
			fail_msg("%s: target %s, name %s, +%llu, %#llx", rows[i].text, point->target, point->name,
				 (unsigned long long)point->offset, (unsigned long long)point->address);
		assert_null(point->full_name);
		script_deinit(&script);
	}
}

static void test_sema_probe_parts_function_alone_needs_a_process(void **state)
{
	struct script script;

	(void)state;
	script_resolve_for_process(&script, "uprobe:main { }");
	assert_true(script.is_good);
	assert_null(script.program.clauses->attach_points->target);
	assert_string_equal(script.program.clauses->attach_points->name, "main");
	script_deinit(&script);
}

static void test_sema_probe_parts_watchpoints(void **state)
{
	struct script script;
	const struct ast_attach_point *point;

	(void)state;
	point = resolve(&script, "watchpoint:0x1000:8:w");
	assert_int_equal(point->type, AST_PROBE_WATCHPOINT);
	assert_int_equal(point->address, 0x1000);
	assert_int_equal(point->length, 8);
	assert_int_equal(point->watch, AST_WATCH_WRITE);
	assert_string_equal(point->full_name, "watchpoint:0x1000:8:w");
	script_deinit(&script);
	point = resolve(&script, "w:$1:2:rw");
	assert_int_equal(point->address, 42);
	assert_int_equal(point->watch, AST_WATCH_READ | AST_WATCH_WRITE);
	script_deinit(&script);
	script_resolve_for_process(&script, "w:buffer+16:8:w { }");
	assert_true(script.is_good);
	point = script.program.clauses->attach_points;
	assert_string_equal(point->name, "buffer");
	assert_int_equal(point->offset, 16);
	assert_int_equal(point->watched_argument, 0);
	assert_string_equal(point->full_name, "watchpoint:buffer+16:8:w");
	script_deinit(&script);
	script_resolve_for_process(&script, "w:fill+arg1:8:w { }");
	assert_true(script.is_good);
	point = script.program.clauses->attach_points;
	assert_string_equal(point->name, "fill");
	assert_int_equal(point->offset, 0);
	assert_int_equal(point->watched_argument, 2);
	script_deinit(&script);
	point = resolve(&script, "aw:0x1001:1:x");
	assert_int_equal(point->type, AST_PROBE_WATCHPOINT);
	assert_int_equal(point->watch, AST_WATCH_EXECUTE);
	script_deinit(&script);
}

static void test_sema_probe_parts_tracepoints(void **state)
{
	struct script script;
	const struct ast_attach_point *point;

	(void)state;
	point = resolve(&script, "tracepoint:syscalls:sys_enter_*");
	assert_int_equal(point->type, AST_PROBE_TRACEPOINT);
	assert_string_equal(point->provider, "syscalls");
	assert_string_equal(point->name, "sys_enter_*");
	script_deinit(&script);
	point = resolve(&script, "t:raw_syscalls:sys_exit");
	assert_string_equal(point->provider, "raw_syscalls");
	assert_string_equal(point->name, "sys_exit");
	script_deinit(&script);
	point = resolve(&script, "t:*:*");
	assert_null(point->provider);
	assert_null(point->name);
	script_deinit(&script);
}

static void test_sema_probe_parts_of_the_tool_itself(void **state)
{
	struct script script;
	const struct ast_attach_point *point;

	(void)state;
	point = resolve(&script, "self:signal:SIGUSR1");
	assert_int_equal(point->type, AST_PROBE_SELF);
	assert_int_equal(point->signal, SIGUSR1);
	assert_string_equal(point->full_name, "self:signal:SIGUSR1");
	script_deinit(&script);
	point = resolve(&script, "test:a");
	assert_int_equal(point->type, AST_PROBE_TEST);
	assert_string_equal(point->name, "a");
	assert_string_equal(point->full_name, "test:a");
	script_deinit(&script);
	point = resolve(&script, "bench:b");
	assert_int_equal(point->type, AST_PROBE_BENCH);
	assert_string_equal(point->full_name, "bench:b");
	script_deinit(&script);
	point = resolve(&script, "profile:hz:100");
	assert_int_equal(point->type, AST_PROBE_PROFILE);
	assert_int_equal(point->period_ns, 10000000);
	assert_string_equal(point->full_name, "profile:hz:100");
	script_deinit(&script);
}

/* covers: probe-uprobe-line */
static void test_sema_probe_parts_errors_say_what_would_be_right(void **state)
{
	static const char *const rows[][2] = {
		{"uprobe", "uprobe probes have two to four parts\n"
			   "HINT: uprobe:TARGET:FUNCTION, uprobe:TARGET:cpp:\"NAMESPACE::FUNCTION\" or, with -p, "
			   "uprobe:FUNCTION\n"},
		{"uprobe:/bin/x:cpp:ns::f",
		 "uprobe probes have two to four parts\n"
		 "HINT: uprobe:TARGET:FUNCTION, uprobe:TARGET:cpp:\"NAMESPACE::FUNCTION\" or, with -p, "
		 "uprobe:FUNCTION\n"},
		{"uprobe:main", "uprobe:FUNCTION needs a process, named with -p or -c\n"
				"HINT: name what to trace: uprobe:TARGET:FUNCTION\n"},
		{"uprobe:/bin/x", "uprobe probe has a target and no function\n"
				  "HINT: name what to trace: uprobe:TARGET:FUNCTION\n"},
		{"uprobe:/bin/x:", "uprobe probe has no function\nHINT: * stands for any text\n"},
		{"uprobe:/bin/x:+4", "uprobe probe has an offset and no function\n"},
		{"uprobe:/bin/x:f+x", "uprobe probe has an invalid offset: x\n"},
		{"uprobe:/bin/x:f*+4", "uprobe probe has an offset into more than one function: f*\n"},
		{"uretprobe:/bin/x:f+4", "uretprobe probes take no offset: they stand where a function returns\n"},
		{"uprobe:/bin/x:rust:f", "names of the language rust are not known, only those of cpp\n"},
		{"uprobe:/bin/x@main.c:12",
		 "uprobe:TARGET@FILE:LINE needs debug information (DWARF), which usdtrap does not read\n"
		 "HINT: name a function or an address: uprobe:TARGET:FUNCTION, uprobe:TARGET:0xADDRESS\n"},
		{"uprobe:/bin/x@main.c:12:3",
		 "uprobe:TARGET@FILE:LINE needs debug information (DWARF), which usdtrap does not read\n"
		 "HINT: name a function or an address: uprobe:TARGET:FUNCTION, uprobe:TARGET:0xADDRESS\n"},
		{"watchpoint:0x1000:8",
		 "watchpoint probes have four parts\nHINT: for example watchpoint:0x601000:8:w\n"},
		{"watchpoint:f:8:w", "watchpoint probe names f, which has no address yet\n"
				     "HINT: name the process: -p PID, or -c COMMAND\n"},
		{"watchpoint:f*:8:w",
		 "watchpoint probe has an invalid address: f*\n"
		 "HINT: an address, a symbol, SYMBOL+OFFSET, or FUNCTION+argN: what the argument points to\n"},
		{"watchpoint:+8:8:w",
		 "watchpoint probe has an invalid address: +8\n"
		 "HINT: an address, a symbol, SYMBOL+OFFSET, or FUNCTION+argN: what the argument points to\n"},
		{"watchpoint:f+argx:8:w", "watchpoint probe has an invalid offset: argx\n"},
		{"watchpoint:f+arg999:8:w", "watchpoint probe has an argument that no function has: arg999\n"},
		{"watchpoint:0x1000:3:w", "watchpoint probes watch 1, 2, 4 or 8 bytes, not 3\n"},
		{"watchpoint:0x1001:8:w", "watchpoint probes watch addresses that are a multiple of the length\n"},
		{"watchpoint:0x1000:8:r",
		 "watchpoint probes watch for w (writes), rw (reads and writes) or x (execution), not r\n"},
		{"watchpoint:0x1000:8:x", "watchpoint probes watch the execution of 1 byte, not 8\n"},
		{"tracepoint:sys_enter_read", "tracepoint probes have three parts\n"
					      "HINT: for example tracepoint:syscalls:sys_enter_openat\n"},
		{"tracepoint:sched:sched_switch",
		 "tracepoints of sched lie within the kernel, which only BPF can reach\n"
		 "HINT: syscalls, raw_syscalls, sched:sched_process_* and signal:signal_deliver are those that a process "
		 "shows\n"},
		{"self:SIGUSR1",
		 "self probes are self:signal:NAME\n"
		 "HINT: for example self:signal:SIGUSR1, which runs when usdtrap itself gets that signal\n"},
		{"self:signal:SIGTERM", "self:signal probes take SIGUSR1 or SIGUSR2, not SIGTERM\n"},
		{"test", "test probes have two parts\nHINT: test:NAME, which runs with --test\n"},
		{"bench:", "bench probes have two parts\nHINT: bench:NAME, which runs with --bench\n"},
		{"profile:x:1", "x is not an accepted unit of time\nHINT: accepted are hz, s, ms and us\n"},
		{"profile:hz:0", "profile frequency should be a positive integer\n"},
		{"software:faults:1",
		 "software probes need the kernel's performance events, which usdtrap does not use\n"
		 "HINT: supported are begin, end, interval, profile, self, tracepoint, uprobe, uretprobe, usdt and "
		 "watchpoint\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf expected = {};
		const char *hint = strstr(rows[i][1], "HINT");
		size_t message_length = hint ? (size_t)(hint - rows[i][1]) : strlen(rows[i][1]);
		struct script script;
		char text[200];

		snprintf(text, sizeof(text), "%s { }", rows[i][0]);
		strbuf_addf(&expected, "stdin:1:1-%zu: ERROR: %.*s%s { }\n", strlen(rows[i][0]) + 1,
			    (int)message_length, rows[i][1], rows[i][0]);
		strbuf_add_repeated(&expected, '~', strlen(rows[i][0]));
		strbuf_addf(&expected, "\n%s", hint ? hint : "");
		script_resolve(&script, text, parameters);
		assert_string_equal(script.text, strbuf_text(&expected));
		strbuf_deinit(&expected);
		script_deinit(&script);
	}
}

static void test_sema_probe_parts_words_belong_to_kinds_of_probes(void **state)
{
	static const struct {
		const char *probe, *word;
		const char *error; /* NULL: it can be used */
	} rows[] = {
		{"usdt:/x:a", "arg0", NULL},
		{"uprobe:/x:a", "arg0", NULL},
		{"uretprobe:/x:a", "arg0",
		 "The arg0 builtin can only be used with 'kprobes', 'uprobes' and 'usdt' probes"},
		{"t:syscalls:sys_enter_read", "arg1",
		 "The arg1 builtin can only be used with 'kprobes', 'uprobes' and 'usdt' probes"},
		{"self:signal:SIGUSR1", "arg0",
		 "The arg0 builtin can only be used with 'kprobes', 'uprobes' and 'usdt' probes"},
		{"usdt:/x:a, end", "arg0",
		 "The arg0 builtin can only be used with 'kprobes', 'uprobes' and 'usdt' probes"},
		{"profile:hz:1", "pid", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script script;
		char text[200];

		snprintf(text, sizeof(text), "%s { print(%s) }", rows[i].probe, rows[i].word);
		script_resolve(&script, text, NULL);
		assert_int_equal(script.is_good, rows[i].error == NULL);
		if (rows[i].error)
			assert_non_null(strstr(script.text, rows[i].error));
		script_deinit(&script);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sema_probe_parts_uprobes_name_functions_offsets_and_addresses),
		cmocka_unit_test(test_sema_probe_parts_function_alone_needs_a_process),
		cmocka_unit_test(test_sema_probe_parts_watchpoints),
		cmocka_unit_test(test_sema_probe_parts_tracepoints),
		cmocka_unit_test(test_sema_probe_parts_of_the_tool_itself),
		cmocka_unit_test(test_sema_probe_parts_errors_say_what_would_be_right),
		cmocka_unit_test(test_sema_probe_parts_words_belong_to_kinds_of_probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
