/* SPDX-License-Identifier: MIT */
#include "cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <usdtrap/process.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/engine_process.h"
#include "cli/front.h"
#include "cli/link.h"
#include "cli/message.h"
#include "cli/runner.h"
#include "cli/script.h"

/* Where the script's output goes. */
static struct usdtrap_error *open_output(const struct options *options, int *ret)
{
	int output = STDOUT_FILENO;

	if (options->output_path) {
		output = open(options->output_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
		if (output < 0)
			return error_os(errno, "cannot write to %s", options->output_path);
	} else if ((fcntl(output, F_GETFL) & O_ACCMODE) == O_RDONLY) {
		return error_hint(error_create(USDTRAP_OS, "cannot write to standard output: it is closed"),
				  "-o FILE writes to a file instead");
	}
	*ret = output;
	return NULL;
}

/*
 * Makes two processes of one. Until the engine has a session of its own a
 * Ctrl-C reaches it as well, and would kill it: it is blocked meanwhile, and
 * the front hears it either way.
 */
static int divide(const struct options *options, struct lang_program *program, const struct command *command,
		  int output)
{
	struct link ends[2];
	struct link runner = {-1, -1};
	/* First of all: its commands are to find the process as the user's shell left it. */
	struct usdtrap_error *error = lang_needs_shell(program) ? runner_create(&runner) : NULL;
	sigset_t signals, before;
	pid_t engine;

	if (!error)
		error = link_create(ends);
	if (error) {
		message_print_error(error);
		return EXIT_FAILURE;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &before);
	engine = fork();
	if (engine < 0) {
		message_print_error(error_os(errno, "cannot start the tracing process"));
		return EXIT_FAILURE;
	}
	if (engine == 0) {
		const struct engine_job job = {options, program, ends[1], output, runner};

		link_close(ends[0]);
		_exit(engine_process_run(&job));
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	link_close(ends[1]);
	if (runner.in >= 0)
		link_close(runner);
	return front_run(&(struct front_job){
		.engine = engine,
		.link = ends[0],
		.pid = options->pid,
		.command = options->command ? command : NULL,
		.program = program,
		.failure = EXIT_FAILURE,
	});
}

/* Whether there is a process to trace is told first of all, not probe by probe. */
static struct usdtrap_error *check_process(const struct options *options)
{
	return options->pid || options->command ? usdtrap_check_process(options->pid) : NULL;
}

/* From the script's text on. */
static int compile_and_run(const struct options *options, const struct command *command)
{
	struct script script = {0};
	struct lang_program *program;
	int output = -1, status = EXIT_FAILURE;
	struct usdtrap_error *error = script_read(options, &script);

	if (error) {
		message_print_error(error);
		return EXIT_FAILURE;
	}
	program = script_compile(&script, options, command->path);
	if (program && !lang_has_probes(program))
		error = error_create(USDTRAP_NOT_FOUND, "No probes to attach");
	else if (program)
		error = open_output(options, &output);
	if (error)
		message_print_error(error);
	else if (program)
		status = divide(options, program, command, output);
	lang_program_destroy(program);
	script_deinit(&script);
	return status;
}

int run_script(const struct options *options)
{
	struct command command = {0};
	struct usdtrap_error *error = options->command ? command_split(options->command, &command) : NULL;
	int status = EXIT_FAILURE;

	if (!error)
		error = check_process(options);
	if (!error && !options->no_warnings)
		command_warn(&command);
	if (error)
		message_print_error(error);
	else
		status = compile_and_run(options, &command);
	command_deinit(&command);
	return status;
}
