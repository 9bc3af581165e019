/* SPDX-License-Identifier: MIT */
/*
 * Text that grows. An all-zero strbuf is an empty one. When memory runs out
 * the buffer keeps what it has and `failed' stays set, so that a caller checks
 * once at the end instead of at each append.
 */
#ifndef USDTRAP_BASE_STRBUF_H
#define USDTRAP_BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
	char *text;      /* NUL-ended once anything was appended; NULL before */
	size_t length;   /* without the NUL */
	size_t capacity; /* bytes allocated */
	int failed;      /* memory ran out at some append */
};

void strbuf_deinit(struct strbuf *buffer);
/* Forgets the text, keeps the memory. */
void strbuf_clear(struct strbuf *buffer);
/* Makes room for SIZE more bytes and the NUL. Returns where they go, or NULL (failed is then set). */
char *strbuf_reserve(struct strbuf *buffer, size_t size);
void strbuf_add(struct strbuf *buffer, const void *bytes, size_t length);
void strbuf_add_string(struct strbuf *buffer, const char *string);
void strbuf_add_char(struct strbuf *buffer, char character);
void strbuf_add_repeated(struct strbuf *buffer, char character, size_t count);
void strbuf_addf(struct strbuf *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *buffer, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
/* The text, never NULL. */
const char *strbuf_text(const struct strbuf *buffer);
/* Hands the text out (free(3) it) and empties the buffer; NULL if memory had run out. */
char *strbuf_take(struct strbuf *buffer);

#define _cleanup_strbuf_ __attribute__((cleanup(strbuf_deinit)))

#endif
