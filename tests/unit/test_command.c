/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "cli/command.h"

static void test_command_is_split_at_blanks(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"ls", "[ls]"},
		{"ls -l /tmp", "[ls][-l][/tmp]"},
		{"  ls   -l ", "[ls][-l]"},
		{"a b c d e f g", "[a][b][c][d][e][f][g]"},
		{"sh -c 'a b'", "[sh][-c]['a][b']"}, /* no quotes, as under bpftrace */
		{"a\tb", "[a\tb]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_strbuf_ struct strbuf said = {0};
		struct command command;

		assert_null(command_split(rows[i].text, &command));
		for (char **word = command.words; *word; word++)
			strbuf_addf(&said, "[%s]", *word);
		assert_string_equal(strbuf_text(&said), rows[i].expected);
		assert_ptr_equal(command.path, command.words[0]);
		command_deinit(&command);
		assert_null(command.path);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_is_split_at_blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
