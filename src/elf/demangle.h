/* SPDX-License-Identifier: MIT */
/*
 * C++ names. The one who knows how to read them is the C++ runtime library
 * (__cxa_demangle of the Itanium C++ ABI), which a C program neither is nor
 * should be linked with. But a machine that runs C++ programs has it, so it is
 * loaded when a C++ name is first asked for; the static program has it inside.
 */
#ifndef USDTRAP_ELF_DEMANGLE_H
#define USDTRAP_ELF_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether C++ names can be read here. */
bool demangle_is_possible(void);
/* The C++ name that SYMBOL stands for, to be freed with free(3); NULL: it is none, or C++ names cannot be read here. */
char *demangle(const char *symbol);
/*
 * Whether PATTERN means the C++ name NAME: "ns::f" means it with any
 * parameters, "ns::f(int)" with these. Wildcards as in base/glob.h.
 */
bool demangle_match(const char *pattern, const char *name);

/* What "ns::f(int) const" is called without its parameters, to be freed with free(3). NULL: it has none; no memory. */
char *demangle_without_parameters(const char *name);

/* __cxa_demangle of the Itanium C++ ABI, section 3.4. */
typedef char *(*demangle_fn)(const char *symbol, char *buffer, size_t *size, int *status);
/* It, from a library of the machine; NULL: there is none, or this is the static program, which loads none. */
demangle_fn demangle_find(void);

#endif
