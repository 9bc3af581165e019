/* SPDX-License-Identifier: MIT */
/*
 * Modules: which file, and what in it, an address of a process belongs to.
 *
 * A file is opened once a session, whoever maps it, and its symbols and
 * unwind tables are read when first asked for. A space has a list of what it
 * has mapped, read anew when an address is not in it, when a library was
 * loaded, and once a second.
 */
#ifndef USDTRAP_TRACE_MODULES_H
#define USDTRAP_TRACE_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uthash.h>

#include "elf/cfi.h"
#include "elf/function.h"
#include "elf/object.h"
#include "os/procfs.h"

struct engine;
struct jit_map;
struct space;

/* The row of one address of a file, once it was asked for. */
struct module_row {
	uint64_t vaddr;
	bool is_found;
	struct cfi_row row;
	UT_hash_handle hh;
};

/* As maps show them: by what a file is known again. */
struct module_key {
	uint64_t device;
	uint64_t inode;
};

/* A file that some process has mapped. */
struct module_file {
	struct module_key key;
	char *path;                                   /* as the maps of the first process that mapped it have it */
	struct elf_object *object;                    /* NULL: it is no ELF file, or cannot be opened */
	uint8_t *image;                               /* what `object' was made of where it is no file: the vDSO */
	bool has_functions, has_variables, has_table; /* were asked for */
	struct elf_functions *functions, *variables;
	struct cfi_table *table;
	struct module_row *rows;
	char build_id[2 * ELF_BUILD_ID_MAX + 1];
	UT_hash_handle hh;
};

/* A mapping of a space. */
struct module {
	uint64_t start, end;
	uint64_t offset;
	uint64_t device;
	uint64_t inode;
	bool is_executable;
	bool is_opened; /* `file' was looked for */
	struct module_file *file;
	const char *path; /* "" if anonymous; lives as long as the list */
};

/* What a space has mapped, by address. */
struct modules {
	struct procfs_maps maps;
	struct module *items;
	size_t count;
	uint64_t read_ns;    /* when: nanoseconds of CLOCK_MONOTONIC */
	unsigned generation; /* counts up when an old mapping has changed or gone */
	bool is_stale;       /* a library was loaded since */
	bool is_fixed;       /* it is how things were once, and never read anew */
	struct jit_map *jit;
};

/* The session's files. */
struct module_files {
	struct module_file *files;
};

void module_files_deinit(struct module_files *files);

/* Forgets what SPACE has mapped. */
void modules_forget(struct space *space);
/* Sees to it that SPACE's list is not too old. False: it cannot be had; the process may be gone. */
bool modules_refresh(struct engine *engine, struct space *space);
/*
 * Reads SPACE's list, for once and for all: what points into it lives until modules_forget(). A process that has ended
 * has nothing. Errors: GONE, PERMISSION, OS, NO_MEMORY.
 */
struct usdtrap_error *modules_fix(struct space *space) USDTRAP_MUST_USE;
/* The mapping that ADDRESS lies in, after another look if need be; NULL: none. */
struct module *modules_find(struct engine *engine, struct space *space, uint64_t address);
/* MODULE's file, opened; NULL: none, or not an ELF file. */
struct module_file *modules_file(struct module_files *files, const struct space *space, struct module *module);
/* The vaddr in MODULE's opened FILE that lies at ADDRESS. False: none of its segments has it. */
bool modules_vaddr(const struct module *module, const struct module_file *file, uint64_t address, uint64_t *ret);

/* The functions of FILE, those of its separate debug file too if SPACE's process, or we, can see one. NULL: none. */
const struct elf_functions *module_functions(const struct space *space, struct module_file *file);
/* Likewise its variables. */
const struct elf_functions *module_variables(const struct space *space, struct module_file *file);
/* The unwind row for VADDR of FILE; NULL: none. */
const struct cfi_row *module_row(struct module_file *file, uint64_t vaddr);

/*
 * The name that a just-in-time compiler gave the code at ADDRESS, in the map
 * file that perf(1) defined, /tmp/perf-PID.map; NULL: none. *RET_START is
 * where that code begins.
 */
const char *jit_map_find(struct space *space, uint64_t address, uint64_t *ret_start);
void jit_map_destroy(struct jit_map *map);

#endif
