/* SPDX-License-Identifier: MIT */
/*
 * Text as JSON has it (RFC 8259). What is not UTF-8, as a target's memory may
 * well be, is still valid JSON here: each byte that belongs to no character
 * becomes \u00XX.
 */
#ifndef USDTRAP_BASE_JSON_STRING_H
#define USDTRAP_BASE_JSON_STRING_H

#include <stddef.h>

struct strbuf;

/* A quoted string. */
void json_string(const char *text, size_t length, struct strbuf *out);
/* What is between the quotes. */
void json_characters(const char *text, size_t length, struct strbuf *out);

#endif
