/* SPDX-License-Identifier: MIT */
#include "cli/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/message.h"
#include "cli/script.h"

static struct usdtrap_error *write_all(FILE *file, const char *name, const struct strbuf *text)
{
	if (fwrite(strbuf_text(text), 1, text->length, file) != text->length || fflush(file) != 0)
		return error_os(errno, "cannot write to %s", name);
	return NULL;
}

/* The mode that the file at PATH has, or that a new one would get. */
static mode_t mode_for(const char *path)
{
	struct stat status;
	mode_t mask;

	if (stat(path, &status) == 0)
		return status.st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

/* Writes a file beside PATH and puts it in its place, so that at no time there is half a script. */
static struct usdtrap_error *replace(const char *path, const struct strbuf *text)
{
	_cleanup_strbuf_ struct strbuf beside = {0};
	_cleanup_file_ FILE *file = NULL;
	_cleanup_free_ char *name = NULL;
	struct usdtrap_error *error;
	int descriptor;

	strbuf_addf(&beside, "%s.XXXXXX", path);
	name = strbuf_take(&beside);
	if (!name)
		return &error_no_memory;
	descriptor = mkostemp(name, O_CLOEXEC);
	if (descriptor < 0)
		return error_os(errno, "cannot write beside %s", path);
	file = fdopen(descriptor, "w");
	if (!file) {
		close(descriptor);
		unlink(name);
		return &error_no_memory;
	}
	error = write_all(file, name, text);
	if (!error && (fchmod(descriptor, mode_for(path)) < 0 || rename(name, path) < 0))
		error = error_os(errno, "cannot replace %s", path);
	if (error)
		unlink(name);
	return error;
}

/* A link stays one, and what is no file, /dev/stdout or a pipe, is written to as it is. */
static struct usdtrap_error *write_file(const char *path, const struct strbuf *text)
{
	_cleanup_free_ char *real_path = NULL;
	_cleanup_file_ FILE *file = NULL;
	struct stat status;

	if (lstat(path, &status) < 0)
		return replace(path, text);
	if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
		real_path = realpath(path, NULL);
	if (real_path)
		return replace(real_path, text);
	file = fopen(path, "we");
	return file ? write_all(file, path, text) : error_os(errno, "cannot write to %s", path);
}

int format_run(const struct options *options)
{
	_cleanup_strbuf_ struct strbuf diagnostics = {0}, text = {0};
	struct script script = {0};
	struct lang_options lang_options = {
		.colour = message_wants_colour(),
		.no_warnings = options->no_warnings,
		.include_directories = options->include_directories,
		.include_files = options->include_files,
		.preprocess = script_preprocess,
	};
	struct usdtrap_error *error = script_read(options, &script);

	if (!error) {
		lang_options.name = script.name;
		error = lang_format(strbuf_text(&script.text), script.text.length, &lang_options, &diagnostics, &text);
	}
	script_deinit(&script);
	message_print_text(strbuf_text(&diagnostics));
	if (!error)
		error = options->output_path ? write_file(options->output_path, &text)
					     : write_all(stdout, "standard output", &text);
	if (!error)
		return EXIT_SUCCESS;
	if (!error_catch(error, USDTRAP_SCRIPT))
		message_print_error(error);
	return EXIT_FAILURE;
}
