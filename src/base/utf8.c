/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <stdbool.h>

#include "base/strbuf.h"

/* The second byte's range depends on the first: that rules out overlong forms, surrogates and what lies beyond
 * U+10FFFF. */
size_t utf8_length(const unsigned char *bytes, size_t available)
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

/* Of SIZE bytes: below a space, DEL, or from U+0080 to U+009F. */
static bool is_control(const unsigned char *bytes, size_t size)
{
	if (size == 2)
		return bytes[0] == 0xc2 && bytes[1] < 0xa0;
	return size == 1 && (bytes[0] < ' ' || bytes[0] == 0x7f);
}

static void add_byte(struct strbuf *out, unsigned char byte)
{
	if (byte == '\n')
		strbuf_add_string(out, "\\n");
	else if (byte == '\t')
		strbuf_add_string(out, "\\t");
	else
		strbuf_addf(out, "\\x%02x", byte);
}

void utf8_add_shown(struct strbuf *out, const char *text, size_t length, char quote)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t position = 0;

	while (position < length) {
		const unsigned char *at = bytes + position;
		size_t size = utf8_length(at, length - position);

		if (size == 0 || is_control(at, size)) {
			size = size ? size : 1;
			for (size_t i = 0; i < size; i++)
				add_byte(out, at[i]);
		} else {
			if (quote && (*at == (unsigned char)quote || *at == '\\'))
				strbuf_add_char(out, '\\');
			strbuf_add(out, at, size);
		}
		position += size;
	}
}
