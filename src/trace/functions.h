/* SPDX-License-Identifier: MIT */
/* From what a pattern calls a function to the places of one file that are meant. */
#ifndef USDTRAP_TRACE_FUNCTIONS_H
#define USDTRAP_TRACE_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <usdtrap/function.h>

#include "base/arena.h"
#include "elf/function.h"
#include "elf/object.h"

struct strbuf;

/* A file's functions, and how to call it. */
struct functions_file {
	const struct elf_object *object;
	const struct elf_functions *functions;
	const char *path;
};

struct functions_search {
	const struct usdtrap_function_pattern *pattern;
	bool wants_all_names; /* a wildcard means every name of an address, not just one; also those that choose
				 functions */
	struct arena *arena;  /* what is found lives in it */
	int (*on_match)(const struct usdtrap_probe_info *info, void *user); /* nonzero ends the search */
	void *user;
};

/* Reads the functions of OBJECT, which lies at PATH, with those of its debug file. Errors: NO_MEMORY. */
struct usdtrap_error *functions_load(const struct elf_object *object, const char *path,
				     struct elf_functions **ret) USDTRAP_MUST_USE;

/*
 * Calls back for what SEARCH means in FILE, by name. *RET_COUNT: how often.
 * None is no error: functions_explain_no_match() says why. Errors: see
 * usdtrap_add_function().
 */
struct usdtrap_error *functions_find(const struct functions_file *file, const struct functions_search *search,
				     size_t *ret_count) USDTRAP_MUST_USE;

/* The NOT_FOUND error for a PATTERN that means nothing in FILE. */
struct usdtrap_error *functions_explain_no_match(const struct functions_file *file,
						 const struct usdtrap_function_pattern *pattern) USDTRAP_MUST_USE;
/* PATTERN's function as one would write it: "f", "f+4", "0x1234", "cpp:\"ns::f\"". Appends to OUT. */
void functions_format_pattern(const struct usdtrap_function_pattern *pattern, struct strbuf *out);
/* What PATTERN's function was probably meant to be, as one would write it, to be freed; NULL: none is near. */
char *functions_nearest(const struct elf_functions *functions, const struct usdtrap_function_pattern *pattern);

#endif
