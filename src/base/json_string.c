/* SPDX-License-Identifier: MIT */
#include "base/json_string.h"

#include "base/strbuf.h"
#include "base/utf8.h"

/* The two characters that stand for BYTE, or NULL. */
static const char *short_escape(unsigned char byte)
{
	switch (byte) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

void json_characters(const char *text, size_t length, struct strbuf *out)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t position = 0;

	while (position < length) {
		const char *escape = short_escape(bytes[position]);
		size_t size = utf8_length(bytes + position, length - position);

		if (escape)
			strbuf_add_string(out, escape);
		else if (!size || bytes[position] < ' ')
			strbuf_addf(out, "\\u%04x", bytes[position]);
		else
			strbuf_add(out, bytes + position, size);
		position += size ? size : 1;
	}
}

void json_string(const char *text, size_t length, struct strbuf *out)
{
	strbuf_add_char(out, '"');
	json_characters(text, length, out);
	strbuf_add_char(out, '"');
}
