/* SPDX-License-Identifier: MIT */
#include "base/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_deinit(struct strbuf *buffer)
{
	free(buffer->text);
	memset(buffer, 0, sizeof(*buffer));
}

void strbuf_clear(struct strbuf *buffer)
{
	buffer->length = 0;
	buffer->failed = 0;
	if (buffer->text)
		buffer->text[0] = '\0';
}

char *strbuf_reserve(struct strbuf *buffer, size_t size)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 64;
	char *text;

	if (size > SIZE_MAX / 4 - buffer->length) {
		buffer->failed = 1;
		return NULL;
	}
	if (buffer->length + size + 1 <= buffer->capacity)
		return buffer->text + buffer->length;
	while (capacity < buffer->length + size + 1)
		capacity *= 2;
	text = realloc(buffer->text, capacity);
	if (!text) {
		buffer->failed = 1;
		return NULL;
	}
	if (!buffer->text)
		text[0] = '\0';
	buffer->text = text;
	buffer->capacity = capacity;
	return text + buffer->length;
}

void strbuf_add(struct strbuf *buffer, const void *bytes, size_t length)
{
	char *end = strbuf_reserve(buffer, length);

	if (!end)
		return;
	if (length)
		memcpy(end, bytes, length);
	end[length] = '\0';
	buffer->length += length;
}

void strbuf_add_string(struct strbuf *buffer, const char *string)
{
	strbuf_add(buffer, string, strlen(string));
}

void strbuf_add_char(struct strbuf *buffer, char character)
{
	strbuf_add(buffer, &character, 1);
}

void strbuf_add_repeated(struct strbuf *buffer, char character, size_t count)
{
	char *end = strbuf_reserve(buffer, count);

	if (!end)
		return;
	memset(end, character, count);
	end[count] = '\0';
	buffer->length += count;
}

void strbuf_vaddf(struct strbuf *buffer, const char *format, va_list arguments)
{
	va_list again;
	int length;
	char *end;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	end = length < 0 ? NULL : strbuf_reserve(buffer, (size_t)length);
	if (!end) {
		buffer->failed = 1;
		return;
	}
	vsnprintf(end, (size_t)length + 1, format, arguments);
	buffer->length += (size_t)length;
}

void strbuf_addf(struct strbuf *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	strbuf_vaddf(buffer, format, arguments);
	va_end(arguments);
}

const char *strbuf_text(const struct strbuf *buffer)
{
	return buffer->text ? buffer->text : "";
}

char *strbuf_take(struct strbuf *buffer)
{
	char *text = buffer->failed ? NULL : buffer->text;

	if (!buffer->text && !buffer->failed)
		text = strdup("");
	if (!text)
		free(buffer->text);
	memset(buffer, 0, sizeof(*buffer));
	return text;
}
