/* SPDX-License-Identifier: MIT */
#include "cli/script.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/filter.h"
#include "cli/message.h"
#include "cli/subcommand.h"

/* No script is that long; a device that never ends is. */
#define SCRIPT_SIZE_MAX ((size_t)16 << 20)

static struct usdtrap_error *read_all(int descriptor, const char *name, struct strbuf *text)
{
	for (;;) {
		char *end = strbuf_reserve(text, 64 * 1024);
		ssize_t length;

		if (!end)
			return &error_no_memory;
		length = read(descriptor, end, 64 * 1024);
		if (length == 0)
			return NULL;
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return error_os(errno, "failed to read file '%s'", name);
		text->length += (size_t)length;
		end[length] = '\0';
		if (text->length > SCRIPT_SIZE_MAX)
			return error_create(USDTRAP_INVALID_USE, "'%s' is no script: it goes on after %zu MiB", name,
					    SCRIPT_SIZE_MAX >> 20);
	}
}

/* WORD stands where a script's FILE would. Is it something else? Takes ERROR over. */
static struct usdtrap_error *hint_at_no_file(struct usdtrap_error *error, const char *word)
{
	const bool has_blank = strpbrk(word, " {") != NULL;

	if (!word[strspn(word, "0123456789")])
		return error_hint(error,
				  "a process is named with -p, and what to do there with -e: usdtrap -p %s -e "
				  "'PROGRAM'; or usdtrap inspect %s",
				  word, word);
	if (has_blank)
		return error_hint(error, "a program stands behind -e: usdtrap -e 'PROGRAM'");
	if (strchr(word, ':'))
		return error_hint(error,
				  "usdtrap -l '%s' lists probes; what to do at them is said with -e: usdtrap -e "
				  "'%s { ... }'",
				  word, word);
	return error;
}

static struct usdtrap_error *read_file(const char *path, struct strbuf *text)
{
	_cleanup_close_ int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct usdtrap_error *error;

	if (descriptor < 0) {
		bool is_word = errno == ENOENT && !strchr(path, '/');
		const struct subcommand *meant = is_word ? subcommand_nearest(path) : NULL;

		error = error_os(errno, "failed to open file '%s'", path);
		if (meant)
			return error_hint(error, "did you mean usdtrap %s?", meant->name);
		return usdtrap_error_errno(error) == ENOENT ? hint_at_no_file(error, path) : error;
	}
	error = read_all(descriptor, path, text);
	if (text->length < 4 || memcmp(strbuf_text(text), "\177ELF", 4) != 0)
		return error;
	usdtrap_error_destroy(error); /* that it is long says less */
	return error_hint(error_create(USDTRAP_INVALID_USE, "'%s' is a program or a library, not a script", path),
			  "usdtrap -l %s lists its probes, usdtrap -c %s -e 'PROGRAM' traces it", path, path);
}

struct usdtrap_error *script_read(const struct options *options, struct script *ret)
{
	struct script script = {
		.name = "stdin",
		.parameters = options->words.items,
		.parameter_count = options->words.count,
	};
	struct usdtrap_error *error = NULL;

	if (options->program) {
		strbuf_add_string(&script.text, options->program);
		if (script.text.failed)
			error = &error_no_memory;
	} else {
		const char *file = options->words.items[0];

		script.parameters++;
		script.parameter_count--;
		if (strcmp(file, "-") == 0) {
			error = read_all(STDIN_FILENO, script.name, &script.text);
		} else {
			script.name = file;
			error = read_file(file, &script.text);
		}
	}
	if (error)
		script_deinit(&script);
	else
		*ret = script;
	return error;
}

void script_deinit(struct script *script)
{
	strbuf_deinit(&script->text);
}

static void print_tree(struct lang_program *program)
{
	_cleanup_strbuf_ struct strbuf tree = {0};

	lang_dump_tree(program, &tree);
	message_print_text(strbuf_text(&tree));
}

/* The headers of a large program come to a few megabytes and take a tenth of a second. */
struct usdtrap_error *script_preprocess(const char *const *arguments, const char *text, size_t size,
					struct strbuf *output, struct strbuf *messages, int *ret_status)
{
	static const struct filter_limits limits = {.output_max = (size_t)32 * 1024 * 1024, .timeout_ms = 20000};

	return filter_run(arguments, text, size, &limits, output, messages, ret_status);
}

struct lang_program *script_compile(const struct script *script, const struct options *options,
				    const char *command_path)
{
	_cleanup_strbuf_ struct strbuf diagnostics = {0};
	struct lang_options lang_options = {
		.name = script->name,
		.pid = options->pid,
		.command_path = command_path,
		.parameters = script->parameters,
		.parameter_count = script->parameter_count,
		.mode = options->mode,
		.named_parameters = options->named,
		.include_directories = options->include_directories,
		.include_files = options->include_files,
		.preprocess = script_preprocess,
		.environment = (const char *const *)environ,
		.probe_filter = options->probe_filter,
		.format = options->format,
		.may_import = true,
		.is_unsafe = options->is_unsafe,
		.warns_of_failures = options->warns_of_failures,
		.colour = message_wants_colour(),
		.no_warnings = options->no_warnings,
	};
	struct lang_program *program = NULL;
	struct usdtrap_error *error;

	error = lang_compile(strbuf_text(&script->text), script->text.length, &lang_options, &diagnostics, &program);
	message_print_text(strbuf_text(&diagnostics));
	/* A script's own errors are in the diagnostics, each with its place. */
	if (error && !error_catch(error, USDTRAP_SCRIPT))
		message_print_error(error);
	if (program && options->debugs_tree)
		print_tree(program);
	return program;
}
