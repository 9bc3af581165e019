/* SPDX-License-Identifier: MIT */
/*
 * Walking a stack: from a thread's registers to those that its caller will
 * have, and so on, until nobody called.
 *
 * One step is told by, whichever there is:
 *
 *	1. the unwind row of the instruction (elf/cfi.h), which almost all code
 *	   has that a compiler made;
 *	2. the frame that the kernel makes to run a signal handler, known by the
 *	   code behind it, where the C library has no row for that code;
 *	3. the frame pointer: code that was compiled while the program ran has no
 *	   rows, but mostly keeps one: [rbp] is the caller's rbp, and above it
 *	   lies the return address;
 *	4. at the first frame, the top of the stack: whoever called a pointer that
 *	   leads nowhere has just pushed its return address.
 *
 * A return address is behind its call. Where the call is the last thing in a
 * function (it does not return), that is another function already: so rows and
 * names are looked up one byte before it.
 *
 * The stack is read from the target in one piece, the next when the walk gets
 * there. What is read may be anything, so each step has to lead up the stack.
 */
#include "trace/unwind.h"

#include <string.h>

#include "base/error.h"
#include "os/memory.h"
#include "trace/engine.h"
#include "trace/site.h"

enum {
	/* What frame pointers may skip: deep enough for large local arrays, not for a stray value. */
	FRAME_SIZE_MAX = 1 << 24,
	BELOW = 256,
};

_Static_assert((int)CFI_REGISTERS >= (int)ARCH_FRAME_REGISTERS, "a row has all of an architecture's registers");

struct walk {
	struct engine *engine;
	struct space *space;
	const struct arch *arch;
	struct module_files *files;
	struct unwind_window *window;
	uint64_t registers[CFI_REGISTERS];
	bool is_return;        /* the pc is a return address */
	bool was_signal_frame; /* the last step left a signal handler: it may lead to another stack */
};

static bool read_word(uint64_t address, uint64_t *ret, void *user)
{
	const struct walk *walk = user;
	struct unwind_window *window = walk->window;
	const struct unwind_copy *copy = &window->copy;
	struct usdtrap_error *error;

	if (copy->size >= sizeof(*ret) && address >= copy->address &&
	    address - copy->address <= copy->size - sizeof(*ret)) {
		memcpy(ret, copy->bytes + (address - copy->address), sizeof(*ret));
		return true;
	}
	if (address - window->address > window->size || window->size < sizeof(*ret) ||
	    address - window->address > window->size - sizeof(*ret)) {
		/* From a little below, in the same page: registers are saved in any order. */
		window->address = address & ~(uint64_t)(BELOW - 1);
		window->size = 0;
		error = memory_read_some(walk->space->memory_fd, window->address, window->bytes, sizeof(window->bytes),
					 &window->size);
		usdtrap_error_destroy(error);
		if (error || window->size < address - window->address + sizeof(*ret))
			return false;
	}
	memcpy(ret, window->bytes + (address - window->address), sizeof(*ret));
	return true;
}

static uint64_t pc_of(const struct walk *walk)
{
	return walk->registers[walk->arch->frame_pc];
}

static uint64_t stack_pointer_of(const struct walk *walk)
{
	return walk->registers[walk->arch->frame_stack_pointer];
}

/* Where the caller's value of register NUMBER is, by RULE, or what it is. False: it cannot be known. */
static bool apply_rule(struct walk *walk, const struct cfi_rule *rule, uint64_t cfa, unsigned number, uint64_t *ret)
{
	const struct cfi_machine machine = {.registers = walk->registers, .read_word = read_word, .user = walk};
	uint64_t address;

	switch ((enum cfi_rule_kind)rule->kind) {
	case CFI_SAME:
		*ret = walk->registers[number];
		return true;
	case CFI_UNDEFINED:
		return false;
	case CFI_AT_OFFSET:
		return read_word(cfa + (uint64_t)rule->offset, ret, walk);
	case CFI_IS_OFFSET:
		*ret = cfa + (uint64_t)rule->offset;
		return true;
	case CFI_IN_REGISTER:
		*ret = walk->registers[rule->register_number];
		return true;
	case CFI_AT_EXPRESSION:
		return cfi_expression_run(rule->expression, rule->size, &machine, &cfa, &address) &&
		       read_word(address, ret, walk);
	case CFI_IS_EXPRESSION:
		return cfi_expression_run(rule->expression, rule->size, &machine, &cfa, ret);
	}
	return false;
}

static bool find_cfa(struct walk *walk, const struct cfi_rule *rule, uint64_t *ret)
{
	const struct cfi_machine machine = {.registers = walk->registers, .read_word = read_word, .user = walk};

	if (rule->kind == CFI_IN_REGISTER) {
		*ret = walk->registers[rule->register_number] + (uint64_t)rule->offset;
		return true;
	}
	return cfi_expression_run(rule->expression, rule->size, &machine, NULL, ret);
}

/* The caller's registers by ROW. False: there is no caller, or the stack is not what the row says. */
static bool step_by_row(struct walk *walk, const struct cfi_row *row)
{
	uint64_t callers[CFI_REGISTERS];
	uint64_t cfa;

	if (!find_cfa(walk, &row->cfa, &cfa))
		return false;
	/* A function's frame ends above where its stack pointer is; a handler may run on a stack of its own. */
	if (!row->is_signal_frame && cfa <= stack_pointer_of(walk))
		return false;
	for (unsigned i = 0; i < CFI_REGISTERS; i++) {
		const struct cfi_rule *rule = &row->registers[i];

		/* Unless it says otherwise, the stack pointer becomes what it was before the call. */
		if (i == walk->arch->frame_stack_pointer && rule->kind == CFI_SAME)
			callers[i] = cfa;
		else if (!apply_rule(walk, rule, cfa, i, &callers[i])) {
			if (i == row->return_register)
				return false;
			callers[i] = 0;
		}
	}
	callers[walk->arch->frame_pc] = callers[row->return_register];
	memcpy(walk->registers, callers, sizeof(callers));
	walk->is_return = !row->is_signal_frame;
	walk->was_signal_frame = row->is_signal_frame;
	return true;
}

/* The kernel's frame for a signal handler, by the code that ends it. */
static bool step_by_signal_frame(struct walk *walk)
{
	enum { CODE_SIZE = 16 };
	uint64_t addrs[ARCH_FRAME_REGISTERS], callers[CFI_REGISTERS] = {0};
	uint8_t code[CODE_SIZE];
	struct usdtrap_error *error;
	size_t size;

	error = memory_read_some(walk->space->memory_fd, pc_of(walk), code, sizeof(code), &size);
	if (error) {
		usdtrap_error_destroy(error);
		return false;
	}
	site_mask(walk->space, pc_of(walk), code, size);
	if (!walk->arch->signal_frame(code, size, stack_pointer_of(walk), addrs))
		return false;
	for (unsigned i = 0; i < walk->arch->frame_register_count; i++)
		if (!read_word(addrs[i], &callers[i], walk))
			return false;
	memcpy(walk->registers, callers, sizeof(callers));
	walk->is_return = false;
	walk->was_signal_frame = true;
	return true;
}

static bool is_code(const struct walk *walk, uint64_t address)
{
	const struct module *module = modules_find(walk->engine, walk->space, address);

	return module && module->is_executable;
}

static bool step_by_frame_pointer(struct walk *walk)
{
	const uint64_t frame = walk->registers[walk->arch->frame_pointer];
	const uint64_t word = walk->arch->address_size;
	uint64_t caller_frame, return_address;

	if (frame % word != 0 || frame < stack_pointer_of(walk) || frame - stack_pointer_of(walk) > FRAME_SIZE_MAX)
		return false;
	if (!read_word(frame, &caller_frame, walk) || !read_word(frame + word, &return_address, walk) ||
	    !is_code(walk, return_address))
		return false;
	walk->registers[walk->arch->frame_pointer] = caller_frame;
	walk->registers[walk->arch->frame_stack_pointer] = frame + 2 * word;
	walk->registers[walk->arch->frame_pc] = return_address;
	walk->is_return = true;
	return true;
}

/* Whoever called an address where no code is has pushed its return address and nothing else has happened since. */
static bool step_from_nowhere(struct walk *walk)
{
	uint64_t return_address;

	if (!read_word(stack_pointer_of(walk), &return_address, walk) || !is_code(walk, return_address))
		return false;
	walk->registers[walk->arch->frame_stack_pointer] += walk->arch->address_size;
	walk->registers[walk->arch->frame_pc] = return_address;
	walk->is_return = true;
	return true;
}

static bool step(struct walk *walk, bool is_first)
{
	const uint64_t address = pc_of(walk) - (walk->is_return ? 1 : 0);
	struct module *module = modules_find(walk->engine, walk->space, address);
	const struct cfi_row *row = NULL;
	struct module_file *file;
	uint64_t vaddr;

	if (!module || !module->is_executable)
		return is_first && step_from_nowhere(walk);
	file = modules_file(walk->files, walk->space, module);
	if (file && modules_vaddr(module, file, address, &vaddr))
		row = module_row(file, vaddr);
	if (row)
		return step_by_row(walk, row);
	return step_by_signal_frame(walk) || step_by_frame_pointer(walk);
}

size_t unwind_walk(struct engine *engine, struct space *space, struct module_files *files,
		   const struct arch_registers *registers, uint64_t pc, struct unwind_window *window,
		   struct unwind_frame *frames, size_t max)
{
	struct walk walk = {
		.engine = engine,
		.space = space,
		.arch = space->arch,
		.files = files,
		.window = window,
	};
	uint64_t stack_pointer;
	size_t count = 0;

	window->size = 0;
	walk.arch->frame_registers(registers, walk.registers);
	walk.registers[walk.arch->frame_pc] = pc;
	frames[count++] = (struct unwind_frame){.address = pc};
	stack_pointer = stack_pointer_of(&walk);
	while (count < max) {
		walk.was_signal_frame = false;
		if (!step(&walk, count == 1) || pc_of(&walk) == 0)
			break;
		if (!walk.was_signal_frame && stack_pointer_of(&walk) <= stack_pointer)
			break;
		if (walk.was_signal_frame) /* the frame that was just left is the handler's end, which nobody called */
			frames[count - 1].is_return = false;
		stack_pointer = stack_pointer_of(&walk);
		frames[count++] = (struct unwind_frame){.address = pc_of(&walk), .is_return = walk.is_return};
	}
	return count;
}
