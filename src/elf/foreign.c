/* SPDX-License-Identifier: MIT */
#include "elf/foreign.h"

#include <string.h>

#include "base/error.h"

static const struct {
	const char *magic;
	const char *meaning;
	const char *hint;
} known[] = {
	{"!<arch>\n", "a static library", "its probes are in the programs that were linked with it"},
	{"!<thin>\n", "a static library", "its probes are in the programs that were linked with it"},
	{"/* GNU ld script", "a script for the linker", "name the shared library itself, which ends in .so.NUMBER"},
	{"PK\003\004", "a zip archive", NULL},
	{"\037\213", "a gzip archive", NULL},
	{"MZ", "a Windows program", NULL},
};

/* The next word of a script's first line, which ends at END. Moves *TEXT behind it; *RET_LENGTH 0: there is none. */
static const char *next_word(const char **text, const char *end, size_t *ret_length)
{
	const char *word = *text;

	while (word < end && (*word == ' ' || *word == '\t'))
		word++;
	*text = word;
	while (*text < end && **text != ' ' && **text != '\t')
		(*text)++;
	*ret_length = (size_t)(*text - word);
	return word;
}

static int is_env(const char *word, size_t length)
{
	return length >= 4 && memcmp(word + length - 4, "/env", 4) == 0;
}

/* "#!/usr/bin/python3 -u" is run by /usr/bin/python3, "#!/usr/bin/env -S X=1 python3" by python3. execve(2), env(1). */
static const char *find_interpreter(const char *line, const char *end, size_t *ret_length)
{
	const char *word = next_word(&line, end, ret_length);

	if (!is_env(word, *ret_length))
		return word;
	do
		word = next_word(&line, end, ret_length);
	while (*ret_length && (*word == '-' || memchr(word, '=', *ret_length)));
	return word;
}

static struct usdtrap_error *explain_script(const char *name, const char *line, const char *end)
{
	size_t length;
	const char *interpreter = find_interpreter(line, end, &length);
	struct usdtrap_error *error;

	if (!length)
		return error_create(USDTRAP_BAD_ELF, "%s: a script, not an ELF file", name);
	error = error_create(USDTRAP_BAD_ELF, "%s: a script for %.*s, not an ELF file", name, (int)length, interpreter);
	return error_hint(error, "a script's probes are those of the program that runs it: name %.*s instead",
			  (int)length, interpreter);
}

struct usdtrap_error *foreign_explain(const char *name, const char *beginning, size_t size)
{
	const char *newline = size ? memchr(beginning, '\n', size) : NULL;
	struct usdtrap_error *error;

	if (!size)
		return error_create(USDTRAP_BAD_ELF, "%s: an empty file, not an ELF file", name);
	if (size > 2 && memcmp(beginning, "#!", 2) == 0)
		return explain_script(name, beginning + 2, newline ? newline : beginning + size);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (size < strlen(known[i].magic) || memcmp(beginning, known[i].magic, strlen(known[i].magic)) != 0)
			continue;
		error = error_create(USDTRAP_BAD_ELF, "%s: %s, not an ELF file", name, known[i].meaning);
		return known[i].hint ? error_hint(error, "%s", known[i].hint) : error;
	}
	return error_create(USDTRAP_BAD_ELF, "%s: not an ELF file", name);
}
