/* SPDX-License-Identifier: MIT */
#include "elf/demangle.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/glob.h"

/* Itanium C++ ABI, section 3.4 "Demangler API". Linked in, or NULL. */
char *__cxa_demangle(const char *symbol, char *buffer, size_t *size, int *status) __attribute__((weak));

static demangle_fn find_demangler(void)
{
	return __cxa_demangle ? __cxa_demangle : demangle_find();
}

bool demangle_is_possible(void)
{
	return find_demangler() != NULL;
}

char *demangle(const char *symbol)
{
	demangle_fn function;
	int status = 0;

	/* __cxa_demangle takes a bare type, too: "i" is int. */
	if (strncmp(symbol, "_Z", 2) != 0)
		return NULL;
	function = find_demangler();
	return function ? function(symbol, NULL, NULL, &status) : NULL;
}

/*
 * Where the parameters of NAME begin, NULL: it has none. They are the last
 * parentheses: what comes before may have some as well, "A::operator()(int)",
 * "(anonymous namespace)::f(int)", "f<(int)1>(int)"; what comes behind has not,
 * " const".
 */
static const char *parameters_of(const char *name)
{
	const char *end = strrchr(name, ')');
	unsigned depth = 0;

	for (const char *at = end; at && at > name; at--) {
		if (*at == ')')
			depth++;
		else if (*at == '(' && --depth == 0)
			return at;
	}
	return NULL;
}

char *demangle_without_parameters(const char *name)
{
	const char *parameters = parameters_of(name);

	return parameters ? strndup(name, (size_t)(parameters - name)) : NULL;
}

bool demangle_match(const char *pattern, const char *name)
{
	_cleanup_free_ char *bare = NULL;

	if (glob_match(pattern, name))
		return true;
	bare = demangle_without_parameters(name);
	return bare && glob_match(pattern, bare);
}
