/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>

#include "elf/demangle.h"

/* Looked up anew each time, which dlopen(3) makes cheap: there is no state to keep, nor to guard. */
demangle_fn demangle_find(void)
{
	static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1"};

	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
		void *function = library ? dlsym(library, "__cxa_demangle") : NULL;

		if (library)
			dlclose(library); /* it stays: RTLD_NODELETE */
		if (function)
			return (demangle_fn)function;
	}
	return NULL;
}
