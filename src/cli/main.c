/* SPDX-License-Identifier: MIT */
/*
 * The usdtrap command, and a map of the whole program.
 *
 * base/       what every floor needs
 *     arena, strbuf, cleanup   memory freed at once, growing text, scope guards
 *     cursor                   reading bytes that may lie
 *     diag                     errors in a script, with the line underlined
 *     error                    errors of everything else
 *     nearest                  the name that was probably meant
 * cli/        the command
 *     main                     where it begins, and this map
 *     options, subcommand      the command line
 *     usage, message           what is said of it, and of what goes wrong
 *     list, pattern            -l: which probes there are
 *     script, command          what -e or a FILE says; what -c runs
 *     run, front, engine       tracing, by two processes
 *     output                   the queue between the engine and a slow reader
 *
 * Exit status: 0 when all was done, also when Ctrl-C, SIGTERM or SIGHUP ended
 * it and when the reader of the output went away; 1 for a wrong command line,
 * a wrong script, a process that cannot be traced, output that could not be
 * written, an engine that died; N when the script said exit(N). What a program
 * started with -c returns makes no difference.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/list.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/subcommand.h"
#include "cli/usage.h"
#include "config.h"

/*
 * A standard stream that was closed by whoever started us is the descriptor
 * of the next file opened, which would then get what was meant for the stream.
 * Open something harmless there that fails as a closed one does: reading from
 * standard output and error, writing to standard input.
 */
static void occupy_standard_streams(void)
{
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
		if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

/* Prints by PRINT to standard output, where a full disk or a closed stream is an error as elsewhere. */
static int show(void (*print)(FILE *out))
{
	print(stdout);
	if (fflush(stdout) == 0)
		return EXIT_SUCCESS;
	message_print_error(error_os(errno, "cannot write to standard output"));
	return EXIT_FAILURE;
}

static void version_print(FILE *out)
{
	fprintf(out, "usdtrap v%s\n", PACKAGE_VERSION);
}

int main(int argc, char *argv[])
{
	const struct subcommand *subcommand = argc > 1 ? subcommand_find(argv[1]) : NULL;
	struct options options;
	struct usdtrap_error *error;
	char option[8];

	occupy_standard_streams();
	if (argc <= 1) {
		message_print_text(usage_welcome);
		return EXIT_FAILURE;
	}
	if (subcommand) {
		snprintf(option, sizeof(option), "%s", subcommand->option);
		argv[1] = option;
	}
	error = options_parse(argc, argv, &options);
	if (error) {
		message_print_error(error);
		message_print_text(usage_synopsis);
		return EXIT_FAILURE;
	}
	switch (options.task) {
	case OPTIONS_HELP:
		return show(usage_print);
	case OPTIONS_VERSION:
		return show(version_print);
	case OPTIONS_LIST:
		return list_run(&options);
	case OPTIONS_RUN:
		return run_script(&options);
	}
	return EXIT_FAILURE;
}
