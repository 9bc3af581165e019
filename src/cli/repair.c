/* SPDX-License-Identifier: MIT */
#include "cli/repair.h"

#include <stdlib.h>
#include <string.h>

#include <usdtrap/process.h>
#include <usdtrap/repair.h>

#include "base/error.h"
#include "cli/message.h"

static void on_notice(enum usdtrap_notice notice, const char *text, void *user)
{
	(void)user;
	if (notice != USDTRAP_NOTICE_DETAIL)
		message_print(notice == USDTRAP_NOTICE_WARNING ? MESSAGE_WARNING : MESSAGE_NOTE, "%s", text);
}

/* Repairs PID or, if 0, all. Returns whether there was anything, or an error that was told. */
static bool repair(pid_t pid, bool *ret_failed)
{
	const struct usdtrap_options options = {.on_notice = on_notice};
	struct usdtrap_report report = {0};
	struct usdtrap_error *error = usdtrap_repair(&options, pid, &report);

	if (!error)
		return report.repaired > 0;
	message_print_error(error);
	*ret_failed = true;
	return true;
}

/* A word of the command line: a pid, or "all". */
static struct usdtrap_error *parse_word(const char *word, pid_t *ret)
{
	char *end;
	long pid = strtol(word, &end, 10);

	if (strcmp(word, "all") == 0)
		pid = 0;
	else if (end == word || *end || pid < 1 || pid > PID_LARGEST)
		return error_hint(error_create(USDTRAP_INVALID_USE, "repair: '%s' is no process id", word),
				  "usdtrap repair PID, or usdtrap repair all");
	*ret = (pid_t)pid;
	return NULL;
}

int repair_run(const struct options *options)
{
	struct usdtrap_error *unseen = usdtrap_check_process(0);
	bool has_failed = false;

	if (unseen) {
		message_print_error(unseen);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < options->words.count; i++) {
		pid_t pid = 0;
		struct usdtrap_error *error = parse_word(options->words.items[i], &pid);

		if (error) {
			message_print_error(error);
			return EXIT_FAILURE;
		}
		if (repair(pid, &has_failed))
			continue;
		if (pid)
			message_print(MESSAGE_NOTE, "nothing of a killed usdtrap is known in process %d", (int)pid);
		else
			message_print(MESSAGE_NOTE, "nothing of a killed usdtrap is known in any process");
	}
	return has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void repair_after_engine(pid_t pid)
{
	bool has_failed = false;

	repair(pid, &has_failed);
}
