/* SPDX-License-Identifier: MIT */
#include "cli/wrap.h"

#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/strbuf.h"

enum { WIDTH_DEFAULT = 80, WIDTH_LEAST = 40, WIDTH_MOST = 100 };

size_t wrap_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH_DEFAULT;
	if (size.ws_col < WIDTH_LEAST)
		return WIDTH_LEAST;
	return size.ws_col < WIDTH_MOST ? size.ws_col : WIDTH_MOST;
}

/* The columns of LENGTH bytes of UTF-8: one a character, as nearly all have. */
static size_t columns_of(const char *text, size_t length)
{
	size_t columns = 0;

	for (size_t i = 0; i < length; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

void wrap_add(struct strbuf *out, const char *text, size_t column, size_t indent, size_t width)
{
	bool is_first = true;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t length = strcspn(text, " ");
		size_t columns = columns_of(text, length);

		if (!is_first && column + 1 + columns > width) {
			strbuf_add_char(out, '\n');
			strbuf_add_repeated(out, ' ', indent);
			column = indent;
		} else if (!is_first) {
			strbuf_add_char(out, ' ');
			column++;
		}
		strbuf_add(out, text, length);
		column += columns;
		text += length;
		is_first = false;
	}
}
