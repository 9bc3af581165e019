/* SPDX-License-Identifier: MIT */
#include "base/glob.h"

#include <stddef.h>
#include <string.h>

/* The ] that ends the set at SET (a [), or NULL. As the first member a ] stands for itself. */
static const char *end_of_set(const char *set)
{
	const char *member = set + 1;

	if (*member == '!' || *member == '^')
		member++;
	return *member ? strchr(member + 1, ']') : NULL;
}

bool glob_has_wildcard(const char *pattern)
{
	for (; *pattern; pattern++)
		if (*pattern == '*' || (*pattern == '[' && end_of_set(pattern)))
			return true;
	return false;
}

static bool set_has(const char *set, const char *end, char character)
{
	bool is_inverted = set[1] == '!' || set[1] == '^';
	bool is_member = false;
	unsigned char wanted = (unsigned char)character;

	for (const char *member = set + 1 + is_inverted; member < end; member++) {
		unsigned char first = (unsigned char)*member, last = first;

		if (member[1] == '-' && member + 2 < end) {
			last = (unsigned char)member[2];
			member += 2;
		}
		is_member |= wanted >= first && wanted <= last;
	}
	return is_member != is_inverted;
}

/* If PATTERN, which is at no star, begins with something that stands for CHARACTER, what follows it; else NULL. */
static const char *match_one(const char *pattern, char character)
{
	const char *end = *pattern == '[' ? end_of_set(pattern) : NULL;

	if (end)
		return set_has(pattern, end, character) ? end + 1 : NULL;
	return *pattern == character ? pattern + 1 : NULL;
}

bool glob_match(const char *pattern, const char *text)
{
	const char *behind_star = NULL,
		   *retry = NULL; /* a star before this in the pattern could end at this in the text */
	const char *next;

	while (*text) {
		if (*pattern == '*') {
			behind_star = ++pattern;
			retry = text;
		} else if ((next = match_one(pattern, *text))) {
			pattern = next;
			text++;
		} else if (behind_star) {
			pattern = behind_star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
