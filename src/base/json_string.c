/* SPDX-License-Identifier: MIT */
#include "base/json_string.h"

#include "base/strbuf.h"

/*
 * The length of the UTF-8 character at BYTES, or 0 if there is none. The
 * second byte's range depends on the first (RFC 3629 section 4): that rules out
 * overlong forms, surrogates and what lies beyond U+10FFFF.
 */
static size_t utf8_length(const unsigned char *bytes, size_t available)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high, length;
	} forms[] = {
		{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	if (bytes[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (bytes[0] < forms[i].first_low || bytes[0] > forms[i].first_high)
			continue;
		if (available < forms[i].length || bytes[1] < forms[i].second_low || bytes[1] > forms[i].second_high)
			return 0;
		for (size_t j = 2; j < forms[i].length; j++) {
			if (bytes[j] < 0x80 || bytes[j] > 0xbf)
				return 0;
		}
		return forms[i].length;
	}
	return 0;
}

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
