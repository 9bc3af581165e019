/* SPDX-License-Identifier: MIT */
/*
 * Imports. Each file is read once, however often and by whatever name it is
 * imported; so files may import one another. Whoever can write to a file that
 * is imported decides what the script does, with the rights of the user who
 * runs it: what anybody may write to is refused.
 */
#include "lang/import.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "lang/parser_internal.h"

#define FILE_SIZE_MAX    ((size_t)16 << 20)
#define FILES_MAX        1000
#define IMPORT_DEPTH_MAX 50

/* A file that was read, or is being read. */
struct imported {
	struct imported *next;
	dev_t device;
	ino_t inode;
};

static void note(struct parser *parser, const struct stat *status)
{
	struct imported *file = arena_allocate(parser->arena, sizeof(*file));

	if (!file)
		return;
	*file = (struct imported){parser->links->imported, status->st_dev, status->st_ino};
	parser->links->imported = file;
}

void import_begin(struct parser *parser, const struct source *source)
{
	struct stat status;

	if (parser->options->may_import && stat(source->name, &status) == 0 && S_ISREG(status.st_mode))
		note(parser, &status);
}

static size_t count_files(const struct parser *parser)
{
	size_t count = 0;

	for (const struct imported *file = parser->links->imported; file; file = file->next)
		count++;
	return count;
}

static bool is_known(const struct parser *parser, const struct stat *status)
{
	for (const struct imported *file = parser->links->imported; file; file = file->next) {
		if (file->device == status->st_dev && file->inode == status->st_ino)
			return true;
	}
	return false;
}

/* ---- What may be read ------------------------------------------------------------------------------------------- */

static void complain(struct parser *parser, struct span span, const char *path, const char *why)
{
	diag_error(parser->diagnostics, span, "cannot import '%s': %s", path, why);
}

/* A folder in which anybody may put a file of their own in the place of another. */
static bool is_open_to_all(const struct stat *folder, const struct stat *file)
{
	if (!(folder->st_mode & S_IWOTH))
		return false;
	/* In /tmp and its like files belong to who made them, and nobody else can replace them. */
	return !(folder->st_mode & S_ISVTX) || (file->st_uid != 0 && file->st_uid != geteuid());
}

/* PATH up to its last slash. */
static char *folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_copy(arena, ".", 1);
	return arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

/* Whether PATH, a file or a folder of that STATUS, may only be written by who runs the script, or by root. */
static bool check_writers(struct parser *parser, struct span span, const char *path, const struct stat *status)
{
	const char *folder = folder_of(parser->arena, path);
	struct stat around;

	if (status->st_mode & S_IWOTH) {
		complain(parser, span, path, "anybody may write to it");
		diag_hint(parser->diagnostics, "chmod o-w %s", path);
		return false;
	}
	if (folder && stat(folder, &around) == 0 && is_open_to_all(&around, status)) {
		complain(parser, span, path, "anybody may put another in its place");
		diag_hint(parser->diagnostics, "chmod o-w %s", folder);
		return false;
	}
	return folder != NULL;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* What a file is by its name; NULL: a script. */
static const char *refused_name(const char *path)
{
	if (ends_with(path, ".bpf.c") || ends_with(path, ".bpf.o"))
		return "it is a program for BPF, which usdtrap works without";
	if (ends_with(path, ".h"))
		return "headers are read by #include";
	return ends_with(path, ".bt") ? NULL : "it is no .bt file and no folder";
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/* All of the file at PATH. An errno(3) value, or 0. */
static int read_file(int descriptor, struct strbuf *text)
{
	for (;;) {
		char *end = strbuf_reserve(text, 64 * 1024);
		ssize_t length;

		if (!end)
			return ENOMEM;
		length = read(descriptor, end, 64 * 1024);
		if (length == 0)
			return 0;
		if (length < 0 && errno != EINTR)
			return errno;
		if (length > 0)
			text->length += (size_t)length;
		if (text->length > FILE_SIZE_MAX)
			return EFBIG;
	}
}

/* A source for TEXT behind all that there are; NULL when there is no more room, or memory. */
static struct source *add_source(struct parser *parser, const char *path, const struct strbuf *text)
{
	const struct source *last = parser->program->source;
	struct source *source;
	uint64_t start;

	while (last->next)
		last = last->next;
	/* The place behind a text's end is still its own. */
	start = (uint64_t)last->start + last->size + 2;
	if (start + text->length > DIAG_SOURCE_MAX)
		return NULL;
	source = arena_allocate(parser->arena, sizeof(*source));
	if (!source)
		return NULL;
	source->name = arena_copy(parser->arena, path, strlen(path));
	source->text = arena_copy(parser->arena, text->text ? text->text : "", text->length);
	source->size = text->length;
	source->start = (uint32_t)start;
	if (!source->name || !source->text)
		return NULL;
	*parser->links->source = source;
	parser->links->source = &source->next;
	return source;
}

static void parse_source(struct parser *parser, const struct source *source)
{
	struct parser imported = {
		.options = parser->options,
		.program = parser->program,
		.links = parser->links,
		.arena = parser->arena,
		.diagnostics = parser->diagnostics,
		.names = parser->names,
		.headers = parser->headers,
		.imports = parser->imports + 1,
	};

	parser_script(&imported, source);
}

static void import_file(struct parser *parser, const char *path, struct span span)
{
	_cleanup_close_ int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_cleanup_strbuf_ struct strbuf text = {};
	const struct source *source;
	struct stat status;
	int error;

	if (descriptor < 0 || fstat(descriptor, &status) != 0) {
		complain(parser, span, path, strerror(errno));
		return;
	}
	if (!S_ISREG(status.st_mode)) {
		complain(parser, span, path, "it is no file");
		return;
	}
	if (is_known(parser, &status) || !check_writers(parser, span, path, &status))
		return;
	if (parser->imports >= IMPORT_DEPTH_MAX || count_files(parser) >= FILES_MAX) {
		complain(parser, span, path, "too many files import one another");
		return;
	}
	note(parser, &status);
	error = read_file(descriptor, &text);
	if (error) {
		complain(parser, span, path, strerror(error));
		return;
	}
	source = add_source(parser, path, &text);
	if (source)
		parse_source(parser, source);
	else if (!parser->arena->failed)
		complain(parser, span, path, "the script and what it imports are too large");
}

static int is_script(const struct dirent *entry)
{
	return ends_with(entry->d_name, ".bt");
}

/* All scripts of the folder at PATH, by name. */
static void import_folder(struct parser *parser, const char *path, const struct stat *status, struct span span)
{
	struct dirent **entries;
	int count;

	if (!check_writers(parser, span, path, status))
		return;
	count = scandir(path, &entries, is_script, alphasort);
	if (count < 0) {
		complain(parser, span, path, strerror(errno));
		return;
	}
	if (count == 0)
		complain(parser, span, path, "there are no .bt files in it");
	for (int i = 0; i < count; i++) {
		const char *file = arena_printf(parser->arena, "%s/%s", path, entries[i]->d_name);

		if (file)
			import_file(parser, file, span);
		free(entries[i]);
	}
	free(entries);
}

void import_read(struct parser *parser, const char *name, struct span span)
{
	const char *folder = folder_of(parser->arena, parser->lexer.source->name);
	const char *path = name;
	struct stat status;

	if (!parser->options->may_import) {
		complain(parser, span, name, "files cannot be imported here");
		return;
	}
	if (name[0] != '/' && folder && strcmp(folder, ".") != 0)
		path = arena_printf(parser->arena, "%s/%s", folder, name);
	if (!path || !folder)
		return;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		import_folder(parser, path, &status, span);
	else if (refused_name(path))
		complain(parser, span, path, refused_name(path));
	else
		import_file(parser, path, span);
}
