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
#include <sys/auxv.h>
#include <sys/stat.h>

#include <utlist.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "elf/object.h"
#include "os/procfs.h"
#include "os/ptrace.h"
#include "trace/engine.h"
#include "trace/lender.h"
#include "trace/site.h"

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

/*
 * Opens the loader of SPACE's program, which the kernel says where it has put
 * (AT_BASE, getauxval(3)), at *RET_BIAS. NULL: a static program. No path need
 * lead to it: some sandboxes take all files away once a program has begun.
 */
static struct usdtrap_error *open_loader(const struct engine *engine, struct space *space, struct elf_object **ret,
					 uint64_t *ret_bias)
{
	const struct procfs_mapping *mapping;
	struct procfs_maps maps;
	struct usdtrap_error *error;
	uint64_t base, vaddr;
	_cleanup_close_ int fd = -1;

	*ret = NULL;
	if (!procfs_auxiliary_value(PROCFS_ROOT, space->anchor, AT_BASE, &base) || base == 0)
		return NULL;
	error = mapped_read(engine, space, &maps);
	if (error)
		return error;
	mapping = procfs_mapping_at(&maps, base);
	fd = mapping && mapping->inode ? procfs_mapping_open(PROCFS_ROOT, space->anchor, mapping) : -1;
	if (fd < 0)
		error = error_create(USDTRAP_NOT_FOUND, "the loader's file, %s, cannot be opened any more",
				     mapping ? mapping->path : "which is mapped no more");
	else
		error = elf_object_open_fd(fd, mapping->path, ret);
	procfs_maps_deinit(&maps);
	if (error)
		return error;
	if (elf_object_offset_to_vaddr(*ret, 0, &vaddr)) {
		*ret_bias = base - vaddr;
		if (mapped_has_header(space, *ret, *ret_bias))
			return NULL;
	}
	error = error_create(USDTRAP_NOT_FOUND, "%s is not mapped", elf_object_name(*ret));
	elf_object_destroy(*ret);
	return error;
}

static struct usdtrap_error *arm_hook(struct engine *engine, struct space *space, const struct elf_object *loader,
				      uint64_t bias)
{
	static const char name[] = "_dl_debug_state";
	uint8_t bytes[ARCH_MAX_INSTRUCTION];
	struct site_text text = {.bytes = bytes};
	const struct arch_memory memory = {read_nothing, write_nothing, NULL};
	struct arch_registers scratch = {0};
	struct usdtrap_error *error;
	uint64_t vaddr;
	struct site *site;

	error = elf_object_symbol(loader, name, strlen(name), &vaddr);
	if (error)
		return error;
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
	uint64_t bias = 0;

	if (space->has_loader_hook || !may_get_files(engine, space))
		return;
	engine_choose_anchor(engine, space);
	error = open_loader(engine, space, &loader, &bias);
	if (!error && loader) {
		error = arm_hook(engine, space, loader, bias);
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
	const struct arch_memory memory = {space_read_word, write_nothing, space};
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
