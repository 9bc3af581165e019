/* SPDX-License-Identifier: MIT */
/* Where a script's text comes from: -e, a FILE, or `-' for standard input. */
#ifndef USDTRAP_CLI_SCRIPT_H
#define USDTRAP_CLI_SCRIPT_H

#include <stddef.h>

#include "base/strbuf.h"
#include "cli/options.h"

/* All zero is an empty one. */
struct script {
	const char *name; /* as messages call it: the FILE's name, else "stdin". Borrowed from the options */
	struct strbuf text;
	const char *const *parameters; /* $1... Borrowed from the options */
	size_t parameter_count;
};

/* Reads the script that OPTIONS name: -e, else the first word. Errors: NOT_FOUND, PERMISSION, OS, NO_MEMORY. */
struct usdtrap_error *script_read(const struct options *options, struct script *ret) USDTRAP_MUST_USE;
void script_deinit(struct script *script);

/*
 * Compiles SCRIPT for what OPTIONS ask; COMMAND_PATH is the program that -c
 * runs, or NULL. Warnings, and errors with their source lines, have been
 * printed when this returns; NULL: there were errors.
 */
struct lang_program *script_compile(const struct script *script, const struct options *options,
				    const char *command_path);

/* For lang_options: runs the system's C preprocessor, bounded in time and output. */
struct usdtrap_error *script_preprocess(const char *const *arguments, const char *text, size_t size,
					struct strbuf *output, struct strbuf *messages,
					int *ret_status) USDTRAP_MUST_USE;

#endif
