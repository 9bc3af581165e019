/* SPDX-License-Identifier: MIT */
/*
 * Allocations are counted, and made to fail, by the linker's --wrap: every
 * call of malloc(3) and its like from the floors comes through here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "lang/program.h"
#include "support/fake_session.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static unsigned allocations;   /* so far */
static unsigned allowed = -1u; /* how many succeed */

static bool may_allocate(void)
{
	return allocations++ < allowed;
}

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
	return may_allocate() ? __real_realloc(memory, size) : NULL;
}

static const struct usdtrap_site_info site = {.vaddr = 0x1000, .arguments = "8@%rdi -4@%esi"};
static const struct usdtrap_probe_info probe = {
	.path = "/bin/app",
	.provider = "app",
	.name = "start",
	.full_name = "usdt:/bin/app:app:start",
	.sites = &site,
	.site_count = 1,
};

static const char memory[] = "a string of thirty-two bytes ...";

static const struct usdtrap_frame frame = {.address = 0x1000, .symbol = "main", .offset = 4};
static const struct usdtrap_frame *const frames[] = {&frame};
static const struct usdtrap_stack stack = {.pid = 100, .frame_count = 1, .frames = frames};

static const struct usdtrap_hit hit = {
	.probe = &probe,
	.argument_count = 2,
	.arguments = {{.size = 8, .integer = 0x1000}, {.size = 4, .integer = 7}},
	.memory = {{0x1000, memory, sizeof(memory)}},
	.pid = 100,
	.tid = 101,
	.comm = "worker",
	.stack = &stack,
};

/* Every kind of work that a hit may ask for. */
static const char script[] =
	"let @lru = lruhash(4);\n"
	"usdt:/bin/app:app:start /arg1 == 7 && comm == \"worker\"/ {\n"
	"	@[pid, str(arg0)] = count();\n"
	"	$t = (arg1, comm, (tid, \"x\"));\n"
	"	@t[1] = $t;\n"
	"	@s = str(arg0, 5);\n"
	"	@h[arg1] = hist(arg1);\n"
	"	@l = lhist(arg1, 0, 100, 10);\n"
	"	@a = avg(arg1);\n"
	"	$i = 0;\n"
	"	while ($i < 3) { $i++; @n[$i]++; }\n"
	"	printf(\"%d %s %s %rx\\n\", arg1, str(arg0), @s, buf(arg0, 4));\n"
	"	time(\"%H:%M:%S\\n\");\n"
	"	print($t); print(strftime(\"%f\", nsecs));\n"
	"	if (find(@n, 1, $v) && strcontains(str(arg0), \"thirty\") && strstr(comm, \"work\") == 0) { @c++; }\n"
	"	@names[ntop(1), signal_name(9), strerror(2)] = count();\n"
	"	@stacks[ustack] = count(); @symbols[usym(arg0)] = sum(len(ustack));\n"
	"	@series = tseries(arg1, 1h, 3); @lru[arg1] = str_concat(comm, \"!\");\n"
	"	print(memcmp(str(arg0), \"a\", 1));\n"
	"	if (!globmatch(comm, \"w*r\")) { errorf(\"never\"); }\n"
	"	if (!has_key(@n, 9)) { _ = delete(@n, 10); }\n"
	"}\n";

static void drop(const char *text, size_t length, void *user)
{
	(void)text;
	(void)length;
	(void)user;
}

static void test_eval_warm_hit_allocates_nothing(void **state)
{
	static const enum lang_format formats[] = {LANG_TEXT, LANG_JSON};

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		const struct lang_options options = {.name = "stdin", .format = formats[i]};
		const struct lang_output output = {.write = drop, .warn = drop};
		struct usdtrap_session session = {.offered = &probe, .offered_count = 1};
		_cleanup_strbuf_ struct strbuf diagnostics = {0};
		struct lang_program *program;
		unsigned before;

		assert_null(lang_compile(script, strlen(script), &options, &diagnostics, &program));
		assert_null(lang_add_probes(program, &session, &diagnostics));
		lang_set_output(program, &output);
		for (int j = 0; j < 3; j++)
			fake_session_deliver(&session, &hit);
		before = allocations;
		for (int j = 0; j < 100; j++)
			fake_session_deliver(&session, &hit);
		assert_int_equal(allocations, before);
		lang_program_destroy(program);
		fake_session_deinit(&session);
	}
}

/* Compiles and runs the script with memory for COUNT allocations. True if that was enough. */
static bool run_with_memory(unsigned count)
{
	const struct lang_options options = {.name = "stdin"};
	const struct lang_output output = {.write = drop, .warn = drop};
	struct usdtrap_session session = {.offered = &probe, .offered_count = 1};
	_cleanup_strbuf_ struct strbuf diagnostics = {0};
	struct lang_program *program = NULL;
	struct usdtrap_error *error;

	allocations = 0;
	allowed = count;
	error = lang_compile(script, strlen(script), &options, &diagnostics, &program);
	if (!error) {
		lang_set_output(program, &output);
		error = lang_add_probes(program, &session, &diagnostics);
	}
	if (!error) {
		lang_run_begin(program);
		fake_session_deliver(&session, &hit);
		fake_session_deliver(&session, &hit);
		lang_run_end(program);
	}
	allowed = -1u;
	if (error)
		assert_int_equal(usdtrap_error_code(error), USDTRAP_NO_MEMORY);
	usdtrap_error_destroy(error);
	lang_program_destroy(program);
	fake_session_deinit(&session);
	return allocations <= count;
}

static void test_eval_lack_of_memory_anywhere_is_survived(void **state)
{
	unsigned count = 0;

	(void)state;
	while (!run_with_memory(count))
		count++;
	assert_true(count > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eval_warm_hit_allocates_nothing),
		cmocka_unit_test(test_eval_lack_of_memory_anywhere_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
