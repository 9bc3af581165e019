/* SPDX-License-Identifier: MIT */
/* What stands behind an inspection, <usdtrap/inspect.h>. */
#ifndef USDTRAP_TRACE_INSPECT_H
#define USDTRAP_TRACE_INSPECT_H

#include <usdtrap/inspect.h>

#include "base/arena.h"
#include "trace/engine.h"
#include "trace/modules.h"

struct usdtrap_inspection {
	pid_t pid;
	struct engine engine; /* traces nobody: those who walk stacks want one */
	struct space *space;  /* its modules are fixed: trace/modules.h */
	struct module_files files;
	struct arena names; /* of code that was made while the program ran */
};

/* Whether ERROR is none. It is destroyed: what cannot be had here is left out. */
bool inspection_is_fine(struct usdtrap_error *error);
/* Opens the memory of INSPECTION's process, if it is not open already. Errors: GONE, PERMISSION, OS. */
struct usdtrap_error *inspection_open_memory(struct usdtrap_inspection *inspection) USDTRAP_MUST_USE;
/* The mapping that ADDRESS lies in; NULL: none. */
struct module *inspection_module(struct usdtrap_inspection *inspection, uint64_t address);
/* The ELF file of MODULE; NULL: it has none, or none that can be read, or MODULE is NULL. */
struct module_file *inspection_file(struct usdtrap_inspection *inspection, struct module *module);

#endif
