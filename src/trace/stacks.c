/* SPDX-License-Identifier: MIT */
/*
 * Stacks and symbols as callbacks see them: <usdtrap/stack.h>.
 *
 * Naming an address costs a search in a symbol table, and a thread passes the
 * same few thousand addresses again and again. So each address of a space is
 * named once, each different stack is kept once, and a hit whose stack was
 * seen before costs the walk and two look-ups a frame.
 */
#include "trace/stacks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/nearest.h"
#include "elf/demangle.h"
#include "trace/engine.h"
#include "trace/hit.h"
#include "trace/modules.h"
#include "trace/unwind.h"

enum { STACKS_MAX = 1 << 17 }; /* as many as bpftrace keeps */

/* A named address of one space. */
struct frame_entry {
	uint64_t key; /* frame_key() */
	const struct usdtrap_frame *frame;
	UT_hash_handle hh;
};

struct stack_entry {
	struct usdtrap_stack stack;
	UT_hash_handle hh; /* by the frames, which belong to one space each */
};

struct stacks {
	struct module_files files;
	struct arena arena; /* frames, stacks, and their texts */
	struct stack_entry *stacks;
	bool is_full;
	struct unwind_window window;
	struct unwind_frame walked[USDTRAP_STACK_FRAMES_MAX];
	const struct usdtrap_frame *frames[USDTRAP_STACK_FRAMES_MAX];
};

static struct stacks *stacks_of(struct engine *engine)
{
	if (!engine->stacks)
		engine->stacks = calloc(1, sizeof(*engine->stacks));
	return engine->stacks;
}

void stacks_destroy(struct stacks *stacks)
{
	struct stack_entry *entry, *next;

	if (!stacks)
		return;
	HASH_ITER (hh, stacks->stacks, entry, next)
		HASH_DEL(stacks->stacks, entry);
	module_files_deinit(&stacks->files);
	arena_deinit(&stacks->arena);
	free(stacks);
}

void stacks_forget_space(struct space *space)
{
	struct frame_entry *entry, *next;

	HASH_ITER (hh, space->frames, entry, next) {
		HASH_DEL(space->frames, entry);
		free(entry);
	}
}

/* ---- Frames ------------------------------------------------------------------------------------------------------ */

/* User space ends below bit 63 on every architecture. */
static uint64_t frame_key(uint64_t address, bool is_return)
{
	return address << 1 | is_return;
}

/* The engine's texts live as long as the session, those of files and maps need not. */
static const char *keep_text(struct stacks *stacks, const char *text)
{
	return arena_copy(&stacks->arena, text, strlen(text));
}

/* Names what lies at LOOKED_UP in FRAME, whose address it is or follows. */
static void name_frame(struct engine *engine, struct space *space, uint64_t looked_up, struct usdtrap_frame *frame)
{
	struct stacks *stacks = engine->stacks;
	struct module *module = modules_find(engine, space, looked_up);
	const uint64_t behind = frame->address - looked_up;
	const struct elf_functions *functions;
	const struct elf_function *function;
	struct module_file *file;
	const char *name;
	uint64_t vaddr, start;

	if (!module)
		return;
	file = modules_file(&stacks->files, space, module);
	if (!file) {
		name = module->is_executable ? jit_map_find(space, looked_up, &start) : NULL;
		if (name) {
			frame->symbol = keep_text(stacks, name);
			frame->offset = frame->address - start;
		}
		if (module->path[0])
			frame->path = keep_text(stacks, module->path);
		return;
	}
	frame->path = file->path;
	frame->build_id = file->build_id[0] ? file->build_id : NULL;
	if (!modules_vaddr(module, file, looked_up, &vaddr))
		return;
	frame->vaddr = vaddr + behind;
	frame->file_offset = frame->address - module->start + module->offset;
	functions = module_functions(space, file);
	function = functions ? elf_functions_at(functions, vaddr) : NULL;
	if (function) {
		frame->symbol = function->name;
		frame->offset = frame->vaddr - function->vaddr;
	}
}

/* The one frame for ADDRESS of SPACE, whose modules are there. NULL: no memory. */
static const struct usdtrap_frame *frame_at(struct engine *engine, struct space *space, uint64_t address,
					    bool is_return)
{
	const uint64_t key = frame_key(address, is_return);
	struct frame_entry *entry;
	struct usdtrap_frame *frame;

	if (space->frames_generation != space->modules->generation) {
		stacks_forget_space(space);
		space->frames_generation = space->modules->generation;
	}
	HASH_FIND(hh, space->frames, &key, sizeof(key), entry);
	if (entry)
		return entry->frame;
	frame = arena_allocate(&engine->stacks->arena, sizeof(*frame));
	entry = calloc(1, sizeof(*entry));
	if (!frame || !entry) {
		free(entry);
		return NULL;
	}
	frame->address = address;
	name_frame(engine, space, is_return ? address - 1 : address, frame);
	entry->key = key;
	entry->frame = frame;
	HASH_ADD(hh, space->frames, key, sizeof(entry->key), entry);
	return frame;
}

const struct usdtrap_frame *usdtrap_hit_symbolize(const struct usdtrap_hit *hit, uint64_t address)
{
	/* A process that is gone has nothing to ask: the address is all there is. */
	struct space *space = hit->tracee->space;

	if (hit->recorded || !stacks_of(hit->engine))
		return NULL;
	if (!modules_refresh(hit->engine, space) && !space->modules)
		return NULL;
	return frame_at(hit->engine, space, address, false);
}

/* ---- Stacks ------------------------------------------------------------------------------------------------------ */

uint64_t usdtrap_hit_address(const struct usdtrap_hit *hit)
{
	return hit->site ? hit->site->addr : hit->tracee->space->arch->pc(hit_registers(hit));
}

/* The one stack of these COUNT frames, in stacks->frames. */
static const struct usdtrap_stack *intern(struct engine *engine, pid_t pid, size_t count)
{
	struct stacks *stacks = engine->stacks;
	const size_t size = count * sizeof(stacks->frames[0]);
	const struct usdtrap_frame **frames;
	struct stack_entry *entry;

	HASH_FIND(hh, stacks->stacks, stacks->frames, size, entry);
	if (entry)
		return &entry->stack;
	if (HASH_COUNT(stacks->stacks) >= STACKS_MAX) {
		if (!stacks->is_full)
			engine_notice(engine, USDTRAP_NOTICE_WARNING,
				      "%d different stacks were seen: no more are kept, further ones are lost",
				      STACKS_MAX);
		stacks->is_full = true;
		return NULL;
	}
	entry = arena_allocate(&stacks->arena, sizeof(*entry));
	frames = arena_allocate(&stacks->arena, size);
	if (!entry || !frames)
		return NULL;
	memcpy(frames, stacks->frames, size);
	entry->stack = (struct usdtrap_stack){.pid = pid, .frame_count = count, .frames = frames};
	HASH_ADD_KEYPTR(hh, stacks->stacks, frames, size, entry);
	return &entry->stack;
}

const struct usdtrap_stack *usdtrap_hit_stack(const struct usdtrap_hit *hit, size_t frames_max)
{
	struct engine *engine = hit->engine;
	struct space *space = hit->tracee->space;
	struct stacks *stacks = stacks_of(engine);
	size_t count;

	assert(frames_max > 0 && frames_max <= USDTRAP_STACK_FRAMES_MAX);
	if (hit->recorded || !stacks || (!modules_refresh(engine, space) && !space->modules))
		return NULL;
	count = unwind_walk(engine, space, &stacks->files, hit_registers(hit), hit_pc(hit), &stacks->window,
			    stacks->walked, frames_max);
	for (size_t i = 0; i < count; i++) {
		stacks->frames[i] = frame_at(engine, space, stacks->walked[i].address, stacks->walked[i].is_return);
		if (!stacks->frames[i])
			return NULL;
	}
	return intern(engine, hit->tracee->pid, count);
}

/* ---- Addresses of symbols ---------------------------------------------------------------------------------------- */

/* NAME in FILE: its vaddr. */
static bool find_in_file(const struct space *space, struct module_file *file, const char *name, uint64_t *ret_vaddr,
			 uint64_t *ret_size)
{
	const struct elf_functions *functions = module_functions(space, file);
	const struct elf_function *function = functions ? elf_functions_find(functions, name) : NULL;
	struct usdtrap_error *error;

	if (function) {
		*ret_vaddr = function->vaddr;
		*ret_size = function->size;
		return true;
	}
	*ret_size = 0;
	error = elf_object_symbol(file->object, name, strlen(name), ret_vaddr); /* a variable */
	usdtrap_error_destroy(error);
	return !error;
}

/* NAME in MODULE's file: its address in the process. */
static bool find_in_module(struct stacks *stacks, struct space *space, struct module *module, const char *name,
			   uint64_t *ret_address, uint64_t *ret_size)
{
	struct module_file *file = modules_file(&stacks->files, space, module);
	uint64_t symbol_vaddr, module_vaddr, size;

	/* Of a file's several mappings one suffices: all lie at the same distance from their vaddrs. */
	if (!file || !find_in_file(space, file, name, &symbol_vaddr, &size) ||
	    !modules_vaddr(module, file, module->start, &module_vaddr))
		return false;
	*ret_address = symbol_vaddr + (module->start - module_vaddr);
	if (ret_size)
		*ret_size = size;
	return true;
}

/* The address of NAME in SPACE: in the file that has NEAR_ADDR, else in any other. */
static struct usdtrap_error *find_symbol(struct engine *engine, struct space *space, uint64_t near_addr,
					 const char *name, uint64_t *ret_address, uint64_t *ret_size)
{
	struct stacks *stacks = stacks_of(engine);
	struct module *module;

	if (!stacks)
		return &error_no_memory;
	if (!modules_refresh(engine, space))
		return &error_gone;
	module = near_addr ? modules_find(engine, space, near_addr) : NULL;
	if (module && find_in_module(stacks, space, module, name, ret_address, ret_size))
		return NULL;
	/* The program comes first, since what is mapped first is mapped lowest, and libraries far above. */
	for (size_t i = 0; i < space->modules->count; i++) {
		module = &space->modules->items[i];
		if (module->is_executable && find_in_module(stacks, space, module, name, ret_address, ret_size))
			return NULL;
	}
	return error_create(USDTRAP_NOT_FOUND, "no file that process %d has mapped has a symbol %s", (int)space->pid,
			    name);
}

struct usdtrap_error *usdtrap_hit_find_symbol(const struct usdtrap_hit *hit, const char *name, uint64_t *ret_address,
					      uint64_t *ret_size)
{
	if (hit->recorded)
		return error_create(USDTRAP_UNSUPPORTED, "process %d has gone on since: its symbols are not known",
				    (int)hit->tracee->pid);
	return find_symbol(hit->engine, hit->tracee->space, usdtrap_hit_address(hit), name, ret_address, ret_size);
}

static void offer(struct nearest *search, const struct elf_functions *symbols)
{
	for (size_t i = 0; symbols && i < symbols->count; i++)
		nearest_offer(search, symbols->items[i].name);
}

/* What NAME, which no file of SPACE has, was probably meant to be. */
static const char *nearest_symbol(struct engine *engine, struct space *space, const char *name)
{
	struct nearest search = {.wanted = name, .distance = NEAREST_START};

	for (size_t i = 0; i < space->modules->count; i++) {
		struct module *module = &space->modules->items[i];
		struct module_file *file =
			module->is_executable ? modules_file(&stacks_of(engine)->files, space, module) : NULL;

		if (!file)
			continue;
		offer(&search, module_variables(space, file));
		offer(&search, module_functions(space, file));
	}
	return search.best;
}

struct usdtrap_error *stacks_find_symbol(struct engine *engine, struct space *space, const char *name,
					 uint64_t *ret_address)
{
	struct usdtrap_error *error = find_symbol(engine, space, 0, name, ret_address, NULL);
	const char *nearest;

	if (!error || usdtrap_error_code(error) != USDTRAP_NOT_FOUND)
		return error;
	nearest = nearest_symbol(engine, space, name);
	return nearest ? error_hint(error, "did you mean %s?", nearest) : error;
}

char *usdtrap_demangle(const char *symbol)
{
	return demangle(symbol);
}
