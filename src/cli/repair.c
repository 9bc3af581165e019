/* SPDX-License-Identifier: MIT */
#include "cli/repair.h"

#include <stdlib.h>
#include <string.h>

#include <usdtrap/process.h>
#include <usdtrap/repair.h>

#include "base/error.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/verb.h"

static const struct verb verb = {
	.name = "repair",
	.synopsis = "repair PID... | all",
	.help = "When usdtrap is killed so that nothing of it is left, traps may stay in the\n"
		"programs that it traced, and semaphores raised. This puts them back, in the\n"
		"processes named or in all that this user's records tell of. What no record\n"
		"tells of is left alone.\n",
	.examples = "    usdtrap repair all\n"
		    "    usdtrap repair 4242\n",
	.failure = EXIT_FAILURE,
};

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

int repair_run(int argc, char *argv[])
{
	struct usdtrap_error *error;
	struct verb_options options;
	bool has_failed = false;
	int status;

	if (!verb_parse(&verb, argc, argv, &options, &status))
		return status;
	error = usdtrap_check_process(0);
	if (!error && !options.word_count)
		error = error_hint(error_create(USDTRAP_INVALID_USE, "repair which process?"),
				   "usdtrap repair PID, or usdtrap repair all");
	for (size_t i = 0; !error && i < options.word_count; i++) {
		pid_t pid = 0;

		error = parse_word(options.words[i], &pid);
		if (error || repair(pid, &has_failed))
			continue;
		if (pid)
			message_print(MESSAGE_NOTE, "nothing of a killed usdtrap is known in process %d", (int)pid);
		else
			message_print(MESSAGE_NOTE, "nothing of a killed usdtrap is known in any process");
	}
	if (!error)
		return has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
	message_print_error(error);
	return EXIT_FAILURE;
}

void repair_after_engine(pid_t pid)
{
	bool has_failed = false;

	repair(pid, &has_failed);
}
