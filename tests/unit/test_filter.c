/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "cli/filter.h"

static const struct filter_limits generous = {.output_max = 16 * 1024 * 1024, .timeout_ms = 60000};

struct outcome {
	struct strbuf output;
	struct strbuf messages;
	int status;
};

static struct usdtrap_error *run(const char *shell, const char *text, size_t size, const struct filter_limits *limits,
				 struct outcome *ret)
{
	const char *const arguments[] = {"sh", "-c", shell, NULL};

	*ret = (struct outcome){.status = -2};
	return filter_run(arguments, text, size, limits, &ret->output, &ret->messages, &ret->status);
}

static void forget(struct outcome *outcome)
{
	strbuf_deinit(&outcome->output);
	strbuf_deinit(&outcome->messages);
}

static void test_filter_gives_output_messages_and_status(void **state)
{
	struct outcome outcome;

	(void)state;
	assert_null(run("tr a-z A-Z; echo failed >&2; exit 3", "some text", 9, &generous, &outcome));
	assert_string_equal(strbuf_text(&outcome.output), "SOME TEXT");
	assert_string_equal(strbuf_text(&outcome.messages), "failed\n");
	assert_int_equal(outcome.status, 3);
	forget(&outcome);
	assert_null(run("kill -9 $$", "", 0, &generous, &outcome));
	assert_int_equal(outcome.status, -1);
	forget(&outcome);
}

/* More than pipes and sockets hold, in both directions at once. */
static void test_filter_passes_on_any_amount(void **state)
{
	size_t size = 3 * 1024 * 1024;
	char *text = malloc(size);
	struct outcome outcome;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	assert_null(run("cat", text, size, &generous, &outcome));
	assert_int_equal(outcome.output.length, size);
	assert_int_equal(outcome.status, 0);
	forget(&outcome);
	/* Nobody need read it. */
	assert_null(run("exec <&-; echo done", text, size, &generous, &outcome));
	assert_string_equal(strbuf_text(&outcome.output), "done\n");
	forget(&outcome);
	free(text);
}

static void expect_error(struct usdtrap_error *error, const char *message)
{
	assert_non_null(error);
	assert_string_equal(usdtrap_error_message(error), message);
	usdtrap_error_destroy(error);
}

static void test_filter_is_bounded(void **state)
{
	const struct filter_limits short_time = {.output_max = 1000, .timeout_ms = 50};
	const struct filter_limits little = {.output_max = 1000, .timeout_ms = 60000};
	struct outcome outcome;

	(void)state;
	/* What it starts is ended with it, else this would wait for the sleep to close the output. */
	expect_error(run("sleep 60 & wait", "", 0, &short_time, &outcome), "sh takes longer than 50 ms");
	forget(&outcome);
	expect_error(run("while :; do echo y; done", "", 0, &little, &outcome), "sh writes more than 1000 bytes");
	forget(&outcome);
}

static void test_filter_says_what_cannot_be_run(void **state)
{
	const char *const arguments[] = {"no-such-program-anywhere", NULL};
	struct strbuf output = {0}, messages = {0};
	struct usdtrap_error *error;
	int status = 5;

	(void)state;
	for (int round = 0; round < 2; round++) {
		error = filter_run(arguments, "", 0, &generous, &output, &messages, &status);
		assert_non_null(error);
		assert_int_equal(usdtrap_error_code(error), USDTRAP_NOT_FOUND);
		assert_int_equal(status, 5);
		usdtrap_error_destroy(error);
		setenv("PATH", "/proc/1/root/bin:/usr/bin:/bin", 1); /* which few may look into */
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter_gives_output_messages_and_status),
		cmocka_unit_test(test_filter_passes_on_any_amount),
		cmocka_unit_test(test_filter_is_bounded),
		cmocka_unit_test(test_filter_says_what_cannot_be_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
