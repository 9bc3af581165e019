/* SPDX-License-Identifier: MIT */
/*
 * The engine's acts, as facts. Each function here is called right after the
 * act by the file that did it, and looks once more at what was done: an
 * observer is told what lies in the target's memory now, and not what was
 * meant to be there.
 */
#include "trace/observe.h"

#include <signal.h>
#include <string.h>

#include "arch/arch.h"
#include "base/error.h"
#include "elf/stapsdt.h"
#include "os/memory.h"

struct observe_step observe_step(enum usdtrap_step_kind kind, const struct space *space, const struct site *site)
{
	struct observe_step step = {.public = {.kind = kind}, .space = space};

	if (space)
		step.public.pid = space->pid;
	if (site) {
		step.public.addr = site->addr;
		if (site->mapped) {
			step.object = site->mapped->file->object;
			step.public.vaddr = site->addr - site->mapped->load_bias;
		}
		if (site->attachments && site->attachments->location) {
			step.public.probe = site->attachments->location->info;
			step.public.site = site->attachments->location->index;
		}
	}
	return step;
}

/* Whether nobody but the engine itself asked for INFO: how functions are left other than by a return. */
static bool is_internal(const struct engine *engine, const struct usdtrap_probe_info *info)
{
	bool is_known = false;

	for (const struct usdtrap_probe *probe = engine->catalog.probes; probe; probe = probe->next)
		for (size_t m = 0; m < probe->match_count; m++) {
			if (probe->matches[m].info != info)
				continue;
			if (!probe->is_internal)
				return false;
			is_known = true;
		}
	return is_known;
}

/* Likewise of SITE. */
static bool is_internal_site(const struct engine *engine, const struct site *site)
{
	return site->attachments && site->attachments->location &&
	       is_internal(engine, site->attachments->location->info);
}

/* Likewise of all of MAPPED's file. */
static bool is_internal_file(const struct engine *engine, const struct mapped_file *mapped)
{
	for (const struct usdtrap_probe *probe = engine->catalog.probes; probe; probe = probe->next)
		for (size_t m = 0; m < probe->match_count; m++)
			if (!probe->is_internal && probe->matches[m].file == mapped->file)
				return false;
	return true;
}

static void at_location(struct observe_step *step, const struct mapped_file *mapped, const struct location *location)
{
	step->object = mapped->file->object;
	step->public.probe = location->info;
	step->public.site = location->index;
	step->public.vaddr = location->info->sites[location->index].vaddr;
	step->public.addr = step->public.vaddr + mapped->load_bias;
}

void observe_tell(const struct engine *engine, struct observe_step *step)
{
	engine->observer(&step->public, engine->observer_user);
}

/* ---- notes ---- */

struct note_walk {
	const struct engine *engine;
	const struct catalog_match *match;
	size_t site;
};

static size_t offset_in(const struct stapsdt_note *note, const char *text)
{
	return (size_t)((const uint8_t *)text - note->bytes);
}

static int on_note(const struct stapsdt_note *note, void *user)
{
	struct note_walk *walk = user;
	const struct usdtrap_probe_info *info = walk->match->info;
	struct observe_step step = observe_step(USDTRAP_STEP_NOTE, NULL, NULL);

	if (note->vaddr != info->sites[walk->site].vaddr || strcmp(note->provider, info->provider) != 0 ||
	    strcmp(note->name, info->name) != 0)
		return 0;
	step.object = walk->match->file->object;
	step.public.probe = info;
	step.public.site = walk->site;
	step.public.vaddr = note->vaddr;
	step.public.note = (struct usdtrap_step_note){
		.bytes = note->bytes,
		.size = note->size,
		.file_offset = note->note_offset,
		.address_size = info->address_bits / 8,
		.description_offset = note->description,
		.provider_offset = offset_in(note, note->provider),
		.name_offset = offset_in(note, note->name),
		.arguments_offset = offset_in(note, note->arguments),
		.location = note->noted_location,
		.base = note->noted_base,
		.semaphore = note->noted_semaphore,
		.has_base = note->has_base,
		.base_now = note->base_vaddr,
	};
	observe_tell(walk->engine, &step);
	return 1; /* a second note about the same site says nothing new */
}

/* A function has no note: its symbol led to it. */
static void tell_function(const struct engine *engine, const struct catalog_match *match)
{
	struct observe_step step = observe_step(USDTRAP_STEP_FUNCTION, NULL, NULL);

	step.object = match->file->object;
	step.public.probe = match->info;
	step.public.vaddr = match->info->sites[0].vaddr;
	observe_tell(engine, &step);
}

void observe_probe(const struct engine *engine, const struct usdtrap_probe *probe, const struct catalog_file *file)
{
	if (!engine->observer || probe->is_internal)
		return;
	for (size_t m = 0; m < probe->match_count; m++) {
		struct note_walk walk = {.engine = engine, .match = &probe->matches[m]};
		const struct stapsdt_callbacks callbacks = {.on_note = on_note, .user = &walk};

		if (file && walk.match->file != file)
			continue;
		if (walk.match->info->kind != USDTRAP_PROBE_USDT) {
			tell_function(engine, walk.match);
			continue;
		}
		for (; walk.site < walk.match->info->site_count; walk.site++)
			usdtrap_error_destroy(stapsdt_walk(walk.match->file->object, &callbacks));
	}
}

/* ---- a process ---- */

void observe_seized(const struct engine *engine, pid_t pid, pid_t tid)
{
	struct observe_step step = observe_step(USDTRAP_STEP_SEIZED, NULL, NULL);

	if (!engine->observer)
		return;
	step.public.pid = pid;
	step.public.tid = tid;
	observe_tell(engine, &step);
}

void observe_let_go(const struct engine *engine, pid_t pid, pid_t tid)
{
	struct observe_step step = observe_step(USDTRAP_STEP_LET_GO, NULL, NULL);

	if (!engine->observer)
		return;
	step.public.pid = pid;
	step.public.tid = tid;
	observe_tell(engine, &step);
}

/* A process that has just ended has nothing any more that could be told of. */
static bool has_code_at(const struct space *space, uint64_t addr)
{
	uint8_t byte;
	struct usdtrap_error *error = memory_read(space->memory_fd, addr, &byte, 1);

	usdtrap_error_destroy(error);
	return !error;
}

void observe_net(const struct engine *engine, const struct space *space, enum usdtrap_step_kind kind)
{
	struct observe_step step = observe_step(kind, space, NULL);

	if (!engine->observer || !has_code_at(space, space->net.code_addr))
		return;
	step.public.net = (struct usdtrap_step_net){
		.handler_addr = space->net.code_addr,
		.is_kept = kind == USDTRAP_STEP_NET_TAKEN_OUT && space->net.is_pinned,
	};
	observe_tell(engine, &step);
}

void observe_mapped(const struct engine *engine, const struct space *space, const struct mapped_file *mapped,
		    const struct procfs_mapping *mapping)
{
	struct observe_step step = observe_step(USDTRAP_STEP_MAPPED, space, NULL);
	struct usdtrap_step_mapped *fact = &step.public.mapped;
	const struct elf_segment *segments;
	size_t count;

	if (!engine->observer || is_internal_file(engine, mapped))
		return;
	step.object = mapped->file->object;
	*fact = (struct usdtrap_step_mapped){
		.path = mapped->file->path,
		.start = mapping->start,
		.end = mapping->end,
		.file_offset = mapping->offset,
		.load_bias = mapped->load_bias,
	};
	fact->build_id = elf_object_build_id(mapped->file->object, &fact->build_id_size);
	segments = elf_object_segments(mapped->file->object, &count);
	for (size_t i = 0; i < count; i++)
		if (segments[i].is_executable &&
		    mapping->start - mapping->offset + segments[i].offset - segments[i].vaddr == mapped->load_bias) {
			fact->segment_vaddr = segments[i].vaddr;
			fact->segment_offset = segments[i].offset;
			break;
		}
	observe_tell(engine, &step);
}

void observe_checked(const struct engine *engine, const struct space *space, const struct mapped_file *mapped,
		     const struct location *location, const struct site_text *text)
{
	struct observe_step step = observe_step(USDTRAP_STEP_CHECKED, space, NULL);

	if (!engine->observer || is_internal(engine, location->info))
		return;
	at_location(&step, mapped, location);
	step.public.bytes.size = text->nop_length ? text->nop_length : space->arch->trap_size;
	memcpy(step.public.bytes.bytes, text->bytes, step.public.bytes.size);
	observe_tell(engine, &step);
}

/* What lies at the step's address now, as many bytes as a trap has. */
static void read_trap_bytes(struct observe_step *step)
{
	const struct space *space = step->space;
	struct usdtrap_error *error =
		memory_read(space->memory_fd, step->public.addr, step->public.bytes.bytes, space->arch->trap_size);

	if (!error)
		step->public.bytes.size = space->arch->trap_size;
	usdtrap_error_destroy(error);
}

void observe_armed(const struct engine *engine, const struct space *space, const struct site *site,
		   const struct location *location)
{
	struct observe_step step = observe_step(USDTRAP_STEP_TRAP_WRITTEN, space, site);

	if (!engine->observer || (location && is_internal(engine, location->info)))
		return;
	if (location)
		at_location(&step, site->mapped, location);
	read_trap_bytes(&step);
	observe_tell(engine, &step);
}

void observe_restored(const struct engine *engine, const struct space *space, const struct site *site)
{
	struct observe_step step = observe_step(
		site->state == SITE_LOST ? USDTRAP_STEP_BYTE_LOST : USDTRAP_STEP_BYTE_RESTORED, space, site);

	if (!engine->observer || site->is_loader_hook || is_internal_site(engine, site))
		return;
	read_trap_bytes(&step);
	observe_tell(engine, &step);
}

static unsigned read_semaphore(const struct space *space, uint64_t addr)
{
	uint16_t value = 0;

	usdtrap_error_destroy(memory_read(space->memory_fd, addr, &value, sizeof(value)));
	return value;
}

void observe_raised(const struct engine *engine, const struct space *space, const struct mapped_file *mapped,
		    const struct location *location, uint64_t addr)
{
	struct observe_step step = observe_step(USDTRAP_STEP_SEMAPHORE_RAISED, space, NULL);
	const struct semaphore *semaphore;

	if (!engine->observer)
		return;
	HASH_FIND(hh, space->semaphores, &addr, sizeof(addr), semaphore);
	at_location(&step, mapped, location);
	step.public.semaphore = (struct usdtrap_step_semaphore){
		.addr = addr,
		.before = semaphore ? semaphore->before : 0,
		.after = read_semaphore(space, addr),
	};
	observe_tell(engine, &step);
}

/* The probe that the semaphore at ADDR guards. */
static void at_semaphore(struct observe_step *step, uint64_t addr)
{
	const struct mapped_file *mapped = step->space->mapped;

	for (; mapped; mapped = mapped->next)
		for (size_t i = 0; i < mapped->file->location_count; i++) {
			const struct location *location = &mapped->file->locations[i];
			uint64_t vaddr = location->info->sites[location->index].semaphore_vaddr;

			if (vaddr && vaddr + mapped->load_bias == addr) {
				at_location(step, mapped, location);
				return;
			}
		}
}

void observe_lowered(const struct engine *engine, const struct space *space, const struct semaphore *semaphore)
{
	struct observe_step step = observe_step(USDTRAP_STEP_SEMAPHORE_LOWERED, space, NULL);

	if (!engine->observer)
		return;
	at_semaphore(&step, semaphore->addr);
	step.public.semaphore = (struct usdtrap_step_semaphore){
		.addr = semaphore->addr,
		.before = semaphore->before,
		.after = read_semaphore(space, semaphore->addr),
	};
	observe_tell(engine, &step);
}

/* Compares SIZE bytes at VADDR of the file with what the process has there. */
static void compare_piece(const struct space *space, const struct mapped_file *mapped, uint64_t vaddr, size_t size,
			  struct usdtrap_step_compared *compared)
{
	enum { PIECE = 4096 };
	uint8_t in_file[PIECE], in_memory[PIECE];
	struct usdtrap_error *error;

	error = elf_object_read(mapped->file->object, vaddr, in_file, size);
	if (!error)
		error = memory_read(space->memory_fd, vaddr + mapped->load_bias, in_memory, size);
	if (error) {
		usdtrap_error_destroy(error);
		compared->unread += size;
		return;
	}
	compared->bytes += size;
	for (size_t i = 0; i < size; i++)
		compared->different += in_file[i] != in_memory[i];
}

void observe_compared(const struct engine *engine, const struct space *space)
{
	const struct elf_segment *segments;
	size_t count;

	if (!engine->observer)
		return;
	for (const struct mapped_file *mapped = space->mapped; mapped; mapped = mapped->next) {
		struct observe_step step = observe_step(USDTRAP_STEP_COMPARED, space, NULL);

		step.object = mapped->file->object;
		step.public.compared.path = mapped->file->path;
		segments = elf_object_segments(mapped->file->object, &count);
		for (size_t i = 0; i < count; i++)
			for (uint64_t at = 0; segments[i].is_executable && at < segments[i].file_size; at += 4096)
				compare_piece(space, mapped, segments[i].vaddr + at,
					      segments[i].file_size - at < 4096 ? segments[i].file_size - at : 4096,
					      &step.public.compared);
		observe_tell(engine, &step);
	}
}

/* ---- a hit ---- */

enum { REGISTERS_MAX = 32 };

static size_t read_registers(const struct arch *arch, const struct arch_registers *registers,
			     struct usdtrap_step_register *ret)
{
	size_t count = 0;

	for (const char *const *name = arch->shown_registers; *name && count < REGISTERS_MAX; name++) {
		struct arch_register found;

		if (arch->register_by_name(*name, strlen(*name), &found))
			ret[count++] = (struct usdtrap_step_register){*name, arch->register_value(registers, &found)};
	}
	return count;
}

void observe_hit(const struct engine *engine, const struct usdtrap_hit *hit)
{
	const struct arch *arch = hit->tracee->space->arch;
	struct usdtrap_step_register registers[REGISTERS_MAX];
	/* As the kernel handed them out: those of the hit may have been moved back to the site. */
	const struct arch_registers *saved = &hit->tracee->last_hit;
	struct observe_step step;
	siginfo_t info = {0};

	if (!engine->observer)
		return;
	usdtrap_error_destroy(ptrace_get_siginfo(hit->tracee->tid, &info));
	step = observe_step(USDTRAP_STEP_HIT, hit->tracee->space, hit->site);
	step.public.pid = hit->tracee->pid;
	step.public.tid = hit->tracee->tid;
	step.public.hit = (struct usdtrap_step_hit){
		.signal = info.si_signo,
		.code = info.si_code,
		.pc = arch->pc(saved),
		.trap_addr = arch->trap_address(saved),
		.registers = registers,
		.register_count = read_registers(arch, saved, registers),
	};
	if (hit->has_returned) { /* it stands behind the call: the function's code is elsewhere */
		step.public.addr = step.public.hit.trap_addr;
		step.public.vaddr = 0;
	}
	observe_tell(engine, &step);
	observe_arguments(engine, hit);
}

void observe_entered(const struct engine *engine, const struct tracee *tracee, const struct site *site,
		     uint64_t slot_addr, uint64_t return_addr)
{
	struct observe_step step = observe_step(USDTRAP_STEP_ENTERED, tracee->space, site);

	if (!engine->observer)
		return;
	step.public.tid = tracee->tid;
	step.public.entered = (struct usdtrap_step_entered){
		.stack_pointer = tracee->space->arch->stack_pointer_register,
		.slot_addr = slot_addr,
		.return_addr = return_addr,
	};
	usdtrap_error_destroy(memory_read(tracee->space->memory_fd, return_addr, &step.public.entered.byte, 1));
	observe_tell(engine, &step);
}

void observe_resumed(const struct engine *engine, const struct tracee *tracee, const struct site *site, uint64_t pc,
		     int signal)
{
	struct observe_step step = observe_step(USDTRAP_STEP_RESUMED, tracee->space, site);

	/* A late trap, taken while leaving, was no hit. */
	if (!engine->observer || site->is_loader_hook || engine->is_leaving || is_internal_site(engine, site))
		return;
	step.public.tid = tracee->tid;
	step.public.resumed = (struct usdtrap_step_resumed){.pc = pc, .signal = signal};
	observe_tell(engine, &step);
}

/* ---- what an observer may ask ---- */

struct usdtrap_error *usdtrap_step_read(const struct usdtrap_step *step, uint64_t address, void *buffer, size_t size)
{
	const struct observe_step *full = (const struct observe_step *)step;

	if (!full->space || full->space->memory_fd < 0)
		return error_create(USDTRAP_INVALID_USE, "the step is about no process's memory");
	return memory_read(full->space->memory_fd, address, buffer, size);
}

struct usdtrap_error *usdtrap_step_read_file(const struct usdtrap_step *step, uint64_t vaddr, void *buffer, size_t size)
{
	const struct observe_step *full = (const struct observe_step *)step;

	if (!full->object)
		return error_create(USDTRAP_INVALID_USE, "the step is about no file");
	return elf_object_read(full->object, vaddr, buffer, size);
}
