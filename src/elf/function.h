/* SPDX-License-Identifier: MIT */
/*
 * The functions of an ELF file, and its variables: what .symtab and .dynsym say lies where, and,
 * where the file was stripped, what its separate debug file says, or a symbol table
 * that it has in itself, compressed (minidebug.c).
 */
#ifndef USDTRAP_ELF_FUNCTION_H
#define USDTRAP_ELF_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <usdtrap/error.h>

#include "base/arena.h"

struct elf_object;
struct strbuf;

/* One name of a function, or of a variable. Either may have several, and a name may mean several. */
struct elf_function {
	const char *name; /* without the version that some tables write behind an @ */
	uint64_t vaddr;
	uint64_t size;    /* bytes; 0: the table does not say */
	bool is_global;   /* seen by other files */
	bool is_resolver; /* STT_GNU_IFUNC: what lies here is called once, to choose the function */
};

/* All is owned by the struct and never changes. */
struct elf_functions {
	struct elf_function *items; /* by name, then by address; each pair of these once */
	size_t count;
	struct elf_function **by_address; /* the same by address; of one address, the name to call it by comes first */
	uint64_t *reach;                  /* of each in that order, the highest end of all up to it */
	struct arena arena;
};

/*
 * Reads the functions of OBJECT, and of DEBUG, its debug file (NULL: none);
 * both may be destroyed afterwards. *RET is ended with elf_functions_destroy()
 * and may have none at all. Errors: NO_MEMORY.
 */
struct usdtrap_error *elf_functions_load(const struct elf_object *object, const struct elf_object *debug,
					 struct elf_functions **ret) USDTRAP_MUST_USE;
/* The same of its variables: what has a name in data of its own, but for those that each thread has a copy of. */
struct usdtrap_error *elf_variables_load(const struct elf_object *object, const struct elf_object *debug,
					 struct elf_functions **ret) USDTRAP_MUST_USE;
void elf_functions_destroy(struct elf_functions *functions);

/* The first item called NAME; those with the same name follow it. NULL: none. */
const struct elf_function *elf_functions_find(const struct elf_functions *functions, const char *name);
/* The function that VADDR lies in, the innermost if there are several; one whose size is not known reaches to the next.
 * NULL: none.
 */
const struct elf_function *elf_functions_at(const struct elf_functions *functions, uint64_t vaddr);

/*
 * Opens the separate debug file of OBJECT, which lies at PATH: by its build id
 * in /usr/lib/debug/.build-id, else by .gnu_debuglink in the places gdb(1)
 * looks. ROOT goes before every path that is absolute: "" or where another
 * mount namespace is. *RET is NULL if there is none that fits. What does not
 * have the same build id (or, without one, the checksum) does not fit.
 */
void elf_debug_open(const struct elf_object *object, const char *path, const char *root, struct elf_object **ret);
/*
 * Opens the file that OBJECT has in its section .gnu_debugdata; it lies in
 * IMAGE, which must outlive it. *RET is NULL if there is none, or none that can be read.
 */
void elf_minidebug_open(const struct elf_object *object, struct strbuf *image, struct elf_object **ret);

#endif
