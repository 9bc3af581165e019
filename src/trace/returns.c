/* SPDX-License-Identifier: MIT */
#include "trace/returns.h"
#include "trace/observe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "base/error.h"
#include "os/memory.h"
#include "os/procfs.h"
#include "trace/displaced.h"
#include "trace/engine.h"
#include "trace/frames.h"
#include "trace/go_stacks.h"
#include "trace/hit.h"
#include "trace/site.h"

enum {
	FRAMES_MAX = 100000,     /* of one thread: deeper than stacks are */
	CALL_SIZE_MAX = 8,       /* bytes before a return place that are looked at */
	NEAR_STACK = 256 * 1024, /* addresses as near as this are on one stack */
};

/* A stretch of a file that is mapped, kept open since functions return to it. */
struct text_file {
	uint64_t start, end;
	uint64_t offset;
	uint64_t inode;
	int fd;
	struct text_file *next;
};

/* ---- The text of return places ----------------------------------------------------------------------------------- */

static void text_file_close(struct space *space, struct text_file *file)
{
	LL_DELETE(space->text_files, file);
	close(file->fd);
	free(file);
}

void returns_forget_files(struct space *space)
{
	while (space->text_files)
		text_file_close(space, space->text_files);
}

/* Why nothing is written at ADDR, or NULL. */
static const char *reason_against(const struct procfs_mapping *mapping)
{
	if (!mapping || !mapping->is_executable)
		return "is no code";
	if (mapping->inode == 0)
		return "is in memory of no file, as code is that a program generates while it runs";
	if (mapping->is_shared || mapping->is_writable)
		return "is in memory that the program may write to";
	return NULL;
}

static struct usdtrap_error *open_text(const struct engine *engine, struct space *space, uint64_t addr,
				       struct text_file **ret)
{
	const struct procfs_mapping *mapping;
	struct procfs_maps maps;
	struct usdtrap_error *error = mapped_read(engine, space, &maps);
	struct text_file *file;
	const char *reason;

	if (error)
		return error;
	mapping = procfs_mapping_at(&maps, addr);
	reason = reason_against(mapping);
	file = reason ? NULL : calloc(1, sizeof(*file));
	if (reason) {
		error = error_create(USDTRAP_UNSUPPORTED, "what it returns to, 0x%" PRIx64 ", %s", addr, reason);
	} else if (!file) {
		error = &error_no_memory;
	} else {
		*file = (struct text_file){mapping->start,
					   mapping->end,
					   mapping->offset,
					   mapping->inode,
					   procfs_mapping_open(PROCFS_ROOT, space->anchor, mapping),
					   NULL};
		if (file->fd < 0) {
			error = error_create(USDTRAP_UNSUPPORTED,
					     "what it returns to lies in %s, which cannot be opened any more",
					     mapping->path);
			free(file);
		}
	}
	procfs_maps_deinit(&maps);
	if (error)
		return error;
	LL_PREPEND(space->text_files, file);
	*ret = file;
	return NULL;
}

/* The text at a return address, and what lies before it. */
struct place_text {
	uint8_t before[CALL_SIZE_MAX];
	uint8_t bytes[ARCH_MAX_INSTRUCTION];
	size_t size; /* of `bytes' */
	uint64_t inode, offset;
};

static bool read_text(const struct text_file *file, uint64_t addr, struct place_text *ret)
{
	uint64_t offset = addr - file->start + file->offset;
	uint8_t both[CALL_SIZE_MAX + ARCH_MAX_INSTRUCTION];
	ssize_t size;

	if (addr - file->start < CALL_SIZE_MAX)
		return false;
	size = pread(file->fd, both, sizeof(both), (off_t)(offset - CALL_SIZE_MAX));
	if (size <= CALL_SIZE_MAX)
		return false;
	memcpy(ret->before, both, CALL_SIZE_MAX);
	memcpy(ret->bytes, both + CALL_SIZE_MAX, (size_t)size - CALL_SIZE_MAX);
	ret->size = (size_t)size - CALL_SIZE_MAX;
	ret->inode = file->inode;
	ret->offset = offset;
	return true;
}

/* Whether memory still shows what FILE has at ADDR: something else may be mapped there by now. */
static bool is_current(const struct space *space, uint64_t addr, const struct place_text *text)
{
	uint8_t found[ARCH_MAX_INSTRUCTION];
	struct usdtrap_error *error = memory_read(space->memory_fd, addr, found, text->size);

	usdtrap_error_destroy(error);
	if (error)
		return false;
	site_mask(space, addr, found, text->size);
	return memcmp(found, text->bytes, text->size) == 0;
}

static struct usdtrap_error *find_text(const struct engine *engine, struct space *space, uint64_t addr,
				       struct place_text *ret)
{
	struct text_file *file, *next;
	struct usdtrap_error *error;

	LL_FOREACH_SAFE(space->text_files, file, next)
	{
		if (addr < file->start || addr >= file->end)
			continue;
		if (read_text(file, addr, ret) && is_current(space, addr, ret))
			return NULL;
		text_file_close(space, file);
	}
	error = open_text(engine, space, addr, &file);
	if (error)
		return error;
	if (!read_text(file, addr, ret))
		return error_create(USDTRAP_UNSUPPORTED, "what it returns to, 0x%" PRIx64 ", is not in its file", addr);
	return NULL;
}

/* ---- Trapping a return place ------------------------------------------------------------------------------------- */

static struct usdtrap_error *arm_place(struct engine *engine, struct space *space, uint64_t addr,
				       const struct place_text *found, struct site **ret)
{
	struct site_text text = {.bytes = found->bytes, .size = found->size};
	struct displaced displaced;
	struct usdtrap_error *error;

	text.nop_length = space->arch->nop_length(text.bytes, text.size);
	error = site_check(space, addr, &text);
	if (!error && !text.nop_length) {
		error = displaced_prepare(engine, space, addr, &text, &displaced);
		text.displaced = &displaced;
	}
	return error ? error : site_arm(engine, space, addr, &text, ret);
}

/* What a goroutine's outermost function returns to is no call but the nop that runtime.goexit begins with. */
static bool is_behind_nop(const struct arch *arch, const struct place_text *text)
{
	return arch->nop_length(text->before + CALL_SIZE_MAX - 1, 1) == 1;
}

/* Sees to it that ADDR, where the function of ENTRY is to return to, is a return place. */
static struct usdtrap_error *find_place(struct engine *engine, struct space *space, const struct site *entry,
					uint64_t addr)
{
	struct site *site = space_site(space, addr);
	struct place_text text;
	struct usdtrap_error *error;
	enum arch_return_place kind;

	if (site && site->return_place != ARCH_RETURN_NONE && site->state == SITE_ARMED)
		return NULL;
	error = find_text(engine, space, addr, &text);
	if (error)
		return error;
	kind = space->arch->return_place(text.before, sizeof(text.before), text.bytes, text.size);
	if (kind == ARCH_RETURN_NONE && go_stacks_are_in(engine, entry->mapped) && is_behind_nop(space->arch, &text))
		kind = ARCH_RETURN_INDIRECT;
	if (kind == ARCH_RETURN_NONE)
		return error_create(USDTRAP_UNSUPPORTED, "at 0x%" PRIx64 ", which it was to return to, is no call",
				    addr);
	if (!site || site->state != SITE_ARMED)
		error = arm_place(engine, space, addr, &text, &site);
	if (error)
		return error;
	site->return_place = kind;
	site->inode = text.inode;
	site->offset = text.offset;
	return NULL;
}

/* ---- Frames ------------------------------------------------------------------------------------------------------ */

void returns_forget(struct tracee *tracee)
{
	while (tracee->frames)
		frames_remove(tracee->frames);
}

static void abandon(struct engine *engine, struct return_frame *frame)
{
	engine->report.calls_abandoned++;
	frames_remove(frame);
}

/*
 * The function at ENTRY_ADDR is entered, with RETURN_ADDR in SLOT_ADDR. Takes
 * off frames that cannot be any more: their slot holds something else by now.
 */
static void drop_overwritten(struct engine *engine, struct tracee *tracee, uint64_t entry_addr, uint64_t slot_addr,
			     uint64_t return_addr)
{
	struct return_frame *frame, *next;

	LL_FOREACH_SAFE(tracee->frames, frame, next)
	{
		uint64_t word;

		if (frame->slot->addr >= slot_addr)
			break;
		if (space_read_word(frame->slot->addr, &word, tracee->space) && word == frame->return_addr)
			break; /* another stack, most likely */
		abandon(engine, frame);
	}
	for (frame = frames_at(tracee->space, slot_addr); frame; frame = next) {
		next = frame->outward;
		/* Another thread's is a coroutine's that has come here, or was given up: then it begins anew. */
		if (frame->return_addr != return_addr || frame->is_doubtful ||
		    (frame->tracee != tracee && frame->entry_addr == entry_addr))
			abandon(engine, frame);
	}
}

/* Whether SITE's function was entered with RETURN_ADDR in SLOT_ADDR already, and begins anew (go_stacks.h). */
static bool is_awaited(const struct engine *engine, const struct space *space, const struct site *site,
		       uint64_t slot_addr, uint64_t return_addr)
{
	const struct return_frame *frame;

	if (!go_stacks_are_in(engine, site->mapped))
		return false;
	for (frame = frames_at(space, slot_addr); frame; frame = frame->outward)
		if (frame->return_addr == return_addr && frame->entry_addr == site->addr)
			return true;
	return false;
}

static void warn_untold(struct engine *engine, const struct tracee *tracee, const struct site *site,
			struct usdtrap_error *error)
{
	engine->report.returns_untold++;
	if (!engine->has_warned_of_returns)
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING,
				    error_prefix(error,
						 "a return of the function at 0x%" PRIx64 " in process %d is not seen",
						 site->addr, (int)tracee->space->pid));
	else
		usdtrap_error_destroy(error);
	engine->has_warned_of_returns = true;
}

static void watch_other_ways_out(struct engine *engine);

void returns_entered(struct engine *engine, struct tracee *tracee, const struct site *site,
		     const struct arch_registers *registers)
{
	struct space *space = tracee->space;
	uint64_t slot_addr = space->arch->return_slot(registers, false), return_addr;
	struct usdtrap_error *error = NULL;

	watch_other_ways_out(engine);
	if (!space_read_word(slot_addr, &return_addr, space))
		return; /* no stack: gone, or about to be */
	go_stacks_follow(space);
	if (is_awaited(engine, space, site, slot_addr, return_addr))
		return;
	drop_overwritten(engine, tracee, site->addr, slot_addr, return_addr);
	error = find_place(engine, space, site, return_addr);
	if (!error && tracee->frame_count >= FRAMES_MAX)
		error = error_create(USDTRAP_UNSUPPORTED, "it is called more than %d times within itself", FRAMES_MAX);
	if (error) {
		warn_untold(engine, tracee, site, error);
		return;
	}
	if (!frames_add(tracee, slot_addr, return_addr, site->addr)) {
		warn_untold(engine, tracee, site, &error_no_memory);
		return;
	}
	observe_entered(engine, tracee, site, slot_addr, return_addr);
}

bool returns_take(struct engine *engine, struct tracee *tracee, const struct site *place,
		  const struct arch_registers *registers, uint64_t *ret_entry)
{
	struct return_frame *frame, *next;

	go_stacks_follow(tracee->space);
	frame = frames_at(tracee->space, tracee->space->arch->return_slot(registers, true));
	for (; frame; frame = next) {
		next = frame->outward;
		if (frame->return_addr != place->addr)
			continue;
		if (frame->is_doubtful && place->return_place == ARCH_RETURN_INDIRECT) {
			engine->report.returns_untold++;
			frames_remove(frame);
			continue;
		}
		*ret_entry = frame->entry_addr;
		frames_remove(frame);
		return true;
	}
	return false;
}

/* ---- Other ways out of a function -------------------------------------------------------------------------------- */

/* Whether two addresses lie on one stack. */
static bool is_same_stack(const struct engine *engine, struct space *space, uint64_t first, uint64_t second)
{
	uint64_t distance = first > second ? first - second : second - first;
	const struct procfs_mapping *mapping;
	struct procfs_maps maps;
	struct usdtrap_error *error;
	bool is_same;

	if (distance < NEAR_STACK)
		return true;
	error = mapped_read(engine, space, &maps);
	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	mapping = procfs_mapping_at(&maps, first);
	is_same = mapping && second >= mapping->start && second < mapping->end;
	procfs_maps_deinit(&maps);
	return is_same;
}

/*
 * TRACEE goes on at stack pointer TO, from FROM: what was entered below is
 * left. Below is what lies deeper on TO's stack; and, if FROM is another one
 * (a signal's), all that lies on that.
 */
static void leave_below(struct engine *engine, struct tracee *tracee, uint64_t from, uint64_t to)
{
	struct space *space = tracee->space;
	struct return_frame *frame, *next;

	LL_FOREACH_SAFE(tracee->frames, frame, next)
	{
		const bool is_there = is_same_stack(engine, space, frame->slot->addr, to);

		frame->is_doubtful = false;
		if (is_there && frame->slot->addr >= to)
			return; /* and so are those that were entered before */
		if (is_there || is_same_stack(engine, space, frame->slot->addr, from))
			abandon(engine, frame);
	}
}

static void doubt_all(struct tracee *tracee)
{
	struct return_frame *frame;

	LL_FOREACH (tracee->frames, frame)
		frame->is_doubtful = true;
}

static enum usdtrap_action on_jump(const struct usdtrap_hit *hit, void *user)
{
	struct tracee *tracee = hit->tracee;
	const struct arch_memory memory = {.read_word = space_read_word, .user = tracee->space};
	const struct arch *arch = tracee->space->arch;
	uint64_t to;

	if (!tracee->frames)
		return USDTRAP_CONTINUE;
	if (arch->jump_stack_pointer(hit->registers, &memory, &to))
		leave_below(user, tracee, arch->stack_pointer(hit->registers), to);
	else
		doubt_all(tracee);
	return USDTRAP_CONTINUE;
}

static enum usdtrap_action on_throw(const struct usdtrap_hit *hit, void *user)
{
	(void)user;
	doubt_all(hit->tracee);
	return USDTRAP_CONTINUE;
}

/*
 * The function that catches calls this one first. What it called before, and
 * was left, had its return address in the same slot or below.
 */
static enum usdtrap_action on_catch(const struct usdtrap_hit *hit, void *user)
{
	const struct arch *arch = hit->tracee->space->arch;
	uint64_t slot_addr = arch->return_slot(hit->registers, false);
	struct return_frame *frame;

	leave_below(user, hit->tracee, slot_addr, slot_addr + arch->address_size);
	LL_FOREACH (hit->tracee->frames, frame)
		frame->is_doubtful = false;
	return USDTRAP_CONTINUE;
}

static const struct {
	const char *name;
	usdtrap_hit_fn on_hit;
} ways_out[] = {
	{"longjmp", on_jump},
	{"_longjmp", on_jump},
	{"siglongjmp", on_jump},
	{"__longjmp_chk", on_jump},
	{"_Unwind_RaiseException", on_throw}, /* Itanium C++ ABI: Exception Handling, level I */
	{"_Unwind_ForcedUnwind", on_throw},
	{"_Unwind_Resume_or_Rethrow", on_throw},
	{"__cxa_begin_catch", on_catch}, /* level II */
	{go_stacks_copier, go_stacks_on_copy},
};

/* Once a session, when the first function is entered whose return is wanted. */
static void watch_other_ways_out(struct engine *engine)
{
	struct usdtrap_error *error = NULL;
	struct usdtrap_probe *first = NULL, *probe;
	struct space *space;

	if (engine->watches_ways_out)
		return;
	engine->watches_ways_out = true;
	for (size_t i = 0; !error && i < sizeof(ways_out) / sizeof(ways_out[0]); i++) {
		error = catalog_add_internal(&engine->catalog, ways_out[i].name, ways_out[i].on_hit, engine, &probe);
		if (!first)
			first = probe;
		if (!error && ways_out[i].name == go_stacks_copier)
			engine->stack_copier = probe;
	}
	for (space = engine->spaces; space && !error; space = space->next) {
		error = mapped_arm_added(engine, space, first);
		if (!error)
			loader_hook(engine, space);
		else if (error_catch(error, USDTRAP_GONE))
			error = NULL;
	}
	if (error)
		engine_notice_error(engine, USDTRAP_NOTICE_WARNING,
				    error_prefix(error, "functions that are left by longjmp or an exception are not "
							"noticed"));
}
