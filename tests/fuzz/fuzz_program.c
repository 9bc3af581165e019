/* SPDX-License-Identifier: MIT */
/*
 * Whole scripts: whatever the text, it is refused with a reason, or compiled
 * and run on a made-up hit, twice, in both formats. Loops are left out: they
 * end, but only after millions of turns.
 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "lang/program.h"
#include "support/fake_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(const char *text, size_t length, void *user)
{
	/* Reading it all lets a sanitizer see text that is not there. */
	volatile char *last = user;

	for (size_t i = 0; i < length; i++)
		*last = text[i];
}

static void run(struct lang_program *program)
{
	static const struct usdtrap_site_info site = {.vaddr = 0x1000, .arguments = "8@%rdi -4@%esi 8f@%xmm0 16@%xmm1"};
	static const struct usdtrap_probe_info probe = {.path = "/bin/app",
							.provider = "app",
							.name = "start",
							.full_name = "usdt:/bin/app:app:start",
							.sites = &site,
							.site_count = 1};
	static const char text[] = "some text of the target";
	const struct usdtrap_hit hit = {
		.probe = &probe,
		.argument_count = 5,
		.arguments = {{.size = 8, .integer = 0x1000},
			      {.size = 4, .integer = (uint64_t)-3},
			      {.kind = USDTRAP_VALUE_FLOAT, .size = 8, .real = 2.5},
			      {.kind = USDTRAP_VALUE_BYTES, .size = 16, .bytes = "0123456789abcde"}},
		.problems = {[4] = "nobody knows"},
		.memory = {{0x1000, text, sizeof(text)}},
		.pid = 100,
		.tid = 101,
		.comm = "worker",
		.time_ns = 1,
	};
	struct usdtrap_session session = {.offered = &probe, .offered_count = 1};
	_cleanup_strbuf_ struct strbuf diagnostics = {0};
	struct usdtrap_error *error = lang_add_probes(program, &session, &diagnostics);

	if (!error) {
		lang_run_begin(program);
		fake_session_deliver(&session, &hit);
		fake_session_deliver(&session, &hit);
		for (size_t i = 0; i < session.timer_count; i++)
			session.timers[i].on_tick(session.timers[i].user);
		lang_run_end(program);
	} else if (usdtrap_error_code(error) != USDTRAP_SCRIPT || !diagnostics.length) {
		abort();
	}
	usdtrap_error_destroy(error);
	fake_session_deinit(&session);
}

static bool has_loop(const uint8_t *data, size_t size)
{
	return memmem(data, size, "while", strlen("while")) || memmem(data, size, "for", strlen("for"));
}

static void try_script(const uint8_t *data, size_t size, enum lang_format format)
{
	const struct lang_options options = {.name = "fuzz", .pid = 5, .format = format};
	_cleanup_strbuf_ struct strbuf diagnostics = {0};
	struct lang_program *program = NULL;
	struct usdtrap_error *error;
	char last;
	const struct lang_output output = {.write = drop, .warn = drop, .user = &last};

	error = lang_compile((const char *)data, size, &options, &diagnostics, &program);
	if (!error) {
		lang_set_output(program, &output);
		run(program);
	} else if (usdtrap_error_code(error) != USDTRAP_SCRIPT || !diagnostics.length) {
		abort();
	}
	usdtrap_error_destroy(error);
	lang_program_destroy(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (has_loop(data, size))
		return 0;
	try_script(data, size, LANG_TEXT);
	try_script(data, size, LANG_JSON);
	return 0;
}
