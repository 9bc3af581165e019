/* SPDX-License-Identifier: MIT */
#include "cli/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/utf8.h"

struct message_look {
	const char *word;
	const char *colour; /* an escape sequence: console_codes(4) */
};

static const struct message_look looks[] = {
	[MESSAGE_ERROR] = {"ERROR", "\033[31m"},
	[MESSAGE_WARNING] = {"WARNING", "\033[33m"},
	[MESSAGE_HINT] = {"HINT", "\033[36m"},
	[MESSAGE_NOTE] = {"NOTE", "\033[36m"},
};

bool message_wants_colour(void)
{
	const char *wish = getenv("BPFTRACE_COLOR");
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (wish && strcmp(wish, "always") == 0)
		return true;
	if (wish && strcmp(wish, "never") == 0)
		return false;
	if ((no_colour && *no_colour) || (terminal && strcmp(terminal, "dumb") == 0))
		return false;
	return isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
}

/* TEXT with its lines; names of processes and files are in it, which may hold anything. */
static void add_shown(struct strbuf *out, const char *text)
{
	size_t length = strcspn(text, "\n");

	utf8_add_shown(out, text, length, 0);
	for (text += length; *text; text += length) {
		strbuf_add_char(out, *text++);
		length = strcspn(text, "\n");
		utf8_add_shown(out, text, length, 0);
	}
}

void message_add(struct strbuf *out, bool has_colour, enum message_kind kind, const char *text)
{
	const struct message_look *look = &looks[kind];

	if (has_colour)
		strbuf_addf(out, "%s%s\033[0m: ", look->colour, look->word);
	else
		strbuf_addf(out, "%s: ", look->word);
	add_shown(out, text);
	strbuf_add_char(out, '\n');
}

void message_add_error(struct strbuf *out, bool has_colour, const struct usdtrap_error *error)
{
	message_add(out, has_colour, MESSAGE_ERROR, usdtrap_error_message(error));
	if (usdtrap_error_hint(error))
		message_add(out, has_colour, MESSAGE_HINT, usdtrap_error_hint(error));
}

void message_print_text(const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t written = write(STDERR_FILENO, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return; /* there is nowhere left to complain */
		text += written;
		length -= (size_t)written;
	}
}

void message_print(enum message_kind kind, const char *format, ...)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_strbuf_ struct strbuf message = {0};
	va_list arguments;

	va_start(arguments, format);
	strbuf_vaddf(&text, format, arguments);
	va_end(arguments);
	message_add(&message, message_wants_colour(), kind, strbuf_text(&text));
	message_print_text(strbuf_text(&message));
}

void message_print_error(struct usdtrap_error *error)
{
	_cleanup_strbuf_ struct strbuf message = {0};

	message_add_error(&message, message_wants_colour(), error);
	usdtrap_error_destroy(error);
	message_print_text(strbuf_text(&message));
}
