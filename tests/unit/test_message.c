/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "cli/message.h"

static void test_message_kinds_have_their_words(void **state)
{
	static const struct {
		enum message_kind kind;
		bool has_colour;
		const char *expected;
	} rows[] = {
		{MESSAGE_ERROR, false, "ERROR: 50% wrong\n"},
		{MESSAGE_WARNING, false, "WARNING: 50% wrong\n"},
		{MESSAGE_HINT, false, "HINT: 50% wrong\n"},
		{MESSAGE_NOTE, false, "NOTE: 50% wrong\n"},
		{MESSAGE_ERROR, true, "\033[31mERROR\033[0m: 50% wrong\n"},
		{MESSAGE_WARNING, true, "\033[33mWARNING\033[0m: 50% wrong\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_strbuf_ struct strbuf out = {0};

		message_add(&out, rows[i].has_colour, rows[i].kind, "50% wrong");
		assert_string_equal(strbuf_text(&out), rows[i].expected);
	}
}

static void test_message_error_has_its_hint(void **state)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct usdtrap_error *error = error_hint(error_create(USDTRAP_NOT_FOUND, "no"), "try %d", 7);

	(void)state;
	message_add_error(&out, false, error);
	usdtrap_error_destroy(error);
	assert_string_equal(strbuf_text(&out), "ERROR: no\nHINT: try 7\n");
}

/* Standard output and error on a terminal, as the wishes of the environment matter there. */
static void on_a_terminal(int *ret_output, int *ret_error)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), terminal;

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(terminal >= 0);
	*ret_output = dup(STDOUT_FILENO);
	*ret_error = dup(STDERR_FILENO);
	dup2(terminal, STDOUT_FILENO);
	dup2(terminal, STDERR_FILENO);
	close(terminal);
	/* The master stays open: without it there would be no terminal. */
}

static void back_from_terminal(int output, int error)
{
	dup2(output, STDOUT_FILENO);
	dup2(error, STDERR_FILENO);
	close(output);
	close(error);
}

static void test_message_colour_follows_terminal_and_environment(void **state)
{
	static const struct {
		const char *bpftrace_color, *no_color, *term;
		bool on_terminal, elsewhere;
	} rows[] = {
		{NULL, NULL, "xterm", true, false},  {"auto", NULL, "xterm", true, false},
		{"always", "1", "dumb", true, true}, {"never", NULL, "xterm", false, false},
		{NULL, "1", "xterm", false, false},  {NULL, "", "xterm", true, false},
		{NULL, NULL, "dumb", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool on_terminal, elsewhere;
		int output, error, file = open("/dev/null", O_WRONLY | O_CLOEXEC);

		unsetenv("BPFTRACE_COLOR");
		unsetenv("NO_COLOR");
		setenv("TERM", rows[i].term, 1);
		if (rows[i].bpftrace_color)
			setenv("BPFTRACE_COLOR", rows[i].bpftrace_color, 1);
		if (rows[i].no_color)
			setenv("NO_COLOR", rows[i].no_color, 1);
		on_a_terminal(&output, &error);
		on_terminal = message_wants_colour();
		dup2(file, STDOUT_FILENO); /* one of the two is a terminal: not enough */
		elsewhere = message_wants_colour();
		back_from_terminal(output, error);
		close(file);
		if (on_terminal != rows[i].on_terminal || elsewhere != rows[i].elsewhere)
			fail_msg("row %zu: %d %d", i, on_terminal, elsewhere);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message_kinds_have_their_words),
		cmocka_unit_test(test_message_error_has_its_hint),
		cmocka_unit_test(test_message_colour_follows_terminal_and_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
