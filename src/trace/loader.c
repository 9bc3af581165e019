/* SPDX-License-Identifier: MIT */
/*
 * Libraries that come later.
 *
 * The dynamic loader calls an empty function of its own, _dl_debug_state(),
 * each time the list of loaded libraries has changed, for debuggers to put a
 * breakpoint on (`r_brk' of struct r_debug, <link.h>). At program start it is
 * called when all libraries are mapped and before any of their code runs,
 * constructors included; later at each dlopen(3) and dlclose(3).
 *
 * The function's first instruction is no nop (glibc: ret, or endbr64), so the
 * trap displaces an instruction that counts: it is acted out on the thread's
 * registers (arch->emulate), never stepped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <utlist.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "elf/object.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "os/ptrace.h"
#include "trace/engine.h"
#include "trace/lender.h"
#include "trace/site.h"

static bool read_word(uint64_t address, uint64_t *ret, void *user)
{
	const struct space *space = user;
	struct usdtrap_error *error;
	uint64_t word = 0;

	error = memory_read(space->memory_fd, address, &word, space->arch->address_size);
	usdtrap_error_destroy(error);
	if (error)
		return false;
	*ret = word;
	return true;
}

static bool read_nothing(uint64_t address, uint64_t *ret, void *user)
{
	(void)address;
	(void)user;
	*ret = 0;
	return true;
}

/* What the loader's hook begins with (nop, endbr64, ret) writes nothing. */
static bool write_nothing(uint64_t address, uint64_t value, void *user)
{
	(void)address;
	(void)value;
	(void)user;
	return false;
}

/* Opens the loader of SPACE's program as the process sees it. NULL: a static program. */
static struct usdtrap_error *open_loader(const struct space *space, struct elf_object **ret)
{
	_cleanup_free_ char *path = NULL;
	struct elf_object *program;
	struct usdtrap_error *error;
	char link[64];

	snprintf(link, sizeof(link), PROCFS_ROOT "/%d/exe", (int)space->anchor);
	error = elf_object_open(link, &program);
	if (error)
		return error;
	*ret = NULL;
	if (elf_object_interpreter(program) &&
	    asprintf(&path, PROCFS_ROOT "/%d/root%s", (int)space->anchor, elf_object_interpreter(program)) < 0)
		path = NULL;
	elf_object_destroy(program);
	return path ? elf_object_open(path, ret) : NULL;
}

/* Where SPACE has mapped LOADER. The kernel maps the loader's segments at one bias, like any file's. */
static bool find_bias(const struct engine *engine, struct space *space, const struct elf_object *loader, uint64_t *ret)
{
	struct procfs_maps maps;
	struct usdtrap_error *error;
	uint64_t device, inode;
	bool is_found = false;

	if (!elf_object_identity(loader, &device, &inode))
		return false;
	error = mapped_read(engine, space, &maps);
	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	for (size_t i = 0; i < maps.count && !is_found; i++)
		is_found = maps.items[i].is_executable && maps.items[i].inode == inode &&
			   mapped_load_bias(loader, &maps.items[i], ret) && mapped_has_header(space, loader, *ret);
	procfs_maps_deinit(&maps);
	return is_found;
}

static struct usdtrap_error *arm_hook(struct engine *engine, struct space *space, const struct elf_object *loader)
{
	static const char name[] = "_dl_debug_state";
	uint8_t bytes[ARCH_MAX_INSTRUCTION];
	struct site_text text = {.bytes = bytes};
	const struct arch_memory memory = {read_nothing, write_nothing, NULL};
	struct arch_registers scratch = {0};
	struct usdtrap_error *error;
	uint64_t vaddr, bias;
	struct site *site;

	error = elf_object_symbol(loader, name, strlen(name), &vaddr);
	if (error)
		return error;
	if (!find_bias(engine, space, loader, &bias))
		return error_create(USDTRAP_NOT_FOUND, "%s is not mapped", elf_object_name(loader));
	error = mapped_text(loader, vaddr, bytes, &text.size);
	if (error)
		return error;
	if (!space->arch->emulate(bytes, text.size, &scratch, &memory))
		return error_create(USDTRAP_UNSUPPORTED, "%s does not begin with an instruction that can be acted out",
				    name);
	engine_begin_journal(engine, space);
	lender_make_writable(engine, space);
	error = site_arm(engine, space, vaddr + bias, &text, &site);
	if (error)
		return error;
	site->is_loader_hook = true;
	space->has_loader_hook = true;
	return NULL;
}

/* Whether FILE is the program that SPACE runs, which is there as long as the process is. */
static bool is_program(const struct space *space, const struct catalog_file *file)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), PROCFS_ROOT "/%d/exe", (int)space->anchor);
	return stat(path, &status) == 0 && status.st_ino == file->inode && status.st_dev == file->device;
}

/* Whether files that are wanted may still come to SPACE: those that are there may also go, and come again. */
static bool may_get_files(const struct engine *engine, const struct space *space)
{
	const struct catalog_file *file;

	if (catalog_wants_any_file(&engine->catalog))
		return true;
	LL_FOREACH (engine->catalog.files, file)
		if (file->has_matches && !is_program(space, file))
			return true;
	return false;
}

void loader_hook(struct engine *engine, struct space *space)
{
	struct elf_object *loader;
	struct usdtrap_error *error;

	if (space->has_loader_hook || !may_get_files(engine, space))
		return;
	engine_choose_anchor(engine, space);
	error = open_loader(space, &loader);
	if (!error && loader) {
		error = arm_hook(engine, space, loader);
		elf_object_destroy(loader);
	}
	if (error)
		engine_warn_of(engine, space,
			       error_prefix(error, "libraries that process %d loads from now on are not noticed",
					    (int)space->pid));
}

struct usdtrap_error *loader_hook_hit(struct engine *engine, struct tracee *tracee, const struct site *site,
				      struct arch_registers *registers)
{
	struct space *space = tracee->space;
	const struct arch_memory memory = {read_word, write_nothing, space};
	struct usdtrap_error *error;

	space->arch->set_pc(registers, site->addr);
	if (!space->arch->emulate(site->original, site->original_size, registers, &memory))
		return &error_gone; /* it can be acted out (arm_hook), so its memory is gone, and the thread with it */
	error = ptrace_set_registers(tracee->tid, registers);
	if (error)
		return error;
	/* The thread still stands, and no other can run code of a library that was only just mapped. */
	return mapped_refresh(engine, space, MAPPED_COMPLETE, NULL);
}
